//! The store: each method one transaction.

use std::{collections::HashMap, fmt, sync::Arc};

use async_trait::async_trait;
use consentry_address::EmailAddress;
use consentry_domain::{ConsentEvent, Subject, SubjectId};
use consentry_keys::KeySource;
use consentry_policy::ControllerId;
use consentry_service::ports::{
    Candidates, Census, Confirmations, EndedHandOver, Filter, Group, HandOver, JobStatus,
    LeasedLetter, LetterChoice, LetterId, LetterRecord, LetterState, OpenAnnouncement,
    OutboxStatus, Publication, Random, Store, StoreError, UnitOfWork, WorkerId,
};
use jiff::Timestamp;
use sea_orm::{DatabaseConnection, DatabaseTransaction, EntityTrait, QuerySelect, Select};

use crate::{
    census,
    connect::{Connections, connect},
    entity::subject,
    error::store_error,
    jobs, journal, letters, outbox, people, publications, residue,
    rows::ROWS,
    schema::{self, MigrationStatus},
    totals,
    transaction::{Database, Transaction},
    unit::Unit,
    vault::Vault,
};

/// People, letters and jobs in SQLite or PostgreSQL. Clones share the connections.
#[derive(Clone)]
pub struct SeaOrmStore {
    pub(crate) database: Database,
    pub(crate) vault: Arc<Vault>,
}

impl fmt::Debug for SeaOrmStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What a connection prints of itself may name the server.
        f.debug_struct("SeaOrmStore").finish_non_exhaustive()
    }
}

impl SeaOrmStore {
    /// Opens a database, `sqlite://path` or `postgres://…`.
    ///
    /// A missing SQLite file is created with mode 0600. Every connection keeps what was acknowledged
    /// through a power cut (WAL with full synchronisation), overwrites what is deleted and waits up
    /// to 10 s for a lock; PostgreSQL statements end after 30 s. No statement is logged.
    ///
    /// # Errors
    /// [`StoreError::Misconfigured`] for a URL that cannot be used, [`StoreError::Unavailable`] for a
    /// database that does not answer.
    pub async fn connect(
        url: &str,
        keys: Arc<dyn KeySource>,
        random: Arc<dyn Random>,
    ) -> Result<Self, StoreError> {
        Ok(Self::over(connect(url).await?, keys, random))
    }

    /// A store over the caller's own connection, which decides on pools, time limits and pragmas.
    /// SQLite needs `foreign_keys`; without `secure_delete` and WAL a purge leaves bytes behind.
    pub fn new(
        connection: DatabaseConnection,
        keys: Arc<dyn KeySource>,
        random: Arc<dyn Random>,
    ) -> Self {
        let connections = Connections {
            read: connection.clone(),
            write: connection,
        };
        Self::over(connections, keys, random)
    }

    fn over(connections: Connections, keys: Arc<dyn KeySource>, random: Arc<dyn Random>) -> Self {
        Self {
            database: Database::new(connections),
            vault: Arc::new(Vault::new(keys, random)),
        }
    }

    /// Brings the schema up to date; answers with how many migrations that took. Safe to run in several
    /// processes at once: one of them does it.
    pub async fn migrate(&self) -> Result<usize, StoreError> {
        schema::migrate(&self.database).await
    }

    /// Which migrations are applied. Writes nothing.
    pub async fn migration_status(&self) -> Result<MigrationStatus, StoreError> {
        schema::status(&self.database).await
    }

    /// Whether anybody is held, erased people included; `false` before the first migration.
    pub async fn holds_people(&self) -> Result<bool, StoreError> {
        if self.migration_status().await?.applied == 0 {
            return Ok(false);
        }
        let connection = &self.database.connection;
        let found = subject::Entity::find()
            .select_only()
            .column(subject::Column::Id)
            .limit(1)
            .into_tuple::<i64>()
            .one(connection)
            .await
            .map_err(store_error)?;
        Ok(found.is_some())
    }

