//! People, subscriptions, consent events and letters: pure state machines.
//!
//! A decision is a method on [`Subject`] that takes the policy and the time, changes the
//! state and returns [`Effects`]: the evidence of the change and the letters that it owes.
//! Whoever calls it stores state, evidence and letters in one commit, or none of them.
//!
//! Architecture invariant: no async, no I/O, no clock and no randomness in this crate.
//!
//! ```
//! use consentry_address::EmailAddress;
//! use consentry_domain::{Channel, LetterKind, PersonState, SignUp, Subject, SubjectId};
//! use consentry_policy::{Language, Policy};
//!
//! let policy = Policy::demo();
//! let now = "2026-11-22T10:00:00Z".parse()?;
//! let request = SignUp {
//!     address: EmailAddress::parse("anna@example.org")?,
//!     topics: policy.default_topics().map(|topic| topic.id.clone()).collect(),
//!     language: Language::En,
//!     channel: Channel::Form,
//! };
//! let (mut anna, effects) = Subject::first_sign_up(SubjectId(7), &request, &policy, now);
//! assert_eq!(anna.state(), PersonState::Pending);
//! assert_eq!(effects.letters, [LetterKind::Confirmation]);
//!
//! anna.confirm(&policy, now)?;
//! assert_eq!(anna.state(), PersonState::Confirmed);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod evidence;
mod import;
mod journal;
mod letter;
mod prompts;
mod retention;
mod rights;
mod subject;
mod subscribe;
mod text_enum;
mod unsubscribe;

pub use evidence::{
    Action, Channel, ConsentEvent, Evidence, Provenance, Receipt, Source, SourceError,
};
pub use import::{Import, Imported, Standing};
pub use journal::{JournalEntry, Journaled};
pub use letter::LetterKind;
pub use prompts::Prompts;
pub use subject::{
    Effects, PersonState, RequestedAddress, Subject, SubjectId, Subscription, TopicState,
};
pub use subscribe::{Choice, Confirmation, NothingToConfirm, SignUp};
pub use text_enum::UnknownWord;
pub(crate) use text_enum::text_enum;
