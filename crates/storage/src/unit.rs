//! The unit of work: people read, decided elsewhere, and written in one transaction.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use async_trait::async_trait;
use consentry_address::EmailAddress;
use consentry_domain::{JournalEntry, Journaled, LetterKind, Subject, SubjectId};
use consentry_policy::ControllerId;
use consentry_service::ports::{
    AnnouncementStep, Change, Imports, Notice, OpenAnnouncement, PurgeReason, StoreError,
    UnitOfWork,
};
use jiff::{Timestamp, tz::TimeZone};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, Iterable, QueryFilter, QueryOrder,
    QuerySelect, Select, Statement,
    sea_query::{Expr, OnConflict},
};

use crate::{
    deliveries::{self, Told},
    entity::{consent_event, letter, subject, subscription, tombstone},
    error::store_error,
    holds::Kept,
    insert::{Insertion, insert},
    journal, outbox,
    people::{self, Held},
    publications, residue,
    rows::{self, ROWS},
    totals,
    transaction::Transaction,
    vault::{Sealed, Vault},
};

/// A transaction and the people that were read in it.
pub(crate) struct Unit {
    pub(crate) transaction: Transaction,
    pub(crate) vault: Arc<Vault>,
    held: HashMap<SubjectId, Held>,
    /// Whether what happens here is written into the journal.
    is_journaled: bool,
}

impl Unit {
    pub(crate) fn new(transaction: Transaction, vault: Arc<Vault>) -> Self {
        Self {
            transaction,
            vault,
            held: HashMap::new(),
            is_journaled: true,
        }
    }

    /// A unit that repeats what is in the journal already.
    pub(crate) fn replaying(transaction: Transaction, vault: Arc<Vault>) -> Self {
        Self {
            is_journaled: false,
            ..Self::new(transaction, vault)
        }
    }

    /// Reads and locks, in the order of the numbers: two units that want the same people wait for
    /// each other instead of for ever.
    async fn lock(&mut self, query: Select<subject::Entity>) -> Result<Vec<SubjectId>, StoreError> {
        let query = query.order_by_asc(subject::Column::Id).lock_exclusive();
        let found = people::load(&self.transaction.inner, &self.vault, query).await?;
        Ok(self.hold(found))
    }

    /// The same, without the records that cannot be read.
    async fn lock_readable(
        &mut self,
        query: Select<subject::Entity>,
    ) -> Result<Vec<SubjectId>, StoreError> {
        let query = query.order_by_asc(subject::Column::Id).lock_exclusive();
        let found = people::load_readable(&self.transaction.inner, &self.vault, query).await?;
        Ok(self.hold(found))
    }

    fn hold(&mut self, found: Vec<Held>) -> Vec<SubjectId> {
        let ids = found.iter().map(|held| held.subject.id).collect();
        let found = found.into_iter().map(|held| (held.subject.id, held));
        self.held.extend(found);
        ids
    }

    fn row(&self, change: &Change) -> Result<subject::Model, StoreError> {
        let person = &change.subject;
        let sealed = if change.is_new {
            self.vault.seal(person)
        } else {
            // Whoever was not read here was not locked either.
            let held = self.held.get(&person.id).ok_or(StoreError::Conflict)?;
            let sealed = Sealed::of(&held.row);
            self.vault.reseal(person, &held.subject, sealed)?
        };
        Ok(rows::subject_row(person, sealed))
    }

    async fn write_people(
        &self,
        changes: &[Change],
        insertion: &mut Insertion,
    ) -> Result<(), StoreError> {
        let (new, known): (Vec<_>, Vec<_>) = changes.iter().partition(|change| change.is_new);
        let rows_of = |changes: Vec<&Change>| -> Result<Vec<_>, _> {
            changes.into_iter().map(|change| self.row(change)).collect()
        };
        let (new, known) = (rows_of(new)?, rows_of(known)?);
        self.require_unique(changes).await?;
        insertion.add(new, Some(&skip()))?;
        if !known.is_empty() {
            insertion.send(&self.transaction.inner).await?;
            self.take_addresses(&known).await?;
            let mut replace = OnConflict::column(subject::Column::Id);
            replace.update_columns(subject::Column::iter());
            insertion.add(known, Some(&replace))?;
        }
        Ok(())
    }

