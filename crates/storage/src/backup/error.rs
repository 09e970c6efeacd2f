//! Why a backup cannot be written, read or restored.

use std::io;

use consentry_service::ports::StoreError;
use thiserror::Error;

/// Why a backup cannot be written, read or restored. Carries no value of any row.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The file cannot be written or read.
    #[error("{}", .0.kind())]
    Io(#[from] io::Error),
    /// It is not a backup of Consentry.
    #[error("this is no backup of consentry")]
    Foreign,
    /// It is a backup of a format or a schema that this program does not know.
    #[error("it was made by a later version ({made_by}); restore it with that one")]
    Later {
        /// The version that wrote it.
        made_by: String,
    },
    /// It is not what was written: cut off, changed, or flipped by a disk.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// No record in it can be read with the keys at hand.
    #[error("none of its {records} records can be read: seal key {keys} is not in the key ring")]
    NoKey {
        /// How many records it holds.
        records: u64,
        /// The ids of the seal keys that they need.
        keys: String,
    },
    /// Another process uses the database.
    #[error(
        "a server, a worker or another command uses the database; stop everything, then restore"
    )]
    InUse,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub(super) fn damaged(what: impl Into<String>) -> BackupError {
    BackupError::Damaged(what.into())
}
