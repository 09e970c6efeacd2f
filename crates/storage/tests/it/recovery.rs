//! Restoring a backup: nothing half-done, nobody revived.

use consentry_domain::{Action, JournalEntry, Journaled, LetterKind, Subject};
use consentry_keys::{KeyId, KeyRing, KeyUse};
use consentry_service::ports::{
    Change, LetterState, PurgeReason, Random, Recovery, Store, StoreError,
};
use consentry_storage::{JournalRecord, SeaOrmStore, backup::BackupError};
use jiff::Timestamp;

use crate::{
    backup::{Backup, held},
    fixtures::{
        acme, address, change, event, insert, insert_with_letters, minutes, now, pending, save,
        update, worker,
    },
    support::{Numbers, TestDatabase, on_postgres, on_sqlite, ring, ring_of},
};

on_both! {
    what_must_not_be_undone_is_in_the_journal,
    the_journal_survives_a_restore_and_its_news_is_handed_out_once,
    a_copy_of_the_journal_is_repeated_where_the_database_is_lost,
    entries_that_the_backup_was_too_young_to_hold_are_spared,
    letters_that_waited_are_not_sent_again,
    records_whose_key_is_retired_are_left_out,
    a_backup_of_which_nothing_can_be_read_is_refused,
    a_restore_has_the_database_for_itself,
    a_failed_load_leaves_everything_as_it_was,
}

/// Everything that is to be repeated, each page committed.
async fn replayed(store: &SeaOrmStore) -> Vec<JournalEntry> {
    let mut all = Vec::new();
    loop {
        let (entries, unit) = store.begin_replay(&acme(), 2).await.unwrap();
        unit.commit().await.unwrap();
        if entries.is_empty() {
            return all;
        }
        all.extend(entries);
    }
}

async fn journal(store: &SeaOrmStore) -> Vec<JournalRecord> {
    let mut last = None;
    let mut ids = Vec::new();
    // A page of two, so that there are several.
    while let Some(end) = {
        let page = store.journal_since(i64::MIN, last, 2).await.unwrap();
        ids.extend(page.iter().map(|(_, id)| *id));
        page.last().copied()
    } {
        last = Some(end);
    }
    store.journal_records(&ids).await.unwrap()
}

async fn erase(store: &SeaOrmStore, person: &Subject, at: Timestamp) {
    let mut evidence = event(Action::ErasureRequested);
    evidence.evidence.at = at;
    evidence.evidence.topic = None;
    let person = Subject {
        erased_at: Some(at),
        ..person.clone()
    };
    let change = Change {
        events: vec![evidence],
        ..change(person, false)
    };
    save(store, &[change]).await.unwrap();
}

async fn purge(store: &SeaOrmStore, person: &Subject) {
    let mut unit = store.begin().await.unwrap();
    unit.purge(&acme(), &[person.id], PurgeReason::Erased, minutes(1))
        .await
        .unwrap();
    unit.commit().await.unwrap();
}

/// S0-65: whatever a restore must repeat is written with the change itself, and nothing of it can be
/// read without the key ring.
async fn what_must_not_be_undone_is_in_the_journal(database: &TestDatabase) {
    let store = database.store().await;
    let person = pending("anna@example.org");
    insert(&store, &person).await;
    update(&store, &person).await;
    assert_eq!(journal(&store).await, [], "nothing was decided");

    let mut moved = person.clone();
    moved.address = address("elsewhere@example.org");
    moved.generation = 3;
    let change = Change {
        events: vec![event(Action::Objected), event(Action::Rectified)],
        ..change(moved.clone(), false)
    };
    save(&store, &[change]).await.unwrap();
    erase(&store, &moved, minutes(1)).await;
    purge(&store, &moved).await;
    let records = journal(&store).await;
    let lines: Vec<_> = records
        .iter()
        .map(|record| serde_json::to_string(record).unwrap())
        .collect();
    let kinds = ["left", "moved", "erased", "purged"];
    for kind in kinds {
        let written = lines.iter().filter(|line| line.contains(kind)).count();
        assert_eq!(written, 1, "{kind}: {lines:?}");
    }
    assert!(!lines.concat().contains("elsewhere"));

    let until = minutes(0);
    assert_eq!(store.prune_journal(&acme(), until).await.unwrap(), 2);
    assert_eq!(journal(&store).await.len(), 2, "the younger ones stay");
}

