//! What the calendar decides: the reminder, the end of the pending period, the purge.

use consentry_policy::Policy;
use jiff::Timestamp;

use crate::{Action, Channel, Effects, LetterKind, PersonState, Subject};

impl Subject {
    /// Whether any read path may show this person: neither erased nor past a period that
    /// has ended, to the instant.
    pub fn is_visible(&self, policy: &Policy, now: Timestamp) -> bool {
        self.erased_at.is_none() && !self.pending_period_is_over(policy, now)
    }

    /// Whether the record is to be purged: an unconfirmed one at the end of the pending
    /// period (S0-32, S0-33), an erased one at the end of the grace (S0-63).
    pub fn is_due_for_purge(&self, policy: &Policy, now: Timestamp) -> bool {
        match self.erased_at {
            Some(at) => policy.retention.erased.after(at, &policy.time_zone) <= now,
            None => self.pending_period_is_over(policy, now),
        }
    }

    /// Queues the one reminder (S0-31); `None` when it is not due, or never will be.
    pub fn remind(&mut self, policy: &Policy, now: Timestamp) -> Option<Effects> {
        let due = policy
            .subscription
            .reminder?
            .after(self.first_submitted_at, &policy.time_zone);
        let owed = due <= now
            && self.reminded_at.is_none()
            && self.is_visible(policy, now)
            && LetterKind::Reminder.is_owed_to(self);
        if !owed {
            return None;
        }
        self.reminded_at = Some(now);
        Some(Effects {
            evidence: vec![Self::evidence(
                policy,
                now,
                Action::Reminded,
                Channel::Schedule,
            )],
            letters: vec![LetterKind::Reminder],
            ..Effects::default()
        })
    }

    /// A restriction keeps an unconfirmed record for as long as it is in force: whoever asked
    /// for it opposes the erasure (GDPR art. 18(1)(b) and (c)).
    fn pending_period_is_over(&self, policy: &Policy, now: Timestamp) -> bool {
        self.state() == PersonState::Pending
            && self.restricted_at.is_none()
            && policy
                .retention
                .pending
                .after(self.first_submitted_at, &policy.time_zone)
                <= now
    }
}
