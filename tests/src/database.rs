//! A fresh database for each test.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{self, Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use crate::wait_for;

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

    /// Lets new connections only read, as those to a standby do, or write again; ends the programs'
    /// present ones.
    pub fn set_read_only(&self, only_reads: bool) {
        let name = &self.name;
        let setting = format!("SET default_transaction_read_only = {only_reads}");
        psql(&cluster(), &format!("ALTER DATABASE {name} {setting}"));
        psql(
            &cluster(),
            &format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
            ),
        );
    }

    /// Where its bytes lie, everything flushed: its own files, what the cluster has in common (the
    /// write-ahead log, the statistics), and the server's log.
    pub fn flushed_files(&self) -> Vec<PathBuf> {
        self.query("CHECKPOINT");
        let cluster = PathBuf::from(self.query("SHOW data_directory").trim_end());
        let number = self.query("SELECT oid FROM pg_database WHERE datname = current_database()");
        let shared = ["global", "pg_wal", "pg_stat", "pg_stat_tmp", "pg_multixact"];
        let mut paths: Vec<PathBuf> = shared.iter().map(|name| cluster.join(name)).collect();
        paths.push(cluster.join("base").join(number.trim_end()));
        paths.push(cluster.with_file_name("server.log"));
        assert!(
            paths.iter().all(|path| path.exists()),
            "some of these are missing: {paths:?}"
        );
        paths
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

pub(crate) fn psql(url: &str, statement: &str) -> String {
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

/// The database of an application beside Consentry's.
#[derive(Debug)]
pub struct Application {
    database: Database,
    /// Where it is on SQLite.
    file: PathBuf,
}

impl Application {
    /// An empty one; in `folder` on SQLite.
    pub fn new(engine: Engine, folder: &Path) -> Self {
        let file = folder.join("application.db");
        if engine == Engine::Sqlite {
            std::fs::File::create(&file).expect("a file can be made");
        }
        Self {
            database: Database::new(engine),
            file,
        }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        let url = self.database.url();
        url.unwrap_or_else(|| format!("sqlite://{}", self.file.display()))
    }

    /// Runs statements, and gives the rows of one that starts with `SELECT` as lines with `|`
    /// between the columns.
    pub fn query(&self, statements: &str) -> String {
        match &self.database {
            Database::Postgres(database) => database.query(statements),
            Database::Sqlite => query_sqlite_file(&self.file, statements),
        }
    }
}

/// Somebody else's hand on a database, until this value goes.
#[derive(Debug)]
pub struct Lock(Child);

impl Application {
    /// Takes what a writer of `table` needs, between two transactions of others: the table on
    /// PostgreSQL, the file on SQLite.
    pub fn lock(&self, table: &str) -> Lock {
        const HOLD: &str = r#"
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
database.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"#;
        let mut command = match &self.database {
            Database::Postgres(database) => {
                let mut psql = Command::new("psql");
                psql.args(["--no-psqlrc", "--quiet", &database.url()]);
                psql
            }
            Database::Sqlite => {
                let mut python = Command::new("/usr/bin/python3");
                python.args(["-c", HOLD]).arg(&self.file);
                python
            }
        };
        let mut holder = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a client of the database can be started");
        if matches!(self.database, Database::Postgres(_)) {
            let stdin = holder.stdin.as_mut().expect("stdin is piped");
            write!(stdin, "BEGIN; LOCK TABLE {table};\n\\echo held\n").expect("psql listens");
        }
        let mut line = String::new();
        BufReader::new(holder.stdout.as_mut().expect("stdout is piped"))
            .read_line(&mut line)
            .expect("the holder answers");
        assert_eq!(line, "held\n");
        Lock(holder)
    }

    /// Waits until a program of ours waits for a lock, on PostgreSQL.
    pub fn wait_for_waiter(&self) {
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND
                       datname = current_database() AND application_name = 'consentry'";
        wait_for("waiter", Duration::from_mins(1), || {
            (self.query(waiting).trim() != "0").then_some(())
        });
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a statement on the database file of a data directory.
pub(crate) fn query_sqlite(data: &Path, statement: &str) -> String {
    query_sqlite_file(&data.join("consentry.db"), statement)
}

fn query_sqlite_file(file: &Path, statement: &str) -> String {
    // A connection that may not write leaves the files as they are, and the write-ahead log too.
    const QUERY: &str = r#"
import sqlite3, sys
mode = "ro" if sys.argv[2].startswith("SELECT") else "rw"
answers = sys.argv[2].startswith(("SELECT", "PRAGMA"))
uri = f"file:{sys.argv[1]}?mode={mode}"
database = sqlite3.connect(uri, uri=True, timeout=30, isolation_level=None)
for row in (database.execute if answers else database.executescript)(sys.argv[2]):
    print("|".join("" if value is None else str(value) for value in row))
"#;
    let output = Command::new("/usr/bin/python3")
        .args(["-c", QUERY])
        .arg(file)
        .arg(statement)
        .output()
        .expect("python3 can be started: run tests/setup-debian");
    assert!(
        output.status.success(),
        "{statement}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("rows are UTF-8")
}
