//! How a hand-over ends, wherever it breaks.

use std::time::Duration;

use consentry_domain::LetterKind;
use consentry_mail::{Message, SmtpRelay, SmtpSettings, SmtpUrl, Timeouts};
use consentry_policy::Language;
use consentry_service::ports::Delivery::{self, Accepted, Deferred, Refused, Uncertain};
use consentry_service::ports::{Reason, Reply, Trouble};

use crate::double::{Act, Double, Point};
use crate::samples::{address, confirmation, letter, message};

/// Short enough to wait for in a test.
const SHORT: Duration = Duration::from_millis(150);

pub(crate) fn relay_to(url: &str) -> SmtpRelay {
    relay_with(url, Timeouts::default())
}

fn relay_with(url: &str, timeouts: Timeouts) -> SmtpRelay {
    let settings = SmtpSettings {
        timeouts,
        ..SmtpSettings::new("velmarin.example")
    };
    SmtpRelay::new(SmtpUrl::parse(url).unwrap(), settings).unwrap()
}

pub(crate) fn relay(double: &Double) -> SmtpRelay {
    relay_to(&format!("smtp://127.0.0.1:{}", double.port))
}

fn at(verb: &'static str, act: Act) -> impl Fn(Point<'_>) -> Option<Act> + Send + Sync {
    move |point| (point.verb == verb).then_some(act)
}

/// How one letter ends with a relay that does `act` at `verb`.
async fn ends(verb: &'static str, act: Act) -> Delivery {
    let double = Double::start(at(verb, act)).await;
    relay(&double).deliver(&confirmation()).await
}

/// An answer such as `550 5.1.1`, and what is made of it.
fn trouble(reason: Reason, reply: &str) -> Trouble {
    let (code, status) = reply.split_once(' ').unwrap_or((reply, ""));
    let reply = Some(Reply {
        code: code.parse().unwrap(),
        status: status.parse().ok(),
    });
    Trouble { reason, reply }
}

/// Without an answer before the final dot: the relay is away, or only this letter met it.
pub(crate) fn broken(verb: &str) -> Delivery {
    Deferred(match verb {
        "connect" | "EHLO" => Reason::RelayDown.into(),
        _ => Reason::Deferred.into(),
    })
}

#[tokio::test]
async fn a_letter_arrives_as_it_was_written() {
    let double = Double::start(|_| None).await;
    let message = confirmation();
    assert_eq!(relay(&double).deliver(&message).await, Accepted);
    let seen = double.seen();
    let arrived = String::from_utf8(seen.contents[0].clone()).unwrap();
    assert_eq!(
        arrived.replace("\r\n..", "\r\n.").as_bytes(),
        message.octets
    );
    assert_eq!(
        seen.commands,
        [
            "EHLO velmarin.example",
            "MAIL FROM:<news@velmarin.example>",
            "RCPT TO:<anna.berg@xn--bcher-kva.example>",
            "DATA",
        ]
    );
}

#[tokio::test]
async fn a_temporary_answer_defers_the_letter_at_every_stage() {
    for verb in ["connect", "EHLO", "MAIL", "RCPT", "DATA", "."] {
        let reason = match verb {
            "connect" | "EHLO" => Reason::RelayDown,
            _ => Reason::Deferred,
        };
        for (said, reply) in [
            ("451 later\r\n", "451"),
            ("421 bye\r\n", "421"),
            ("450-4.7.1 you are\r\n450 4.7.1 greylisted\r\n", "450 4.7.1"),
        ] {
            let expected = Deferred(trouble(reason, reply));
            assert_eq!(ends(verb, Act::Say(said)).await, expected, "{verb}");
        }
    }
}

#[tokio::test]
async fn a_permanent_answer_to_the_letter_refuses_it() {
    for verb in ["RCPT", "DATA", "."] {
        let act = Act::Say("550-5.1.1 No such\r\n550 5.1.1 mailbox\r\n");
        let expected = Refused(trouble(Reason::Recipient, "550 5.1.1"));
        assert_eq!(ends(verb, act).await, expected, "{verb}");
    }
    for (verb, said, reason, reply) in [
        ("RCPT", "550 no\r\n", Reason::Recipient, "550"),
        ("RCPT", "550 5.4.1 no\r\n", Reason::Recipient, "550 5.4.1"),
        (".", "550 5.2.1 closed\r\n", Reason::Recipient, "550 5.2.1"),
        (".", "552 too big\r\n", Reason::Content, "552"),
        ("DATA", "554 5.6.0 what\r\n", Reason::Content, "554 5.6.0"),
        (
            "MAIL",
            "550 5.6.7 no UTF-8\r\n",
            Reason::NoSmtpUtf8,
            "550 5.6.7",
        ),
    ] {
        let expected = Refused(trouble(reason, reply));
        assert_eq!(ends(verb, Act::Say(said)).await, expected, "{verb} {said}");
    }
}

