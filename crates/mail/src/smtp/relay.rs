//! A relay and the connections to it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use consentry_address::ascii_domain;
use consentry_service::ports::Delivery;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tracing::{error, warn};

use super::connection::Connection;
use super::error::{SmtpError, SmtpSetupError};
use super::tls::Tls;
use super::url::SmtpUrl;
use crate::Message;

/// A connection that lay idle for longer is not used again: somebody on the way may have
/// forgotten it.
const MAX_IDLE: Duration = Duration::from_secs(30);

/// How long the relay gets to answer RSET and QUIT, where nothing is lost.
const COURTESY: Duration = Duration::from_secs(10);

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
    /// How long each step may take.
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

/// What a relay offers to this configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProbeReport {
    /// The TLS version in use; `None` without TLS.
    pub tls: Option<&'static str>,
    /// Whether the credentials were accepted; `false` where there are none.
    pub authenticated: bool,
    /// Whether addresses with non-ASCII local parts can be mailed to (RFC 6531).
    pub smtputf8: bool,
}

struct Idle {
    connection: Connection,
    since: Instant,
}

/// An SMTP relay with a pool of connections.
pub struct SmtpRelay {
    pub(super) url: SmtpUrl,
    pub(super) settings: SmtpSettings,
    pub(super) tls: Tls,
    permits: Semaphore,
    idle: Mutex<Vec<Idle>>,
}

impl std::fmt::Debug for SmtpRelay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SmtpRelay")
            .field("url", &self.url)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl SmtpRelay {
    /// Prepares a relay; connects to nothing yet. Reads the file of the `ca` option.
    pub fn new(url: SmtpUrl, mut settings: SmtpSettings) -> Result<Self, SmtpSetupError> {
        settings.ehlo_name =
            ascii_domain(&settings.ehlo_name).map_err(|_| SmtpSetupError::EhloName)?;
        settings.connections = settings.connections.max(1);
        Ok(Self {
            tls: Tls::new(&url.host, url.ca.as_deref())?,
            permits: Semaphore::new(settings.connections),
            url,
            settings,
            idle: Mutex::new(Vec::new()),
        })
    }

    /// How many messages may be under way at once.
    pub fn connections(&self) -> usize {
        self.settings.connections
    }

    /// Hands one message over and says how that ended.
    pub async fn deliver(&self, message: &Message) -> Delivery {
        match self.hand_over(message).await {
            Ok(()) => Delivery::Accepted,
            Err(error) => {
                let (stage, code) = (error.stage(), error.reply().map(|reply| reply.0));
                if error.is_operators() {
                    error!(%stage, code, %error, "the relay refuses this sender: see the settings");
                } else {
                    warn!(%stage, code, %error, "a letter was not handed over");
                }
                error.delivery()
            }
        }
    }

    async fn hand_over(&self, message: &Message) -> Result<(), SmtpError> {
        // Never closed, so this waits and does not fail.
        let _permit = self.permits.acquire().await;
        if let Some(connection) = self.take_idle() {
            match self.send(connection, message).await {
                Err(error) if error.is_stale_connection() => {}
                ended => return ended,
            }
        }
        let connection = Connection::open(self).await?;
        self.send(connection, message).await
    }

    async fn send(&self, mut connection: Connection, message: &Message) -> Result<(), SmtpError> {
        let Message {
            sender,
            recipient,
            octets,
            ..
        } = message;
        let sent = connection.send(self, sender, recipient, octets).await;
        let is_usable = match &sent {
            Ok(()) => true,
            Err(error) => {
                error.leaves_connection_usable() && connection.reset(COURTESY).await.is_ok()
            }
        };
        if is_usable {
            self.keep_idle(connection);
        }
        sent
    }

    /// The connection used last, so that those not needed grow old.
    fn take_idle(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|idle| idle.since.elapsed() <= MAX_IDLE);
        idle.pop().map(|idle| idle.connection)
    }

    fn keep_idle(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push(Idle {
            connection,
            since: Instant::now(),
        });
    }

    /// Connects, says EHLO, starts TLS and authenticates as for a letter, and sends none.
    pub async fn probe(&self) -> Result<ProbeReport, SmtpError> {
        let mut connection = Connection::open(self).await?;
        connection.quit(COURTESY).await;
        Ok(ProbeReport {
            tls: connection.tls,
            authenticated: connection.is_authenticated,
            smtputf8: connection.takes_utf8(),
        })
    }
}
