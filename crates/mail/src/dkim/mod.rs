//! DKIM: signatures over the final octets (RFC 6376, RFC 8301; Ed25519 by RFC 8463).
//!
//! Written here over `aws-lc-rs` because the crates that sign also bring a resolver, a JSON parser or
//! the `rsa` crate with its timing attack, and because what is signed is a promise (S0-45): both
//! RFC 8058 fields, with a second name for every field that must not be added on the way.

pub(crate) mod canonical;
mod key;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use thiserror::Error;

pub use key::{DkimKey, DkimKeyError, DnsRecord};

/// The signed fields (RFC 6376 §5.4.1; RFC 8058 §4), and whether each is named once more than it
/// occurs, so that a field added on the way breaks the signature (§8.15).
const SIGNED: [(&str, bool); 11] = [
    ("From", true),
    ("To", true),
    ("Subject", true),
    ("Date", true),
    ("Reply-To", true),
    ("List-Unsubscribe", true),
    ("List-Unsubscribe-Post", true),
    ("Message-ID", false),
    ("List-Id", false),
    ("MIME-Version", false),
    ("Content-Type", false),
];

/// Characters of a signature or of the list of fields on one line.
const LINE: usize = 70;

/// The octets are no message, or the key failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DkimError {
    /// There is no empty line after headers in UTF-8.
    #[error("the octets are not a message")]
    NotAMessage,
    /// The private key made no signature.
    #[error("the private key made no signature")]
    Key,
}

/// Signs messages with one key or with several: RSA, which everybody checks, and Ed25519.
#[derive(Debug, Default)]
pub struct Dkim {
    keys: Vec<DkimKey>,
}

impl Dkim {
    /// A signer that adds one signature per key.
    pub fn new(keys: Vec<DkimKey>) -> Self {
        Self { keys }
    }

    /// The keys, for the DNS records to publish.
    pub fn keys(&self) -> &[DkimKey] {
        &self.keys
    }

    /// The message with a `DKIM-Signature` on top for each key; as it is without a key.
    ///
    /// `message` must be final: whatever changes a signed octet afterwards breaks the signature.
    /// The signature covers the whole body (no `l=`) and does not expire (no `x=`).
    pub fn sign(&self, message: &[u8], at: Timestamp) -> Result<Vec<u8>, DkimError> {
        if self.keys.is_empty() {
            return Ok(message.to_vec());
        }
        let (headers, body) = canonical::split(message).ok_or(DkimError::NotAMessage)?;
        let body_hash = digest(&SHA256, &canonical::body(body));
        let body_hash = BASE64_STANDARD.encode(body_hash);
        let fields = canonical::fields(headers);

        let mut names = Vec::new();
        let mut signed = Vec::new();
        for (name, is_guarded) in SIGNED {
            // From the bottom up, as a verifier takes them (RFC 6376 §5.4.2).
            let occurrences = fields.iter().rev().filter(|field| field.has_name(name));
            for field in occurrences {
                names.push(name);
                signed.extend_from_slice(field.canonical().as_bytes());
            }
            if is_guarded {
                names.push(name);
            }
        }

        let mut output = Vec::with_capacity(message.len() + self.keys.len() * 1024);
        for key in &self.keys {
            let header = signature_header(key, at, &names, &body_hash);
            let mut input = signed.clone();
            // The signature's own field comes last, without its value and without a line end.
            let own = canonical::Field::new(&header).canonical();
            input.extend_from_slice(own.trim_end_matches("\r\n").as_bytes());
            let signature = BASE64_STANDARD.encode(key.sign(&input)?);
            output.extend_from_slice(header.as_bytes());
            for line in signature.as_bytes().chunks(LINE) {
                output.extend_from_slice(b"\r\n\t");
                output.extend_from_slice(line);
            }
            output.extend_from_slice(b"\r\n");
        }
        output.extend_from_slice(message);
        Ok(output)
    }
}

/// The field up to and with `b=`.
fn signature_header(key: &DkimKey, at: Timestamp, names: &[&str], body_hash: &str) -> String {
    let mut listed = String::new();
    let mut column = 0;
    for (at, name) in names.iter().enumerate() {
        if at > 0 {
            listed.push(':');
        }
        if column + name.len() >= LINE {
            listed.push_str("\r\n\t ");
            column = 0;
        }
        listed.push_str(name);
        column += name.len() + 1;
    }
    format!(
        "DKIM-Signature: v=1; a={}; c=relaxed/relaxed;\r\n\td={}; s={}; t={};\r\n\t\
         h={listed};\r\n\tbh={body_hash};\r\n\tb=",
        key.algorithm(),
        key.domain(),
        key.selector(),
        at.as_second().max(0),
    )
}