    /// Begins a unit of work inside a transaction of the caller's, on the same database. The unit
    /// is a savepoint: when it fails or is dropped, the transaction is as it was before and can
    /// go on; when it is committed, it lasts as soon as the transaction does.
    ///
    /// * While the unit lives, do nothing else with the transaction, and use cases that begin a
    ///   transaction of their own not at all: on SQLite they would wait for the lock that yours
    ///   holds until their time is over, and on PostgreSQL for the rows.
    /// * On SQLite begin it with [`SqliteTransactionMode::Immediate`](sea_orm::SqliteTransactionMode),
    ///   and give the connection a `busy_timeout`: it waits for writers of this store, and they for
    ///   it. A deferred one that read something before may be refused here.
    /// * On PostgreSQL `READ COMMITTED`, the default, is enough. After a
    ///   [`Conflict`](StoreError::Conflict) another unit can be begun in the same transaction;
    ///   under a stricter isolation the whole transaction has to be run again.
    ///
    /// ```
    /// use consentry_domain::SignUp;
    /// use consentry_service::{Error, Service};
    /// use consentry_storage::SeaOrmStore;
    /// use sea_orm::DatabaseTransaction;
    ///
    /// /// Subscribes somebody if, and only if, the transaction commits.
    /// async fn subscribe(
    ///     store: &SeaOrmStore,
    ///     service: &Service,
    ///     transaction: &DatabaseTransaction,
    ///     request: SignUp,
    /// ) -> Result<(), Error> {
    ///     let mut unit = store.join(transaction).await?;
    ///     service.sign_up_in(unit.as_mut(), &[request]).await?;
    ///     Ok(unit.commit().await?)
    /// }
    /// ```
    pub async fn join<'t>(
        &self,
        transaction: &'t DatabaseTransaction,
    ) -> Result<Box<dyn UnitOfWork + 't>, StoreError> {
        self.database.require_open()?;
        let savepoint = Transaction::join(transaction).await?;
        Ok(Box::new(Unit::new(savepoint, Arc::clone(&self.vault))))
    }

    /// Connections that this process has open, and how many of them are idle.
    pub fn connections(&self) -> (u32, u32) {
        self.database.connections()
    }

    /// Closes every connection and lets go of the database; on SQLite the last one merges the WAL
    /// into the file.
    pub async fn close(self) -> Result<(), StoreError> {
        self.database.leave().await;
        self.database.close().await
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    pub(crate) fn vault(&self) -> &Vault {
        &self.vault
    }

    async fn people(&self, query: Select<subject::Entity>) -> Result<Vec<Subject>, StoreError> {
        let snapshot = self.database.snapshot().await?;
        let found = people::load(&snapshot.inner, &self.vault, query).await?;
        snapshot.commit().await?;
        Ok(found.into_iter().map(|held| held.subject).collect())
    }
}

