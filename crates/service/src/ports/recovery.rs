//! What a restore has to repeat.

use async_trait::async_trait;
use consentry_domain::JournalEntry;
use consentry_policy::ControllerId;

use super::{StoreError, UnitOfWork};

/// A store into which a backup was loaded, with the journal of what happened after it.
#[async_trait]
pub trait Recovery: Send + Sync {
    /// The next entries that the backup does not hold, oldest first, and the unit of work that
    /// marks them as repeated when it is committed. None are left when the list is empty.
    ///
    /// What is saved or purged in this unit is not written into the journal again.
    async fn begin_replay(
        &self,
        controller: &ControllerId,
        limit: u64,
    ) -> Result<(Vec<JournalEntry>, Box<dyn UnitOfWork>), StoreError>;
}
