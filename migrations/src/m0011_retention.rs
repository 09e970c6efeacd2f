//! Legal holds, named events, and the runs and plans of the retention engine. People are named by the
//! identity columns of applications, so their names are kept sealed, once for all of them.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let bytes = match manager.get_database_backend() {
            DbBackend::Sqlite => "BLOB",
            _ => "BYTEA",
        };
        let schema = SCHEMA.replace("BYTES", bytes);
        manager.get_connection().execute_unprepared(&schema).await?;
        Ok(())
    }
}

const SCHEMA: &str = "
CREATE TABLE consentry_identities (
    id BIGINT PRIMARY KEY,
    controller TEXT NOT NULL,
    identity_index BYTES NOT NULL,
    identity_index_key SMALLINT NOT NULL,
    wrapped_key BYTES NOT NULL,
    sealed_identity BYTES NOT NULL
);
CREATE INDEX consentry_identities_index ON consentry_identities (controller, identity_index);

CREATE TABLE consentry_holds (
    id BIGINT PRIMARY KEY,
    controller TEXT NOT NULL,
    dataset TEXT NOT NULL,
    identity_id BIGINT REFERENCES consentry_identities (id),
    field TEXT,
    kind TEXT NOT NULL,
    matter TEXT NOT NULL,
    author TEXT NOT NULL,
    set_at BIGINT NOT NULL,
    review_at BIGINT NOT NULL,
    lifted_at BIGINT
);
CREATE INDEX consentry_holds_dataset ON consentry_holds (controller, dataset);
CREATE INDEX consentry_holds_identity ON consentry_holds (identity_id);

CREATE TABLE consentry_events (
    identity_id BIGINT NOT NULL REFERENCES consentry_identities (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    controller TEXT NOT NULL,
    at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (identity_id, name)
);
CREATE INDEX consentry_events_order ON consentry_events (controller, name, at, identity_id);

CREATE TABLE consentry_event_settlements (
    identity_id BIGINT NOT NULL REFERENCES consentry_identities (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    stage TEXT NOT NULL,
    settled_to BIGINT NOT NULL,
    PRIMARY KEY (identity_id, name, stage)
);

CREATE TABLE consentry_retention_runs (
    id BIGINT PRIMARY KEY,
    controller TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    outcome TEXT NOT NULL,
    acted BIGINT NOT NULL,
    held BIGINT NOT NULL,
    plan TEXT,
    report TEXT NOT NULL
);
CREATE INDEX consentry_retention_runs_started
    ON consentry_retention_runs (controller, started_at);

CREATE TABLE consentry_retention_plans (
    controller TEXT NOT NULL,
    hash TEXT NOT NULL,
    plan TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (controller, hash)
);
";
