//! What the use cases need from the outside: a store, a mailer, a clock and random bytes.

use async_trait::async_trait;
use consentry_address::EmailAddress;
use consentry_domain::{ConsentEvent, LetterKind, PersonState, Subject, SubjectId};
use consentry_policy::{ControllerId, Language, TopicId};
use jiff::Timestamp;
use thiserror::Error;

/// The time. The wall clock in a program, a fixed instant in a test.
pub trait Clock: Send + Sync {
    /// The present instant, truncated to microseconds: what every store can hold.
    fn now(&self) -> Timestamp;
}

/// Unpredictable bytes.
pub trait Random: Send + Sync {
    /// Fills the whole buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// Why a store could not do what it was asked to. Carries no value of any row.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database does not answer, or answers that it cannot write: try again later.
    #[error("the database is unavailable ({reason})")]
    Unavailable {
        /// What failed, in words that name no value.
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
    /// The schema is not the one this program was built for.
    #[error("the database schema is not current: {found} of {expected} migrations are applied; run `consentry-admin migrate`")]
    Schema {
        /// Migrations applied.
        found: usize,
        /// Migrations known to this program.
        expected: usize,
    },
}

/// A number in the outbox. Random.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LetterId(pub u64);

/// A letter to be put into the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLetter {
    /// Its number.
    pub id: LetterId,
    /// What kind it is.
    pub kind: LetterKind,
    /// Not to be handed over before this instant.
    pub due_at: Timestamp,
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
    /// tombstone that links to nobody is left for each.
    async fn purge(
        &mut self,
        controller: &ControllerId,
        ids: &[SubjectId],
        reason: PurgeReason,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Makes it last. When this returns, a power cut loses nothing of it.
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;
}

/// Which rule removed a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PurgeReason {
    /// Never confirmed within the policy's period.
    Unconfirmed,
    /// The grace after an erasure has ended.
    Erased,
}

impl PurgeReason {
    /// The written form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unconfirmed => "unconfirmed",
            Self::Erased => "erased",
        }
    }
}

/// People whose turn it is in a job. The store finds candidates; the domain decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Candidates {
    /// Pending, visible, not reminded, not restricted, first submitted at or before this instant.
    ToRemind(Timestamp),
    /// Pending, visible, not restricted, first submitted at or before this instant.
    UnconfirmedSince(Timestamp),
    /// Erased at or before this instant.
    ErasedSince(Timestamp),
}

/// What a list is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only people whose record of this topic is not merely past: pending or confirmed.
    pub topic: Option<TopicId>,
    /// Only people in this state.
    pub state: Option<PersonState>,
}

/// Where a letter in the outbox stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LetterState {
    /// Waits for its turn, or for its next try.
    Queued,
    /// A worker has it; nothing was handed over yet.
    Leased,
    /// Committed before the hand-over: from here on a lost answer is uncertain.
    Sending,
    /// The relay took it.
    Sent,
    /// The relay refused it for good, or the time for retries is over.
    Failed,
    /// Nobody knows whether the relay took it.
    Uncertain,
    /// No longer owed.
    Cancelled,
}

impl LetterState {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Queued,
        Self::Leased,
        Self::Sending,
        Self::Sent,
        Self::Failed,
        Self::Uncertain,
        Self::Cancelled,
    ];

    /// The written form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Leased => "leased",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Uncertain => "uncertain",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A letter that this worker has leased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeasedLetter {
    /// Its number.
    pub id: LetterId,
    /// Whom it is for.
    pub subject: SubjectId,
    /// What kind it is.
    pub kind: LetterKind,
    /// When it was first queued; retries end a policy's period after it.
    pub queued_at: Timestamp,
    /// Hand-overs begun so far.
    pub attempts: u32,
    /// Hand-overs with an unknown end so far.
    pub uncertain: u32,
}

/// How a hand-over is written into the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// Taken by the relay.
    Sent,
    /// Not taken; next try at this instant.
    Retry(Timestamp),
    /// Not taken and never will be.
    Failed,
    /// Nobody knows; one repeat at this instant, or none.
    Uncertain(Option<Timestamp>),
    /// No longer owed; nothing was handed over.
    Cancelled,
}

/// A worker process, by a random name of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WorkerId(pub String);

/// How many letters are in which state, and since when the oldest is due.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutboxStatus {
    /// Letters per state; states without letters are left out.
    pub counts: Vec<(LetterState, u64)>,
    /// The oldest letter that is due and not handed over.
    pub oldest_due: Option<Timestamp>,
}

/// The last run of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobStatus {
    /// The job's name.
    pub job: String,
    /// When the last run began.
    pub started_at: Option<Timestamp>,
    /// When the last run that ended well ended.
    pub succeeded_at: Option<Timestamp>,
    /// What the last run did, in words without personal data; or why it failed.
    pub outcome: Option<String>,
    /// Whether the last run failed.
    pub failed: bool,
}

/// The database behind the use cases. Every query starts from one controller.
#[async_trait]
pub trait Store: Send + Sync {
    /// Begins a transaction that may write.
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError>;

    /// The record with this number, erased ones included.
    async fn subject(
        &self,
        controller: &ControllerId,
        id: SubjectId,
    ) -> Result<Option<Subject>, StoreError>;

    /// The live record of this address.
    async fn subject_by_address(
        &self,
        controller: &ControllerId,
        address: &EmailAddress,
    ) -> Result<Option<Subject>, StoreError>;

