//! Faults that one letter meets, after the relay has begun to take it.

use std::time::Duration;

use consentry_tests::{
    database::Engine,
    smtp::{Fault, Options, Stage as Step},
};
use serde_json::Value;

use super::{copies, doctor, listed, names_nobody, open};
use crate::steps::{Stage, on_each_engine};

on_each_engine!(a_letter_that_meets_a_fault_ends_as_that_fault_says);

/// A fault, and what is expected of the letter that meets it.
struct Case {
    step: Step,
    fault: Fault,
    /// Afterwards, in the outbox: the state, the reason, the relay's answer.
    state: &'static str,
    reason: Option<&'static str>,
    reply: Option<&'static str>,
    /// In the end, when the relay is well again: how often the message came, how often it was taken.
    copies: (usize, usize),
}

fn case(step: Step, fault: Fault, ends: &'static str, copies: (usize, usize)) -> Case {
    let mut words = ends.splitn(3, ' ');
    Case {
        step,
        fault,
        state: words.next().unwrap_or_default(),
        reason: words.next(),
        reply: words.next(),
        copies,
    }
}

fn says(step: Step, reply: &str, ends: &'static str, copies: (usize, usize)) -> Case {
    case(step, Fault::reply(reply), ends, copies)
}

/// The list. A copy that the relay answered is either taken or surely not; one that it did not
/// answer may have been.
fn cases() -> Vec<Case> {
    use Step::{Data, Dot, Rcpt};
    let garbage = || Fault::Garbage(b"\xff\xfe\0 what\r\n".to_vec());
    let slow = || Fault::Drip(Duration::from_millis(20));
    let too_slow = || Fault::Drip(Duration::from_secs(1));
    let endless = || Fault::Garbage(b"250 ".repeat(30_000));
    vec![
        says(
            Rcpt,
            "450 4.2.0 greylisted",
            "queued deferred 450 4.2.0",
            (1, 1),
        ),
        says(
            Rcpt,
            "451 4.7.1 come back",
            "queued deferred 451 4.7.1",
            (1, 1),
        ),
        says(
            Rcpt,
            "421 4.3.2 closing",
            "queued deferred 421 4.3.2",
            (1, 1),
        ),
        // RFC 5321 section 4.5.3.1.10: temporary, whatever its first digit says.
        says(Rcpt, "552 5.2.2 full", "queued deferred 552 5.2.2", (1, 1)),
        says(
            Rcpt,
            "550 5.1.1 nobody here",
            "failed recipient 550 5.1.1",
            (0, 0),
        ),
        says(
            Rcpt,
            "550-5.1.1 <anna@kunde.example>:\r\n550-5.1.1 nobody\r\n550 5.1.1 here",
            "failed recipient 550 5.1.1",
            (0, 0),
        ),
        says(Rcpt, "550 no", "failed recipient 550", (0, 0)),
        says(
            Rcpt,
            "554 5.7.1 relay access denied",
            "queued sender 554 5.7.1",
            (1, 1),
        ),
        says(
            Rcpt,
            "450 4.1.8 no such domain",
            "queued sender 450 4.1.8",
            (1, 1),
        ),
        case(Rcpt, Fault::Close, "queued deferred", (1, 1)),
        case(Rcpt, Fault::Reset, "queued deferred", (1, 1)),
        case(Rcpt, Fault::Hang, "queued deferred", (1, 1)),
        case(Rcpt, garbage(), "queued deferred", (1, 1)),
        case(Rcpt, endless(), "queued deferred", (1, 1)),
        case(Rcpt, slow(), "sent", (1, 1)),
        case(Rcpt, too_slow(), "queued deferred", (1, 1)),
        says(Data, "451 4.3.0 later", "queued deferred 451 4.3.0", (1, 1)),
        says(Data, "554 5.6.0 no", "failed content 554 5.6.0", (0, 0)),
        case(Data, Fault::Close, "queued deferred", (1, 1)),
        case(Data, Fault::Reset, "queued deferred", (1, 1)),
        says(Dot, "451 4.3.0 later", "queued deferred 451 4.3.0", (2, 1)),
        says(
            Dot,
            "421 4.7.32 not aligned",
            "queued sender 421 4.7.32",
            (2, 1),
        ),
        says(
            Dot,
            "550 5.7.26 no SPF, no DKIM",
            "queued sender 550 5.7.26",
            (2, 1),
        ),
        says(
            Dot,
            "550 5.7.515 access denied",
            "queued sender 550 5.7.515",
            (2, 1),
        ),
        says(
            Dot,
            "550 5.1.1 nobody here",
            "failed recipient 550 5.1.1",
            (1, 0),
        ),
        says(Dot, "552 5.3.4 too big", "failed content 552 5.3.4", (1, 0)),
        case(Dot, Fault::Close, "uncertain unanswered", (2, 1)),
        case(Dot, Fault::Reset, "uncertain unanswered", (2, 1)),
        case(Dot, Fault::Hang, "uncertain unanswered", (2, 1)),
        case(Dot, garbage(), "uncertain unanswered", (2, 1)),
        case(Dot, slow(), "sent", (1, 1)),
    ]
}