#[async_trait]
impl Store for SeaOrmStore {
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        let transaction = self.database.write().await?;
        Ok(Box::new(Unit::new(transaction, Arc::clone(&self.vault))))
    }

    async fn subject(
        &self,
        controller: &ControllerId,
        id: SubjectId,
    ) -> Result<Option<Subject>, StoreError> {
        let query = people::with_ids(controller, &[id]);
        Ok(self.people(query).await?.pop())
    }

    async fn subject_by_address(
        &self,
        controller: &ControllerId,
        address: &EmailAddress,
    ) -> Result<Option<Subject>, StoreError> {
        let addresses = std::slice::from_ref(address);
        let query = people::with_addresses(&self.vault, controller, addresses);
        Ok(self.people(query).await?.pop())
    }

    async fn events(
        &self,
        controller: &ControllerId,
        id: SubjectId,
    ) -> Result<Vec<ConsentEvent>, StoreError> {
        let snapshot = self.database.snapshot().await?;
        let events = people::events(&snapshot.inner, controller, id).await?;
        snapshot.commit().await?;
        Ok(events)
    }

    async fn groups(&self, controller: &ControllerId) -> Result<Vec<Group>, StoreError> {
        totals::groups(&self.database, controller).await
    }

    async fn list(
        &self,
        controller: &ControllerId,
        filter: &Filter,
        after: Option<SubjectId>,
        limit: u64,
    ) -> Result<Vec<Subject>, StoreError> {
        let query = people::listed(controller, filter, after, limit);
        self.people(query).await
    }

    async fn candidates(
        &self,
        controller: &ControllerId,
        candidates: Candidates,
        limit: u64,
    ) -> Result<Vec<SubjectId>, StoreError> {
        let snapshot = self.database.snapshot().await?;
        let db = &snapshot.inner;
        let found = people::candidates(db, &self.vault, controller, candidates, limit).await?;
        snapshot.commit().await?;
        Ok(found)
    }

    async fn census(
        &self,
        controller: &ControllerId,
        candidates: &[Candidates],
        now: Timestamp,
    ) -> Result<Census, StoreError> {
        let snapshot = self.database.snapshot().await?;
        let db = &snapshot.inner;
        let census = census::census(db, &self.vault, controller, candidates, now).await?;
        snapshot.commit().await?;
        Ok(census)
    }

    async fn confirmations(
        &self,
        controller: &ControllerId,
        after: Timestamp,
        until: Timestamp,
    ) -> Result<Confirmations, StoreError> {
        let snapshot = self.database.snapshot().await?;
        let found = people::confirmations(&snapshot.inner, controller, after, until).await?;
        snapshot.commit().await?;
        Ok(found)
    }

    async fn clean_purged_bytes(&self) -> Result<bool, StoreError> {
        residue::clean(&self.database).await
    }

    async fn lease_letters(
        &self,
        controller: &ControllerId,
        worker: &WorkerId,
        now: Timestamp,
        limit: u64,
    ) -> Result<Vec<LeasedLetter>, StoreError> {
        let transaction = self.database.write().await?;
        let leased = outbox::lease(&transaction.inner, controller, worker, now, limit).await?;
        transaction.commit().await?;
        Ok(leased)
    }

    async fn abandoned_letters(
        &self,
        controller: &ControllerId,
        worker: &WorkerId,
        limit: u64,
    ) -> Result<Vec<LeasedLetter>, StoreError> {
        let transaction = self.database.write().await?;
        let abandoned = outbox::abandoned(&transaction.inner, controller, worker, limit).await?;
        transaction.commit().await?;
        Ok(abandoned)
    }

    async fn renew_letters(
        &self,
        controller: &ControllerId,
        worker: &WorkerId,
        letters: &[LetterId],
    ) -> Result<(), StoreError> {
        let transaction = self.database.write().await?;
        outbox::renew(&transaction.inner, controller, worker, letters).await?;
        transaction.commit().await
    }

    async fn release_letters(
        &self,
        controller: &ControllerId,
        worker: &WorkerId,
    ) -> Result<(), StoreError> {
        let transaction = self.database.write().await?;
        outbox::release(&transaction.inner, controller, worker).await?;
        transaction.commit().await
    }

    async fn begin_hand_overs(
        &self,
        controller: &ControllerId,
        worker: &WorkerId,
        letters: &[LetterId],
    ) -> Result<Vec<HandOver>, StoreError> {
        let transaction = self.database.write().await?;
        let db = &transaction.inner;
        let begun = outbox::begin_hand_overs(db, controller, worker, letters).await?;
        let ids: Vec<_> = begun.values().copied().collect();
        let mut people = HashMap::new();
        for ids in ids.chunks(ROWS) {
            let query = people::with_ids(controller, ids);
            let found = people::load_readable(db, &self.vault, query).await?;
            people.extend(
                found
                    .into_iter()
                    .map(|held| (held.subject.id, held.subject)),
            );
        }
        transaction.commit().await?;
        let hand_over = |letter| match begun.get(letter) {
            None => HandOver::LeaseLost,
            Some(id) => match people.get(id) {
                None => HandOver::Unreadable,
                Some(person) => HandOver::Begun(Box::new(person.clone())),
            },
        };
        Ok(letters.iter().map(hand_over).collect())
    }

    async fn settle(
        &self,
        controller: &ControllerId,
        worker: &WorkerId,
        ended: &[EndedHandOver],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let transaction = self.database.write().await?;
        outbox::settle(&transaction.inner, controller, worker, ended, now).await?;
        transaction.commit().await
    }

    async fn outbox_status(
        &self,
        controller: &ControllerId,
        now: Timestamp,
    ) -> Result<OutboxStatus, StoreError> {
        let snapshot = self.database.snapshot().await?;
        let status = letters::status(&snapshot.inner, controller, now).await?;
        snapshot.commit().await?;
        Ok(status)
    }

    async fn list_letters(
        &self,
        controller: &ControllerId,
        state: Option<LetterState>,
        after: Option<LetterId>,
        limit: u64,
    ) -> Result<Vec<LetterRecord>, StoreError> {
        let snapshot = self.database.snapshot().await?;
        let found = letters::list(&snapshot.inner, controller, state, after, limit).await?;
        snapshot.commit().await?;
        Ok(found)
    }

    async fn retry_letters(
        &self,
        controller: &ControllerId,
        choice: &LetterChoice,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let transaction = self.database.write().await?;
        let retried = letters::retry(&transaction.inner, controller, choice, now).await?;
        transaction.commit().await?;
        Ok(retried)
    }

    async fn remove_settled_letters(
        &self,
        controller: &ControllerId,
        before: Timestamp,
        limit: u64,
    ) -> Result<u64, StoreError> {
        let transaction = self.database.write().await?;
        let db = &transaction.inner;
        let removed = letters::remove_settled(db, controller, before, limit).await?;
        transaction.commit().await?;
        Ok(removed)
    }

    async fn lease_job(
        &self,
        controller: &ControllerId,
        job: &str,
        worker: &WorkerId,
    ) -> Result<bool, StoreError> {
        let transaction = self.database.write().await?;
        let taken = jobs::lease(&transaction.inner, controller, job, worker).await?;
        transaction.commit().await?;
        Ok(taken)
    }

    async fn finish_job(
        &self,
        controller: &ControllerId,
        worker: &WorkerId,
        status: &JobStatus,
    ) -> Result<(), StoreError> {
        let transaction = self.database.write().await?;
        jobs::finish(&transaction.inner, controller, worker, status).await?;
        transaction.commit().await
    }

    async fn job_statuses(&self, controller: &ControllerId) -> Result<Vec<JobStatus>, StoreError> {
        let snapshot = self.database.snapshot().await?;
        let statuses = jobs::statuses(&snapshot.inner, controller).await?;
        snapshot.commit().await?;
        Ok(statuses)
    }

    async fn publications(
        &self,
        controller: &ControllerId,
        after: u32,
    ) -> Result<Vec<Publication>, StoreError> {
        let snapshot = self.database.snapshot().await?;
        let found = publications::after(&snapshot.inner, controller, after).await?;
        snapshot.commit().await?;
        Ok(found)
    }

    async fn add_publication(
        &self,
        controller: &ControllerId,
        publication: &Publication,
    ) -> Result<(), StoreError> {
        let transaction = self.database.write().await?;
        publications::add(&transaction.inner, controller, publication).await?;
        transaction.commit().await
    }

    async fn open_announcement(
        &self,
        controller: &ControllerId,
    ) -> Result<Option<OpenAnnouncement>, StoreError> {
        let snapshot = self.database.snapshot().await?;
        let open = publications::open(&snapshot.inner, controller).await?;
        snapshot.commit().await?;
        Ok(open)
    }

    async fn prune_journal(
        &self,
        controller: &ControllerId,
        until: Timestamp,
    ) -> Result<u64, StoreError> {
        let transaction = self.database.write().await?;
        let pruned = journal::prune(&transaction.inner, controller, until).await?;
        transaction.commit().await?;
        Ok(pruned)
    }

    async fn check(&self) -> Result<(), StoreError> {
        let status = schema::status(&self.database).await?;
        if !status.is_current {
            return Err(StoreError::Schema {
                found: status.applied,
                expected: status.known,
            });
        }
        self.database.require_open()?;
        if self.is_restoring().await? {
            return Err(StoreError::Restoring);
        }
        Ok(())
    }
}
