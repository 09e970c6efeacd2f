//! What went wrong, without a value of any record: messages of drivers quote what was written.

use consentry_keys::seal::SealError;
use consentry_retention::RetentionError;
use sea_orm::{DbErr, RuntimeErr, sqlx};
use thiserror::Error;

/// The archive did not do what it was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// The URL cannot be used, or its engine was not built in.
    #[error("the URL of the archive is neither `sqlite:` nor `postgres:`, or cannot be used")]
    Misconfigured,
    /// Nobody answers, a lock was not to be had, the disk is full.
    #[error("the archive cannot be reached: {0}")]
    Unavailable(String),
    /// The key ring is another one than the archive was sealed with.
    #[error(
        "the key ring is not the one that the archive was sealed with: put back the copy of \
         archive-keys.toml that belongs to it ({0})"
    )]
    WrongKeys(SealError),
    /// A record was altered, or moved from another place.
    #[error("a record of the archive does not open: it was altered")]
    Altered,
    /// A column holds what this program does not write.
    #[error("a row of the archive holds no known value in `{0}`")]
    Unreadable(&'static str),
    /// The archive is not of this version of the program.
    #[error("the archive is of a later version of this program: upgrade this one")]
    Schema,
    /// The store of the keys of people failed.
    #[error("the keys of the archive cannot be reached: {0}")]
    Keys(String),
}

impl From<DbErr> for ArchiveError {
    fn from(error: DbErr) -> Self {
        match &error {
            DbErr::Conn(RuntimeErr::SqlxError(cause))
            | DbErr::Exec(RuntimeErr::SqlxError(cause))
            | DbErr::Query(RuntimeErr::SqlxError(cause)) => cause.as_ref().into(),
            DbErr::ConnectionAcquire(_) => {
                Self::Unavailable("no connection became free in time".to_owned())
            }
            _ => Self::Unavailable("the statement failed".to_owned()),
        }
    }
}

impl From<&sqlx::Error> for ArchiveError {
    fn from(error: &sqlx::Error) -> Self {
        Self::Unavailable(match error {
            sqlx::Error::Database(answer) => {
                format!("error code {}", answer.code().unwrap_or_default())
            }
            sqlx::Error::Io(cause) => cause.kind().to_string(),
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => {
                "no connection became free in time".to_owned()
            }
            sqlx::Error::Configuration(_) => return Self::Misconfigured,
            _ => "the driver failed".to_owned(),
        })
    }
}

impl From<sqlx::Error> for ArchiveError {
    fn from(error: sqlx::Error) -> Self {
        (&error).into()
    }
}

impl From<ArchiveError> for RetentionError {
    fn from(error: ArchiveError) -> Self {
        Self::Records(error.to_string())
    }
}
