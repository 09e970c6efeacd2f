//! Why a simulation stopped.

use consentry_retention::{RetentionError, SourceError};
use consentry_service::ports::StoreError;
use jiff::civil::Date;
use sea_orm::DbErr;
use thiserror::Error;

/// Why a simulation stopped.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SimulationError {
    /// It would take no time, or more than a hundred years.
    #[error("a simulation covers 1 to 100 years")]
    Years,
    /// What was done is not what the rules say.
    #[error("{day}: rule `{rule}` of dataset `{dataset}`: {what}")]
    Deviation {
        /// The simulated day.
        day: Date,
        /// The dataset.
        dataset: String,
        /// The rule, as the policy names it.
        rule: String,
        /// What differs.
        what: String,
    },
    /// The content of a table is not what the rules leave of it.
    #[error("{day}: the table `{table}` holds {what}")]
    Content {
        /// The simulated day.
        day: Date,
        /// The table.
        table: String,
        /// What differs.
        what: String,
    },
    /// The engine refused the policy, or failed.
    #[error("{day}: {}", told(.error))]
    Engine {
        /// The simulated day.
        day: Date,
        /// Why.
        error: RetentionError,
    },
    /// The worker's jobs failed.
    #[error("the simulated subscribers: {0}")]
    Service(#[from] consentry_service::Error),
    /// A scratch database failed.
    #[error("the scratch database: {0}")]
    Scratch(String),
}

impl From<DbErr> for SimulationError {
    fn from(error: DbErr) -> Self {
        Self::Scratch(error.to_string())
    }
}

impl From<SourceError> for SimulationError {
    fn from(error: SourceError) -> Self {
        Self::Scratch(error.to_string())
    }
}

impl From<StoreError> for SimulationError {
    fn from(error: StoreError) -> Self {
        Self::Service(error.into())
    }
}

/// With the findings about the schema, which say what to change in the policy.
fn told(error: &RetentionError) -> String {
    match error {
        RetentionError::Schema(findings) => format!("{error}:\n{findings}"),
        RetentionError::Source { error: cause, .. } => format!("{error}: {cause}"),
        _ => error.to_string(),
    }
}
