//! A clock that leaps (standards 4.4): nobody is purged or reminded in masses before the operator has
//! looked at it.

use std::thread;

use consentry_tests::{database::Engine, http::Client};

use crate::steps::{Stage, on_each_engine, site};

on_each_engine!(a_clock_that_leaps_purges_nobody_until_the_operator_confirms);

const PEOPLE: usize = 120;

fn crowd(stage: &Stage) {
    thread::scope(|scope| {
        for lane in 0..4 {
            let url = stage.web.url();
            scope.spawn(move || {
                let client = Client::new(url);
                for number in (lane..PEOPLE).step_by(4) {
                    let email = format!("person{number}@kunde.example");
                    let answer = client.post_form("/subscribe", &[("email", &email)]);
                    assert_eq!(answer.status, 303);
                }
            });
        }
    });
}

fn a_clock_that_leaps_purges_nobody_until_the_operator_confirms(engine: Engine) {
    let mut stage = Stage::open(site(engine).at("2027-01-04T09:00:00Z"));
    crowd(&stage);
    assert_eq!(stage.pass().len(), PEOPLE);

    stage.travel("2028-02-10T09:00:00Z");
    for _ in 0..2 {
        let held = stage.site.worker_once();
        assert_eq!(held.code, Some(1), "{}", held.stderr);
        assert!(held.stderr.contains("clock confirm"), "{}", held.stderr);
    }
    assert_eq!(stage.records(), PEOPLE);
    assert!(stage.unread().is_empty(), "a reminder before its time");
    assert!(
        !stage.is_visible("person7@kunde.example"),
        "read paths follow the clock"
    );
    let doctor = stage.site.admin(&["doctor", "--format", "json"]);
    assert_eq!(doctor.code, Some(1), "{}", doctor.stderr);
    assert!(doctor.stdout.contains("held back"), "{}", doctor.stdout);

    // It was a mistake: back, nobody is lost, and nobody is written to twice.
    stage.travel("2027-01-04T10:00:00Z");
    stage.no_letter();
    assert!(stage.is_visible("person7@kunde.example"));
    assert_eq!(stage.records(), PEOPLE);

    // It was none: the operator says so.
    stage.travel("2028-02-10T10:00:00Z");
    assert_eq!(stage.site.worker_once().code, Some(1));
    let status = stage
        .site
        .admin(&["clock", "status", "--format", "json"])
        .json();
    assert_eq!(status["due"]["unconfirmed"], PEOPLE);
    let unanswered = stage.site.admin(&["clock", "confirm"]);
    assert_eq!(unanswered.code, Some(2), "{}", unanswered.stderr);
    stage.admin(&["clock", "confirm", "--yes"]);
    stage.no_letter();
    assert_eq!(stage.records(), 0);
}
