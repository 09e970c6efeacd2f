//! Where a hand-over broke, why, and what that means for the letter.

use std::error::Error;
use std::fmt;
use std::io;
use std::iter;
use std::path::PathBuf;

use consentry_service::ports::{Delivery, ReplyCode};
use thiserror::Error;

/// The step of a session in which it broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Name look-up and TCP connection.
    Connect,
    /// The relay's greeting and its answer to EHLO.
    Greeting,
    /// STARTTLS and every TLS handshake.
    Tls,
    /// AUTH.
    Auth,
    /// MAIL FROM.
    Mail,
    /// RCPT TO.
    Recipient,
    /// DATA.
    Data,
    /// The message up to, and without, the final dot.
    Content,
    /// The final dot and the answer to it.
    FinalDot,
}

impl Stage {
    /// The written form for machines.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Greeting => "greeting",
            Self::Tls => "tls",
            Self::Auth => "auth",
            Self::Mail => "mail",
            Self::Recipient => "rcpt",
            Self::Data => "data",
            Self::Content => "content",
            Self::FinalDot => "final-dot",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connect",
            Self::Greeting => "greeting and EHLO",
            Self::Tls => "TLS",
            Self::Auth => "AUTH",
            Self::Mail => "MAIL",
            Self::Recipient => "RCPT",
            Self::Data => "DATA",
            Self::Content => "message",
            Self::FinalDot => "final dot",
        })
    }
}

/// What went wrong. Carries codes, never the text of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(super) enum Fault {
    #[error("the relay answered {code}{}", Described(.status))]
    Reply {
        code: u16,
        status: Option<EnhancedStatus>,
    },
    #[error("the network failed ({0})")]
    Network(io::ErrorKind),
    #[error("the relay did not answer in time")]
    Timeout,
    #[error("the relay closed the connection or broke the protocol")]
    Broken,
    #[error("the TLS handshake failed: the certificate is not trusted, or not for this host")]
    Handshake,
    #[error("the relay offers no STARTTLS, which `tls=required` asks for")]
    NoStartTls,
    #[error("the relay offers neither AUTH PLAIN nor AUTH LOGIN")]
    NoMechanism,
    #[error("the password is not sent over a connection without TLS")]
    NoTlsForPassword,
    #[error("the address needs SMTPUTF8, which the relay does not offer")]
    NoSmtpUtf8,
}

impl Fault {
    /// What broke in lettre's session.
    #[expect(clippy::needless_pass_by_value, reason = "what `map_err` calls")]
    pub(super) fn of(error: lettre::transport::smtp::Error) -> Self {
        if let Some(code) = error.status() {
            let text = error.source().map(ToString::to_string).unwrap_or_default();
            return Self::Reply {
                code: code.into(),
                status: EnhancedStatus::parse(&text),
            };
        }
        let causes = iter::successors(error.source(), |cause| (*cause).source());
        let network = causes.filter_map(|cause| cause.downcast_ref::<io::Error>());
        network
            .map(|cause| Self::Network(cause.kind()))
            .next()
            .unwrap_or(Self::Broken)
    }

    #[expect(clippy::needless_pass_by_value, reason = "what `map_err` calls")]
    pub(super) fn network(error: io::Error) -> Self {
        match error.kind() {
            // What rustls says of a certificate, and of what is no TLS.
            io::ErrorKind::InvalidData => Self::Handshake,
            kind => Self::Network(kind),
        }
    }
}

/// An enhanced status code, such as 5.7.26 (RFC 3463).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EnhancedStatus(u8, u16, u16);

impl EnhancedStatus {
    /// Security and policy: about the sender, not about the mailbox (RFC 3463 §3.8).
    fn is_policy(self) -> bool {
        self.1 == 7
    }

    /// Reads the first word of a reply's text.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split_ascii_whitespace().next()?.splitn(3, '.');
        let class = parts.next()?.parse().ok()?;
        let status = Self(
            class,
            parts.next()?.parse().ok()?,
            parts.next()?.parse().ok()?,
        );
        matches!(class, 2 | 4 | 5).then_some(status)
    }
}

impl fmt::Display for EnhancedStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

struct Described<'a>(&'a Option<EnhancedStatus>);

impl fmt::Display for Described<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(status) => write!(f, " ({status})"),
            None => Ok(()),
        }
    }
}

/// A session with the relay broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{fault}, at {stage}")]
pub struct SmtpError {
    pub(super) stage: Stage,
    pub(super) fault: Fault,
}

impl SmtpError {
    /// The step in which it broke.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// The relay's reply code, where it gave one.
    pub fn reply(&self) -> Option<ReplyCode> {
        match self.fault {
            Fault::Reply { code, .. } => Some(ReplyCode(code)),
            _ => None,
        }
    }

    /// Whether the connection is fit for another message after RSET.
    pub(super) fn leaves_connection_usable(&self) -> bool {
        match self.fault {
            Fault::Reply { code, .. } => code != 421,
            Fault::NoSmtpUtf8 => true,
            _ => false,
        }
    }

    /// Whether a connection that lay idle was closed by the relay meanwhile: nothing of this
    /// message was said, so it may be said at once on a new one. Yahoo ends a connection after
    /// some messages without a word.
    pub(super) fn is_stale_connection(&self) -> bool {
        self.stage == Stage::Mail && !self.leaves_connection_usable()
    }

    /// Whether the settings are at fault rather than the letter: access, credentials, TLS, or
    /// what a receiver holds against the sender (5.7.x: SPF, DKIM, DMARC, relaying).
    pub fn is_operators(&self) -> bool {
        match self.fault {
            Fault::Reply { code, status } => {
                code >= 500
                    && (self.stage <= Stage::Mail
                        || matches!(code, 530 | 535)
                        || status.is_some_and(EnhancedStatus::is_policy))
            }
            Fault::Handshake | Fault::NoStartTls | Fault::NoMechanism | Fault::NoTlsForPassword => {
                true
            }
            _ => false,
        }
    }

    /// What it means for the letter.
    ///
    /// A 4yz is temporary wherever it comes, and so is 552 for a recipient (RFC 5321 §4.5.3.1.10);
    /// a 5yz that is the operator's to mend does not lose the letter; any other 5yz is final.
    /// Without a reply, the letter was surely not taken up to the final dot, and perhaps taken
    /// after it.
    pub fn delivery(&self) -> Delivery {
        let reply = self.reply();
        match self.fault {
            Fault::Reply { code, .. } => {
                let is_full_mailbox = code == 552 && self.stage == Stage::Recipient;
                if code < 500 || is_full_mailbox || self.is_operators() {
                    Delivery::Deferred(reply)
                } else {
                    Delivery::Refused(reply)
                }
            }
            Fault::NoSmtpUtf8 => Delivery::Refused(None),
            _ if self.stage == Stage::FinalDot => Delivery::Uncertain,
            _ => Delivery::Deferred(None),
        }
    }
}

/// Why a relay cannot be used as it is configured.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SmtpSetupError {
    /// The host of the URL cannot stand in a certificate.
    #[error("the host is neither a domain name nor an IP address")]
    Host,
    /// The name to say EHLO with is no domain.
    #[error("the EHLO name is not a domain name")]
    EhloName,
    /// The file of the `ca` option cannot be read.
    #[error("{path} holds no readable certificate in PEM form")]
    Ca {
        /// The file.
        path: PathBuf,
    },
    /// TLS cannot be set up at all.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
}
