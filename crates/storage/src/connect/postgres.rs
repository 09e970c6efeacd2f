//! A PostgreSQL server: time limits, and connections that are asked whether they are alive.

use std::{
    io::{self, ErrorKind},
    str::FromStr,
    time::Duration,
};

use consentry_service::ports::StoreError;
use sea_orm::SqlxPostgresConnector;
use sea_orm::sqlx::{
    self, ConnectOptions, Connection, PgPool,
    postgres::{PgConnectOptions, PgConnection, PgPoolOptions},
};

use super::{ACQUIRE_TIMEOUT, Connections, LOCK_TIMEOUT};
use crate::error::{driver_error, unusable_url};

/// How long a connection may take to show that it is alive.
const PING_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection that was unused for this long is asked whether it is alive.
const IDLE: Duration = Duration::from_secs(1);
const CONNECTIONS: u32 = 16;

/// One pool for everything.
pub(super) async fn connect(url: &str) -> Result<Connections, StoreError> {
    let connection = SqlxPostgresConnector::from_sqlx_postgres_pool(pool(url).await?);
    Ok(Connections {
        read: connection.clone(),
        write: connection,
    })
}

async fn pool(url: &str) -> Result<PgPool, StoreError> {
    let milliseconds = |time: Duration| time.as_millis().to_string();
    let options = PgConnectOptions::from_str(url)
        .map_err(|_| unusable_url())?
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
        .max_connections(CONNECTIONS)
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
