//! Where a relay is and how it is used.

use std::time::Duration;

use consentry_address::ascii_domain;

use super::error::SmtpSetupError;
use super::tls::Tls;
use super::url::SmtpUrl;

/// How long a relay may take. One timer per step (RFC 5321 §4.5.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Name look-up and TCP connection: 30 seconds.
    pub connect: Duration,
    /// Greeting, TLS handshake, each command, the writing of the message: 5 minutes.
    pub step: Duration,
    /// The answer to the final dot: 10 minutes; less makes second copies (§4.5.3.2.6).
    pub final_dot: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            step: Duration::from_mins(5),
            final_dot: Duration::from_mins(10),
        }
    }
}

/// How the relay is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpSettings {
    /// What EHLO says: a domain of the sender's, not the machine's name.
    pub ehlo_name: String,
    /// Connections at once; at least 1.
    pub connections: usize,
    /// How long each step may take, unless the relay's URL says otherwise.
    pub timeouts: Timeouts,
}

impl SmtpSettings {
    /// 8 connections and the timers of RFC 5321.
    pub fn new(ehlo_name: impl Into<String>) -> Self {
        Self {
            ehlo_name: ehlo_name.into(),
            connections: 8,
            timeouts: Timeouts::default(),
        }
    }
}

/// A relay and the way to it.
pub(super) struct Endpoint {
    pub(super) url: SmtpUrl,
    pub(super) settings: SmtpSettings,
    pub(super) tls: Tls,
}

impl Endpoint {
    /// Checks the settings; connects to nothing yet. Reads the file of the `ca` option.
    pub(super) fn new(url: SmtpUrl, mut settings: SmtpSettings) -> Result<Self, SmtpSetupError> {
        settings.ehlo_name =
            ascii_domain(&settings.ehlo_name).map_err(|_| SmtpSetupError::EhloName)?;
        settings.connections = settings.connections.max(1);
        let timeouts = &mut settings.timeouts;
        if let Some(step) = url.step_timeout {
            timeouts.step = step;
            timeouts.connect = timeouts.connect.min(step);
        }
        timeouts.final_dot = url.dot_timeout.unwrap_or(timeouts.final_dot);
        Ok(Self {
            tls: Tls::new(&url.host, url.ca.as_deref())?,
            url,
            settings,
        })
    }
}
