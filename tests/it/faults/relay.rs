//! Faults that every letter would meet: the relay is away, lets nobody in, or cannot be trusted.

use std::{fs, thread, time::Duration};

use consentry_tests::{
    database::Engine,
    smtp::{Fault, Options, Sink, Stage as Step, Tls},
    wait_for,
};
use serde_json::Value;

use super::{TIMERS, copies, doctor, listed, names_nobody, open};
use crate::steps::{Stage, site};

fn address(number: usize) -> String {
    format!("anna{number}@kunde.example")
}

/// S0-29: before a letter is spoken of, a fault is the relay's or the operator's, and costs nobody
/// anything but time.
#[test]
fn a_relay_that_does_not_open_costs_nobody_a_letter() {
    let site = site(Engine::Sqlite).at("2027-01-04T09:00:00Z");
    let sink = Sink::start(Options {
        extensions: vec!["AUTH PLAIN LOGIN".to_owned()],
        ..Options::default()
    });
    let url = sink.url().replace("://", "://user:secret@") + "?" + TIMERS;
    let mut stage = Stage::with_relay_at(site, sink, &url);
    let garbage = Fault::Garbage(b"\x16\x03\x01 what\r\n".to_vec());
    let cases = [
        (Step::Connect, Fault::reply("421 4.3.2 busy"), "relay-down"),
        (Step::Connect, Fault::reply("554 5.7.1 blocked"), "access"),
        (Step::Connect, Fault::Close, "relay-down"),
        (Step::Connect, Fault::Reset, "relay-down"),
        (Step::Connect, Fault::Hang, "relay-down"),
        (Step::Connect, garbage, "relay-down"),
        (Step::Hello, Fault::reply("451 4.3.0 later"), "relay-down"),
        (Step::Hello, Fault::reply("550 5.7.0 who"), "access"),
        (Step::Auth, Fault::reply("454 4.7.0 later"), "relay-down"),
        (Step::Auth, Fault::reply("535 5.7.8 wrong"), "access"),
        (Step::Auth, Fault::Close, "relay-down"),
        (Step::Mail, Fault::reply("451 4.3.0 later"), "deferred"),
        (Step::Mail, Fault::reply("421 4.3.2 closing"), "deferred"),
        (
            Step::Mail,
            Fault::reply("550 5.1.8 no such domain"),
            "sender",
        ),
        (
            Step::Mail,
            Fault::reply("553 5.7.1 not your address"),
            "sender",
        ),
        (Step::Mail, Fault::reply("550 not you"), "access"),
        (Step::Mail, Fault::Close, "deferred"),
    ];
    for (number, (step, fault, _)) in cases.iter().enumerate() {
        // However slow the machine, no letter before is due again.
        stage.travel(&format!("2027-01-04T09:00:{number:02}Z"));
        stage.sign_up(&address(number));
        stage.relay().once(*step, fault.clone());
        stage.pass();
    }
    for ((step, fault, reason), letter) in cases.iter().zip(listed(&stage, &[])) {
        let what = format!("{step:?} {fault:?}: {letter}");
        assert_eq!(letter["state"], "queued", "{what}");
        assert_eq!(letter["reason"], *reason, "{what}");
    }
    let findings = doctor(&stage, "outbox");
    assert!(findings.contains("the user or the password"), "{findings}");
    names_nobody(&findings);
    names_nobody(&stage.log());
    assert!(!stage.log().contains("secret"), "{}", stage.log());

    stage.travel("2027-01-06T09:00:00Z");
    stage.pass();
    for (number, case) in cases.iter().enumerate() {
        assert_eq!(copies(&stage, &address(number)), (1, 1), "{case:?}");
    }
}

