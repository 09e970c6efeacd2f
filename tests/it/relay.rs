//! A relay that refuses, fails, falls silent or is not there.

use consentry_tests::{
    database::Engine,
    smtp::{Fault, Options, Outcome, Sink, Stage as Step},
};
use serde_json::Value;

use crate::steps::{Stage, on_each_engine, site};

on_each_engine!(
    a_letter_refused_for_now_goes_later,
    a_letter_refused_for_good_is_recorded_and_not_tried_again,
    an_unanswered_confirmation_is_repeated_once_with_the_same_message_id,
    an_unanswered_reminder_is_never_repeated,
    leaving_cancels_what_waits_or_is_being_retried,
    signing_up_does_not_need_the_relay,
);

fn open(engine: Engine) -> Stage {
    let site = site(engine).at("2027-01-04T09:00:00Z");
    Stage::with_relay(site, Sink::start(Options::default()))
}

/// What `doctor` says about the outbox.
fn outbox(stage: &Stage) -> String {
    let report: Value = stage.site.admin(&["doctor", "--format", "json"]).json();
    let findings = report.as_array().expect("a report is an array");
    let lines = findings
        .iter()
        .filter(|finding| finding["check"] == "outbox")
        .map(|finding| finding["finding"].to_string());
    lines.collect::<Vec<_>>().join("\n")
}

fn message_ids(messages: &[consentry_tests::smtp::Message]) -> Vec<String> {
    messages
        .iter()
        .map(|message| consentry_tests::mail::Letter::parse(&message.bytes).header("Message-ID"))
        .collect()
}

/// S0-29: 4xx at any step is another try later, not at once and not never; greylisting is waited out.
fn a_letter_refused_for_now_goes_later(engine: Engine) {
    let mut stage = open(engine);
    for (number, step) in [Step::Mail, Step::Rcpt, Step::Data, Step::Dot]
        .into_iter()
        .enumerate()
    {
        stage.travel(&format!("2027-01-{:02}T09:00:00Z", number + 4));
        let address = format!("anna{number}@kunde.example");
        stage
            .relay()
            .once(step, Fault::reply("451 4.7.1 come back later"));
        stage.sign_up(&address);
        stage.no_letter();
        let connections = stage.relay().connections();
        stage.no_letter();
        assert_eq!(
            stage.relay().connections(),
            connections,
            "tried again at once"
        );
        stage.travel(&format!("2027-01-{:02}T09:20:00Z", number + 4));
        assert_eq!(stage.only_letter().to, address);
        stage.no_letter();
    }
    assert!(!outbox(&stage).contains("given up"));
}

/// 5xx is final: the letter is recorded as failed, and the relay is not asked again.
fn a_letter_refused_for_good_is_recorded_and_not_tried_again(engine: Engine) {
    let mut stage = open(engine);
    stage
        .relay()
        .once(Step::Rcpt, Fault::reply("550 5.1.1 nobody here"));
    stage.sign_up("anna@kunde.example");
    stage.no_letter();
    assert!(
        outbox(&stage).contains("1 letters were given up"),
        "{}",
        outbox(&stage)
    );
    for date in [
        "2027-01-04T10:00:00Z",
        "2027-01-05T09:00:00Z",
        "2027-01-10T09:00:00Z",
    ] {
        stage.travel(date);
        stage.no_letter();
    }
    assert_eq!(stage.record("anna@kunde.example").state(), "pending");
}

/// Whether a relay that closed after the final dot took the message nobody knows: a confirmation is
/// repeated once, half an hour later, and recognisable as the same message.
fn an_unanswered_confirmation_is_repeated_once_with_the_same_message_id(engine: Engine) {
    let mut stage = open(engine);
    stage.relay().always(Step::Dot, Fault::Close);
    stage.sign_up("anna@kunde.example");
    stage.pass();
    stage.travel("2027-01-04T09:20:00Z");
    stage.pass();
    assert_eq!(stage.relay().messages().len(), 1, "repeated too early");
    assert!(
        outbox(&stage).contains("1 letters may or may not"),
        "{}",
        outbox(&stage)
    );
    for date in [
        "2027-01-04T09:40:00Z",
        "2027-01-04T12:00:00Z",
        "2027-01-06T09:00:00Z",
    ] {
        stage.travel(date);
        stage.pass();
    }
    let messages = stage.relay().messages();
    assert_eq!(messages.len(), 2, "one repeat, and no more");
    assert!(
        messages
            .iter()
            .all(|message| message.outcome == Outcome::Unanswered)
    );
    let ids = message_ids(&messages);
    assert_eq!(ids[0], ids[1]);
}

/// S0-31: one reminder means one: an uncertain one counts as sent.
fn an_unanswered_reminder_is_never_repeated(engine: Engine) {
    let mut stage = open(engine);
    stage.sign_up("anna@kunde.example");
    stage.only_letter();
    stage.relay().always(Step::Dot, Fault::Close);
    for date in [
        "2027-01-11T09:05:00Z",
        "2027-01-11T09:50:00Z",
        "2027-01-12T09:00:00Z",
        "2027-02-12T09:00:00Z",
    ] {
        stage.travel(date);
        stage.pass();
    }
    assert_eq!(
        stage.relay().messages().len(),
        2,
        "the confirmation and one reminder"
    );
}

/// S0-53, S0-62: the person is read again right before each hand-over: what was queued, and what the
/// relay put off, is cancelled by leaving and by erasure.
fn leaving_cancels_what_waits_or_is_being_retried(engine: Engine) {
    let mut stage = open(engine);
    let letter = stage.subscribe("queued@kunde.example");
    stage.sign_up("queued@kunde.example");
    stage.one_click(&letter);
    stage.no_letter();

    let letter = stage.subscribe("retried@kunde.example");
    stage
        .relay()
        .once(Step::Rcpt, Fault::reply("451 4.7.1 come back later"));
    stage.sign_up("retried@kunde.example");
    stage.no_letter();
    stage.one_click(&letter);

    stage.subscribe("erased@kunde.example");
    stage
        .relay()
        .once(Step::Rcpt, Fault::reply("451 4.7.1 come back later"));
    stage.sign_up("erased@kunde.example");
    stage.no_letter();
    stage.admin(&["subscriber", "erase", "erased@kunde.example", "--yes"]);

    stage.travel("2027-01-04T12:00:00Z");
    let answer = stage.only_letter();
    assert_eq!(answer.to, "erased@kunde.example");
    assert!(
        answer.subject.contains("being erased"),
        "{}",
        answer.subject
    );
    stage.travel("2027-01-06T09:00:00Z");
    stage.no_letter();
}

/// S0-29: the record and its letter are safe before the visitor has an answer, whatever the relay does.
fn signing_up_does_not_need_the_relay(engine: Engine) {
    let mut stage = open(engine);
    stage.relay().always(Step::Connect, Fault::Close);
    stage.sign_up("anna@kunde.example");
    stage.no_letter();
    assert_eq!(stage.record("anna@kunde.example").state(), "pending");
    stage.relay().recover();
    stage.travel("2027-01-04T10:00:00Z");
    let letter = stage.only_letter();
    stage.press(&letter.path("/confirm/"), &[]);
    assert_eq!(stage.record("anna@kunde.example").state(), "confirmed");
}
