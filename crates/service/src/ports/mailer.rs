//! Letters as they are handed over, and who hands them over.

use std::sync::Arc;

use async_trait::async_trait;
use consentry_address::EmailAddress;
use consentry_domain::{LetterKind, SubjectId};
use consentry_policy::{Language, TopicId};
use jiff::Timestamp;
use thiserror::Error;

use super::{LetterId, Trouble};
use crate::{Version, record::Erasure};

/// A letter, ready to be rendered. Nothing of it is stored.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Its number: the source of its Message-ID, the same on every try.
    pub id: LetterId,
    /// What kind it is.
    pub kind: LetterKind,
    /// Whom it is for.
    pub subject: SubjectId,
    /// Where it goes.
    pub to: EmailAddress,
    /// The language it is written in.
    pub language: Language,
    /// When it is written.
    pub date: Timestamp,
    /// The topics it speaks of: what a confirmation would confirm.
    pub topics: Vec<TopicId>,
    /// The link that confirms; `None` for letters that ask for nothing.
    pub confirm_url: Option<SecretUrl>,
    /// Until when that link works.
    pub confirm_until: Option<Timestamp>,
    /// The link at the bottom of every letter: the preference centre (S0-43).
    pub preferences_url: SecretUrl,
    /// The address behind the mail program's button (RFC 8058; S0-44).
    pub unsubscribe_url: SecretUrl,
    /// The home page of the site.
    pub home_url: String,
    /// What becomes of the record (erasure answer).
    pub erasure: Option<Erasure>,
    /// The version of the policy that the letter tells of (notice change).
    pub change: Option<Arc<Version>>,
}

/// A link that carries a token. Redacted in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretUrl(String);

impl SecretUrl {
    /// Wraps a link.
    pub fn new(url: String) -> Self {
        Self(url)
    }

    /// The link itself, for a letter or a page.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[link]")
    }
}

/// How a hand-over ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// The relay took it.
    Accepted,
    /// The relay surely did not take it now: a 4xx, the network failed before the final dot, or
    /// the operator has to mend something.
    Deferred(Trouble),
    /// It is surely not taken and never will be: a 5xx, an address that cannot be mailed to, a
    /// letter that cannot be written.
    Refused(Trouble),
    /// The connection failed after the final dot and before the answer.
    Uncertain,
}

/// Hands letters over: to an SMTP relay, to the local mailbox, to memory, or in whatever way an
/// application has. Yours to implement: a method that is added has a default.
///
/// Both links of a [`Letter`] belong into every mail, the one for the mail program into the two
/// fields of RFC 8058 (S0-43, S0-44), and neither of them, nor the address, into a log.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Renders, signs and hands over one letter. Never panics, always returns in bounded time.
    async fn deliver(&self, letter: &Letter) -> Delivery;

    /// How many letters may be under way at once.
    fn concurrency(&self) -> usize;

    /// Ends the hand-overs under way that have not come to the final dot, as
    /// [`Stopped`](super::Reason::Stopped): the worker has no more time. Those that wait for the
    /// answer to the final dot go on, and so does the mailer. For a mailer that never waits,
    /// there is nothing to do.
    fn cut_short(&self) {}

    /// Removes every copy of these people's letters that this mailer keeps itself.
    async fn forget(&self, subjects: &[SubjectId]) -> Result<(), MailerError>;
}

/// Why a mailer could not forget somebody.
#[derive(Debug, Error)]
#[error("the local mailbox cannot be cleaned")]
pub struct MailerError(#[source] pub std::io::Error);

/// A letter in the local mailbox, for the page that shows it on loopback. `Debug` prints its
/// name alone.
#[derive(Clone, PartialEq, Eq)]
pub struct MailboxLetter {
    /// Its name in URLs; a file name without path.
    pub name: String,
    /// When it was written.
    pub date: Timestamp,
    /// Whom it is for.
    pub to: String,
    /// Its subject line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The HTML part.
    pub html: String,
}

impl std::fmt::Debug for MailboxLetter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailboxLetter")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The local mailbox, read back (used without an SMTP relay, on loopback only).
pub trait LocalMailbox: Send + Sync {
    /// The newest letters, newest first.
    fn list(&self) -> std::io::Result<Vec<MailboxLetter>>;

    /// One letter; `None` when there is none of this name.
    fn read(&self, name: &str) -> std::io::Result<Option<MailboxLetter>>;
}
