//! Backups and their restore: every table, every engine, nothing half-done, nobody revived.

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use consentry_domain::{Action, JournalEntry, Journaled, LetterKind, Subject};
use consentry_keys::{KeyId, KeyRing, KeyUse};
use consentry_migrations::{Migrator, sea_orm_migration::MigratorTrait};
use consentry_service::ports::{
    Change, LetterState, PurgeReason, Random, Recovery, Store, StoreError,
};
use consentry_storage::{
    JournalRecord, SeaOrmStore,
    backup::{BackupError, BackupFile, Loaded},
};
use jiff::Timestamp;
use tempfile::TempDir;

use crate::{
    fixtures::{
        acme, address, change, event, full, insert, insert_with_letters, minutes, now, pending,
        save, update, worker,
    },
    support::{Numbers, TestDatabase, on_postgres, on_sqlite, ring, ring_of},
};

on_both! {
    a_backup_holds_every_table_and_its_restore_every_row,
    a_damaged_file_is_refused_before_anything_changes,
    a_backup_of_an_older_schema_is_brought_up_to_date,
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

struct Backup {
    folder: TempDir,
}

impl Backup {
    async fn of(store: &SeaOrmStore) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut file = File::create(folder.path().join("backup")).unwrap();
        store.backup(&mut file, now()).await.unwrap();
        Self { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("backup")
    }

    fn open(&self) -> BackupFile {
        open(&self.path()).unwrap()
    }

    async fn load(&self, store: &SeaOrmStore) -> Result<Loaded, BackupError> {
        self.load_with(store, Vec::new()).await
    }

    async fn load_with(
        &self,
        store: &SeaOrmStore,
        journal: Vec<JournalRecord>,
    ) -> Result<Loaded, BackupError> {
        let mut journal = journal.into_iter().map(Ok);
        let mut backup = self.open();
        store
            .load_backup(&mut backup, &mut journal, None, false, minutes(60))
            .await
    }
}

fn open(path: &Path) -> Result<BackupFile, BackupError> {
    BackupFile::open(File::open(path).unwrap())
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
    store.journal_since(i64::MIN, None, 100).await.unwrap()
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

async fn held(store: &SeaOrmStore, person: &Subject) -> Option<Subject> {
    store.subject(&acme(), person.id).await.unwrap()
}

/// Everybody with everything, more than a page of them.
async fn populated(store: &SeaOrmStore) -> Vec<Subject> {
    let person = full("Anna@Bücher.example");
    let change = Change {
        events: vec![event(Action::Requested), event(Action::Confirmed)],
        letters: vec![crate::fixtures::letter(LetterKind::Confirmation)],
        ..change(person.clone(), true)
    };
    save(store, &[change]).await.unwrap();
    let others: Vec<_> = (0..1_100)
        .map(|number| pending(&format!("p{number}@example.org")))
        .collect();
    let changes: Vec<_> = others
        .iter()
        .map(|one| crate::fixtures::change(one.clone(), true))
        .collect();
    save(store, &changes).await.unwrap();
    let mut all = others;
    all.push(person);
    all
}

/// S3-134: a table that a migration adds is in the backup without anybody thinking of it.
async fn a_backup_holds_every_table_and_its_restore_every_row(database: &TestDatabase) {
    let store = database.store().await;
    let people = populated(&store).await;
    let backup = Backup::of(&store).await;

    let tables = if database.is_sqlite() {
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    } else {
        "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'"
    };
    let mut tables: BTreeSet<String> = database.column(tables).await.into_iter().collect();
    for exempt in ["consentry_migrations", "consentry_installation"] {
        assert!(tables.remove(exempt), "{exempt}");
    }
    let file = backup.open();
    let held: BTreeSet<String> = file.manifest().rows().keys().cloned().collect();
    assert_eq!(held, tables, "a table of ours is named consentry_…");
    assert_eq!(file.manifest().taken_at(), now());
    assert_eq!(file.manifest().controllers(), ["acme"]);
    let keys: Vec<_> = file.manifest().seal_keys().collect();
    assert_eq!(keys, [KeyId::from_byte(1)]);

    // Into the other engine, and from there into this one again.
    let check = async |target: &TestDatabase| {
        let elsewhere = target.store().await;
        insert(&elsewhere, &pending("stranger@example.org")).await;
        let loaded = backup.load(&elsewhere).await.unwrap();
        assert_eq!(loaded.people, 1_101);
        let again = Backup::of(&elsewhere).await;
        assert_eq!(again.open().manifest().rows(), file.manifest().rows());
        for person in people.iter().rev().take(5) {
            assert_eq!(self::held(&elsewhere, person).await.as_ref(), Some(person));
        }
        let anna = people.last().unwrap();
        let events = elsewhere.events(&acme(), anna.id).await.unwrap();
        assert_eq!(events, store.events(&acme(), anna.id).await.unwrap());
        // The counter of the events goes on.
        let more = Change {
            events: vec![event(Action::Exported)],
            ..change(anna.clone(), false)
        };
        save(&elsewhere, &[more]).await.unwrap();
        assert_eq!(elsewhere.events(&acme(), anna.id).await.unwrap().len(), 3);
    };
    Box::pin(on_sqlite(check)).await;
    Box::pin(on_postgres(check)).await;
}

async fn a_damaged_file_is_refused_before_anything_changes(database: &TestDatabase) {
    let store = database.store().await;
    insert(&store, &pending("anna@example.org")).await;
    let backup = Backup::of(&store).await;
    let path = backup.path();
    let whole = fs::read(&path).unwrap();
    for length in [0, 10, whole.len() / 3, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        let refused = open(&path).unwrap_err();
        let is_told = matches!(refused, BackupError::Damaged(_) | BackupError::Foreign);
        assert!(is_told, "{length}: {refused}");
    }
    for place in (0..whole.len()).step_by(7) {
        fs::write(&path, &whole).unwrap();
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.write_all_at(&[whole[place] ^ 1], place as u64)
            .unwrap();
        assert!(open(&path).is_err(), "one bit at {place}");
    }
    fs::write(&path, [&whole[..], b"{}\n"].concat()).unwrap();
    assert!(open(&path).is_err(), "something was added");
    fs::write(&path, b"SQLite format 3\0").unwrap();
    assert!(matches!(open(&path), Err(BackupError::Foreign)));
    let later = String::from_utf8(whole).unwrap();
    let later = later.replacen("m0001_initial", "m9999_later", 1);
    fs::write(&path, later).unwrap();
    let refused = open(&path).unwrap_err();
    assert!(matches!(refused, BackupError::Later { .. }), "{refused}");
}

async fn a_backup_of_an_older_schema_is_brought_up_to_date(database: &TestDatabase) {
    let store = database.store_with(ring()).await;
    let raw = database.raw().await;
    Migrator::up(&raw, Some(1)).await.unwrap();
    raw.close().await.unwrap();
    let tombstone = "INSERT INTO consentry_tombstones (id, controller, reason, purged_on)
                     VALUES (7, 'acme', 'erased', '2026-11-22')";
    database.execute(tombstone).await;
    let backup = Backup::of(&store).await;
    assert!(backup.open().is_older());

    store.migrate().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut upgraded = store
        .upgrade_backup(backup.open(), folder.path())
        .await
        .unwrap();
    assert!(!upgraded.is_older());
    assert_eq!(upgraded.manifest().taken_at(), now());
    database.execute("DELETE FROM consentry_tombstones").await;
    store
        .load_backup(&mut upgraded, &mut std::iter::empty(), None, false, now())
        .await
        .unwrap();
    assert_eq!(
        database
            .column::<i64>("SELECT id FROM consentry_tombstones")
            .await,
        [7]
    );
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
