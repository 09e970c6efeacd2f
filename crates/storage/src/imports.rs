//! The part of a unit of work that imports need.

use std::collections::HashSet;

use async_trait::async_trait;
use consentry_address::EmailAddress;
use consentry_policy::ControllerId;
use consentry_service::ports::{ImportProgress, Imports, StoreError};
use jiff::Timestamp;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DeleteMany, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect, sea_query::OnConflict,
};

use crate::{
    entity::{
        import::{self, Column},
        subject,
    },
    error::{store_error, unreadable_column},
    insert::insert,
    people,
    rows::{self, ROWS},
    unit::Unit,
};

#[async_trait]
impl Imports for Unit {
    async fn erased(
        &mut self,
        controller: &ControllerId,
        addresses: &[EmailAddress],
    ) -> Result<Vec<bool>, StoreError> {
        let indexes: Vec<Vec<Vec<u8>>> = addresses
            .iter()
            .map(|address| self.vault.indexes(controller, address))
            .collect();
        let mut erased = HashSet::new();
        for indexes in indexes.chunks(ROWS) {
            let found: Vec<Vec<u8>> = people::of(controller)
                .filter(subject::Column::ErasedAt.is_not_null())
                .filter(subject::Column::AddressIndex.is_in(indexes.iter().flatten().cloned()))
                .select_only()
                .column(subject::Column::AddressIndex)
                .into_tuple()
                .all(&self.transaction.inner)
                .await
                .map_err(store_error)?;
            erased.extend(found);
        }
        let is_erased = |indexes: &Vec<_>| indexes.iter().any(|index| erased.contains(index));
        Ok(indexes.iter().map(is_erased).collect())
    }

    async fn import(
        &mut self,
        controller: &ControllerId,
        name: &str,
    ) -> Result<Option<ImportProgress>, StoreError> {
        import::Entity::find()
            .filter(Column::Controller.eq(controller.as_str()))
            .filter(Column::NameIndex.is_in(self.vault.name_indexes(controller, name)))
            .lock_exclusive()
            .one(&self.transaction.inner)
            .await
            .map_err(store_error)?
            .as_ref()
            .map(progress)
            .transpose()
    }

    async fn save_import(
        &mut self,
        controller: &ControllerId,
        name: &str,
        progress: &ImportProgress,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let db = &self.transaction.inner;
        let row = row(
            controller,
            self.vault.name_index(controller, name),
            progress,
            now,
        )?;
        let is_known = import::Entity::find_by_id(row.id)
            .filter(Column::Controller.eq(controller.as_str()))
            .one(db)
            .await
            .map_err(store_error)?;
        if let Some(known) = is_known {
            // The key that the name was indexed with may have been rotated since.
            let name_index = known.name_index;
            let row = import::Model { name_index, ..row };
            let row = row.into_active_model().reset_all();
            row.update(db).await.map_err(store_error)?;
            return Ok(());
        }
        // A conflict that is an error would write the index into the server's log.
        let mut skip = OnConflict::new();
        skip.do_nothing();
        let inserted =
            insert::<_, import::ActiveModel>(&self.transaction.inner, vec![row], Some(skip));
        if inserted.await? == 0 {
            return Err(StoreError::Conflict);
        }
        Ok(())
    }

    async fn forget_import(
        &mut self,
        controller: &ControllerId,
        id: u64,
    ) -> Result<(), StoreError> {
        of(controller)
            .filter(Column::Id.eq(id.cast_signed()))
            .exec(&self.transaction.inner)
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn forget_imports(
        &mut self,
        controller: &ControllerId,
        until: Timestamp,
    ) -> Result<u64, StoreError> {
        let forgotten = of(controller)
            .filter(Column::UpdatedAt.lte(until.as_microsecond()))
            .exec(&self.transaction.inner)
            .await
            .map_err(store_error)?;
        Ok(forgotten.rows_affected)
    }
}

fn of(controller: &ControllerId) -> DeleteMany<import::Entity> {
    import::Entity::delete_many().filter(Column::Controller.eq(controller.as_str()))
}

fn row(
    controller: &ControllerId,
    name_index: Vec<u8>,
    progress: &ImportProgress,
    now: Timestamp,
) -> Result<import::Model, StoreError> {
    let count = |count: u64| i64::try_from(count).map_err(unreadable_column("count"));
    Ok(import::Model {
        id: progress.id.cast_signed(),
        controller: controller.to_string(),
        name_index,
        started_at: progress.started_at.as_microsecond(),
        updated_at: now.as_microsecond(),
        rows_read: count(progress.rows)?,
        accepted: count(progress.accepted)?,
        already_there: count(progress.already_there)?,
        left_out: count(progress.left_out)?,
        duplicates: count(progress.duplicates)?,
        finished: progress.finished,
    })
}

fn progress(row: &import::Model) -> Result<ImportProgress, StoreError> {
    let count = |count: i64| u64::try_from(count).map_err(unreadable_column("count"));
    Ok(ImportProgress {
        id: row.id.cast_unsigned(),
        started_at: rows::at(row.started_at)?,
        rows: count(row.rows_read)?,
        accepted: count(row.accepted)?,
        already_there: count(row.already_there)?,
        left_out: count(row.left_out)?,
        duplicates: count(row.duplicates)?,
        finished: row.finished,
    })
}
