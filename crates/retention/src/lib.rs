//! The retention engine: executes a policy's rules on any SQL table that it names.
//!
//! - [`Engine::check`] compares the schema of each [`Source`] with the policy.
//! - [`Engine::plan`] says what is due, in counts; [`Engine::run`] does it, a batch in a
//!   transaction; [`Engine::verify`] asks again.
//! - What was archived is judged by the same rules while it stays sealed; [`Engine::erase`] ends it
//!   where nothing keeps it.
//! - [`Engine::about`] says what is ahead of a person's rows, and what keeps them.
//! - What decides is pure: [`decide`](decide::decide) about a row, [`outlook`](outlook::outlook)
//!   about its future, [`transform`] about a value, [`moment`] about time. SQL only bounds what is
//!   looked at.
//!
//! PostgreSQL and SQLite. No clock, no environment; holds, events and the archive are ports.
//!
//! ```no_run
//! use std::collections::BTreeMap;
//! use std::error::Error;
//!
//! use consentry_policy::Policy;
//! use consentry_retention::{Engine, Events, Holds, Source};
//! use jiff::Timestamp;
//!
//! /// What the policy says of the tables of the database that it calls `crm`. Who is on hold, and what
//! /// happened to whom, is known to `records`.
//! async fn pass(
//!     policy: &Policy,
//!     records: &(impl Holds + Events),
//!     random: &(dyn Fn(&mut [u8]) + Send + Sync),
//!     now: Timestamp,
//! ) -> Result<(), Box<dyn Error>> {
//!     let crm = Source::connect("postgres://retention@db.example.org/crm").await?;
//!     let engine = Engine {
//!         policy,
//!         sources: &BTreeMap::from([("crm".parse()?, crm)]),
//!         holds: records,
//!         events: records,
//!         archive: None,
//!         random,
//!     };
//!     engine.run(now, None, &mut |_progress| {}).await?;
//!     assert!(engine.verify(now).await?.is_clean());
//!     Ok(())
//! }
//! ```

mod about;
mod archive;
mod archived;
mod at_write;
mod catalogue;
mod check;
mod cleaning;
pub mod decide;
mod engine;
mod error;
#[cfg(test)]
mod explain;
mod grants;
pub mod moment;
pub mod outlook;
mod pending;
mod plan;
mod ports;
mod query;
pub mod rules;
mod run;
mod scan;
mod source;
mod sql;
pub mod transform;
mod write;

pub use about::{Ahead, KeptBy, RowOutlook};
pub use archive::{Archive, Archived, Sealable, Wanted};
pub use archived::{Erasure, Kept};
pub use at_write::{Refusal, at_write};
pub use check::{Finding, Findings};
pub use cleaning::Residue;
pub use engine::Engine;
pub use error::{RetentionError, SourceError};
pub use grants::grants;
pub use plan::{Plan, PlannedRule};
pub use ports::{Events, Hold, Holds, Occurrence, stage_name};
pub use run::{Progress, RuleReport, RunReport};
pub use source::Source;
pub use sql::Dialect;
