//! One transaction: people are loaded, decided about and saved, set-wise.

use async_trait::async_trait;
use consentry_address::EmailAddress;
use consentry_domain::{ConsentEvent, LetterKind, PersonState, Subject, SubjectId};
use consentry_policy::ControllerId;
use jiff::Timestamp;
use thiserror::Error;

use super::{AnnouncementStep, Imports, NewLetter, OpenAnnouncement};

/// Why a store could not do what it was asked to. Carries no value of any row.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database does not answer, or answers that it cannot write: try again later.
    #[error("the database is unavailable ({reason})")]
    Unavailable {
        /// What failed, in words that name no value.
        reason: String,
    },
    /// What names the database cannot be used: mend the configuration.
    #[error("the database cannot be opened ({reason})")]
    Misconfigured {
        /// What is wrong with it, in words that name no value.
        reason: String,
    },
    /// Somebody else wrote the same person at the same time: run the use case again.
    #[error("another process changed the same record at the same time")]
    Conflict,
    /// What the database holds cannot be read: a missing key, a damaged row.
    #[error("a stored record cannot be read ({reason})")]
    Unreadable {
        /// What is wrong with it, in words that name no value.
        reason: String,
    },
    /// A backup is being restored, or its restore was interrupted: what the database holds may
    /// lack erasures, so nobody may be served from it.
    #[error(
        "a backup is being restored, or its restore was interrupted; run `consentry-admin restore` again to finish it"
    )]
    Restoring,
    /// The schema is not the one this program was built for.
    #[error(
        "the database schema is not current: {found} of {expected} migrations are applied; run `consentry-admin migrate`"
    )]
    Schema {
        /// Migrations applied.
        found: usize,
        /// Migrations known to this program.
        expected: usize,
    },
}

/// One person's share of a commit.
#[derive(Debug, Clone)]
pub struct Change {
    /// The new state.
    pub subject: Subject,
    /// Whether the record is new: inserted, where a live record of the same address is a
    /// [`StoreError::Conflict`].
    pub is_new: bool,
    /// Evidence to append.
    pub events: Vec<ConsentEvent>,
    /// Kinds of letters to cancel where they still wait in the queue.
    pub cancelled: Vec<LetterKind>,
    /// Letters to queue, after the cancelling.
    pub letters: Vec<NewLetter>,
}

/// The reading and writing of people inside one transaction.
///
/// Rows that were loaded are locked until the end. Dropping a unit without
/// [`commit`](UnitOfWork::commit) undoes it.
#[async_trait]
pub trait UnitOfWork: Send {
    /// The live (not erased) record of each address, in the same order.
    async fn live_by_address(
        &mut self,
        controller: &ControllerId,
        addresses: &[EmailAddress],
    ) -> Result<Vec<Option<Subject>>, StoreError>;

    /// The records with these numbers, erased ones included, in the same order.
    async fn by_id(
        &mut self,
        controller: &ControllerId,
        ids: &[SubjectId],
    ) -> Result<Vec<Option<Subject>>, StoreError>;

    /// Writes a set of changes, each of another person, one statement per table.
    async fn save(&mut self, changes: &[Change]) -> Result<(), StoreError>;

    /// Removes records with everything that hangs on them: topics, events, letters, keys. A
    /// tombstone that links to nobody is left for each, and the topics are counted (S2-18). A record that a hold keeps (S3-26) stays, and
    /// is hidden.
    async fn purge(
        &mut self,
        controller: &ControllerId,
        ids: &[SubjectId],
        reason: PurgeReason,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Notes how far the letters of a published version are queued; [`StoreError::Conflict`] when
    /// somebody else has gone on with them.
    async fn advance_announcement(
        &mut self,
        controller: &ControllerId,
        from: &OpenAnnouncement,
        to: AnnouncementStep,
    ) -> Result<(), StoreError>;

    /// The part that imports need.
    fn imports(&mut self) -> &mut dyn Imports;

    /// Makes it last. When this returns, a power cut loses nothing of it.
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;
}

/// Which rule removed a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PurgeReason {
    /// Never confirmed within the policy's period.
    Unconfirmed,
    /// The policy's period after leaving everything has ended.
    Unsubscribed,
    /// Confirmed, and nothing was heard for the policy's period.
    Inactive,
    /// The grace after an erasure has ended.
    Erased,
}

impl PurgeReason {
    /// Every rule.
    pub const ALL: [Self; 4] = [
        Self::Unconfirmed,
        Self::Unsubscribed,
        Self::Inactive,
        Self::Erased,
    ];

    /// The rule under which a record goes, judged by the record.
    pub fn of(person: &Subject) -> Self {
        match person.state() {
            _ if person.erased_at.is_some() => Self::Erased,
            PersonState::Unsubscribed => Self::Unsubscribed,
            PersonState::Confirmed => Self::Inactive,
            PersonState::Pending => Self::Unconfirmed,
        }
    }

    /// The written form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unconfirmed => "unconfirmed",
            Self::Unsubscribed => "unsubscribed",
            Self::Inactive => "inactive",
            Self::Erased => "erased",
        }
    }
}
