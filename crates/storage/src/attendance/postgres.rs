//! The lock on PostgreSQL: an advisory one of a connection of its own, which is looked after.

use std::{
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

use crate::{error::driver_error, transaction::Database};

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
pub(crate) enum Lock {
    /// A connection that is looked after.
    Watched(JoinHandle<()>),
    /// A connection that ends with the program.
    Connection { _lock: PgConnection },
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Self::Watched(watch) = self {
            watch.abort();
        }
    }
}

/// Shares the database; `None` when somebody has it for themselves.
pub(super) async fn shared(database: &Database) -> Result<Option<Lock>, StoreError> {
    let options = options_of(database);
    let connection = take(&options, true).await;
    let connection = connection.map_err(|error| driver_error(&error))?;
    let fence = Arc::clone(&database.fence);
    Ok(connection.map(|connection| Lock::Watched(tokio::spawn(watch(options, connection, fence)))))
}

/// Has the database for itself; `None` when somebody else uses it.
pub(super) async fn exclusive(database: &Database) -> Result<Option<Lock>, StoreError> {
    let connection = take(&options_of(database), false).await;
    let connection = connection.map_err(|error| driver_error(&error))?;
    if connection.is_some() {
        tokio::time::sleep(KNOWN_TO_ALL).await;
    }
    Ok(connection.map(|connection| Lock::Connection { _lock: connection }))
}

fn options_of(database: &Database) -> PgConnectOptions {
    let pool = database.connection.get_postgres_connection_pool();
    pool.connect_options().as_ref().clone()
}

async fn take(
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
    let Some(mut connection) = take(options, true).await? else {
        return Ok(None);
    };
    let is_served: bool =
        sqlx::query_scalar("SELECT restoring_since IS NULL FROM consentry_installation")
            .fetch_one(&mut connection)
            .await?;
    Ok(is_served.then_some(connection))
}
