//! The embedded database: its disk, its file, its locks.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use consentry_tests::{binaries::binaries, database::Engine, site::Site, trouble::Trouble};

use super::{Crowd, crowded};

fn site() -> Site {
    crowded(Site::new(Engine::Sqlite)).with("CONSENTRY_EMBEDDED_WORKER", "false")
}

fn assert_intact(site: &Site) {
    assert_eq!(site.query("PRAGMA integrity_check").trim(), "ok");
    assert_eq!(site.query("PRAGMA foreign_key_check").trim(), "");
}

/// A disk without room: nothing is half-written, and room is all that it takes to go on.
#[test]
fn a_full_disk_is_a_503_until_there_is_room() {
    goes_on_after(&["pwrite64", "ftruncate"], "ENOSPC");
}

/// The disk cannot flush: what was not flushed is not acknowledged.
#[test]
fn a_disk_that_cannot_flush_acknowledges_nothing() {
    goes_on_after(&["fdatasync", "fsync"], "EIO");
}

/// The file system became read-only under the running program.
#[test]
fn a_file_that_can_only_be_read_is_a_503_until_it_can_be_written() {
    goes_on_after(&["pwrite64", "ftruncate"], "EROFS");
}

fn goes_on_after(calls: &[&str], error: &str) {
    let site = site();
    let web = site.web();
    let crowd = Crowd::gather(&web);
    crowd.wait_accepted(10);
    for _ in 0..2 {
        let trouble = Trouble::start(web.id(), calls, error);
        crowd.wait_refused(5);
        drop(trouble);
        crowd.wait_accepted(10);
    }
    assert_eq!(crowd.readiness(), 200);
    crowd.disperse(&site);
    assert!(web.stop().success());
    assert_intact(&site);
}

/// A folder and a file that may not be written: said at the start, and nothing is changed.
#[test]
fn a_read_only_data_directory_ends_the_start() {
    let site = site();
    site.admin(&["migrate"]).succeed();
    let before = fs::read(site.data().join("consentry.db")).expect("the database is there");
    let mut command = Command::new("unshare");
    command.args([
        "--mount",
        "--map-root-user",
        "--propagation",
        "private",
        "sh",
        "-c",
    ]);
    command
        .arg("mount --bind -o ro \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\" && exec \"$2\"");
    command.arg("sh").arg(site.data()).arg(&binaries().web);
    let settings = site.command(&binaries().web, &[]);
    command.env_clear().envs(
        settings
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let ended = command
        .current_dir(site.folder())
        .output()
        .expect("unshare can be started");
    let told = String::from_utf8_lossy(&ended.stderr);
    assert!(
        matches!(ended.status.code(), Some(2 | 3)),
        "{:?}: {told}",
        ended.status
    );
    assert!(told.to_lowercase().contains("read-only"), "{told}");
    let after = fs::read(site.data().join("consentry.db")).expect("the database is there");
    assert!(before == after, "the file was changed");
}

/// Somebody else's hand on the database.
struct Holder(Child);

impl Holder {
    /// Runs `statement` in a connection of its own, which stays open for `seconds`.
    fn take(data: &Path, statement: &str, seconds: u32) -> Self {
        const HOLD: &str = r"
import sqlite3, sys, time
database = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
for part in sys.argv[2].split(';'):
    database.execute(part).fetchone()
print('held', flush=True)
time.sleep(int(sys.argv[3]))
";
        let mut holder = Command::new("/usr/bin/python3")
            .args(["-c", HOLD])
            .arg(data.join("consentry.db"))
            .args([statement, &seconds.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 can be started");
        let mut line = String::new();
        BufReader::new(holder.stdout.take().expect("stdout is piped"))
            .read_line(&mut line)
            .expect("the holder answers");
        assert_eq!(line, "held\n");
        Self(holder)
    }

    fn is_there(&mut self) -> bool {
        self.0.try_wait().expect("a child can be asked").is_none()
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Another program holds the write lock for longer than anybody waits, whoever shares a commit with
/// whom: ten seconds together, and ten alone.
#[test]
fn a_lock_that_is_held_for_long_is_waited_for_and_then_refused() {
    let site = site();
    let web = site.web();
    let crowd = Crowd::gather(&web);
    crowd.wait_accepted(10);
    let mut holder = Holder::take(&site.data(), "BEGIN IMMEDIATE", 26);
    crowd.wait_refused(1);
    assert!(holder.is_there(), "refused although nobody held the lock");
    crowd.wait_accepted(10);
    crowd.disperse(&site);
    assert_intact(&site);
}

/// A report that reads for long holds up nobody.
#[test]
fn a_long_reader_holds_up_nobody() {
    let site = site();
    let web = site.web();
    let crowd = Crowd::gather(&web);
    crowd.wait_accepted(10);
    let read = "BEGIN; SELECT count(*) FROM consentry_subjects";
    let mut reader = Holder::take(&site.data(), read, 60);
    crowd.wait_accepted(50);
    assert!(reader.is_there(), "the reader was there all the time");
    crowd.disperse(&site);
    drop(reader);
    assert!(web.stop().success());
    assert_intact(&site);
}
