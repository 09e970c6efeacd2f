//! What is wrong with a file, or with one of its rows.

use std::io;

use consentry_address::AddressError;
use thiserror::Error;

/// Why nothing of a file can be imported. Names no value but those of the header.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FileError {
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
    /// No line.
    #[error("the file is empty; its first line names the columns, such as `email,topics`")]
    Empty,
    /// A byte order mark of UTF-16.
    #[error("the file is UTF-16; save it as UTF-8")]
    Utf16,
    /// The header is no text.
    #[error("the first line is not UTF-8; save the file as CSV in UTF-8")]
    HeaderNotText,
    /// The header is too long for one.
    #[error("the first line is longer than {max} bytes: is this a CSV file with line breaks?", max = crate::MAX_LINE)]
    HeaderTooLong,
    /// The header has a quotation mark too many.
    #[error("a quotation mark in the first line is never closed")]
    HeaderOpenQuote,
    /// The columns are separated by something else.
    #[error("the columns are separated by {found}, not by {expected}; pass --delimiter {option}")]
    Delimiter {
        /// What they are separated by.
        found: &'static str,
        /// What was expected.
        expected: &'static str,
        /// How to say so on the command line.
        option: &'static str,
    },
    /// There is no column of addresses.
    #[error("no column is called `email`; the first line names the columns, and it has {found}")]
    NoEmail {
        /// The names in the header.
        found: String,
    },
    /// Columns that an import does not know, with what they may mean.
    #[error("unknown {0}; take it out or pass --ignore NAME for each")]
    UnknownColumns(String),
    /// Two columns of one name.
    #[error("two columns are called `{0}`")]
    ColumnTwice(&'static str),
}

/// Why a row is refused. The codes are part of what other programs rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The address cannot be one; the code is the reason's own.
    #[error("{0}")]
    Address(AddressError),
    /// Longer than [`MAX_LINE`](crate::MAX_LINE).
    #[error("the line is longer than {max} bytes", max = crate::MAX_LINE)]
    LineTooLong,
    /// Not UTF-8.
    #[error("the line is not UTF-8")]
    NotUtf8,
    /// A field that begins with a quotation mark and does not end on its line.
    #[error("a quotation mark is never closed")]
    OpenQuote,
    /// More or fewer fields than the header names.
    #[error("the line has more or fewer fields than the first line")]
    FieldCount,
    /// The policy refuses the domain (S0-14).
    #[error("the policy refuses addresses of this domain")]
    RefusedDomain,
    /// A topic that the policy does not have.
    #[error("the policy has no such topic")]
    UnknownTopic,
    /// A language that the policy does not offer.
    #[error("the policy does not offer this language")]
    UnknownLanguage,
    /// A state that there is not.
    #[error("the state is none of confirmed, pending and unsubscribed")]
    UnknownState,
    /// No legal basis of GDPR art. 6(1).
    #[error("the legal basis is none")]
    UnknownBasis,
    /// No time of the earlier agreement, or a row that says `pending` itself.
    #[error("it is not stated when the person agreed, or stated that they did not")]
    NotConfirmed,
    /// The time of the earlier agreement is no time.
    #[error("confirmed_at is no date or time")]
    UnreadableTime,
    /// The time of the earlier agreement is yet to come.
    #[error("confirmed_at is in the future")]
    FutureTime,
}

impl Refusal {
    /// The reason in kebab case.
    pub fn code(self) -> &'static str {
        match self {
            Self::Address(reason) => reason.code(),
            Self::LineTooLong => "line-too-long",
            Self::NotUtf8 => "not-utf8",
            Self::OpenQuote => "open-quote",
            Self::FieldCount => "field-count",
            Self::RefusedDomain => "refused-domain",
            Self::UnknownTopic => "unknown-topic",
            Self::UnknownLanguage => "unknown-language",
            Self::UnknownState => "unknown-state",
            Self::UnknownBasis => "unknown-basis",
            Self::NotConfirmed => "not-confirmed",
            Self::UnreadableTime => "unreadable-time",
            Self::FutureTime => "future-time",
        }
    }
}
