//! System calls that fail, in a program that runs already.

use std::{
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::wait_for;

/// Lets system calls of a running program fail for as long as it lives.
#[derive(Debug)]
pub struct Trouble {
    tracer: Child,
}

impl Trouble {
    /// Lets each of `calls` (such as `fdatasync`) fail with `error` (such as `EIO`) in the process
    /// with this id and in all of its threads.
    pub fn start(process: u32, calls: &[&str], error: &str) -> Self {
        let calls = calls.join(",");
        let tracer = Command::new("strace")
            .args(["-f", "-qq", "-o", "/dev/null"])
            .args(["-e", &format!("trace={calls}")])
            .args(["-e", &format!("inject={calls}:error={error}")])
            .args(["-p", &process.to_string()])
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("strace can be started: run tests/setup-debian");
        let mut trouble = Self { tracer };
        wait_for("strace", Duration::from_secs(30), || {
            if let Some(status) = trouble.tracer.try_wait().expect("a child can be asked") {
                panic!("strace ended with {status}: may this user trace another process?");
            }
            is_traced(process).then_some(())
        });
        trouble
    }
}

/// Whether every thread of a process is traced.
fn is_traced(process: u32) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).expect("the program runs");
    threads.flatten().all(|thread| {
        // A thread may have ended since.
        let Ok(status) = std::fs::read_to_string(thread.path().join("status")) else {
            return true;
        };
        let tracer = status
            .lines()
            .find_map(|line| line.strip_prefix("TracerPid:"));
        tracer.is_some_and(|tracer| tracer.trim() != "0")
    })
}

impl Drop for Trouble {
    /// Strace lets go of the program when it is asked to end, and what it did works again.
    fn drop(&mut self) {
        let _ = Command::new("kill")
            .arg(self.tracer.id().to_string())
            .status();
        let _ = self.tracer.wait();
    }
}
