//! A PostgreSQL server: time limits.

use std::{str::FromStr, time::Duration};

use sea_orm::{
    DatabaseConnection, SqlxPostgresConnector,
    sqlx::{
        ConnectOptions, Connection,
        postgres::{PgConnectOptions, PgPoolOptions},
    },
};

use super::LOCK_TIMEOUT;
use crate::error::ArchiveError;

/// No statement is longer than a batch, or the cleaning of a table.
const STATEMENT_TIMEOUT: Duration = Duration::from_mins(10);

pub(super) async fn connect(url: &str) -> Result<DatabaseConnection, ArchiveError> {
    let milliseconds = |time: Duration| time.as_millis().to_string();
    // Statements carry values, so they are never logged.
    let options = PgConnectOptions::from_str(url)
        .map_err(|_| ArchiveError::Misconfigured)?
        .disable_statement_logging()
        .application_name("consentry-archive")
        .options([
            // A plan that was made while a table was small scans it when it has grown.
            ("plan_cache_mode", "force_custom_plan".to_owned()),
            ("lock_timeout", milliseconds(LOCK_TIMEOUT)),
            ("statement_timeout", milliseconds(STATEMENT_TIMEOUT)),
            (
                "idle_in_transaction_session_timeout",
                milliseconds(Duration::from_mins(1)),
            ),
        ]);
    // A pool keeps knocking at a closed door until its time limit; the first knock tells.
    options.connect().await?.close().await?;
    let pool = PgPoolOptions::new()
        .max_connections(2)
        .acquire_timeout(LOCK_TIMEOUT)
        .connect_with(options)
        .await?;
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}
