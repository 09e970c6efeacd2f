//! The sealed archive: what an application may no longer hold, and somebody may yet need.
//!
//! A database of its own, a key ring of its own. [`SealedArchive`] is the [`Archive`] of the retention
//! engine, and the one place that opens a record.
//!
//! - **Sealed per person.** A record is sealed (XChaCha20-Poly1305) under a data key of the person whose
//!   it is; a record that is nobody's has a key of its own.
//! - **Keys lie apart.** The data keys, wrapped by the archive's ring, are where [`SubjectKeys`] keeps
//!   them: in another database than the records. Destroying one ends what it sealed wherever
//!   copies of the archive lie. Whoever holds the archive alone, or the keys without their ring, has
//!   noise.
//! - **Judged without being opened.** Beside the sealed record stand the state and the moments that
//!   rules count from, and a number of the person's key. Whose a record is, is sealed with the key.
//! - **Opened for a reason.** [`SealedArchive::open`] writes down who, when, why and how many before
//!   it gives anything away (S2-23).
//!
//! The features `sqlite` and `postgres`, both on by default, bring the drivers.
//!
//! ```no_run
//! use consentry_archive::{ArchiveError, Reason, SealedArchive};
//! use jiff::Timestamp;
//!
//! /// The answer to a request for access, as JSON objects.
//! async fn answer(archive: &SealedArchive, now: Timestamp) -> Result<Vec<String>, ArchiveError> {
//!     let reason = Reason {
//!         author: "legal",
//!         reason: "a request for access",
//!         case: Some("2031/7"),
//!     };
//!     let opened = archive.open("anna@example.org", None, reason, now).await?;
//!     Ok(opened.into_iter().map(|one| one.record).collect())
//! }
//! ```
//!
//! [`Archive`]: consentry_retention::Archive

#[cfg(not(any(feature = "postgres", feature = "sqlite")))]
compile_error!(
    "consentry-archive needs an engine: enable the feature `postgres`, `sqlite` or both"
);

mod archive;
mod connect;
mod database;
mod engine;
mod entity;
mod error;
mod opening;
mod schema;
mod subjects;

pub use archive::{Random, SealedArchive};
pub use error::ArchiveError;
pub use opening::{Act, Kept, Opened, Opening, Reason};
pub use subjects::{SubjectKey, SubjectKeys};
