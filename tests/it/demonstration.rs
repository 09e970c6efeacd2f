//! The demonstration of the retention engine: the command that `docs/demonstration.md` shows, and what
//! it prints there.

use std::{fs, path::Path, process::Command};

use consentry_tests::{
    binaries::{binaries, outside_of_cargo, root},
    clock::Clock,
    database::{Application, Engine},
    process::Process,
};

use crate::steps::on_each_engine;

on_each_engine!(the_demonstration_does_what_its_page_shows);

/// In the middle of a month, when the clocks have not just changed.
const NOON: &str = "2027-06-15T10:00:00Z";

/// S2-17, S2-21 to S2-24, S2-32, S3-26: prospects, clients with contracts, invoices, applicants,
/// webinars and messages under one policy, on either engine.
fn the_demonstration_does_what_its_page_shows(engine: Engine) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let application = Application::new(engine, folder.path());
    let clock = Clock::new(folder.path(), NOON.parse().expect("an instant"));
    // Built at the machine's time: what the script does then is nothing.
    let program = binaries().admin.with_file_name("consentry-demo-sql");
    assert!(program.is_file(), "cargo built no {}", program.display());
    let mut command = Command::new(root().join("demo/retention/run"));
    command.arg(application.url()).envs(clock.variables());
    let mut process = Process::start(outside_of_cargo(&mut command));
    assert_eq!(process.wait().code(), Some(0), "{}", process.log());

    for (table, left) in [
        ("prospects", 126),
        ("prospects WHERE hidden", 36),
        ("clients", 33),
        ("contracts", 29),
        ("invoices", 120),
        ("invoices WHERE note IS NULL", 42),
        ("applicants", 13),
        ("registrations", 159),
        ("registrations WHERE email IS NULL AND name IS NULL", 80),
        ("messages", 48),
        ("messages WHERE locked", 18),
    ] {
        let count = application.query(&format!("SELECT count(*) FROM {table}"));
        assert_eq!(count.trim(), left.to_string(), "{table}");
    }
    let printed = steady(&process.stdout());
    match engine {
        Engine::Sqlite => is_on_the_page(&printed),
        Engine::Postgres => assert_eq!(without_residue(&printed), without_residue(&on_the_page())),
    }
}

fn page() -> String {
    fs::read_to_string(root().join("docs/demonstration.md")).expect("the page is there")
}

const FENCE: &str = "```text\n";

/// What the page shows of a run.
fn on_the_page() -> String {
    let page = page();
    let (_, rest) = page.split_once(FENCE).expect("the page shows a run");
    let (shown, _) = rest.split_once("\n```\n").expect("the run ends");
    format!("{shown}\n")
}

fn is_on_the_page(printed: &str) {
    let (page, shown) = (page(), on_the_page());
    let new = Path::new(env!("CARGO_TARGET_TMPDIR")).join("demonstration.md");
    let renewed = page.replace(&shown, printed);
    fs::write(&new, renewed).expect("the folder for tests can be written to");
    assert!(
        shown == printed,
        "docs/demonstration.md is stale: replace it with {}",
        new.display()
    );
}

/// Without what differs from run to run: seconds, and random names, which keep their length.
fn steady(printed: &str) -> String {
    let minute = |word: &str| {
        let is_now = ["10:0", "11:0"].iter().any(|hour| word.starts_with(hour));
        (is_now && word.len() == 9 && word.ends_with('Z')).then(|| format!("{}:00:00Z", &word[..2]))
    };
    let moment = |word: &str| {
        let day = "\"2027-06-15T";
        word.starts_with(day).then(|| format!("{day}10:00:00Z\""))
    };
    let name = |word: &str| {
        let is_hex = word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let named = "0123456789abcdef".repeat(4);
        (is_hex && [12, 16, 64].contains(&word.len())).then(|| named[..word.len()].to_owned())
    };
    let word = |word: &str| {
        minute(word)
            .or_else(|| moment(word))
            .or_else(|| name(word))
            .unwrap_or(word.to_owned())
    };
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ");
    let lines: Vec<_> = printed.trim_start().lines().map(line).collect();
    lines.join("\n") + "\n"
}

/// The engines leave different bytes behind.
fn without_residue(printed: &str) -> String {
    let lines = printed
        .lines()
        .filter(|line| !line.starts_with("not covered"));
    lines.collect::<Vec<_>>().join("\n")
}
