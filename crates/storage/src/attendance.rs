//! Who uses the database: a lock that everybody shares and a restore takes for itself.
//!
//! The lock ends with its holder, however that ends: on SQLite it is one on a file beside the
//! database, on PostgreSQL an advisory lock of a connection of its own. A process whose connection
//! is lost lets nobody read or write until it has the lock again: a restore may have begun.

use std::{
    fs::{File, OpenOptions, TryLockError},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use consentry_service::ports::StoreError;
use sea_orm::sqlx::{self, Connection, PgConnection, postgres::PgConnectOptions};
use tokio::{task::JoinHandle, time::timeout};
use tracing::{info, warn};

use crate::{
    error::{driver_error, unavailable},
    transaction::Database,
};

/// Between two looks at the connection.
const LOOK: Duration = Duration::from_secs(1);
/// How long a look may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// After this time whoever lost the lock knows.
const KNOWN_TO_ALL: Duration = Duration::from_secs(2);

/// "cons" in ASCII; beside it the schema, as several installations may share a database.
const LOCK: &str = "1668246131, hashtext(current_schema())";

/// The lock, until it is dropped.
#[derive(Debug)]
pub(crate) enum Attendance {
    /// A lock on a file; a database in memory needs none.
    File { _lock: Option<File> },
    /// A connection that is looked after.
    Watched(JoinHandle<()>),
    /// A connection that ends with the program.
    Connection { _lock: PgConnection },
}

impl Drop for Attendance {
    fn drop(&mut self) {
        if let Self::Watched(watch) = self {
            watch.abort();
        }
    }
}

impl Attendance {
    /// Shares the database with others.
    pub(crate) async fn shared(database: &Database) -> Result<Self, StoreError> {
        if database.is_sqlite() {
            let lock = sqlite_lock(database, File::try_lock_shared)?;
            return lock.ok_or(StoreError::Restoring);
        }
        let options = postgres_options(database);
        let connection = postgres_lock(&options, true).await;
        let connection = connection.map_err(|error| driver_error(&error))?;
        let connection = connection.ok_or(StoreError::Restoring)?;
        let fence = Arc::clone(&database.fence);
        let watch = watch(options, connection, fence);
        Ok(Self::Watched(tokio::spawn(watch)))
    }

    /// Has the database for itself; `None` when somebody else uses it.
    pub(crate) async fn exclusive(database: &Database) -> Result<Option<Self>, StoreError> {
        if database.is_sqlite() {
            return sqlite_lock(database, File::try_lock);
        }
        let connection = postgres_lock(&postgres_options(database), false).await;
        let connection = connection.map_err(|error| driver_error(&error))?;
        if connection.is_some() {
            tokio::time::sleep(KNOWN_TO_ALL).await;
        }
        Ok(connection.map(|connection| Self::Connection { _lock: connection }))
    }
}

fn postgres_options(database: &Database) -> PgConnectOptions {
    let pool = database.connection.get_postgres_connection_pool();
    pool.connect_options().as_ref().clone()
}

/// `None` when somebody else has the lock.
fn sqlite_lock(
    database: &Database,
    lock: impl Fn(&File) -> Result<(), TryLockError>,
) -> Result<Option<Attendance>, StoreError> {
    let pool = database.connection.get_sqlite_connection_pool();
    let options = pool.connect_options();
    let Some(path) = lock_path(options.get_filename()) else {
        return Ok(Some(Attendance::File { _lock: None }));
    };
    let refused = |error: &std::io::Error| {
        unavailable(format!("the lock beside the database: {}", error.kind()))
    };
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|error| refused(&error))?;
    match lock(&file) {
        Ok(()) => Ok(Some(Attendance::File { _lock: Some(file) })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(refused(&error)),
    }
}

/// A file of its own: to close another handle of the database's file would release SQLite's locks.
fn lock_path(database: &Path) -> Option<PathBuf> {
    if !database.is_file() {
        return None;
    }
    let mut path = database.as_os_str().to_owned();
    path.push("-lock");
    Some(path.into())
}

async fn postgres_lock(
    options: &PgConnectOptions,
    is_shared: bool,
) -> Result<Option<PgConnection>, sqlx::Error> {
    let function = if is_shared {
        "pg_try_advisory_lock_shared"
    } else {
        "pg_try_advisory_lock"
    };
    let mut connection = PgConnection::connect_with(options).await?;
    let statement = sqlx::AssertSqlSafe(format!("SELECT {function}({LOCK})"));
    let is_taken: bool = sqlx::query_scalar(statement)
        .fetch_one(&mut connection)
        .await?;
    if is_taken {
        return Ok(Some(connection));
    }
    connection.close().await?;
    Ok(None)
}

/// Never ends: keeps the fence closed for as long as the lock is lost.
async fn watch(options: PgConnectOptions, connection: PgConnection, fence: Arc<AtomicBool>) {
    let mut connection = connection;
    loop {
        tokio::time::sleep(LOOK).await;
        if matches!(timeout(PATIENCE, connection.ping()).await, Ok(Ok(()))) {
            continue;
        }
        fence.store(true, Ordering::Release);
        warn!("the connection that keeps a restore away was lost");
        connection = loop {
            if let Ok(Ok(Some(connection))) = timeout(PATIENCE, regain(&options)).await {
                break connection;
            }
            tokio::time::sleep(LOOK).await;
        };
        fence.store(false, Ordering::Release);
        info!("the connection that keeps a restore away is back");
    }
}

/// The lock, unless a restore has it or was interrupted.
async fn regain(options: &PgConnectOptions) -> Result<Option<PgConnection>, sqlx::Error> {
    let Some(mut connection) = postgres_lock(options, true).await? else {
        return Ok(None);
    };
    let is_served: bool =
        sqlx::query_scalar("SELECT restoring_since IS NULL FROM consentry_installation")
            .fetch_one(&mut connection)
            .await?;
    Ok(is_served.then_some(connection))
}
