//! Opening a database: pools, pragmas, time limits.

#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::time::Duration;

use consentry_service::ports::StoreError;
use sea_orm::DatabaseConnection;

/// How long a statement waits for a lock of somebody else.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a caller waits for a free connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// The connections of a store.
pub(crate) struct Connections {
    pub(crate) read: DatabaseConnection,
    /// The same on PostgreSQL. On SQLite a connection of its own: another one's commit empties a
    /// connection's cache.
    pub(crate) write: DatabaseConnection,
}

pub(crate) async fn connect(url: &str) -> Result<Connections, StoreError> {
    match url.split_once(':') {
        #[cfg(feature = "sqlite")]
        Some(("sqlite", _)) => sqlite::connect(url).await,
        #[cfg(feature = "postgres")]
        Some(("postgres" | "postgresql", _)) => postgres::connect(url).await,
        _ => Err(StoreError::Misconfigured {
            reason: "its URL starts with neither `sqlite:` nor `postgres:`, or its engine was not \
                     built in"
                .to_owned(),
        }),
    }
}
