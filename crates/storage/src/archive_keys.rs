//! Keys of the archive: kept here for whoever seals and opens it, and opaque to this crate.
//!
//! A key that was destroyed does not come back: the journal says so to a restore.

use consentry_keys::{KeyId, KeyUse};
use consentry_policy::ControllerId;
use consentry_service::ports::StoreError;
use jiff::Timestamp;
use sea_orm::{
    ActiveValue::NotSet,
    ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Select, Set,
    sea_query::{Expr, ExprTrait, Query},
};

use crate::bounded::Bounded;
use crate::{
    SeaOrmStore,
    entity::{
        archive_key::{self, Column},
        journal,
    },
    error::store_error,
    insert::insert,
    renewal, residue,
    rows::{self, ROWS},
};

/// What the journal calls the end of a key.
const DESTROYED: &str = "archive-key-destroyed";

/// A key of the archive, wrapped.
#[derive(Clone, PartialEq, Eq)]
pub struct ArchiveKey {
    /// Random number of the key.
    pub id: u64,
    /// Keyed index of whose it is, and the id of the index key; none where a record is nobody's.
    pub subject_index: Option<(Vec<u8>, u8)>,
    /// The key; its first byte names the seal key that wrapped it.
    pub wrapped_key: Vec<u8>,
    /// Whose it is, sealed under the key.
    pub sealed_subject: Option<Vec<u8>>,
}

impl std::fmt::Debug for ArchiveKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let id = self.id;
        f.debug_struct("ArchiveKey")
            .field("id", &id)
            .finish_non_exhaustive()
    }
}

impl SeaOrmStore {
    /// Keys with one of these indexes.
    pub async fn archive_keys_of(
        &self,
        controller: &ControllerId,
        indexes: &[Vec<u8>],
    ) -> Result<Vec<ArchiveKey>, StoreError> {
        let mut found = Vec::new();
        for indexes in indexes.chunks(ROWS) {
            let wanted = rows::padded(indexes.iter().cloned());
            let query = of(controller).filter(Column::SubjectIndex.is_in(wanted));
            found.extend(self.archive_keys_by(query).await?);
        }
        Ok(found)
    }

    /// Keys with these numbers.
    pub async fn archive_keys_with(
        &self,
        controller: &ControllerId,
        ids: &[u64],
    ) -> Result<Vec<ArchiveKey>, StoreError> {
        let mut found = Vec::new();
        for ids in ids.chunks(ROWS) {
            let query = of(controller).filter(Column::Id.is_in(numbers(ids)));
            found.extend(self.archive_keys_by(query).await?);
        }
        Ok(found)
    }

    /// A page of all keys, by number, after the one given.
    pub async fn archive_keys_after(
        &self,
        controller: &ControllerId,
        after: Option<u64>,
        limit: u64,
    ) -> Result<Vec<ArchiveKey>, StoreError> {
        let query = of(controller)
            .apply_if(after, |query, after| {
                query.filter(Column::Id.gt(after.cast_signed()))
            })
            .order_by_asc(Column::Id)
            .limit(limit);
        self.archive_keys_by(query).await
    }

    async fn archive_keys_by(
        &self,
        query: Select<archive_key::Entity>,
    ) -> Result<Vec<ArchiveKey>, StoreError> {
        let found = query.all(&self.database().connection).await;
        Ok(found.map_err(store_error)?.into_iter().map(key).collect())
    }

    /// How many keys there are.
    pub async fn count_archive_keys(&self, controller: &ControllerId) -> Result<u64, StoreError> {
        let found = of(controller).count(&self.database().connection).await;
        found.map_err(store_error)
    }

    /// How many keys were wrapped or indexed by a key of the archive's ring.
    pub async fn archive_keys_under(
        &self,
        controller: &ControllerId,
        key_use: KeyUse,
        id: KeyId,
    ) -> Result<u64, StoreError> {
        let made_with = match key_use {
            KeyUse::Token => return Ok(0),
            KeyUse::Index => Column::SubjectIndexKey.eq(i16::from(id.as_byte())),
            KeyUse::Seal => renewal::wrapped_by(Column::WrappedKey, id),
        };
        let found = of(controller).filter(made_with);
        let count = found.count(&self.database().connection).await;
        count.map_err(store_error)
    }

