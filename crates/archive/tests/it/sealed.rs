//! Records lie apart, sealed, each person's under a key of their own.

use consentry_retention::{Archive as _, Residue, Wanted};

use crate::support::{World, now, record};

on_both! {
    records_are_found_by_the_moment_that_they_are_judged_by,
    records_are_found_by_person,
    taking_a_row_in_again_replaces_it,
    the_last_record_of_a_person_takes_the_key_with_it,
    what_was_cut_off_before_its_key_was_kept_is_replaced,
    two_at_once_lose_nothing,
    what_is_left_of_a_purge_is_named,
}

/// S2-25: oldest first, a page at a time, with what a rule has to know and nothing of the record.
async fn records_are_found_by_the_moment_that_they_are_judged_by(world: &World) {
    for (row, year) in [(1, 2021), (2, 2019), (3, 2025), (4, 2020), (5, 2019)] {
        world.take(row, Some("anna@kunde.example"), year).await;
    }
    let found = world.until(2021).await;
    assert_eq!(found.len(), 4);
    let dataset = "clients".parse().unwrap();
    let clock = "last-seen".parse().unwrap();
    let wanted = Wanted::Until {
        dataset: &dataset,
        clock: &clock,
        until: now(),
        after: None,
    };
    let page = world.archive.page(wanted, 10).await.unwrap();
    let years: Vec<_> = page.iter().map(|one| one.clocks[0].1.to_string()).collect();
    assert!(years.is_sorted() && years.len() == 5, "{years:?}");
    assert_eq!(page[0].subject.as_deref(), Some("anna@kunde.example"));
    assert_eq!(page[0].state, Some("closed".parse().unwrap()));
    let other = "invoices".parse().unwrap();
    assert_eq!(world.archive.size(&dataset, 3).await.unwrap(), 3);
    assert_eq!(world.archive.size(&dataset, 9).await.unwrap(), 5);
    assert_eq!(world.archive.size(&other, 9).await.unwrap(), 0);
}

/// S2-23: in an address capitals tell nobody apart; in another name they do.
async fn records_are_found_by_person(world: &World) {
    for (row, person) in [
        (1, "Anna@kunde.example"),
        (2, "anna@kunde.example"),
        (3, "user-A"),
        (4, "user-a"),
    ] {
        world.take(row, Some(person), 2020).await;
    }
    world.take(5, None, 2020).await;
    for (person, count) in [
        ("ANNA@kunde.example ", 2),
        ("user-A", 1),
        ("USER-A", 0),
        ("ben@kunde.example", 0),
    ] {
        let people = [person.to_owned()];
        let wanted = Wanted::Of {
            dataset: None,
            people: &people,
            after: None,
        };
        let found = world.archive.page(wanted, 10).await.unwrap();
        assert_eq!(found.len(), count, "{person}");
    }
}

/// A kill between the archive's commit and the source's costs nothing. A later row that has the
/// key of an earlier one does not take its place.
async fn taking_a_row_in_again_replaces_it(world: &World) {
    let anna = Some("anna@kunde.example");
    for _ in 0..2 {
        world
            .take_all(vec![record(1, anna, 2020), record(2, None, 2020)])
            .await;
    }
    assert_eq!(world.until(2030).await.len(), 2);
    assert_eq!(
        world.keys.count(),
        2,
        "the key of nobody's record was replaced too"
    );
    world.take(1, anna, 2024).await;
    world.take(1, Some("ben@kunde.example"), 2020).await;
    assert_eq!(world.until(2030).await.len(), 4);
}

/// S2-32.
async fn the_last_record_of_a_person_takes_the_key_with_it(world: &World) {
    for row in 1..=2 {
        world
            .take(row, Some("anna@kunde.example"), 2018 + row)
            .await;
    }
    world.take(3, Some("ben@kunde.example"), 2020).await;
    let all = world.until(2020).await;
    assert_eq!(world.archive.purge(now(), &all[..1]).await.unwrap(), 1);
    assert_eq!(world.keys.count(), 2, "the oldest was not the last");
    assert_eq!(world.archive.purge(now(), &all).await.unwrap(), 2);
    assert_eq!((world.keys.count(), world.until(2030).await.len()), (0, 0));
    assert_eq!(world.archive.purge(now(), &[]).await.unwrap(), 0);
}

