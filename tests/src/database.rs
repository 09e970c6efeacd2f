//! A fresh database for each test.

use std::{
    path::PathBuf,
    process::{self, Command},
    sync::atomic::{AtomicU32, Ordering},
};

/// The two engines that everything runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The embedded default: a file in the data directory.
    Sqlite,
    /// A database of its own on the cluster that `tests/with-postgres` started.
    Postgres,
}

impl Engine {
    /// Both, for a test that holds on either.
    pub const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];
}

/// A database that lives as long as this value.
#[derive(Debug)]
pub enum Database {
    /// Made by the program itself in its data directory, and gone with it.
    Sqlite,
    /// Created empty, dropped at the end.
    Postgres(PostgresDatabase),
}

impl Database {
    /// An empty database.
    pub fn new(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => Self::Sqlite,
            Engine::Postgres => Self::Postgres(PostgresDatabase::create()),
        }
    }

    /// What `CONSENTRY_DATABASE_URL` must say; nothing for the default.
    pub fn url(&self) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres(database) => Some(database.url()),
        }
    }
}

/// One database of the test cluster.
#[derive(Debug)]
pub struct PostgresDatabase {
    name: String,
}

impl PostgresDatabase {
    fn create() -> Self {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let name = format!("consentry_{}_{number}", process::id());
        psql(&cluster(), &format!("CREATE DATABASE {name}"));
        Self { name }
    }

    /// Its URL, as the superuser.
    pub fn url(&self) -> String {
        let cluster = cluster();
        let (server, _) = cluster
            .rsplit_once('/')
            .expect("a PostgreSQL URL names a database");
        format!("{server}/{}", self.name)
    }

    /// Runs a statement, and gives its rows as lines with `|` between the columns.
    pub fn query(&self, statement: &str) -> String {
        psql(&self.url(), statement)
    }

    /// The folder of the whole cluster (heap, indexes, write-ahead log), everything flushed to it.
    pub fn flushed_files(&self) -> PathBuf {
        self.query("CHECKPOINT");
        PathBuf::from(self.query("SHOW data_directory").trim_end())
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        psql(
            &cluster(),
            &format!("DROP DATABASE {} WITH (FORCE)", self.name),
        );
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one setting of the tests, made by tests/with-postgres"
)]
fn cluster() -> String {
    std::env::var("CONSENTRY_TEST_POSTGRES")
        .expect("no PostgreSQL to test on: use tests/run, or tests/with-postgres cargo test …")
}

fn psql(url: &str, statement: &str) -> String {
    let output = Command::new("psql")
        .args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only"])
        .args(["--set", "ON_ERROR_STOP=1", "--command", statement, url])
        .output()
        .expect("psql can be started: run tests/setup-debian");
    assert!(
        output.status.success(),
        "psql: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("psql prints UTF-8")
}
