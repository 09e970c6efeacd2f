//! What went wrong, without a value of any row: messages of drivers quote what was written.

use std::error::Error;

use consentry_service::ports::StoreError;
#[cfg(feature = "sqlite")]
use sea_orm::sqlx::error::DatabaseError;
use sea_orm::{DbErr, RuntimeErr, sqlx};

/// `SQLITE_BUSY`, without the extension in the upper bits.
const SQLITE_BUSY: i32 = 5;

/// Classes of errors by what the caller can do about them.
#[expect(clippy::needless_pass_by_value, reason = "what `map_err` calls")]
pub(crate) fn store_error(error: DbErr) -> StoreError {
    match &error {
        DbErr::Conn(cause) | DbErr::Exec(cause) | DbErr::Query(cause) => match cause {
            RuntimeErr::SqlxError(cause) => driver_error(cause),
            RuntimeErr::Internal(_) => unavailable("the driver failed"),
        },
        DbErr::ConnectionAcquire(_) => unavailable("no connection became free in time"),
        DbErr::Type(_) | DbErr::TryIntoErr { .. } => unreadable("a column is of another type"),
        _ => unavailable("the statement failed"),
    }
}

/// The same for what the driver says itself.
pub(crate) fn driver_error(error: &sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Database(answer) => {
            let code = answer.code().unwrap_or_default();
            match &*code {
                // PostgreSQL: serialisation failure, deadlock, unique and foreign key violation.
                "40001" | "40P01" | "23505" | "23503"
                // SQLite: unique, primary key and foreign key violation.
                | "2067" | "1555" | "787" => StoreError::Conflict,
                "53100" | "13" => unavailable("its disk is full"),
                code => unavailable(format!("error code {code}")),
            }
        }
        sqlx::Error::Io(cause) => unavailable(format!("connection: {}", cause.kind())),
        sqlx::Error::Tls(_) => unavailable("connection: TLS failed"),
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => {
            unavailable("no connection became free in time")
        }
        sqlx::Error::Configuration(_) => unavailable("the database URL cannot be used"),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
            unreadable("a column is of another type")
        }
        _ => unavailable("the driver failed"),
    }
}

/// Whether another connection held the lock that was needed for longer than the time limit.
pub(crate) fn is_busy(error: &sqlx::Error) -> bool {
    #[cfg(feature = "sqlite")]
    let code = error
        .as_database_error()
        .and_then(|answer| answer.try_downcast_ref::<sqlx::sqlite::SqliteError>())
        .and_then(|answer| answer.code()?.parse().ok());
    #[cfg(not(feature = "sqlite"))]
    let code = error.as_database_error().and(None);
    code.is_some_and(|code: i32| code & 0xff == SQLITE_BUSY)
}

pub(crate) fn unavailable(reason: impl Into<String>) -> StoreError {
    StoreError::Unavailable {
        reason: reason.into(),
    }
}

/// For a URL that the driver does not understand, and which may hold a password.
pub(crate) fn unusable_url() -> StoreError {
    StoreError::Misconfigured {
        reason: "its URL is malformed".to_owned(),
    }
}

/// For a connection of an engine whose feature is off.
pub(crate) fn not_built_in() -> StoreError {
    unavailable("the engine of this database was not built in")
}

pub(crate) fn unreadable(reason: impl Into<String>) -> StoreError {
    StoreError::Unreadable {
        reason: reason.into(),
    }
}

/// For a column whose content is not what this program writes.
pub(crate) fn unreadable_column<E: Error>(column: &'static str) -> impl Fn(E) -> StoreError {
    move |_| unreadable(format!("`{column}` holds no known value"))
}
