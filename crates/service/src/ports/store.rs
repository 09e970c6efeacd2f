//! The database behind the use cases.

use async_trait::async_trait;
use consentry_address::EmailAddress;
use consentry_domain::{ConsentEvent, PersonState, Subject, SubjectId, TopicState};
use consentry_policy::{ControllerId, TopicId};
use jiff::Timestamp;

use super::{
    EndedHandOver, HandOver, LeasedLetter, LetterChoice, LetterId, LetterRecord, LetterState,
    OpenAnnouncement, OutboxStatus, Publication, StoreError, UnitOfWork, WorkerId,
};

/// People whose turn it is in a job. The store finds candidates; the domain decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Candidates {
    /// Pending, visible, not reminded, not restricted, first submitted at or before this instant.
    ToRemind(Timestamp),
    /// Pending, visible, not restricted, first submitted at or before this instant.
    UnconfirmedSince(Outlived),
    /// Unsubscribed, visible, not restricted, nothing left after this instant.
    UnsubscribedSince(Outlived),
    /// Confirmed, visible, not restricted, nothing done after this instant.
    InactiveSince(Outlived),
    /// Erased at or before this instant.
    ErasedSince(Outlived),
    /// Live, by number.
    ToTell {
        /// After this one.
        after: Option<SubjectId>,
        /// Of those alone who first submitted their address before this instant.
        submitted_before: Timestamp,
    },
}

/// Where a clock has to stand, for people to whom the same was promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outlived {
    /// At or before this instant.
    pub clock: Timestamp,
    /// Of those alone who first submitted their address at or after this instant.
    pub submitted_from: Timestamp,
    /// And before this one, if there is one.
    pub submitted_before: Option<Timestamp>,
}

/// Of everybody.
impl From<Timestamp> for Outlived {
    fn from(clock: Timestamp) -> Self {
        Self {
            clock,
            submitted_from: Timestamp::MIN,
            submitted_before: None,
        }
    }
}

/// What a list is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only people whose record of this topic is not merely past: pending or confirmed.
    pub topic: Option<TopicId>,
    /// Only people in this state.
    pub state: Option<PersonState>,
}

/// How many people there are, and how many of them a job would find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Census {
    /// What the database's own clock says: that of the machine it runs on.
    pub clock: Timestamp,
    /// Records held, erased ones included.
    pub held: u64,
    /// How many candidates there are of each kind that was asked for, in the same order.
    pub candidates: Vec<u64>,
    /// Letters that are still owed, that failed or whose end is unknown; those that were sent or
    /// cancelled are not counted.
    pub letters: OutboxStatus,
}

/// Subscriptions to one topic that were asked for in one month and are, or ended, in one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The month of the first request, such as `2026-11`, in UTC.
    pub month: String,
    /// The topic.
    pub topic: TopicId,
    /// Its state now, or when the record was purged.
    pub state: TopicState,
    /// How many; never 0.
    pub people: u64,
}

