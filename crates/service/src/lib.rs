//! The use cases of Consentry and the ports they need.
//!
//! [`Service`] is what an embedder calls and what the pages, the worker and the command line
//! call. It holds no global state: the store, the mailer, the clock and the random source are
//! handed to it as [ports].
//!
//! ```
//! use consentry_address::EmailAddress;
//! use consentry_domain::{Channel, SignUp};
//! use consentry_policy::Language;
//! use consentry_service::{Error, Service};
//!
//! /// What a page or an application of your own does with an address that somebody typed.
//! async fn subscribe(service: &Service, typed: &str) -> Result<(), Error> {
//!     let topics = service.policy().default_topics();
//!     service
//!         .sign_up(SignUp {
//!             address: EmailAddress::parse(typed)?,
//!             topics: topics.map(|topic| topic.id.clone()).collect(),
//!             language: Language::En,
//!             channel: Channel::Form,
//!         })
//!         .await
//! }
//! ```
//!
//! Architecture invariants: one use case is one commit (state, evidence and queued letters
//! together, or nothing); no transaction is open while a letter is handed over; nothing
//! personal is in an error; this crate knows no database, no HTTP and no SMTP.

mod admin;
mod api;
mod brake;
mod breaker;
mod counted;
mod decision;
mod dispatch;
mod error;
mod import;
mod jobs;
mod letters;
mod links;
mod notify;
mod outcome;
pub mod ports;
mod preferences;
pub mod record;
mod recovery;
mod rest;
mod retention;
mod service;
mod statistics;
mod subscriptions;
mod together;
mod versions;
mod webhooks;
mod within;
mod work;
mod worker;

pub use admin::Page;
pub use api::{Api, ApiAuthError, ApiToken};
pub use brake::Backlog;
pub use breaker::BreakerStatus;
pub use counted::{SignUpOutcome, describe_metrics};
pub use dispatch::DispatchReport;
pub use error::{Error, LinkError};
pub use import::{ImportBatch, Trial};
pub use jobs::{Job, JobOutcome};
pub use links::{PublicUrl, PublicUrlError};
pub use notify::NotifyReport;
pub use preferences::{Chosen, Door, PreferencesView, TopicChoice};
pub use recovery::Recovered;
pub use retention::Events;
pub use service::{Parts, Service};
pub use statistics::{Count, Figure, StateFigures, Statistics};
pub use subscriptions::{AwaitedTopic, ConfirmationView};
pub use versions::{PublishError, Published, Standing, Version};
pub use webhooks::Webhooks;
pub use work::{IssuedChallenge, MOST_BITS, PATIENCE, Proof, WorkError};
pub use worker::Worker;
