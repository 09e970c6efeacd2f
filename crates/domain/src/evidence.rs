//! Evidence: what happened, when, on which basis and under which notice.

use std::{fmt, str::FromStr, sync::Arc};

use consentry_policy::{LegalBasis, NoticeVersion, TopicId};
use jiff::Timestamp;
use thiserror::Error;

use crate::text_enum;

text_enum! {
    /// What a consent event records.
    Action {
        /// Somebody asked for a topic; nothing is confirmed yet.
        Requested => "requested",
        /// Somebody who had left asked for a topic again (GDPR art. 7; S0-57).
        RequestedAgain => "requested-again",
        /// The mailbox's owner agreed (S0-26).
        Confirmed => "confirmed",
        /// The one reminder was queued (S0-31).
        Reminded => "reminded",
        /// A topic, or everything, was left: the right to object (GDPR art. 21; S0-54).
        Objected => "objected",
        /// Processing was restricted (GDPR art. 18).
        Restricted => "restricted",
        /// The restriction was lifted (GDPR art. 18(3)).
        RestrictionLifted => "restriction-lifted",
        /// A new address was asked for (GDPR art. 16; S0-39).
        RectificationRequested => "rectification-requested",
        /// The owner of the new address did not ask for it.
        RectificationWithdrawn => "rectification-withdrawn",
        /// The new address was confirmed and replaced the old one.
        Rectified => "rectified",
        /// A copy of the data was handed over (GDPR art. 15 and 20; S0-38, S0-41).
        Exported => "exported",
        /// Erasure was asked for (GDPR art. 17; S0-60).
        ErasureRequested => "erasure-requested",
        /// The record came from a file of the operator's (GDPR art. 14; S3-76).
        Imported => "imported",
    }
}

text_enum! {
    /// Through which door a request came.
    Channel {
        /// The form on the home page.
        Form => "form",
        /// The same form, sent as JSON.
        Json => "json",
        /// A link in a mail and the page behind it.
        Link => "link",
        /// The mail program's own button (RFC 8058).
        OneClick => "one-click",
        /// The operator's command line, on behalf of the person.
        Admin => "admin",
        /// A program with a key of the JSON API, on behalf of the person.
        Api => "api",
        /// The software itself, on a date set by the policy.
        Schedule => "schedule",
        /// A restore, which repeats what happened after the backup was taken (S0-65).
        Restore => "restore",
        /// A file of the operator's.
        Import => "import",
    }
}

impl Channel {
    /// Whether the person did it, or somebody on the person's behalf.
    pub fn is_the_persons(self) -> bool {
        !matches!(self, Self::Schedule | Self::Import)
    }
}

/// What a decision proves: the content of a consent event, before it has a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub action: Action,
    /// Through which door.
    pub channel: Channel,
    /// The topic concerned; `None` is everything.
    pub topic: Option<TopicId>,
    /// The legal basis that the topic rests on from here; `None` where none is concerned.
    pub basis: Option<LegalBasis>,
    /// The notice that was shown.
    pub notice: NoticeVersion,
    /// Where it comes from, when not from the person.
    pub provenance: Option<Provenance>,
}

/// What is known of data that did not come from the person (GDPR art. 14(2)(f); S3-76).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// Where the operator has it from.
    pub source: Source,
    /// When the person agreed there, where the operator can prove that (GDPR art. 7(1)).
    pub agreed_at: Option<Timestamp>,
}

/// Where the operator has a person's data from, in the operator's words: handed to that person
/// with a copy of their data. Clones share the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source(Arc<str>);

/// A text is no description of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected 1 to {} characters on one line", Source::MAX_CHARS)]
pub struct SourceError;

impl Source {
    /// Characters at most.
    pub const MAX_CHARS: usize = 200;
}

impl FromStr for Source {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, SourceError> {
        let text = text.trim();
        let is_short = (1..=Self::MAX_CHARS).contains(&text.chars().count());
        if !is_short || text.contains(char::is_control) {
            return Err(SourceError);
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The number under which a person can name a consent event: random, it links to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Receipt(String);

impl Receipt {
    /// A receipt from 16 random bytes, written as 32 hexadecimal digits.
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(format!("{:032x}", u128::from_be_bytes(bytes)))
    }

    /// A receipt read back from a store.
    pub fn stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl AsRef<str> for Receipt {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One line of the append-only record of what a person agreed to and objected to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentEvent {
    /// Its receipt.
    pub receipt: Receipt,
    /// What it proves.
    pub evidence: Evidence,
}
