//! What pages and letters say, in every language: Fluent messages, periods, dates, negotiation.
//!
//! The locales are part of the program (`locales/*/*.ftl`); nothing is read at run time. A text is
//! asked for by its id, with the values it mentions:
//!
//! ```
//! use consentry_i18n::{Messages, negotiate};
//! use consentry_policy::Language;
//! use jiff::{Timestamp, tz::TimeZone};
//!
//! let offered = [Language::En, Language::Fr];
//! let language = negotiate(Some("fr-CA, en;q=0.7"), &offered, Language::En);
//! assert_eq!(language, Language::Fr);
//!
//! let messages = Messages::embedded();
//! let day: Timestamp = "2026-08-01T10:00:00Z".parse()?;
//! assert_eq!(messages.date(language, day, &TimeZone::UTC), "1er août 2026");
//! assert_eq!(messages.text(Language::En, "period-days", &[("n", 1_u32.into())]), "1 day");
//! # Ok::<(), jiff::Error>(())
//! ```
//!
//! Adding a text means adding it to both languages; a test holds them together.

mod changes;
mod messages;
mod negotiation;

pub use messages::{Arg, Messages};
pub use negotiation::negotiate;
