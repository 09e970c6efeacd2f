//! What the operator does on behalf of people, and looks at.

use consentry_address::EmailAddress;
use consentry_domain::{Channel, Effects, Subject, SubjectId};
use jiff::Timestamp;

use crate::{
    Error, Service,
    ports::{Filter, JobStatus, LetterChoice, LetterId, LetterRecord, LetterState, OutboxStatus},
    record::{PersonRecord, PersonalData},
};

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Page {
    /// The people on it.
    pub people: Vec<Subject>,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<SubjectId>,
}

impl Service {
    /// One person's record, by address (S0-38).
    ///
    /// # Errors
    /// [`Error::UnknownPerson`] for hidden and unknown people alike (S0-61).
    pub async fn show(&self, address: &EmailAddress) -> Result<PersonRecord, Error> {
        let person = self.find(address).await?;
        self.record(&person).await
    }

    /// Visible people by number, a page at a time, at most `limit` on each (S0-61).
    pub async fn list(
        &self,
        filter: &Filter,
        after: Option<SubjectId>,
        limit: u64,
    ) -> Result<Page, Error> {
        let now = self.now();
        let mut people = self
            .store()
            .list(self.controller(), filter, after, limit)
            .await?;
        let is_full = people.len() as u64 == limit;
        let next = people.last().filter(|_| is_full).map(|last| last.id);
        people.retain(|person| person.is_visible(self.policy(), now));
        Ok(Page { people, next })
    }

    /// A copy of everything that is held of a person, on their request (S0-41).
    pub async fn export_for(&self, address: &EmailAddress) -> Result<PersonalData, Error> {
        self.export_through(Channel::Admin, address).await
    }

    pub(crate) async fn export_through(
        &self,
        channel: Channel,
        address: &EmailAddress,
    ) -> Result<PersonalData, Error> {
        let person = self
            .on_behalf(address, |person, now| {
                let effects = person.note_export(channel, self.policy(), now);
                Ok((person.clone(), effects))
            })
            .await?;
        self.personal_data(person).await
    }

    /// Erasure on the person's request (S0-60).
    pub async fn erase_for(&self, address: &EmailAddress) -> Result<(), Error> {
        self.retry_conflicts(|| async {
            let mut unit = self.begin().await?;
            self.erase_in(unit.as_mut(), address, Channel::Admin)
                .await?;
            Ok(unit.commit().await?)
        })
        .await
    }

    /// Restricts processing; `false` when it was restricted before (GDPR art. 18; S0-42).
    pub async fn restrict(&self, address: &EmailAddress) -> Result<bool, Error> {
        self.on_behalf(address, |person, now| {
            let effects = person.restrict(self.policy(), now);
            Ok((effects.is_some(), effects.unwrap_or_default()))
        })
        .await
    }

    /// Lifts a restriction; `false` when none was in force (GDPR art. 18(3)).
    pub async fn lift(&self, address: &EmailAddress) -> Result<bool, Error> {
        self.on_behalf(address, |person, now| {
            let effects = person.lift_restriction(self.policy(), now);
            Ok((effects.is_some(), effects.unwrap_or_default()))
        })
        .await
    }

    /// Asks the new address for its confirmation; the old one stays until then (S0-39).
    ///
    /// # Errors
    /// [`Error::AddressInUse`] when the new address has a record of its own.
    pub async fn rectify(&self, address: &EmailAddress, new: EmailAddress) -> Result<(), Error> {
        self.retry_conflicts(|| async {
            let mut unit = self.begin().await?;
            self.rectify_in(unit.as_mut(), address, &new, Channel::Admin)
                .await?;
            Ok(unit.commit().await?)
        })
        .await
    }

    /// The last run of every job.
    pub async fn job_statuses(&self) -> Result<Vec<JobStatus>, Error> {
        Ok(self.store().job_statuses(self.controller()).await?)
    }

    /// How many letters stand where.
    pub async fn outbox_status(&self) -> Result<OutboxStatus, Error> {
        let now = self.now();
        Ok(self.store().outbox_status(self.controller(), now).await?)
    }

    /// Letters in the outbox by number, a page of at most `limit` at a time, after the given one.
    /// Nothing of them names a person.
    pub async fn letters(
        &self,
        state: Option<LetterState>,
        after: Option<LetterId>,
        limit: u64,
    ) -> Result<Vec<LetterRecord>, Error> {
        let store = self.store();
        let found = store.list_letters(self.controller(), state, after, limit);
        Ok(found.await?)
    }

    /// Has letters tried again now, once the reason for which they wait or were given up is
    /// mended; answers with how many. Whether a letter is still owed is asked before its hand-over,
    /// as always.
    pub async fn retry_letters(&self, choice: &LetterChoice) -> Result<u64, Error> {
        let now = self.now();
        let store = self.store();
        let retried = store.retry_letters(self.controller(), choice, now).await?;
        self.rest().end();
        Ok(retried)
    }

    pub(crate) async fn find(&self, address: &EmailAddress) -> Result<Subject, Error> {
        let now = self.now();
        self.store()
            .subject_by_address(self.controller(), address)
            .await?
            .filter(|person| person.is_visible(self.policy(), now))
            .ok_or(Error::UnknownPerson)
    }

    pub(crate) async fn on_behalf<T>(
        &self,
        address: &EmailAddress,
        decide: impl Fn(&mut Subject, Timestamp) -> Result<(T, Effects), Error> + Send + Sync,
    ) -> Result<T, Error> {
        let person = self.find(address).await?;
        self.with_person(person.id, Error::UnknownPerson, decide)
            .await
    }
}