    /// Takes the addresses that known people change to, before their records say so: an update has
    /// no way to skip a conflict. Records that are gone at once hold the addresses until the end of
    /// the transaction.
    async fn take_addresses(&self, known: &[subject::Model]) -> Result<(), StoreError> {
        let is_moved = |row: &&subject::Model| {
            let held = self.held.get(&SubjectId(row.id.cast_unsigned()));
            row.erased_at.is_none()
                && held.is_some_and(|held| held.row.address_index != row.address_index)
        };
        let moved = known.iter().filter(is_moved);
        let taken: Vec<_> = moved
            .map(|row| subject::Model {
                id: self.vault.number(),
                ..row.clone()
            })
            .collect();
        let ids: Vec<_> = taken.iter().map(|row| row.id).collect();
        let mut insertion = Insertion::new(&self.transaction.inner);
        insertion.add(taken, Some(&skip()))?;
        insertion.send(&self.transaction.inner).await?;
        for ids in ids.chunks(ROWS) {
            subject::Entity::delete_many()
                .filter(subject::Column::Id.is_in(ids.iter().copied()))
                .exec(&self.transaction.inner)
                .await
                .map_err(store_error)?;
        }
        Ok(())
    }

    /// Refuses an address that somebody else holds under another index key. While the ring has two
    /// of them, processes may differ on which one is active, and the unique index of the database
    /// sees no equality between the two.
    async fn require_unique(&self, changes: &[Change]) -> Result<(), StoreError> {
        let mut claimed = BTreeMap::new();
        for change in changes {
            let person = &change.subject;
            let held = self.held.get(&person.id);
            if held.is_some_and(|held| held.subject.address == person.address) {
                continue;
            }
            let indexes = self.vault.indexes(&person.controller, &person.address);
            if indexes.len() > 1 && person.erased_at.is_none() {
                let id = person.id.0.cast_signed();
                claimed.extend(indexes.into_iter().map(|index| (index, id)));
            }
        }
        let controllers: BTreeSet<_> = changes
            .iter()
            .map(|change| change.subject.controller.as_str())
            .collect();
        // In one order, so that two units wait for each other instead of for ever.
        let claimed: Vec<_> = claimed.into_iter().collect();
        for claimed in claimed.chunks(ROWS) {
            self.claim(claimed.iter().map(|(index, _)| index)).await?;
            let holders: Vec<(Vec<u8>, i64)> = subject::Entity::find()
                .select_only()
                .columns([subject::Column::AddressIndex, subject::Column::Id])
                .filter(subject::Column::Controller.is_in(controllers.iter().copied()))
                .filter(subject::Column::ErasedAt.is_null())
                .filter(
                    subject::Column::AddressIndex
                        .is_in(claimed.iter().map(|(index, _)| index.clone())),
                )
                .into_tuple()
                .all(&self.transaction.inner)
                .await
                .map_err(store_error)?;
            if holders.iter().any(|holder| !claimed.contains(holder)) {
                return Err(StoreError::Conflict);
            }
        }
        Ok(())
    }

    /// Keeps others from claiming the same address until the end of the transaction, whichever of
    /// its indexes they are about to write. On SQLite nobody else is writing.
    async fn claim(&self, indexes: impl Iterator<Item = &Vec<u8>>) -> Result<(), StoreError> {
        let db = &self.transaction.inner;
        if db.get_database_backend() == DbBackend::Sqlite {
            return Ok(());
        }
        for index in indexes {
            let lock = index.first_chunk().copied().map_or(0, i64::from_be_bytes);
            let lock = Statement::from_sql_and_values(
                DbBackend::Postgres,
                "SELECT pg_advisory_xact_lock($1)",
                [lock.into()],
            );
            db.execute_raw(lock).await.map_err(store_error)?;
        }
        Ok(())
    }

