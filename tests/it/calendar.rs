//! What the calendar decides, with the date of the whole process moved.

use std::{fs, thread, time::Duration};

use consentry_tests::{
    binaries::root,
    database::Engine,
    smtp::{Options, Sink},
    wait_for,
};

use crate::steps::{Stage, on_each_engine, site};

on_each_engine!(
    the_reminder_comes_on_its_day_once,
    nobody_is_reminded_who_needs_none,
    unconfirmed_addresses_go_after_twelve_calendar_months,
    a_second_sign_up_moves_no_clock,
    erased_people_go_after_thirty_calendar_days,
    people_who_left_go_when_the_policy_says,
    silent_subscribers_go_when_the_policy_says,
    a_worker_that_slept_catches_up,
);

fn open(engine: Engine, instant: &str) -> Stage {
    Stage::open(site(engine).at(instant))
}

/// S0-28, S0-31: not the day before, on the day, and never again: not by the next pass, not by two
/// workers at once, not after another sign-up, not in the eleven months that follow.
fn the_reminder_comes_on_its_day_once(engine: Engine) {
    let mut stage = open(engine, "2027-01-31T10:00:00Z");
    stage.sign_up("anna@kunde.example");
    let confirmation = stage.only_letter();

    stage.travel("2027-02-06T23:00:00Z");
    stage.no_letter();
    stage.travel("2027-02-07T09:55:00Z");
    stage.no_letter();
    stage.travel("2027-02-07T10:05:00Z");
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| stage.site.worker_once().succeed());
        }
    });
    let reminders = stage.unread();
    assert_eq!(reminders.len(), 1);
    assert!(
        reminders[0].subject.starts_with("Reminder"),
        "{}",
        reminders[0].subject
    );
    assert_ne!(reminders[0].subject, confirmation.subject);
    stage.no_letter();

    stage.travel("2027-03-01T10:00:00Z");
    stage.sign_up("anna@kunde.example");
    assert_eq!(stage.only_letter().subject, confirmation.subject);
    for month in 3..=12 {
        stage.travel(&format!("2027-{month:02}-28T10:00:00Z"));
        stage.no_letter();
    }
    assert_eq!(
        stage.record("anna@kunde.example").events("reminded").len(),
        1
    );
    // The reminder's own link is as good as the first one's was.
    let path = reminders[0].path("/confirm/");
    assert_eq!(stage.client.get(&path).status, 410, "it has expired by now");
}

/// S0-31, S0-53, S0-62: none for somebody who confirmed, left, was erased or restricted.
fn nobody_is_reminded_who_needs_none(engine: Engine) {
    let mut stage = open(engine, "2027-01-31T10:00:00Z");
    stage.subscribe("confirmed@kunde.example");
    stage.sign_up("left@kunde.example");
    let letter = stage.only_letter();
    stage.one_click(&letter);
    for address in ["erased@kunde.example", "restricted@kunde.example"] {
        stage.sign_up(address);
        stage.only_letter();
    }
    stage.admin(&["subscriber", "erase", "erased@kunde.example", "--yes"]);
    stage.admin(&["subscriber", "restrict", "restricted@kunde.example"]);
    assert_eq!(stage.only_letter().to, "erased@kunde.example");

    stage.travel("2027-02-08T10:00:00Z");
    stage.no_letter();
}

/// S0-32, S0-33: 12 months are 12 months of the calendar, counted from the first submission to the
/// instant; from then on no read path shows the record, and the first pass removes it.
fn unconfirmed_addresses_go_after_twelve_calendar_months(engine: Engine) {
    let mut stage = open(engine, "2028-02-29T12:00:00Z");
    stage.subscribe("confirmed@kunde.example");
    stage.sign_up("leap@kunde.example");

    stage.travel("2029-02-28T11:55:00Z");
    stage.pass();
    assert!(stage.is_visible("leap@kunde.example"));
    stage.travel("2029-02-28T12:05:00Z");
    assert!(
        !stage.is_visible("leap@kunde.example"),
        "gone to the instant"
    );
    assert_eq!(stage.records(), 2);
    stage.no_letter();
    assert_eq!(stage.records(), 1);
    assert!(
        stage.is_visible("confirmed@kunde.example"),
        "confirming stops the clock"
    );
}

/// S0-32: neither a later sign-up nor the reminder moves the end.
fn a_second_sign_up_moves_no_clock(engine: Engine) {
    let mut stage = open(engine, "2027-08-31T08:00:00Z");
    stage.sign_up("anna@kunde.example");
    stage.pass();
    for date in ["2027-12-01T08:00:00Z", "2028-08-30T08:00:00Z"] {
        stage.travel(date);
        stage.sign_up("ANNA@kunde.example");
        assert!(!stage.pass().is_empty(), "a new link");
    }
    stage.travel("2028-08-31T07:55:00Z");
    stage.pass();
    assert_eq!(stage.records(), 1);
    stage.travel("2028-08-31T08:05:00Z");
    stage.pass();
    assert_eq!(stage.records(), 0);
}

