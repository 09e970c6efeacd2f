//! A relay that takes several commands at once gets them at once (RFC 2920), and nothing ends
//! otherwise than it would one by one.

use std::sync::atomic::{AtomicUsize, Ordering};

use consentry_service::ports::Delivery::{self, Accepted, Deferred};

use crate::double::{Act, Double, Point};
use crate::samples::confirmation;
use crate::smtp::relay;

const AT_ONCE: &str = "250-double\r\n250-PIPELINING\r\n250 SMTPUTF8\r\n";

/// A relay that does `act` at `verb` of the first message, one by one or at once.
async fn double(verb: &'static str, act: Act, greeting: &'static str) -> Double {
    let messages = AtomicUsize::new(0);
    Double::start(move |Point { verb: at, .. }| {
        if at == "MAIL" {
            messages.fetch_add(1, Ordering::SeqCst);
        }
        match at {
            "EHLO" => Some(Act::Say(greeting)),
            at if at == verb && messages.load(Ordering::SeqCst) == 1 => Some(act),
            _ => None,
        }
    })
    .await
}

/// The commands are not answered before the second of them is there.
#[tokio::test]
async fn commands_go_at_once_where_the_relay_takes_them() {
    let double = Double::start(|point| match point.verb {
        "EHLO" => Some(Act::Say(AT_ONCE)),
        "MAIL" => Some(Act::Say("")),
        "RCPT" => Some(Act::Say("250 sender fine\r\n250 recipient fine\r\n")),
        _ => None,
    })
    .await;
    let relay = relay(&double);
    for _ in 0..2 {
        assert_eq!(relay.deliver(&confirmation()).await, Accepted);
    }
    let seen = double.seen();
    assert_eq!(seen.connections, 1);
    assert_eq!(
        seen.verbs(),
        ["EHLO", "MAIL", "RCPT", "DATA", "MAIL", "RCPT", "DATA"]
    );
}

/// Every answer is read as that of its own command: what is refused is refused as one by one, and
/// the next letter on the same connection is taken.
#[tokio::test]
async fn a_refusal_is_the_same_and_the_next_letter_is_taken() {
    for (verb, reply) in [
        ("MAIL", "550 5.7.1 not you\r\n"),
        ("MAIL", "451 4.7.1 later\r\n"),
        ("MAIL", "421 4.3.2 closing\r\n"),
        ("RCPT", "550 5.1.1 nobody\r\n"),
        ("RCPT", "452 4.2.2 full\r\n"),
        ("DATA", "554 5.6.0 no\r\n"),
        ("DATA", "451 4.3.0 later\r\n"),
    ] {
        let mut endings: Vec<(Delivery, Delivery)> = Vec::new();
        for greeting in ["250 double\r\n", AT_ONCE] {
            let double = double(verb, Act::Say(reply), greeting).await;
            let relay = relay(&double);
            let message = confirmation();
            let first = relay.deliver(&message).await;
            endings.push((first, relay.deliver(&message).await));
            // An empty text may have gone to nobody.
            let texts = double.seen().contents;
            let letters = texts.iter().filter(|text| !text.is_empty()).count();
            let taken = [endings[endings.len() - 1].0, endings[endings.len() - 1].1];
            let taken = taken.iter().filter(|end| **end == Accepted).count();
            assert_eq!(letters, taken, "{verb} {reply}");
        }
        assert_eq!(endings[0], endings[1], "{verb} {reply}");
        assert_eq!(endings[1].1, Accepted, "{verb} {reply}");
    }
}

/// After an answer that did not come, nobody knows to which command the next one belongs: the
/// connection is not used again.
#[tokio::test]
async fn a_session_that_lost_an_answer_is_not_used_again() {
    for (verb, act) in [
        ("RCPT", Act::Close),
        ("RCPT", Act::SayAndClose("250 half")),
        ("DATA", Act::Close),
    ] {
        let double = double(verb, act, AT_ONCE).await;
        let relay = relay(&double);
        let first = relay.deliver(&confirmation()).await;
        assert!(matches!(first, Deferred(_)), "{verb}: {first:?}");
        assert_eq!(relay.deliver(&confirmation()).await, Accepted);
        assert_eq!(double.seen().connections, 2, "{verb}");
    }
}