    /// Those of these records that no hold keeps. The others are hidden, so that their address is
    /// free for a new sign-up. What the journal says was purged before a hold could keep it.
    async fn let_go(
        &self,
        controller: &ControllerId,
        ids: &[SubjectId],
        now: Timestamp,
    ) -> Result<Vec<SubjectId>, StoreError> {
        use subject::Column;
        if !self.is_journaled {
            return Ok(ids.to_vec());
        }
        let db = &self.transaction.inner;
        let kept = Kept::of(db, &self.vault, controller).await?;
        let is_kept = |id: &SubjectId| kept.covers(id.0.cast_signed());
        let (kept, gone): (Vec<SubjectId>, Vec<SubjectId>) = ids.iter().partition(|id| is_kept(id));
        for kept in kept.chunks(ROWS) {
            subject::Entity::update_many()
                .filter(Column::Id.is_in(kept.iter().map(|id| id.0.cast_signed())))
                .filter(Column::ErasedAt.is_null())
                .col_expr(Column::ErasedAt, Expr::value(now.as_microsecond()))
                .exec(db)
                .await
                .map_err(store_error)?;
        }
        Ok(gone)
    }

    fn add_topics(changes: &[Change], insertion: &mut Insertion) -> Result<(), StoreError> {
        let topics: Vec<_> = changes
            .iter()
            .flat_map(|change| rows::subscription_rows(&change.subject))
            .collect();
        let mut replace =
            OnConflict::columns([subscription::Column::SubjectId, subscription::Column::Topic]);
        replace.update_columns(subscription::Column::iter());
        insertion.add(topics, Some(&replace))
    }

    /// What a restore of an older backup has to repeat.
    fn add_journal(&self, changes: &[Change], insertion: &mut Insertion) -> Result<(), StoreError> {
        let mut entries = Vec::new();
        for change in changes.iter().filter(|_| self.is_journaled) {
            let Some(held) = self.held.get(&change.subject.id) else {
                continue;
            };
            for entry in JournalEntry::of(&held.subject, &change.subject, &change.events) {
                let address = match entry.what {
                    Journaled::Moved(_) => Some(self.row(change)?.sealed_address),
                    _ => None,
                };
                entries.push(journal::row(&self.vault, &entry, address));
            }
        }
        insertion.add(entries, None)
    }

    /// Cancels set-wise: one statement for everybody who is owed the same no more.
    async fn cancel(&self, changes: &[Change]) -> Result<(), StoreError> {
        let mut by_kinds: BTreeMap<&[LetterKind], Vec<i64>> = BTreeMap::new();
        for change in changes.iter().filter(|change| !change.is_new) {
            let people = by_kinds.entry(&change.cancelled).or_default();
            people.push(change.subject.id.0.cast_signed());
        }
        by_kinds.remove([].as_slice());
        for (kinds, people) in by_kinds {
            for people in people.chunks(ROWS) {
                outbox::cancel(&self.transaction.inner, people, kinds).await?;
            }
        }
        Ok(())
    }

    /// Queues what the endpoints of webhooks are told of these changes.
    async fn tell(&self, changes: &[Change]) -> Result<(), StoreError> {
        let told: Vec<_> = changes
            .iter()
            .flat_map(|change| {
                let person = &change.subject;
                let notices = Notice::of(&change.events).into_iter();
                notices.map(|notice| Told {
                    controller: person.controller.as_str(),
                    subject: person.id,
                    notice,
                })
            })
            .collect();
        deliveries::enqueue(&self.transaction.inner, &self.vault, &told).await
    }
}

/// A conflict that is an error would write the index into the server's log.
fn skip() -> OnConflict {
    let mut skip = OnConflict::new();
    skip.do_nothing();
    skip
}

