//! The person: what is held of them, and what follows from it.

use std::fmt;

use consentry_address::EmailAddress;
use consentry_policy::{ControllerId, Language, LegalBasis, NoticeVersion, Policy, TopicId};
use jiff::Timestamp;

use crate::{Action, Channel, Evidence, LetterKind, Prompts, prompts::Asker, text_enum};

/// A number that names a person's record: unpredictable, and never derived from the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubjectId(pub u64);

impl fmt::Display for SubjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

text_enum! {
    /// The state of one topic for one person.
    TopicState {
        /// Asked for, not confirmed.
        Pending => "pending",
        /// Confirmed by the mailbox's owner.
        Confirmed => "confirmed",
        /// Left.
        Unsubscribed => "unsubscribed",
    }
}

text_enum! {
    /// The state of a person over all topics.
    PersonState {
        /// Nothing confirmed, nothing left.
        Pending => "pending",
        /// At least one topic is confirmed.
        Confirmed => "confirmed",
        /// Nothing confirmed, at least one topic left.
        Unsubscribed => "unsubscribed",
    }
}

/// One topic of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The topic.
    pub topic: TopicId,
    /// Its state.
    pub state: TopicState,
    /// The legal basis it rests on; a change of policy does not rewrite it (S0-25).
    pub basis: LegalBasis,
    /// The notice that was shown when it was last asked for.
    pub notice: NoticeVersion,
    /// When it was first asked for.
    pub requested_at: Timestamp,
    /// When it was last confirmed.
    pub confirmed_at: Option<Timestamp>,
    /// When it was last left; kept when the person comes back (S0-58).
    pub unsubscribed_at: Option<Timestamp>,
    /// While unsubscribed: when it was asked for again. Not confirmed yet (S0-56).
    pub requested_again_at: Option<Timestamp>,
}

impl Subscription {
    /// Whether a confirmation would change it.
    pub fn awaits_confirmation(&self) -> bool {
        self.state == TopicState::Pending || self.requested_again_at.is_some()
    }
}

/// A new address that waits for its owner's confirmation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedAddress {
    /// The address.
    pub address: EmailAddress,
    /// When the change was asked for.
    pub at: Timestamp,
}

/// A person, as one controller knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The record's name.
    pub id: SubjectId,
    /// Whose record it is.
    pub controller: ControllerId,
    /// The one personal datum (S0-19).
    pub address: EmailAddress,
    /// The language of the person's letters.
    pub language: Language,
    /// Which requests are alive: links of an earlier generation are dead (S0-56).
    pub generation: u16,
    /// The topics, in the order they were first asked for.
    pub subscriptions: Vec<Subscription>,
    /// The clock of the pending period. No later request moves it (S0-32).
    pub first_submitted_at: Timestamp,
    /// When the person last did something here: signed up, followed a link and pressed its button,
    /// changed a choice, exercised a right. A letter of ours or a page that was opened counts for
    /// nothing (S1-48).
    pub last_interaction_at: Timestamp,
    /// Whether the record came with a file of the operator's: nobody signed up.
    pub is_imported: bool,
    /// When the last letter was queued that a stranger could have caused; cleared when the
    /// mailbox's owner acts on a link. The cool-down counts from here.
    pub last_prompted_at: Option<Timestamp>,
    /// How many such letters there were: they end even when nobody acts on one.
    pub prompts: Prompts,
    /// When the one reminder was queued.
    pub reminded_at: Option<Timestamp>,
    /// A global objection in force (S0-50).
    pub objected_at: Option<Timestamp>,
    /// A restriction in force (GDPR art. 18).
    pub restricted_at: Option<Timestamp>,
    /// A change of address under way.
    pub requested_address: Option<RequestedAddress>,
    /// Erasure asked for: hidden everywhere, purged after the policy's grace (S0-60).
    pub erased_at: Option<Timestamp>,
}

impl Subject {
    /// The state over all topics.
    pub fn state(&self) -> PersonState {
        let any = |state| self.subscriptions.iter().any(|topic| topic.state == state);
        if any(TopicState::Confirmed) {
            PersonState::Confirmed
        } else if any(TopicState::Unsubscribed) || self.objected_at.is_some() {
            PersonState::Unsubscribed
        } else {
            PersonState::Pending
        }
    }

    /// The person's record of one topic.
    pub fn subscription(&self, topic: &TopicId) -> Option<&Subscription> {
        self.subscriptions.iter().find(|held| &held.topic == topic)
    }

    /// Whether a confirmation would change anything.
    pub fn awaits_confirmation(&self) -> bool {
        self.subscriptions
            .iter()
            .any(Subscription::awaits_confirmation)
    }

    /// Notes what of this the person did.
    pub fn note_interaction(&mut self, evidence: &[Evidence]) {
        let own = evidence.iter().filter(|one| one.channel.is_the_persons());
        let times = own.map(|one| one.at);
        self.last_interaction_at = times.fold(self.last_interaction_at, Timestamp::max);
    }

    /// Whether a letter may be queued now that this one asks for.
    pub(crate) fn may_prompt(&self, asker: Asker, policy: &Policy, now: Timestamp) -> bool {
        let cool_down = policy.subscription.cool_down;
        let is_cool = self
            .last_prompted_at
            .is_none_or(|last| cool_down.after(last, &policy.calendar) <= now);
        let is_proven = asker == Asker::Holder || self.state() == PersonState::Confirmed;
        is_cool
            && self.prompts.leave_one_today(policy, now)
            && (is_proven || self.prompts.leave_one_unconfirmed(policy, now))
    }

    /// Notes that such a letter is queued, and starts the cool-down.
    pub(crate) fn note_prompt(&mut self, policy: &Policy, now: Timestamp) {
        self.last_prompted_at = Some(now);
        let is_confirmed = self.state() == PersonState::Confirmed;
        self.prompts = self.prompts.and_one_more(is_confirmed, policy, now);
    }

    pub(crate) fn evidence(
        policy: &Policy,
        now: Timestamp,
        action: Action,
        channel: Channel,
    ) -> Evidence {
        Evidence {
            at: now,
            action,
            channel,
            topic: None,
            basis: None,
            notice: policy.notice_version().clone(),
            provenance: None,
        }
    }
}

/// What a decision owes besides the new state; stored in the same commit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effects {
    /// What to add to the person's record.
    pub evidence: Vec<Evidence>,
    /// The letters to queue.
    pub letters: Vec<LetterKind>,
    /// The kinds of letters to cancel where they are still queued, before new ones are.
    pub cancelled: Vec<LetterKind>,
}
