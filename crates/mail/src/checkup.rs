//! What a mail provider looks for before it shows its own unsubscribe button (RFC 8058), read from
//! the octets that go out.

use thiserror::Error;

use crate::dkim::canonical::{self, Field};

const LIST_UNSUBSCRIBE: &str = "List-Unsubscribe";
const LIST_UNSUBSCRIBE_POST: &str = "List-Unsubscribe-Post";

/// Why a mail provider would show no unsubscribe button for a message.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OneClickFault {
    /// The octets cannot be read as a message.
    #[error("the message cannot be read")]
    NotAMessage,
    /// One of the two fields is missing, or there twice (RFC 8058 §3.1).
    #[error("{0} is not there exactly once")]
    NotOnce(&'static str),
    /// The URI is not https (RFC 8058 §3.1).
    #[error("List-Unsubscribe has no https link")]
    NotHttps,
    /// The value is not the one that the RFC names (§5).
    #[error("List-Unsubscribe-Post does not say List-Unsubscribe=One-Click")]
    NotOneClick,
    /// There is no DKIM signature at all.
    #[error("no DKIM signature")]
    Unsigned,
    /// A signature leaves one of the two fields out of `h=` (§4).
    #[error("the signature {selector} does not cover {field}")]
    NotCovered {
        /// The selector of the signature.
        selector: String,
        /// The field.
        field: &'static str,
    },
}

/// Everything that is wrong with a message by RFC 8058; whether its signatures verify is for others
/// to say.
pub fn one_click_faults(message: &[u8]) -> Vec<OneClickFault> {
    let Some((headers, _)) = canonical::split(message) else {
        return vec![OneClickFault::NotAMessage];
    };
    let fields = canonical::fields(headers);
    let mut faults = Vec::new();
    for (name, is_right, fault) in [
        (
            LIST_UNSUBSCRIBE,
            has_one_https_link as fn(&str) -> bool,
            OneClickFault::NotHttps,
        ),
        (
            LIST_UNSUBSCRIBE_POST,
            |value| value == "List-Unsubscribe=One-Click",
            OneClickFault::NotOneClick,
        ),
    ] {
        match values(&fields, name).as_slice() {
            [value] if is_right(value) => {}
            [_] => faults.push(fault),
            _ => faults.push(OneClickFault::NotOnce(name)),
        }
    }
    let signatures = values(&fields, "DKIM-Signature");
    if signatures.is_empty() {
        faults.push(OneClickFault::Unsigned);
    }
    for signature in &signatures {
        let covered = tag(signature, "h");
        for field in [LIST_UNSUBSCRIBE, LIST_UNSUBSCRIBE_POST] {
            if !covered
                .split(':')
                .any(|name| name.eq_ignore_ascii_case(field))
            {
                faults.push(OneClickFault::NotCovered {
                    selector: tag(signature, "s"),
                    field,
                });
            }
        }
    }
    faults
}

fn has_one_https_link(value: &str) -> bool {
    value.matches("<https://").count() == 1 && !value.contains("<http://")
}

fn values(fields: &[Field<'_>], name: &str) -> Vec<String> {
    let named = fields.iter().filter(|field| field.has_name(name));
    named
        .map(|field| {
            let canonical = field.canonical();
            let (_, value) = canonical.split_once(':').unwrap_or_default();
            value.trim_end().to_owned()
        })
        .collect()
}

/// The value of a tag of a signature, without white space (RFC 6376 §3.2).
fn tag(signature: &str, name: &str) -> String {
    let tags = signature.split(';').filter_map(|tag| tag.split_once('='));
    tags.filter(|(tag, _)| tag.trim() == name)
        .map(|(_, value)| value.split_whitespace().collect())
        .next()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{OneClickFault, one_click_faults};

    const GOOD: &str = "DKIM-Signature: v=1; s=s1; h=From:List-Unsubscribe:\r\n\t \
        List-Unsubscribe-Post; b=x\r\n\
        From: a@example.org\r\n\
        List-Unsubscribe: <https://example.org/unsubscribe/x>\r\n\
        List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\nbody\r\n";

    fn faults(from: &str, to: &str) -> Vec<OneClickFault> {
        assert!(GOOD.contains(from));
        one_click_faults(GOOD.replace(from, to).as_bytes())
    }

    #[test]
    fn a_message_as_the_rfc_wants_it_has_no_fault() {
        assert_eq!(one_click_faults(GOOD.as_bytes()), []);
    }

    #[test]
    fn each_fault_is_found() {
        assert_eq!(faults("<https", "<http"), [OneClickFault::NotHttps]);
        assert_eq!(
            faults("One-Click\r\n", "One-Click, please\r\n"),
            [OneClickFault::NotOneClick]
        );
        assert_eq!(
            faults("From: a", "List-Unsubscribe: <https://x>\r\nFrom: a"),
            [OneClickFault::NotOnce("List-Unsubscribe")]
        );
        assert_eq!(faults("DKIM-", "X-"), [OneClickFault::Unsigned]);
        assert_eq!(
            faults("\r\n\t List-Unsubscribe-Post;", "Date;"),
            [OneClickFault::NotCovered {
                selector: "s1".to_owned(),
                field: "List-Unsubscribe-Post",
            }]
        );
        assert_eq!(
            one_click_faults(b"no message"),
            [OneClickFault::NotAMessage]
        );
    }
}
