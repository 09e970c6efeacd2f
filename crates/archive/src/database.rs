//! The archive's own database: connections, the one home of its transactions, and its cleaning.

use std::{
    fs::OpenOptions, io::ErrorKind, os::unix::fs::OpenOptionsExt, path::Path, str::FromStr,
    time::Duration,
};

use consentry_retention::Residue;
#[cfg(feature = "postgres")]
use sea_orm::SqlxPostgresConnector;
#[cfg(feature = "sqlite")]
use sea_orm::SqlxSqliteConnector;
use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend,
    IsolationLevel, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
    sqlx::{
        ConnectOptions,
        postgres::{PgConnectOptions, PgPoolOptions},
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
    },
};

use crate::error::ArchiveError;

/// How long a statement waits for somebody else who works on the archive.
const LOCK_TIMEOUT: Duration = Duration::from_secs(30);

/// The tables that a purge deletes from.
const TOUCHED: [&str; 2] = ["consentry_archive_records", "consentry_archive_moments"];

/// Connections to an archive.
#[derive(Clone)]
pub(crate) struct Database(DatabaseConnection);

impl Database {
    /// Opens an archive; a SQLite file that is missing is made, for its owner alone.
    pub(crate) async fn connect(url: &str) -> Result<Self, ArchiveError> {
        match url.split_once(':') {
            #[cfg(feature = "sqlite")]
            Some(("sqlite", _)) => sqlite(url).await.map(Self),
            #[cfg(feature = "postgres")]
            Some(("postgres" | "postgresql", _)) => postgres(url).await.map(Self),
            _ => Err(ArchiveError::Misconfigured),
        }
    }

    pub(crate) async fn close(&self) -> Result<(), ArchiveError> {
        Ok(self.0.clone().close().await?)
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.0.get_database_backend() == DbBackend::Sqlite
    }

    /// Begins to change what is archived, alone: a key is destroyed only while nobody can seal
    /// under it. Others may read meanwhile.
    pub(crate) async fn write(&self) -> Result<DatabaseTransaction, ArchiveError> {
        let transaction = self.begin_to_write().await?;
        if !self.is_sqlite() {
            transaction
                .execute_unprepared(
                    "LOCK TABLE consentry_archive_records IN SHARE ROW EXCLUSIVE MODE",
                )
                .await?;
        }
        Ok(transaction)
    }

    /// The same before there is a table.
    #[expect(clippy::disallowed_methods, reason = "the archive is a database apart")]
    pub(crate) async fn begin_to_write(&self) -> Result<DatabaseTransaction, ArchiveError> {
        let options = TransactionOptions {
            sqlite_transaction_mode: self.is_sqlite().then_some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        Ok(self.0.begin_with_options(options).await?)
    }

    /// Begins to read one state of the archive.
    #[expect(clippy::disallowed_methods, reason = "the archive is a database apart")]
    pub(crate) async fn snapshot(&self) -> Result<DatabaseTransaction, ArchiveError> {
        let options = if self.is_sqlite() {
            TransactionOptions::default()
        } else {
            TransactionOptions {
                isolation_level: Some(IsolationLevel::RepeatableRead),
                access_mode: Some(AccessMode::ReadOnly),
                ..TransactionOptions::default()
            }
        };
        Ok(self.0.begin_with_options(options).await?)
    }

    /// Cleans what was deleted out of the files, and names what is left of it.
    pub(crate) async fn clean(&self) -> Vec<Residue> {
        let mut left = vec![Residue::Backups];
        if self.is_sqlite() {
            if !matches!(self.rewrite().await, Ok(true)) {
                left.push(Residue::NotRewritten);
            }
            return left;
        }
        left.push(Residue::WriteAheadLog);
        for table in TOUCHED {
            let vacuum = format!("VACUUM (ANALYZE) {table}");
            left.push(match self.0.execute_unprepared(&vacuum).await {
                Ok(_) => Residue::FreeSpace(table.to_owned()),
                Err(_) => Residue::NotOwned(table.to_owned()),
            });
        }
        left
    }

    /// `secure_delete` alone leaves copies where pages were balanced.
    async fn rewrite(&self) -> Result<bool, ArchiveError> {
        self.0.execute_unprepared("VACUUM").await?;
        let cut = Statement::from_string(DbBackend::Sqlite, "PRAGMA wal_checkpoint(TRUNCATE)");
        let answer = self.0.query_one_raw(cut).await?;
        // The first column says whether a reader was in the way.
        let busy: Option<i32> = answer.and_then(|row| row.try_get_by_index(0).ok());
        Ok(busy == Some(0))
    }
}

#[cfg(feature = "sqlite")]
async fn sqlite(url: &str) -> Result<DatabaseConnection, ArchiveError> {
    // Statements carry values, so they are never logged.
    let options = SqliteConnectOptions::from_str(url)
        .map_err(|_| ArchiveError::Misconfigured)?
        .disable_statement_logging()
        .create_if_missing(true)
        .busy_timeout(LOCK_TIMEOUT)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("secure_delete", "ON")
        .pragma("temp_store", "MEMORY");
    create_private(options.get_filename())?;
    let pool = SqlitePoolOptions::new()
        .max_connections(2)
        .acquire_timeout(LOCK_TIMEOUT)
        .connect_with(options)
        .await?;
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}

/// Makes the file before SQLite does, so that nobody else may ever read it.
#[cfg(feature = "sqlite")]
fn create_private(file: &Path) -> Result<(), ArchiveError> {
    let created = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file);
    match created {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(ArchiveError::Unavailable(
            format!("the file cannot be made: {}", error.kind()),
        )),
        _ => Ok(()),
    }
}

#[cfg(feature = "postgres")]
async fn postgres(url: &str) -> Result<DatabaseConnection, ArchiveError> {
    let milliseconds = |time: Duration| time.as_millis().to_string();
    let options = PgConnectOptions::from_str(url)
        .map_err(|_| ArchiveError::Misconfigured)?
        .disable_statement_logging()
        .application_name("consentry-archive")
        .options([
            ("lock_timeout", milliseconds(LOCK_TIMEOUT)),
            ("statement_timeout", milliseconds(Duration::from_mins(10))),
            (
                "idle_in_transaction_session_timeout",
                milliseconds(Duration::from_mins(1)),
            ),
        ]);
    let pool = PgPoolOptions::new()
        .max_connections(2)
        .acquire_timeout(LOCK_TIMEOUT)
        .connect_with(options)
        .await?;
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}
