//! The archive's own schema, in order. Every column is listed in `docs/data.md`, and a test holds the
//! two together.

use sea_orm::{ConnectionTrait, DynIden};
use sea_orm_migration::{
    MigrationTrait, MigratorTrait, async_trait,
    prelude::{DbErr, DeriveMigrationName, SchemaManager},
    sea_orm,
    sea_query::IntoIden,
};

use crate::{database::Database, error::ArchiveError};

/// Any number will do, as long as nobody else locks by it: "archived" in ASCII.
const ADVISORY_LOCK: i64 = 0x6172_6368_6976_6564;

struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migration_table_name() -> DynIden {
        "consentry_archive_migrations".into_iden()
    }

    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(m0001_archive::Migration)]
    }
}

/// Brings the schema up to date; whoever comes second waits, and finds nothing to do.
pub(crate) async fn migrate(database: &Database) -> Result<(), ArchiveError> {
    let transaction = database.begin_to_write().await?;
    if !database.is_sqlite() {
        let lock = format!("SELECT pg_advisory_xact_lock({ADVISORY_LOCK})");
        transaction.execute_unprepared(&lock).await?;
    }
    Migrator::up(&transaction, None)
        .await
        .map_err(|error| match error {
            // What was applied and is not known here.
            DbErr::Custom(_) => ArchiveError::Schema,
            error => error.into(),
        })?;
    Ok(transaction.commit().await?)
}

mod m0001_archive {
    use super::{
        ConnectionTrait, DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait,
    };
    use sea_orm_migration::sea_orm::DbBackend;

    #[derive(DeriveMigrationName)]
    pub(super) struct Migration;

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
    CREATE TABLE consentry_archive_records (
        id BIGINT PRIMARY KEY,
        controller TEXT NOT NULL,
        dataset TEXT NOT NULL,
        stage TEXT NOT NULL,
        state TEXT,
        row_index BYTES NOT NULL,
        key_id BIGINT NOT NULL,
        taken_at BIGINT NOT NULL,
        sealed BYTES NOT NULL
    );
    CREATE UNIQUE INDEX consentry_archive_records_row ON consentry_archive_records (row_index);
    CREATE INDEX consentry_archive_records_dataset
        ON consentry_archive_records (controller, dataset, taken_at);
    CREATE INDEX consentry_archive_records_key ON consentry_archive_records (key_id, id);

    CREATE TABLE consentry_archive_moments (
        record_id BIGINT NOT NULL REFERENCES consentry_archive_records (id) ON DELETE CASCADE,
        clock TEXT NOT NULL,
        controller TEXT NOT NULL,
        dataset TEXT NOT NULL,
        at BIGINT NOT NULL,
        PRIMARY KEY (record_id, clock)
    );
    CREATE INDEX consentry_archive_moments_order
        ON consentry_archive_moments (controller, dataset, clock, at, record_id);

    CREATE TABLE consentry_archive_openings (
        id BIGINT PRIMARY KEY,
        controller TEXT NOT NULL,
        at BIGINT NOT NULL,
        act TEXT NOT NULL,
        author TEXT NOT NULL,
        reason TEXT NOT NULL,
        matter TEXT,
        dataset TEXT,
        key_id BIGINT,
        records BIGINT NOT NULL
    );
    CREATE INDEX consentry_archive_openings_at ON consentry_archive_openings (controller, at);
    ";
}
