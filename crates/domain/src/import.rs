//! Coming in with a file: people whom the operator brings along from somewhere else.
//!
//! An import adds people and changes nobody: whoever left stays away (S0-101), and whoever waits
//! for a confirmation goes on waiting.

use consentry_address::EmailAddress;
use consentry_policy::{Language, LegalBasis, NoticeVersion, Policy, TopicId};
use jiff::Timestamp;

use crate::{
    Action, Channel, Effects, Evidence, LetterKind, PersonState, Prompts, Provenance, Source,
    Subject, SubjectId, Subscription, TopicState, subscribe::basis_of,
};

/// One person of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Whom to write to.
    pub address: EmailAddress,
    /// The topics; all are topics of the policy, and there is at least one.
    pub topics: Vec<TopicId>,
    /// The language of the letters.
    pub language: Language,
    /// What the operator can show for it.
    pub standing: Standing,
}

/// On what an imported subscription rests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nothing can be shown: the person is asked for a confirmation, like after a sign-up (S0-26).
    Unproven {
        /// Where the operator has the address from, if that is stated.
        source: Option<Source>,
    },
    /// The operator can demonstrate an earlier agreement (GDPR art. 7(1)): it holds, and no letter
    /// is sent.
    Proven {
        /// The legal basis.
        basis: LegalBasis,
        /// When the person agreed.
        agreed_at: Timestamp,
        /// What the person was shown then.
        notice: NoticeVersion,
        /// Where that is recorded.
        source: Source,
    },
}

/// What an import does with one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Imported {
    /// A new record.
    Entered(Box<Subject>, Effects),
    /// There is a record, which stays as it is.
    AlreadyThere,
    /// The person left, opposed or asked for erasure, and stays away. One answer for all of them:
    /// it does not tell who is hidden.
    LeftOut,
}

impl Import {
    /// Decides about one person of a file (S0-101).
    ///
    /// `held` is the live record of the address; `is_erased` says whether one is held that was
    /// erased and is not purged yet. `since` is when the import began: the clock of the pending
    /// period, the same for everybody in the file.
    pub fn decide(
        &self,
        id: SubjectId,
        held: Option<&Subject>,
        is_erased: bool,
        policy: &Policy,
        since: Timestamp,
        now: Timestamp,
    ) -> Imported {
        match held {
            Some(person) if self.is_opposed_by(person) => Imported::LeftOut,
            // An ended period leaves nothing that an import could find.
            Some(person) if person.is_visible(policy, now) => Imported::AlreadyThere,
            _ if is_erased => Imported::LeftOut,
            _ => {
                let (person, effects) = self.enter(id, policy, since, now);
                Imported::Entered(Box::new(person), effects)
            }
        }
    }

    /// Whether the person has left everything, or a topic of this import, or restricts what is
    /// done with their data (GDPR art. 18 and 21). Asking for it again does not count before it is
    /// confirmed, nor does the end of the period after leaving before the record is gone.
    fn is_opposed_by(&self, person: &Subject) -> bool {
        let has_left = |topic| {
            let held = person.subscription(topic);
            held.is_some_and(|held| held.state == TopicState::Unsubscribed)
        };
        person.restricted_at.is_some()
            || person.objected_at.is_some()
            || person.state() == PersonState::Unsubscribed
            || self.topics.iter().any(has_left)
    }

    fn enter(
        &self,
        id: SubjectId,
        policy: &Policy,
        since: Timestamp,
        now: Timestamp,
    ) -> (Subject, Effects) {
        let mut effects = Effects::default();
        let mut subject = Subject {
            id,
            controller: policy.controller.id.clone(),
            address: self.address.clone(),
            language: self.language,
            generation: 0,
            subscriptions: Vec::with_capacity(self.topics.len()),
            first_submitted_at: since,
            last_interaction_at: since,
            is_imported: true,
            last_prompted_at: None,
            prompts: Prompts::default(),
            reminded_at: None,
            objected_at: None,
            restricted_at: None,
            requested_address: None,
            erased_at: None,
        };
        for topic in &self.topics {
            if subject.subscription(topic).is_some() {
                continue;
            }
            let held = self.standing.subscription(topic, policy, now);
            effects.evidence.push(Evidence {
                at: now,
                action: Action::Imported,
                channel: Channel::Import,
                topic: Some(topic.clone()),
                basis: Some(held.basis),
                notice: held.notice.clone(),
                provenance: self.standing.provenance(),
            });
            subject.subscriptions.push(held);
        }
        if subject.awaits_confirmation() {
            subject.note_prompt(policy, now);
            effects.letters.push(LetterKind::Confirmation);
        }
        (subject, effects)
    }
}

impl Standing {
    fn subscription(&self, topic: &TopicId, policy: &Policy, now: Timestamp) -> Subscription {
        let asked = Subscription {
            topic: topic.clone(),
            state: TopicState::Pending,
            basis: basis_of(topic, policy),
            notice: policy.notice_version().clone(),
            requested_at: now,
            confirmed_at: None,
            unsubscribed_at: None,
            requested_again_at: None,
        };
        match self {
            Self::Unproven { .. } => asked,
            Self::Proven {
                basis,
                agreed_at,
                notice,
                ..
            } => Subscription {
                state: TopicState::Confirmed,
                basis: *basis,
                notice: notice.clone(),
                requested_at: *agreed_at,
                confirmed_at: Some(*agreed_at),
                ..asked
            },
        }
    }

    fn provenance(&self) -> Option<Provenance> {
        match self {
            Self::Unproven { source } => Some(Provenance {
                source: source.clone()?,
                agreed_at: None,
            }),
            Self::Proven {
                source, agreed_at, ..
            } => Some(Provenance {
                source: source.clone(),
                agreed_at: Some(*agreed_at),
            }),
        }
    }
}
