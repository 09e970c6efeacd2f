//! What the retention engine has to remember: holds, events, its runs and its plans.

use std::fmt;

use async_trait::async_trait;
use consentry_address::EmailAddress;
use consentry_policy::{ControllerId, DatasetId, OwnDataset, Slug, SqlName};
use jiff::Timestamp;

use super::StoreError;

/// How an application's table names a person: the value of the identity column. Often an address,
/// so it prints nothing of itself.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity(String);

impl Identity {
    /// The value as the column holds it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The value itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(…)")
    }
}

/// The number of a hold, random.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HoldId(pub u64);

/// A legal hold: rows that no rule may touch (S3-26).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegalHold {
    /// Its number.
    pub id: HoldId,
    /// On which dataset.
    pub dataset: DatasetId,
    /// Whose rows; everybody's when left out. Forgotten once the hold is lifted.
    pub identity: Option<Identity>,
    /// Which field; the whole row when left out.
    pub field: Option<SqlName>,
    /// Which kind of hold of the policy.
    pub kind: Slug,
    /// The case that it is for, as the operator files it.
    pub case: String,
    /// Who set it.
    pub author: String,
    /// When it was set.
    pub since: Timestamp,
    /// When somebody has to look at it again.
    pub review_at: Timestamp,
    /// When it was lifted.
    pub lifted_at: Option<Timestamp>,
}

impl LegalHold {
    /// Whether it is in force for the record of a subscriber.
    pub fn keeps(&self, subscriber: &EmailAddress) -> bool {
        let is_them = |named: &Identity| {
            let named = EmailAddress::parse(named.expose());
            named.is_ok_and(|named| named.comparison_key() == subscriber.comparison_key())
        };
        self.lifted_at.is_none()
            && self.dataset.as_str() == OwnDataset::Subscribers.as_str()
            && self.identity.as_ref().is_none_or(is_them)
    }
}

/// A person to whom a named event happened.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Happening {
    /// When; the latest time.
    pub at: Timestamp,
    /// To whom.
    pub identity: Identity,
}

/// How a run of the engine ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunOutcome {
    /// It has not ended, or was killed.
    Unfinished,
    /// Everything that was due is done.
    Done,
    /// Something waits for an approved plan.
    Held,
    /// Something failed.
    Failed,
}

impl RunOutcome {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Unfinished, Self::Done, Self::Held, Self::Failed];

    /// The written form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unfinished => "unfinished",
            Self::Done => "done",
            Self::Held => "held",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for RunOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A run of the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionRun {
    /// Its number.
    pub id: u64,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How.
    pub outcome: RunOutcome,
    /// Rows that it acted on.
    pub acted: u64,
    /// Rows that wait for an approved plan.
    pub held: u64,
    /// The hash of the plan that it was bound to.
    pub plan: Option<String>,
    /// What it did, rule by rule, as JSON without personal data.
    pub report: String,
}

/// Where the retention engine's own records are kept.
#[async_trait]
pub trait RetentionStore: Send + Sync {
    /// Sets a hold.
    async fn set_hold(&self, controller: &ControllerId, hold: &LegalHold)
    -> Result<(), StoreError>;

    /// Lifts a hold and forgets whose it was; `false` when none of that number is in force.
    async fn lift_hold(
        &self,
        controller: &ControllerId,
        id: HoldId,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Holds, oldest first; those that were lifted too.
    async fn legal_holds(&self, controller: &ControllerId) -> Result<Vec<LegalHold>, StoreError>;

    /// Notes that an event happened to a person. The latest time counts; reported again, it changes
    /// nothing. `false` when it was known.
    async fn note_event(
        &self,
        controller: &ControllerId,
        event: &str,
        happening: &Happening,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Who had the event at or before `until` and is not settled for the stage; in order, from after
    /// the one given.
    async fn happenings(
        &self,
        controller: &ControllerId,
        event: &str,
        stage: Option<&str>,
        until: Timestamp,
        after: Option<&Happening>,
        limit: u64,
    ) -> Result<Vec<Happening>, StoreError>;

    /// When these people last had the event, in their order; nothing for whom it is settled.
    async fn last_happened(
        &self,
        controller: &ControllerId,
        event: &str,
        stage: Option<&str>,
        people: &[Identity],
    ) -> Result<Vec<Option<Timestamp>>, StoreError>;

    /// A stage has done its work for these people, up to the time of each.
    async fn settle_events(
        &self,
        controller: &ControllerId,
        event: &str,
        stage: &str,
        done: &[Happening],
    ) -> Result<(), StoreError>;

    /// Forgets events that were reported before an instant and are settled for each of the stages
    /// that happen on them. Answers with how many.
    async fn forget_events(
        &self,
        controller: &ControllerId,
        event: &str,
        stages: &[&str],
        reported_before: Timestamp,
    ) -> Result<u64, StoreError>;

    /// Writes a run down, or how it went on.
    async fn save_run(
        &self,
        controller: &ControllerId,
        run: &RetentionRun,
    ) -> Result<(), StoreError>;

    /// The last runs that began by `until`, the latest first.
    async fn last_runs(
        &self,
        controller: &ControllerId,
        until: Timestamp,
        limit: u64,
    ) -> Result<Vec<RetentionRun>, StoreError>;

    /// Keeps a plan (JSON without personal data) by its hash, and forgets those that have expired
    /// by `now`.
    async fn save_plan(
        &self,
        controller: &ControllerId,
        hash: &str,
        plan: &str,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError>;

    /// A plan that has not expired.
    async fn saved_plan(
        &self,
        controller: &ControllerId,
        hash: &str,
        now: Timestamp,
    ) -> Result<Option<String>, StoreError>;
}
