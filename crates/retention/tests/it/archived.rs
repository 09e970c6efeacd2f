//! What was archived is judged by the same rules while it stays sealed.

use consentry_retention::{Kept, Residue};

use crate::purge::{CLIENTS, TABLES, client, stage};
use crate::support::{World, at};

on_both! {
    an_archived_record_ends_by_its_own_clock,
    what_is_archived_ends_as_earlier_versions_promised,
    a_worker_that_slept_archives_and_purges_in_one_run,
    the_longest_minimum_and_a_hold_keep_what_is_archived,
    a_stage_of_the_archive_acts_on_its_state,
    an_event_ends_what_is_archived,
    a_clock_goes_on_when_its_event_is_reported_after_the_archiving,
    the_brake_holds_in_the_archive_too,
    a_person_is_erased_from_the_archive_unless_something_keeps_them,
    what_cannot_be_executed_in_the_archive_is_refused,
    what_is_archived_ends_without_its_source,
    keys_of_bytes_are_told_apart,
}

const ARCHIVE: &str = "id = \"archive\"\naction = \"archive\"\nclock = \"last-seen\"\nafter = \"1 year\"\nbrake = 100";
const END: &str = "id = \"end\"\naction = \"purge\"\nwithin = \"archive\"\nclock = \"last-seen\"\n\
                   after = \"5 years\"";
const SEEN: &str = "2020-03-01 10:00:00+00";

fn rules(more: &str) -> String {
    format!("{CLIENTS}{}{}{more}", stage(ARCHIVE), stage(END))
}

/// Clients up to this number are in the archive.
async fn archived(world: &mut World, rules: &str, count: u32) {
    world.promise(rules);
    world.execute(TABLES).await;
    for id in 1..=count {
        client(world, id, SEEN).await;
    }
    world.run("2022-01-01T00:00:00Z").await;
    assert_eq!(left(world).len(), count as usize);
    assert_eq!(world.column("SELECT id FROM clients").await.len(), 0);
}

fn left(world: &World) -> Vec<String> {
    let archived = world.records.archived.lock().unwrap();
    archived
        .iter()
        .map(|(.., record)| record.key.clone())
        .collect()
}

/// S2-25, S2-32, S4-50: the plan counts it, nothing goes a second early, and then nothing is due.
async fn an_archived_record_ends_by_its_own_clock(world: &mut World) {
    archived(world, &rules(""), 2).await;
    let early = "2025-03-01T09:59:59Z";
    assert!(world.plan(early).await.is_clean());
    world.run(early).await;
    assert_eq!(left(world).len(), 2);
    let due = "2025-03-01T10:00:00Z";
    let plan = world.plan(due).await;
    assert_eq!((plan.rules[1].rule.as_str(), plan.rules[1].due), ("end", 2));
    assert_eq!(plan.rules[1].oldest, Some(at("2020-03-01T10:00:00Z")));
    let report = world.run(due).await;
    assert_eq!(report.rules[1].done, 2);
    assert_eq!(report.residue["archive"], [Residue::Backups]);
    assert!(left(world).is_empty() && world.plan(due).await.is_clean());
}

/// S4-06: neither a longer period nor a rule that is gone keeps what was archived under a shorter one.
async fn what_is_archived_ends_as_earlier_versions_promised(world: &mut World) {
    archived(world, &rules(""), 2).await;
    let former = world.policy.clone();
    for later in [
        rules("").replace("5 years", "9 years"),
        format!("{CLIENTS}{}", stage(ARCHIVE)),
    ] {
        world.promise(&later);
        let versions = vec![(at("2019-01-01T00:00:00Z"), former.clone())];
        let since = at("2024-01-01T00:00:00Z");
        world.policy = world.policy.clone().following(versions, since);
        assert!(world.plan("2025-03-01T09:59:59Z").await.is_clean());
        let due = world.due("2025-03-01T10:00:00Z").await;
        assert_eq!(due.last(), Some(&("end".to_owned(), 2)), "{later}");
    }
    world.run("2025-03-01T10:00:00Z").await;
    assert!(left(world).is_empty());
}

async fn a_worker_that_slept_archives_and_purges_in_one_run(world: &mut World) {
    world.promise(&rules(""));
    world.execute(TABLES).await;
    client(world, 1, SEEN).await;
    let report = world.run("2031-01-01T00:00:00Z").await;
    assert_eq!((report.rules[0].done, report.rules[1].done), (1, 1));
    assert!(left(world).is_empty());
}

