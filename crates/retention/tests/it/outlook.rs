//! What is ahead of a row, against somebody who looks at it every day; and the rows of a person.

use consentry_policy::{Calendar, Dataset, Policy, SqlName};
use consentry_retention::decide::{Deed, Facts, Protected, decide};
use consentry_retention::outlook::{Kept, Step, outlook};
use consentry_retention::rules::{Mark, Rules};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use crate::purge::{CLIENTS, TABLES, client, stage};
use crate::support::{World, at};

on_both! {
    a_person_is_told_what_is_ahead_and_what_keeps_it,
    every_row_of_a_person_is_found,
    a_row_that_cannot_be_judged_is_said_so,
}

const DAY: SignedDuration = SignedDuration::from_hours(24);
const DAYS: u32 = 9 * 366;

/// A row as somebody would look at it: which values are still there.
#[derive(Clone, Debug)]
struct Row {
    state: Option<usize>,
    clocks: Vec<Option<Timestamp>>,
    name: Option<&'static str>,
    city: Option<&'static str>,
    is_hidden: bool,
    held: Protected,
}

impl Row {
    fn facts(&self, rules: &Rules<'_>) -> Facts {
        let is_open = |mark: &Mark<'_>| match (mark, mark.column().as_str()) {
            (Mark::Filled(_), "name") => self.name.is_some(),
            (Mark::Unreduced(..), "name") => self.name == Some("Anna Berg"),
            (Mark::Filled(_) | Mark::Unreduced(..), _) => self.city.is_some(),
            _ => !self.is_hidden,
        };
        Facts {
            state: self.state,
            clocks: self.clocks.clone(),
            events: Vec::new(),
            open: rules.marks.iter().map(is_open).collect(),
            held: self.held.clone(),
        }
    }

    fn act(&mut self, mark: &Mark<'_>) {
        match (mark, mark.column().as_str()) {
            (Mark::Filled(_), "name") => self.name = None,
            (Mark::Unreduced(..), "name") => self.name = self.name.and(Some("A.B.")),
            (Mark::Filled(_) | Mark::Unreduced(..), _) => self.city = None,
            _ => self.is_hidden = true,
        }
    }
}

/// Asks the rules every day, and a nanosecond before, and does what they say.
fn day_by_day(rules: &Rules<'_>, mut row: Row, now: Timestamp) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let next = |row: &Row, steps: &[Step], at: Timestamp| {
        let effects = decide(rules, &row.facts(rules), at).into_iter();
        let mut new = effects.filter(|effect| {
            let mut same = steps.iter().filter(|step| step.stage == effect.stage);
            effect.deed != Deed::Review || same.all(|step| step.deed != Deed::Review)
        });
        new.next()
    };
    for day in 0..DAYS {
        let at = now + DAY * i32::try_from(day).unwrap();
        let before = at - SignedDuration::from_nanos(1);
        assert!(
            day == 0 || next(&row, &steps, before).is_none(),
            "a moment before {at}"
        );
        while let Some(effect) = next(&row, &steps, at) {
            let (stage, deed) = (effect.stage, effect.deed);
            steps.push(Step {
                stage,
                at,
                deed: deed.clone(),
            });
            match deed {
                Deed::Delete | Deed::Archive => return steps,
                Deed::Do(marks) => marks.iter().for_each(|&mark| row.act(&rules.marks[mark])),
                Deed::Review => {}
            }
        }
    }
    steps
}

fn one_of(values: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(values)
}

