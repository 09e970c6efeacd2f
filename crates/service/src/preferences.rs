//! The preference centre: choices, leaving, and the rights of whoever holds the mailbox.

use consentry_address::EmailAddress;
use consentry_domain::{
    Channel, Choice, Effects, PersonState, Subject, SubjectId, Subscription, TopicState,
};
use consentry_policy::TopicId;
use consentry_token::{Claims, Purpose};
use jiff::Timestamp;

use crate::{
    Error, LinkError, Service,
    record::{Erasure, PersonalData},
};

/// Which link opened the preference centre.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// The link at the bottom of a mail. Ends when the policy says so.
    Preferences,
    /// The address behind the mail program's button. Works for as long as the address is
    /// held (S0-52); opens choices, never data.
    Unsubscribe,
}

/// What the preference centre shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreferencesView {
    /// The address with most of its local part hidden; only behind [`Door::Preferences`].
    pub masked_address: Option<String>,
    /// The state over all topics.
    pub state: PersonState,
    /// Every topic of the policy with its state, `None` when it was never asked for. Empty
    /// behind an unsubscribe link that was superseded: it leaves everything and shows nothing.
    pub topics: Vec<TopicChoice>,
    /// Whether a restriction is in force (GDPR art. 18).
    pub restricted: bool,
    /// Whether this link may ask for erasure, a copy or another address; otherwise a fresh
    /// one is mailed.
    pub is_fresh: bool,
}

/// One topic in the preference centre.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicChoice {
    /// The topic.
    pub topic: TopicId,
    /// Its state.
    pub state: Option<TopicState>,
    /// Whether it waits for a confirmation.
    pub awaits_confirmation: bool,
}

/// How an action in the preference centre ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// The choice holds; this is what it looks like now.
    Saved(PreferencesView),
    /// Coming back needs a fresh confirmation, which was mailed.
    ConfirmationMailed,
}

impl Service {
    /// The current choices. Changes nothing (S0-46).
    pub async fn preferences(&self, door: Door, token: &str) -> Result<PreferencesView, Error> {
        let claims = self.claims(door.purpose(), token)?;
        let person = self.person_of(&claims).await?;
        let now = self.now();
        self.judge_preferences(&claims, &person, now)?;
        Ok(self.preferences_view(&claims, &person, now))
    }

    /// Keeps these topics and leaves the others (S0-47 to S0-49).
    pub async fn choose(&self, door: Door, token: &str, keep: &[TopicId]) -> Result<Chosen, Error> {
        if !keep
            .iter()
            .all(|topic| self.policy().topic(topic).is_some())
        {
            return Err(Error::UnknownTopic);
        }
        self.act(door, token, |claims, person, now| {
            if claims.generation != person.generation {
                return Err(LinkError::Superseded.into());
            }
            let may_add = door == Door::Preferences;
            let (choice, effects) = person.choose(keep, may_add, self.policy(), now);
            let chosen = match choice {
                Choice::Saved => Chosen::Saved(self.preferences_view(claims, person, now)),
                Choice::ConfirmationMailed => Chosen::ConfirmationMailed,
            };
            Ok((chosen, effects))
        })
        .await
    }

    /// Leaves everything, by the button of the page (S0-50).
    pub async fn unsubscribe_all(&self, door: Door, token: &str) -> Result<PreferencesView, Error> {
        self.act(door, token, |claims, person, now| {
            let effects = person.unsubscribe_all(Channel::Link, self.policy(), now);
            Ok((self.preferences_view(claims, person, now), effects))
        })
        .await
    }

    /// The mail program's own button (RFC 8058): a global unsubscribe, immediate and
    /// idempotent. A person who is not held any more has nothing left to leave (S0-51, S0-52).
    ///
    /// In a letter to a new address that nobody has proven yet, it withdraws that address.
    pub async fn one_click(&self, token: &str) -> Result<(), Error> {
        let claims = self
            .claims(Purpose::Unsubscribe, token)
            .or_else(|_| self.claims(Purpose::WithdrawAddress, token))?;
        let id = SubjectId(claims.subject);
        let left = self
            .decide_together(id, Error::UnknownPerson, move |service, person, now| {
                let policy = service.policy();
                let effects = match claims.purpose {
                    Purpose::Unsubscribe => person.unsubscribe_all(Channel::OneClick, policy, now),
                    // A link that is superseded has nothing left to withdraw.
                    _ if claims.generation != person.generation => Effects::default(),
                    _ => person.withdraw_address(policy, now).unwrap_or_default(),
                };
                Ok(((), effects))
            })
            .await;
        match left {
            Err(Error::UnknownPerson) => Ok(()),
            left => left,
        }
    }

    /// Whether a link in a letter to a new address can still withdraw it. Changes nothing.
    ///
    /// # Errors
    /// [`LinkError::Unknown`] when there is nothing to withdraw.
    pub async fn address_request(&self, token: &str) -> Result<(), Error> {
        let claims = self.claims(Purpose::WithdrawAddress, token)?;
        let person = self.person_of(&claims).await?;
        if person.requested_address.is_none() || claims.generation != person.generation {
            return Err(LinkError::Unknown.into());
        }
        Ok(())
    }

