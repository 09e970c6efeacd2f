//! Coming in: sign-up, confirmation, choices, and coming back.

use consentry_address::EmailAddress;
use consentry_policy::{Language, LegalBasis, Policy, TopicId};
use jiff::Timestamp;
use thiserror::Error;

use crate::{
    Action, Channel, Effects, Evidence, LetterKind, PersonState, Prompts, Subject, SubjectId,
    Subscription, TopicState, prompts::Asker,
};

/// A request to be subscribed.
#[derive(Debug, Clone)]
pub struct SignUp {
    /// Whom to write to.
    pub address: EmailAddress,
    /// The topics asked for; all are topics of the policy, and there is at least one.
    pub topics: Vec<TopicId>,
    /// The language of the page.
    pub language: Language,
    /// Form or JSON.
    pub channel: Channel,
}

/// How a confirmation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmation {
    /// It changed something.
    Confirmed,
    /// It had been given before: friendly, never an error.
    AlreadyConfirmed,
}

/// The request behind this link was withdrawn: the person has left since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("nothing is waiting for a confirmation")]
pub struct NothingToConfirm;

/// How a choice of topics ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// It holds from now on.
    Saved,
    /// Coming back needs a fresh confirmation, which was mailed (S0-56).
    ConfirmationMailed,
}

impl Subject {
    /// A person who was not known.
    pub fn first_sign_up(
        id: SubjectId,
        request: &SignUp,
        policy: &Policy,
        now: Timestamp,
    ) -> (Self, Effects) {
        let mut subject = Self {
            id,
            controller: policy.controller.id.clone(),
            address: request.address.clone(),
            language: request.language,
            generation: 0,
            subscriptions: Vec::new(),
            first_submitted_at: now,
            last_interaction_at: now,
            is_imported: false,
            last_prompted_at: None,
            prompts: Prompts::default(),
            reminded_at: None,
            objected_at: None,
            restricted_at: None,
            requested_address: None,
            erased_at: None,
        };
        let effects = subject.sign_up(request, policy, now);
        (subject, effects)
    }

    /// A sign-up by somebody who is known, in whatever state (S0-30, S0-55).
    ///
    /// What is queued depends on the state; the public answer does not.
    pub fn sign_up(&mut self, request: &SignUp, policy: &Policy, now: Timestamp) -> Effects {
        let mut effects = Effects::default();
        if self.restricted_at.is_some() {
            // Nothing is done with restricted data at a stranger's request (GDPR art. 18(2)).
            return effects;
        }
        let may_prompt = self.may_prompt(Asker::Anybody, policy, now);
        if self.state() == PersonState::Pending {
            self.language = request.language;
        }
        for (place, topic) in request.topics.iter().enumerate() {
            if request.topics[..place].contains(topic) {
                continue;
            }
            // Asking again when no letter may answer is no news: it leaves no trace.
            if may_prompt || !self.awaits(topic) {
                self.request(topic, request.channel, policy, now, &mut effects.evidence);
            }
        }
        if may_prompt {
            self.prompt(&mut effects, policy, now);
        }
        effects
    }

    /// "Mail me my link": the preference centre for somebody who lost it.
    pub fn ask_for_link(&mut self, policy: &Policy, now: Timestamp) -> Effects {
        self.mail_link_to(Asker::Anybody, policy, now)
    }

    /// A fresh link for somebody who holds an old one.
    pub fn ask_for_fresh_link(&mut self, policy: &Policy, now: Timestamp) -> Effects {
        self.mail_link_to(Asker::Holder, policy, now)
    }

    fn mail_link_to(&mut self, asker: Asker, policy: &Policy, now: Timestamp) -> Effects {
        let mut effects = Effects::default();
        if self.may_prompt(asker, policy, now) {
            self.note_prompt(policy, now);
            effects.letters.push(LetterKind::PreferencesLink);
        }
        effects
    }

    /// A new confirmation link for somebody whose link expired.
    pub fn ask_for_confirmation(&mut self, policy: &Policy, now: Timestamp) -> Effects {
        let mut effects = Effects::default();
        if self.awaits_confirmation() && self.may_prompt(Asker::Holder, policy, now) {
            self.prompt(&mut effects, policy, now);
        }
        effects
    }