fn rules() -> impl Strategy<Value = String> {
    let action = one_of(&[
        "action = \"purge\"",
        "action = \"purge\"\nfields = [\"name\"]",
        "action = \"anonymise\"\nmethods = { city = \"drop\" }",
        "action = \"anonymise\"\nmethods = { name = \"initials\", city = \"drop\" }",
        "action = \"hide\"",
        "action = \"archive\"",
        "action = \"review\"",
    ]);
    let state = || one_of(&["", "", "state = \"open\"\n", "state = \"kept\"\n"]);
    let clock = || one_of(&["seen", "paid"]);
    let period = || one_of(&["10 days", "6 months", "1 year", "30 months", "3 years"]);
    let stages = prop::collection::vec((action, state(), clock(), period()), 1..6);
    let kept = one_of(&["", "fields = [\"name\"]\n", "fields = [\"city\"]\n"]);
    let minima = prop::collection::vec((kept, state(), clock(), period()), 0..3);
    (stages, minima).prop_map(|(stages, minima)| {
        let mut text = String::new();
        for (index, (action, state, clock, period)) in stages.iter().enumerate() {
            text.push_str(&format!(
                "[[datasets.stages]]\nid = \"s{index}\"\n{action}\n{state}clock = \"{clock}\"\n\
                 after = \"{period}\"\n"
            ));
        }
        for (index, (kept, state, clock, period)) in minima.iter().enumerate() {
            text.push_str(&format!(
                "[[datasets.minima]]\nid = \"m{index}\"\n{kept}{state}clock = \"{clock}\"\n\
                 period = \"{period}\"\nreason = \"law\"\nbasis = {{ en = \"x\", fr = \"x\" }}\n"
            ));
        }
        text
    })
}

const MEMBERS: &str = r#"
[[datasets]]
id = "members"
name = { en = "Members", fr = "Membres" }
people = { en = "Members", fr = "Membres" }
purposes = ["sales"]
[datasets.source]
database = "crm"
table = "members"
key = ["id"]
identity = "email"
hidden = "hidden"
[[datasets.fields]]
id = "name"
name = { en = "Name", fr = "Nom" }
[[datasets.fields]]
id = "city"
name = { en = "City", fr = "Ville" }
[[datasets.states]]
id = "open"
name = { en = "Open", fr = "Ouvert" }
when = { status = "open" }
[[datasets.states]]
id = "kept"
name = { en = "Kept", fr = "Gardé" }
when = { status = "kept" }
[[datasets.clocks]]
id = "seen"
name = { en = "seen", fr = "vu" }
columns = ["seen"]
[[datasets.clocks]]
id = "paid"
name = { en = "paid", fr = "payé" }
columns = ["paid"]
"#;

fn members(rules: &str) -> Dataset {
    let demo = include_str!("../../../policy/policies/saas-portal.toml");
    let policy = Policy::parse(&format!("{demo}\n{MEMBERS}{rules}"), "test.toml");
    let policy = policy.unwrap_or_else(|error| panic!("{error}"));
    policy.dataset("members").unwrap().clone()
}

