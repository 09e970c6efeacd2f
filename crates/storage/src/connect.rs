//! Opening a database: pools, pragmas, time limits, the mode of the file.

use std::{
    fs::OpenOptions,
    io::{self, ErrorKind},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    str::FromStr,
    time::{Duration, Instant},
};

use consentry_service::ports::StoreError;
use sea_orm::{
    DatabaseConnection, SqlxPostgresConnector, SqlxSqliteConnector,
    sqlx::{
        self, ConnectOptions, Connection, PgPool,
        postgres::{PgConnectOptions, PgConnection, PgPoolOptions},
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
    },
};

use crate::error::{driver_error, is_busy, unavailable};

/// How long a statement waits for a lock of somebody else.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may take to show that it is alive.
const PING_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection that was unused for this long is asked whether it is alive.
const IDLE: Duration = Duration::from_secs(1);
/// How long a caller waits for a free connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// Readers beside the one writer that SQLite has.
const SQLITE_READERS: u32 = 3;
/// What the writer keeps of the file in memory, in KiB; a reader keeps SQLite's default of 2 MiB.
const SQLITE_CACHE: u32 = 8 * 1024;
/// When the writer merges the WAL into the file, in pages of 4 KiB. Pages that are written again
/// and again meanwhile are merged once.
const SQLITE_CHECKPOINT: u32 = 8 * 1024;
const POSTGRES_CONNECTIONS: u32 = 16;

/// The connections of a store.
pub(crate) struct Connections {
    pub(crate) read: DatabaseConnection,
    /// The same on PostgreSQL. On SQLite a connection of its own: another one's commit empties a
    /// connection's cache.
    pub(crate) write: DatabaseConnection,
}

pub(crate) async fn connect(url: &str) -> Result<Connections, StoreError> {
    match url.split_once(':') {
        Some(("sqlite", _)) => sqlite(url).await,
        Some(("postgres" | "postgresql", _)) => {
            let pool = postgres(url).await?;
            let connection = SqlxPostgresConnector::from_sqlx_postgres_pool(pool);
            Ok(Connections {
                read: connection.clone(),
                write: connection,
            })
        }
        _ => Err(unavailable(
            "the database URL starts with neither `sqlite:` nor `postgres:`",
        )),
    }
}

async fn sqlite(url: &str) -> Result<Connections, StoreError> {
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
    let pool = || {
        SqlitePoolOptions::new()
            .acquire_timeout(ACQUIRE_TIMEOUT)
            // There is no line that could be cut.
            .test_before_acquire(false)
            // An error of the disk ends a transaction behind the driver's back, which then counts it
            // as open for ever: such a connection is closed. The ping lets what was begun end first.
            .after_release(|connection, _| {
                Box::pin(async move {
                    connection.ping().await?;
                    Ok(!connection.is_in_transaction())
                })
            })
    };
    let writer = options
        .clone()
        .pragma("cache_size", format!("-{SQLITE_CACHE}"))
        .pragma("wal_autocheckpoint", SQLITE_CHECKPOINT.to_string());
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
    let read = pool()
        .max_connections(SQLITE_READERS)
        .connect_lazy_with(options);
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

async fn postgres(url: &str) -> Result<PgPool, StoreError> {
    let milliseconds = |time: Duration| time.as_millis().to_string();
    let options = PgConnectOptions::from_str(url)
        .map_err(|error| driver_error(&error))?
        .disable_statement_logging()
        .application_name("consentry")
        .options([
            ("lock_timeout", milliseconds(LOCK_TIMEOUT)),
            // A cancelled request leaves its query running.
            ("statement_timeout", milliseconds(Duration::from_secs(30))),
            (
                "idle_in_transaction_session_timeout",
                milliseconds(Duration::from_mins(1)),
            ),
        ]);
    // A pool keeps knocking at a closed door until its time limit; the first knock tells.
    let first = options
        .connect()
        .await
        .map_err(|error| driver_error(&error))?;
    first.close().await.map_err(|error| driver_error(&error))?;
    PgPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // Half-open connections answer nothing for a quarter of an hour. Who asks waits less.
        .test_before_acquire(false)
        .before_acquire(|connection, found| {
            Box::pin(async move {
                if found.idle_for >= IDLE {
                    answers(connection).await?;
                }
                Ok(true)
            })
        })
        .after_release(|connection, _| {
            Box::pin(async move {
                answers(connection).await?;
                Ok(true)
            })
        })
        .connect_with(options)
        .await
        .map_err(|error| driver_error(&error))
}

/// Asks whether anybody is at the other end; a connection that fails is closed without a word.
async fn answers(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let ping = tokio::time::timeout(PING_TIMEOUT, connection.ping());
    ping.await
        .unwrap_or_else(|_| Err(io::Error::from(ErrorKind::TimedOut).into()))
}
