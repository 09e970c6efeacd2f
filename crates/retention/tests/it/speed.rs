//! What the engine takes, as a ratio to the best hand-written statements for the same rows.
//! Measured, not asserted: `cargo test --release -p consentry-retention -- --ignored --nocapture speed`.

#![allow(clippy::print_stdout, reason = "figures are for whoever measures")]

use std::time::{Duration, Instant};

use crate::purge::{CLIENTS, TABLES, stage};
use crate::support::World;

const NOW: &str = "2026-06-01T00:00:00Z";
const PURGE: &str =
    "id = \"purge\"\naction = \"purge\"\nclock = \"last-seen\"\nafter = \"1 year\"\nbrake = 100";
const REDUCE: &str = "id = \"reduce\"\naction = \"anonymise\"\nclock = \"last-seen\"\n\
     after = \"1 year\"\nbrake = 100\nmethods = { name = \"initials\", amount = \"bucket(10)\" }";

#[tokio::test]
#[ignore = "takes minutes and wants a quiet machine"]
async fn sqlite() {
    crate::support::on_sqlite(measure).await;
}

#[tokio::test]
#[ignore = "takes minutes and wants a quiet machine"]
async fn postgres() {
    crate::support::on_postgres(measure).await;
}

async fn fill(world: &World, due: u32, live: u32) {
    let clients = |from: u32, count: u32, year: u32| {
        let last = from + count;
        format!(
            "INSERT INTO clients (id, email, name, amount, seen)
                 WITH RECURSIVE n (i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM n WHERE i < {last} - 1)
                 SELECT i, 'c' || i || '@example.org', 'Client ' || i, i % 1000,
                        CAST('{year}-0' || (1 + i % 5) || '-01 00:00:00+00' AS TIMESTAMPTZ) FROM n;"
        )
    };
    world
        .execute("DELETE FROM orders; DELETE FROM clients")
        .await;
    if due > 0 {
        world.execute(&clients(0, due, 2020)).await;
    }
    if live > 0 {
        world.execute(&clients(due, live, 2026)).await;
    }
    world
        .execute("INSERT INTO orders (id, client_id) SELECT id, id FROM clients")
        .await;
    let analyse = if world.is_sqlite() {
        "ANALYZE"
    } else {
        "VACUUM ANALYZE clients"
    };
    world.execute(analyse).await;
    if !world.is_sqlite() {
        world.execute("VACUUM ANALYZE orders").await;
    }
}

async fn timed(work: impl Future<Output = ()>) -> Duration {
    let since = Instant::now();
    work.await;
    since.elapsed()
}

async fn measure(world: &mut World) {
    world.execute(TABLES).await;
    world.promise(&format!("{CLIENTS}{}", stage(PURGE)));
    fill(world, 1_000_000, 100_000).await;
    let by_hand = timed(async {
        world.execute("DELETE FROM orders WHERE client_id IN (SELECT id FROM clients WHERE seen < '2025-06-01 00:00:00+00')").await;
        world.execute("DELETE FROM clients WHERE seen < '2025-06-01 00:00:00+00'").await;
    })
    .await;
    fill(world, 1_000_000, 100_000).await;
    let plan = timed(async { assert_eq!(world.plan(NOW).await.due(), 1_000_000) }).await;
    let engine = timed(async { assert_eq!(world.run(NOW).await.rules[0].done, 1_000_000) }).await;
    println!(
        "purge of a million: by hand {by_hand:.1?}, engine {engine:.1?} ({:.2}), plan {plan:.1?}",
        engine.as_secs_f64() / by_hand.as_secs_f64()
    );
    fill(world, 1_000, 3_000_000).await;
    let daily = timed(async { assert_eq!(world.run(NOW).await.rules[0].done, 1_000) }).await;
    println!("a thousand due of three million: {daily:.1?}");
    world.promise(&format!("{CLIENTS}{}", stage(REDUCE)));
    fill(world, 1_000_000, 0).await;
    let reduce = timed(async { assert_eq!(world.run(NOW).await.rules[0].done, 1_000_000) }).await;
    println!("anonymise two fields of a million: {reduce:.1?}");
    println!("{}", memory());
}

fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.unwrap_or_default().to_owned()
}