/// S0-63: 30 days are days of the calendar in the policy's time zone: when clocks go forward between,
/// they are an hour shorter.
fn erased_people_go_after_thirty_calendar_days(engine: Engine) {
    let mut stage = open(engine, "2027-03-01T10:00:00Z");
    stage.subscribe("anna@kunde.example");
    stage.admin(&["subscriber", "erase", "anna@kunde.example", "--yes"]);
    assert!(!stage.is_visible("anna@kunde.example"));
    stage.only_letter();

    // Summer time began on 28 March: the end is 11:00 in Paris, 09:00 UTC.
    stage.travel("2027-03-31T08:55:00Z");
    stage.no_letter();
    assert_eq!(stage.records(), 1);
    stage.travel("2027-03-31T09:05:00Z");
    stage.no_letter();
    assert_eq!(stage.records(), 0);
}

/// S0-59: the proof of a departure is kept for three years from the last of them, and no longer; a
/// sign-up that is never confirmed moves nothing.
fn people_who_left_go_when_the_policy_says(engine: Engine) {
    let mut stage = open(engine, "2027-01-31T10:00:00Z");
    let letter = stage.subscribe("anna@kunde.example");
    let preferences = letter.path("/preferences/");
    stage.press(&preferences, &[("topic", "demo")]);
    stage.travel("2028-02-29T10:00:00Z");
    stage.one_click(&letter);
    stage.travel("2029-06-01T10:00:00Z");
    stage.sign_up("anna@kunde.example");
    stage.only_letter();

    stage.travel("2031-02-28T09:55:00Z");
    stage.no_letter();
    assert!(stage.is_visible("anna@kunde.example"));
    assert_eq!(stage.record("anna@kunde.example").state(), "unsubscribed");
    stage.travel("2031-02-28T10:05:00Z");
    assert!(
        !stage.is_visible("anna@kunde.example"),
        "gone to the instant"
    );
    stage.no_letter();
    assert_eq!(stage.records(), 0);
}

/// S1-42, S1-47, S1-48, S3-50: a confirmed subscriber is kept for five calendar years from the last
/// thing that they did. A link that was pressed counts; a page that was looked at does not.
fn silent_subscribers_go_when_the_policy_says(engine: Engine) {
    let mut policy = fs::read_to_string(root().join("crates/policy/policies/saas-portal.toml"))
        .expect("the demo policy can be read");
    let before = "[[datasets.stages]]\nid = \"purge-erased\"";
    let stage = "[[datasets.stages]]\nid = \"purge-inactive\"\naction = \"purge\"\n\
                 state = \"confirmed\"\nclock = \"last-interaction\"\nafter = \"5 years\"\n\n";
    let at = policy.find(before).expect("the stage is there");
    policy.insert_str(at, stage);
    let sink = Sink::start(Options::default());
    let site = site(engine).with_policy(&policy).at("2027-02-28T10:00:00Z");
    let mut stage = Stage::with_relay(site, sink);
    let letter = stage.subscribe("anna@kunde.example");
    let preferences = letter.path("/preferences/");
    stage.travel("2028-02-29T10:00:00Z");
    stage.press(&preferences, &[("topic", "newsletter"), ("topic", "demo")]);
    stage.travel("2030-01-01T10:00:00Z");
    assert_eq!(stage.client.get(&preferences).status, 200);

    stage.travel("2033-02-28T09:55:00Z");
    stage.pass();
    assert!(stage.is_visible("anna@kunde.example"));
    stage.travel("2033-02-28T10:05:00Z");
    assert!(
        !stage.is_visible("anna@kunde.example"),
        "gone to the instant"
    );
    stage.pass();
    assert_eq!(stage.records(), 0);
}

/// S0-102: a worker whose machine slept for 13 months does what is overdue by itself, in the right
/// order: nobody is reminded who should be gone.
fn a_worker_that_slept_catches_up(engine: Engine) {
    let sink = Sink::start(Options::default());
    let site = site(engine).at("2027-01-31T10:00:00Z");
    let mut stage = Stage::with_relay(site, sink);
    stage.subscribe("confirmed@kunde.example");
    stage.subscribe("erased@kunde.example");
    stage.sign_up("pending@kunde.example");
    stage.admin(&["subscriber", "erase", "erased@kunde.example", "--yes"]);
    assert_eq!(stage.pass().len(), 2);
    assert_eq!(stage.records(), 3);

    let worker = stage.site.worker();
    stage.travel("2028-02-29T10:00:00Z");
    wait_for("purge", Duration::from_secs(30), || {
        (stage.records() == 1).then_some(())
    });
    assert!(worker.stop().success());
    assert!(stage.is_visible("confirmed@kunde.example"));
    assert!(stage.unread().is_empty());
}
