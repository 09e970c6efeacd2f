//! What the calendar decides: the reminder, the end of the pending period, the purge.

use consentry_policy::{Policy, SubscriberState};
use jiff::Timestamp;

use crate::{Action, Channel, Effects, LetterKind, PersonState, Subject};

impl Subject {
    /// Whether any read path may show this person: neither erased nor past a period that
    /// has ended, to the instant.
    pub fn is_visible(&self, policy: &Policy, now: Timestamp) -> bool {
        self.erased_at.is_none() && !self.period_is_over(policy, now)
    }

    /// Whether the record is to be purged: an unconfirmed one at the end of the pending
    /// period (S0-32, S0-33), one that has left everything at the end of its period (S0-59),
    /// a confirmed one who did nothing for the policy's period (S1-42), an erased one at the end of the grace (S0-63).
    pub fn is_due_for_purge(&self, policy: &Policy, now: Timestamp) -> bool {
        match self.erased_at {
            Some(_) => self.purged_from(policy).is_some_and(|end| end <= now),
            None => self.period_is_over(policy, now),
        }
    }

    /// When an erased record is purged (S0-63); `None` for a living one.
    pub fn purged_from(&self, policy: &Policy) -> Option<Timestamp> {
        self.promised_end(policy, SubscriberState::Erased, self.erased_at?)
    }

    /// The letter about a substantial change of the notice, where this person is owed one: whoever
    /// is held, in whatever state, and not erased (S4-08).
    pub fn told_of_change(&self, policy: &Policy, now: Timestamp) -> Option<LetterKind> {
        self.is_visible(policy, now)
            .then_some(LetterKind::NoticeChange)
    }

    /// The clock of the period after leaving: the last time that anything was left.
    pub fn left_at(&self) -> Option<Timestamp> {
        let topics = self.subscriptions.iter().map(|held| held.unsubscribed_at);
        topics.chain([self.objected_at]).flatten().max()
    }

    /// Queues the one reminder (S0-31); `None` when it is not due, or never will be.
    pub fn remind(&mut self, policy: &Policy, now: Timestamp) -> Option<Effects> {
        let due = policy
            .subscription
            .reminder?
            .after(self.first_submitted_at, &policy.calendar);
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

    /// Counts a reminder that is due as sent, and says whether one was: after a restore nobody knows
    /// whether it was sent since the backup, and it is promised once.
    pub fn forgo_reminder(&mut self, policy: &Policy, now: Timestamp) -> bool {
        self.remind(policy, now).is_some()
    }

    /// A restriction keeps the record for as long as it is in force: whoever asked for it
    /// opposes the erasure (GDPR art. 18(1)(b) and (c)).
    fn period_is_over(&self, policy: &Policy, now: Timestamp) -> bool {
        self.restricted_at.is_none() && self.ends_at(policy).is_some_and(|end| end <= now)
    }

    /// When the record ends as things stand, restrictions aside; `None` when no period runs.
    pub fn ends_at(&self, policy: &Policy) -> Option<Timestamp> {
        let (state, clock) = match self.state() {
            PersonState::Pending => (SubscriberState::Pending, self.first_submitted_at),
            PersonState::Unsubscribed => (SubscriberState::Unsubscribed, self.left_at()?),
            PersonState::Confirmed => (SubscriberState::Confirmed, self.last_interaction_at),
        };
        self.promised_end(policy, state, clock)
    }

    /// The end of what was promised when the address was first submitted, or later if shorter.
    fn promised_end(
        &self,
        policy: &Policy,
        state: SubscriberState,
        clock: Timestamp,
    ) -> Option<Timestamp> {
        let promise = policy.subscriber_promise(state, self.first_submitted_at)?;
        Some(promise.after(clock, &policy.calendar))
    }
}
