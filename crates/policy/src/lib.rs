//! The policy file: types, strict parser, calendar periods.
//!
//! A [`Policy`] is what one controller promises. The engine executes it and the notice is printed
//! from it, so the two cannot differ. Every figure is in the file, none in the code; each key is
//! explained in `docs/policy.md`, and the built-in [`Policy::demo`] is a commented file to start from.
//!
//! - [`Policy::parse`] is strict and reports every problem at once: [`PolicyErrors`].
//! - [`Policy::warnings`] tells what is allowed but probably not meant.
//! - [`Period`] counts on the calendar, and its [`cutoff`](Period::cutoff) bounds the query for
//!   what may be due.
//! - [`Policy::notice_version`] is what a consent event pins.
//!
//! The crate is pure: no clock, no environment, no file. Time zones come from a bundled database.
//!
//! ```
//! use consentry_policy::Policy;
//! use jiff::Timestamp;
//!
//! let policy = Policy::demo();
//! let submitted: Timestamp = "2024-02-29T09:00:00Z".parse()?;
//! let end = policy.retention.pending.after(submitted, &policy.time_zone);
//! assert_eq!(end.to_string(), "2025-02-28T09:00:00Z");
//!
//! // A query that selects up to the cutoff misses nobody who is due.
//! assert!(submitted <= policy.retention.pending.cutoff(end, &policy.time_zone));
//!
//! let errors = Policy::parse("versoin = \"2026-11-01\"", "policy.toml").unwrap_err();
//! assert_eq!(errors.problems()[0].message, "unknown key `versoin`");
//! assert_eq!(errors.problems()[0].help.as_deref(), Some("did you mean `version`?"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod basis;
mod language;
mod notice_version;
mod period;
mod policy;
mod problem;
mod rate;
mod read;
mod slug;
mod warning;

pub use basis::{LegalBasis, LegalBasisError};
pub use language::{Language, LanguageError, Languages, Localized};
pub use notice_version::{NoticeVersion, NoticeVersionError};
pub use period::{Period, PeriodError, PeriodUnit};
pub use policy::{
    Breaker, Capital, Controller, Dpo, Hosting, Limits, Links, Mail, Policy, Purpose, Retention,
    Subscription, Topic,
};
pub use problem::{PolicyErrors, Problem};
pub use rate::{Rate, RateError};
pub use slug::{ControllerId, PurposeId, SlugError, TopicId};
pub use warning::Warning;
