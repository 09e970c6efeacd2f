//! The lock on SQLite: one on a file beside the database.

use std::{
    fs::{File, OpenOptions, TryLockError},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use consentry_service::ports::StoreError;

use crate::{error::unavailable, transaction::Database};

/// A lock on a file; a database in memory needs none.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: Option<File>,
}

/// Shares the database; `None` when somebody has it for themselves.
pub(super) fn shared(database: &Database) -> Result<Option<Lock>, StoreError> {
    take(database, File::try_lock_shared)
}

/// Has the database for itself; `None` when somebody else uses it.
pub(super) fn exclusive(database: &Database) -> Result<Option<Lock>, StoreError> {
    take(database, File::try_lock)
}

fn take(
    database: &Database,
    lock: impl Fn(&File) -> Result<(), TryLockError>,
) -> Result<Option<Lock>, StoreError> {
    let pool = database.connection.get_sqlite_connection_pool();
    let options = pool.connect_options();
    let Some(path) = lock_path(options.get_filename()) else {
        return Ok(Some(Lock { _file: None }));
    };
    let refused = |error: &std::io::Error| {
        unavailable(format!("the lock beside the database: {}", error.kind()))
    };
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|error| refused(&error))?;
    match lock(&file) {
        Ok(()) => Ok(Some(Lock { _file: Some(file) })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(refused(&error)),
    }
}

/// A file of its own: to close another handle of the database's file would release SQLite's locks.
fn lock_path(database: &Path) -> Option<PathBuf> {
    if !database.is_file() {
        return None;
    }
    let mut path = database.as_os_str().to_owned();
    path.push("-lock");
    Some(path.into())
}
