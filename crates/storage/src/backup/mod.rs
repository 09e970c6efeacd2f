//! Backups: one portable file for both engines, without a key.
//!
//! The file is text, a JSON document a line: a head, then each table with its rows as the database
//! holds them (sealed columns stay sealed), a summary, and the SHA-256 of every byte before. So it
//! can be read with any tool, goes through pipes, and one flipped bit anywhere is found before the
//! first row is written. Tables are found by asking the database, parents before children: a table
//! that a migration adds is in the next backup.

mod error;
mod file;
mod load;
mod tables;
mod write;

use consentry_keys::KeyId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub use error::BackupError;
pub use file::BackupFile;
pub use load::Loaded;
pub(crate) use load::{Plan, load, load_rows};
pub(crate) use write::write;

/// The version of the format.
const FORMAT: u32 = 1;

/// Rows that are read or written at a time.
const PAGE: usize = 1_000;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Head {
    /// [`FORMAT`].
    consentry_backup: u32,
    /// Which program wrote it.
    program: String,
    /// From which engine.
    engine: String,
    /// When.
    taken_at: Timestamp,
    /// The migrations of the database, in order.
    migrations: Vec<String>,
}

/// The line before the rows of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TableHead {
    table: String,
    columns: Vec<String>,
    kinds: Vec<tables::Kind>,
}

/// The line before the last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Summary {
    /// How many rows each table has.
    rows: BTreeMap<String, u64>,
    /// Whose records they are.
    controllers: Vec<String>,
    /// The index keys under which records are found.
    index_keys: Vec<u8>,
    /// The seal keys that records need.
    seal_keys: Vec<u8>,
}

/// The last line.
#[derive(Debug, Serialize, Deserialize)]
struct Seal {
    sha256: String,
}

/// What a backup is and holds, without reading a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    pub(crate) head: Head,
    pub(crate) summary: Summary,
}

impl Manifest {
    /// The instant whose state it holds.
    pub fn taken_at(&self) -> Timestamp {
        self.head.taken_at
    }

    /// `sqlite` or `postgresql`.
    pub fn engine(&self) -> &str {
        &self.head.engine
    }

    /// The migrations of the database that it was taken from, in order.
    pub fn migrations(&self) -> &[String] {
        &self.head.migrations
    }

    /// How many rows each table has.
    pub fn rows(&self) -> &BTreeMap<String, u64> {
        &self.summary.rows
    }

    /// Whose records it holds.
    pub fn controllers(&self) -> &[String] {
        &self.summary.controllers
    }

    /// The seal keys that its records need.
    pub fn seal_keys(&self) -> impl Iterator<Item = KeyId> + '_ {
        self.summary.seal_keys.iter().copied().map(KeyId::from_byte)
    }
}
