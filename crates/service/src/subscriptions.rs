//! Sign-up and confirmation.

use consentry_address::EmailAddress;
use consentry_domain::{
    Confirmation, LetterKind, PersonState, SignUp, Subject, SubjectId, Subscription,
};
use consentry_policy::{LegalBasis, TopicId};
use consentry_token::{Claims, Purpose};
use jiff::Timestamp;

use crate::{
    Error, LinkError, Service, SignUpOutcome,
    ports::{Change, PurgeReason, StoreError, UnitOfWork},
    together::Shared,
};

/// What the page behind a confirmation link shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfirmationView {
    /// These topics wait for the button.
    Topics(Vec<AwaitedTopic>),
    /// A new address waits for the button.
    Address,
    /// It was pressed before.
    AlreadyConfirmed,
}

/// One topic that waits for the button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwaitedTopic {
    /// The topic.
    pub topic: TopicId,
    /// The legal basis that the confirmation records (GDPR art. 6(1)): consent for whoever
    /// comes back (S0-57).
    pub basis: LegalBasis,
}

impl Service {
    /// Records a request to be subscribed and queues the letter that answers it, in one
    /// commit (S0-29). What the caller may tell the public is the same in every case (S0-30).
    ///
    /// # Errors
    /// [`Error::RefusedDomain`], [`Error::UnknownTopic`] and [`Error::Store`].
    pub async fn sign_up(&self, request: SignUp) -> Result<(), Error> {
        let ended = match self.check_request(&request) {
            Ok(()) => {
                let committed = self.shared().sign_ups.commit(self, request).await;
                committed.map_err(Error::from)
            }
            refused => refused,
        };
        SignUpOutcome::of(&ended).count();
        ended
    }

    /// Records any number of requests inside the caller's transaction, each decided on its
    /// own, all written set-wise. The addresses must differ.
    pub async fn sign_up_in(
        &self,
        unit: &mut dyn UnitOfWork,
        requests: &[SignUp],
    ) -> Result<(), Error> {
        requests
            .iter()
            .try_for_each(|one| self.check_request(one))?;
        let addresses: Vec<_> = requests.iter().map(|one| one.address.clone()).collect();
        let known = unit.live_by_address(self.controller(), &addresses).await?;
        let now = self.now();
        let known = self.purge_outlived(unit, known, now).await?;
        let changes: Vec<_> = requests
            .iter()
            .zip(known)
            .map(|(request, held)| self.decide_sign_up(request, held, now))
            .collect();
        Ok(unit.save(&changes).await?)
    }

    /// Removes records whose period has ended and whom no job has removed yet: whoever comes
    /// now is a new person.
    async fn purge_outlived(
        &self,
        unit: &mut dyn UnitOfWork,
        known: Vec<Option<Subject>>,
        now: Timestamp,
    ) -> Result<Vec<Option<Subject>>, Error> {
        let mut kept = Vec::with_capacity(known.len());
        for held in known {
            let Some(person) = held
                .as_ref()
                .filter(|one| one.is_due_for_purge(self.policy(), now))
            else {
                kept.push(held);
                continue;
            };
            let reason = PurgeReason::of(person);
            self.mailer().forget(&[person.id]).await?;
            unit.purge(self.controller(), &[person.id], reason, now)
                .await?;
            kept.push(None);
        }
        Ok(kept)
    }

    /// "Mail me my link" for whoever lost it. Says nothing about who is known (S0-30).
    pub async fn mail_link(&self, address: &EmailAddress) -> Result<(), Error> {
        let held = self
            .store()
            .subject_by_address(self.controller(), address)
            .await?;
        let Some(held) = held else { return Ok(()) };
        let queued = self
            .with_person(held.id, Error::UnknownPerson, |person, now| {
                Ok(((), person.ask_for_link(self.policy(), now)))
            })
            .await;
        match queued {
            Err(Error::UnknownPerson) => Ok(()),
            queued => queued,
        }
    }

    /// What a confirmation link leads to. Changes nothing.
    pub async fn confirmation(&self, token: &str) -> Result<ConfirmationView, Error> {
        let claims = self.confirmation_claims(token)?;
        let person = self.person_of(&claims).await?;
        Ok(self.judge_confirmation(&claims, &person, self.now())?)
    }

    /// The button behind a confirmation link (S0-26, S0-27).
    pub async fn confirm(&self, token: &str) -> Result<ConfirmationView, Error> {
        let claims = self.confirmation_claims(token)?;
        if claims.purpose == Purpose::ConfirmAddress {
            return self.confirm_address(&claims).await;
        }
        let missing = LinkError::Unknown.into();
        let id = SubjectId(claims.subject);
        self.decide_together(id, missing, move |service, person, now| {
            let view = service.judge_confirmation(&claims, person, now)?;
            match person.confirm(service.policy(), now) {
                Ok((Confirmation::Confirmed, effects)) => Ok((view, effects)),
                Ok((Confirmation::AlreadyConfirmed, effects)) => {
                    Ok((ConfirmationView::AlreadyConfirmed, effects))
                }
                Err(_) => Err(LinkError::Superseded.into()),
            }
        })
        .await
    }

