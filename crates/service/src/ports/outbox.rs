//! The outbox: letters that wait, are being handed over, or are settled.

use std::fmt;
use std::str::FromStr;

use consentry_domain::{LetterKind, Subject, SubjectId};
use jiff::Timestamp;

use super::{Reason, Reply, Trouble};

/// A number in the outbox. Written as in the Message-ID: 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LetterId(pub u64);

impl fmt::Display for LetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for LetterId {
    type Err = NoLetterId;

    fn from_str(text: &str) -> Result<Self, NoLetterId> {
        let is_written_so = text.len() == 16 && text.bytes().all(|sign| sign.is_ascii_hexdigit());
        match u64::from_str_radix(text, 16) {
            Ok(number) if is_written_so => Ok(Self(number)),
            _ => Err(NoLetterId),
        }
    }
}

/// A text that is no number of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected the 16 hexadecimal digits that a list of letters shows")]
pub struct NoLetterId;

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
    /// The relay refused it for good, the time for retries is over, or it cannot be written: a
    /// dead letter, until the operator asks for another try.
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

impl FromStr for LetterState {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, UnknownState> {
        let mut all = Self::ALL.into_iter();
        all.find(|state| state.as_str() == text).ok_or(UnknownState)
    }
}

/// A word that is no [`LetterState`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected queued, leased, sending, sent, failed, uncertain or cancelled")]
pub struct UnknownState;

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
    /// The person's record cannot be read; it is marked, and there is nothing to hand over.
    Unreadable,
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

/// The end of one hand-over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedHandOver {
    /// Which letter it was.
    pub letter: LetterId,
    /// How it ended.
    pub settlement: Settlement,
    /// Why the relay did not take it.
    pub trouble: Option<Trouble>,
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
    /// Why letters wait, were given up or are uncertain: the most frequent trouble first.
    pub troubles: Vec<TroubleCount>,
}

/// How many letters stand where for one and the same reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TroubleCount {
    /// Where they stand: queued, failed or uncertain.
    pub state: LetterState,
    /// Why.
    pub trouble: Trouble,
    /// How many.
    pub letters: u64,
}

/// A letter as the operator sees it: nothing of it names the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterRecord {
    /// Its number: the beginning of its Message-ID.
    pub id: LetterId,
    /// Its kind as it is stored; a [`LetterKind`] unless the row is damaged.
    pub kind: String,
    /// Where it stands.
    pub state: LetterState,
    /// When it was queued, or queued again by the operator.
    pub queued_at: Timestamp,
    /// When the next try is owed; `None` when none is.
    pub due_at: Option<Timestamp>,
    /// Hand-overs begun.
    pub attempts: u32,
    /// Hand-overs with an unknown end.
    pub uncertain: u32,
    /// Why the last hand-over did not end with "taken".
    pub reason: Option<Reason>,
    /// What the relay answered to it.
    pub reply: Option<Reply>,
    /// When the last hand-over ended, for a letter that is no longer owed.
    pub settled_at: Option<Timestamp>,
}

/// Which letters the operator wants to have tried again, now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LetterChoice {
    /// These: waiting, given up or uncertain. Not an uncertain letter of a kind that is promised
    /// once ([`LetterKind::repeats_when_uncertain`]).
    These(Vec<LetterId>),
    /// Every one that waits for its next try or was given up; but none that its receiver or the
    /// relay refused for what it is (Microsoft and Yahoo forbid to try those again), and none
    /// that may have arrived.
    AllMended,
}
