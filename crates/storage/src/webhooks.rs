//! Endpoints of webhooks: their secrets sealed like addresses, each under a key of its own.

use async_trait::async_trait;
use consentry_keys::{KeyId, KeyUse, seal::DataKey};
use consentry_policy::ControllerId;
use consentry_service::ports::{
    DeliveryRecord, DeliverySettlement, DeliveryState, LeasedBatch, MessageId, StoreError, Webhook,
    WebhookId, WebhookSecret, WebhookStore, WebhookUrl, WorkerId,
};
use jiff::Timestamp;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, InsertMany, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect, Select,
};

use crate::bounded::Bounded;
use crate::{
    SeaOrmStore, deliveries,
    entity::webhook::{self, Column},
    error::{store_error, unreadable, unreadable_column},
    rows,
    vault::{Vault, row_place},
};

const WRAPPED_KEY: &str = "webhooks.wrapped_key";
const SECRET: &str = "webhooks.sealed_secret";

#[async_trait]
impl WebhookStore for SeaOrmStore {
    async fn add_webhook(
        &self,
        controller: &ControllerId,
        webhook: &Webhook,
        secret: &WebhookSecret,
    ) -> Result<(), StoreError> {
        let transaction = self.database().write().await?;
        let id = webhook.id.0.cast_signed();
        let (wrapped_key, sealed_secret) = seal(self.vault(), controller.as_str(), id, secret);
        let row = webhook::Model {
            id,
            controller: controller.to_string(),
            url: webhook.url.expose().to_string(),
            events: rows::words(&webhook.events),
            wrapped_key,
            sealed_secret,
            sealed_former_secret: None,
            former_until: rows::micros(webhook.former_until),
            created_at: webhook.created_at.as_microsecond(),
            delivered_at: rows::micros(webhook.delivered_at),
            paused_until: rows::micros(webhook.paused_until),
        };
        InsertMany::<webhook::ActiveModel>::many([row.into_active_model()])
            .exec_without_returning(&transaction.inner)
            .await
            .map_err(store_error)?;
        transaction.commit().await
    }

    async fn webhooks(&self, controller: &ControllerId) -> Result<Vec<Webhook>, StoreError> {
        let found = of(controller)
            .order_by_asc(Column::CreatedAt)
            .order_by_asc(Column::Id)
            .all(&self.database().connection)
            .await
            .map_err(store_error)?;
        found.iter().map(endpoint).collect()
    }

    async fn remove_webhook(
        &self,
        controller: &ControllerId,
        id: WebhookId,
    ) -> Result<bool, StoreError> {
        let transaction = self.database().write().await?;
        let removed = webhook::Entity::delete_many()
            .filter(Column::Controller.eq(controller.as_str()))
            .filter(Column::Id.eq(id.0.cast_signed()))
            .exec(&transaction.inner)
            .await
            .map_err(store_error)?;
        transaction.commit().await?;
        Ok(removed.rows_affected == 1)
    }

