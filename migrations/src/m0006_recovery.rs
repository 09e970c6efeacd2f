//! The journal of what a restore repeats, and what is known of the database itself.
//!
//! An entry of the journal names a record by its number and has no foreign key: it outlives the
//! record, for as long as a backup does that holds it.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let [id, bytes, clock] = match manager.get_database_backend() {
            DbBackend::Sqlite => [
                "INTEGER PRIMARY KEY",
                "BLOB",
                "CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
            ],
            _ => [
                "BIGINT PRIMARY KEY",
                "BYTEA",
                "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)",
            ],
        };
        let sql = SCHEMA
            .replace("{id}", id)
            .replace("{bytes}", bytes)
            .replace("{clock}", clock);
        manager.get_connection().execute_unprepared(&sql).await?;
        Ok(())
    }
}

const SCHEMA: &str = "
CREATE TABLE consentry_journal (
    id {id},
    controller TEXT NOT NULL,
    subject BIGINT NOT NULL,
    kind TEXT NOT NULL,
    topic TEXT,
    sealed_address {bytes},
    generation INTEGER NOT NULL,
    at BIGINT NOT NULL,
    written_at BIGINT NOT NULL DEFAULT ({clock}),
    to_replay BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX consentry_journal_at ON consentry_journal (controller, at);
CREATE INDEX consentry_journal_written ON consentry_journal (written_at);
CREATE INDEX consentry_journal_replay ON consentry_journal (controller, at, id) WHERE to_replay;

CREATE TABLE consentry_installation (
    id {id},
    restoring_since BIGINT,
    backed_up_at BIGINT
);
INSERT INTO consentry_installation (id) VALUES (1);
";
