//! Imports: how far each has come, where imported people come from, and a way to find who was
//! erased by their address. The breaker tells sign-ups from imports.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let [id, bytes] = match manager.get_database_backend() {
            DbBackend::Sqlite => ["INTEGER PRIMARY KEY", "BLOB"],
            _ => ["BIGINT PRIMARY KEY", "BYTEA"],
        };
        let sql = SCHEMA.replace("{id}", id).replace("{bytes}", bytes);
        manager.get_connection().execute_unprepared(&sql).await?;
        Ok(())
    }
}

const SCHEMA: &str = "
CREATE TABLE consentry_imports (
    id {id},
    controller TEXT NOT NULL,
    name_index {bytes} NOT NULL,
    started_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    rows_read BIGINT NOT NULL,
    accepted BIGINT NOT NULL,
    already_there BIGINT NOT NULL,
    left_out BIGINT NOT NULL,
    duplicates BIGINT NOT NULL,
    finished BOOLEAN NOT NULL
);
CREATE UNIQUE INDEX consentry_imports_name ON consentry_imports (controller, name_index);

ALTER TABLE consentry_consent_events ADD COLUMN source TEXT;
ALTER TABLE consentry_consent_events ADD COLUMN agreed_at BIGINT;

ALTER TABLE consentry_subjects ADD COLUMN imported BOOLEAN NOT NULL DEFAULT FALSE;
DROP INDEX consentry_subjects_pending;
CREATE INDEX consentry_subjects_pending
    ON consentry_subjects (controller, first_submitted_at, imported)
    WHERE state = 'pending' AND erased_at IS NULL;
DROP INDEX consentry_subjects_confirmed;
CREATE INDEX consentry_subjects_confirmed
    ON consentry_subjects (controller, first_submitted_at, imported)
    WHERE state = 'confirmed' AND erased_at IS NULL;
CREATE INDEX consentry_subjects_erased_address ON consentry_subjects (controller, address_index)
    WHERE erased_at IS NOT NULL;
";
