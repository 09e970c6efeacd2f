//! Letters that a stranger can cause, counted so that nobody can flood a mailbox through us.

use consentry_policy::Policy;
use jiff::{SignedDuration, Timestamp};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Who asks for a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asker {
    /// Whoever knows the address.
    Anybody,
    /// Whoever holds a link that was mailed to it, and so reads the mailbox.
    Holder,
}

/// How many letters were queued that a stranger could have caused.
///
/// After the policy's number of letters that follow each other within less than 24 hours there is
/// none for 24 hours: whichever 24 hours one looks at, they hold no more. To somebody who has not
/// confirmed, the second count ends them for longer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Prompts {
    /// When the last one was queued.
    pub last_at: Option<Timestamp>,
    /// How many since the last 24 hours without one.
    pub in_a_row: u16,
    /// How many to somebody not confirmed, since the last confirmation or the last rest.
    pub unconfirmed: u16,
}

impl Prompts {
    /// Whether the address may get one more today.
    pub(crate) fn leave_one_today(self, policy: &Policy, now: Timestamp) -> bool {
        let row = self.row(now);
        u32::from(row) < policy.subscription.letters_per_day
    }

    /// Whether somebody who has not confirmed may get one more.
    pub(crate) fn leave_one_unconfirmed(self, policy: &Policy, now: Timestamp) -> bool {
        let unconfirmed = self.unconfirmed(policy, now);
        u32::from(unconfirmed) < policy.subscription.letters_until_confirmed
    }

    /// The counts after one more letter.
    pub(crate) fn and_one_more(self, is_confirmed: bool, policy: &Policy, now: Timestamp) -> Self {
        let unconfirmed = self.unconfirmed(policy, now);
        Self {
            last_at: Some(now),
            in_a_row: self.row(now).saturating_add(1),
            unconfirmed: unconfirmed.saturating_add(u16::from(!is_confirmed)),
        }
    }

    fn row(self, now: Timestamp) -> u16 {
        match self.last_at {
            Some(last) if now.duration_since(last) < DAY => self.in_a_row,
            _ => 0,
        }
    }

    fn unconfirmed(self, policy: &Policy, now: Timestamp) -> u16 {
        let rested = self.last_at.zip(policy.subscription.rest);
        match rested {
            Some((last, rest)) if rest.after(last, &policy.calendar) <= now => 0,
            _ => self.unconfirmed,
        }
    }
}
