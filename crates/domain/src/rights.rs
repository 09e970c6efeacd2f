//! The rights of the person: erasure, restriction, rectification, a copy (GDPR art. 15 to 20).

use consentry_address::EmailAddress;
use consentry_policy::Policy;
use jiff::Timestamp;

use crate::{
    Action, Channel, Effects, Evidence, LetterKind, PersonState, Prompts, RequestedAddress,
    Subject, prompts::Asker,
};

impl Subject {
    /// Hides the person at once, cancels their queue and owes them one answer
    /// (GDPR art. 17; S0-60, S0-62).
    pub fn request_erasure(
        &mut self,
        channel: Channel,
        policy: &Policy,
        now: Timestamp,
    ) -> Effects {
        self.erased_at = Some(now);
        self.requested_address = None;
        Effects {
            evidence: vec![Self::evidence(
                policy,
                now,
                Action::ErasureRequested,
                channel,
            )],
            letters: vec![LetterKind::ErasureAnswer],
            cancelled: LetterKind::ALL.to_vec(),
        }
    }

    /// Restricts processing: the data stay, nothing is done with them (GDPR art. 18).
    /// `None` when a restriction is in force already.
    pub fn restrict(&mut self, policy: &Policy, now: Timestamp) -> Option<Effects> {
        if self.restricted_at.is_some() {
            return None;
        }
        self.restricted_at = Some(now);
        Some(noted(policy, now, Action::Restricted, Channel::Admin))
    }

    /// Lifts a restriction; `None` when none is in force.
    pub fn lift_restriction(&mut self, policy: &Policy, now: Timestamp) -> Option<Effects> {
        self.restricted_at.take()?;
        Some(noted(
            policy,
            now,
            Action::RestrictionLifted,
            Channel::Admin,
        ))
    }

    /// Asks for another address: the new one confirms, the one in use is told
    /// (GDPR art. 16; S0-39).
    ///
    /// Through a link, a second request within the cool-down changes nothing, nor one after too many
    /// letters in a day: the letter goes to an address that may be anybody's.
    pub fn request_address(
        &mut self,
        new: EmailAddress,
        channel: Channel,
        policy: &Policy,
        now: Timestamp,
    ) -> Effects {
        let cool_down = policy.subscription.cool_down;
        let is_hasty = self
            .requested_address
            .as_ref()
            .is_some_and(|held| cool_down.after(held.at, &policy.calendar) > now);
        if channel != Channel::Admin {
            if is_hasty || !self.prompts.leave_one_today(policy, now) {
                return Effects::default();
            }
            let is_confirmed = self.state() == PersonState::Confirmed;
            self.prompts = self.prompts.and_one_more(is_confirmed, policy, now);
        }
        let replaced = self.requested_address.replace(RequestedAddress {
            address: new,
            at: now,
        });
        let mut effects = noted(policy, now, Action::RectificationRequested, channel);
        effects.cancelled = vec![LetterKind::AddressConfirmation, LetterKind::AddressChange];
        effects.letters = effects.cancelled.clone();
        if replaced.is_some() {
            // The link in the mailbox asked for before must not confirm this one.
            self.renew_links(&mut effects);
        }
        effects
    }

    /// The owner of the new address did not ask for it: the address is forgotten. `None` when no
    /// change is under way.
    pub fn withdraw_address(&mut self, policy: &Policy, now: Timestamp) -> Option<Effects> {
        self.requested_address.take()?;
        let mut effects = noted(
            policy,
            now,
            Action::RectificationWithdrawn,
            Channel::OneClick,
        );
        effects.cancelled = vec![LetterKind::AddressConfirmation];
        self.renew_links(&mut effects);
        Some(effects)
    }

    /// Kills every link mailed so far; whoever waits for a confirmation gets a new one.
    fn renew_links(&mut self, effects: &mut Effects) {
        self.generation = self.generation.wrapping_add(1);
        if self.awaits_confirmation() {
            effects.cancelled.push(LetterKind::Confirmation);
            effects.letters.push(LetterKind::Confirmation);
        }
    }

    /// A new link for the owner of a new address whose link expired (S0-39).
    pub fn ask_for_address_confirmation(&mut self, policy: &Policy, now: Timestamp) -> Effects {
        let mut effects = Effects::default();
        if self.requested_address.is_some() && self.may_prompt(Asker::Holder, policy, now) {
            self.note_prompt(policy, now);
            effects.cancelled.push(LetterKind::AddressConfirmation);
            effects.letters.push(LetterKind::AddressConfirmation);
        }
        effects
    }

    /// The owner of the new address confirms; the old one is not kept, and links that were mailed
    /// to it can do no more than unsubscribe (S0-39). `None` when no change is under way.
    pub fn confirm_address(&mut self, policy: &Policy, now: Timestamp) -> Option<Effects> {
        self.address = self.requested_address.take()?.address;
        self.last_prompted_at = None;
        self.prompts = Prompts::default();
        let mut effects = noted(policy, now, Action::Rectified, Channel::Link);
        effects.cancelled = vec![LetterKind::AddressConfirmation, LetterKind::AddressChange];
        self.renew_links(&mut effects);
        Some(effects)
    }

    /// Notes that a copy of the data was handed over (GDPR art. 15, 20).
    pub fn note_export(&mut self, channel: Channel, policy: &Policy, now: Timestamp) -> Effects {
        noted(policy, now, Action::Exported, channel)
    }
}

fn noted(policy: &Policy, now: Timestamp, action: Action, channel: Channel) -> Effects {
    let evidence: Evidence = Subject::evidence(policy, now, action, channel);
    Effects {
        evidence: vec![evidence],
        ..Effects::default()
    }
}
