//! Names that appear in URLs, database rows and the policy file.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A name is not 1 to 40 lower-case letters, digits and hyphens.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("expected 1 to 40 characters out of a-z, 0-9 and the hyphen")]
pub struct SlugError;

/// Characters.
const LONGEST: usize = 40;

fn checked(text: &str) -> Result<Box<str>, SlugError> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=LONGEST).contains(&text.len()) && text.bytes().all(allowed) {
        Ok(text.into())
    } else {
        Err(SlugError)
    }
}

macro_rules! slug {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// 1 to 40 characters out of `a-z`, `0-9` and the hyphen.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Box<str>);

        impl $name {
            /// The name as written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = SlugError;

            fn from_str(text: &str) -> Result<Self, SlugError> {
                checked(text).map(Self)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

slug! {
    /// Names one controller (GDPR art. 4(7)); every row and every query carries it.
    ControllerId
}
slug! {
    /// Names one topic: a communication that a person can leave on its own.
    TopicId
}
slug! {
    /// Names one purpose of processing (GDPR art. 5(1)(b)).
    PurposeId
}
slug! {
    /// Names one dataset.
    DatasetId
}
slug! {
    /// Names one recipient, or a kind of recipients (GDPR art. 4(9)).
    RecipientId
}
slug! {
    /// Names something within a policy file.
    Slug
}

impl Slug {
    /// A name of its own for what had this one in a version, where something else has it now.
    pub(crate) fn of_version(&self, number: usize) -> Self {
        let suffix = format!("-v{number}");
        let kept = self.0.len().min(LONGEST - suffix.len());
        Self(format!("{}{suffix}", &self.0[..kept]).into())
    }
}
