//! The one home of transactions.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use consentry_service::ports::StoreError;
use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, EntityTrait,
    IsolationLevel, QueryFilter, SqliteTransactionMode, TransactionOptions, TransactionTrait,
    sea_query::Expr,
};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::{
    attendance::Attendance,
    bounded::{Bounded, in_time},
    connect::Connections,
    entity::job,
    error::{store_error, unavailable},
};

/// How long the connections may take to close.
const CLOSING: Duration = Duration::from_secs(10);

/// A database, and whose turn it is to write to it.
#[derive(Clone)]
pub(crate) struct Database {
    /// For what only reads.
    pub(crate) connection: DatabaseConnection,
    write: DatabaseConnection,
    /// SQLite has one writer. Waiting here is fair and wakes at once; SQLite's own wait polls.
    writer: Arc<Mutex<()>>,
    /// Closed while a restore may be under way.
    pub(crate) fence: Arc<AtomicBool>,
    /// The lock that keeps a restore away, or everybody else.
    attendance: Arc<Mutex<Option<Attendance>>>,
}

impl Database {
    pub(crate) fn new(connections: Connections) -> Self {
        Self {
            connection: connections.read,
            write: connections.write,
            writer: Arc::default(),
            fence: Arc::default(),
            attendance: Arc::default(),
        }
    }

    /// Shares the database with others from now on.
    pub(crate) async fn attend(&self) -> Result<(), StoreError> {
        let mut attendance = self.attendance.lock().await;
        if attendance.is_none() {
            *attendance = Some(Attendance::shared(self).await?);
        }
        Ok(())
    }

    /// Has the database for itself from now on; `false` when somebody else uses it.
    pub(crate) async fn exclude_others(&self) -> Result<bool, StoreError> {
        let mut attendance = self.attendance.lock().await;
        *attendance = Attendance::exclusive(self).await?;
        Ok(attendance.is_some())
    }

    /// Lets go of the database.
    pub(crate) async fn leave(&self) {
        self.attendance.lock().await.take();
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.connection.get_database_backend() == DbBackend::Sqlite
    }

    /// Open connections, and how many of them are idle.
    pub(crate) fn connections(&self) -> (u32, u32) {
        let idle = |idle: usize| u32::try_from(idle).unwrap_or(u32::MAX);
        match self.connection.get_database_backend() {
            #[cfg(feature = "sqlite")]
            DbBackend::Sqlite => {
                let pool = self.connection.get_sqlite_connection_pool();
                (pool.size(), idle(pool.num_idle()))
            }
            #[cfg(feature = "postgres")]
            DbBackend::Postgres => {
                let pool = self.connection.get_postgres_connection_pool();
                (pool.size(), idle(pool.num_idle()))
            }
            _ => (0, idle(0)),
        }
    }

    /// Refuses while a restore may be under way without this process knowing.
    pub(crate) fn require_open(&self) -> Result<(), StoreError> {
        if self.fence.load(Ordering::Acquire) {
            return Err(unavailable(
                "the connection that keeps a restore away was lost",
            ));
        }
        Ok(())
    }

    /// Waits for this process's turn to write; at once on PostgreSQL, where rows are locked.
    pub(crate) async fn turn(&self) -> Option<OwnedMutexGuard<()>> {
        if self.is_sqlite() {
            Some(Arc::clone(&self.writer).lock_owned().await)
        } else {
            None
        }
    }

    /// Begins a transaction that may write: `BEGIN IMMEDIATE`, or `READ COMMITTED`.
    pub(crate) async fn write(&self) -> Result<Transaction, StoreError> {
        let turn = self.turn().await;
        let options = TransactionOptions {
            sqlite_transaction_mode: self.is_sqlite().then_some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        self.begin(&self.write, options, turn).await
    }

    /// Begins a transaction that reads one state of the database.
    pub(crate) async fn snapshot(&self) -> Result<Transaction, StoreError> {
        let options = if self.is_sqlite() {
            TransactionOptions::default()
        } else {
            TransactionOptions {
                isolation_level: Some(IsolationLevel::RepeatableRead),
                access_mode: Some(AccessMode::ReadOnly),
                ..TransactionOptions::default()
            }
        };
        self.begin(&self.connection, options, None).await
    }

    #[expect(clippy::disallowed_methods, reason = "the one home of transactions")]
    async fn begin(
        &self,
        connection: &DatabaseConnection,
        options: TransactionOptions,
        turn: Option<OwnedMutexGuard<()>>,
    ) -> Result<Transaction, StoreError> {
        self.require_open()?;
        let transaction = in_time(connection.begin_with_options(options))
            .await
            .map_err(store_error)?;
        Ok(Transaction {
            inner: Bounded::new(transaction),
            _turn: turn,
        })
    }
}

impl Database {
    /// Closes every connection, the writer's last; those that say nothing for long are left.
    pub(crate) async fn close(self) -> Result<(), StoreError> {
        let closed = async {
            self.connection.close().await.map_err(store_error)?;
            self.write.close().await.map_err(store_error)
        };
        let closed = tokio::time::timeout(CLOSING, closed).await;
        closed.unwrap_or_else(|_| Err(unavailable("its connections did not end in time")))
    }
}

/// A transaction. Dropping it undoes it, before the next writer has its turn.
pub(crate) struct Transaction {
    pub(crate) inner: Bounded,
    _turn: Option<OwnedMutexGuard<()>>,
}

impl Transaction {
    /// Begins a part of a transaction that somebody else began: a savepoint. It takes no turn: a
    /// writer of ours that has it may wait for the lock that the outer transaction holds.
    pub(crate) async fn join(outer: &DatabaseTransaction) -> Result<Self, StoreError> {
        if outer.get_database_backend() == DbBackend::Sqlite {
            // The write lock before the first read: a deferred transaction that reads first cannot
            // wait for it any more when somebody else writes meanwhile.
            let lock = job::Entity::delete_many().filter(Expr::value(false));
            lock.exec(outer).await.map_err(store_error)?;
        }
        #[expect(clippy::disallowed_methods, reason = "the one home of transactions")]
        let inner = outer.begin().await.map_err(store_error)?;
        Ok(Self {
            inner: Bounded::new(inner),
            _turn: None,
        })
    }

    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        self.inner.commit().await.map_err(store_error)
    }
}
