//! People, their topics and evidence, the outbox, the jobs and what a purge leaves behind.
//!
//! Times are microseconds since 1970 in UTC, exact and comparable on both engines. Numbers of
//! records are random 64-bit values, stored bit for bit as signed integers.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let [id, counter, bytes] = match manager.get_database_backend() {
            // Any other spelling gives SQLite a second tree to keep.
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

/// The statements that make the indexes.
pub(crate) fn indexes() -> impl Iterator<Item = &'static str> {
    SCHEMA.split(';').map(str::trim).filter(|statement| {
        statement.starts_with("CREATE INDEX") || statement.starts_with("CREATE UNIQUE INDEX")
    })
}

const SCHEMA: &str = "
CREATE TABLE consentry_subjects (
    id {id},
    controller TEXT NOT NULL,
    address_index {bytes} NOT NULL,
    address_index_key SMALLINT NOT NULL,
    wrapped_key {bytes} NOT NULL,
    sealed_address {bytes} NOT NULL,
    sealed_requested_address {bytes},
    requested_address_at BIGINT,
    language TEXT NOT NULL,
    generation INTEGER NOT NULL,
    state TEXT NOT NULL,
    first_submitted_at BIGINT NOT NULL,
    last_prompted_at BIGINT,
    reminded_at BIGINT,
    objected_at BIGINT,
    restricted_at BIGINT,
    erased_at BIGINT
);
CREATE UNIQUE INDEX consentry_subjects_live_address ON consentry_subjects (controller, address_index)
    WHERE erased_at IS NULL;
CREATE INDEX consentry_subjects_pending ON consentry_subjects (controller, first_submitted_at)
    WHERE state = 'pending' AND erased_at IS NULL;
CREATE INDEX consentry_subjects_erased ON consentry_subjects (controller, erased_at)
    WHERE erased_at IS NOT NULL;

CREATE TABLE consentry_subscriptions (
    subject_id BIGINT NOT NULL REFERENCES consentry_subjects (id) ON DELETE CASCADE,
    topic TEXT NOT NULL,
    controller TEXT NOT NULL,
    position INTEGER NOT NULL,
    state TEXT NOT NULL,
    basis TEXT NOT NULL,
    notice TEXT NOT NULL,
    requested_at BIGINT NOT NULL,
    confirmed_at BIGINT,
    unsubscribed_at BIGINT,
    requested_again_at BIGINT,
    PRIMARY KEY (subject_id, topic)
);

CREATE TABLE consentry_consent_events (
    id {counter},
    subject_id BIGINT NOT NULL REFERENCES consentry_subjects (id) ON DELETE CASCADE,
    controller TEXT NOT NULL,
    receipt TEXT NOT NULL UNIQUE,
    at BIGINT NOT NULL,
    action TEXT NOT NULL,
    channel TEXT NOT NULL,
    topic TEXT,
    basis TEXT,
    notice TEXT NOT NULL
);
CREATE INDEX consentry_consent_events_subject ON consentry_consent_events (subject_id);

CREATE TABLE consentry_letters (
    id {id},
    subject_id BIGINT NOT NULL REFERENCES consentry_subjects (id) ON DELETE CASCADE,
    controller TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    queued_at BIGINT NOT NULL,
    due_at BIGINT,
    attempts INTEGER NOT NULL,
    uncertain INTEGER NOT NULL,
    worker TEXT,
    leased_until BIGINT,
    reply_code INTEGER,
    settled_at BIGINT
);
CREATE INDEX consentry_letters_subject ON consentry_letters (subject_id);
CREATE INDEX consentry_letters_due ON consentry_letters (controller, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX consentry_letters_leased ON consentry_letters (controller, leased_until) WHERE leased_until IS NOT NULL;

CREATE TABLE consentry_jobs (
    controller TEXT NOT NULL,
    job TEXT NOT NULL,
    worker TEXT,
    leased_until BIGINT,
    started_at BIGINT,
    succeeded_at BIGINT,
    outcome TEXT,
    failed BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (controller, job)
);

CREATE TABLE consentry_tombstones (
    id {id},
    controller TEXT NOT NULL,
    reason TEXT NOT NULL,
    purged_on TEXT NOT NULL
);

CREATE TABLE consentry_purges (
    id {id},
    purged BIGINT NOT NULL,
    cleaned BIGINT NOT NULL
);
INSERT INTO consentry_purges (id, purged, cleaned) VALUES (1, 0, 0);
";
