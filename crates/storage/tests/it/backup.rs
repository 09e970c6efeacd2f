//! The file of a backup: every table, either engine, and not a bit flipped.

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use consentry_domain::{Action, LetterKind, Subject};
use consentry_keys::KeyId;
use consentry_migrations::{Migrator, sea_orm_migration::MigratorTrait};
use consentry_service::ports::{Change, Store};
use consentry_storage::{
    JournalRecord, SeaOrmStore,
    backup::{BackupError, BackupFile, Loaded},
};
use tempfile::TempDir;

use crate::{
    fixtures::{acme, change, event, full, insert, letter, minutes, now, pending, save},
    support::{TestDatabase, on_postgres, on_sqlite, ring},
};

on_both! {
    a_backup_holds_every_table_and_its_restore_every_row,
    a_damaged_file_is_refused_before_anything_changes,
    a_backup_of_an_older_schema_is_brought_up_to_date,
}

pub(crate) struct Backup {
    folder: TempDir,
}

impl Backup {
    pub(crate) async fn of(store: &SeaOrmStore) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut file = File::create(folder.path().join("backup")).unwrap();
        store.backup(&mut file, now()).await.unwrap();
        Self { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("backup")
    }

    pub(crate) fn open(&self) -> BackupFile {
        open(&self.path()).unwrap()
    }

    pub(crate) async fn load(&self, store: &SeaOrmStore) -> Result<Loaded, BackupError> {
        self.load_with(store, Vec::new()).await
    }

    pub(crate) async fn load_with(
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

pub(crate) async fn held(store: &SeaOrmStore, person: &Subject) -> Option<Subject> {
    store.subject(&acme(), person.id).await.unwrap()
}

/// Everybody with everything, more than a page of them.
async fn populated(store: &SeaOrmStore) -> Vec<Subject> {
    let person = full("Anna@Bücher.example");
    let sign_up = Change {
        events: vec![event(Action::Requested), event(Action::Confirmed)],
        letters: vec![letter(LetterKind::Confirmation)],
        ..change(person.clone(), true)
    };
    save(store, &[sign_up]).await.unwrap();
    let others: Vec<_> = (0..1_100)
        .map(|number| pending(&format!("p{number}@example.org")))
        .collect();
    let changes: Vec<_> = others.iter().map(|one| change(one.clone(), true)).collect();
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
    let found: BTreeSet<String> = file.manifest().rows().keys().cloned().collect();
    assert_eq!(found, tables, "a table of ours is named consentry_…");
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
            assert_eq!(held(&elsewhere, person).await.as_ref(), Some(person));
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
