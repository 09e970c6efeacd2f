//! Keys of the JSON API, endpoints of webhooks, and the messages that wait for them.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let [id, counter, bytes] = match manager.get_database_backend() {
            DbBackend::Sqlite => ["INTEGER PRIMARY KEY", "INTEGER PRIMARY KEY", "BLOB"],
            _ => [
                "BIGINT PRIMARY KEY",
                "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
                "BYTEA",
            ],
        };
        let sql = SCHEMA
            .replace("{id}", id)
            .replace("{counter}", counter)
            .replace("{bytes}", bytes);
        manager.get_connection().execute_unprepared(&sql).await?;
        Ok(())
    }
}

const SCHEMA: &str = "
CREATE TABLE consentry_api_keys (
    id {id},
    controller TEXT NOT NULL,
    name TEXT NOT NULL,
    token_hash {bytes} NOT NULL,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_on TEXT,
    expires_at BIGINT,
    revoked_at BIGINT
);

CREATE TABLE consentry_webhooks (
    id {id},
    controller TEXT NOT NULL,
    url TEXT NOT NULL,
    events TEXT NOT NULL,
    wrapped_key {bytes} NOT NULL,
    sealed_secret {bytes} NOT NULL,
    sealed_former_secret {bytes},
    former_until BIGINT,
    created_at BIGINT NOT NULL,
    delivered_at BIGINT,
    paused_until BIGINT
);
CREATE INDEX consentry_webhooks_controller ON consentry_webhooks (controller);

CREATE TABLE consentry_webhook_deliveries (
    id {counter},
    webhook_id BIGINT NOT NULL REFERENCES consentry_webhooks (id) ON DELETE CASCADE,
    controller TEXT NOT NULL,
    message BIGINT NOT NULL,
    subject_id BIGINT NOT NULL,
    event TEXT NOT NULL,
    topics TEXT NOT NULL,
    at BIGINT NOT NULL,
    due_at BIGINT,
    attempts INTEGER NOT NULL,
    worker TEXT,
    leased_until BIGINT,
    status INTEGER,
    dead_at BIGINT
);
CREATE UNIQUE INDEX consentry_webhook_deliveries_message
    ON consentry_webhook_deliveries (message);
CREATE INDEX consentry_webhook_deliveries_order
    ON consentry_webhook_deliveries (webhook_id, subject_id, id);
CREATE INDEX consentry_webhook_deliveries_subject ON consentry_webhook_deliveries (subject_id);
CREATE INDEX consentry_webhook_deliveries_due
    ON consentry_webhook_deliveries (controller, due_at) WHERE due_at IS NOT NULL;
";
