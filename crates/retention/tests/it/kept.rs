//! Holds and minima: what must stay, stays, per field.

use crate::purge::{CLIENTS, TABLES, client, stage};
use crate::support::World;

on_both! {
    the_shortest_maximum_and_the_longest_minimum_win,
    a_minimum_on_a_field_lets_the_others_go,
    a_hold_beats_every_rule,
    a_hold_on_a_field_keeps_that_field,
    the_end_of_a_purpose_takes_what_served_it_alone,
}

const PURGE: &str = "id = \"purge\"\naction = \"purge\"\nclock = \"last-seen\"\nafter = \"1 year\"";

fn minimum(id: &str, period: &str, more: &str) -> String {
    format!(
        "\n[[datasets.minima]]\nid = \"{id}\"\nclock = \"last-seen\"\nperiod = \"{period}\"\n\
         reason = \"law\"\nbasis = {{ en = \"The law\", fr = \"La loi\" }}\n{more}\n"
    )
}

async fn ids(world: &World) -> Vec<String> {
    world.column("SELECT id FROM clients ORDER BY id").await
}

/// S4-47: of two maxima the shorter acts, of two minima the longer keeps.
async fn the_shortest_maximum_and_the_longest_minimum_win(world: &mut World) {
    let slower = PURGE
        .replace("\"purge\"\naction", "\"slower\"\naction")
        .replace("1 year", "5 years");
    let stages = stage(&slower) + &stage(PURGE);
    let minima = minimum("short", "2 years", "") + &minimum("long", "3 years", "");
    world.promise(&format!("{CLIENTS}{stages}{minima}"));
    world.execute(TABLES).await;
    client(world, 1, "2023-05-01 00:00:00+00").await;
    client(world, 2, "2023-07-01 00:00:00+00").await;
    world.run("2026-06-01T00:00:00Z").await;
    assert_eq!(ids(world).await, ["2"]);
    assert!(world.plan("2026-06-01T00:00:00Z").await.is_clean());
}

/// S3-49: the amount stays for the books, the name goes, and the row goes at last.
async fn a_minimum_on_a_field_lets_the_others_go(world: &mut World) {
    let minima = minimum("books", "10 years", "fields = [\"amount\"]");
    world.promise(&format!("{CLIENTS}{}{minima}", stage(PURGE)));
    world.execute(TABLES).await;
    client(world, 1, "2023-05-01 00:00:00+00").await;
    assert_eq!(world.run("2026-06-01T00:00:00Z").await.rules[0].done, 1);
    assert_eq!(world.column("SELECT name FROM clients").await, ["NULL"]);
    assert_eq!(world.column("SELECT amount FROM clients").await, ["1"]);
    assert!(world.plan("2026-06-01T00:00:00Z").await.is_clean());
    world.run("2033-06-01T00:00:00Z").await;
    assert!(ids(world).await.is_empty());
}

/// S3-26: whoever is under a hold keeps everything, whatever the spelling of their address.
async fn a_hold_beats_every_rule(world: &mut World) {
    world.promise(&format!("{CLIENTS}{}", stage(PURGE)));
    world.records.hold("clients", " C1@Example.org", &[]);
    world.execute(TABLES).await;
    for id in 1..=2 {
        client(world, id, "2023-05-01 00:00:00+00").await;
    }
    assert_eq!(
        world.due("2026-06-01T00:00:00Z").await,
        [("purge".to_owned(), 1)]
    );
    world.run("2026-06-01T00:00:00Z").await;
    assert_eq!(ids(world).await, ["1"]);
    world.records.holds.clear();
    world.run("2026-06-01T00:00:00Z").await;
    assert!(ids(world).await.is_empty());
}

/// S3-26.
async fn a_hold_on_a_field_keeps_that_field(world: &mut World) {
    world.promise(&format!("{CLIENTS}{}", stage(PURGE)));
    world.records.hold("clients", "c1@example.org", &["name"]);
    world.execute(TABLES).await;
    for id in 1..=2 {
        client(world, id, "2023-05-01 00:00:00+00").await;
    }
    world.run("2026-06-01T00:00:00Z").await;
    assert_eq!(ids(world).await, ["1"]);
    assert_eq!(world.column("SELECT name FROM clients").await, ["Client 1"]);
    assert_eq!(world.column("SELECT amount FROM clients").await, ["NULL"]);
}

/// S1-41: the name served the news alone, the amount and the row go on serving the sales.
async fn the_end_of_a_purpose_takes_what_served_it_alone(world: &mut World) {
    let name = "id = \"name\"\n";
    let clients = CLIENTS.replace(name, &format!("{name}purposes = [\"product-news\"]\n"));
    let news = PURGE.replace("\"purge\"\naction", "\"news\"\naction");
    let stages = stage(&format!("{news}\npurpose = \"product-news\""))
        + &stage(&PURGE.replace("1 year", "3 years"));
    world.promise(&format!("{clients}{stages}"));
    world.execute(TABLES).await;
    client(world, 1, "2025-05-01 00:00:00+00").await;
    client(world, 2, "2023-05-01 00:00:00+00").await;
    world.run("2026-06-01T00:00:00Z").await;
    assert_eq!(ids(world).await, ["1"]);
    assert_eq!(world.column("SELECT name FROM clients").await, ["NULL"]);
    assert_eq!(world.column("SELECT amount FROM clients").await, ["1"]);
    assert!(world.plan("2026-06-01T00:00:00Z").await.is_clean());
}
