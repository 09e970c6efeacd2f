//! A PostgreSQL server of a test's own, to be restarted and killed.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
};

/// A cluster beside that of the other tests, which keeps what it acknowledges (`fsync`).
#[derive(Debug)]
pub struct Cluster {
    keeper: Child,
    stdin: Option<ChildStdin>,
    url: String,
    data: PathBuf,
}

impl Cluster {
    /// Makes and starts one.
    pub fn start() -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("with-postgres");
        // The script ends its cluster when the command ends: when nobody holds its input any more.
        let mut keeper = Command::new(script)
            .args([
                "sh",
                "-c",
                "echo \"$CONSENTRY_TEST_POSTGRES\"; cat >/dev/null",
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("tests/with-postgres can be started");
        let stdin = keeper.stdin.take();
        let mut url = String::new();
        BufReader::new(keeper.stdout.take().expect("stdout is piped"))
            .read_line(&mut url)
            .expect("the script says where its cluster is");
        let url = url.trim().to_owned();
        assert!(url.starts_with("postgres://"), "no cluster: {url:?}");
        let mut cluster = Self {
            keeper,
            stdin,
            url,
            data: PathBuf::new(),
        };
        cluster.query("ALTER SYSTEM SET fsync = on");
        cluster.query("SELECT pg_reload_conf()");
        cluster.data = PathBuf::from(cluster.query("SHOW data_directory").trim());
        cluster
    }

    /// Its URL, as the superuser.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Runs a statement.
    pub fn query(&self, statement: &str) -> String {
        crate::database::psql(&self.url, statement)
    }

    /// The process id of the server's first process.
    pub fn id(&self) -> u32 {
        let file = std::fs::read_to_string(self.data.join("postmaster.pid"));
        let file = file.expect("the server runs");
        let line = file.lines().next().expect("the file has lines");
        line.trim().parse().expect("the first line is its id")
    }

    /// Stops the server without ceremony, as a crash would, and starts it again.
    pub fn crash_and_restart(&self) {
        assert!(self.control(&["stop", "--mode", "immediate"]));
        self.start_again();
    }

    /// Starts a server that gave up.
    pub fn start_again(&self) {
        if !self.control(&["status"]) {
            assert!(self.control(&["start", "--log", "/dev/null"]));
        }
    }

    /// Whether `pg_ctl` succeeded.
    fn control(&self, arguments: &[&str]) -> bool {
        let binaries = glob_binaries();
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command
                .args(["-u", "postgres", "--"])
                .arg(binaries.join("pg_ctl"));
            command
        } else {
            Command::new(binaries.join("pg_ctl"))
        };
        let options = std::fs::read_to_string(self.data.join("postmaster.opts"));
        let port = options.ok().and_then(|line| {
            let port = line.split("\"-p\" \"").nth(1)?;
            Some(port.split('"').next()?.to_owned())
        });
        command.args(arguments).arg("--pgdata").arg(&self.data);
        if arguments.first() != Some(&"status") {
            command.args(["--wait", "--silent"]);
        }
        if arguments.first() == Some(&"start") {
            let port = port.expect("the server was started with a port");
            command.args(["--options", &format!("-p {port}")]);
        }
        let ended = command
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .expect("pg_ctl can be started");
        ended.success()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.keeper.wait();
    }
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// The newest server binaries, as `tests/with-postgres` finds them.
fn glob_binaries() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is installed");
    let newest = versions
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .max();
    let newest = newest.expect("PostgreSQL is installed");
    Path::new("/usr/lib/postgresql")
        .join(newest.to_string())
        .join("bin")
}