#[tokio::test]
async fn what_is_the_operators_fault_loses_no_letter() {
    for (verb, said, reason, reply) in [
        (
            "connect",
            "554 5.7.1 blocked\r\n",
            Reason::Access,
            "554 5.7.1",
        ),
        ("EHLO", "550 who\r\n", Reason::Access, "550"),
        (
            "MAIL",
            "530 5.7.0 authenticate\r\n",
            Reason::Access,
            "530 5.7.0",
        ),
        ("MAIL", "550 sender\r\n", Reason::Access, "550"),
        ("RCPT", "530 authenticate\r\n", Reason::Access, "530"),
        (
            "RCPT",
            "554 5.7.1 relay denied\r\n",
            Reason::Sender,
            "554 5.7.1",
        ),
        (
            "RCPT",
            "450 4.1.8 no such domain\r\n",
            Reason::Sender,
            "450 4.1.8",
        ),
        (".", "550 5.7.515 DKIM\r\n", Reason::Sender, "550 5.7.515"),
        (
            ".",
            "550-5.7.26 SPF\r\n550 5.7.26 DKIM\r\n",
            Reason::Sender,
            "550 5.7.26",
        ),
        (
            ".",
            "421 4.7.32 alignment\r\n",
            Reason::Sender,
            "421 4.7.32",
        ),
    ] {
        let expected = Deferred(trouble(reason, reply));
        assert_eq!(ends(verb, Act::Say(said)).await, expected, "{verb} {said}");
    }
}

/// RFC 5321 §4.5.3.1.10.
#[tokio::test]
async fn a_full_mailbox_is_temporary() {
    let expected = Deferred(trouble(Reason::Deferred, "552 5.2.2"));
    assert_eq!(ends("RCPT", Act::Say("552 5.2.2 full\r\n")).await, expected);
}

/// A reply is its numbers: whatever its words are written in.
#[tokio::test]
async fn a_reply_that_is_not_ascii_is_understood() {
    let double = Double::start(|point| {
        (point.verb == "RCPT").then_some(Act::SayOctets(b"550 5.1.1 bo\xeete inconnue\r\n"))
    })
    .await;
    let expected = Refused(trouble(Reason::Recipient, "550 5.1.1"));
    assert_eq!(relay(&double).deliver(&confirmation()).await, expected);
}

/// Neither a line without end nor a reply without end fills the memory.
#[tokio::test]
async fn a_reply_without_end_is_cut_off() {
    for octets in [&b"2"[..], b"250-more\r\n"] {
        let double =
            Double::start(move |point| (point.verb == "RCPT").then_some(Act::Flood(octets))).await;
        assert_eq!(
            relay(&double).deliver(&confirmation()).await,
            broken("RCPT")
        );
    }
}

/// Before the final dot a stopped hand-over is surely not taken; after it, the answer is awaited.
#[tokio::test]
async fn a_hand_over_that_is_cut_short_is_known_not_to_be_taken() {
    for (verb, expected) in [
        ("connect", Deferred(Reason::Stopped.into())),
        ("RCPT", Deferred(Reason::Stopped.into())),
        (".", Uncertain),
    ] {
        let double = Double::start(at(verb, Act::Hang)).await;
        let timeouts = Timeouts {
            final_dot: SHORT * 4,
            ..Timeouts::default()
        };
        let relay = relay_with(&format!("smtp://127.0.0.1:{}", double.port), timeouts);
        let message = confirmation();
        let cut = async {
            tokio::time::sleep(SHORT).await;
            relay.cut_short();
        };
        let (ended, ()) = tokio::join!(relay.deliver(&message), cut);
        assert_eq!(ended, expected, "{verb}");
    }
}

