//! One installation of Consentry under test.

use std::{
    collections::BTreeMap,
    fs,
    ops::Deref,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    binaries::binaries,
    database::{Database, Engine},
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
    clock: Option<String>,
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

    /// Sets an environment variable of every process started from now on.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.settings.insert(name.to_owned(), value.into());
        self
    }

    /// Lets the site run under this policy file.
    #[must_use]
    pub fn with_policy(self, policy: &str) -> Self {
        let path = self.folder.path().join("policy.toml");
        fs::write(&path, policy).expect("the policy can be written");
        let path = path.to_str().expect("temporary folders are UTF-8");
        self.with("CONSENTRY_POLICY", path)
    }

    /// Lets the clock of every process started from now on begin at `instant`.
    ///
    /// The format is libfaketime's, in UTC: `@2027-01-31 10:00:00`, or `+400d`.
    #[must_use]
    pub fn at(mut self, instant: &str) -> Self {
        self.set_clock(instant);
        self
    }

    /// [`Site::at`], for a site whose processes already ran under another date.
    pub fn set_clock(&mut self, instant: &str) {
        self.clock = Some(instant.to_owned());
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
        Output::of(&mut self.command(&binaries().worker, &["once"]))
    }

    /// Runs an operator's command.
    pub fn admin(&self, arguments: &[&str]) -> Output {
        Output::of(&mut self.command(&binaries().admin, arguments))
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

    /// Where `needle` can still be read: in the data directory, or in the files of the database.
    /// The local mailbox is left out: it stands for the world outside, where the mail went.
    pub fn residue(&self, needle: &str) -> Vec<residue::Finding> {
        let mut findings = residue::scan(&self.data(), needle);
        let mailbox = self.data().join("mailbox");
        findings.retain(|finding| !finding.path.starts_with(&mailbox));
        if let Database::Postgres(database) = &self.database {
            findings.extend(residue::scan(&database.flushed_files(), needle));
        }
        findings
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
            command
                .env("LD_PRELOAD", faketime_library())
                .env("FAKETIME", clock)
                // tokio's timers hang when the monotonic clock is bent too.
                .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
                .env("NO_FAKE_STAT", "1");
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

fn faketime_library() -> PathBuf {
    let architectures = fs::read_dir("/usr/lib").expect("/usr/lib can be listed");
    architectures
        .filter_map(Result::ok)
        .map(|entry| entry.path().join("faketime/libfaketimeMT.so.1"))
        .find(|path| path.is_file())
        .expect("libfaketime is installed: run tests/setup-debian")
}
