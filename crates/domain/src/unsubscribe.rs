//! Leaving: one topic, several, or everything (GDPR art. 21).

use consentry_policy::{LegalBasis, Policy, TopicId};
use jiff::Timestamp;

use crate::{Action, Channel, Effects, Evidence, LetterKind, Subject, Subscription, TopicState};

impl Subject {
    /// Leaves everything at once, and every topic that may be added later (S0-50, S0-51).
    ///
    /// Idempotent: a second call records nothing.
    pub fn unsubscribe_all(
        &mut self,
        channel: Channel,
        policy: &Policy,
        now: Timestamp,
    ) -> Effects {
        let mut effects = Effects::default();
        let is_new = self.objected_at.is_none() || self.subscriptions.iter().any(is_open);
        if !is_new {
            return effects;
        }
        // Whoever leaves may come back at once; whoever leaves again and again waits.
        let cool_down = policy.subscription.cool_down;
        let before = self.objected_at;
        if before.is_none_or(|before| cool_down.after(before, &policy.calendar) <= now) {
            self.last_prompted_at = None;
        }
        self.objected_at = Some(now);
        for held in self.subscriptions.iter_mut().filter(|held| is_open(held)) {
            held.leave(now);
        }
        effects
            .evidence
            .push(Self::evidence(policy, now, Action::Objected, channel));
        effects.cancelled = WITHDRAWN_BY_LEAVING.to_vec();
        effects
    }

    /// Leaves these topics and keeps the others (S0-47 to S0-49). Idempotent.
    pub fn leave_topics(
        &mut self,
        topics: &[TopicId],
        channel: Channel,
        policy: &Policy,
        now: Timestamp,
    ) -> Effects {
        let mut effects = Effects::default();
        let is_left = |held: &Subscription| topics.contains(&held.topic);
        self.leave_where(is_left, channel, policy, now, &mut effects);
        effects
    }

    /// Leaves the topics that are not in `keep`.
    pub(crate) fn leave_others(
        &mut self,
        keep: &[TopicId],
        policy: &Policy,
        now: Timestamp,
        effects: &mut Effects,
    ) {
        let is_left = |held: &Subscription| !keep.contains(&held.topic);
        self.leave_where(is_left, Channel::Link, policy, now, effects);
    }

    /// Leaves the topics that `is_left` picks.
    pub(crate) fn leave_where(
        &mut self,
        is_left: impl Fn(&Subscription) -> bool,
        channel: Channel,
        policy: &Policy,
        now: Timestamp,
        effects: &mut Effects,
    ) {
        for held in &mut self.subscriptions {
            if is_open(held) && is_left(held) {
                held.leave(now);
                effects.evidence.push(Evidence {
                    at: now,
                    action: Action::Objected,
                    channel,
                    topic: Some(held.topic.clone()),
                    basis: None::<LegalBasis>,
                    notice: policy.notice_version().clone(),
                    provenance: None,
                });
            }
        }
        if !self.awaits_confirmation() {
            effects.cancelled = WITHDRAWN_BY_LEAVING.to_vec();
        }
    }
}

/// What nobody is owed any more once they have left.
const WITHDRAWN_BY_LEAVING: [LetterKind; 3] = [
    LetterKind::Confirmation,
    LetterKind::Reminder,
    LetterKind::AlreadySubscribed,
];

fn is_open(held: &Subscription) -> bool {
    held.state != TopicState::Unsubscribed || held.requested_again_at.is_some()
}

impl Subscription {
    fn leave(&mut self, now: Timestamp) {
        self.requested_again_at = None;
        if self.state != TopicState::Unsubscribed {
            self.state = TopicState::Unsubscribed;
            self.unsubscribed_at = Some(now);
        }
    }
}
