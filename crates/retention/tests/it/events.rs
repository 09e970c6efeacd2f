//! Rules that happen on a named event, or count from one.

use crate::purge::{CLIENTS, TABLES, client, stage};
use crate::support::{World, at};

on_both! {
    a_stage_happens_on_its_event_once,
    an_event_reaches_every_dataset_whatever_its_stages_are_called,
    an_event_waits_while_a_hold_keeps_the_row,
    an_event_waits_while_a_hold_keeps_a_field,
    a_clock_may_count_from_an_event,
}

const LEFT: &str = "id = \"left\"\naction = \"purge\"\non = \"unsubscribed\"";
const EVENTS: &str = r#"
[[events]]
id = "unsubscribed"
name = { en = "the departure", fr = "le départ" }
[[events]]
id = "contract-ended"
name = { en = "the end of the contract", fr = "la fin du contrat" }
"#;
const NOW: &str = "2026-06-01T00:00:00Z";

async fn ids(world: &World) -> Vec<String> {
    world.column("SELECT id FROM clients ORDER BY id").await
}

/// S3-52: whoever leaves is purged; whoever comes back later is not purged for having left before.
async fn a_stage_happens_on_its_event_once(world: &mut World) {
    world.promise(&format!("{CLIENTS}{}{EVENTS}", stage(LEFT)));
    world.execute(TABLES).await;
    for id in 1..=3 {
        client(world, id, "").await;
    }
    world
        .records
        .happened("unsubscribed", "c2@example.org", at("2026-05-01T00:00:00Z"));
    world
        .records
        .happened("unsubscribed", "c3@example.org", at("2026-07-01T00:00:00Z"));
    assert_eq!(world.due(NOW).await, [("left".to_owned(), 1)]);
    world.run(NOW).await;
    assert_eq!(ids(world).await, ["1", "3"]);
    client(world, 2, "").await;
    world.run(NOW).await;
    assert_eq!(ids(world).await, ["1", "2", "3"]);
}

/// S3-145: stages of two datasets may have the same id, and each has its own rows.
async fn an_event_reaches_every_dataset_whatever_its_stages_are_called(world: &mut World) {
    let others = CLIENTS.replace("\"clients\"", "\"members\"");
    let others = others.replace("orders", "visits");
    let (clients, members) = (stage(LEFT), stage(LEFT));
    world.promise(&format!("{CLIENTS}{clients}{others}{members}{EVENTS}"));
    let tables = TABLES
        .replace("clients", "members")
        .replace("orders", "visits");
    world.execute(TABLES).await;
    world.execute(&tables).await;
    client(world, 1, "").await;
    world
        .execute("INSERT INTO members (id, email) VALUES (1, 'c1@example.org')")
        .await;
    world
        .records
        .happened("unsubscribed", "c1@example.org", at("2026-05-01T00:00:00Z"));
    world.run(NOW).await;
    assert!(ids(world).await.is_empty());
    let members = world.column("SELECT id FROM members").await;
    assert!(members.is_empty(), "{members:?}");
}

/// S3-26.
async fn an_event_waits_while_a_hold_keeps_the_row(world: &mut World) {
    world.promise(&format!("{CLIENTS}{}{EVENTS}", stage(LEFT)));
    world.records.hold("clients", "c1@example.org", &[]);
    world.execute(TABLES).await;
    client(world, 1, "").await;
    world
        .records
        .happened("unsubscribed", "c1@example.org", at("2026-05-01T00:00:00Z"));
    world.run(NOW).await;
    assert_eq!(ids(world).await, ["1"]);
    world.records.holds.clear();
    world.run(NOW).await;
    assert!(ids(world).await.is_empty());
}

/// S3-26: the other fields go at once, and the row once the hold is lifted.
async fn an_event_waits_while_a_hold_keeps_a_field(world: &mut World) {
    world.promise(&format!("{CLIENTS}{}{EVENTS}", stage(LEFT)));
    world.records.hold("clients", "c1@example.org", &["name"]);
    world.execute(TABLES).await;
    client(world, 1, "").await;
    world.execute("UPDATE clients SET amount = 7").await;
    world
        .records
        .happened("unsubscribed", "c1@example.org", at("2026-05-01T00:00:00Z"));
    world.run(NOW).await;
    let left = "SELECT id FROM clients WHERE name IS NOT NULL AND amount IS NULL";
    assert_eq!(world.column(left).await, ["1"]);
    world.records.holds.clear();
    world.run(NOW).await;
    assert!(ids(world).await.is_empty());
}

/// S3-48: the end of a contract, and five years.
async fn a_clock_may_count_from_an_event(world: &mut World) {
    let policy = CLIENTS.replace("columns = [\"seen\"]", "event = \"contract-ended\"");
    let purge = "id = \"purge\"\naction = \"purge\"\nclock = \"last-seen\"\nafter = \"5 years\"";
    world.promise(&format!("{policy}{}{EVENTS}", stage(purge)));
    world.execute(TABLES).await;
    for id in 1..=3 {
        client(world, id, "").await;
    }
    world.records.happened(
        "contract-ended",
        "c1@example.org",
        at("2021-05-31T00:00:00Z"),
    );
    world.records.happened(
        "contract-ended",
        "c2@example.org",
        at("2021-06-02T00:00:00Z"),
    );
    assert_eq!(world.due(NOW).await, [("purge".to_owned(), 1)]);
    world.run(NOW).await;
    assert_eq!(ids(world).await, ["2", "3"]);
}
