//! What a letter says: composed from the person as they are at the moment of the hand-over.

use std::sync::Arc;

use consentry_domain::{LetterKind, Subject};
use consentry_token::Purpose;
use jiff::Timestamp;

use crate::{
    Error, Service, Version,
    ports::{LeasedLetter, Letter, SecretUrl},
    record::Erasure,
    subscriptions::topics_of,
};

/// What a letter tells beside what its person's record says.
#[derive(Default)]
pub(crate) struct Told {
    change: Option<Arc<Version>>,
    erasure: Option<Erasure>,
}

impl Service {
    /// Looks up what a letter of this kind tells.
    pub(crate) async fn told(
        &self,
        letter: &LeasedLetter,
        person: &Subject,
    ) -> Result<Told, Error> {
        Ok(match letter.kind {
            LetterKind::NoticeChange => Told {
                change: self.told_by_letter(letter.queued_at).await?,
                ..Told::default()
            },
            LetterKind::ErasureAnswer => Told {
                erasure: self.erasure(person, &self.legal_holds().await?),
                ..Told::default()
            },
            _ => Told::default(),
        })
    }

    /// The letter, with fresh links; `None` when it is no longer owed to this person.
    pub(crate) fn compose(
        &self,
        letter: &LeasedLetter,
        person: &Subject,
        Told { change, erasure }: Told,
        now: Timestamp,
    ) -> Option<Letter> {
        if letter.kind == LetterKind::NoticeChange && change.is_none() {
            return None;
        }
        let is_held = person.erased_at.is_some() || person.is_visible(self.policy(), now);
        if !is_held || !letter.kind.is_owed_to(person) {
            return None;
        }
        let zone = &self.policy().calendar;
        let confirm_url = self.confirm_url(letter.kind, person, now);
        // Nobody has proven yet that the new address is the person's: its letter opens nothing of
        // their record.
        let (preferences, unsubscribe) = match letter.kind {
            LetterKind::AddressConfirmation => (Purpose::WithdrawAddress, Purpose::WithdrawAddress),
            _ => (Purpose::Preferences, Purpose::Unsubscribe),
        };
        Some(Letter {
            id: letter.id,
            kind: letter.kind,
            subject: person.id,
            to: letter.kind.recipient(person)?.clone(),
            language: person.language,
            date: now,
            topics: topics_of(letter.kind, person),
            confirm_until: confirm_url.is_some().then(|| {
                let link_ends = self.policy().links.confirmation.after(now, zone);
                let record_ends = person.ends_at(self.policy());
                record_ends.map_or(link_ends, |ends| ends.min(link_ends))
            }),
            confirm_url,
            preferences_url: self.link(preferences, person, now),
            unsubscribe_url: self.link(unsubscribe, person, now),
            home_url: self.public_url().join("/"),
            erasure,
            change,
        })
    }

    fn confirm_url(&self, kind: LetterKind, person: &Subject, now: Timestamp) -> Option<SecretUrl> {
        let purpose = match kind {
            LetterKind::Confirmation | LetterKind::Reminder => Purpose::Confirm,
            LetterKind::AddressConfirmation => Purpose::ConfirmAddress,
            _ => return None,
        };
        Some(self.link(purpose, person, now))
    }
}
