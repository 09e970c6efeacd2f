//! The database of the application: its disk, its file, its locks, the network before it; and our own
//! disk.

use std::{fs, net::ToSocketAddrs as _, path::Path, process::Command};

use consentry_tests::{
    binaries::binaries, database::Engine, process::Process, proxy::Proxy, site::Site,
    trouble::Trouble,
};

use super::{PAST, PRESENT, assert_finished_by_the_next_run, assert_unharmed, begin, fill, large};
use crate::{
    retention::Office,
    steps::{on_each_engine, site},
};

on_each_engine!(a_lock_that_is_held_for_long_is_waited_for_and_then_refused);

/// How the last run ended, and how many rows it says that it acted on.
fn last_run(office: &Office) -> (String, u32) {
    let runs = office
        .site
        .query("SELECT outcome, acted FROM consentry_retention_runs ORDER BY started_at DESC");
    let last = runs.lines().next().expect("a run");
    let (outcome, acted) = last.split_once('|').expect("two columns");
    (outcome.to_owned(), acted.parse().expect("a count"))
}

/// A run that failed: its exit code, a word of what it says, what it has done by its own account.
fn assert_told(office: &Office, run: &mut Process, code: i32, word: &str) {
    assert_eq!(run.wait().code(), Some(code), "{}", run.log());
    assert!(run.log().contains(word), "{}", run.log());
    let left = office.count("clients");
    let acted = PAST + PRESENT - left;
    assert_eq!(last_run(office), ("failed".to_owned(), acted));
    if acted > 0 {
        let done = format!("{acted} rows were done before");
        assert!(run.log().contains(&done), "{}", run.log());
    }
}

/// Another program holds what the run needs for longer than it waits.
fn a_lock_that_is_held_for_long_is_waited_for_and_then_refused(engine: Engine) {
    let office = Office::under(engine, &large());
    fill(&office);
    begin(&office).kill();
    let before = office.count("clients");
    let lock = office.application.lock("orders");
    let refused = office.site.admin(&["retention", "run", "--yes"]);
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    assert!(refused.stderr.contains("a lock"), "{}", refused.stderr);
    drop(lock);
    assert_eq!(office.count("clients"), before);
    assert_eq!(last_run(&office), ("failed".to_owned(), 0));
    assert_finished_by_the_next_run(&office);
}

/// The server ends one connection, then goes away as a whole; and comes back.
#[test]
fn a_server_that_goes_away_costs_nothing() {
    let mut office = Office::under(Engine::Postgres, &large());
    fill(&office);
    let url = office.application.url();
    let (before, server) = url.split_once('@').expect("the URL has a password");
    let (server, name) = server.split_once('/').expect("the URL names a database");
    let target = server.to_socket_addrs().expect("an address").next();
    let proxy = Proxy::start(target.expect("an address"));
    let proxied = format!("{before}@{}/{name}", proxy.address());
    office.site.set("CONSENTRY_SOURCE_BACK_OFFICE", proxied);

    // Between two batches: the run waits for the lock while its connection ends.
    let mut run = begin(&office);
    let lock = office.application.lock("orders");
    office.application.query(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'consentry'",
    );
    assert_told(&office, &mut run, 3, "cannot be reached");
    drop(lock);
    assert_unharmed(&office);

    let before = office.count("clients");
    assert!(before > PRESENT, "there is work left");
    let lock = office.application.lock("orders");
    let arguments = ["retention", "run", "--yes"];
    let mut run = Process::start(&mut office.site.command(&binaries().admin, &arguments));
    office.application.wait_for_waiter();
    proxy.cut();
    drop(lock);
    assert_eq!(run.wait().code(), Some(3), "{}", run.log());
    let away = office.site.admin(&arguments);
    assert_eq!(away.code, Some(3), "{}", away.stderr);
    assert!(away.stderr.contains("`back-office`"), "{}", away.stderr);
    assert_eq!(office.count("clients"), before);
    proxy.mend();
    assert_finished_by_the_next_run(&office);
}

