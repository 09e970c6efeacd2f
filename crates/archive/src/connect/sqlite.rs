//! A SQLite file: pragmas, and the mode of the file.

use std::{fs::OpenOptions, io::ErrorKind, os::unix::fs::OpenOptionsExt, path::Path, str::FromStr};

use sea_orm::{
    DatabaseConnection, SqlxSqliteConnector,
    sqlx::{
        ConnectOptions,
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
    },
};

use super::LOCK_TIMEOUT;
use crate::error::ArchiveError;

pub(super) async fn connect(url: &str) -> Result<DatabaseConnection, ArchiveError> {
    // Statements carry values, so they are never logged.
    let options = SqliteConnectOptions::from_str(url)
        .map_err(|_| ArchiveError::Misconfigured)?
        .disable_statement_logging()
        .create_if_missing(true)
        .busy_timeout(LOCK_TIMEOUT)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        // A row leaves its source once it is here: it has to survive a power cut.
        .synchronous(SqliteSynchronous::Full)
        .pragma("secure_delete", "ON")
        // Rows come in batches that touch pages all over the indexes: many of them stay at hand (KiB),
        // and are merged into the file once (pages of 4 KiB).
        .pragma("cache_size", "-8192")
        .pragma("wal_autocheckpoint", "8192")
        .pragma("temp_store", "MEMORY");
    create_private(options.get_filename())?;
    let pool = SqlitePoolOptions::new()
        .max_connections(2)
        .acquire_timeout(LOCK_TIMEOUT)
        .connect_with(options)
        .await?;
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}

/// Makes the file before SQLite does, so that nobody else may ever read it; its WAL takes the mode
/// of the file.
fn create_private(file: &Path) -> Result<(), ArchiveError> {
    let created = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file);
    match created {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(ArchiveError::Unavailable(
            format!("the file cannot be made: {}", error.kind()),
        )),
        _ => Ok(()),
    }
}
