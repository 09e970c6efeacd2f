//! A rule that suddenly takes much waits for an operator.

use consentry_retention::RetentionError;

use crate::purge::{CLIENTS, TABLES, stage};
use crate::support::{World, at};

on_both! {
    a_large_share_waits_for_an_approved_plan,
    an_ordinary_day_passes,
    a_plan_of_another_policy_is_refused,
}

const PURGE: &str = "id = \"purge\"\naction = \"purge\"\nclock = \"last-seen\"\nafter = \"1 year\"";
const NOW: &str = "2026-06-01T00:00:00Z";

async fn clients(world: &World, from: u32, to: u32, seen: &str) {
    let rows: Vec<String> = (from..to)
        .map(|id| format!("({id}, 'c{id}', '{seen}')"))
        .collect();
    let sql = format!(
        "INSERT INTO clients (id, email, seen) VALUES {}",
        rows.join(", ")
    );
    world.execute(&sql).await;
}

/// Standards 4.4: a clock that leaps empties nothing by itself.
async fn a_large_share_waits_for_an_approved_plan(world: &mut World) {
    world.promise(&format!("{CLIENTS}{}", stage(PURGE)));
    world.execute(TABLES).await;
    clients(world, 0, 300, "2020-01-01 00:00:00+00").await;
    clients(world, 300, 1_000, "2026-01-01 00:00:00+00").await;
    let report = world.run(NOW).await;
    assert_eq!((report.rules[0].done, report.rules[0].braked), (0, 300));
    assert!(report.is_braked());
    let plan = world.plan(NOW).await;
    let report = world
        .engine()
        .run(at(NOW), Some(&plan), &mut |_| {})
        .await
        .unwrap();
    assert_eq!((report.rules[0].done, report.rules[0].braked), (300, 0));
    // What becomes due later was not approved.
    clients(world, 0, 300, "2020-01-01 00:00:00+00").await;
    clients(world, 1_000, 1_001, "2020-01-01 00:00:00+00").await;
    let report = world
        .engine()
        .run(at(NOW), Some(&plan), &mut |_| {})
        .await
        .unwrap();
    assert_eq!((report.rules[0].done, report.rules[0].braked), (0, 301));
}

async fn an_ordinary_day_passes(world: &mut World) {
    world.promise(&format!("{CLIENTS}{}", stage(PURGE)));
    world.execute(TABLES).await;
    clients(world, 0, 150, "2020-01-01 00:00:00+00").await;
    clients(world, 150, 1_000, "2026-01-01 00:00:00+00").await;
    assert_eq!(world.run(NOW).await.rules[0].done, 150);
    // A hundred rows are no flood, whatever their share.
    world.execute("DELETE FROM clients WHERE id >= 250").await;
    world
        .execute("UPDATE clients SET seen = '2020-01-01 00:00:00+00'")
        .await;
    assert_eq!(world.run(NOW).await.rules[0].done, 100);
}

async fn a_plan_of_another_policy_is_refused(world: &mut World) {
    world.promise(&format!("{CLIENTS}{}", stage(PURGE)));
    world.execute(TABLES).await;
    let plan = world.plan(NOW).await;
    world.promise(&format!(
        "{CLIENTS}{}",
        stage(&PURGE.replace("1 year", "2 years"))
    ));
    let refused = world.engine().run(at(NOW), Some(&plan), &mut |_| {}).await;
    assert!(matches!(refused, Err(RetentionError::OutdatedPlan)));
    assert_ne!(world.plan(NOW).await.hash(), plan.hash());
}
