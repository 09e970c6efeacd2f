//! Letters to MIME to DKIM to an SMTP relay, to the local mailbox or to memory.
//!
//! [`Postman`] is the mailer of the service: it writes a letter in the person's language
//! ([`LetterRenderer`]), signs the final octets ([`Dkim`]) and hands them to a [`Transport`].
//!
//! Architecture invariants: no letter is written without its footer links and both RFC 8058
//! fields (S0-43, S0-44); nothing in a letter is loaded from anywhere and no link is rewritten;
//! an address, a token or a relay's words appear in no log and no error; each step of a hand-over
//! ends in bounded time, and it is always known whether the final dot was written.
//!
//! ```
//! use std::sync::Arc;
//!
//! use consentry_mail::{Dkim, LetterRenderer, MemoryMailbox, Postman, Transport};
//! use consentry_policy::Policy;
//!
//! let policy = Arc::new(Policy::demo());
//! let sender = policy.mail.from.clone();
//! let renderer = LetterRenderer::new(policy, sender)?;
//! let outbox = MemoryMailbox::default();
//! let postman = Postman::new(renderer, Dkim::default(), Transport::Memory(outbox.clone()));
//! assert!(outbox.letters().is_empty());
//! # drop(postman);
//! # Ok::<(), consentry_mail::RenderError>(())
//! ```

mod checkup;
mod dkim;
mod letter;
mod mailbox;
mod memory;
mod message;
mod postman;
mod smtp;

pub use checkup::{OneClickFault, one_click_faults};
pub use dkim::{Dkim, DkimError, DkimKey, DkimKeyError, DnsRecord};
pub use letter::{RenderError, RenderedLetter, render};
pub use mailbox::Mailbox;
pub use memory::{MemoryLetter, MemoryMailbox};
pub use message::{LetterRenderer, Message};
pub use postman::{Postman, Transport};
pub use smtp::{
    ProbeReport, Security, SmtpError, SmtpRelay, SmtpSettings, SmtpSetupError, SmtpUrl,
    SmtpUrlError, Stage, Timeouts, describe_metrics,
};