/// An outage with a queue: letters wait and are not tried one after the other, and when the relay
/// is back they go, as soon as the operator wishes.
#[test]
fn a_relay_that_is_away_is_left_alone() {
    let stage = open(Engine::Sqlite, Options::default());
    for number in 0..40 {
        stage.sign_up(&address(number));
    }
    stage.relay().always(Step::Connect, Fault::Close);
    let worker = stage.site.worker();
    wait_for("line in the log", Duration::from_mins(1), || {
        let is_told = worker.log().contains("the relay takes no letter");
        is_told.then_some(())
    });
    thread::sleep(Duration::from_secs(3));
    // Eight at once when it struck, and one that looked whether it is over.
    let connections = stage.relay().connections();
    assert!(connections <= 9, "{connections} tries in 3 s");
    let tried = listed(&stage, &[]);
    let tried = tried.iter().filter(|letter| letter["attempts"] != 0);
    assert!(tried.count() <= 9, "all letters are tried in vain");

    stage.relay().recover();
    stage.admin(&["letters", "retry", "--all"]);
    let worker = {
        worker.stop();
        stage.site.worker()
    };
    stage.relay().wait_for(40);
    assert_eq!(worker.stop().code(), Some(0));
    for number in 0..40 {
        assert_eq!(copies(&stage, &address(number)), (1, 1));
    }
}

/// Yahoo ends a connection after some messages without a word: that is no fault of any letter.
#[test]
fn a_relay_that_takes_few_messages_per_connection_gets_them_all() {
    let stage = open(
        Engine::Sqlite,
        Options {
            messages_per_connection: 3,
            ..Options::default()
        },
    );
    for number in 0..40 {
        stage.sign_up(&address(number));
    }
    stage.pass();
    for number in 0..40 {
        assert_eq!(copies(&stage, &address(number)), (1, 1));
    }
    assert!(stage.relay().connections() >= 40 / 3);
}

/// S0-12: nothing goes to a relay that cannot show who it is, or in the clear where the operator
/// asked for TLS; and the operator is told.
#[test]
fn a_relay_that_cannot_be_trusted_gets_nothing() {
    let local = || vec!["127.0.0.1".to_owned()];
    let relay = |tls, certificate_names, expired| Options {
        tls,
        certificate_names,
        expired,
        ..Options::default()
    };
    let mut stage = open(Engine::Sqlite, Options::default());
    let other = vec!["other.example".to_owned()];
    for (number, (options, is_known, what)) in [
        (relay(Tls::StartTls, local(), true), true, "expired"),
        (relay(Tls::StartTls, other, false), true, "another name"),
        (relay(Tls::StartTls, local(), false), false, "self-signed"),
        (relay(Tls::Implicit, local(), false), false, "self-signed"),
        (relay(Tls::None, local(), false), true, "no STARTTLS"),
    ]
    .into_iter()
    .enumerate()
    {
        let is_implicit = options.tls == Tls::Implicit;
        let sink = Sink::start(options);
        let mut url = format!("{}?{TIMERS}", sink.url());
        if !is_implicit {
            url += "&tls=required";
        }
        if is_known {
            let authority = stage.site.folder().join(format!("authority{number}.pem"));
            fs::write(&authority, sink.certificate()).expect("a file can be written");
            url = format!("{url}&ca={}", authority.display());
        }
        stage.site = stage.site.with("CONSENTRY_SMTP_URL", url);
        stage.sign_up(&address(number));
        stage.pass();
        assert!(sink.messages().is_empty(), "{what}: a letter has gone");
        let letter = listed(&stage, &[]).remove(number);
        assert_eq!(
            (&letter["state"], &letter["reason"]),
            (&Value::from("queued"), &Value::from("access")),
            "{what}"
        );
        let probe = doctor(&stage, "relay");
        assert!(probe.contains("\"problem\""), "{what}: {probe}");
    }
}

/// RFC 6531: without 8BITMIME every letter goes; without SMTPUTF8 an address that needs it is a
/// failure that says so, not an endless one.
#[test]
fn an_old_relay_gets_what_it_can_take() {
    let mut stage = open(
        Engine::Sqlite,
        Options {
            extensions: Vec::new(),
            ..Options::default()
        },
    );
    stage.sign_up("anna@kunde.example");
    stage.sign_up("fran\u{e7}ois@kunde.example");
    stage.pass();
    assert_eq!(copies(&stage, "anna@kunde.example"), (1, 1));
    let failed = listed(&stage, &["--state", "failed"]);
    assert_eq!(
        (failed.len(), &failed[0]["reason"]),
        (1, &Value::from("no-smtputf8"))
    );
    assert!(doctor(&stage, "outbox").contains("a relay that offers SMTPUTF8"));
    let connections = stage.relay().connections();
    stage.travel("2027-01-08T09:00:00Z");
    stage.pass();
    assert_eq!(
        stage.relay().connections(),
        connections,
        "it is tried again"
    );
}
