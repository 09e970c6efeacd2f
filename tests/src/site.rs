//! One installation of Consentry under test.

use std::{
    collections::BTreeMap,
    fs,
    ops::{Deref, DerefMut},
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    binaries::binaries,
    clock::Clock,
    database::{self, Database, Engine},
    mail::Letter,
    process::Process,
    residue,
};

/// A data directory, a database and settings. Several processes of each kind may run on it at once.
#[derive(Debug)]
pub struct Site {
    folder: TempDir,
    database: Database,
    settings: BTreeMap<String, String>,
    clock: Option<Clock>,
}

impl Site {
    /// An installation with nothing but its database set; PostgreSQL comes migrated.
    pub fn new(engine: Engine) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let database = Database::new(engine);
        let mut site = Self {
            folder,
            database,
            settings: BTreeMap::new(),
            clock: None,
        }
        .with("CONSENTRY_LISTEN", "127.0.0.1:0");
        let data = site.data();
        let data = data.to_str().expect("temporary folders are UTF-8");
        site = site.with("CONSENTRY_DATA_DIR", data);
        if let Some(url) = site.database.url() {
            site = site.with("CONSENTRY_DATABASE_URL", url);
            site.admin(&["migrate"]).succeed();
        }
        site
    }

    /// Gives the site another database of the same engine: there, and nothing in it.
    #[must_use]
    pub fn with_empty_database(mut self) -> Self {
        self.database = match self.database {
            Database::Postgres(_) => Database::new(Engine::Postgres),
            Database::Sqlite => panic!("the embedded database is made by the programs"),
        };
        match self.database.url() {
            Some(url) => self.with("CONSENTRY_DATABASE_URL", url),
            None => self,
        }
    }

    /// Sets an environment variable of every process started from now on.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.set(name, value);
        self
    }

    /// [`Site::with`], for a site that lives on.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.settings.insert(name.to_owned(), value.into());
    }

    /// What an environment variable is set to.
    pub fn setting(&self, name: &str) -> &str {
        &self.settings[name]
    }

    /// Lets the site run under this policy file.
    #[must_use]
    pub fn with_policy(self, policy: &str) -> Self {
        let path = self.folder.path().join("policy.toml");
        fs::write(&path, policy).expect("the policy can be written");
        let path = path.to_str().expect("temporary folders are UTF-8");
        self.with("CONSENTRY_POLICY", path)
    }

    /// Lets every process started from now on believe in the date `instant` (RFC 3339), and its
    /// clock go on from there.
    #[must_use]
    pub fn at(mut self, instant: &str) -> Self {
        self.set_clock(instant);
        self
    }

    /// [`Site::at`], for a site that lives on: processes that were started under another date follow
    /// at once, running ones included.
    pub fn set_clock(&mut self, instant: &str) {
        let instant = instant.parse().expect("an instant is written by RFC 3339");
        match &self.clock {
            Some(clock) => clock.set(instant),
            None => self.clock = Some(Clock::new(self.folder.path(), instant)),
        }
    }

    /// The clock of this site, if it has one of its own.
    pub fn clock(&self) -> Option<&Clock> {
        self.clock.as_ref()
    }

    /// The folder of everything that belongs to this site; free for more.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The database.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Starts a server and waits until it listens.
    pub fn web(&self) -> Web {
        let mut process = Process::start(&mut self.command(&binaries().web, &[]));
        let url = process.wait_for_line("listening on ");
        Web { process, url }
    }

    /// Starts a worker's loop.
    pub fn worker(&self) -> Process {
        Process::start(&mut self.command(&binaries().worker, &["run"]))
    }

    /// Makes one pass of every job that is due.
    pub fn worker_once(&self) -> Output {
        self.run(&binaries().worker, &["once"])
    }

    /// Runs an operator's command.
    pub fn admin(&self, arguments: &[&str]) -> Output {
        self.run(&binaries().admin, arguments)
    }

    /// Runs one of the programs until it ends.
    pub fn run(&self, program: &Path, arguments: &[&str]) -> Output {
        Output::of(&mut self.command(program, arguments))
    }

    /// The messages in the local mailbox, oldest first.
    pub fn mailbox(&self) -> Vec<Letter> {
        let Ok(entries) = fs::read_dir(self.data().join("mailbox")) else {
            return Vec::new();
        };
        let mut paths: Vec<PathBuf> = entries
            .map(|entry| entry.expect("the mailbox can be listed").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
            .collect();
        paths.sort();
        paths
            .iter()
            .map(|path| Letter::parse(&fs::read(path).expect("a letter can be read")))
            .collect()
    }

    /// Where one of `needles` can still be read: in the data directory, or in the files and the log
    /// of the database. The local mailbox is left out: it stands for the world outside, where the
    /// mail went.
    pub fn residue(&self, needles: &[&str]) -> Vec<residue::Finding> {
        let mut findings = residue::scan(&self.data(), needles);
        let mailbox = self.data().join("mailbox");
        findings.retain(|finding| !finding.path.starts_with(&mailbox));
        if let Database::Postgres(database) = &self.database {
            for path in database.flushed_files() {
                findings.extend(residue::scan(&path, needles));
            }
        }
        findings
    }

    /// Asks the database itself; rows are lines with `|` between the columns.
    pub fn query(&self, statement: &str) -> String {
        match &self.database {
            Database::Postgres(database) => database.query(statement),
            Database::Sqlite => database::query_sqlite(&self.data(), statement),
        }
    }

    /// A command on this site, with no environment but its own.
    pub fn command(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("TZ", "UTC")
            .envs(&self.settings);
        if let Some(clock) = &self.clock {
            command.envs(clock.variables());
        }
        command
    }
}

/// A running server; a [`Process`] with an address.
#[derive(Debug)]
pub struct Web {
    process: Process,
    url: String,
}

impl Web {
    /// `http://ADDRESS:PORT`, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Asks the server to end (SIGTERM), waits, and gives its exit status.
    pub fn stop(self) -> ExitStatus {
        self.process.stop()
    }

    /// Kills the server (SIGKILL) and gives what it had logged.
    pub fn kill(self) -> String {
        self.process.kill()
    }
}

impl DerefMut for Web {
    fn deref_mut(&mut self) -> &mut Process {
        &mut self.process
    }
}

impl Deref for Web {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.process
    }
}

/// What a finished command left.
#[derive(Debug)]
pub struct Output {
    /// The exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Everything on standard output.
    pub stdout: String,
    /// Everything on standard error.
    pub stderr: String,
}

impl Output {
    fn of(command: &mut Command) -> Self {
        let mut process = Process::start(command);
        let code = process.wait().code();
        Self {
            code,
            stdout: process.stdout(),
            stderr: process.log(),
        }
    }

    /// Demands the exit code 0, and gives standard output.
    pub fn succeed(self) -> String {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        self.stdout
    }

    /// Demands the exit code 0 and a JSON document alone on standard output.
    pub fn json(self) -> Value {
        let stdout = self.succeed();
        serde_json::from_str(&stdout)
            .unwrap_or_else(|error| panic!("no JSON on stdout ({error}): {stdout}"))
    }
}
