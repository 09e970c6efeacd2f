//! The process itself, under the names that every Prometheus client uses. Read from /proc; where
//! there is none, these metrics are missing.

use std::fs;

use metrics::{Unit, counter, describe_counter, describe_gauge, gauge};

use consentry::SystemClock;
use consentry_service::ports::Clock as _;

const BUILD: &str = "consentry_build_info";
const START: &str = "process_start_time_seconds";
const MEMORY: &str = "process_resident_memory_bytes";
const CPU: &str = "process_cpu_seconds_total";
const FILES: &str = "process_open_fds";
const MAX_FILES: &str = "process_max_fds";

/// Clock ticks in a second, as Linux shows them to programs on every architecture.
const TICKS: u64 = 100;

pub(super) fn describe() {
    describe_gauge!(BUILD, "The version that runs, as a label");
    describe_gauge!(START, Unit::Seconds, "When the process started");
    describe_gauge!(MEMORY, Unit::Bytes, "Memory in use");
    describe_counter!(CPU, Unit::Seconds, "Processor time used, in whole seconds");
    describe_gauge!(FILES, "Files and connections that are open");
    describe_gauge!(MAX_FILES, "How many may be");
    gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    // Metrics are set up first of all.
    gauge!(START).set(SystemClock.now().as_duration().as_secs_f64());
}

pub(super) fn measure() {
    if let Some(bytes) = resident() {
        gauge!(MEMORY).set(bytes);
    }
    if let Some(seconds) = processor_time() {
        counter!(CPU).absolute(seconds);
    }
    if let Ok(entries) = fs::read_dir("/proc/self/fd") {
        // One of them is the folder that is being read.
        let open = entries.count().saturating_sub(1);
        gauge!(FILES).set(f64::from(u32::try_from(open).unwrap_or(u32::MAX)));
    }
    if let Some((allowed, _)) = open_files() {
        gauge!(MAX_FILES).set(f64::from(u32::try_from(allowed).unwrap_or(u32::MAX)));
    }
}

fn resident() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u32 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(f64::from(kilobytes) * 1024.0)
}

fn processor_time() -> Option<u64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program, in brackets, may hold spaces.
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS)
}

/// How many files this process may open, and how many it may allow itself.
pub(crate) fn open_files() -> Option<(u64, u64)> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    let mut numbers = line.split_ascii_whitespace().map(|word| match word {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    });
    Some((numbers.next()??, numbers.next()??))
}
