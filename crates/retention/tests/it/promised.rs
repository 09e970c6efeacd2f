//! A promise binds what began under it (S4-06).

use consentry_policy::Policy;
use proptest::prelude::*;

use crate::purge::{CLIENTS, TABLES, client, stage};
use crate::support::{World, at};

on_both! {
    a_longer_period_does_not_reach_back,
    a_longer_period_reaches_back_when_it_says_so,
    a_shorter_period_binds_at_once,
    a_rule_that_was_dropped_binds_what_began_under_it,
    a_dropped_rule_reaches_nothing_when_the_version_says_so,
    a_dropped_rule_without_its_clock_is_told_of,
    a_dropped_dataset_is_told_of,
    a_dropped_rule_whose_id_another_one_took_over_has_one_of_its_own,
}

fn purge(after: &str) -> String {
    let purge = "id = \"purge\"\naction = \"purge\"\nclock = \"last-seen\"";
    format!(
        "{CLIENTS}{}",
        stage(&format!("{purge}\nafter = \"{after}\""))
    )
}

/// One year was promised until 2026, then what these rules say.
async fn world_since(world: &mut World, rules: &str) {
    world.promise(&purge("1 year"));
    let former = world.policy.clone();
    world.promise(rules);
    let versions = vec![(at("2020-01-01T00:00:00Z"), former)];
    let since = at("2026-01-01T00:00:00Z");
    world.policy = world.policy.clone().following(versions, since);
    world.execute(TABLES).await;
    client(world, 1, "2025-12-31 12:00:00+00").await;
    client(world, 2, "2026-01-01 12:00:00+00").await;
}

async fn world_with(world: &mut World, engine: &str, after: &str) {
    world_since(world, &format!("{engine}{}", purge(after))).await;
}

async fn due(world: &World, now: &str) -> u64 {
    world.due(now).await[0].1
}

/// S4-06: the row that began under a year goes after a year, the next one after three.
async fn a_longer_period_does_not_reach_back(world: &mut World) {
    world_with(world, "", "3 years").await;
    assert_eq!(due(world, "2026-12-31T11:59:59Z").await, 0);
    assert_eq!(due(world, "2026-12-31T12:00:00Z").await, 1);
    assert_eq!(due(world, "2029-01-01T11:59:59Z").await, 1);
    let told = world
        .engine()
        .about("c1@example.org", at("2026-06-01T00:00:00Z"))
        .await;
    assert_eq!(told.unwrap()[0].ahead[0].at, at("2026-12-31T12:00:00Z"));
    world.run("2026-12-31T12:00:00Z").await;
    assert_eq!(world.column("SELECT id FROM clients").await, ["2"]);
    assert_eq!(due(world, "2029-01-01T12:00:00Z").await, 1);
}

async fn a_longer_period_reaches_back_when_it_says_so(world: &mut World) {
    world_with(world, "[engine]\nlonger_reaches_back = true\n", "3 years").await;
    assert_eq!(due(world, "2028-12-31T11:59:59Z").await, 0);
    assert_eq!(due(world, "2029-01-01T12:00:00Z").await, 2);
}

async fn a_shorter_period_binds_at_once(world: &mut World) {
    world_with(world, "", "6 months").await;
    assert_eq!(due(world, "2026-06-30T12:00:00Z").await, 1);
    assert_eq!(due(world, "2026-07-01T12:00:00Z").await, 2);
}

const REVIEW: &str =
    "id = \"look\"\naction = \"review\"\nclock = \"last-seen\"\nafter = \"9 years\"";

/// S4-06: a rule that is there no more is a period that grew without end.
async fn a_rule_that_was_dropped_binds_what_began_under_it(world: &mut World) {
    world_since(world, &format!("{CLIENTS}{}", stage(REVIEW))).await;
    let purge = |due: Vec<(String, u64)>| due.into_iter().find(|(rule, _)| rule == "purge");
    let before = world.due("2026-12-31T11:59:59Z").await;
    assert_eq!(purge(before), Some(("purge".to_owned(), 0)));
    let after = world.due("2034-12-31T12:00:00Z").await;
    assert_eq!(purge(after), Some(("purge".to_owned(), 1)));
    world.run("2034-12-31T12:00:00Z").await;
    assert_eq!(world.column("SELECT id FROM clients").await, ["2"]);
}

