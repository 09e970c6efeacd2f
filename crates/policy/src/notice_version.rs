//! The version that a consent event pins.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};
use thiserror::Error;
use toml::de::{DeTable, DeValue};

/// A declared version and the fingerprint of the policy's content: `2026-11-01+9f86d081`.
///
/// Whatever changes a value of the policy changes the fingerprint, so an event that pins it proves
/// which notice was shown (GDPR art. 7(1)), even when somebody forgot to declare a new version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NoticeVersion(Box<str>);

/// A text is not a declared version, a plus sign and eight hexadecimal digits.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("expected a version such as `2026-11-01+9f86d081`")]
pub struct NoticeVersionError;

impl NoticeVersion {
    /// The version of a policy that declares `declared` and consists of `table`.
    pub(crate) fn new(declared: &str, table: &DeTable<'_>) -> Self {
        let mut canonical = String::new();
        write_table(&mut canonical, table);
        let digest = Sha256::digest(canonical.as_bytes());
        let [a, b, c, d, ..] = digest.0;
        Self(format!("{declared}+{:08x}", u32::from_be_bytes([a, b, c, d])).into())
    }

    /// A notice that is not held here, by the version that another system gave it: the
    /// fingerprint is all zeros, which no reader can take for one of ours.
    ///
    /// # Errors
    ///
    /// [`NoticeVersionError`] for a text that no policy could declare.
    pub fn held_elsewhere(declared: &str) -> Result<Self, NoticeVersionError> {
        format!("{declared}+00000000").parse()
    }

    /// The version as stored and shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The canonical form: keys sorted, no spacing, every text preceded by its length in octets.
fn write_table(out: &mut String, table: &DeTable<'_>) {
    let sorted: BTreeMap<&str, &DeValue<'_>> = table
        .iter()
        .map(|(key, value)| (key.get_ref().as_ref(), value.get_ref()))
        .collect();
    out.push('{');
    for (key, value) in sorted {
        write_text(out, key);
        write_value(out, value);
    }
    out.push('}');
}

fn write_value(out: &mut String, value: &DeValue<'_>) {
    match value {
        DeValue::Table(table) => write_table(out, table),
        DeValue::Array(items) => {
            out.push('[');
            for item in items {
                write_value(out, item.get_ref());
            }
            out.push(']');
        }
        DeValue::String(text) => write_text(out, text),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => write_scalar(out, &number.to_string()),
            Err(_) => write_scalar(out, number.as_str()),
        },
        DeValue::Float(number) => write_scalar(out, number.as_str()),
        DeValue::Boolean(flag) => write_scalar(out, &flag.to_string()),
        DeValue::Datetime(time) => write_scalar(out, &time.to_string()),
    }
}

fn write_text(out: &mut String, text: &str) {
    out.push_str(&text.len().to_string());
    out.push(':');
    out.push_str(text);
}

fn write_scalar(out: &mut String, value: &str) {
    out.push('=');
    out.push_str(value);
    out.push(';');
}

impl FromStr for NoticeVersion {
    type Err = NoticeVersionError;

    fn from_str(text: &str) -> Result<Self, NoticeVersionError> {
        match text.rsplit_once('+') {
            Some((declared, fingerprint))
                if !declared.is_empty()
                    && fingerprint.len() == 8
                    && fingerprint
                        .bytes()
                        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) =>
            {
                Ok(Self(text.into()))
            }
            _ => Err(NoticeVersionError),
        }
    }
}

impl AsRef<str> for NoticeVersion {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NoticeVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
