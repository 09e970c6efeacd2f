//! The policy file: types, strict parser, lint, calendar periods.
//!
//! A [`Policy`] is what one controller promises. The engine executes it and the notice is printed
//! from it, so the two cannot differ. Every figure is in the file, none in the code; each key is
//! explained in `docs/policy.md`, and the built-in [`Policy::demo`] is a commented file to start from.
//!
//! - [`Policy::parse`] is strict and reports every problem at once: [`Findings`].
//! - [`check`] reads and lints: every hole and contradiction that should not be published.
//! - [`Period`] counts on a [`Calendar`], and its [`cutoff`](Period::cutoff) bounds the query for
//!   what may be due.
//! - [`Policy::notice_version`] is what a consent event pins.
//! - [`schema`] is the grammar for editors; `docs/policy.md` is written from the same declarations.
//! - [`diff`] says what changes for people from one version to the next, and [`Policy::promised`]
//!   which period binds data that were collected under an earlier one.
//!
//! The crate is pure: no clock, no environment, no file. Time zones come from a bundled database.
//!
//! ```
//! use consentry_policy::Policy;
//! use jiff::Timestamp;
//!
//! let policy = Policy::demo();
//! let pending = policy.retention().pending;
//! let submitted: Timestamp = "2024-02-29T09:00:00Z".parse()?;
//! let end = pending.after(submitted, &policy.calendar);
//! assert_eq!(end.to_string(), "2025-02-28T09:00:00Z");
//!
//! // A query that selects up to the cutoff misses nobody who is due.
//! assert!(submitted <= pending.cutoff(end, &policy.calendar));
//!
//! let errors = Policy::parse("versoin = \"2026-11-01\"", "policy.toml").unwrap_err();
//! assert_eq!(errors.all()[0].message, "unknown key `versoin`");
//! assert_eq!(errors.all()[0].help.as_deref(), Some("did you mean `version`?"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod basis;
mod calendar;
mod content;
mod country;
mod diff;
mod finding;
mod grammar;
mod history;
mod joinable;
mod language;
mod lint;
mod model;
mod notice_version;
mod period;
mod policy;
mod published;
mod rate;
mod read;
mod slug;

pub use basis::{LegalBasis, LegalBasisError};
pub use calendar::Calendar;
pub use country::{Country, CountryError};
pub use diff::{Class, Difference, Shown, diff, is_substantial};
pub use finding::{Finding, Findings, Severity};
pub use grammar::schema;
pub use history::{Era, Promised, SubscriberState};
pub use joinable::Tie;
pub use language::{Language, LanguageError, Languages, Localized};
pub use lint::{Checked, Remark, check};
pub use model::calendar::{Weekday, WorkingTime};
pub use model::controller::{
    Authority, Contact, ContactPurpose, Controller, Dpo, Host, HostRole, Reference, Region, Role,
};
pub use model::cookies::{Cookie, CookieCategory, CookieLink, CookieParty, Cookies, TrackerKind};
pub use model::dataset::{
    Category, Dataset, Dependant, Field, FieldFormat, FieldSource, SpecialGround, TableSource,
    TimeFormat,
};
pub use model::document::{
    Announcement, Change, ChangeReason, Clause, Notice, NoticeSection, Place, Safeguard,
};
pub use model::own::OwnDataset;
pub use model::processor::{ContractEnd, Duty, Party, ProcessorTerms, SubjectCategory};
pub use model::purpose::{InterestOf, Purpose, Team, Topic, Withdrawal};
pub use model::recipient::{
    Direction, Mechanism, Recipient, RecipientKind, RecipientStatus, Transfer,
};
pub use model::rights::{Channel, ChannelKind, ErasureGround, Pause, Requirement, Right, Rights};
pub use model::rule::{
    Action, CatchAll, Clock, EndOf, Engine, HoldKind, Join, Minimum, MinimumReason, NamedEvent,
    Stage, State, Store,
};
pub use model::sending::{Backups, Breaker, Limits, Links, Mail, Subscription};
pub use model::value::{
    Condition, DateBucket, Day, Holiday, Lifetime, Literal, Method, Money, PromiseId, SqlName,
    ValueError,
};
pub use notice_version::{NoticeVersion, NoticeVersionError};
pub use period::{Period, PeriodError, PeriodUnit};
pub use policy::{Policy, Retention};
pub use rate::{Rate, RateError};
pub use slug::{ControllerId, DatasetId, PurposeId, RecipientId, Slug, SlugError, TopicId};
