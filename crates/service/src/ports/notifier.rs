//! Who carries a message to an endpoint.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Serialize;

use super::{MessageId, WebhookSecret, WebhookUrl};
use crate::record::SubscriberRecord;

/// A message, ready to be signed and sent. Nothing of it is stored.
#[derive(Debug, Clone)]
pub struct Notification {
    /// Its name, the same on every try.
    pub message: MessageId,
    /// When this try begins: signed, so that a recorded message cannot be replayed later.
    pub sent_at: Timestamp,
    /// Where it goes.
    pub url: WebhookUrl,
    /// What signs it; one signature for each.
    pub secrets: Vec<WebhookSecret>,
    /// The body.
    pub payload: Payload,
}

/// The body of a message, in the shape of the Standard Webhooks specification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Payload {
    /// What happened, such as `subscriber.confirmed`.
    pub r#type: &'static str,
    /// When it happened (RFC 3339).
    pub timestamp: String,
    /// Whom it concerns.
    pub data: PayloadData,
}

/// Whom a message concerns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PayloadData {
    /// The record's number: random, and all that names a person who is erased or purged.
    pub subject: String,
    /// The topics concerned; none where it concerns everything.
    pub topics: Vec<String>,
    /// The person as they are now, not as they were when it happened; `null` for whoever is
    /// erased, purged or restricted (GDPR art. 18(2)).
    pub subscriber: Option<SubscriberRecord>,
}

/// How a try ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotifyOutcome {
    /// A 2xx.
    Delivered,
    /// Any other answer; redirects are not followed.
    Refused(u16),
    /// No answer in time, or none that is HTTP.
    Unreachable,
}

/// Signs messages and sends them.
#[async_trait]
pub trait Notifier: Send + Sync {
    /// Signs and sends one message. Never panics, always returns in bounded time: within 20 s, or
    /// the lease of the delivery may run out.
    async fn notify(&self, notification: &Notification) -> NotifyOutcome;
}