/// What became of the sign-ups of some time: what the breaker judges by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Confirmations {
    /// People who have confirmed.
    pub confirmed: u64,
    /// People who have not, and have not left either.
    pub unconfirmed: u64,
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
///
/// `consentry-storage` implements it, and its tests are what a store promises. Others may, but this
/// trait and [`UnitOfWork`] follow the use cases: methods are added in minor versions.
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

    /// Subscriptions by month, topic and state, in this order: of people who are held and not
    /// restricted, and of those who were purged (S2-18).
    async fn groups(&self, controller: &ControllerId) -> Result<Vec<Group>, StoreError>;

    /// Live records by number, `limit` at a time, after the given one.
    async fn list(
        &self,
        controller: &ControllerId,
        filter: &Filter,
        after: Option<SubjectId>,
        limit: u64,
    ) -> Result<Vec<Subject>, StoreError>;

    /// The numbers of the next candidates of a job, oldest clock first. Whom a hold keeps is no
    /// candidate for a purge (S3-26).
    async fn candidates(
        &self,
        controller: &ControllerId,
        candidates: Candidates,
        limit: u64,
    ) -> Result<Vec<SubjectId>, StoreError>;

    /// Counts people, candidates and the letters that did not go in one state of the database, and
    /// reads its clock. A letter is due by `now`.
    async fn census(
        &self,
        controller: &ControllerId,
        candidates: &[Candidates],
        now: Timestamp,
    ) -> Result<Census, StoreError>;
    /// What became of the live records that were first submitted after one instant and up to
    /// another.
    async fn confirmations(
        &self,
        controller: &ControllerId,
        after: Timestamp,
        until: Timestamp,
    ) -> Result<Confirmations, StoreError>;

    /// Cleans the bytes of purged records out of the files, where this engine can (SQLite:
    /// VACUUM, statistics, WAL; PostgreSQL: VACUUM and ANALYZE of what was touched). Does
    /// nothing when nothing was purged since the last time it succeeded. `false` when somebody
    /// was reading, so that it has to be repeated.
    async fn clean_purged_bytes(&self) -> Result<bool, StoreError>;

    /// Leases letters that are due: queued ones, uncertain ones whose repeat is due, and leased
    /// ones whose worker is gone. A letter whose row cannot be read is not among them: it is set
    /// aside as failed, so that it holds up no other. Letters that were being handed over by a worker that is gone
    /// are not among them: see [`abandoned_letters`](Store::abandoned_letters).
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

    /// Extends the leases of these letters, where this worker holds them; called while it
    /// dispatches.
    async fn renew_letters(
        &self,
        controller: &ControllerId,
        worker: &WorkerId,
        letters: &[LetterId],
    ) -> Result<(), StoreError>;

    /// Gives back the letters that this worker leased and did not begin to hand over: the end of
    /// a worker that stops in order.
    async fn release_letters(
        &self,
        controller: &ControllerId,
        worker: &WorkerId,
    ) -> Result<(), StoreError>;

    /// Marks leased letters as being handed over, and reads their people again, in one
    /// transaction. The answers are in the order of the letters.
    async fn begin_hand_overs(
        &self,
        controller: &ControllerId,
        worker: &WorkerId,
        letters: &[LetterId],
    ) -> Result<Vec<HandOver>, StoreError>;

    /// Writes how hand-overs ended, in one transaction. Leaves out the letters whose lease was lost
    /// meanwhile.
    async fn settle(
        &self,
        controller: &ControllerId,
        worker: &WorkerId,
        ended: &[EndedHandOver],
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// How many letters stand where, and since when the oldest is due.
    async fn outbox_status(
        &self,
        controller: &ControllerId,
        now: Timestamp,
    ) -> Result<OutboxStatus, StoreError>;

    /// Letters by number, `limit` at a time, after the given one.
    async fn list_letters(
        &self,
        controller: &ControllerId,
        state: Option<LetterState>,
        after: Option<LetterId>,
        limit: u64,
    ) -> Result<Vec<LetterRecord>, StoreError>;

    /// Makes letters due now, with the time for retries counted anew; answers with how many.
    async fn retry_letters(
        &self,
        controller: &ControllerId,
        choice: &LetterChoice,
        now: Timestamp,
    ) -> Result<u64, StoreError>;

    /// Removes up to `limit` letters that are no longer owed and were settled (or, if never handed
    /// over, queued) at or before this instant; answers with how many.
    async fn remove_settled_letters(
        &self,
        controller: &ControllerId,
        before: Timestamp,
        limit: u64,
    ) -> Result<u64, StoreError>;

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

    /// The published versions of the policy that come after this number, in their order.
    async fn publications(
        &self,
        controller: &ControllerId,
        after: u32,
    ) -> Result<Vec<Publication>, StoreError>;

    /// Adds a published version; [`StoreError::Conflict`] when its number or its version is taken.
    async fn add_publication(
        &self,
        controller: &ControllerId,
        publication: &Publication,
    ) -> Result<(), StoreError>;

    /// The oldest version whose letters are not all queued; one without letters has none to queue.
    async fn open_announcement(
        &self,
        controller: &ControllerId,
    ) -> Result<Option<OpenAnnouncement>, StoreError>;

    /// Forgets the journal up to this instant: no backup that may be restored is older. Answers
    /// with how many entries that were.
    async fn prune_journal(
        &self,
        controller: &ControllerId,
        until: Timestamp,
    ) -> Result<u64, StoreError>;

    /// Whether the database answers, its schema is current and no restore is unfinished.
    async fn check(&self) -> Result<(), StoreError>;
}
