//! The hand-over to an SMTP relay (RFC 5321).
//!
//! lettre speaks the protocol; the stream, the timers and the pool are ours. The outcome of a
//! hand-over depends on where it broke: before the final dot was written nothing was sent, after
//! it nobody knows. Every step runs under a timer of its own, nothing a relay says is kept or
//! logged but its reply codes, and a reply that arrives in the clear before STARTTLS ends is not
//! believed.

mod connection;
mod counted;
mod endpoint;
mod error;
mod relay;
mod stream;
mod tls;
mod url;

pub use counted::describe_metrics;
pub use endpoint::{SmtpSettings, Timeouts};
pub use error::{SmtpError, SmtpSetupError, Stage};
pub use relay::{ProbeReport, SmtpRelay};
pub use url::{Security, SmtpUrl, SmtpUrlError};