/// Moved away under the run: it stops, or goes on in the file that it has; nothing is half done.
#[test]
fn a_file_that_is_moved_away_costs_nothing() {
    let office = Office::under(Engine::Sqlite, &large());
    fill(&office);
    let mut run = begin(&office);
    let place = office.site.folder().join("application.db");
    let elsewhere = office.site.folder().join("moved.db");
    fs::rename(&place, &elsewhere).expect("a file can be renamed");
    let code = run.wait().code();
    assert!(matches!(code, Some(0 | 1 | 3)), "{code:?}: {}", run.log());
    let away = office.site.admin(&["retention", "run", "--yes"]);
    assert_eq!(away.code, Some(3), "{}", away.stderr);
    assert!(!place.exists(), "a run made an empty database");
    fs::rename(&elsewhere, &place).expect("a file can be renamed");
    let intact = office.application.query("PRAGMA integrity_check");
    assert_eq!(intact.trim(), "ok");
    assert_finished_by_the_next_run(&office);
}

/// A disk of its own for the source, with room for a part of the write-ahead log.
#[test]
fn a_disk_that_fills_in_the_middle_costs_nothing() {
    const ROOM: u64 = 2 * 1024 * 1024;
    let office = Office::under(Engine::Sqlite, &large());
    office.application.query("PRAGMA journal_mode = WAL");
    fill(&office);
    let file = office.site.folder().join("application.db");
    let size = fs::metadata(&file).expect("the database is there").len() + ROOM;
    let disk = office.site.folder().join("disk");
    fs::create_dir(&disk).expect("a folder can be made");
    let run = format!(
        "mount -t tmpfs -o size={size} tmpfs disk && cp application.db disk && \
         \"$0\" retention run --yes; code=$?; cp disk/application.db* . && exit $code"
    );
    let mut run = on_a_disk(&office.site, &run, &disk.join("application.db"));
    assert_told(&office, &mut run, 1, "disk is full");
    let left = office.count("clients");
    assert!((PRESENT + 1..PAST + PRESENT).contains(&left), "{left}");
    let intact = office.application.query("PRAGMA integrity_check");
    assert_eq!(intact.trim(), "ok");
    assert_finished_by_the_next_run(&office);
}

/// Runs a script with mounts of its own; the source is at `file`.
fn on_a_disk(site: &Site, script: &str, file: &Path) -> Process {
    let settings = site.command(&binaries().admin, &[]);
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "--map-root-user", "--propagation", "private"])
        .args(["sh", "-c", script])
        .arg(&binaries().admin)
        .current_dir(site.folder())
        .env_clear()
        .envs(
            settings
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .env(
            "CONSENTRY_SOURCE_BACK_OFFICE",
            format!("sqlite://{}", file.display()),
        );
    Process::start(&mut command)
}

/// Our own disk is full: what was done in the source is done, that the run is not over is known, and
/// the next one says how it went.
#[test]
fn a_full_disk_of_our_own_costs_nothing() {
    let ours = site(Engine::Sqlite);
    let office = Office::beside(ours, Engine::Postgres, &large());
    fill(&office);
    let lock = office.application.lock("orders");
    let arguments = ["retention", "run", "--yes"];
    let mut run = Process::start(&mut office.site.command(&binaries().admin, &arguments));
    office.application.wait_for_waiter();
    let trouble = Trouble::start(run.id(), &["pwrite64", "ftruncate"], "ENOSPC");
    drop(lock);
    let code = run.wait().code();
    drop(trouble);
    assert!(matches!(code, Some(1 | 3)), "{code:?}: {}", run.log());
    assert!(run.log().contains("disk is full"), "{}", run.log());
    assert_eq!(last_run(&office).0, "unfinished");
    assert_finished_by_the_next_run(&office);
}