    /// "Send me a new link" on the page of an expired confirmation link: of a subscription, or
    /// of a new address (S0-39).
    pub async fn renew_confirmation(&self, token: &str) -> Result<(), Error> {
        let claims = self.confirmation_claims(token)?;
        let missing = LinkError::Unknown.into();
        self.with_person(SubjectId(claims.subject), missing, |person, now| {
            match self.judge_confirmation(&claims, person, now) {
                Err(LinkError::Expired) | Ok(_) => {}
                Err(dead) => return Err(dead.into()),
            }
            let effects = match claims.purpose {
                Purpose::ConfirmAddress => person.ask_for_address_confirmation(self.policy(), now),
                _ => person.ask_for_confirmation(self.policy(), now),
            };
            Ok(((), effects))
        })
        .await
    }

    async fn confirm_address(&self, claims: &Claims) -> Result<ConfirmationView, Error> {
        let id = SubjectId(claims.subject);
        let confirmed = self
            .with_person(id, LinkError::Unknown.into(), |person, now| {
                self.judge_confirmation(claims, person, now)?;
                person
                    .confirm_address(self.policy(), now)
                    .map(|effects| (ConfirmationView::Address, effects))
                    .ok_or_else(|| LinkError::Superseded.into())
            })
            .await;
        match confirmed {
            // Somebody subscribed with the new address meanwhile: two records, not one.
            Err(Error::Store(StoreError::Conflict)) => Err(LinkError::Superseded.into()),
            confirmed => confirmed,
        }
    }

    fn judge_confirmation(
        &self,
        claims: &Claims,
        person: &Subject,
        now: Timestamp,
    ) -> Result<ConfirmationView, LinkError> {
        if claims.generation != person.generation {
            return Err(LinkError::Superseded);
        }
        let in_time = self.is_within(claims, self.policy().links.confirmation, now);
        if claims.purpose == Purpose::ConfirmAddress {
            return match (&person.requested_address, in_time) {
                (None, _) => Err(LinkError::Superseded),
                (Some(_), false) => Err(LinkError::Expired),
                (Some(_), true) => Ok(ConfirmationView::Address),
            };
        }
        if !person.awaits_confirmation() {
            return match person.state() {
                PersonState::Confirmed => Ok(ConfirmationView::AlreadyConfirmed),
                _ => Err(LinkError::Superseded),
            };
        }
        if !in_time {
            return Err(LinkError::Expired);
        }
        Ok(ConfirmationView::Topics(awaited_topics(person)))
    }

    fn check_request(&self, request: &SignUp) -> Result<(), Error> {
        self.check_entry(&request.address, &request.topics)
    }

    /// What the policy demands of everybody who comes in, whichever way.
    pub(crate) fn check_entry(
        &self,
        address: &EmailAddress,
        topics: &[TopicId],
    ) -> Result<(), Error> {
        if self.policy().subscription.refuses(address) {
            return Err(Error::RefusedDomain);
        }
        let known = |topic| self.policy().topic(topic).is_some();
        if topics.is_empty() || !topics.iter().all(known) {
            return Err(Error::UnknownTopic);
        }
        Ok(())
    }

    fn decide_sign_up(&self, request: &SignUp, held: Option<Subject>, now: Timestamp) -> Change {
        if let Some(mut person) = held {
            let effects = person.sign_up(request, self.policy(), now);
            return self.change(person, false, effects, now);
        }
        let id = self.new_subject_id();
        let (person, effects) = Subject::first_sign_up(id, request, self.policy(), now);
        self.change(person, true, effects, now)
    }
}

/// Addresses that are compared as equal are one person's.
impl Shared for SignUp {
    type Key = String;
    type Answer = ();

    fn key(&self) -> String {
        self.address.comparison_key()
    }

    async fn commit(service: &Service, requests: &[Self]) -> Result<Vec<()>, StoreError> {
        let commit = || async {
            let mut unit = service.begin().await?;
            service.sign_up_in(unit.as_mut(), requests).await?;
            Ok(unit.commit().await?)
        };
        let ended = service.retry_conflicts(commit).await;
        ended.map_err(Error::into_store)?;
        Ok(vec![(); requests.len()])
    }
}

/// What a confirmation would confirm.
fn awaited(person: &Subject) -> impl Iterator<Item = &Subscription> {
    let held = person.subscriptions.iter();
    held.filter(|held| held.awaits_confirmation())
}

fn awaited_topics(person: &Subject) -> Vec<AwaitedTopic> {
    awaited(person)
        .map(|held| AwaitedTopic {
            topic: held.topic.clone(),
            basis: held.basis_once_confirmed(),
        })
        .collect()
}

/// The topics that a letter of this kind speaks of.
pub(crate) fn topics_of(kind: LetterKind, person: &Subject) -> Vec<TopicId> {
    match kind {
        LetterKind::Confirmation | LetterKind::Reminder => {
            awaited(person).map(|held| held.topic.clone()).collect()
        }
        _ => person
            .subscriptions
            .iter()
            .filter(|held| held.state == consentry_domain::TopicState::Confirmed)
            .map(|held| held.topic.clone())
            .collect(),
    }
}
