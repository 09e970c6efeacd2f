//! How letters are written: headers, parts, octets.

use std::sync::Arc;

use consentry_domain::LetterKind;
use consentry_mail::{LetterRenderer, RenderError};
use consentry_policy::{Language, Policy};
use mail_parser::MessageParser;
use proptest::prelude::*;

use crate::samples::{DEMO, address, every_letter, headers, letter, message, renderer};

#[test]
fn the_octets_of_a_letter_are_agreed() {
    let message = message(&letter(LetterKind::Confirmation, Language::Fr));
    let text = String::from_utf8(message.octets).unwrap();
    insta::assert_snapshot!("confirmation-fr-octets", text.replace("\r\n", "\n"));
}

/// S0-44: both RFC 8058 fields, once each, exact, on one line, in every letter.
#[test]
fn every_letter_works_with_the_native_unsubscribe_button() {
    for letter in every_letter() {
        let headers = headers(&message(&letter).octets);
        let lines: Vec<&str> = headers
            .split("\r\n")
            .filter(|line| line.to_ascii_lowercase().starts_with("list-unsubscribe"))
            .collect();
        let uri = format!("List-Unsubscribe: <{}>", letter.unsubscribe_url.expose());
        assert_eq!(
            lines,
            [&uri, "List-Unsubscribe-Post: List-Unsubscribe=One-Click"]
        );
    }
}

#[test]
fn octets_are_lines_that_every_relay_takes() {
    for letter in every_letter() {
        let message = message(&letter);
        assert!(message.octets.is_ascii());
        let text = String::from_utf8(message.octets).unwrap();
        assert!(text.ends_with("\r\n"));
        for line in text.split("\r\n") {
            assert!(!line.contains(['\r', '\n']));
            assert!(
                line.len() <= 78 || line.starts_with("List-Unsubscribe: "),
                "{line}"
            );
        }
        assert!(!text.contains('⟦'));
    }
}

#[test]
fn a_letter_parses_back_as_it_was_meant() {
    for letter in every_letter() {
        let message = message(&letter);
        let parsed = MessageParser::default().parse(&message.octets).unwrap();
        assert_eq!(parsed.subject(), Some(message.letter.subject.as_str()));
        assert_eq!(
            parsed.body_text(0).unwrap().replace("\r\n", "\n"),
            message.letter.text
        );
        assert_eq!(
            parsed.body_html(0).unwrap().replace("\r\n", "\n"),
            message.letter.html
        );
        let id = format!("00c0ffee01234567.{}@velmarin.example", letter.kind);
        assert_eq!(parsed.message_id(), Some(id.as_str()));
        assert_eq!(
            parsed.date().unwrap().to_timestamp(),
            letter.date.as_second()
        );
        assert_eq!(parsed.text_body_count(), 1);
        assert_eq!(parsed.attachment_count(), 0);
    }
}

#[test]
fn every_field_stands_once() {
    for letter in every_letter() {
        let headers = headers(&message(&letter).octets);
        let mut names: Vec<&str> = headers
            .split("\r\n")
            .filter(|line| !line.starts_with([' ', '\t']))
            .map(|line| line.split_once(':').unwrap().0)
            .collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}

#[test]
fn every_try_of_a_letter_has_the_same_message_id() {
    let first = letter(LetterKind::Confirmation, Language::En);
    let mut again = first.clone();
    again.date = "2026-11-23T00:00:00Z".parse().unwrap();
    let id = |letter| {
        let headers = headers(&message(letter).octets);
        headers
            .split("\r\n")
            .find(|line| line.starts_with("Message-ID"))
            .unwrap()
            .to_owned()
    };
    assert_eq!(id(&first), id(&again));
}

#[test]
fn an_international_domain_needs_no_smtputf8() {
    let mut letter = letter(LetterKind::Confirmation, Language::En);
    letter.to = address("anna@москва.рф");
    let message = message(&letter);
    assert_eq!(message.recipient, "anna@xn--80adxhks.xn--p1ai");
    assert!(headers(&message.octets).contains("To: <anna@xn--80adxhks.xn--p1ai>"));
    assert!(message.octets.is_ascii());
}

#[test]
fn a_sender_that_breaks_out_of_its_header_is_refused() {
    // TOML allows the escape; the policy or the renderer refuses it.
    let source = DEMO.replace(
        "from_name = \"Velmarin Portal\"",
        "from_name = \"Portal\\r\\nBcc: eve@example.org\"",
    );
    if let Ok(policy) = Policy::parse(&source, "test.toml") {
        let sender = policy.mail.from.clone();
        let refused = LetterRenderer::new(Arc::new(policy), sender);
        assert!(matches!(
            refused,
            Err(RenderError::ControlCharacter("mail.from_name"))
        ));
    }
    let policy = Arc::new(Policy::demo());
    let refused = LetterRenderer::new(policy, address("用户@velmarin.example"));
    assert!(matches!(refused, Err(RenderError::SenderNotAscii)));
}

#[test]
fn the_reply_address_is_set_where_the_policy_has_one() {
    let letter = letter(LetterKind::Confirmation, Language::En);
    assert!(!headers(&message(&letter).octets).contains("Reply-To"));
    let source = DEMO.replace("# reply_to = ", "reply_to = ");
    let policy = Policy::parse(&source, "test.toml").unwrap();
    let octets = renderer(policy).message(&letter).unwrap().octets;
    assert!(headers(&octets).contains("\r\nReply-To: <contact@velmarin.example>\r\n"));
}

#[test]
fn debug_prints_nothing_of_a_letter() {
    let message = message(&letter(LetterKind::Confirmation, Language::En));
    assert_eq!(
        format!("{message:?} {:?}", message.letter),
        "[message] [letter]"
    );
}

proptest! {
    /// Whatever address the parser lets through, the message has the same fields.
    #[test]
    fn no_address_adds_a_header(local in "\\PC{1,20}", domain in "[a-z]{1,10}\\.[a-z]{2,5}") {
        let typed = format!("{local}@{domain}");
        let Ok(to) = consentry_address::EmailAddress::parse(&typed) else {
            return Ok(());
        };
        let mut letter = letter(LetterKind::Confirmation, Language::En);
        let expected = MessageParser::default()
            .parse(&message(&letter).octets).unwrap().headers().len();
        letter.to = to;
        let message = message(&letter);
        let parsed = MessageParser::default().parse(&message.octets).unwrap();
        prop_assert_eq!(parsed.headers().len(), expected);
        prop_assert_eq!(parsed.to().unwrap().first().unwrap().address(), Some(message.recipient.as_str()));
    }
}
