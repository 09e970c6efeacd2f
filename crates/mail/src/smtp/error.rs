//! Where a hand-over broke, why, and what that means for the letter.

use std::error::Error;
use std::fmt;
use std::io;
use std::iter;
use std::path::PathBuf;

use consentry_service::ports::{Delivery, EnhancedStatus, Reason, Reply, Trouble};
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
    #[error("the relay answered {}{}", .0.code, Described(.0.status))]
    Reply(Reply),
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
    #[error("the worker was stopped")]
    Stopped,
}

impl Fault {
    /// What broke in lettre's session.
    #[expect(clippy::needless_pass_by_value, reason = "what `map_err` calls")]
    pub(super) fn of(error: lettre::transport::smtp::Error) -> Self {
        if let Some(code) = error.status() {
            let text = error.source().map(ToString::to_string).unwrap_or_default();
            let status = text.split_ascii_whitespace().next();
            return Self::Reply(Reply {
                code: code.into(),
                status: status.and_then(|status| status.parse().ok()),
            });
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

struct Described(Option<EnhancedStatus>);

impl fmt::Display for Described {
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

    /// The relay's answer, where it gave one.
    pub fn reply(&self) -> Option<Reply> {
        match self.fault {
            Fault::Reply(reply) => Some(reply),
            _ => None,
        }
    }

    /// The worker was stopped before the final dot.
    pub(super) fn stopped() -> Self {
        Self {
            stage: Stage::Content,
            fault: Fault::Stopped,
        }
    }

    /// Whether the connection is fit for another message after RSET.
    pub(super) fn leaves_connection_usable(&self) -> bool {
        match self.fault {
            Fault::Reply(reply) => reply.code != 421,
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

    /// Whether the settings or the sender's domain are at fault rather than the letter: access,
    /// credentials, TLS, or what a receiver holds against the sender.
    pub fn is_operators(&self) -> bool {
        self.reason().is_operators()
    }

    /// Whose matter it is.
    pub fn reason(&self) -> Reason {
        match self.fault {
            Fault::Reply(reply) => self.reason_of(reply),
            Fault::Stopped => Reason::Stopped,
            Fault::NoSmtpUtf8 => Reason::NoSmtpUtf8,
            Fault::Handshake | Fault::NoStartTls | Fault::NoMechanism | Fault::NoTlsForPassword => {
                Reason::Access
            }
            Fault::Network(_) | Fault::Timeout | Fault::Broken => match self.stage {
                Stage::FinalDot => Reason::Unanswered,
                stage if stage < Stage::Mail => Reason::RelayDown,
                _ => Reason::Deferred,
            },
        }
    }

    /// What an answer is about: its enhanced status where there is one (RFC 3463), else the command
    /// that it answers.
    fn reason_of(&self, Reply { code, status }: Reply) -> Reason {
        let is_final = code >= 500;
        match (self.stage, status) {
            // Credentials, wherever the relay asks for them (RFC 4954 section 6).
            (_, _) if matches!(code, 530 | 534 | 535 | 538) => Reason::Access,
            (stage, _) if stage < Stage::Mail && is_final => Reason::Access,
            (stage, _) if stage < Stage::Mail => Reason::RelayDown,
            // A full mailbox under a code that RFC 5321 section 4.5.3.1.10 calls temporary.
            (Stage::Recipient, _) if code == 552 => Reason::Deferred,
            (_, Some(status)) if is_about_sender(status) => Reason::Sender,
            // Internationalised mail that is not taken (RFC 6531 section 3.5).
            (_, Some(status)) if is_final && (status.subject, status.detail) == (6, 7) => {
                Reason::NoSmtpUtf8
            }
            _ if !is_final => Reason::Deferred,
            (Stage::Mail, _) => Reason::Access,
            (_, Some(status)) if matches!(status.subject, 1 | 2) => Reason::Recipient,
            (Stage::Recipient, _) => Reason::Recipient,
            _ => Reason::Content,
        }
    }

    /// What it means for the letter.
    ///
    /// A 4yz is temporary wherever it comes, and so is 552 for a recipient (RFC 5321 §4.5.3.1.10);
    /// a 5yz that is the operator's to mend does not lose the letter; any other 5yz is final.
    /// Without a reply, the letter was surely not taken up to the final dot, and perhaps taken
    /// after it.
    pub fn delivery(&self) -> Delivery {
        let reason = self.reason();
        let reply = self.reply();
        let trouble = Trouble { reason, reply };
        match reason {
            Reason::Unanswered => Delivery::Uncertain,
            Reason::Recipient | Reason::Content | Reason::NoSmtpUtf8 => Delivery::Refused(trouble),
            _ => Delivery::Deferred(trouble),
        }
    }
}

/// Whether a status speaks of the sender: its address (x.1.7, x.1.8), or security and policy (5.7.x:
/// SPF, DKIM, DMARC, relaying). A 4.7.x is mostly greylisting; the ones of Gmail that name a defect
/// of the sender are 4.7.23 to 4.7.32.
fn is_about_sender(status: EnhancedStatus) -> bool {
    match (status.class, status.subject, status.detail) {
        (_, 1, 7 | 8) | (5, 7, _) => true,
        (4, 7, detail) => (23..=32).contains(&detail),
        _ => false,
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