async fn a_dropped_rule_reaches_nothing_when_the_version_says_so(world: &mut World) {
    let engine = "[engine]\nlonger_reaches_back = true\n";
    world_since(world, &format!("{engine}{CLIENTS}{}", stage(REVIEW))).await;
    world.run("2034-12-31T12:00:00Z").await;
    assert_eq!(world.column("SELECT id FROM clients").await, ["1", "2"]);
}

/// Nothing is skipped in silence.
async fn a_dropped_rule_without_its_clock_is_told_of(world: &mut World) {
    let renamed = format!("{CLIENTS}{}", stage(REVIEW)).replace("\"last-seen\"", "\"last-visit\"");
    world_since(world, &renamed).await;
    let findings = world.engine().check().await.unwrap();
    let told = findings.to_string();
    assert!(!findings.has_errors(), "{told}");
    assert!(
        told.contains("an earlier version promised `purge`"),
        "{told}"
    );
    assert!(told.contains("the clock `last-seen` is gone"), "{told}");
}

/// An approval of the one is none of the other.
async fn a_dropped_rule_whose_id_another_one_took_over_has_one_of_its_own(world: &mut World) {
    let review = REVIEW.replace("look", "purge");
    world_since(world, &format!("{CLIENTS}{}", stage(&review))).await;
    let due = world.due("2035-01-01T12:00:00Z").await;
    assert_eq!(due, [("purge".to_owned(), 1), ("purge-v1".to_owned(), 1)]);
}

async fn a_dropped_dataset_is_told_of(world: &mut World) {
    world_since(world, "").await;
    let findings = world.engine().check().await.unwrap();
    let told = findings.to_string();
    assert!(!findings.has_errors(), "{told}");
    let dropped =
        "an earlier version promised an end to the rows of `clients` in `clients` of `crm`";
    assert!(told.contains(dropped), "{told}");
}

proptest! {
    /// What the bound leaves out is not due, whatever was promised before.
    #[test]
    fn the_bound_leaves_out_nothing_that_is_due(
        first in 1_u32..60,
        second in 1_u32..60,
        third in prop::option::of(1_u32..60),
        reaches_back in any::<bool>(),
        moment in 0_i64..2_000,
        now in 0_i64..4_000,
    ) {
        let days = |days: i64| at("2020-01-01T00:00:00Z") + jiff::SignedDuration::from_hours(24 * days);
        let version = |months: Option<u32>, engine: &str| {
            let demo = include_str!("../../../policy/policies/saas-portal.toml");
            let rules = match months {
                Some(months) => purge(&format!("{months} months")),
                None => format!("{CLIENTS}{}", stage(REVIEW)),
            };
            Policy::parse(&format!("{demo}\n{engine}{rules}"), "test").unwrap()
        };
        let engine = format!("[engine]\nlonger_reaches_back = {reaches_back}\n");
        let earlier = vec![(days(0), version(Some(first), "")), (days(500), version(Some(second), &engine))];
        let policy = version(third, "").following(earlier, days(1_000));
        let dataset = policy.dataset("clients").unwrap();
        let rules = consentry_retention::rules::Rules::new(dataset, &policy.calendar, false);
        let rules = rules.promised_by(&policy);
        let stage = rules.stages.iter().find(|rule| rule.stage.id.as_str() == "purge").unwrap();
        let (moment, now) = (days(moment), days(now));
        let is_due = stage.due_at(moment, &policy.calendar) <= now;
        prop_assert!(!is_due || third.is_some() || moment < days(1_000), "dropped before it began");
        prop_assert!(!is_due || moment <= stage.cutoff(now, &policy.calendar));
    }
}
