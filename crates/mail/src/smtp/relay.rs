//! A relay and the connections to it.

use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use consentry_service::ports::Delivery;
use tokio::sync::{Notify, Semaphore, SetOnce};
use tokio::time::Instant;
use tracing::warn;

use super::connection::Connection;
use super::counted;
use super::endpoint::{Endpoint, SmtpSettings};
use super::error::{SmtpError, SmtpSetupError};
use super::url::SmtpUrl;
use crate::Message;

/// A connection that lay idle for longer is not used again: somebody on the way may have
/// forgotten it.
const MAX_IDLE: Duration = Duration::from_secs(30);

/// How long the relay gets to answer RSET and QUIT, where nothing is lost.
const COURTESY: Duration = Duration::from_secs(10);

/// What a relay offers to this configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProbeReport {
    /// The TLS version in use; `None` without TLS.
    pub tls: Option<&'static str>,
    /// Whether the credentials were accepted; `false` where there are none.
    pub authenticated: bool,
    /// Whether addresses with non-ASCII local parts can be mailed to (RFC 6531).
    pub smtputf8: bool,
    /// Whether lines may hold octets above 127 (RFC 6152). Letters do not need it.
    pub eight_bit_mime: bool,
    /// The largest message that is taken, in octets (RFC 1870); `None` where none is named.
    pub size: Option<u64>,
}

struct Idle {
    connection: Connection,
    since: Instant,
}

/// An SMTP relay with a pool of connections.
pub struct SmtpRelay {
    endpoint: Endpoint,
    permits: Semaphore,
    idle: Mutex<Vec<Idle>>,
    cut: Notify,
}

impl std::fmt::Debug for SmtpRelay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SmtpRelay")
            .field("url", &self.endpoint.url)
            .field("settings", &self.endpoint.settings)
            .finish_non_exhaustive()
    }
}

impl SmtpRelay {
    /// Prepares a relay; connects to nothing yet. Reads the file of the `ca` option.
    pub fn new(url: SmtpUrl, settings: SmtpSettings) -> Result<Self, SmtpSetupError> {
        let endpoint = Endpoint::new(url, settings)?;
        Ok(Self {
            permits: Semaphore::new(endpoint.settings.connections),
            idle: Mutex::new(Vec::new()),
            cut: Notify::new(),
            endpoint,
        })
    }

    /// How many messages may be under way at once.
    pub fn connections(&self) -> usize {
        self.endpoint.settings.connections
    }

    /// How long the relay gets to answer the final dot.
    pub fn dot_timeout(&self) -> Duration {
        self.endpoint.settings.timeouts.final_dot
    }

    /// Hands one message over and says how that ended.
    pub async fn deliver(&self, message: &Message) -> Delivery {
        let since = Instant::now();
        let ended = self.hand_over_or_stop(message).await;
        counted::handed_over(&ended, since.elapsed());
        match ended {
            Ok(()) => Delivery::Accepted,
            Err(error) => {
                let (stage, reason) = (error.stage(), error.reason());
                let code = error.reply().map(|reply| reply.code);
                warn!(%stage, code, %reason, %error, "a letter was not handed over");
                error.delivery()
            }
        }
    }

    /// Ends the hand-overs under way that have not come to the final dot.
    pub fn cut_short(&self) {
        self.cut.notify_waiters();
    }

    async fn hand_over_or_stop(&self, message: &Message) -> Result<(), SmtpError> {
        let is_written = SetOnce::new();
        let cut = self.cut.notified();
        let mut handing_over = pin!(self.hand_over(message, &is_written));
        tokio::select! {
            biased;
            ended = &mut handing_over => return ended,
            () = cut => {}
        }
        if is_written.initialized() {
            return handing_over.await;
        }
        Err(SmtpError::stopped())
    }

    async fn hand_over(
        &self,
        message: &Message,
        is_written: &SetOnce<()>,
    ) -> Result<(), SmtpError> {
        // Never closed, so this waits and does not fail.
        let _permit = self.permits.acquire().await;
        if let Some(connection) = self.take_idle() {
            match self.send(connection, message, is_written).await {
                Err(error) if error.is_stale_connection() => {}
                ended => return ended,
            }
        }
        let connection = Connection::open(&self.endpoint).await?;
        self.send(connection, message, is_written).await
    }

    async fn send(
        &self,
        mut connection: Connection,
        message: &Message,
        is_written: &SetOnce<()>,
    ) -> Result<(), SmtpError> {
        let sent = connection.send(&self.endpoint, message, is_written).await;
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
        let mut connection = Connection::open(&self.endpoint).await?;
        let size = connection.size_limit(&self.endpoint, COURTESY).await;
        connection.quit(COURTESY).await;
        Ok(ProbeReport {
            tls: connection.tls,
            authenticated: connection.is_authenticated,
            smtputf8: connection.takes_utf8(),
            eight_bit_mime: connection.takes_eight_bits(),
            size,
        })
    }
}
