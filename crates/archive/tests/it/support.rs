//! A fresh archive for each test, on either engine, and the keys of people in memory.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use consentry_archive::{ArchiveError, SealedArchive, SubjectKey, SubjectKeys};
use consentry_keys::{KeyId, KeyRing, KeySource, KeyUse};
use consentry_retention::{Archive as _, Sealable, Wanted};
use jiff::Timestamp;
use sea_orm::{ConnectionTrait, DatabaseConnection, QueryResult, Statement};
use tempfile::TempDir;

/// Runs each test on an archive of its own, once per engine.
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

pub(crate) async fn on_sqlite(test: impl AsyncFnOnce(&World)) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("archive.db").display());
    test(&World::new(url, Some(folder)).await).await;
}

/// On a new database of the cluster that `tests/with-postgres` started.
pub(crate) async fn on_postgres(test: impl AsyncFnOnce(&World)) {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    let name = format!("archive_{}_{number}", process::id());
    let cluster = cluster();
    let server = sea_orm::Database::connect(&cluster).await.unwrap();
    let create = format!("CREATE DATABASE {name}");
    server.execute_unprepared(&create).await.unwrap();
    let (base, _) = cluster.rsplit_once('/').unwrap();
    test(&World::new(format!("{base}/{name}"), None).await).await;
    let drop = format!("DROP DATABASE {name} WITH (FORCE)");
    server.execute_unprepared(&drop).await.unwrap();
}

#[expect(clippy::disallowed_methods, reason = "the one setting of the tests")]
fn cluster() -> String {
    std::env::var("CONSENTRY_TEST_POSTGRES")
        .expect("run tests/run, or tests/with-postgres cargo test")
}

/// An archive, and what it stands on.
pub(crate) struct World {
    pub(crate) archive: SealedArchive,
    pub(crate) keys: Arc<Keys>,
    pub(crate) ring: Arc<Ring>,
    url: String,
    folder: Option<TempDir>,
}

impl World {
    async fn new(url: String, folder: Option<TempDir>) -> Self {
        let (keys, ring) = (Arc::new(Keys::default()), Arc::new(Ring::new(1)));
        let archive = open(&url, &keys, &ring).await.unwrap();
        Self {
            archive,
            keys,
            ring,
            url,
            folder,
        }
    }

    /// Opens it once more, with another ring.
    pub(crate) async fn open_with(&self, ring: Ring) -> Result<SealedArchive, ArchiveError> {
        open(&self.url, &self.keys, &Arc::new(ring)).await
    }

    /// Archives a row of a person, seen last in that year.
    pub(crate) async fn take(&self, row: u32, subject: Option<&str>, year: u32) {
        self.take_all(vec![record(row, subject, year)]).await;
    }

    pub(crate) async fn take_all(&self, records: Vec<Sealable>) {
        let (dataset, stage) = ("clients".parse().unwrap(), "archive".parse().unwrap());
        let taken = self.archive.take(&dataset, &stage, now(), records).await;
        taken.unwrap();
    }

    /// The numbers of records whose clock stood at or before the end of a year, oldest first.
    pub(crate) async fn until(&self, year: u32) -> Vec<u64> {
        let (dataset, clock) = ("clients".parse().unwrap(), "last-seen".parse().unwrap());
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let wanted = Wanted::Until {
                dataset: &dataset,
                clock: &clock,
                until: at(&format!("{year}-12-31T00:00:00Z")),
                after,
            };
            let page = self.archive.page(wanted, 2).await.unwrap();
            after = page.last().map(|last| (last.clocks[0].1, last.id));
            found.extend(page.iter().map(|known| known.id));
            if page.len() < 2 {
                return found;
            }
        }
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.folder.is_some()
    }

    /// The files of the archive.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let folder = self.folder.as_ref().unwrap().path();
        let files = std::fs::read_dir(folder).unwrap();
        files.map(|file| file.unwrap().path()).collect()
    }

    /// Asks the archive's database itself.
    pub(crate) async fn rows(&self, sql: &str) -> Vec<QueryResult> {
        let raw = self.raw().await;
        let statement = Statement::from_string(raw.get_database_backend(), sql);
        let rows = raw.query_all_raw(statement).await.unwrap();
        raw.close().await.unwrap();
        rows
    }

    pub(crate) async fn execute(&self, sql: &str) {
        let raw = self.raw().await;
        raw.execute_unprepared(sql).await.unwrap();
        raw.close().await.unwrap();
    }

    async fn raw(&self) -> DatabaseConnection {
        sea_orm::Database::connect(&self.url).await.unwrap()
    }
}

async fn open(
    url: &str,
    keys: &Arc<Keys>,
    ring: &Arc<Ring>,
) -> Result<SealedArchive, ArchiveError> {
    let (keys, ring) = (Arc::clone(keys), Arc::clone(ring));
    SealedArchive::connect(url, "acme", ring, keys, Arc::new(random)).await
}