    /// Hides the person at once; the purge follows after the policy's grace, or when no hold keeps the
    /// record any more: the answer says so (S0-40, S0-60, S3-26).
    ///
    /// # Errors
    /// [`LinkError::NotFresh`] when the link is old: [`mail_fresh_link`](Self::mail_fresh_link).
    pub async fn erase(&self, token: &str) -> Result<Erasure, Error> {
        // Looked up before: what is done is never answered with a failure.
        let holds = self.legal_holds().await?;
        let person = self.act_afresh(token, |person, now| {
            let effects = person.request_erasure(Channel::Link, self.policy(), now);
            Ok((person.clone(), effects))
        });
        let erasure = self.erasure(&person.await?, &holds);
        erasure.ok_or(LinkError::Unknown.into())
    }

    /// A copy of everything that is held of the person (S0-38, S0-41).
    ///
    /// # Errors
    /// [`LinkError::NotFresh`] when the link is old.
    pub async fn export(&self, token: &str) -> Result<PersonalData, Error> {
        let person = self
            .act_afresh(token, |person, now| {
                let effects = person.note_export(Channel::Link, self.policy(), now);
                Ok((person.clone(), effects))
            })
            .await?;
        self.personal_data(person).await
    }

    /// Asks for another address: the new one gets a confirmation link, the one in use is told
    /// (S0-39). An address that has a record of its own is answered like any other.
    ///
    /// # Errors
    /// [`LinkError::NotFresh`] when the link is old.
    pub async fn change_address(&self, token: &str, new: EmailAddress) -> Result<(), Error> {
        if self.policy().subscription.refuses(&new) {
            return Err(Error::RefusedDomain);
        }
        self.act_afresh(token, |person, now| {
            let effects = person.request_address(new.clone(), Channel::Link, self.policy(), now);
            Ok(((), effects))
        })
        .await
    }

    /// Mails a fresh link to whoever holds an old one of ours.
    pub async fn mail_fresh_link(&self, door: Door, token: &str) -> Result<(), Error> {
        let claims = self.claims(door.purpose(), token)?;
        let missing = LinkError::Unknown.into();
        self.with_person(SubjectId(claims.subject), missing, |person, now| {
            Ok(((), person.ask_for_fresh_link(self.policy(), now)))
        })
        .await
    }

    /// Runs an action of the person behind a link that opens the preference centre.
    async fn act<T>(
        &self,
        door: Door,
        token: &str,
        decide: impl Fn(&Claims, &mut Subject, Timestamp) -> Result<(T, Effects), Error> + Send + Sync,
    ) -> Result<T, Error> {
        let claims = self.claims(door.purpose(), token)?;
        let missing = LinkError::Unknown.into();
        self.with_person(SubjectId(claims.subject), missing, |person, now| {
            self.judge_preferences(&claims, person, now)?;
            decide(&claims, person, now)
        })
        .await
    }

    /// The same, for what only a freshly mailed link may ask for.
    async fn act_afresh<T>(
        &self,
        token: &str,
        decide: impl Fn(&mut Subject, Timestamp) -> Result<(T, Effects), Error> + Send + Sync,
    ) -> Result<T, Error> {
        self.act(Door::Preferences, token, |claims, person, now| {
            if !self.is_within(claims, self.policy().links.sensitive, now) {
                return Err(LinkError::NotFresh.into());
            }
            decide(person, now)
        })
        .await
    }

    fn judge_preferences(
        &self,
        claims: &Claims,
        person: &Subject,
        now: Timestamp,
    ) -> Result<(), LinkError> {
        if claims.purpose == Purpose::Unsubscribe {
            return Ok(());
        }
        if claims.generation != person.generation {
            return Err(LinkError::Superseded);
        }
        match self.policy().links.preferences {
            Some(lifetime) if !self.is_within(claims, lifetime, now) => Err(LinkError::Expired),
            _ => Ok(()),
        }
    }

    fn preferences_view(
        &self,
        claims: &Claims,
        person: &Subject,
        now: Timestamp,
    ) -> PreferencesView {
        let is_preferences = claims.purpose == Purpose::Preferences;
        PreferencesView {
            masked_address: is_preferences.then(|| person.address.masked()),
            state: person.state(),
            topics: self
                .policy()
                .topics
                .iter()
                .filter(|_| claims.generation == person.generation)
                .map(|topic| {
                    let held = person.subscription(&topic.id);
                    TopicChoice {
                        topic: topic.id.clone(),
                        state: held.map(|held| held.state),
                        awaits_confirmation: held.is_some_and(Subscription::awaits_confirmation),
                    }
                })
                .collect(),
            restricted: person.restricted_at.is_some(),
            is_fresh: is_preferences && self.is_within(claims, self.policy().links.sensitive, now),
        }
    }
}

impl Door {
    const fn purpose(self) -> Purpose {
        match self {
            Self::Preferences => Purpose::Preferences,
            Self::Unsubscribe => Purpose::Unsubscribe,
        }
    }
}
