//! Opening: for a reason, written down before, and only what its key opens.

use consentry_archive::{Act, ArchiveError, Reason};
use consentry_retention::Archive as _;

use crate::support::{World, now};

on_both! {
    what_is_opened_is_written_down,
    a_destroyed_key_leaves_noise,
    a_record_that_was_moved_to_another_row_does_not_open,
}

pub(crate) const REASON: Reason<'static> = Reason {
    author: "legal",
    reason: "a court asks for it",
    case: Some("2031/7"),
};

/// S2-23: who, when, why and how many, also where there is nothing; and nothing of the person.
async fn what_is_opened_is_written_down(world: &World) {
    for row in 1..=2 {
        world.take(row, Some("anna@kunde.example"), 2020).await;
    }
    world.take(3, Some("ben@kunde.example"), 2020).await;
    let open = |person: &'static str| world.archive.open(person, None, REASON, now());
    let opened = open("anna@kunde.example").await.unwrap();
    assert_eq!(opened.len(), 2);
    assert!(
        opened
            .iter()
            .all(|one| one.record.contains("Quintilia") && one.dataset == "clients")
    );
    assert!(open("nobody@kunde.example").await.unwrap().is_empty());
    let other = "invoices".parse().unwrap();
    let of_other = world
        .archive
        .open("anna@kunde.example", Some(&other), REASON, now());
    assert!(of_other.await.unwrap().is_empty());
    world.archive.note_erasure(2, REASON, now()).await.unwrap();
    let book = world.archive.openings().await.unwrap();
    let mut counts: Vec<_> = book
        .iter()
        .map(|line| (line.act.as_str(), line.records))
        .collect();
    counts.sort_unstable();
    assert_eq!(
        counts,
        [("erased", 2), ("opened", 0), ("opened", 0), ("opened", 2)]
    );
    let line = book.iter().find(|line| line.act == Act::Opened).unwrap();
    assert_eq!(
        (&*line.author, &*line.reason, line.at),
        ("legal", "a court asks for it", now())
    );
    assert_eq!(line.case.as_deref(), Some("2031/7"));
    assert_eq!(world.archive.status().await.unwrap()[0].records, 3);
}

/// S2-23: whoever holds a copy of the archive from before, and the ring, reads nothing of a person
/// whose key was destroyed.
async fn a_destroyed_key_leaves_noise(world: &World) {
    let anna = "anna@kunde.example";
    world.take(1, Some(anna), 2020).await;
    world
        .execute("CREATE TABLE copy AS SELECT * FROM consentry_archive_records")
        .await;
    let all = world.until(2030).await;
    world.archive.purge(now(), &all).await.unwrap();
    world
        .execute("INSERT INTO consentry_archive_records SELECT * FROM copy")
        .await;
    assert!(
        world
            .archive
            .open(anna, None, REASON, now())
            .await
            .unwrap()
            .is_empty()
    );
    // Whoever comes back has a new key, which opens nothing from before.
    world.take(2, Some(anna), 2021).await;
    assert_eq!(
        world
            .archive
            .open(anna, None, REASON, now())
            .await
            .unwrap()
            .len(),
        1
    );
    let new = world.keys.0.lock().unwrap().keys().copied().next().unwrap();
    let steal = format!(
        "UPDATE consentry_archive_records SET key_id = {}",
        new.cast_signed()
    );
    world.execute(&steal).await;
    let refused = world.archive.open(anna, None, REASON, now()).await;
    assert!(matches!(refused, Err(ArchiveError::Altered)));
}

async fn a_record_that_was_moved_to_another_row_does_not_open(world: &World) {
    let anna = "anna@kunde.example";
    world.take(1, Some(anna), 2020).await;
    world.execute("DELETE FROM consentry_archive_moments").await;
    world
        .execute("UPDATE consentry_archive_records SET id = 7")
        .await;
    let refused = world.archive.open(anna, None, REASON, now()).await;
    assert!(matches!(refused, Err(ArchiveError::Altered)));
}
