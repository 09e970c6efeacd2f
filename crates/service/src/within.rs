//! Use cases inside a transaction of the caller's: what they change and what the caller changes
//! beside them commits together, or not at all.

use consentry_address::EmailAddress;
use consentry_domain::{Channel, Effects, Subject};
use jiff::Timestamp;

use crate::{Error, Service, ports::UnitOfWork};

impl Service {
    /// Leaves every topic and objects to more (GDPR art. 21; S0-50), for whoever proved to the
    /// caller that the address is theirs.
    ///
    /// # Errors
    /// [`Error::UnknownPerson`] for hidden and unknown people alike (S0-61).
    pub async fn unsubscribe_in(
        &self,
        unit: &mut dyn UnitOfWork,
        address: &EmailAddress,
        channel: Channel,
    ) -> Result<(), Error> {
        self.on_behalf_in(unit, address, |person, now| {
            person.unsubscribe_all(channel, self.policy(), now)
        })
        .await
    }

    /// Hides the person at once; the purge follows after the policy's grace (GDPR art. 17; S0-60).
    ///
    /// # Errors
    /// [`Error::UnknownPerson`] for hidden and unknown people alike (S0-61).
    pub async fn erase_in(
        &self,
        unit: &mut dyn UnitOfWork,
        address: &EmailAddress,
        channel: Channel,
    ) -> Result<(), Error> {
        self.on_behalf_in(unit, address, |person, now| {
            person.request_erasure(channel, self.policy(), now)
        })
        .await
    }

    /// Asks the new address for its confirmation; the old one stays until then (GDPR art. 16;
    /// S0-39).
    ///
    /// # Errors
    /// [`Error::UnknownPerson`] as above, [`Error::RefusedDomain`], and [`Error::AddressInUse`]
    /// when the new address has a record of its own.
    pub async fn rectify_in(
        &self,
        unit: &mut dyn UnitOfWork,
        address: &EmailAddress,
        new: &EmailAddress,
        channel: Channel,
    ) -> Result<(), Error> {
        if self.policy().subscription.refuses(new) {
            return Err(Error::RefusedDomain);
        }
        let is_same = address.comparison_key() == new.comparison_key();
        if !is_same && self.visible_in(unit, new).await?.is_some() {
            return Err(Error::AddressInUse);
        }
        self.on_behalf_in(unit, address, |person, now| {
            person.request_address(new.clone(), channel, self.policy(), now)
        })
        .await
    }

    async fn on_behalf_in(
        &self,
        unit: &mut dyn UnitOfWork,
        address: &EmailAddress,
        decide: impl FnOnce(&mut Subject, Timestamp) -> Effects + Send,
    ) -> Result<(), Error> {
        let found = self.visible_in(unit, address).await?;
        let mut person = found.ok_or(Error::UnknownPerson)?;
        let now = self.now();
        let effects = decide(&mut person, now);
        let change = self.change(person, false, effects, now);
        Ok(unit.save(&[change]).await?)
    }

    async fn visible_in(
        &self,
        unit: &mut dyn UnitOfWork,
        address: &EmailAddress,
    ) -> Result<Option<Subject>, Error> {
        let addresses = std::slice::from_ref(address);
        let found = unit.live_by_address(self.controller(), addresses).await?;
        let now = self.now();
        let person = found.into_iter().flatten().next();
        Ok(person.filter(|held| held.is_visible(self.policy(), now)))
    }
}
