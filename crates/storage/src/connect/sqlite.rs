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
use sea_orm::SqlxSqliteConnector;
use sea_orm::sqlx::{
    ConnectOptions, Connection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{ACQUIRE_TIMEOUT, Connections, LOCK_TIMEOUT};
use crate::error::{driver_error, is_busy, unavailable, unusable_url};

/// Readers beside the one writer that SQLite has.
const READERS: u32 = 3;
/// What the writer keeps of the file in memory, in KiB; a reader keeps SQLite's default of 2 MiB.
const CACHE: u32 = 8 * 1024;
/// When the writer merges the WAL into the file, in pages of 4 KiB. Pages that are written again
/// and again meanwhile are merged once.
const CHECKPOINT: u32 = 8 * 1024;

/// What the driver calls a database in memory, which is no file.
const IN_MEMORY: &str = "file:sqlx-in-memory-";

pub(super) async fn connect(url: &str) -> Result<Connections, StoreError> {
    // Statements carry values, so they are never logged.
    let options = SqliteConnectOptions::from_str(url)
        .map_err(|_| unusable_url())?
        .disable_statement_logging()
        .create_if_missing(true)
        .busy_timeout(LOCK_TIMEOUT)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        // What was acknowledged survives a power cut.
        .synchronous(SqliteSynchronous::Full)
        .pragma("secure_delete", "ON")
        .pragma("temp_store", "MEMORY");
    if !options
        .get_filename()
        .to_string_lossy()
        .starts_with(IN_MEMORY)
    {
        create_private(options.get_filename())?;
    }
    let pool = || {
        SqlitePoolOptions::new()
            .acquire_timeout(ACQUIRE_TIMEOUT)
            // There is no line that could be cut.
            .test_before_acquire(false)
            // An error of the disk ends a transaction behind the driver's back, which then counts it
            // as open for ever: such a connection is closed. The ping lets what was begun end first;
            // the driver makes one of its own, so there is none where nothing is open.
            .after_release(|connection, _| {
                Box::pin(async move {
                    if connection.is_in_transaction() {
                        connection.ping().await?;
                    }
                    Ok(!connection.is_in_transaction())
                })
            })
    };
    let writer = options
        .clone()
        .pragma("cache_size", format!("-{CACHE}"))
        .pragma("wal_autocheckpoint", CHECKPOINT.to_string());
    let since = Instant::now();
    let write = loop {
        let pool = pool()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(writer.clone())
            .await;
        match pool {
            // The change to WAL does not wait for its lock when several processes start at once.
            Err(error) if is_busy(&error) && since.elapsed() < LOCK_TIMEOUT => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            pool => break pool.map_err(|error| driver_error(&error))?,
        }
    };
    let read = pool().max_connections(READERS).connect_lazy_with(options);
    Ok(Connections {
        read: SqlxSqliteConnector::from_sqlx_sqlite_pool(read),
        write: SqlxSqliteConnector::from_sqlx_sqlite_pool(write),
    })
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
