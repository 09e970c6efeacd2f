//! For random policies, rows, holds and dates, what the engine does equals what a naive reader of
//! the rules does, one row at a time and one field at a time.

use std::ops::Range;

use consentry_policy::{Action, Dataset, Period, Slug, SqlName};
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use crate::support::World;

on_both! {
    the_engine_does_what_the_rules_say,
}

const CASES: usize = 60;

#[derive(Clone, Debug, PartialEq)]
struct Row {
    id: usize,
    status: &'static str,
    name: Option<&'static str>,
    city: Option<&'static str>,
    seen: Option<Timestamp>,
    paid: Option<Timestamp>,
    orders: Vec<Timestamp>,
}

#[derive(Clone, Debug)]
struct Case {
    rules: String,
    rows: Vec<Row>,
    holds: Vec<(usize, Vec<&'static str>)>,
    now: Timestamp,
}

/// Around the ends of months and the changes of clocks.
fn moment(years: Range<i16>) -> impl Strategy<Value = Timestamp> {
    let date = prop_oneof![
        Just((2, 28)),
        Just((2, 27)),
        Just((3, 1)),
        Just((3, 29)),
        Just((8, 29)),
        Just((8, 30)),
        Just((8, 31)),
        Just((9, 30)),
        Just((10, 26)),
        Just((11, 30)),
        Just((12, 31)),
        Just((1, 1)),
    ];
    (years, date, 0_i8..24).prop_map(|(year, (month, day), hour)| {
        let text = format!("{year}-{month:02}-{day:02}T{hour:02}:30:00Z");
        text.parse().unwrap()
    })
}

fn one_of(values: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(values)
}

fn rules() -> impl Strategy<Value = String> {
    let action = one_of(&[
        "action = \"purge\"",
        "action = \"purge\"",
        "action = \"purge\"",
        "action = \"purge\"\nfields = [\"name\"]",
        "action = \"purge\"\nfields = [\"name\", \"city\"]",
        "action = \"anonymise\"\nmethods = { city = \"drop\" }",
    ]);
    let state = || one_of(&["", "state = \"open\"\n", "state = \"kept\"\n"]);
    let clock = || one_of(&["seen", "ordered", "year-end"]);
    let period = || {
        one_of(&[
            "6 months",
            "1 year",
            "30 days",
            "3 years",
            "10 working days",
        ])
    };
    let stages = prop::collection::vec((action, state(), clock(), period()), 1..4);
    let kept = one_of(&["", "fields = [\"name\"]\n", "fields = [\"city\"]\n"]);
    let minima = prop::collection::vec((kept, state(), clock(), period()), 0..3);
    let initials = one_of(&["", "1 year", "6 months"]);
    (stages, minima, initials).prop_map(|(stages, minima, initials)| {
        let mut text = String::new();
        for (index, (action, state, clock, period)) in stages.iter().enumerate() {
            text.push_str(&format!(
                "[[datasets.stages]]\nid = \"s{index}\"\n{action}\n{state}clock = \"{clock}\"\n\
                 after = \"{period}\"\n"
            ));
        }
        if !initials.is_empty() {
            text.push_str(&format!(
                "[[datasets.stages]]\nid = \"initials\"\naction = \"anonymise\"\nclock = \"seen\"\n\
                 after = \"{initials}\"\nmethods = {{ name = \"initials\" }}\n"
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

fn case() -> impl Strategy<Value = Case> {
    let status = one_of(&["open", "kept", "other"]);
    let name = prop::option::of(one_of(&["Anna Berg", "Bo", "C."]));
    let city = prop::option::of(one_of(&["Lyon", "Oslo"]));
    let orders = prop::collection::vec(moment(2021..2026), 0..3);
    let moments = (
        prop::option::of(moment(2021..2026)),
        prop::option::of(moment(2021..2026)),
        orders,
    );
    let row = (status, name, city, moments);
    let held = (
        0_usize..12,
        prop::collection::vec(one_of(&["name", "city"]), 0..2),
    );
    let rows = prop::collection::vec(row, 12);
    (
        rules(),
        rows,
        prop::collection::vec(held, 0..3),
        moment(2025..2027),
    )
        .prop_map(|(rules, rows, holds, now)| {
            let rows = rows.into_iter().enumerate();
            let row = |(id, (status, name, city, (seen, paid, orders)))| Row {
                id,
                status,
                name,
                city,
                seen,
                paid,
                orders,
            };
            Case {
                rules,
                rows: rows.map(row).collect(),
                holds,
                now,
            }
        })
}

const DATASET: &str = r#"
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
[[datasets.source.dependants]]
table = "orders"
on = { member = "id" }
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
when = { status = ["kept", "open"] }
[[datasets.clocks]]
id = "seen"
name = { en = "seen", fr = "vu" }
columns = ["seen", "paid"]
[[datasets.clocks]]
id = "ordered"
name = { en = "ordered", fr = "commandé" }
[[datasets.clocks.joins]]
table = "orders"
on = { member = "id" }
column = "placed"
[[datasets.clocks]]
id = "year-end"
name = { en = "year", fr = "année" }
columns = ["paid"]
end_of = "year"
"#;

async fn the_engine_does_what_the_rules_say(world: &mut World) {
    world
        .execute(
            "CREATE TABLE members (id INTEGER PRIMARY KEY, email TEXT, status TEXT, name TEXT,
                 city TEXT, seen TIMESTAMPTZ, paid TIMESTAMPTZ);
             CREATE TABLE orders (member INTEGER REFERENCES members (id), placed TIMESTAMPTZ)",
        )
        .await;
    let mut runner = TestRunner::deterministic();
    let (mut gone, mut changed) = (0, 0);
    for _ in 0..CASES {
        let case = case().new_tree(&mut runner).unwrap().current();
        world.promise(&format!("{DATASET}{}", case.rules));
        fill(world, &case).await;
        let dataset = world.policy.dataset("members").unwrap().clone();
        let expected = case
            .rows
            .iter()
            .filter_map(|row| outcome(world, &dataset, &case, row));
        let expected: Vec<String> = expected.collect();
        gone += case.rows.len() - expected.len();
        let now = case.now.to_string();
        world.run(&now).await;
        let left = "SELECT id || '|' || coalesce(name, '-') || '|' || coalesce(city, '-') FROM members ORDER BY id";
        assert_eq!(world.column(left).await, expected, "{case:#?}");
        let before: Vec<String> = case
            .rows
            .iter()
            .map(|row| shown(row, row.name, row.city))
            .collect();
        changed += expected.iter().filter(|row| !before.contains(row)).count();
        assert!(world.plan(&now).await.is_clean(), "{case:#?}");
        world
            .execute("DELETE FROM orders; DELETE FROM members")
            .await;
    }
    // Rules that never act would prove nothing.
    assert!(
        gone > CASES && changed > CASES,
        "{gone} gone, {changed} changed"
    );
}

async fn fill(world: &mut World, case: &Case) {
    let text = |value: Option<&str>| value.map_or("NULL".to_owned(), |value| format!("'{value}'"));
    let time = |value: Option<Timestamp>| text(value.map(|value| value.to_string()).as_deref());
    for row in &case.rows {
        let (name, city) = (text(row.name), text(row.city));
        let (seen, paid) = (time(row.seen), time(row.paid));
        let (id, status) = (row.id, row.status);
        let sql = format!(
            "INSERT INTO members VALUES ({id}, 'm{id}', '{status}', {name}, {city}, {seen}, {paid})"
        );
        world.execute(&sql).await;
        for placed in &row.orders {
            world
                .execute(&format!("INSERT INTO orders VALUES ({id}, '{placed}')"))
                .await;
        }
    }
    world.records.holds.clear();
    for (id, fields) in &case.holds {
        world.records.hold("members", &format!("m{id}"), fields);
    }
}

/// What the rules leave of a row; nothing when it goes.
fn outcome(world: &World, dataset: &Dataset, case: &Case, row: &Row) -> Option<String> {
    let calendar = &world.policy.calendar;
    // The first state counts: `open` meets the condition of `kept` too.
    let in_state = |state: &Option<Slug>| state.as_ref().is_none_or(|s| s.as_str() == row.status);
    let is_over = |clock: &str, period: Option<Period>| {
        let moment = match clock {
            "seen" => row.seen.max(row.paid),
            "ordered" => row.orders.iter().max().copied(),
            _ => row.paid.map(|paid| {
                let year = calendar.zone().to_datetime(paid).year() + 1;
                let new_year = jiff::civil::date(year, 1, 1).to_zoned(calendar.zone().clone());
                new_year.unwrap().timestamp()
            }),
        };
        moment.map(|moment| period.unwrap().after(moment, calendar) <= case.now)
    };
    let covers = |fields: &[SqlName], field: &str| {
        fields.is_empty() || fields.iter().any(|one| one.as_str() == field)
    };
    let must_stay = |field: &str| {
        let minimum = dataset.minima.iter().any(|minimum| {
            covers(&minimum.fields, field)
                && in_state(&minimum.state)
                && is_over(minimum.clock.as_str(), Some(minimum.period)) == Some(false)
        });
        let held = case
            .holds
            .iter()
            .any(|(id, fields)| *id == row.id && (fields.is_empty() || fields.contains(&field)));
        minimum || held
    };
    let (mut name, mut city) = (row.name.map(str::to_owned), row.city.map(str::to_owned));
    for stage in &dataset.stages {
        let clock = stage.clock.as_ref().unwrap().as_str();
        if !in_state(&stage.state) || is_over(clock, stage.after) != Some(true) {
            continue;
        }
        let whole = stage.action == Action::Purge && stage.fields.is_empty();
        if whole && !must_stay("name") && !must_stay("city") {
            return None;
        }
        for (field, value) in [("name", &mut name), ("city", &mut city)] {
            let method = stage.methods.iter().find(|(named, _)| named == field);
            let emptied = stage.action == Action::Purge && covers(&stage.fields, field);
            if must_stay(field) {
                continue;
            }
            match method.map(|(_, method)| method.to_string()).as_deref() {
                Some("initials") => {
                    let short = value.as_deref().map(|value| match value {
                        "Anna Berg" => "A.B.",
                        "Bo" => "B.",
                        short => short,
                    });
                    *value = short.map(str::to_owned);
                }
                Some(_) => *value = None,
                None if emptied => *value = None,
                None => {}
            }
        }
    }
    Some(shown(row, name.as_deref(), city.as_deref()))
}

fn shown(row: &Row, name: Option<&str>, city: Option<&str>) -> String {
    let (name, city) = (name.unwrap_or("-"), city.unwrap_or("-"));
    format!("{}|{name}|{city}", row.id)
}
