//! An import that is killed, and two at once.

use std::{fs, path::Path, time::Duration};

use consentry_tests::{
    binaries::binaries, database::Engine, process::Process, site::Site, wait_for,
};
use serde_json::{Value, json};

use super::{file, import, report};
use crate::steps::{Stage, on_each_engine, site};

on_each_engine!(
    a_killed_import_goes_on_and_tells_what_one_run_tells,
    two_imports_of_one_file_at_once_are_one,
);

/// New people, the same people again, and rows that are refused, mixed.
fn rows(people: usize) -> String {
    let mut rows = String::from("email,language\n");
    for number in 0..people {
        rows += "person";
        rows += &number.to_string();
        rows += "@kunde.example,fr\n";
        if number % 10 == 3 {
            let earlier = number / 2;
            rows += "PERSON";
            rows += &earlier.to_string();
            rows += "@kunde.example,\n";
        }
        if number % 10 == 7 {
            rows += "no address,en\n";
        }
    }
    rows
}

/// Rows that the database says are dealt with; none before and after an import.
fn reached(site: &Site) -> Option<u64> {
    let rows = site.query("SELECT rows_read FROM consentry_imports");
    rows.trim().parse().ok()
}

fn start(site: &Site, path: &str, refused: &Path) -> Process {
    let refused = refused.to_str().expect("temporary folders are UTF-8");
    let arguments = [
        "subscriber",
        "import",
        path,
        "--format",
        "json",
        "--refused",
        refused,
    ];
    Process::start(&mut site.command(&binaries().admin, &arguments))
}

fn told(process: &mut Process) -> Value {
    assert_eq!(process.wait().code(), Some(0), "{}", process.log());
    serde_json::from_str(&process.stdout()).expect("JSON alone on stdout")
}

/// SIGKILL in the middle, twice, and the same command again: everybody is there once, with one
/// letter, and the report is that of one run. Somebody who leaves meanwhile is not brought back.
fn a_killed_import_goes_on_and_tells_what_one_run_tells(engine: Engine) {
    const PEOPLE: u64 = 6_000;
    let stage = Stage::open(site(engine));
    let site = &stage.site;
    stage.subscribe("person42@kunde.example");
    let content = rows(6_000);
    let path = file(site, &content);
    let refused = site.folder().join("refused.csv");
    for at_least in [1, 2_500] {
        let run = start(site, &path, &refused);
        wait_for("batches", Duration::from_mins(2), || {
            reached(site).filter(|rows| *rows >= at_least)
        });
        run.kill();
        let left = reached(site).expect("it was in the middle");
        assert!(left < PEOPLE, "killed too late to show anything: {left}");
        assert!(!refused.exists(), "half a file");
    }
    let mut last = start(site, &path, &refused);
    let ended = told(&mut last);
    assert!(last.log().contains("going on after row"), "{}", last.log());

    let tenth = PEOPLE / 10;
    let counts = [PEOPLE - 1, 1, 0, tenth, tenth];
    let mut expected = report(PEOPLE + 2 * tenth, counts, &json!({ "space": tenth }));
    // Person 42 came before the file did; the row that names them again finds them there.
    let again = content.matches("PERSON42@").count() as u64;
    expected["already_there"] = json!(1 + again);
    expected["duplicates"] = json!(tenth - again);
    assert_eq!(ended, expected);
    assert_eq!(stage.records() as u64, PEOPLE);
    let queued = site.query(
        "SELECT count(*), count(DISTINCT subject_id) FROM consentry_letters WHERE state = 'queued'",
    );
    assert_eq!(queued.trim(), format!("{}|{}", PEOPLE - 1, PEOPLE - 1));
    assert_eq!(reached(site), None, "nothing is left of the import");
    let lines = fs::read_to_string(&refused)
        .expect("it is there")
        .lines()
        .count();
    assert_eq!(lines as u64, tenth + 1);
}

/// Whichever of the two wins, everybody is there once and one of them tells all of it.
fn two_imports_of_one_file_at_once_are_one(engine: Engine) {
    const PEOPLE: u64 = 4_000;
    let stage = Stage::open(site(engine));
    let site = &stage.site;
    let path = file(site, rows(4_000));
    let files = ["one.csv", "two.csv"].map(|name| site.folder().join(name));
    let mut runs = files.each_ref().map(|refused| start(site, &path, refused));
    let codes = runs.each_mut().map(|run| run.wait().code());
    assert!(codes.contains(&Some(0)), "{codes:?}");
    for (run, code) in runs.iter().zip(codes) {
        if code != Some(0) {
            assert_eq!(code, Some(1));
            let log = run.log();
            assert!(
                log.contains("another process is importing the same file"),
                "{log}"
            );
        }
    }
    assert_eq!(stage.records() as u64, PEOPLE);
    let letters = site.query("SELECT count(*) FROM consentry_letters");
    assert_eq!(letters.trim(), PEOPLE.to_string());
}

/// What is left of an import that nobody goes on with is removed when the rule says.
#[test]
fn an_import_that_is_given_up_is_forgotten() {
    let mut stage = Stage::open(site(Engine::Sqlite).at("2027-01-04T09:00:00Z"));
    let path = file(&stage.site, rows(4_000));
    let run = start(&stage.site, &path, &stage.site.folder().join("refused.csv"));
    wait_for("a batch", Duration::from_mins(1), || reached(&stage.site));
    run.kill();
    stage.travel("2027-02-02T09:00:00Z");
    stage.site.worker_once().succeed();
    assert!(reached(&stage.site).is_some());
    stage.travel("2027-02-04T09:00:00Z");
    stage.site.worker_once().succeed();
    assert!(reached(&stage.site).is_none());
}

/// An import that cannot reach its database says so, and goes on when it can.
#[test]
fn an_import_without_its_database_says_so() {
    let site = site(Engine::Postgres);
    let url = "postgres://nobody@127.0.0.1:1/nothing";
    let site = site.with("CONSENTRY_DATABASE_URL", url);
    let told = import(&site, "email\na@kunde.example\n", &[]);
    assert_eq!((told.code, &*told.stdout), (Some(3), ""), "{}", told.stderr);
}
