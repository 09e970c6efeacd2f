//! The archive's own database: the one home of its transactions, and its cleaning.

use consentry_retention::Residue;
use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend,
    IsolationLevel, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};

use crate::{connect::connect, error::ArchiveError};

/// The tables that a purge deletes from.
const TOUCHED: [&str; 2] = ["consentry_archive_records", "consentry_archive_moments"];

/// Connections to an archive.
#[derive(Clone)]
pub(crate) struct Database(DatabaseConnection);

impl Database {
    /// Opens an archive; a SQLite file that is missing is made, for its owner alone.
    pub(crate) async fn connect(url: &str) -> Result<Self, ArchiveError> {
        connect(url).await.map(Self)
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
        // The new file is written beside the old one, on the disk: in memory it would have no bound.
        let vacuum = "PRAGMA temp_store = FILE; VACUUM; PRAGMA temp_store = MEMORY";
        self.0.execute_unprepared(vacuum).await?;
        let cut = Statement::from_string(DbBackend::Sqlite, "PRAGMA wal_checkpoint(TRUNCATE)");
        let answer = self.0.query_one_raw(cut).await?;
        // The first column says whether a reader was in the way.
        let busy: Option<i32> = answer.and_then(|row| row.try_get_by_index(0).ok());
        Ok(busy == Some(0))
    }
}
