//! A relay that refuses, fails, falls silent or is not there.

use std::fs;

use consentry_tests::{
    database::Engine,
    smtp::{Fault, Options, Outcome, Sink, Stage as Step, Tls},
};
use serde_json::Value;

use crate::steps::{Stage, on_each_engine, site};

on_each_engine!(
    a_letter_refused_for_now_goes_later,
    a_letter_refused_for_good_is_recorded_and_not_tried_again,
    an_unanswered_confirmation_is_repeated_once_with_the_same_message_id,
    an_unanswered_reminder_is_never_repeated,
    leaving_cancels_what_waits_or_is_being_retried,
    the_person_is_read_again_right_before_the_hand_over,
    signing_up_does_not_need_the_relay,
    letters_travel_as_securely_as_the_operator_says,
    addresses_beyond_ascii_are_written_to,
);

fn open(engine: Engine) -> Stage {
    let site = site(engine).at("2027-01-04T09:00:00Z");
    Stage::with_relay(site, Sink::start(Options::default()))
}

/// What `doctor` says about one thing.
fn doctor(stage: &Stage, check: &str) -> String {
    let report = stage.site.admin(&["doctor", "--format", "json"]).stdout;
    let report: Value = serde_json::from_str(&report).expect("JSON alone on stdout");
    let findings = report.as_array().expect("a report is an array");
    let lines = findings
        .iter()
        .filter(|finding| finding["check"] == check)
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
    assert!(!doctor(&stage, "outbox").contains("given up"));
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
        doctor(&stage, "outbox").contains("1 letters were given up"),
        "{}",
        doctor(&stage, "outbox")
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
        doctor(&stage, "outbox").contains("1 letters may or may not"),
        "{}",
        doctor(&stage, "outbox")
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

/// S0-53: even a letter that the outbox still holds as due is not handed over to somebody who has
/// left since.
fn the_person_is_read_again_right_before_the_hand_over(engine: Engine) {
    let stage = open(engine);
    let letter = stage.subscribe("anna@kunde.example");
    stage.sign_up("anna@kunde.example");
    stage.one_click(&letter);
    let revived =
        "UPDATE consentry_letters SET state = 'queued', due_at = 0 WHERE state = 'cancelled'";
    stage.site.query(revived);
    assert_eq!(
        stage
            .site
            .query("SELECT count(*) FROM consentry_letters WHERE due_at = 0")
            .trim(),
        "1"
    );
    stage.no_letter();
    assert_eq!(
        stage
            .site
            .query("SELECT count(*) FROM consentry_letters WHERE due_at = 0")
            .trim(),
        "0"
    );
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

/// S0-12: with `tls=required` or `smtps` nothing goes in the clear, nor to a relay that cannot show a
/// certificate of that name; what could not go waits.
fn letters_travel_as_securely_as_the_operator_says(engine: Engine) {
    let encrypted = |tls, names: &[&str]| {
        Sink::start(Options {
            tls,
            certificate_names: names.iter().map(|name| (*name).to_owned()).collect(),
            ..Options::default()
        })
    };
    for (sink, is_trusted) in [
        (encrypted(Tls::StartTls, &["127.0.0.1"]), true),
        (encrypted(Tls::Implicit, &["127.0.0.1"]), true),
        (encrypted(Tls::StartTls, &["other.example"]), false),
        (encrypted(Tls::None, &["127.0.0.1"]), false),
    ] {
        let site = site(engine);
        let authority = site.folder().join("authority.pem");
        fs::write(&authority, sink.certificate()).expect("a file can be written");
        let option = if sink.url().starts_with("smtps") {
            ""
        } else {
            "tls=required&"
        };
        let url = format!("{}?{option}ca={}", sink.url(), authority.display());
        let stage = Stage::with_relay_at(site, sink, &url);
        stage.sign_up("anna@kunde.example");
        if is_trusted {
            stage.only_letter();
            assert!(stage.relay().messages()[0].encrypted);
        } else {
            stage.no_letter();
            assert!(stage.relay().messages().is_empty(), "a letter in the clear");
            let outbox = doctor(&stage, "outbox");
            assert!(outbox.contains("1 letters wait"), "{outbox}");
        }
    }
}

/// RFC 6531: a domain beyond ASCII goes as A-label, to any relay; a local part beyond ASCII needs a
/// relay that says it can.
fn addresses_beyond_ascii_are_written_to(engine: Engine) {
    let stage = open(engine);
    stage.sign_up("anna@b\u{fc}cher.example");
    stage.only_letter();
    let message = stage.relay().messages().remove(0);
    assert_eq!(message.to[0].address, "anna@xn--bcher-kva.example");
    assert!(message.bytes.is_ascii());
    assert!(!message.from.parameters.contains("SMTPUTF8"));
    assert_eq!(
        stage.record("anna@xn--bcher-kva.example").state(),
        "pending",
        "the same address"
    );

    stage.sign_up("fran\u{e7}ois@kunde.example");
    stage.pass();
    let message = stage.relay().messages().remove(1);
    assert_eq!(message.to[0].address, "fran\u{e7}ois@kunde.example");
    assert!(message.from.parameters.contains("SMTPUTF8"));

    let old = Sink::start(Options {
        extensions: Vec::new(),
        ..Options::default()
    });
    let stage = Stage::with_relay(site(engine), old);
    stage.sign_up("anna@b\u{fc}cher.example");
    stage.only_letter();
    stage.sign_up("fran\u{e7}ois@kunde.example");
    stage.no_letter();
    let outbox = doctor(&stage, "outbox");
    assert!(outbox.contains("1 letters were given up"), "{outbox}");
}