    /// Adds new keys.
    pub async fn add_archive_keys(
        &self,
        controller: &ControllerId,
        keys: Vec<ArchiveKey>,
    ) -> Result<(), StoreError> {
        let transaction = self.database().write().await?;
        let rows = keys.into_iter().map(|key| row(controller, key)).collect();
        insert::<_, archive_key::ActiveModel>(&transaction.inner, rows, None).await?;
        transaction.commit().await
    }

    /// Puts keys that were wrapped and indexed anew in the place of what they were before; one that
    /// is gone stays so.
    pub async fn renew_archive_keys(
        &self,
        controller: &ControllerId,
        keys: Vec<ArchiveKey>,
    ) -> Result<(), StoreError> {
        let transaction = self.database().write().await?;
        let db = &transaction.inner;
        let count = keys.len() as u64;
        for renewed in keys {
            let renewed = row(controller, renewed);
            archive_key::Entity::update_many()
                .filter(Column::Controller.eq(controller.as_str()))
                .filter(Column::Id.eq(renewed.id))
                .col_expr(Column::SubjectIndex, Expr::value(renewed.subject_index))
                .col_expr(
                    Column::SubjectIndexKey,
                    Expr::value(renewed.subject_index_key),
                )
                .col_expr(Column::WrappedKey, Expr::value(renewed.wrapped_key))
                .exec(db)
                .await
                .map_err(store_error)?;
        }
        residue::note(db, count).await?;
        transaction.commit().await
    }

    /// Destroys keys for good: what they sealed is unreadable wherever it lies. Their bytes are
    /// cleaned with the next pass.
    pub async fn destroy_archive_keys(
        &self,
        controller: &ControllerId,
        ids: &[u64],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let transaction = self.database().write().await?;
        let db = &transaction.inner;
        for ids in ids.chunks(ROWS) {
            archive_key::Entity::delete_many()
                .filter(Column::Controller.eq(controller.as_str()))
                .filter(Column::Id.is_in(numbers(ids)))
                .exec(db)
                .await
                .map_err(store_error)?;
        }
        let ends = ids.iter().map(|id| journal::ActiveModel {
            id: Set(self.vault().number()),
            controller: Set(controller.to_string()),
            subject: Set(id.cast_signed()),
            kind: Set(DESTROYED.to_owned()),
            topic: Set(None),
            sealed_address: Set(None),
            generation: Set(0),
            at: Set(now.as_microsecond()),
            written_at: NotSet,
            to_replay: Set(false),
        });
        insert::<_, journal::ActiveModel>(db, ends.collect(), None).await?;
        residue::note(db, ids.len() as u64).await?;
        transaction.commit().await
    }
}

/// Destroys again, after a load, every key whose end the journal knows.
pub(crate) async fn repeat_ends(db: &Bounded) -> Result<(), StoreError> {
    let ends = Query::select()
        .column(journal::Column::Subject)
        .from(journal::Entity)
        .and_where(Expr::col(journal::Column::Kind).eq(DESTROYED))
        .take();
    archive_key::Entity::delete_many()
        .filter(Column::Id.in_subquery(ends))
        .exec(db)
        .await
        .map_err(store_error)?;
    let done = Condition::all().add(journal::Column::Kind.eq(DESTROYED));
    crate::journal::mark(db, done, false).await
}

fn of(controller: &ControllerId) -> Select<archive_key::Entity> {
    archive_key::Entity::find().filter(Column::Controller.eq(controller.as_str()))
}

fn numbers(ids: &[u64]) -> Vec<i64> {
    rows::padded(ids.iter().map(|id| id.cast_signed()))
}

fn key(row: archive_key::Model) -> ArchiveKey {
    let index_key = row.subject_index_key.and_then(|id| u8::try_from(id).ok());
    ArchiveKey {
        id: row.id.cast_unsigned(),
        subject_index: row.subject_index.zip(index_key),
        wrapped_key: row.wrapped_key,
        sealed_subject: row.sealed_subject,
    }
}

fn row(controller: &ControllerId, key: ArchiveKey) -> archive_key::Model {
    let (subject_index, index_key) = key.subject_index.unzip();
    archive_key::Model {
        id: key.id.cast_signed(),
        controller: controller.to_string(),
        subject_index,
        subject_index_key: index_key.map(i16::from),
        wrapped_key: key.wrapped_key,
        sealed_subject: key.sealed_subject,
    }
}
