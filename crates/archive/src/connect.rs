//! Opening the database of an archive: pools, pragmas, time limits.

#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::time::Duration;

use sea_orm::DatabaseConnection;

use crate::error::ArchiveError;

/// How long a statement waits for somebody else who works on the archive.
const LOCK_TIMEOUT: Duration = Duration::from_secs(30);

pub(crate) async fn connect(url: &str) -> Result<DatabaseConnection, ArchiveError> {
    match url.split_once(':') {
        #[cfg(feature = "sqlite")]
        Some(("sqlite", _)) => sqlite::connect(url).await,
        #[cfg(feature = "postgres")]
        Some(("postgres" | "postgresql", _)) => postgres::connect(url).await,
        _ => Err(ArchiveError::Misconfigured),
    }
}
