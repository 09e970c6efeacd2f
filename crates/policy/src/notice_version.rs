//! The version that a consent event pins.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

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
    /// The version of a policy that declares `declared` and whose canonical form has this digest.
    pub(crate) fn new(declared: &str, digest: &[u8; 32]) -> Self {
        let [a, b, c, d, ..] = *digest;
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