fn row() -> impl Strategy<Value = Row> {
    let moment = || {
        prop::option::weighted(0.9, 0_i32..1_500)
            .prop_map(|days| days.map(|days| at("2023-01-31T00:00:00Z") + DAY * days))
    };
    let held = prop_oneof![
        6 => Just(Protected::Nothing),
        1 => Just(Protected::Fields(["city".to_owned()].into())),
        1 => Just(Protected::Everything),
    ];
    (
        prop::option::of(0_usize..2),
        moment(),
        moment(),
        prop::option::of(one_of(&["Anna Berg", "A.B."])),
        prop::option::of(one_of(&["Lyon"])),
        any::<bool>(),
        held,
    )
        .prop_map(|(state, seen, paid, name, city, is_hidden, held)| Row {
            state,
            clocks: vec![seen, paid],
            name,
            city,
            is_hidden,
            held,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// S3-26, S4-47: for random rules and rows, each step is told for the first moment at which the
    /// rules do it, and no minimum is told of that keeps nothing.
    #[test]
    fn what_is_told_is_what_the_rules_do_first(
        rules in rules(),
        row in row(),
        partly_held in any::<bool>(),
        day in 0_i32..2_000,
    ) {
        let dataset = members(&rules);
        // Its days are all as long as each other: whoever looks once a day misses nothing.
        let calendar = Calendar::from(TimeZone::UTC);
        let partly_held = partly_held || matches!(row.held, Protected::Fields(_));
        let rules = Rules::new(&dataset, &calendar, partly_held);
        let now = at("2023-01-31T00:00:00Z") + DAY * day;
        let told = outlook(&rules, &row.facts(&rules), now);
        prop_assert_eq!(&told.steps, &day_by_day(&rules, row.clone(), now));
        for (index, rule) in rules.minima.iter().enumerate() {
            let until = row.clocks[rule.clock].map(|moment| rule.minimum.period.after(moment, &calendar));
            let is_in_force = (rule.state.is_none() || rule.state == row.state)
                && until.is_some_and(|until| until > now);
            let kept = Kept { minimum: index, until: until.unwrap_or(now) };
            prop_assert_eq!(told.kept.contains(&kept), is_in_force);
        }
    }
}

fn minimum() -> String {
    "\n[[datasets.minima]]\nid = \"books\"\nclock = \"last-seen\"\nperiod = \"10 years\"\n\
     fields = [\"amount\"]\nreason = \"law\"\nbasis = { en = \"The law\", fr = \"La loi\" }\n"
        .to_owned()
}

const PURGE: &str = "id = \"purge\"\naction = \"purge\"\nclock = \"last-seen\"\nafter = \"1 year\"";

/// S3-26, S3-49: the name goes in a year, the amount stays for the books, the row goes at last;
/// under a hold nothing goes.
async fn a_person_is_told_what_is_ahead_and_what_keeps_it(world: &mut World) {
    world.promise(&format!("{CLIENTS}{}{}", stage(PURGE), minimum()));
    world.execute(TABLES).await;
    client(world, 1, "2026-05-01 00:00:00+00").await;
    client(world, 2, "2026-05-01 00:00:00+00").await;
    let now = at("2026-06-01T00:00:00Z");
    let told = world.engine().about(" C1@Example.org", now).await.unwrap();
    let [row] = &told[..] else {
        panic!("{told:?}");
    };
    assert_eq!((row.dataset.as_str(), &*row.key), ("clients", "1"));
    let ahead: Vec<_> = row
        .ahead
        .iter()
        .map(|step| {
            let fields: Vec<&str> = step.fields.iter().map(SqlName::as_str).collect();
            (step.rule.as_str(), step.at, fields)
        })
        .collect();
    assert_eq!(
        ahead,
        [
            ("purge", at("2027-05-01T00:00:00Z"), vec!["name"]),
            ("purge", at("2036-05-01T00:00:00Z"), vec![]),
        ]
    );
    let [kept] = &row.kept[..] else {
        panic!("{row:?}");
    };
    assert_eq!(kept.minimum.as_str(), "books");
    assert_eq!(kept.until, at("2036-05-01T00:00:00Z"));

    world.records.hold("clients", "c1@example.org", &[]);
    let told = world.engine().about("c1@example.org", now).await.unwrap();
    assert_eq!(told[0].ahead, []);
}

/// S0-38: all of them, and nobody else's.
async fn every_row_of_a_person_is_found(world: &mut World) {
    world.promise(&format!("{CLIENTS}{}", stage(PURGE)));
    world.execute(TABLES).await;
    world
        .execute(
            "INSERT INTO clients (id, email, seen) WITH RECURSIVE numbers (n) AS (SELECT 1 UNION \
             ALL SELECT n + 1 FROM numbers WHERE n < 6000) SELECT n, CASE n % 3 WHEN 0 THEN \
             'Anna@example.org' WHEN 1 THEN 'anna@example.org ' ELSE 'bo@example.org' END, \
             '2026-05-01 00:00:00+00' FROM numbers",
        )
        .await;
    let now = at("2028-06-01T00:00:00Z");
    let anna = world.engine().about("anna@example.org", now).await.unwrap();
    assert_eq!(anna.len(), 4000);
    let keys: std::collections::BTreeSet<&str> = anna.iter().map(|row| &*row.key).collect();
    assert_eq!(keys.len(), 4000);
    assert!(anna.iter().all(|row| row.ahead[0].at == now), "due already");
    let nobody = world.engine().about("nobody@example.org", now).await;
    assert_eq!(nobody.unwrap(), []);
}

async fn a_row_that_cannot_be_judged_is_said_so(world: &mut World) {
    world.promise(&format!("{CLIENTS}{}", stage(PURGE)));
    world.execute(&TABLES.replace("TIMESTAMPTZ", "TEXT")).await;
    client(world, 1, "soon").await;
    let now = at("2026-06-01T00:00:00Z");
    let told = world.engine().about("c1@example.org", now).await.unwrap();
    assert!(told[0].is_unreadable);
    assert_eq!(told[0].ahead, []);
}
