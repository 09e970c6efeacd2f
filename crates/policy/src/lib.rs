//! The policy file: types, strict parser, calendar periods.

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
    Capital, Controller, Dpo, Hosting, Limits, Links, Mail, Policy, Purpose, Retention,
    Subscription, Topic,
};
pub use problem::{PolicyErrors, Problem};
pub use rate::{Rate, RateError};
pub use slug::{ControllerId, PurposeId, SlugError, TopicId};
pub use warning::Warning;