    /// The owner of the mailbox agrees to everything that is waiting (S0-26).
    ///
    /// # Errors
    /// [`NothingToConfirm`] when nothing is waiting and nothing is confirmed.
    pub fn confirm(
        &mut self,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<(Confirmation, Effects), NothingToConfirm> {
        let mut effects = Effects::default();
        if !self.awaits_confirmation() {
            return match self.state() {
                PersonState::Confirmed => Ok((Confirmation::AlreadyConfirmed, effects)),
                _ => Err(NothingToConfirm),
            };
        }
        for held in &mut self.subscriptions {
            if held.awaits_confirmation() {
                held.confirm(Channel::Link, policy, now, &mut effects.evidence);
            }
        }
        self.objected_at = None;
        self.last_prompted_at = None;
        self.prompts = Prompts::default();
        effects.cancelled = vec![LetterKind::Confirmation, LetterKind::Reminder];
        Ok((Confirmation::Confirmed, effects))
    }

    /// The preference centre: `keep` is what the person wants from now on (S0-46 to S0-49).
    ///
    /// Leaving holds at once. Adding holds at once for somebody whose mailbox is confirmed and
    /// whose link proves it (`may_add`); anybody else confirms afresh. What waits for a
    /// confirmation goes on waiting: a stranger may have asked for it.
    pub fn choose(
        &mut self,
        keep: &[TopicId],
        may_add: bool,
        policy: &Policy,
        now: Timestamp,
    ) -> (Choice, Effects) {
        let mut effects = Effects::default();
        let before = self.state();
        let may_prompt = self.may_prompt(Asker::Holder, policy, now);
        self.leave_others(keep, policy, now, &mut effects);
        let mut comes_back = before == PersonState::Unsubscribed;
        for topic in keep {
            let held = self.subscription(topic);
            if held.is_some_and(|held| held.awaits_confirmation() || held.is_confirmed()) {
                continue;
            }
            if before == PersonState::Confirmed && may_add {
                self.agree(topic, policy, now, &mut effects.evidence);
            } else {
                self.request(topic, Channel::Link, policy, now, &mut effects.evidence);
                comes_back |= before == PersonState::Confirmed;
            }
        }
        if keep.is_empty() || !comes_back || !self.awaits_confirmation() {
            return (Choice::Saved, effects);
        }
        if may_prompt {
            self.prompt(&mut effects, policy, now);
        }
        (Choice::ConfirmationMailed, effects)
    }

    fn awaits(&self, topic: &TopicId) -> bool {
        self.subscription(topic)
            .is_some_and(Subscription::awaits_confirmation)
    }

    /// Notes that a topic is asked for. Nothing is confirmed by it.
    fn request(
        &mut self,
        topic: &TopicId,
        channel: Channel,
        policy: &Policy,
        now: Timestamp,
        evidence: &mut Vec<Evidence>,
    ) {
        let comes_back = self.state() == PersonState::Unsubscribed;
        // Whoever comes back, or chooses on a page of their own, consents (GDPR art. 7).
        let consents = comes_back || channel == Channel::Link;
        let notice = policy.notice_version().clone();
        let known = self
            .subscriptions
            .iter_mut()
            .find(|held| &held.topic == topic);
        let (action, basis) = match known {
            Some(held) if held.state == TopicState::Confirmed => return,
            Some(held) if held.state == TopicState::Unsubscribed => {
                held.requested_again_at = Some(now);
                held.notice = notice.clone();
                (Action::RequestedAgain, LegalBasis::Consent)
            }
            Some(held) => {
                held.notice = notice.clone();
                if consents {
                    held.basis = LegalBasis::Consent;
                }
                (Action::Requested, held.basis)
            }
            None => {
                let basis = if consents {
                    LegalBasis::Consent
                } else {
                    basis_of(topic, policy)
                };
                self.subscriptions.push(Subscription {
                    topic: topic.clone(),
                    state: TopicState::Pending,
                    basis,
                    notice: notice.clone(),
                    requested_at: now,
                    confirmed_at: None,
                    unsubscribed_at: None,
                    requested_again_at: None,
                });
                let action = if comes_back {
                    Action::RequestedAgain
                } else {
                    Action::Requested
                };
                (action, basis)
            }
        };
        evidence.push(Evidence {
            at: now,
            action,
            channel,
            topic: Some(topic.clone()),
            basis: Some(basis),
            notice,
            provenance: None,
        });
    }

    /// Adds a topic by a choice that the owner of a confirmed mailbox makes on a mailed link.
    fn agree(
        &mut self,
        topic: &TopicId,
        policy: &Policy,
        now: Timestamp,
        evidence: &mut Vec<Evidence>,
    ) {
        self.request(topic, Channel::Link, policy, now, evidence);
        let held = self
            .subscriptions
            .iter_mut()
            .find(|held| &held.topic == topic && held.awaits_confirmation());
        if let Some(held) = held {
            held.confirm(Channel::Link, policy, now, evidence);
        }
    }

    /// Queues the letter that answers a request, and starts the cool-down.
    fn prompt(&mut self, effects: &mut Effects, policy: &Policy, now: Timestamp) {
        let letter = if self.awaits_confirmation() {
            // Coming back kills every older link (S0-56).
            let comes_back = |held: &Subscription| held.requested_again_at.is_some();
            if self.state() == PersonState::Unsubscribed
                || self.subscriptions.iter().any(comes_back)
            {
                self.generation = self.generation.wrapping_add(1);
            }
            effects.cancelled.push(LetterKind::Confirmation);
            LetterKind::Confirmation
        } else {
            LetterKind::AlreadySubscribed
        };
        self.note_prompt(policy, now);
        effects.letters.push(letter);
    }
}

impl Subscription {
    fn is_confirmed(&self) -> bool {
        self.state == TopicState::Confirmed
    }

    /// The legal basis that a confirmation would record: coming back rests on consent (S0-57).
    pub fn basis_once_confirmed(&self) -> LegalBasis {
        match self.requested_again_at {
            Some(_) => LegalBasis::Consent,
            None => self.basis,
        }
    }

    fn confirm(
        &mut self,
        channel: Channel,
        policy: &Policy,
        now: Timestamp,
        evidence: &mut Vec<Evidence>,
    ) {
        self.basis = self.basis_once_confirmed();
        self.requested_again_at = None;
        self.state = TopicState::Confirmed;
        self.confirmed_at = Some(now);
        self.notice = policy.notice_version().clone();
        evidence.push(Evidence {
            at: now,
            action: Action::Confirmed,
            channel,
            topic: Some(self.topic.clone()),
            basis: Some(self.basis),
            notice: self.notice.clone(),
            provenance: None,
        });
    }
}

pub(crate) fn basis_of(topic: &TopicId, policy: &Policy) -> LegalBasis {
    policy
        .topic(topic)
        .map_or(LegalBasis::Consent, |topic| topic.basis)
}