async fn the_journal_survives_a_restore_and_its_news_is_handed_out_once(database: &TestDatabase) {
    let store = database.store().await;
    let (anna, ben) = (pending("anna@example.org"), pending("ben@example.org"));
    let gone = pending("gone@example.org");
    for person in [&anna, &ben, &gone] {
        insert(&store, person).await;
    }
    // Before the backup: it knows.
    erase(&store, &ben, now()).await;
    let backup = Backup::of(&store).await;
    let mut moved = anna.clone();
    moved.address = address("elsewhere@example.org");
    let rectified = Change {
        events: vec![event(Action::Rectified)],
        ..change(moved.clone(), false)
    };
    save(&store, &[rectified]).await.unwrap();
    erase(&store, &moved, minutes(5)).await;
    purge(&store, &gone).await;
    let stranger = pending("later@example.org");
    insert(&store, &stranger).await;
    erase(&store, &stranger, minutes(6)).await;

    backup.load(&store).await.unwrap();
    assert_eq!(held(&store, &anna).await.as_ref(), Some(&anna), "as it was");
    assert!(matches!(store.check().await, Err(StoreError::Restoring)));
    let news: Vec<_> = replayed(&store)
        .await
        .into_iter()
        .map(|entry| (entry.subject, entry.what))
        .collect();
    let expected = [
        (anna.id, Journaled::Moved(moved.address)),
        (gone.id, Journaled::Purged),
        (anna.id, Journaled::Erased),
    ];
    assert_eq!(
        news, expected,
        "in their order, and of records that are held"
    );
    assert_eq!(replayed(&store).await, []);
    assert_eq!(journal(&store).await.len(), 5);
    store.finish_restore().await.unwrap();
    store.check().await.unwrap();

    backup.load(&store).await.unwrap();
    assert_eq!(
        replayed(&store).await.len(),
        3,
        "again, as long as it is asked for"
    );
}

async fn a_copy_of_the_journal_is_repeated_where_the_database_is_lost(database: &TestDatabase) {
    let store = database.store().await;
    let anna = pending("anna@example.org");
    insert(&store, &anna).await;
    let backup = Backup::of(&store).await;
    erase(&store, &anna, minutes(5)).await;
    let copy: Vec<JournalRecord> = journal(&store)
        .await
        .iter()
        .map(|record| serde_json::to_string(record).unwrap())
        .map(|line| serde_json::from_str(&line).unwrap())
        .collect();
    let restore = async |target: &TestDatabase| {
        let elsewhere = target.store().await;
        backup.load_with(&elsewhere, copy.clone()).await.unwrap();
        let news = replayed(&elsewhere).await;
        assert_eq!(news.len(), 1);
        assert_eq!(news[0].what, Journaled::Erased);
        assert_eq!(news[0].at, minutes(5));
        assert_eq!(journal(&elsewhere).await, copy);
    };
    Box::pin(on_sqlite(restore)).await;
}

/// An entry that the backup had forgotten already is older than everything in it.
async fn entries_that_the_backup_was_too_young_to_hold_are_spared(database: &TestDatabase) {
    let store = database.store().await;
    let anna = pending("anna@example.org");
    insert(&store, &anna).await;
    erase(&store, &anna, now()).await;
    let copy = journal(&store).await;
    store.prune_journal(&acme(), now()).await.unwrap();
    let backup = Backup::of(&store).await;
    let mut backup_file = backup.open();
    let mut copy = copy.into_iter().map(Ok);
    store
        .load_backup(&mut backup_file, &mut copy, Some(now()), false, minutes(60))
        .await
        .unwrap();
    assert_eq!(replayed(&store).await, []);
}

/// S0-31: the reminder is promised once, and the rest a person can ask for; the answer to an erasure
/// is owed by law.
async fn letters_that_waited_are_not_sent_again(database: &TestDatabase) {
    let store = database.store().await;
    let kinds = [
        LetterKind::Confirmation,
        LetterKind::Reminder,
        LetterKind::ErasureAnswer,
    ];
    insert_with_letters(&store, "anna@example.org", &kinds).await;
    let leased = store.lease_letters(&acme(), &worker("w"), now(), 1).await;
    assert_eq!(leased.unwrap().len(), 1);
    let backup = Backup::of(&store).await;
    let loaded = backup.load(&store).await.unwrap();
    assert_eq!(loaded.letters_in_doubt, 2);
    let status = store.outbox_status(&acme(), now()).await.unwrap();
    let uncertain = status
        .counts
        .iter()
        .find(|(state, _)| *state == LetterState::Uncertain);
    assert_eq!(uncertain, Some(&(LetterState::Uncertain, 2)));
    database.expire_leases().await;
    let due = store
        .lease_letters(&acme(), &worker("v"), minutes(600), 100)
        .await
        .unwrap();
    assert_eq!(due.len(), 1);
    assert_eq!(due[0].kind, LetterKind::ErasureAnswer);

    let mut file = backup.open();
    let nothing = &mut std::iter::empty();
    let moved = store.load_backup(&mut file, nothing, None, true, now());
    assert_eq!(moved.await.unwrap().letters_in_doubt, 0);
    database.expire_leases().await;
    let due = store.lease_letters(&acme(), &worker("v"), now(), 100).await;
    assert_eq!(
        due.unwrap().len(),
        3,
        "an installation that moves sends them"
    );
}

fn rotated(ring: &KeyRing) -> KeyRing {
    let mut ring = KeyRing::parse(&ring.to_toml()).unwrap();
    let mut random = |buffer: &mut [u8]| Numbers.fill(buffer);
    ring.rotate(KeyUse::Seal, &mut random, Timestamp::UNIX_EPOCH)
        .unwrap();
    ring
}

