//! A program under measurement: when it was ready, and how much memory it holds.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use consentry_tests::site::Site;

/// A running server. It is killed with this value.
pub(crate) struct Server {
    child: Child,
    address: String,
    ready: Duration,
}

impl Server {
    /// Starts a server and waits for the line that says it listens. Its log goes to a file of the
    /// site: whoever reads it along would need the processor, too.
    pub(crate) fn start(site: &Site) -> Self {
        let programs = consentry_tests::binaries::binaries();
        let mut command = site.command(&programs.web, &[]);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(log(site));
        let (child, line, ready) = first_line(&mut command);
        let (_, address) = line
            .trim_end()
            .rsplit_once('/')
            .expect("the server says where it listens");
        Self {
            child,
            address: address.to_owned(),
            ready,
        }
    }

    /// Host and port.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// From the start of the process to the line that says it listens.
    pub(crate) fn ready(&self) -> Duration {
        self.ready
    }

    /// Resident memory now, in megabytes.
    pub(crate) fn memory(&self) -> f64 {
        self.status("VmRSS:")
    }

    /// Resident memory at its peak, in megabytes.
    pub(crate) fn peak_memory(&self) -> f64 {
        self.status("VmHWM:")
    }

    /// Processor time used so far.
    pub(crate) fn processor(&self) -> Duration {
        processor(self.child.id()).expect("a running process has a status")
    }

    fn status(&self, key: &str) -> f64 {
        status(self.child.id(), key).expect("a running process has a status")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // In order, so that what it wrote is merged into the file; then for good.
        let _ = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        let _ = self.child.wait();
    }
}

/// What a program that ends by itself took.
#[derive(Default)]
pub(crate) struct Pass {
    /// From the start of the process to its end.
    pub(crate) elapsed: Duration,
    /// Processor time.
    pub(crate) processor: Duration,
    /// Memory at the peak, in megabytes.
    pub(crate) memory: f64,
}

/// Makes one pass of the worker.
pub(crate) fn worker_once(site: &Site) -> Pass {
    let programs = consentry_tests::binaries::binaries();
    pass(site, &programs.worker, &["once"])
}

/// Runs a program to its end.
pub(crate) fn pass(site: &Site, program: &Path, arguments: &[&str]) -> Pass {
    let mut command = site.command(program, arguments);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command.stderr(log(site));
    let start = Instant::now();
    let mut child = command.spawn().expect("the program can be started");
    let mut pass = Pass::default();
    loop {
        pass.memory = status(child.id(), "VmHWM:").unwrap_or(pass.memory);
        pass.processor = processor(child.id()).unwrap_or(pass.processor);
        if let Some(ended) = child.try_wait().expect("a child can be waited for") {
            assert!(ended.success(), "the program ended with {ended}");
            pass.elapsed = start.elapsed();
            return pass;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn log(site: &Site) -> File {
    File::options()
        .create(true)
        .append(true)
        .open(site.folder().join("log"))
        .expect("a log can be written")
}

fn first_line(command: &mut Command) -> (Child, String, Duration) {
    let start = Instant::now();
    let mut child = command.spawn().expect("the program can be started");
    let stdout = child.stdout.take().expect("stdout is piped");
    let mut line = String::new();
    BufReader::new(stdout)
        .read_line(&mut line)
        .expect("stdout is UTF-8");
    assert!(!line.is_empty(), "the program ended at once");
    (child, line, start.elapsed())
}

/// A line of the kernel's status, from kilobytes to megabytes.
fn status(process: u32, key: &str) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    let kilobytes: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes / 1024.0)
}

/// User and system time, counted by the kernel in hundredths of a second.
fn processor(process: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name of the program may hold anything; what follows is numbers.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut times = fields.split(' ').skip(11).map(str::parse::<u64>);
    let ticks = times.next()?.ok()? + times.next()?.ok()?;
    Some(Duration::from_millis(ticks * 10))
}
