//! Bringing rows under the active keys after a rotation, and telling which keys rows still need.
//!
//! A key ring belongs to the installation, so these queries alone go over all controllers.

use consentry_keys::{KeyId, KeyRing, KeyUse};
use consentry_service::ports::StoreError;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, InsertMany, IntoActiveModel,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait, Func, IntoColumnRef, OnConflict, SimpleExpr},
};

use crate::bounded::Bounded;
use crate::{
    SeaOrmStore,
    entity::subject::{self, Column},
    error::store_error,
    identities, residue,
    transaction::Database,
    vault::Vault,
    webhooks,
};

impl SeaOrmStore {
    /// Wraps every data key and indexes every address anew that was not made with the active keys
    /// of the ring, of all controllers, in small transactions. Answers with how many records that
    /// were; run again after an interruption, it goes on where it ended.
    pub async fn renew_keys(&self) -> Result<u64, StoreError> {
        renew(&self.database, &self.vault).await
    }

    /// How many records of all controllers need a key. Waits for writers that began before, so
    /// that a zero lasts when no process uses the key for new records any more.
    pub async fn records_under(&self, key_use: KeyUse, id: KeyId) -> Result<u64, StoreError> {
        count(&self.database, key_use, id).await
    }
}

/// Rows in one transaction: short enough that nobody who signs up notices.
pub(crate) const BATCH: u64 = 500;

/// Wraps and indexes anew whatever was not made with the active keys, and answers with how many
/// rows that were. Each batch is a transaction of its own: whoever interrupts this loses nothing
/// and starts it again.
pub(crate) async fn renew(database: &Database, vault: &Vault) -> Result<u64, StoreError> {
    let transaction = database.write().await?;
    let mut renewed = webhooks::renew(&transaction.inner, vault).await?;
    residue::note(&transaction.inner, renewed).await?;
    transaction.commit().await?;
    renewed += identities::renew(database, vault).await?;
    let mut after = None;
    loop {
        let transaction = database.write().await?;
        let outdated = subject::Entity::find()
            .filter(outdated(&vault.ring()))
            .apply_if(after, |query, after| query.filter(Column::Id.gt(after)))
            .order_by_asc(Column::Id)
            .limit(BATCH)
            .lock_exclusive()
            .all(&transaction.inner)
            .await
            .map_err(store_error)?;
        let Some(last) = outdated.last() else {
            return Ok(renewed);
        };
        after = Some(last.id);
        let count = outdated.len() as u64;
        write(&transaction.inner, vault, outdated).await?;
        // What was overwritten lingers in the files like what was deleted.
        residue::note(&transaction.inner, count).await?;
        transaction.commit().await?;
        renewed += count;
    }
}

async fn write(db: &Bounded, vault: &Vault, rows: Vec<subject::Model>) -> Result<(), StoreError> {
    let rows = rows
        .into_iter()
        .map(|row| vault.renew(row).map(IntoActiveModel::into_active_model))
        .collect::<Result<Vec<subject::ActiveModel>, _>>()?;
    let mut replace = OnConflict::column(Column::Id);
    replace.update_columns([
        Column::AddressIndex,
        Column::AddressIndexKey,
        Column::WrappedKey,
    ]);
    InsertMany::many(rows)
        .on_conflict(replace)
        .exec_without_returning(db)
        .await
        .map_err(store_error)?;
    Ok(())
}

/// How many rows need a key. Writers that began before are waited for and counted: whoever made
/// sure that nobody begins to use the key any more can rely on a zero.
pub(crate) async fn count(
    database: &Database,
    key_use: KeyUse,
    id: KeyId,
) -> Result<u64, StoreError> {
    let made_with = match key_use {
        // No row keeps a token.
        KeyUse::Token => return Ok(0),
        KeyUse::Index => Column::AddressIndexKey.eq(i16::from(id.as_byte())),
        KeyUse::Seal => wrapped_by(Column::WrappedKey, id),
    };
    let transaction = database.write().await?;
    if !database.is_sqlite() {
        transaction
            .inner
            .execute_unprepared(
                "LOCK TABLE consentry_identities, consentry_subjects, consentry_webhooks IN SHARE \
                 MODE",
            )
            .await
            .map_err(store_error)?;
    }
    let mut count = subject::Entity::find()
        .filter(made_with)
        .count(&transaction.inner)
        .await
        .map_err(store_error)?;
    count += identities::count(&transaction.inner, key_use, id).await?;
    if key_use == KeyUse::Seal {
        count += webhooks::count(&transaction.inner, id).await?;
    }
    transaction.commit().await?;
    Ok(count)
}

fn outdated(ring: &KeyRing) -> Condition {
    let [index, seal] = [KeyUse::Index, KeyUse::Seal].map(|key_use| ring.current(key_use).id());
    Condition::any()
        .add(Column::AddressIndexKey.ne(i16::from(index.as_byte())))
        .add(wrapped_by(Column::WrappedKey, seal).not())
}

/// The first byte of a wrapped key names the seal key.
pub(crate) fn wrapped_by(column: impl IntoColumnRef, id: KeyId) -> SimpleExpr {
    let first = Func::cust("substr")
        .arg(Expr::col(column))
        .arg(1_i32)
        .arg(1_i32);
    Expr::expr(first).eq(vec![id.as_byte()])
}