#[tokio::test]
async fn a_network_that_fails_before_the_final_dot_defers_the_letter() {
    for verb in ["connect", "EHLO", "MAIL", "RCPT", "DATA"] {
        for act in [
            Act::Close,
            Act::Say("gar\u{1}bage\r\n"),
            Act::SayAndClose("250-half a rep"),
        ] {
            assert_eq!(ends(verb, act).await, broken(verb), "{verb} {act:?}");
        }
    }
    assert_eq!(
        ends("DATA", Act::Say("250 not 354\r\n")).await,
        broken("DATA")
    );
    let nobody = relay_to("smtp://127.0.0.1:1");
    assert_eq!(nobody.deliver(&confirmation()).await, broken("connect"));
}

#[tokio::test]
async fn silence_after_the_final_dot_is_uncertain() {
    assert_eq!(ends(".", Act::Close).await, Uncertain);
    assert_eq!(ends(".", Act::Say("garbage\r\n")).await, Uncertain);
    assert_eq!(ends(".", Act::Say("354 go on?\r\n")).await, Uncertain);

    let double = Double::start(at(".", Act::Hang)).await;
    let timeouts = Timeouts {
        final_dot: SHORT,
        ..Timeouts::default()
    };
    let relay = relay_with(&format!("smtp://127.0.0.1:{}", double.port), timeouts);
    assert_eq!(relay.deliver(&confirmation()).await, Uncertain);
    assert_eq!(double.seen().contents.len(), 1);
}

#[tokio::test]
async fn a_relay_that_hangs_anywhere_ends_in_a_deferred_letter() {
    let timeouts = Timeouts {
        step: SHORT,
        ..Timeouts::default()
    };
    for verb in ["connect", "EHLO", "MAIL", "RCPT", "DATA"] {
        let double = Double::start(at(verb, Act::Hang)).await;
        let relay = relay_with(&format!("smtp://127.0.0.1:{}", double.port), timeouts);
        assert_eq!(relay.deliver(&confirmation()).await, broken(verb), "{verb}");
    }
}

#[tokio::test]
async fn a_connection_serves_one_letter_after_the_other() {
    let double = Double::start(|_| None).await;
    let relay = relay(&double);
    for _ in 0..5 {
        assert_eq!(relay.deliver(&confirmation()).await, Accepted);
    }
    let seen = double.seen();
    assert_eq!((seen.connections, seen.contents.len()), (1, 5));
}

#[tokio::test]
async fn a_refused_letter_does_not_spoil_the_connection() {
    let double = Double::start(|point| {
        (point.verb == "RCPT" && point.taken == 0).then_some(Act::Say("550 5.1.1 no\r\n"))
    })
    .await;
    let relay = relay(&double);
    let refused = Refused(trouble(Reason::Recipient, "550 5.1.1"));
    assert_eq!(relay.deliver(&confirmation()).await, refused);
    assert_eq!(relay.deliver(&confirmation()).await, refused);
    let seen = double.seen();
    assert_eq!(seen.connections, 1);
    assert_eq!(
        seen.verbs(),
        ["EHLO", "MAIL", "RCPT", "RSET", "MAIL", "RCPT", "RSET"]
    );
}

/// Yahoo ends a connection after some messages without a word: the next letter goes at once over
/// a new one, and none is lost or doubled.
#[tokio::test]
async fn a_connection_that_ended_silently_costs_no_letter() {
    for act in [Act::Close, Act::Say("421 too many\r\n")] {
        let double =
            Double::start(move |point| (point.verb == "MAIL" && point.taken == 2).then_some(act))
                .await;
        let relay = relay(&double);
        for _ in 0..6 {
            assert_eq!(relay.deliver(&confirmation()).await, Accepted);
        }
        let seen = double.seen();
        assert_eq!((seen.connections, seen.contents.len()), (3, 6), "{act:?}");
    }
}

/// Only the first command may be said twice: what broke later may have been heard.
#[tokio::test]
async fn a_connection_that_breaks_later_is_not_tried_again_at_once() {
    let double = Double::start(|point| {
        (point.verb == "." && point.connection == 0 && point.taken == 1).then_some(Act::Close)
    })
    .await;
    let relay = relay(&double);
    assert_eq!(relay.deliver(&confirmation()).await, Accepted);
    assert_eq!(relay.deliver(&confirmation()).await, Uncertain);
    assert_eq!(double.seen().contents.len(), 2);
}