/// S4-47, S4-49, S3-26: a field that must stay keeps the record, which is sealed as a whole.
async fn the_longest_minimum_and_a_hold_keep_what_is_archived(world: &mut World) {
    let minimum = |id: &str, years: u8| {
        format!(
            "\n[[datasets.minima]]\nid = \"{id}\"\nclock = \"last-seen\"\nperiod = \"{years} years\"\n\
             fields = [\"amount\"]\nreason = \"proof\"\nbasis = {{ en = \"x\", fr = \"x\" }}\n"
        )
    };
    let minima = minimum("short", 6) + &minimum("long", 8);
    archived(world, &rules(&minima), 2).await;
    world.run("2027-01-01T00:00:00Z").await;
    assert_eq!(left(world).len(), 2);
    assert!(world.plan("2027-01-01T00:00:00Z").await.is_clean());
    world.records.hold("clients", "C1@example.org", &["name"]);
    world.run("2028-03-01T10:00:00Z").await;
    assert_eq!(left(world), ["1"]);
    world.records.holds.clear();
    world.run("2028-03-01T10:00:00Z").await;
    assert!(left(world).is_empty());
}

/// S4-50: by the state that the row was in when it was archived.
async fn a_stage_of_the_archive_acts_on_its_state(world: &mut World) {
    let end = END.replace("\"purge\"", "\"purge\"\nstate = \"open\"");
    world.promise(&format!("{CLIENTS}{}{}", stage(ARCHIVE), stage(&end)));
    world.execute(TABLES).await;
    for id in 1..=2 {
        client(world, id, SEEN).await;
    }
    world
        .execute("UPDATE clients SET status = 'open' WHERE id = 2")
        .await;
    world.run("2022-01-01T00:00:00Z").await;
    world.run("2026-01-01T00:00:00Z").await;
    assert_eq!(left(world), ["1"]);
}

/// S3-52: settled, so that what is archived of the person later does not go with it.
async fn an_event_ends_what_is_archived(world: &mut World) {
    let end = "id = \"end\"\naction = \"purge\"\nwithin = \"archive\"\non = \"objected\"";
    let event = "\n[[events]]\nid = \"objected\"\nname = { en = \"x\", fr = \"x\" }\n";
    archived(
        world,
        &format!("{event}{CLIENTS}{}{}", stage(ARCHIVE), stage(end)),
        2,
    )
    .await;
    world
        .records
        .happened("objected", "c2@example.org", at("2022-05-01T00:00:00Z"));
    assert_eq!(world.due("2022-06-01T00:00:00Z").await[1].1, 1);
    world.run("2022-06-01T00:00:00Z").await;
    assert_eq!(left(world), ["1"]);
    client(world, 2, SEEN).await;
    world.run("2022-07-01T00:00:00Z").await;
    assert_eq!(left(world), ["1", "2"]);
}

/// S1-48: the latest moment counts, wherever the record lies by then.
async fn a_clock_goes_on_when_its_event_is_reported_after_the_archiving(world: &mut World) {
    let clock = "\n[[datasets.clocks]]\nid = \"paid\"\nname = { en = \"x\", fr = \"x\" }\n\
                 event = \"paid\"\n";
    let end = END.replace("last-seen", "paid");
    let event = "\n[[events]]\nid = \"paid\"\nname = { en = \"x\", fr = \"x\" }\n";
    let rules = format!("{event}{CLIENTS}{clock}{}{}", stage(ARCHIVE), stage(&end));
    archived(world, &rules, 2).await;
    for (person, moment) in [
        ("c1", "2022-05-01"),
        ("c1", "2023-05-01"),
        ("c2", "2022-05-01"),
    ] {
        let moment = at(&format!("{moment}T00:00:00Z"));
        world
            .records
            .happened("paid", &format!("{person}@example.org"), moment);
    }
    world.run("2027-06-01T00:00:00Z").await;
    assert_eq!(left(world), ["1"]);
    world.run("2028-06-01T00:00:00Z").await;
    assert!(left(world).is_empty());
}