    /// The evidence of one person, oldest first.
    async fn events(
        &self,
        controller: &ControllerId,
        id: SubjectId,
    ) -> Result<Vec<ConsentEvent>, StoreError>;

    /// Live records by number, `limit` at a time, after the given one.
    async fn list(
        &self,
        controller: &ControllerId,
        filter: &Filter,
        after: Option<SubjectId>,
        limit: u64,
    ) -> Result<Vec<Subject>, StoreError>;

    /// The numbers of the next candidates of a job, oldest clock first.
    async fn candidates(
        &self,
        controller: &ControllerId,
        candidates: Candidates,
        limit: u64,
    ) -> Result<Vec<SubjectId>, StoreError>;

    /// Cleans the bytes of purged records out of the files, where this engine can (SQLite:
    /// VACUUM, statistics, WAL; PostgreSQL: VACUUM and ANALYZE of what was touched). Does
    /// nothing when nothing was purged since the last time it succeeded. `false` when somebody
    /// was reading, so that it has to be repeated.
    async fn clean_purged_bytes(&self) -> Result<bool, StoreError>;

    /// Leases letters that are due: queued ones, uncertain ones whose repeat is due, and leased
    /// ones whose worker is gone. Letters that were being handed over by a worker that is gone
    /// become [`LetterState::Uncertain`] here and are reported by
    /// [`abandoned_letters`](Store::abandoned_letters).
    async fn lease_letters(
        &self,
        controller: &ControllerId,
        worker: &WorkerId,
        now: Timestamp,
        limit: u64,
    ) -> Result<Vec<LeasedLetter>, StoreError>;

    /// Letters whose worker died in the middle of a hand-over: leased to this worker so that it
    /// settles them as uncertain.
    async fn abandoned_letters(
        &self,
        controller: &ControllerId,
        worker: &WorkerId,
        limit: u64,
    ) -> Result<Vec<LeasedLetter>, StoreError>;

    /// Extends the leases of every letter this worker holds; called while it dispatches.
    async fn renew_letters(
        &self,
        controller: &ControllerId,
        worker: &WorkerId,
    ) -> Result<(), StoreError>;

    /// Marks a leased letter as being handed over, and reads its person again, in one
    /// transaction. `None` when the lease is lost or the person is gone.
    async fn begin_hand_over(
        &self,
        controller: &ControllerId,
        worker: &WorkerId,
        letter: LetterId,
    ) -> Result<Option<Subject>, StoreError>;

    /// Writes how a hand-over ended. Does nothing when the lease was lost meanwhile.
    async fn settle(
        &self,
        controller: &ControllerId,
        worker: &WorkerId,
        letter: LetterId,
        settlement: &Settlement,
        reply: Option<ReplyCode>,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// How many letters stand where, and since when the oldest is due.
    async fn outbox_status(
        &self,
        controller: &ControllerId,
        now: Timestamp,
    ) -> Result<OutboxStatus, StoreError>;

    /// Takes the lease of a job for this worker; `false` when another worker holds it. A lease
    /// outlives a killed worker by at most 60 s; a running job renews it by calling again.
    async fn lease_job(
        &self,
        controller: &ControllerId,
        job: &str,
        worker: &WorkerId,
    ) -> Result<bool, StoreError>;

    /// Ends a run: releases the lease and stores the status.
    async fn finish_job(
        &self,
        controller: &ControllerId,
        worker: &WorkerId,
        status: &JobStatus,
    ) -> Result<(), StoreError>;

    /// The status of every job that ever ran.
    async fn job_statuses(&self, controller: &ControllerId) -> Result<Vec<JobStatus>, StoreError>;

    /// Whether the database answers and its schema is current.
    async fn check(&self) -> Result<(), StoreError>;
}

/// What a relay answered: the number alone, since its text may name the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplyCode(pub u16);

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
    /// When erasure was asked for, and from when on the record is purged (erasure answer).
    pub erasure: Option<(Timestamp, Timestamp)>,
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
    /// The relay surely did not take it now: a 4xx, or the network failed before the final dot.
    Deferred(Option<ReplyCode>),
    /// The relay refused it for good: a 5xx, or the address cannot be mailed to.
    Refused(Option<ReplyCode>),
    /// The connection failed after the final dot and before the answer.
    Uncertain,
}

/// Hands letters over: to an SMTP relay, to the local mailbox, to memory.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Renders, signs and hands over one letter. Never panics, always returns in bounded time.
    async fn deliver(&self, letter: &Letter) -> Delivery;

    /// How many letters may be under way at once.
    fn concurrency(&self) -> usize;

    /// Removes every copy of these people's letters that this mailer keeps itself.
    async fn forget(&self, subjects: &[SubjectId]) -> Result<(), MailerError>;
}

/// Why a mailer could not forget somebody.
#[derive(Debug, Error)]
#[error("the local mailbox cannot be cleaned")]
pub struct MailerError(#[source] pub std::io::Error);

/// A letter in the local mailbox, for the page that shows it on loopback.
#[derive(Clone)]
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

/// The local mailbox, read back (used without an SMTP relay, on loopback only).
pub trait LocalMailbox: Send + Sync {
    /// The letters, newest first.
    fn list(&self) -> std::io::Result<Vec<MailboxLetter>>;

    /// One letter; `None` when there is none of this name.
    fn read(&self, name: &str) -> std::io::Result<Option<MailboxLetter>>;
}
