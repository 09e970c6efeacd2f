//! What the machine can do at best: the ground that figures are compared with.

use std::{fs, path::Path, process::Command, time::Instant};

use consentry_tests::{database::Database, site::Site};

use crate::{load::per_second, sink::Sink};

/// Durable commits of one row per second: SQLite from its one writer, PostgreSQL from as many
/// connections as there are clients.
pub(crate) fn commits(site: &Site, clients: usize, count: usize) -> f64 {
    match site.database() {
        Database::Sqlite => sqlite(site.folder(), count),
        Database::Postgres(database) => postgres(site, &database.url(), clients, count),
    }
}

/// With the pragmas of the embedded default: WAL, synchronous=FULL.
fn sqlite(folder: &Path, count: usize) -> f64 {
    const COMMITS: &str = "
import sqlite3, sys, time
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute('PRAGMA journal_mode = WAL')
database.execute('PRAGMA synchronous = FULL')
database.execute('CREATE TABLE IF NOT EXISTS floor (id INTEGER PRIMARY KEY, row BLOB)')
row, count, start = bytes(200), int(sys.argv[2]), time.monotonic()
for _ in range(count):
    database.execute('INSERT INTO floor (row) VALUES (?)', (row,))
print(count / (time.monotonic() - start))
";
    let mut python = Command::new("/usr/bin/python3");
    python
        .args(["-c", COMMITS])
        .arg(folder.join("floor.db"))
        .arg(count.to_string());
    let printed = output(&mut python);
    printed.trim().parse().expect("the script prints a number")
}

fn postgres(site: &Site, url: &str, clients: usize, count: usize) -> f64 {
    let script = site.folder().join("floor.sql");
    fs::write(
        &script,
        "INSERT INTO floor (row) VALUES (repeat('x', 200));\n",
    )
    .expect("a script can be written");
    site.query("CREATE TABLE IF NOT EXISTS floor (id BIGSERIAL PRIMARY KEY, row TEXT)");
    let mut pgbench = Command::new("pgbench");
    // Beside the server's own version when it is not on the path.
    let path = format!("{}:/usr/bin:/bin", postgres_binaries());
    pgbench
        .env("PATH", path)
        .args(["--no-vacuum", "--protocol=prepared", "--file"])
        .arg(&script)
        .args(["--client", &clients.to_string()])
        .args(["--transactions", &count.div_ceil(clients).to_string()])
        .arg(url);
    let printed = output(&mut pgbench);
    printed
        .lines()
        .find_map(|line| line.strip_prefix("tps = ")?.split(' ').next())
        .and_then(|rate| rate.parse().ok())
        .expect("pgbench prints its rate")
}

fn postgres_binaries() -> String {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    versions
        .flatten()
        .map(|version| version.path().join("bin"))
        .filter(|path| path.join("pgbench").is_file())
        .max()
        .map_or_else(String::new, |path| path.display().to_string())
}

/// Mails per second of postfix's `smtp-source` into the same sink, over as many connections as the
/// worker opens; `None` where it is not installed.
pub(crate) fn mails(sink: &Sink, octets: usize, count: usize) -> Option<f64> {
    let before = sink.messages();
    let start = Instant::now();
    let status = Command::new("smtp-source")
        .args(["-s", "8", "-m", &count.to_string()])
        .args(["-l", &octets.to_string()])
        .arg(sink.address().to_string())
        .status()
        .ok()?;
    let elapsed = start.elapsed();
    let taken = sink.messages() - before;
    (status.success() && taken == count).then(|| per_second(taken, elapsed))
}

fn output(command: &mut Command) -> String {
    let output = command.output().expect("the floor can be measured");
    assert!(
        output.status.success(),
        "the floor cannot be measured: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("numbers are UTF-8")
}
