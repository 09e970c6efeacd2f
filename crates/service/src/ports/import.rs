//! Imports: what the store knows of files that are being read in.

use async_trait::async_trait;
use consentry_address::EmailAddress;
use consentry_policy::ControllerId;
use jiff::Timestamp;

use super::StoreError;

/// How far an import has come. Committed with every batch, so that it never says more or less than
/// what the store holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportProgress {
    /// A random number of its own.
    pub id: u64,
    /// When it began; the first submission of everybody it enters.
    pub started_at: Timestamp,
    /// Rows of the file that are dealt with, refused ones included.
    pub rows: u64,
    /// People entered.
    pub accepted: u64,
    /// Rows of people who had a record and keep it as it was.
    pub already_there: u64,
    /// Rows of people who left, opposed or were erased.
    pub left_out: u64,
    /// Rows of people whom an earlier row of the same file entered.
    pub duplicates: u64,
    /// Whether the whole file is dealt with.
    pub finished: bool,
}

/// The part of a [unit of work](super::UnitOfWork) that imports need.
#[async_trait]
pub trait Imports: Send {
    /// Whether a record of each address is held that was erased and is not purged yet, in the same
    /// order.
    async fn erased(
        &mut self,
        controller: &ControllerId,
        addresses: &[EmailAddress],
    ) -> Result<Vec<bool>, StoreError>;

    /// How far the import of this name has come. Locked until the end of the unit.
    async fn import(
        &mut self,
        controller: &ControllerId,
        name: &str,
    ) -> Result<Option<ImportProgress>, StoreError>;

    /// Writes how far it has come; a name that another import has is a [`StoreError::Conflict`].
    /// The name is stored as a keyed index: it is made from the file, and a file may hold one
    /// address.
    async fn save_import(
        &mut self,
        controller: &ControllerId,
        name: &str,
        progress: &ImportProgress,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Forgets one import.
    async fn forget_import(&mut self, controller: &ControllerId, id: u64)
    -> Result<(), StoreError>;

    /// Forgets the imports that nothing was written of after this instant; says how many.
    async fn forget_imports(
        &mut self,
        controller: &ControllerId,
        until: Timestamp,
    ) -> Result<u64, StoreError>;
}
