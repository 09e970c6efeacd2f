//! A SQLite file: pragmas, and the mode of the file.

use std::{
    fs::OpenOptions,
    io::ErrorKind,
    os::unix::fs::OpenOptionsExt,
    path::Path,
    str::FromStr,
    time::{Duration, Instant},
};

use consentry_service::ports::StoreError;
use sea_orm::sqlx::{
    ConnectOptions, Connection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{ACQUIRE_TIMEOUT, LOCK_TIMEOUT};
use crate::error::{driver_error, is_busy, unavailable};

/// Writers take turns on SQLite; these are for readers beside one writer.
const CONNECTIONS: u32 = 4;

pub(super) async fn pool(url: &str) -> Result<SqlitePool, StoreError> {
    // Statements carry values, so they are never logged.
    let options = SqliteConnectOptions::from_str(url)
        .map_err(|error| driver_error(&error))?
        .disable_statement_logging()
        .create_if_missing(true)
        .busy_timeout(LOCK_TIMEOUT)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        // What was acknowledged survives a power cut.
        .synchronous(SqliteSynchronous::Full)
        .pragma("secure_delete", "ON")
        .pragma("temp_store", "MEMORY");
    create_private(options.get_filename())?;
    let since = Instant::now();
    loop {
        let pool = SqlitePoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            // An error of the disk ends a transaction behind the driver's back, which then counts it
            // as open for ever: such a connection is closed. The ping lets what was begun end first.
            .after_release(|connection, _| {
                Box::pin(async move {
                    connection.ping().await?;
                    Ok(!connection.is_in_transaction())
                })
            })
            .connect_with(options.clone())
            .await;
        match pool {
            // The change to WAL does not wait for its lock when several processes start at once.
            Err(error) if is_busy(&error) && since.elapsed() < LOCK_TIMEOUT => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            pool => return pool.map_err(|error| driver_error(&error)),
        }
    }
}

/// Makes the file before SQLite does, so that nobody else may ever read it; its WAL takes the mode
/// of the file.
fn create_private(file: &Path) -> Result<(), StoreError> {
    let created = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file);
    match created {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(unavailable(format!(
            "the database file cannot be created: {}",
            error.kind()
        ))),
        _ => Ok(()),
    }
}