#[tokio::test]
async fn no_more_connections_than_allowed_are_open() {
    let double = Double::start(|_| None).await;
    let url = SmtpUrl::parse(&format!("smtp://127.0.0.1:{}", double.port)).unwrap();
    let settings = SmtpSettings {
        connections: 3,
        ..SmtpSettings::new("velmarin.example")
    };
    let relay = std::sync::Arc::new(SmtpRelay::new(url, settings).unwrap());
    let mut letters = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let relay = std::sync::Arc::clone(&relay);
        letters.spawn(async move { relay.deliver(&confirmation()).await });
    }
    assert!(
        letters
            .join_all()
            .await
            .iter()
            .all(|ended| *ended == Accepted)
    );
    let seen = double.seen();
    assert_eq!(seen.contents.len(), 40);
    assert!(seen.connections <= 3, "{}", seen.connections);
}

fn to(recipient: &str) -> Message {
    let mut letter = letter(LetterKind::Confirmation, Language::En);
    letter.to = address(recipient);
    message(&letter)
}

/// RFC 6531 §3.2.
#[tokio::test]
async fn a_local_part_beyond_ascii_needs_smtputf8() {
    let double = Double::start(|_| None).await;
    assert_eq!(
        relay(&double).deliver(&to("用户@example.org")).await,
        Accepted
    );
    assert_eq!(
        double.seen().commands[1],
        "MAIL FROM:<news@velmarin.example> SMTPUTF8"
    );

    let double = Double::start(at("EHLO", Act::Say("250 double\r\n"))).await;
    let relay = relay(&double);
    assert_eq!(
        relay.deliver(&to("用户@example.org")).await,
        Refused(Reason::NoSmtpUtf8.into())
    );
    assert_eq!(relay.deliver(&to("user@例子.公司")).await, Accepted);
    assert_eq!(double.seen().connections, 1);
}

#[tokio::test]
async fn dots_at_the_beginning_of_lines_are_stuffed() {
    let double = Double::start(|_| None).await;
    let mut message = confirmation();
    message.octets = b"Subject: x\r\n\r\n.\r\n..\r\nQUIT\r\n.end\r\n".to_vec();
    assert_eq!(relay(&double).deliver(&message).await, Accepted);
    assert_eq!(
        double.seen().contents[0],
        b"Subject: x\r\n\r\n..\r\n...\r\nQUIT\r\n..end\r\n"
    );
}

#[tokio::test]
async fn credentials_are_shown_by_plain_or_by_login() {
    let plain = Double::start(|_| None).await;
    let url = |double: &Double| format!("smtp://us%65r:p%40ss@127.0.0.1:{}", double.port);
    assert_eq!(
        relay_to(&url(&plain)).deliver(&confirmation()).await,
        Accepted
    );
    assert_eq!(plain.seen().commands[1], "AUTH PLAIN AHVzZXIAcEBzcw==");

    let login = Double::start(|point| match point.verb {
        "EHLO" => Some(Act::Say("250-double\r\n250 AUTH LOGIN\r\n")),
        "AUTH" => Some(Act::Say("334 VXNlcm5hbWU6\r\n")),
        "dXNlcg==" => Some(Act::Say("334 UGFzc3dvcmQ6\r\n")),
        "cEBzcw==" => Some(Act::Say("235 welcome\r\n")),
        _ => None,
    })
    .await;
    assert_eq!(
        relay_to(&url(&login)).deliver(&confirmation()).await,
        Accepted
    );

    let wrong = Double::start(at("AUTH", Act::Say("535 5.7.8 wrong\r\n"))).await;
    assert_eq!(
        relay_to(&url(&wrong)).deliver(&confirmation()).await,
        Deferred(trouble(Reason::Access, "535 5.7.8"))
    );

    let none = Double::start(at("EHLO", Act::Say("250 double\r\n"))).await;
    assert_eq!(
        relay_to(&url(&none)).deliver(&confirmation()).await,
        Deferred(Reason::Access.into())
    );
    assert_eq!(none.seen().verbs(), ["EHLO"]);
}

#[tokio::test]
async fn a_probe_sends_no_letter() {
    let double = Double::start(|_| None).await;
    let relay = relay_to(&format!("smtp://user:secret@127.0.0.1:{}", double.port));
    let report = relay.probe().await.unwrap();
    assert_eq!(
        (report.tls, report.authenticated, report.smtputf8),
        (None, true, true)
    );
    assert_eq!(double.seen().verbs(), ["EHLO", "AUTH", "EHLO", "QUIT"]);

    let double = Double::start(at(
        "connect",
        Act::Say("554 5.7.1 go away anna@example.org\r\n"),
    ))
    .await;
    let error = self::relay(&double).probe().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the relay answered 554 (5.7.1), at greeting and EHLO"
    );
    assert!(error.is_operators());
}
