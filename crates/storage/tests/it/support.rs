//! A fresh database for each test, on either engine.

use std::{
    process,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
};

use consentry_keys::KeyRing;
use consentry_service::ports::Random;
use consentry_storage::SeaOrmStore;
use jiff::Timestamp;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement, TryGetable};
use tempfile::TempDir;

/// Runs each test on a database of its own, once per engine.
macro_rules! on_both {
    ($($test:ident,)+) => { $(
        mod $test {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                crate::support::on_sqlite(super::$test).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                crate::support::on_postgres(super::$test).await;
            }
        }
    )+ };
}

/// Runs a test on a new SQLite file.
pub(crate) async fn on_sqlite(test: impl AsyncFnOnce(&TestDatabase)) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("test.db").display());
    test(&TestDatabase {
        url,
        folder: Some(folder),
    })
    .await;
}

/// Runs a test on a new database of the cluster that `tests/with-postgres` started.
pub(crate) async fn on_postgres(test: impl AsyncFnOnce(&TestDatabase)) {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    let name = format!("storage_{}_{number}", process::id());
    let cluster = cluster();
    let server = sea_orm::Database::connect(&cluster).await.unwrap();
    let statement = format!("CREATE DATABASE {name}");
    server.execute_unprepared(&statement).await.unwrap();
    let (base, _) = cluster.rsplit_once('/').unwrap();
    test(&TestDatabase {
        url: format!("{base}/{name}"),
        folder: None,
    })
    .await;
    let statement = format!("DROP DATABASE {name} WITH (FORCE)");
    server.execute_unprepared(&statement).await.unwrap();
}

#[expect(clippy::disallowed_methods, reason = "the one setting of the tests")]
fn cluster() -> String {
    std::env::var("CONSENTRY_TEST_POSTGRES")
        .expect("run tests/run, or tests/with-postgres cargo test")
}

/// An empty database.
pub(crate) struct TestDatabase {
    pub(crate) url: String,
    /// Where the file is, on SQLite.
    pub(crate) folder: Option<TempDir>,
}

impl TestDatabase {
    pub(crate) fn is_sqlite(&self) -> bool {
        self.folder.is_some()
    }

    /// A store with the current schema, as a process with the default key ring has it.
    pub(crate) async fn store(&self) -> SeaOrmStore {
        let store = self.store_with(ring()).await;
        store.migrate().await.unwrap();
        store
    }

    pub(crate) async fn store_with(&self, ring: KeyRing) -> SeaOrmStore {
        SeaOrmStore::connect(&self.url, Arc::new(ring), Arc::new(Numbers))
            .await
            .unwrap()
    }

    /// The database as somebody sees it who has no key.
    pub(crate) async fn raw(&self) -> DatabaseConnection {
        sea_orm::Database::connect(&self.url).await.unwrap()
    }

    pub(crate) async fn execute(&self, sql: &str) {
        let raw = self.raw().await;
        raw.execute_unprepared(sql).await.unwrap();
        raw.close().await.unwrap();
    }

    /// The first column of every row.
    pub(crate) async fn column<T: TryGetable>(&self, sql: &str) -> Vec<T> {
        let raw = self.raw().await;
        let statement = Statement::from_string(raw.get_database_backend(), sql);
        let rows = raw.query_all_raw(statement).await.unwrap();
        raw.close().await.unwrap();
        rows.iter()
            .map(|row| row.try_get_by_index(0).unwrap())
            .collect()
    }

    pub(crate) async fn count(&self, table: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        self.column(&sql).await.remove(0)
    }

    /// Ends every lease, as a minute does.
    pub(crate) async fn expire_leases(&self) {
        let sql = "UPDATE consentry_letters SET leased_until = 0 WHERE leased_until IS NOT NULL;
                   UPDATE consentry_jobs SET leased_until = 0 WHERE leased_until IS NOT NULL";
        self.execute(sql).await;
    }
}

/// The ring of every test: the same keys each time.
pub(crate) fn ring() -> KeyRing {
    ring_of(1)
}

pub(crate) fn ring_of(seed: u8) -> KeyRing {
    let mut next = seed;
    let mut random = |buffer: &mut [u8]| {
        for byte in buffer {
            *byte = next;
            next = next.wrapping_mul(5).wrapping_add(3);
        }
    };
    KeyRing::generate(&mut random, Timestamp::UNIX_EPOCH)
}

/// Numbers that never repeat in a run and look random enough (`SplitMix64`).
#[derive(Debug)]
pub(crate) struct Numbers;

impl Random for Numbers {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let number = number().to_be_bytes();
            chunk.copy_from_slice(&number[..chunk.len()]);
        }
    }
}

pub(crate) fn number() -> u64 {
    // Not from nothing: zeros are found in every file.
    static COUNTER: AtomicU64 = AtomicU64::new(1);
    let step = COUNTER.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
    let mixed = (step ^ (step >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
