//! Keys of the JSON API: a hash of each token, never the token.

use async_trait::async_trait;
use consentry_policy::ControllerId;
use consentry_service::ports::{ApiKey, ApiKeyId, ApiKeyStore, Scope, StoreError, TokenHash};
use jiff::{Timestamp, civil::Date};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, InsertMany, IntoActiveModel, QueryFilter, QueryOrder,
    Select,
    sea_query::{Expr, ExprTrait},
};

use crate::{
    SeaOrmStore,
    entity::api_key::{self, Column},
    error::{store_error, unreadable_column},
    rows,
};

#[async_trait]
impl ApiKeyStore for SeaOrmStore {
    async fn add_api_key(
        &self,
        controller: &ControllerId,
        key: &ApiKey,
        hash: &TokenHash,
    ) -> Result<(), StoreError> {
        let transaction = self.database().write().await?;
        let row = api_key::Model {
            id: key.id.0.cast_signed(),
            controller: controller.to_string(),
            name: key.name.clone(),
            token_hash: hash.0.to_vec(),
            scopes: rows::words(&key.scopes),
            created_at: key.created_at.as_microsecond(),
            last_used_on: key.last_used_on.map(|day| day.to_string()),
            expires_at: rows::micros(key.expires_at),
            revoked_at: rows::micros(key.revoked_at),
        };
        InsertMany::<api_key::ActiveModel>::many([row.into_active_model()])
            .exec_without_returning(&transaction.inner)
            .await
            .map_err(store_error)?;
        transaction.commit().await
    }

    async fn api_keys(&self, controller: &ControllerId) -> Result<Vec<ApiKey>, StoreError> {
        let found = of(controller)
            .order_by_asc(Column::CreatedAt)
            .order_by_asc(Column::Id)
            .all(&self.database().connection)
            .await
            .map_err(store_error)?;
        found.iter().map(key).collect()
    }

    async fn api_key(
        &self,
        controller: &ControllerId,
        id: ApiKeyId,
    ) -> Result<Option<(ApiKey, TokenHash)>, StoreError> {
        let found = of(controller)
            .filter(Column::Id.eq(id.0.cast_signed()))
            .one(&self.database().connection)
            .await
            .map_err(store_error)?;
        found
            .map(|row| {
                let hash = row.token_hash.as_slice();
                let hash = hash.try_into().map_err(unreadable_column("token_hash"))?;
                Ok((key(&row)?, TokenHash(hash)))
            })
            .transpose()
    }

    async fn revoke_api_key(
        &self,
        controller: &ControllerId,
        id: ApiKeyId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let transaction = self.database().write().await?;
        let kept = Expr::col(Column::RevokedAt).if_null(now.as_microsecond());
        let revoked = api_key::Entity::update_many()
            .filter(Column::Controller.eq(controller.as_str()))
            .filter(Column::Id.eq(id.0.cast_signed()))
            .col_expr(Column::RevokedAt, kept)
            .exec(&transaction.inner)
            .await
            .map_err(store_error)?;
        transaction.commit().await?;
        Ok(revoked.rows_affected == 1)
    }

    async fn note_api_key_use(
        &self,
        controller: &ControllerId,
        id: ApiKeyId,
        on: Date,
    ) -> Result<(), StoreError> {
        let transaction = self.database().write().await?;
        let is_new = Condition::any()
            .add(Column::LastUsedOn.is_null())
            .add(Column::LastUsedOn.ne(on.to_string()));
        api_key::Entity::update_many()
            .filter(Column::Controller.eq(controller.as_str()))
            .filter(Column::Id.eq(id.0.cast_signed()))
            .filter(is_new)
            .col_expr(Column::LastUsedOn, Expr::value(on.to_string()))
            .exec(&transaction.inner)
            .await
            .map_err(store_error)?;
        transaction.commit().await
    }
}

fn of(controller: &ControllerId) -> Select<api_key::Entity> {
    api_key::Entity::find().filter(Column::Controller.eq(controller.as_str()))
}

fn key(row: &api_key::Model) -> Result<ApiKey, StoreError> {
    let day = row.last_used_on.as_deref();
    Ok(ApiKey {
        id: ApiKeyId(row.id.cast_unsigned()),
        name: row.name.clone(),
        scopes: rows::read_words::<Scope, _>(&row.scopes, "scopes")?,
        created_at: rows::at(row.created_at)?,
        last_used_on: day.map(|day| rows::word(day, "last_used_on")).transpose()?,
        expires_at: rows::instant(row.expires_at)?,
        revoked_at: rows::instant(row.revoked_at)?,
    })
}
