//! The outbox: letters that wait, are being handed over, or are settled.

use consentry_domain::{LetterKind, Subject, SubjectId};
use jiff::Timestamp;

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

/// How a hand-over begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandOver {
    /// It is marked; this is the person as they are now.
    Begun(Box<Subject>),
    /// The person cannot be read any more; it is marked, and there is nothing to hand over.
    NobodyThere,
    /// The lease has run out: the letter is somebody else's now.
    LeaseLost,
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