    async fn rotate_webhook(
        &self,
        controller: &ControllerId,
        id: WebhookId,
        secret: &WebhookSecret,
        former_until: Timestamp,
    ) -> Result<bool, StoreError> {
        let transaction = self.database().write().await?;
        let Some(row) = locked(&transaction.inner, controller, id).await? else {
            return Ok(false);
        };
        // A secret that no key opens any more, after a restore, signs nothing: it is replaced.
        let (wrapped_key, sealed_secret, former) = if let Ok(key) = data_key(self.vault(), &row) {
            let sealed = seal_one(self.vault(), &key, &row.controller, row.id, secret);
            (row.wrapped_key, sealed, Some(row.sealed_secret))
        } else {
            let (wrapped, sealed) = seal(self.vault(), &row.controller, row.id, secret);
            (wrapped, sealed, None)
        };
        let row = webhook::Model {
            wrapped_key,
            sealed_secret,
            former_until: former.as_ref().map(|_| former_until.as_microsecond()),
            sealed_former_secret: former,
            ..row
        };
        row.into_active_model()
            .reset_all()
            .update(&transaction.inner)
            .await
            .map_err(store_error)?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn deliveries(
        &self,
        controller: &ControllerId,
        state: Option<DeliveryState>,
        limit: u64,
    ) -> Result<Vec<DeliveryRecord>, StoreError> {
        deliveries::list(&self.database().connection, controller, state, limit).await
    }

    async fn requeue_deliveries(
        &self,
        controller: &ControllerId,
        message: Option<MessageId>,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let transaction = self.database().write().await?;
        let queued = deliveries::requeue(&transaction.inner, controller, message, now).await?;
        transaction.commit().await?;
        Ok(queued)
    }

    async fn forget_dead_deliveries(
        &self,
        controller: &ControllerId,
        before: Timestamp,
    ) -> Result<u64, StoreError> {
        let transaction = self.database().write().await?;
        let forgotten = deliveries::forget_dead(&transaction.inner, controller, before).await?;
        transaction.commit().await?;
        Ok(forgotten)
    }

    async fn due_webhooks(
        &self,
        controller: &ControllerId,
        now: Timestamp,
    ) -> Result<Vec<WebhookId>, StoreError> {
        let snapshot = self.database().snapshot().await?;
        let due = deliveries::due(&snapshot.inner, controller, now).await?;
        snapshot.commit().await?;
        Ok(due)
    }

    async fn lease_deliveries(
        &self,
        controller: &ControllerId,
        worker: &WorkerId,
        webhook: WebhookId,
        now: Timestamp,
        limit: u64,
    ) -> Result<Option<LeasedBatch>, StoreError> {
        let transaction = self.database().write().await?;
        let db = &transaction.inner;
        let Some(row) = locked(db, controller, webhook).await? else {
            return Ok(None);
        };
        let deliveries = deliveries::lease(db, &row, worker, now, limit).await?;
        if deliveries.is_empty() {
            return Ok(None);
        }
        let batch = LeasedBatch {
            url: url(&row)?,
            secrets: secrets(self.vault(), &row, now)?,
            deliveries,
        };
        transaction.commit().await?;
        Ok(Some(batch))
    }

    async fn settle_delivery(
        &self,
        controller: &ControllerId,
        worker: &WorkerId,
        message: MessageId,
        settlement: DeliverySettlement,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let transaction = self.database().write().await?;
        let db = &transaction.inner;
        deliveries::settle(db, controller, worker, message, settlement, now).await?;
        transaction.commit().await
    }
}

fn of(controller: &ControllerId) -> Select<webhook::Entity> {
    webhook::Entity::find().filter(Column::Controller.eq(controller.as_str()))
}

/// Locked until the end of the transaction: one worker at a time takes messages for an endpoint.
async fn locked(
    db: &Bounded,
    controller: &ControllerId,
    id: WebhookId,
) -> Result<Option<webhook::Model>, StoreError> {
    of(controller)
        .filter(Column::Id.eq(id.0.cast_signed()))
        .lock_exclusive()
        .one(db)
        .await
        .map_err(store_error)
}

/// An endpoint, from its row.
pub(crate) fn endpoint(row: &webhook::Model) -> Result<Webhook, StoreError> {
    Ok(Webhook {
        id: WebhookId(row.id.cast_unsigned()),
        url: url(row)?,
        events: rows::read_words(&row.events, "events")?,
        created_at: rows::at(row.created_at)?,
        former_until: rows::instant(row.former_until)?,
        delivered_at: rows::instant(row.delivered_at)?,
        paused_until: rows::instant(row.paused_until)?,
    })
}

fn url(row: &webhook::Model) -> Result<WebhookUrl, StoreError> {
    WebhookUrl::parse(&row.url).map_err(unreadable_column("url"))
}

fn seal(vault: &Vault, controller: &str, id: i64, secret: &WebhookSecret) -> (Vec<u8>, Vec<u8>) {
    let key = DataKey::generate(&mut |buffer| vault.fill(buffer));
    let place = row_place(controller, id, WRAPPED_KEY);
    let wrapped = vault
        .ring()
        .wrap(&key, &place, &mut |buffer| vault.fill(buffer));
    let sealed = seal_one(vault, &key, controller, id, secret);
    (wrapped, sealed)
}

fn seal_one(
    vault: &Vault,
    key: &DataKey,
    controller: &str,
    id: i64,
    secret: &WebhookSecret,
) -> Vec<u8> {
    let place = row_place(controller, id, SECRET);
    key.seal(secret.expose(), &place, &mut |buffer| vault.fill(buffer))
}

fn data_key(vault: &Vault, row: &webhook::Model) -> Result<DataKey, StoreError> {
    let place = row_place(&row.controller, row.id, WRAPPED_KEY);
    let unwrapped = vault.ring().unwrap(&row.wrapped_key, &place);
    unwrapped.map_err(|error| unreadable(error.to_string()))
}

/// What signs now: the secret, and for a while after a rotation the former one.
fn secrets(
    vault: &Vault,
    row: &webhook::Model,
    now: Timestamp,
) -> Result<Vec<WebhookSecret>, StoreError> {
    let key = data_key(vault, row)?;
    let place = row_place(&row.controller, row.id, SECRET);
    let is_former_alive = row
        .former_until
        .is_some_and(|until| now.as_microsecond() < until);
    let former = row
        .sealed_former_secret
        .as_ref()
        .filter(|_| is_former_alive);
    [Some(&row.sealed_secret), former]
        .into_iter()
        .flatten()
        .map(|sealed| {
            let plain = key
                .open(sealed, &place)
                .map_err(|error| unreadable(error.to_string()))?;
            let bytes = plain.as_slice().try_into();
            bytes
                .map(WebhookSecret::new)
                .map_err(unreadable_column("sealed_secret"))
        })
        .collect()
}

/// Wraps the keys of endpoints anew that were not wrapped under the active key; how many.
pub(crate) async fn renew(db: &Bounded, vault: &Vault) -> Result<u64, StoreError> {
    let ring = vault.ring();
    let active = ring.current(KeyUse::Seal).id().as_byte();
    let outdated = webhook::Entity::find()
        .order_by_asc(Column::Id)
        .lock_exclusive()
        .all(db)
        .await
        .map_err(store_error)?
        .into_iter()
        .filter(|row| row.wrapped_key.first() != Some(&active));
    let mut renewed = 0;
    for row in outdated {
        let key = data_key(vault, &row)?;
        let place = row_place(&row.controller, row.id, WRAPPED_KEY);
        let wrapped_key = ring.wrap(&key, &place, &mut |buffer| vault.fill(buffer));
        let row = webhook::Model { wrapped_key, ..row };
        let row = row.into_active_model().reset_all();
        row.update(db).await.map_err(store_error)?;
        renewed += 1;
    }
    Ok(renewed)
}

/// How many endpoints need a seal key.
pub(crate) async fn count(db: &Bounded, id: KeyId) -> Result<u64, StoreError> {
    let keys: Vec<Vec<u8>> = webhook::Entity::find()
        .select_only()
        .column(Column::WrappedKey)
        .into_tuple()
        .all(db)
        .await
        .map_err(store_error)?;
    let needs = |key: &&Vec<u8>| key.first() == Some(&id.as_byte());
    Ok(keys.iter().filter(needs).count() as u64)
}
