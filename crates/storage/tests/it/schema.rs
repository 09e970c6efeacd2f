//! The schema: made once, by however many processes, and checked.

use consentry_keys::KeyRing;
use consentry_migrations::{Migrator, sea_orm_migration::MigratorTrait};
use consentry_service::ports::{Store, StoreError};
use consentry_storage::SeaOrmStore;

use std::sync::Arc;

use crate::support::{Numbers, TestDatabase, ring};

on_both! {
    processes_that_migrate_at_once_all_succeed,
    an_empty_database_is_refused_with_the_remedy,
    a_database_that_is_ahead_of_the_program_is_refused,
    a_database_of_before_the_prefix_is_adopted,
}

async fn processes_that_migrate_at_once_all_succeed(database: &TestDatabase) {
    let process = async || {
        // A pool and a turn of its own, as another process has.
        let store = database.store_with(ring()).await;
        store.migrate().await
    };
    let ends = tokio::join!(process(), process(), process(), process());
    let (one, two, three, four) = ends;
    for end in [one, two, three, four] {
        end.unwrap();
    }
    database.store().await.check().await.unwrap();
}

async fn an_empty_database_is_refused_with_the_remedy(database: &TestDatabase) {
    let store = database.store_with(ring()).await;
    let status = store.migration_status().await.unwrap();
    assert_eq!((status.applied, status.is_current), (0, false));
    let refused = store.check().await.unwrap_err();
    assert!(matches!(refused, StoreError::Schema { found: 0, .. }));
    assert!(refused.to_string().contains("consentry-admin migrate"));

    store.migrate().await.unwrap();
    let status = store.migration_status().await.unwrap();
    assert_eq!(status.applied, status.known);
    store.check().await.unwrap();
}

async fn a_database_that_is_ahead_of_the_program_is_refused(database: &TestDatabase) {
    let store = database.store().await;
    database
        .execute("INSERT INTO consentry_migrations (version, applied_at) VALUES ('m9999_later', 0)")
        .await;
    assert!(matches!(
        store.check().await,
        Err(StoreError::Schema { .. })
    ));
}

/// What a database held before the tables had a prefix is held under the new names, and the tables
/// of others in the same database stay what they are.
async fn a_database_of_before_the_prefix_is_adopted(database: &TestDatabase) {
    database.store_with(ring()).await.close().await.unwrap();
    // The prefix came with the first migration that followed.
    let raw = database.raw().await;
    Migrator::up(&raw, Some(1)).await.unwrap();
    raw.close().await.unwrap();
    for table in FORMER {
        let rename = format!("ALTER TABLE consentry_{table} RENAME TO {table}");
        database.execute(&rename).await;
    }
    for index in FORMER_INDEXES {
        let make = format!("DROP INDEX consentry_{index}; CREATE INDEX {index} ON jobs (job)");
        database.execute(&make).await;
    }
    database
        .execute("ALTER TABLE consentry_migrations RENAME TO seaql_migrations")
        .await;

    let store = database.store_with(ring()).await;
    assert!(store.check().await.is_err());
    store.migrate().await.unwrap();
    store.check().await.unwrap();
    assert_eq!(database.count("consentry_purges").await, 1);
}

const FORMER: [&str; 7] = [
    "subjects",
    "subscriptions",
    "consent_events",
    "letters",
    "jobs",
    "tombstones",
    "purges",
];

const FORMER_INDEXES: [&str; 7] = [
    "subjects_live_address",
    "subjects_pending",
    "subjects_erased",
    "consent_events_subject",
    "letters_subject",
    "letters_due",
    "letters_leased",
];

#[tokio::test]
async fn a_database_that_cannot_be_opened_is_unavailable_and_its_password_untold() {
    for url in [
        "postgres://consentry:pass-phrase@127.0.0.1:1/consentry",
        "sqlite:///no/such/folder/consentry.db",
    ] {
        let refused = connect(url).await.err().unwrap();
        assert!(matches!(refused, StoreError::Unavailable { .. }));
        assert!(!format!("{refused} {refused:?}").contains("pass-phrase"));
    }
}

#[tokio::test]
async fn a_url_that_names_no_database_is_a_wrong_setting_and_its_password_untold() {
    for url in [
        "mysql://consentry:pass-phrase@127.0.0.1/consentry",
        "postgres://consentry:pass-phrase@127.0.0.1:port/consentry",
        "postgres://consentry:pass-phrase@127.0.0.1/consentry?sslmode=pass-phrase",
        "sqlite://consentry.db?mode=pass-phrase",
    ] {
        let refused = connect(url).await.err().unwrap();
        assert!(matches!(refused, StoreError::Misconfigured { .. }), "{url}");
        assert!(!format!("{refused} {refused:?}").contains("pass-phrase"));
    }
}

/// A database in memory is one, and no file that is called so.
#[tokio::test]
async fn a_database_in_memory_leaves_no_file() {
    let store = connect("sqlite::memory:").await.unwrap();
    store.migrate().await.unwrap();
    let files = std::fs::read_dir(".").unwrap();
    let names = files.map(|file| file.unwrap().file_name());
    let of_memory: Vec<_> = names
        .filter(|name| name.to_string_lossy().contains("memory"))
        .collect();
    assert!(of_memory.is_empty(), "{of_memory:?}");
}

async fn connect(url: &str) -> Result<SeaOrmStore, StoreError> {
    let keys: Arc<KeyRing> = Arc::new(ring());
    SeaOrmStore::connect(url, keys, Arc::new(Numbers)).await
}
