//! Who uses the database: a lock that everybody shares and a restore takes for itself.
//!
//! The lock ends with its holder, however that ends: on SQLite it is one on a file beside the
//! database, on PostgreSQL an advisory lock of a connection of its own. A process whose connection
//! is lost lets nobody read or write until it has the lock again: a restore may have begun.

#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

use consentry_service::ports::StoreError;
use sea_orm::DbBackend;

use crate::{error::not_built_in, transaction::Database};

/// The lock, until it is dropped.
#[derive(Debug)]
pub(crate) enum Attendance {
    #[cfg(feature = "sqlite")]
    Sqlite { _lock: sqlite::Lock },
    #[cfg(feature = "postgres")]
    Postgres { _lock: postgres::Lock },
}

impl Attendance {
    /// Shares the database with others.
    pub(crate) async fn shared(database: &Database) -> Result<Self, StoreError> {
        let lock = match database.connection.get_database_backend() {
            #[cfg(feature = "sqlite")]
            DbBackend::Sqlite => sqlite::shared(database)?.map(|lock| Self::Sqlite { _lock: lock }),
            #[cfg(feature = "postgres")]
            DbBackend::Postgres => {
                let lock = postgres::shared(database).await?;
                lock.map(|lock| Self::Postgres { _lock: lock })
            }
            _ => return Err(not_built_in()),
        };
        lock.ok_or(StoreError::Restoring)
    }

    /// Has the database for itself; `None` when somebody else uses it.
    pub(crate) async fn exclusive(database: &Database) -> Result<Option<Self>, StoreError> {
        Ok(match database.connection.get_database_backend() {
            #[cfg(feature = "sqlite")]
            DbBackend::Sqlite => {
                sqlite::exclusive(database)?.map(|lock| Self::Sqlite { _lock: lock })
            }
            #[cfg(feature = "postgres")]
            DbBackend::Postgres => {
                let lock = postgres::exclusive(database).await?;
                lock.map(|lock| Self::Postgres { _lock: lock })
            }
            _ => return Err(not_built_in()),
        })
    }
}