/// Standards 4.4: a mass waits for somebody who has looked at it.
async fn the_brake_holds_in_the_archive_too(world: &mut World) {
    archived(world, &rules(""), 101).await;
    let now = "2026-01-01T00:00:00Z";
    let report = world.run(now).await;
    assert_eq!((report.rules[1].done, report.rules[1].braked), (0, 101));
    let plan = world.plan(now).await;
    let report = world.engine().run(at(now), Some(&plan), &mut |_| {}).await;
    assert_eq!(report.unwrap().rules[1].done, 101);
    assert!(left(world).is_empty());
}

/// S4-47: erased from the archive, but for what a minimum or a hold keeps; and told why.
async fn a_person_is_erased_from_the_archive_unless_something_keeps_them(world: &mut World) {
    let minimum = "\n[[datasets.minima]]\nid = \"books\"\nclock = \"last-seen\"\n\
                   period = \"3 years\"\nreason = \"law\"\nbasis = { en = \"x\", fr = \"x\" }\n";
    archived(world, &rules(minimum), 2).await;
    let person = "c1@example.org";
    let until = at("2023-03-01T10:00:00Z");
    let now = at("2022-06-01T00:00:00Z");
    let refused = world.engine().erase(person, now).await.unwrap();
    let key = |kept| ("clients".parse().unwrap(), kept);
    let books = Kept::Minimum("books".parse().unwrap(), until);
    assert_eq!((refused.erased, refused.kept.len()), (0, 1));
    assert_eq!(refused.kept[&key(books)], 1);
    world.records.hold("clients", person, &[]);
    let held = world.engine().erase(person, until).await.unwrap();
    assert_eq!((held.erased, held.kept[&key(Kept::Hold)]), (0, 1));
    world.records.holds.clear();
    let erased = world.engine().erase(person, until).await.unwrap();
    assert_eq!((erased.erased, erased.kept.len()), (1, 0));
    assert_eq!(left(world), ["2"]);
}

/// S2-24: a rule that the archive cannot keep stops the engine before it acts.
async fn what_cannot_be_executed_in_the_archive_is_refused(world: &mut World) {
    let end = format!("{END}\nfields = [\"name\"]");
    world.promise(&format!("{CLIENTS}{}{}", stage(ARCHIVE), stage(&end)));
    world.execute(TABLES).await;
    let findings = world.findings().await;
    let sealed = "Error clients.stages[1].fields: what is archived is sealed as a whole, and ends \
                  as a whole";
    assert!(findings.contains(&sealed.to_owned()), "{findings:?}");
    world.promise(&rules(""));
    let mut engine = world.engine();
    engine.archive = None;
    let findings = engine.check().await.unwrap();
    let message = &findings.all()[0].message;
    assert_eq!(message, "there is no archive to move rows to");
}

/// An application that was switched off does not keep its archive alive.
async fn what_is_archived_ends_without_its_source(world: &mut World) {
    archived(world, &rules(""), 1).await;
    for dataset in &mut world.policy.datasets {
        dataset.source = None;
    }
    assert_eq!(
        world.due("2026-01-01T00:00:00Z").await,
        [("end".to_owned(), 1)]
    );
    world.run("2026-01-01T00:00:00Z").await;
    assert!(left(world).is_empty());
}

/// One row never takes the place of another in the archive.
async fn keys_of_bytes_are_told_apart(world: &mut World) {
    let key = "key = [\"part\", \"id\"]";
    world.promise(&rules("").replace("key = [\"id\"]", key));
    let (kind, value) = if world.is_sqlite() {
        ("BLOB", "x'0")
    } else {
        ("BYTEA", "'\\x0")
    };
    let tables = TABLES.replace("id INTEGER PRIMARY KEY, email", "id INTEGER UNIQUE, email");
    let tables = tables.replacen(
        "status",
        &format!("part {kind} NOT NULL DEFAULT {value}1', status"),
        1,
    );
    let tables = tables.replacen(
        "seen TIMESTAMPTZ)",
        "seen TIMESTAMPTZ, PRIMARY KEY (part, id))",
        1,
    );
    world.execute(&tables).await;
    for id in 1..=2 {
        client(world, id, SEEN).await;
    }
    world
        .execute(&format!("UPDATE clients SET part = {value}2' WHERE id = 2"))
        .await;
    world.run("2022-01-01T00:00:00Z").await;
    assert_eq!(left(world).len(), 2);
}