/// The keys are kept last: what a kill leaves is noise that the same rows replace, and that its
/// clock ends at the latest.
async fn what_was_cut_off_before_its_key_was_kept_is_replaced(world: &World) {
    let anna = "anna@kunde.example";
    world.take(1, Some(anna), 2020).await;
    world.keys.0.lock().unwrap().clear();
    let left = world.until(2030).await;
    assert_eq!(left.len(), 1);
    world.take(1, Some(anna), 2020).await;
    let replaced = world.until(2030).await;
    assert_eq!(replaced.len(), 1);
    assert_ne!(left, replaced);
    world.keys.0.lock().unwrap().clear();
    assert_eq!(world.archive.purge(now(), &replaced).await.unwrap(), 1);
}

/// S0-102: a key is never destroyed while somebody seals under it.
async fn two_at_once_lose_nothing(world: &World) {
    let anna = "anna@kunde.example";
    for round in 0..20 {
        world.take(round, Some(anna), 2020).await;
        let [old] = world.until(2030).await[..] else {
            panic!("one record");
        };
        let purge = async { world.archive.purge(now(), &[old]).await.unwrap() };
        let take = world.take(1_000 + round, Some(anna), 2021);
        tokio::join!(purge, take);
        let left = world.until(2030).await;
        let keys = world.keys.0.lock().unwrap().len();
        assert_eq!((left.len(), keys), (1, 1), "round {round}");
        let reason = crate::opening::REASON;
        let opened = world.archive.open(anna, None, reason, now()).await;
        assert_eq!(opened.unwrap().len(), 1, "round {round}");
        world.archive.purge(now(), &left).await.unwrap();
    }
}

/// S0-64.
async fn what_is_left_of_a_purge_is_named(world: &World) {
    world.take(1, None, 2020).await;
    let all = world.until(2030).await;
    world.archive.purge(now(), &all).await.unwrap();
    let left = world.archive.clean().await;
    let reached = if world.is_sqlite() {
        vec![Residue::Backups]
    } else {
        vec![
            Residue::Backups,
            Residue::WriteAheadLog,
            Residue::FreeSpace("consentry_archive_records".to_owned()),
            Residue::FreeSpace("consentry_archive_moments".to_owned()),
        ]
    };
    assert_eq!(left, reached);
}

/// S2-22, S2-23, S0-64: nothing of a record or of its person can be read in a file, and after a purge
/// not even what was sealed is there.
#[tokio::test]
async fn no_file_says_anything_and_a_purge_leaves_no_byte() {
    crate::support::on_sqlite(async |world: &World| {
        for row in 0..50 {
            world
                .take(row, Some("anna@kunde.example"), 2020 + row % 3)
                .await;
        }
        let sealed: Vec<u8> = world
            .rows("SELECT sealed FROM consentry_archive_records ORDER BY id LIMIT 1")
            .await[0]
            .try_get_by_index(0)
            .unwrap();
        let holds = |needle: &[u8]| {
            let mut bytes = world
                .files()
                .into_iter()
                .map(|file| std::fs::read(file).unwrap());
            bytes.any(|bytes| bytes.windows(needle.len()).any(|window| window == needle))
        };
        assert!(
            holds(b"last-seen") && holds(&sealed[..32]),
            "the search finds what is there"
        );
        assert!(!holds(b"Quintilia") && !holds(b"kunde.example") && !holds(b"\"row\""));
        let all = world.until(2030).await;
        world.archive.purge(now(), &all).await.unwrap();
        assert_eq!(world.archive.clean().await, [Residue::Backups]);
        assert!(!holds(&sealed[..32]));
    })
    .await;
}