fn address(number: usize) -> String {
    format!("anna{number}@kunde.example")
}

/// S0-29, S0-53: each letter ends as the fault it met says, and none is in another one's way.
fn a_letter_that_meets_a_fault_ends_as_that_fault_says(engine: Engine) {
    let mut stage = open(engine, Options::default());
    let cases = cases();
    for (number, case) in cases.iter().enumerate() {
        stage.sign_up(&address(number));
        let relay = stage.relay();
        relay.once_for(&address(number), case.step, case.fault.clone());
    }
    stage.pass();
    for (number, (case, letter)) in cases.iter().zip(listed(&stage, &[])).enumerate() {
        let text = |value: Option<&str>| value.map_or(Value::Null, Value::from);
        let what = format!("case {number}, {:?} {:?}: {letter}", case.step, case.fault);
        assert_eq!(letter["state"], case.state, "{what}");
        assert_eq!(letter["reason"], text(case.reason), "{what}");
        assert_eq!(letter["reply"], text(case.reply), "{what}");
        assert_eq!(letter["attempts"], 1, "{what}");
    }
    the_operator_is_told(&stage);

    stage.relay().recover();
    for date in [
        "2027-01-04T12:00:00Z",
        "2027-01-06T09:00:00Z",
        "2027-01-09T09:00:00Z",
    ] {
        stage.travel(date);
        stage.pass();
    }
    for (number, case) in cases.iter().enumerate() {
        let copies = copies(&stage, &address(number));
        let what = format!("case {number}, {:?} {:?}", case.step, case.fault);
        assert_eq!(copies, case.copies, "{what}");
    }
    // Whatever a relay said, it was about a letter: nobody is given up.
    let pending = [
        "subscriber",
        "list",
        "--state",
        "pending",
        "--format",
        "json",
    ];
    assert_eq!(super::array(stage.site.admin(&pending)).len(), cases.len());
}

fn the_operator_is_told(stage: &Stage) {
    let log = stage.log();
    assert!(log.contains("letters wait for the operator"), "{log}");
    names_nobody(&log);
    let findings = doctor(stage, "outbox");
    for words in [
        "1 letters are queued for the reason sender (450 4.1.8)",
        "SPF, DKIM and DMARC do not all pass",
        "may or may not have been taken",
        "were given up",
    ] {
        assert!(findings.contains(words), "{words} is not in {findings}");
    }
    assert!(findings.contains("\"problem\""), "{findings}");
    names_nobody(&findings);
    let list = stage.admin(&["letters", "list"]);
    names_nobody(&list);
    let status = stage.admin(&["letters", "status"]);
    assert!(status.contains("550 5.7.515"), "{status}");
    names_nobody(&status);
}
