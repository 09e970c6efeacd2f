//! What went wrong, without a value of any row: messages of drivers quote what was written.

use consentry_policy::DatasetId;
use sea_orm::sqlx;
use thiserror::Error;

use crate::check::Findings;

/// A source did not do what it was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The URL starts with neither `sqlite:` nor `postgres:`, or the engine was not built in.
    #[error(
        "the URL of the source starts with neither `sqlite:` nor `postgres:`, or its engine was \
         not built in"
    )]
    UnknownEngine,
    /// Nobody answers, or not in time.
    #[error("the source cannot be reached: {0}")]
    Unreachable(String),
    /// The engine refused a statement: a missing right, a violated constraint, a full disk.
    #[error("the source refused a statement: {}", refusal(.0))]
    Refused(String),
    /// The engine answered with something else than it was asked for.
    #[error("the source answered with a value of another type")]
    Unreadable,
}

impl From<sqlx::Error> for SourceError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(answer) => {
                let code = answer.code().unwrap_or_default();
                if is_closed(&code) {
                    Self::Unreachable(format!("error code {code}"))
                } else {
                    Self::Refused(code.into_owned())
                }
            }
            sqlx::Error::Io(cause) => Self::Unreachable(cause.kind().to_string()),
            sqlx::Error::Tls(_) => Self::Unreachable("TLS failed".to_owned()),
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => {
                Self::Unreachable("no connection became free in time".to_owned())
            }
            sqlx::Error::Configuration(_) => Self::Unreachable("its URL cannot be used".to_owned()),
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Self::Unreadable,
            _ => Self::Unreachable("the driver failed".to_owned()),
        }
    }
}

/// Whether the database lets nobody in. PostgreSQL: connection exceptions, a login that is refused,
/// no database of that name, no connection left, starting or stopping. SQLite: the file cannot be
/// opened (14, the lowest byte of a code).
fn is_closed(code: &str) -> bool {
    if code.len() == 5 {
        let classes = ["08", "28", "3D", "57P", "533"];
        return classes.iter().any(|class| code.starts_with(class));
    }
    code.parse().is_ok_and(|code: u32| code & 0xff == 14)
}

/// What an operator can do something about, in words: PostgreSQL by its SQLSTATE, SQLite by the lowest
/// byte of its code.
fn refusal(code: &str) -> String {
    let primary = code.parse::<u32>().map_or(0, |code| code & 0xff);
    let is_postgres = code.len() == 5;
    let reason = match code {
        "53100" => "its disk is full",
        "55P03" | "40P01" => "somebody else held a lock for too long",
        "57014" => "it took too long",
        "25006" => "it can only be read",
        "42501" => "a right is missing",
        _ if is_postgres && code.starts_with("23") => "a constraint forbids it",
        _ if is_postgres => "",
        _ => match primary {
            5 | 6 => "somebody else held a lock for too long",
            8 => "its file can only be read, or was moved",
            10 => "its disk failed",
            13 => "its disk is full",
            19 => "a constraint forbids it",
            _ => "",
        },
    };
    match reason {
        "" => format!("error code {code}"),
        reason => format!("{reason} (error code {code})"),
    }
}

/// Why the engine stopped.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RetentionError {
    /// A source failed; what was committed before stays done, and the next run goes on.
    #[error("dataset `{dataset}`")]
    Source {
        /// The dataset that was worked on.
        dataset: DatasetId,
        /// What failed.
        #[source]
        error: SourceError,
    },
    /// The policy names a database that no URL was given for.
    #[error("dataset `{dataset}` lies in the database `{database}`, whose URL is not set")]
    UnknownSource {
        /// The dataset.
        dataset: DatasetId,
        /// The database, as the policy names it.
        database: String,
    },
    /// The schema is not what the policy says.
    #[error("the schema of the source differs from the policy")]
    Schema(#[source] Findings),
    /// The plan was made under another policy.
    #[error("the plan was made under another version of the policy: make a new one")]
    OutdatedPlan,
    /// What Consentry itself keeps could not be read or written.
    #[error("the engine's own records cannot be reached: {0}")]
    Records(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_in_words_where_there_are_some() {
        for (code, told) in [
            ("53100", "its disk is full (error code 53100)"),
            ("23503", "a constraint forbids it (error code 23503)"),
            ("XX000", "error code XX000"),
            // SQLITE_BUSY_SNAPSHOT and SQLITE_READONLY_DBMOVED.
            (
                "517",
                "somebody else held a lock for too long (error code 517)",
            ),
            (
                "1032",
                "its file can only be read, or was moved (error code 1032)",
            ),
            ("1", "error code 1"),
        ] {
            let error = SourceError::Refused(code.to_owned());
            let wanted = format!("the source refused a statement: {told}");
            assert_eq!(error.to_string(), wanted);
        }
    }
}