#[async_trait]
impl UnitOfWork for Unit {
    async fn live_by_address(
        &mut self,
        controller: &ControllerId,
        addresses: &[EmailAddress],
    ) -> Result<Vec<Option<Subject>>, StoreError> {
        let mut by_index = HashMap::new();
        for addresses in addresses.chunks(ROWS) {
            let query = people::with_addresses(&self.vault, controller, addresses);
            for id in self.lock(query).await? {
                let held = &self.held[&id];
                by_index.insert(held.row.address_index.clone(), id);
            }
        }
        let found = |address| {
            let indexes = self.vault.indexes(controller, address);
            let id = indexes.iter().find_map(|index| by_index.get(index))?;
            Some(self.held[id].subject.clone())
        };
        Ok(addresses.iter().map(found).collect())
    }

    async fn by_id(
        &mut self,
        controller: &ControllerId,
        ids: &[SubjectId],
    ) -> Result<Vec<Option<Subject>>, StoreError> {
        let mut found = HashMap::new();
        for ids in ids.chunks(ROWS) {
            for id in self
                .lock_readable(people::with_ids(controller, ids))
                .await?
            {
                found.insert(id, self.held[&id].subject.clone());
            }
        }
        Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
    }

    async fn save(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        let db = &self.transaction.inner;
        let mut insertion = Insertion::new(db);
        self.write_people(changes, &mut insertion).await?;
        Self::add_topics(changes, &mut insertion)?;
        let events: Vec<_> = changes
            .iter()
            .flat_map(|change| change.events.iter().map(|event| (&change.subject, event)))
            .map(|(person, event)| rows::event_row(person, event))
            .collect();
        insertion.add::<_, consent_event::ActiveModel>(events, None)?;
        self.cancel(changes).await?;
        let letters: Vec<_> = changes
            .iter()
            .flat_map(|change| {
                change
                    .letters
                    .iter()
                    .map(|letter| (&change.subject, letter))
            })
            .map(|(person, letter)| rows::letter_row(person, letter))
            .collect();
        insertion.add::<_, letter::ActiveModel>(letters, None)?;
        self.add_journal(changes, &mut insertion)?;
        insertion.send(db).await?;
        self.tell(changes).await?;
        // What was read is out of date now.
        for change in changes {
            self.held.remove(&change.subject.id);
        }
        Ok(())
    }

    async fn purge(
        &mut self,
        controller: &ControllerId,
        ids: &[SubjectId],
        reason: PurgeReason,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut purged = 0;
        let ids = &*self.let_go(controller, ids, now).await?;
        for ids in ids.chunks(ROWS) {
            totals::add(&self.transaction.inner, controller, ids).await?;
            let rows = ids.iter().map(|id| id.0.cast_signed());
            let deleted = subject::Entity::delete_many()
                .filter(subject::Column::Controller.eq(controller.as_str()))
                .filter(subject::Column::Id.is_in(rows))
                .exec(&self.transaction.inner)
                .await
                .map_err(store_error)?;
            purged += deleted.rows_affected;
        }
        deliveries::purge(&self.transaction.inner, &self.vault, controller, ids, now).await?;
        self.held.retain(|id, _| !ids.contains(id));
        // The day alone, under a number of its own: nothing to join it back with.
        let purged_on = now.to_zoned(TimeZone::UTC).date().to_string();
        let tombstones: Vec<_> = (0..purged)
            .map(|_| tombstone::Model {
                id: self.vault.number(),
                controller: controller.to_string(),
                reason: reason.as_str().to_owned(),
                purged_on: purged_on.clone(),
            })
            .collect();
        let db = &self.transaction.inner;
        insert::<_, tombstone::ActiveModel>(db, tombstones, None).await?;
        if self.is_journaled {
            let entry = |id: &SubjectId| JournalEntry::purged(controller, *id, now);
            let rows = ids
                .iter()
                .map(|id| journal::row(&self.vault, &entry(id), None));
            insert(db, rows.collect(), None).await?;
        }
        residue::note(&self.transaction.inner, purged).await
    }

    async fn advance_announcement(
        &mut self,
        controller: &ControllerId,
        from: &OpenAnnouncement,
        to: AnnouncementStep,
    ) -> Result<(), StoreError> {
        publications::advance(&self.transaction.inner, controller, from, to).await
    }

    fn imports(&mut self) -> &mut dyn Imports {
        self
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        self.transaction.commit().await
    }
}