pub(crate) fn record(row: u32, subject: Option<&str>, year: u32) -> Sealable {
    Sealable {
        subject: subject.map(str::to_owned),
        key: row.to_string(),
        record: format!("{{\"row\":{{\"id\":{row},\"name\":\"Quintilia {row}\"}}}}"),
        state: Some("closed".parse().unwrap()),
        clocks: vec![(
            "last-seen".parse().unwrap(),
            at(&format!("{year}-06-01T00:00:00Z")),
        )],
    }
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn now() -> Timestamp {
    at("2026-06-01T00:00:00Z")
}

/// The same bytes in each run, and never twice.
pub(crate) fn random(buffer: &mut [u8]) {
    static COUNTER: AtomicU64 = AtomicU64::new(1);
    for chunk in buffer.chunks_mut(8) {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let bytes = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
        chunk.copy_from_slice(&bytes[..chunk.len()]);
    }
}

/// A key ring in memory.
#[derive(Debug)]
pub(crate) struct Ring(Mutex<Arc<KeyRing>>);

impl Ring {
    pub(crate) fn new(seed: u8) -> Self {
        let mut byte = seed;
        let mut random = |buffer: &mut [u8]| {
            for one in buffer {
                byte = byte.wrapping_mul(31).wrapping_add(seed);
                *one = byte;
            }
        };
        let ring = KeyRing::generate(&mut random, Timestamp::UNIX_EPOCH);
        Self(Mutex::new(Arc::new(ring)))
    }

    /// Makes and activates a key for each use that the archive has.
    pub(crate) fn rotate(&self) {
        self.change(|ring| {
            for key_use in [KeyUse::Index, KeyUse::Seal] {
                ring.rotate(key_use, &mut random, now()).unwrap();
            }
        });
    }

    pub(crate) fn retire(&self, key_use: KeyUse, id: u8) {
        self.change(|ring| ring.retire(key_use, KeyId::from_byte(id)).unwrap());
    }

    fn change(&self, change: impl FnOnce(&mut KeyRing)) {
        let mut held = self.0.lock().unwrap();
        let mut ring = KeyRing::parse(&held.to_toml()).unwrap();
        change(&mut ring);
        *held = Arc::new(ring);
    }
}

impl KeySource for Ring {
    fn ring(self: Arc<Self>) -> Arc<KeyRing> {
        Arc::clone(&self.0.lock().unwrap())
    }
}

/// The keys of people, in memory.
#[derive(Default)]
pub(crate) struct Keys(pub(crate) Mutex<BTreeMap<u64, SubjectKey>>);

impl Keys {
    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    fn those(&self, are: impl Fn(&SubjectKey) -> bool) -> Vec<SubjectKey> {
        let keys = self.0.lock().unwrap();
        keys.values().filter(|key| are(key)).cloned().collect()
    }
}

#[async_trait]
impl SubjectKeys for Keys {
    async fn of(&self, indexes: &[Vec<u8>]) -> Result<Vec<SubjectKey>, ArchiveError> {
        Ok(self.those(|key| {
            let index = key.index.as_ref();
            index.is_some_and(|(index, _)| indexes.contains(index))
        }))
    }

    async fn with(&self, ids: &[u64]) -> Result<Vec<SubjectKey>, ArchiveError> {
        Ok(self.those(|key| ids.contains(&key.id)))
    }

    async fn after(&self, id: Option<u64>, limit: u64) -> Result<Vec<SubjectKey>, ArchiveError> {
        let mut found = self.those(|key| id.is_none_or(|id| key.id > id));
        found.truncate(usize::try_from(limit).unwrap());
        Ok(found)
    }

    async fn under(&self, key_use: KeyUse, id: KeyId) -> Result<u64, ArchiveError> {
        let found = self.those(|key| match key_use {
            KeyUse::Seal => key.wrapped_key[0] == id.as_byte(),
            _ => key
                .index
                .as_ref()
                .is_some_and(|(_, made)| *made == id.as_byte()),
        });
        Ok(found.len() as u64)
    }

    async fn add(&self, keys: Vec<SubjectKey>) -> Result<(), ArchiveError> {
        let mut all = self.0.lock().unwrap();
        all.extend(keys.into_iter().map(|key| (key.id, key)));
        Ok(())
    }

    async fn renew(&self, keys: Vec<SubjectKey>) -> Result<(), ArchiveError> {
        self.add(keys).await
    }

    async fn destroy(&self, ids: &[u64], _now: Timestamp) -> Result<(), ArchiveError> {
        self.0.lock().unwrap().retain(|id, _| !ids.contains(id));
        Ok(())
    }
}
