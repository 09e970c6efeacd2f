//! Migrating, and checking that somebody has.

use consentry_migrations::{
    APPLIED, Migrator, adopt,
    sea_orm_migration::{MigratorTrait, SchemaManager},
};
use consentry_service::ports::StoreError;
use sea_orm::{ConnectionTrait, DbErr, Statement};

use crate::{error::store_error, transaction::Database};

/// Any number will do, as long as nobody else locks by it: "consentr" in ASCII.
const ADVISORY_LOCK: i64 = 0x636f_6e73_656e_7472;

/// How the schema of a database stands to the one this program was built for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MigrationStatus {
    /// Migrations applied to the database.
    pub applied: usize,
    /// Migrations known to this program.
    pub known: usize,
    /// Whether they are the same ones.
    pub is_current: bool,
}

/// Applies what is missing, all of it in one transaction, and says how many migrations that were.
/// Whoever comes second waits, and finds nothing to do.
pub(crate) async fn migrate(database: &Database) -> Result<usize, StoreError> {
    migrate_by(database, None).await
}

/// Applies so many migrations; all that are missing when not told.
pub(crate) async fn migrate_by(
    database: &Database,
    steps: Option<usize>,
) -> Result<usize, StoreError> {
    let steps = steps.and_then(|steps| u32::try_from(steps).ok());
    let transaction = database.write().await?;
    if !database.is_sqlite() {
        let lock = format!("SELECT pg_advisory_xact_lock({ADVISORY_LOCK})");
        transaction
            .inner
            .execute_unprepared(&lock)
            .await
            .map_err(store_error)?;
    }
    adopt(transaction.inner.unbounded())
        .await
        .map_err(store_error)?;
    let missing = Migrator::get_pending_migrations(transaction.inner.unbounded())
        .await
        .map_err(store_error)?;
    Migrator::up(transaction.inner.unbounded(), steps)
        .await
        .map_err(store_error)?;
    transaction.commit().await?;
    Ok(missing.len())
}

pub(crate) async fn status(database: &Database) -> Result<MigrationStatus, StoreError> {
    let connection = &database.connection;
    let applied: Vec<String> = if is_prepared(database).await.map_err(store_error)? {
        let versions = format!("SELECT version FROM {APPLIED}");
        let versions = Statement::from_string(connection.get_database_backend(), versions);
        let rows = connection.query_all_raw(versions).await;
        rows.and_then(|rows| rows.iter().map(|row| row.try_get("", "version")).collect())
            .map_err(store_error)?
    } else {
        Vec::new()
    };
    let known = Migrator::migrations();
    let is_applied = |name: &str| applied.iter().any(|version| version == name);
    Ok(MigrationStatus {
        applied: applied.len(),
        known: known.len(),
        is_current: applied.len() == known.len()
            && known.iter().all(|migration| is_applied(migration.name())),
    })
}

/// Whether there is a list of migrations, in any schema of the search path: an application may keep
/// our tables in one of their own.
async fn is_prepared(database: &Database) -> Result<bool, DbErr> {
    let connection = &database.connection;
    if database.is_sqlite() {
        return SchemaManager::new(connection).has_table(APPLIED).await;
    }
    let found = format!("SELECT to_regclass('{APPLIED}') IS NOT NULL AS found");
    let found = Statement::from_string(connection.get_database_backend(), found);
    let row = connection.query_one_raw(found).await?;
    row.map_or(Ok(false), |row| row.try_get("", "found"))
}
