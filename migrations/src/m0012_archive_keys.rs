//! The keys of the archive, one for each person in it, wrapped by the archive's own key ring. They lie
//! apart from what they seal, so that a key that is destroyed here opens no copy of the archive.

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
CREATE TABLE consentry_archive_keys (
    id BIGINT PRIMARY KEY,
    controller TEXT NOT NULL,
    subject_index BYTES,
    subject_index_key SMALLINT,
    wrapped_key BYTES NOT NULL,
    sealed_subject BYTES
);
-- The index says whose archive it is, too: a leading controller would have PostgreSQL read every key.
CREATE INDEX consentry_archive_keys_subject ON consentry_archive_keys (subject_index);
";
