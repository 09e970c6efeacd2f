//! A running program: what it prints, and how it ends.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
    time::Duration,
};

use crate::wait_for;

/// A program has this long to be ready, or to end when asked to.
const PATIENCE: Duration = Duration::from_mins(1);

/// What is shown of a program's log when a test fails.
const LAST_LINES: usize = 60;

/// A program in the background. It is killed with this value.
#[derive(Debug)]
pub struct Process {
    child: Child,
    stdout: Captured,
    stderr: Captured,
}

#[derive(Debug)]
struct Captured {
    text: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Captured {
    fn start(stream: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let sink = Arc::clone(&text);
        let reader = thread::spawn(move || {
            let mut lines = BufReader::new(stream);
            let mut line = Vec::new();
            while matches!(lines.read_until(b'\n', &mut line), Ok(1..)) {
                let mut text = sink.lock().expect("no reader panics");
                text.push_str(&String::from_utf8_lossy(&line));
                line.clear();
            }
        });
        Self {
            text,
            reader: Some(reader),
        }
    }

    fn text(&self) -> String {
        self.text.lock().expect("no reader panics").clone()
    }

    fn finish(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.join().expect("no reader panics");
        }
    }
}

impl Process {
    /// Starts a command in the background.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program can be started");
        let stdout = Captured::start(child.stdout.take().expect("stdout is piped"));
        let stderr = Captured::start(child.stderr.take().expect("stderr is piped"));
        Self {
            child,
            stdout,
            stderr,
        }
    }

    /// Everything printed so far on standard output.
    pub fn stdout(&self) -> String {
        self.stdout.text()
    }

    /// Everything printed so far on standard error: the log.
    pub fn log(&self) -> String {
        self.stderr.text()
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether the program has not ended yet.
    pub fn is_running(&mut self) -> bool {
        self.exit_status().is_none()
    }

    /// Waits for a line on standard output that starts with `prefix`, and gives the rest of it.
    pub fn wait_for_line(&mut self, prefix: &str) -> String {
        wait_for(&format!("line {prefix:?}"), PATIENCE, || {
            let stdout = self.stdout();
            let rest = stdout
                .split_inclusive('\n')
                .filter_map(|line| line.strip_suffix('\n'))
                .find_map(|line| line.strip_prefix(prefix));
            if rest.is_none()
                && let Some(status) = self.exit_status()
            {
                panic!("the program ended with {status}: {}", self.log());
            }
            rest.map(str::to_owned)
        })
    }

    /// Waits for the address of its metrics: `http://ADDRESS:PORT`.
    pub fn metrics_url(&mut self) -> String {
        self.wait_for_line("metrics on ")
    }

    /// Asks the program to end (SIGTERM), waits, and gives its exit status.
    pub fn stop(mut self) -> ExitStatus {
        self.terminate();
        self.wait()
    }

    /// Sends SIGTERM and returns at once.
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// Sends a signal, such as `HUP`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args(["-s", name, &self.id().to_string()])
            .status()
            .expect("kill can be started");
        assert!(sent.success(), "the program had ended: {}", self.log());
    }

    /// Waits for the program to end by itself.
    pub fn wait(&mut self) -> ExitStatus {
        let status = wait_for("end of the program", PATIENCE, || self.exit_status());
        self.stdout.finish();
        self.stderr.finish();
        status
    }

    /// Kills the program (SIGKILL), as a crash would, and gives what it had logged.
    pub fn kill(mut self) -> String {
        self.child.kill().expect("a child can be killed");
        self.wait();
        self.log()
    }

    fn exit_status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child can be waited for")
    }
}

impl Drop for Process {
    #[expect(clippy::print_stderr, reason = "for whoever reads why a test failed")]
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let last = lines.len().saturating_sub(LAST_LINES);
            eprintln!("the program's log:\n{}", lines[last..].join("\n"));
        }
    }
}
