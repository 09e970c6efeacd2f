//! What can go wrong in a use case.

use consentry_address::AddressError;
use thiserror::Error;

use crate::{
    Job,
    ports::{MailerError, StoreError},
};

/// Why a use case did not run. Nothing of it names a person.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The address cannot be one.
    #[error("the address is not accepted ({})", .0.code())]
    Address(#[from] AddressError),
    /// The address is of a domain that the policy refuses (S0-14).
    #[error("the policy refuses addresses of this domain")]
    RefusedDomain,
    /// A topic that the policy does not have.
    #[error("the policy has no such topic")]
    UnknownTopic,
    /// A named event that the policy does not declare.
    #[error("the policy declares no such event")]
    UnknownEvent,
    /// No live record of this address.
    #[error("no record of this address")]
    UnknownPerson,
    /// The new address of a rectification has a record of its own.
    #[error("the new address has a record of its own")]
    AddressInUse,
    /// Somebody else goes on with the same import.
    #[error("another process is importing the same file")]
    ImportedElsewhere,
    /// A link does not do what was asked.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// A job was not begun: the clock seems to have leapt, and masses would be concerned.
    #[error("{job}: {why}")]
    HeldBack {
        /// The job.
        job: Job,
        /// Why, and what to do.
        why: String,
    },
    /// A defect of ours ended a job in its middle; what it had not committed is undone.
    #[error("the job panicked")]
    Panicked,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The mailer failed.
    #[error(transparent)]
    Mailer(#[from] MailerError),
}

impl Error {
    /// What everybody is told whose requests were to share a commit.
    pub(crate) fn into_store(self) -> StoreError {
        match self {
            Self::Store(error) => error,
            other => StoreError::Unavailable {
                reason: other.to_string(),
            },
        }
    }
}

/// Why a mailed link does nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LinkError {
    /// Not one of ours, forged, or its person is not held any more: all the same to outsiders.
    #[error("the link is unknown")]
    Unknown,
    /// Its time is over; a new one can be mailed.
    #[error("the link has expired")]
    Expired,
    /// The request behind it was withdrawn or replaced.
    #[error("the link was superseded")]
    Superseded,
    /// What was asked for needs a freshly mailed link (erasure, copy, change of address).
    #[error("the action needs a fresh link")]
    NotFresh,
}
