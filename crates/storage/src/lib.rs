//! SQLite and PostgreSQL behind the ports of the service.
//!
//! [`SeaOrmStore`] implements [`Store`](consentry_service::ports::Store). Callers see plain domain
//! types; in the database an address is only ever a sealed value and a keyed index.
//!
//! * **Sealed.** Each person has a data key, wrapped by the key ring; addresses are sealed under
//!   it for exactly their row and column. Look-ups compare a blind index under every index key of
//!   the ring. The ring is asked for at each operation, so keys rotate under a running process;
//!   [`SeaOrmStore::renew_keys`] brings the rows after it.
//! * **Atomic.** One unit of work is one transaction: `BEGIN IMMEDIATE` on SQLite, `READ COMMITTED`
//!   with row locks on PostgreSQL. Sets are written with one statement per table.
//! * **Gone.** A purge deletes the row with its wrapped key and everything that hangs on it, leaves
//!   a tombstone that links to nobody, and notes that bytes are left to clean.
//! * **Leased.** Letters and jobs are leased by the database's own clock, so workers need not agree
//!   on the time. What is due is judged by the time that the caller passes in.
//!
//! The features `sqlite` and `postgres`, both on by default, bring the drivers.
//!
//! Architecture invariant: no entity, no `DbErr` and no value of a row leaves this crate. Every
//! query starts from one controller, but for the renewal of keys, which belong to them all.
//!
//! ```
//! use std::sync::Arc;
//! use consentry_keys::KeySource;
//! use consentry_service::ports::{Random, Store, StoreError};
//! use consentry_storage::SeaOrmStore;
//!
//! async fn open(keys: Arc<dyn KeySource>, random: Arc<dyn Random>) -> Result<SeaOrmStore, StoreError> {
//!     let store = SeaOrmStore::connect("sqlite://data/consentry.db", keys, random).await?;
//!     store.migrate().await?;
//!     store.check().await?;
//!     Ok(store)
//! }
//! ```

#[cfg(not(any(feature = "postgres", feature = "sqlite")))]
compile_error!(
    "consentry-storage needs an engine: enable the feature `postgres`, `sqlite` or both"
);

mod api_keys;
mod archive_keys;
mod attendance;
pub mod backup;
mod bounded;
mod census;
mod connect;
mod deliveries;
mod entity;
mod error;
mod holds;
mod identities;
mod imports;
mod insert;
mod jobs;
mod journal;
mod letters;
mod outbox;
mod people;
mod publications;
mod recovery;
mod renewal;
mod residue;
mod retention;
mod rows;
mod schema;
mod store;
mod totals;
mod transaction;
mod unit;
mod vault;
mod webhooks;

pub use archive_keys::ArchiveKey;
pub use journal::JournalRecord;
pub use schema::MigrationStatus;
pub use store::SeaOrmStore;
