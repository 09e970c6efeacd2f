//! How a program ends: the exit codes of the contract.

use std::process::ExitCode;

use consentry::KeyFileError;
use consentry_service::{Error, ports::StoreError};

/// Why a program ends without success.
#[derive(Debug)]
pub enum Failure {
    /// A check found something, or what was asked for is not there: exit code 1.
    Found(String),
    /// Wrong usage or a wrong setting: exit code 2.
    Usage(String),
    /// A dependency is unreachable: exit code 3.
    Unreachable(String),
}

impl Failure {
    /// A wrong setting.
    pub(crate) fn usage(problem: impl Into<String>) -> Self {
        Self::Usage(problem.into())
    }

    /// What is said on stderr.
    pub(crate) fn message(&self) -> &str {
        match self {
            Self::Found(message) | Self::Usage(message) | Self::Unreachable(message) => message,
        }
    }

    /// The same failure, with what it is about before its message.
    pub(crate) fn about(&self, what: &str) -> Self {
        self.reworded(|message| format!("{what}: {message}"))
    }

    /// What ended some work, where a part of it was done.
    pub(crate) fn after(&self, done: u64) -> Self {
        self.reworded(|message| match done {
            0 => message.to_owned(),
            _ => format!("{message}; {done} rows were done before, and the next run goes on"),
        })
    }

    fn reworded(&self, say: impl FnOnce(&str) -> String) -> Self {
        let message = say(self.message());
        match self {
            Self::Found(_) => Self::Found(message),
            Self::Usage(_) => Self::Usage(message),
            Self::Unreachable(_) => Self::Unreachable(message),
        }
    }

    /// Success where nothing failed.
    pub(crate) fn all(failures: &[Self]) -> Result<(), Self> {
        if failures.is_empty() {
            return Ok(());
        }
        Err(Self::worst(failures))
    }

    /// Several in one: all messages, and the highest exit code.
    pub(crate) fn worst(failures: &[Self]) -> Self {
        let messages: Vec<_> = failures.iter().map(Self::message).collect();
        let message = messages.join("\n");
        let any = |is: fn(&Self) -> bool| failures.iter().any(is);
        if any(|one| matches!(one, Self::Unreachable(_))) {
            Self::Unreachable(message)
        } else if any(|one| matches!(one, Self::Usage(_))) {
            Self::Usage(message)
        } else {
            Self::Found(message)
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unreadable { .. } | StoreError::Schema { .. } | StoreError::Restoring => {
                Self::Found(error.to_string())
            }
            StoreError::Misconfigured { .. } => Self::Usage(format!("database_url: {error}")),
            _ => Self::Unreachable(error.to_string()),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Store(error) => error.into(),
            Error::Address(_) | Error::RefusedDomain | Error::UnknownTopic => {
                Self::Usage(error.to_string())
            }
            other => Self::Found(other.to_string()),
        }
    }
}

impl From<KeyFileError> for Failure {
    fn from(error: KeyFileError) -> Self {
        match &error {
            KeyFileError::Busy { .. } => Self::Found(error.to_string()),
            KeyFileError::Missing { .. } => Self::Usage(format!(
                "{error}; `consentry-admin migrate` makes one, copy it to every machine of this \
                 installation"
            )),
            KeyFileError::Invalid { path, source } => {
                Self::Usage(format!("{}: {source}", path.display()))
            }
            KeyFileError::Io { path, source } => {
                Self::Usage(format!("{}: {source}", path.display()))
            }
            _ => Self::Usage(error.to_string()),
        }
    }
}

/// Says on stderr why, and answers with the exit code.
pub fn exit_code(ended: Result<(), Failure>) -> ExitCode {
    let (code, message) = match ended {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Found(message)) => (1, message),
        Err(Failure::Usage(message)) => (2, message),
        Err(Failure::Unreachable(message)) => (3, message),
    };
    if !message.is_empty() {
        #[expect(clippy::print_stderr, reason = "the last word of a program")]
        {
            eprintln!("error: {message}");
        }
    }
    ExitCode::from(code)
}
