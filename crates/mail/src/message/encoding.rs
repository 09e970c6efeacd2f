//! How text is put into headers and bodies: RFC 2047 encoded words, RFC 5322 quoted strings,
//! RFC 2045 quoted-printable.

use std::fmt::Write as _;

use base64::{Engine, prelude::BASE64_STANDARD};

/// Lines should not be longer (RFC 5322 §2.1.1).
const LINE: usize = 78;

/// Octets in one encoded word: with `=?utf-8?B?…?=` around them and the longest header name
/// before them, the line stays within 76 characters (RFC 2047 §2).
const WORD_OCTETS: usize = 39;

/// Lines of quoted-printable, the soft line break included (RFC 2045 §6.7).
const QUOTED_PRINTABLE_LINE: usize = 76;

/// A header of free text.
pub(super) fn unstructured(name: &str, text: &str) -> String {
    let line = format!("{name}: {text}");
    if line.len() <= LINE && is_plain(text) {
        line
    } else {
        format!("{name}: {}", encoded_words(text))
    }
}

/// A header of a name and an address in angle brackets: `From`, `List-Id`.
pub(super) fn mailbox(name: &str, display: &str, address: &str) -> String {
    let phrase = if is_plain(display) && display.len() <= LINE / 2 {
        format!("\"{}\"", display.replace('\\', r"\\").replace('"', "\\\""))
    } else {
        encoded_words(display)
    };
    let last_line = phrase.rsplit("\r\n").next().map_or(0, str::len);
    let gap = if name.len() + 2 + last_line + 3 + address.len() <= LINE {
        " "
    } else {
        "\r\n "
    };
    format!("{name}: {phrase}{gap}<{address}>")
}

/// Whether text can stand in a header as it is.
fn is_plain(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte == b' ' || byte.is_ascii_graphic())
        && text.trim() == text
        && !text.contains("=?")
}

/// RFC 2047 §4.1, each word a whole number of characters, one word a line.
fn encoded_words(text: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut end = rest.len().min(WORD_OCTETS);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (word, after) = rest.split_at(end);
        words.push(format!("=?utf-8?B?{}?=", BASE64_STANDARD.encode(word)));
        rest = after;
    }
    words.join("\r\n ")
}

/// RFC 2045 §6.7: text with LF line ends to lines of at most 76 characters with CRLF.
pub(super) fn quoted_printable(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() + text.len() / 8);
    for line in text.split('\n') {
        let mut column = 0;
        let last = line.len().saturating_sub(1);
        for (at, byte) in line.bytes().enumerate() {
            let is_blank = byte == b' ' || byte == b'\t';
            let is_literal = if is_blank {
                at < last
            } else {
                byte.is_ascii_graphic() && byte != b'='
            };
            let width = if is_literal { 1 } else { 3 };
            // One column stays free for the `=` of a soft line break.
            if column + width >= QUOTED_PRINTABLE_LINE {
                encoded.push_str("=\r\n");
                column = 0;
            }
            if is_literal {
                encoded.push(char::from(byte));
            } else {
                // Writing to a string cannot fail.
                let _ = write!(encoded, "={byte:02X}");
            }
            column += width;
        }
        encoded.push_str("\r\n");
    }
    // `split` gives one line more than there are line ends.
    encoded.truncate(encoded.len() - 2);
    encoded
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use mail_parser::MessageParser;
    use proptest::prelude::*;

    use super::{mailbox, quoted_printable, unstructured};

    #[test]
    fn short_ascii_stands_as_it_is() {
        assert_eq!(
            unstructured("Subject", "Please confirm"),
            "Subject: Please confirm"
        );
        assert_eq!(
            mailbox("From", "Portal \"X\"", "news@example.org"),
            "From: \"Portal \\\"X\\\"\" <news@example.org>"
        );
    }

    #[test]
    fn accents_become_encoded_words() {
        assert_eq!(
            mailbox("From", "Société", "news@example.org"),
            "From: =?utf-8?B?U29jacOpdMOp?= <news@example.org>"
        );
    }

    #[test]
    fn quoted_printable_keeps_ascii_readable() {
        assert_eq!(quoted_printable("a=b é \nend"), "a=3Db =C3=A9=20\r\nend");
    }

    fn parsed(message: &str) -> mail_parser::Message<'_> {
        MessageParser::default().parse(message).unwrap()
    }

    proptest! {
        #[test]
        fn any_subject_comes_back_and_breaks_out_of_nothing(text in "\\PC{1,200}") {
            let header = unstructured("Subject", &text);
            for line in header.split("\r\n") {
                prop_assert!(line.len() <= 78);
                prop_assert!(!line.contains(['\r', '\n']));
            }
            for continuation in header.split("\r\n").skip(1) {
                prop_assert!(continuation.starts_with(" =?utf-8?B?"));
            }
            let message = format!("{header}\r\n\r\n");
            let message = parsed(&message);
            prop_assert_eq!(message.subject().unwrap_or_default().trim(), text.trim());
            prop_assert_eq!(message.headers().len(), 1);
        }

        #[test]
        fn any_display_name_comes_back(name in "\\PC{1,120}") {
            let header = mailbox("From", &name, "news@example.org");
            prop_assert!(header.split("\r\n").all(|line| line.len() <= 78));
            let message = format!("{header}\r\n\r\n");
            let message = parsed(&message);
            let from = message.from().unwrap().first().unwrap();
            prop_assert_eq!(from.address(), Some("news@example.org"));
            prop_assert_eq!(from.name().unwrap_or_default().trim(), name.trim());
        }

        #[test]
        fn any_body_comes_back(text in "(\\PC|\n|\t| ){0,400}") {
            let encoded = quoted_printable(&text);
            prop_assert!(encoded.is_ascii());
            prop_assert!(encoded.split("\r\n").all(|line| line.len() <= 76 && !line.ends_with(' ')));
            let message = format!(
                "Content-Type: text/plain; charset=utf-8\r\n\
                 Content-Transfer-Encoding: quoted-printable\r\n\r\n{encoded}"
            );
            let message = parsed(&message);
            let body = message.body_text(0).unwrap_or_default().replace("\r\n", "\n");
            prop_assert_eq!(body, text);
        }
    }
}
