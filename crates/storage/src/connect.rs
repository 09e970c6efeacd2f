//! Opening a database: pools, pragmas, time limits.

#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::time::Duration;

use consentry_service::ports::StoreError;
use sea_orm::DatabaseConnection;
#[cfg(feature = "postgres")]
use sea_orm::SqlxPostgresConnector;
#[cfg(feature = "sqlite")]
use sea_orm::SqlxSqliteConnector;

use crate::error::unavailable;

/// How long a statement waits for a lock of somebody else.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a caller waits for a free connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) async fn connect(url: &str) -> Result<DatabaseConnection, StoreError> {
    match url.split_once(':') {
        #[cfg(feature = "sqlite")]
        Some(("sqlite", _)) => {
            let pool = sqlite::pool(url).await?;
            Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
        }
        #[cfg(feature = "postgres")]
        Some(("postgres" | "postgresql", _)) => {
            let pool = postgres::pool(url).await?;
            Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
        }
        _ => Err(unavailable(
            "the database URL starts with neither `sqlite:` nor `postgres:`, or its engine was not \
             built in",
        )),
    }
}
