//! Use cases inside a transaction of the application's.

use consentry_address::EmailAddress;
use consentry_domain::{Channel, SignUp};
use consentry_service::{Error, ports::StoreError};
use sea_orm::DatabaseTransaction;

use crate::Consentry;

/// How often a use case is tried again when somebody else wrote the same person.
const TRIES: u32 = 8;

/// Use cases inside a transaction of your own: what they change commits with what you change, or
/// neither does. Letters go out once you have committed.
///
/// Each use case is a savepoint: one that fails leaves your transaction as it was before, and you
/// decide whether to go on. Await one at a time, and none of [`Consentry::service`] meanwhile.
/// [`SeaOrmStore::join`](crate::SeaOrmStore::join) says what the transaction has to be like.
///
/// ```
/// use consentry::{Channel, Consentry, EmailAddress, Language, SignUp};
/// use consentry::sea_orm::{ConnectionTrait, DatabaseTransaction};
///
/// async fn register(
///     consentry: &Consentry,
///     transaction: &DatabaseTransaction,
///     address: EmailAddress,
/// ) -> Result<(), Box<dyn std::error::Error>> {
///     transaction.execute_unprepared("INSERT INTO accounts …").await?;
///     let topics = consentry.service().policy().default_topics();
///     let request = SignUp {
///         address,
///         topics: topics.map(|topic| topic.id.clone()).collect(),
///         language: Language::En,
///         channel: Channel::Form,
///     };
///     Ok(consentry.within(transaction).sign_up(request).await?)
/// }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Within<'t> {
    consentry: &'t Consentry,
    transaction: &'t DatabaseTransaction,
}

impl<'t> Within<'t> {
    pub(crate) fn new(consentry: &'t Consentry, transaction: &'t DatabaseTransaction) -> Self {
        Self {
            consentry,
            transaction,
        }
    }

    /// Records a request to be subscribed and queues the letter that asks for the confirmation
    /// (S0-29). What the caller may tell the public is the same in every case (S0-30).
    ///
    /// # Errors
    /// [`Error::RefusedDomain`], [`Error::UnknownTopic`] and [`Error::Store`].
    pub async fn sign_up(&self, request: SignUp) -> Result<(), Error> {
        self.run(UseCase::SignUp(request)).await
    }

    /// Leaves every topic and objects to more (GDPR art. 21; S0-50). `channel` says through which
    /// door the person asked for it.
    ///
    /// # Errors
    /// [`Error::UnknownPerson`] for hidden and unknown people alike, and [`Error::Store`].
    pub async fn unsubscribe(&self, address: &EmailAddress, channel: Channel) -> Result<(), Error> {
        self.run(UseCase::Unsubscribe(address, channel)).await
    }

    /// Hides the person at once; the purge follows after the policy's grace (GDPR art. 17; S0-60).
    ///
    /// # Errors
    /// [`Error::UnknownPerson`] for hidden and unknown people alike, and [`Error::Store`].
    pub async fn erase(&self, address: &EmailAddress, channel: Channel) -> Result<(), Error> {
        self.run(UseCase::Erase(address, channel)).await
    }

    /// Asks the new address for its confirmation; the old one stays until then (GDPR art. 16;
    /// S0-39).
    ///
    /// # Errors
    /// [`Error::UnknownPerson`], [`Error::RefusedDomain`], [`Error::AddressInUse`] when the new
    /// address has a record of its own, and [`Error::Store`].
    pub async fn rectify(
        &self,
        address: &EmailAddress,
        new: &EmailAddress,
        channel: Channel,
    ) -> Result<(), Error> {
        self.run(UseCase::Rectify(address, new, channel)).await
    }

    async fn run(&self, use_case: UseCase<'_>) -> Result<(), Error> {
        for _ in 1..TRIES {
            match self.attempt(&use_case).await {
                Err(Error::Store(StoreError::Conflict)) => {}
                ended => return ended,
            }
        }
        self.attempt(&use_case).await
    }

    async fn attempt(&self, use_case: &UseCase<'_>) -> Result<(), Error> {
        let service = &self.consentry.service;
        let mut unit = self.consentry.store.join(self.transaction).await?;
        let db = unit.as_mut();
        match *use_case {
            UseCase::SignUp(ref request) => {
                let requests = std::slice::from_ref(request);
                service.sign_up_in(db, requests).await
            }
            UseCase::Unsubscribe(address, channel) => {
                service.unsubscribe_in(db, address, channel).await
            }
            UseCase::Erase(address, channel) => service.erase_in(db, address, channel).await,
            UseCase::Rectify(address, new, channel) => {
                service.rectify_in(db, address, new, channel).await
            }
        }?;
        Ok(unit.commit().await?)
    }
}

/// What is to be done in a savepoint, more than once if need be.
enum UseCase<'a> {
    SignUp(SignUp),
    Unsubscribe(&'a EmailAddress, Channel),
    Erase(&'a EmailAddress, Channel),
    Rectify(&'a EmailAddress, &'a EmailAddress, Channel),
}
