//! Signed webhooks over HTTP/1.1: the one HTTP client of Consentry.
//!
//! [`HttpNotifier`] is the notifier of the service. It speaks to the URLs that the operator
//! registered and to nothing else: redirects are not followed, no proxy is used, nothing is fetched.
//! Whether such a URL lies in a private network is the operator's choice (`consentry-admin webhook
//! add`); no visitor and no API key can register one.
//!
//! Messages are signed by the [Standard Webhooks] scheme: HMAC-SHA256 over
//! `webhook-id.webhook-timestamp.body`, one signature for each living secret. Any of its libraries
//! verifies them.
//!
//! Architecture invariants: https with a verified certificate unless the host is loopback; each try
//! ends within [`TIMEOUT`]; no more of an answer is read than its head, at most 16 KiB; no URL, no
//! secret, no body and no word of an answer is in a log or an error.
//!
//! [Standard Webhooks]: https://www.standardwebhooks.com
//!
//! ```
//! use consentry_webhook::HttpNotifier;
//!
//! let notifier = HttpNotifier::new()?;
//! # drop(notifier);
//! # Ok::<(), consentry_webhook::WebhookSetupError>(())
//! ```

mod connection;
mod signature;

use std::{fmt, path::Path, time::Duration};

use async_trait::async_trait;
use consentry_service::ports::{Notification, Notifier, NotifyOutcome};
use thiserror::Error;
use tokio::time::timeout;
use tracing::debug;

use crate::connection::Client;
pub use crate::signature::sign;

/// How long one try may take: name, connection, TLS, request and the head of the answer.
pub const TIMEOUT: Duration = Duration::from_secs(15);

/// Sends messages over HTTP/1.1, each over a connection of its own.
pub struct HttpNotifier {
    client: Client,
    timeout: Duration,
}

impl fmt::Debug for HttpNotifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpNotifier")
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// Why there is no client.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WebhookSetupError {
    /// The file of certificates cannot be read, or holds none.
    #[error("the file of certificate authorities cannot be used")]
    Authorities,
    /// TLS cannot be set up.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
}

impl HttpNotifier {
    /// Trusts the public certificate authorities.
    ///
    /// # Errors
    /// [`WebhookSetupError::Tls`].
    pub fn new() -> Result<Self, WebhookSetupError> {
        Self::with(None)
    }

    /// Trusts the authorities of this PEM file alone: for endpoints under a private authority.
    ///
    /// # Errors
    /// [`WebhookSetupError`].
    pub fn trusting(authorities: &Path) -> Result<Self, WebhookSetupError> {
        Self::with(Some(authorities))
    }

    fn with(authorities: Option<&Path>) -> Result<Self, WebhookSetupError> {
        Ok(Self {
            client: Client::new(authorities)?,
            timeout: TIMEOUT,
        })
    }

    /// The same with another limit of time; at most [`TIMEOUT`].
    #[must_use]
    pub fn within(mut self, limit: Duration) -> Self {
        self.timeout = limit.min(TIMEOUT);
        self
    }
}

#[async_trait]
impl Notifier for HttpNotifier {
    async fn notify(&self, notification: &Notification) -> NotifyOutcome {
        match timeout(self.timeout, self.client.post(notification)).await {
            Ok(Ok(status)) if status.is_success() => NotifyOutcome::Delivered,
            Ok(Ok(status)) => NotifyOutcome::Refused(status.as_u16()),
            Ok(Err(fault)) => {
                debug!(%fault, "an endpoint could not be told");
                NotifyOutcome::Unreachable
            }
            Err(_elapsed) => {
                debug!("an endpoint did not answer in time");
                NotifyOutcome::Unreachable
            }
        }
    }
}
