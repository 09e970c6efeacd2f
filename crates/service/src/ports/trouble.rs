//! Why a letter did not go: what a relay answered, or what went wrong here. Kept with the letter,
//! so that the operator can see it; never a word of a reply, which may name the person.

use std::fmt;
use std::str::FromStr;

/// An enhanced status code, such as 5.7.26 (RFC 3463).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnhancedStatus {
    /// 2 is success, 4 a failure for now, 5 a failure for good.
    pub class: u8,
    /// What it is about: 1 addresses, 2 the mailbox, 7 security and policy.
    pub subject: u16,
    /// What exactly.
    pub detail: u16,
}

impl fmt::Display for EnhancedStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// A text that is no enhanced status code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an enhanced status code such as 5.7.26")]
pub struct NoStatus;

impl FromStr for EnhancedStatus {
    type Err = NoStatus;

    fn from_str(text: &str) -> Result<Self, NoStatus> {
        fn number<T: FromStr>(part: Option<&str>) -> Result<T, NoStatus> {
            part.and_then(|part| part.parse().ok()).ok_or(NoStatus)
        }
        let mut parts = text.splitn(3, '.');
        let status = Self {
            class: number(parts.next())?,
            subject: number(parts.next())?,
            detail: number(parts.next())?,
        };
        if matches!(status.class, 2 | 4 | 5) {
            Ok(status)
        } else {
            Err(NoStatus)
        }
    }
}

/// What a relay answered: the numbers alone, since its text may name the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reply {
    /// The reply code (RFC 5321 section 4.2).
    pub code: u16,
    /// The enhanced status code, where the relay gave one.
    pub status: Option<EnhancedStatus>,
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            Some(status) => write!(f, "{} {status}", self.code),
            None => write!(f, "{}", self.code),
        }
    }
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident => $text:literal,)+) => {
        /// Why the last hand-over of a letter did not end with "taken".
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Reason { $($(#[$doc])* $variant,)+ }

        impl Reason {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The written form: in the outbox, in lists and as a metric's label.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
    };
}

reasons! {
    /// The relay does not answer, or takes nothing from anybody just now.
    RelayDown => "relay-down",
    /// The relay does not let this sender in: credentials, TLS, `MAIL FROM`.
    Access => "access",
    /// A receiver holds something against this sender: SPF, DKIM, DMARC, host name, relaying.
    Sender => "sender",
    /// Told to come back later, or the connection broke before the final dot.
    Deferred => "deferred",
    /// The receiver does not take mail for this address.
    Recipient => "recipient",
    /// The relay does not take this message.
    Content => "content",
    /// The address needs SMTPUTF8 (RFC 6531), which the relay does not offer.
    NoSmtpUtf8 => "no-smtputf8",
    /// No answer after the final dot.
    Unanswered => "unanswered",
    /// The worker was stopped before the final dot.
    Stopped => "stopped",
    /// The letter cannot be written or signed.
    Unwritable => "unwritable",
    /// The record that the letter is for, or the letter's own row, cannot be read.
    Unreadable => "unreadable",
    /// A defect of this program struck while the letter was written or handed over.
    Panicked => "panicked",
    /// It waited in a backup that was restored: it may have been sent since.
    Restored => "restored",
}

impl Reason {
    /// Whether the operator has to mend something: settings, DNS, the relay. Says nothing of the
    /// person, who is not given up for it.
    pub const fn is_operators(self) -> bool {
        matches!(self, Self::Access | Self::Sender)
    }

    /// Whether it would strike every other letter too: then they wait rather than try.
    pub const fn concerns_every_letter(self) -> bool {
        matches!(self, Self::RelayDown | Self::Access)
    }

    /// Whether it struck before a relay was asked: a defect, or a damaged record.
    pub const fn is_ours(self) -> bool {
        matches!(self, Self::Unwritable | Self::Unreadable | Self::Panicked)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Reason {
    type Err = UnknownReason;

    fn from_str(text: &str) -> Result<Self, UnknownReason> {
        let mut all = Self::ALL.iter().copied();
        all.find(|reason| reason.as_str() == text)
            .ok_or(UnknownReason)
    }
}

/// A word that is no [`Reason`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a known reason")]
pub struct UnknownReason;

/// Why a hand-over did not end with "taken", and what the relay answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Trouble {
    /// Why.
    pub reason: Reason,
    /// The relay's answer, where it gave one.
    pub reply: Option<Reply>,
}

impl From<Reason> for Trouble {
    /// Trouble without an answer of a relay.
    fn from(reason: Reason) -> Self {
        Self {
            reason,
            reply: None,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_three_numbers_of_a_known_class() {
        let status: EnhancedStatus = "5.7.515".parse().unwrap();
        assert_eq!((status.class, status.subject, status.detail), (5, 7, 515));
        assert_eq!(status.to_string(), "5.7.515");
        for text in ["", "5", "5.7", "5.7.x", "3.0.0", "5.7.1.2", "5.7.99999999"] {
            assert_eq!(text.parse::<EnhancedStatus>(), Err(NoStatus), "{text}");
        }
    }

    #[test]
    fn every_reason_is_read_as_it_is_written() {
        for reason in Reason::ALL {
            assert_eq!(reason.as_str().parse(), Ok(*reason));
        }
        assert_eq!("".parse::<Reason>(), Err(UnknownReason));
    }
}