/// S0-64: a record that was purged before its key was retired cannot come back.
async fn records_whose_key_is_retired_are_left_out(database: &TestDatabase) {
    let store = database.store().await;
    let purged = pending("purged@example.org");
    insert(&store, &purged).await;
    let ring = rotated(&ring());
    let store = database
        .store_with(KeyRing::parse(&ring.to_toml()).unwrap())
        .await;
    let kept = pending("kept@example.org");
    insert(&store, &kept).await;
    let backup = Backup::of(&store).await;
    let keys: Vec<_> = backup.open().manifest().seal_keys().collect();
    assert_eq!(keys, [1, 2].map(KeyId::from_byte));

    let mut ring = ring;
    ring.retire(KeyUse::Seal, KeyId::from_byte(1)).unwrap();
    let store = database.store_with(ring).await;
    let loaded = backup.load(&store).await.unwrap();
    assert_eq!((loaded.people, loaded.unreadable), (1, 1));
    assert_eq!(held(&store, &kept).await, Some(kept));
    assert_eq!(database.count("consentry_subjects").await, 1);
    assert_eq!(
        database.count("consentry_subscriptions").await,
        1,
        "nor what hung on it"
    );
}

async fn a_backup_of_which_nothing_can_be_read_is_refused(database: &TestDatabase) {
    let store = database.store().await;
    let anna = pending("anna@example.org");
    insert(&store, &anna).await;
    let backup = Backup::of(&store).await;
    let mut retired = rotated(&ring());
    retired.retire(KeyUse::Seal, KeyId::from_byte(1)).unwrap();
    // A ring without the key, and one whose key of that number is another.
    for wrong in [retired, ring_of(2)] {
        let stranger = database.store_with(wrong).await;
        let refused = backup.load(&stranger).await.unwrap_err();
        assert!(matches!(refused, BackupError::NoKey { .. }), "{refused}");
        assert!(refused.to_string().contains("seal key 1"), "{refused}");
        stranger.check().await.unwrap();
    }
    assert_eq!(held(&store, &anna).await, Some(anna));
}

/// Servers and a restore keep each other away, for as long as they live.
async fn a_restore_has_the_database_for_itself(database: &TestDatabase) {
    let server = database.store().await;
    server.attend().await.unwrap();
    let worker = database.store_with(ring()).await;
    worker.attend().await.unwrap();
    let restore = database.store_with(ring()).await;
    assert!(!restore.exclude_others().await.unwrap());
    server.close().await.unwrap();
    assert!(!restore.exclude_others().await.unwrap(), "one is left");
    worker.close().await.unwrap();
    assert!(restore.exclude_others().await.unwrap());

    let late = database.store_with(ring()).await;
    assert_eq!(late.attend().await, Err(StoreError::Restoring));
    let second = database.store_with(ring()).await;
    assert!(
        !second.exclude_others().await.unwrap(),
        "one restore at a time"
    );
    restore.close().await.unwrap();
    late.attend().await.unwrap();
}

async fn a_failed_load_leaves_everything_as_it_was(database: &TestDatabase) {
    let store = database.store().await;
    let anna = pending("anna@example.org");
    insert(&store, &anna).await;
    let backup = Backup::of(&store).await;
    let ben = pending("ben@example.org");
    insert(&store, &ben).await;
    erase(&store, &anna, minutes(1)).await;
    // The journal breaks off when the rows are loaded already.
    let mut broken =
        std::iter::once_with(|| Err(BackupError::Damaged("line 1 of the journal".to_owned())));
    let mut file = backup.open();
    let failed = store.load_backup(&mut file, &mut broken, None, false, now());
    assert!(matches!(failed.await, Err(BackupError::Damaged(_))));
    assert_eq!(held(&store, &ben).await.as_ref(), Some(&ben));
    assert!(held(&store, &anna).await.unwrap().erased_at.is_some());
    store.check().await.unwrap();
    assert_eq!(replayed(&store).await, []);
}

/// A lost connection is no licence to go on: whoever loses the lock waits until it is back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_loses_the_lock_of_postgres_stands_still_until_it_is_back() {
    on_postgres(async |database: &TestDatabase| {
        let server = database.store().await;
        server.attend().await.unwrap();
        let holders = "SELECT count(pg_terminate_backend(pid)) FROM pg_locks
                       WHERE locktype = 'advisory' AND database =
                             (SELECT oid FROM pg_database WHERE datname = current_database())";
        assert_eq!(database.column::<i64>(holders).await, [1]);
        let restore = database.store_with(ring()).await;
        assert!(restore.exclude_others().await.unwrap());
        // A restore goes on when everybody who lost the lock knows.
        assert!(server.begin().await.is_err());
        assert!(server.check().await.is_err());
        restore.close().await.unwrap();
        let mut tries = 0;
        while server.begin().await.is_err() {
            tries += 1;
            assert!(tries < 600, "the lock is not taken again");
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        server.check().await.unwrap();
    })
    .await;
}
