//! Webhooks: who is told of which changes, and the deliveries that wait.

use std::{fmt, num::ParseIntError, str::FromStr};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use consentry_domain::{Action, ConsentEvent, SubjectId};
use consentry_policy::{ControllerId, TopicId};
use jiff::Timestamp;
use thiserror::Error;
use url::{Host, Url};

use super::{StoreError, WorkerId};

/// Names an endpoint. Random.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WebhookId(pub u64);

/// Names a message, on every try the same: the `webhook-id` by which a receiver knows a repeat.
/// Random.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub u64);

impl fmt::Display for WebhookId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for WebhookId {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "msg_{:016x}", self.0)
    }
}

impl FromStr for MessageId {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        let digits = text.strip_prefix("msg_").unwrap_or(text);
        u64::from_str_radix(digits, 16).map(Self)
    }
}

/// A change of state that an endpoint can be told of.
///
/// A request that nobody has confirmed is not among them: its address is not proven, and a
/// stranger may have typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum EventKind {
    /// Topics were confirmed (S0-26).
    Confirmed,
    /// Topics were left (S0-47 to S0-49).
    TopicLeft,
    /// Everything was left (S0-50).
    Unsubscribed,
    /// Processing was restricted; recipients are to be told (GDPR art. 19).
    Restricted,
    /// The restriction was lifted.
    RestrictionLifted,
    /// A new address was confirmed (GDPR art. 16 and 19).
    AddressChanged,
    /// The person is hidden; delete what you have of them (GDPR art. 17 and 19).
    Erased,
    /// The record is gone.
    Purged,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Confirmed,
        Self::TopicLeft,
        Self::Unsubscribed,
        Self::Restricted,
        Self::RestrictionLifted,
        Self::AddressChanged,
        Self::Erased,
        Self::Purged,
    ];

    /// The written form: `type` in the payload.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "subscriber.confirmed",
            Self::TopicLeft => "subscriber.topic_left",
            Self::Unsubscribed => "subscriber.unsubscribed",
            Self::Restricted => "subscriber.restricted",
            Self::RestrictionLifted => "subscriber.restriction_lifted",
            Self::AddressChanged => "subscriber.address_changed",
            Self::Erased => "subscriber.erased",
            Self::Purged => "subscriber.purged",
        }
    }

    fn of(event: &ConsentEvent) -> Option<Self> {
        match event.evidence.action {
            Action::Confirmed => Some(Self::Confirmed),
            Action::Objected if event.evidence.topic.is_some() => Some(Self::TopicLeft),
            Action::Objected => Some(Self::Unsubscribed),
            Action::Restricted => Some(Self::Restricted),
            Action::RestrictionLifted => Some(Self::RestrictionLifted),
            Action::Rectified => Some(Self::AddressChanged),
            Action::ErasureRequested => Some(Self::Erased),
            Action::Requested
            | Action::RequestedAgain
            | Action::Reminded
            | Action::RectificationRequested
            | Action::RectificationWithdrawn
            | Action::Exported
            // The operator has the file.
            | Action::Imported => None,
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "the events are subscriber.confirmed, .topic_left, .unsubscribed, .restricted, .restriction_lifted, .address_changed, .erased and .purged"
)]
pub struct UnknownEvent;

impl FromStr for EventKind {
    type Err = UnknownEvent;

    fn from_str(text: &str) -> Result<Self, UnknownEvent> {
        let named = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        named.ok_or(UnknownEvent)
    }
}

/// What the endpoints are told about one change: no address, no name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What happened.
    pub kind: EventKind,
    /// The topics concerned; none where it concerns everything.
    pub topics: Vec<TopicId>,
    /// When.
    pub at: Timestamp,
}

impl Notice {
    /// What the evidence of one change tells: one notice of each kind, in the order of the
    /// evidence.
    pub fn of(events: &[ConsentEvent]) -> Vec<Self> {
        let mut notices: Vec<Self> = Vec::new();
        for event in events {
            let Some(kind) = EventKind::of(event) else {
                continue;
            };
            let topics = event.evidence.topic.clone();
            match notices.iter_mut().find(|notice| notice.kind == kind) {
                Some(notice) => notice.topics.extend(topics),
                None => notices.push(Self {
                    kind,
                    topics: topics.into_iter().collect(),
                    at: event.evidence.at,
                }),
            }
        }
        notices
    }
}

/// Where an endpoint is. `Debug` tells the host alone: paths of such URLs may be secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookUrl(Url);

/// Why a URL is no endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WebhookUrlError {
    /// Not an absolute http(s) URL, or one with a user, a password or a fragment.
    #[error("not an absolute https URL without user and fragment")]
    Malformed,
    /// Addresses must not travel in the clear.
    #[error("must be https unless the host is loopback")]
    Insecure,
}

impl WebhookUrl {
    /// Reads a URL. Private networks are allowed: whether an endpoint behind the firewall is to be
    /// told is the operator's choice, and only the operator can register one.
    ///
    /// # Errors
    /// What [`WebhookUrlError`] says.
    pub fn parse(text: &str) -> Result<Self, WebhookUrlError> {
        let url = Url::parse(text).map_err(|_| WebhookUrlError::Malformed)?;
        let is_bare =
            url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        let host = url
            .host()
            .filter(|_| is_bare)
            .ok_or(WebhookUrlError::Malformed)?;
        let is_loopback = match host {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        match url.scheme() {
            "https" => Ok(Self(url)),
            "http" if is_loopback => Ok(Self(url)),
            "http" => Err(WebhookUrlError::Insecure),
            _ => Err(WebhookUrlError::Malformed),
        }
    }

    /// The whole URL, for the connection and for the operator.
    pub fn expose(&self) -> &Url {
        &self.0
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookUrl({})", self.0.host_str().unwrap_or_default())
    }
}

/// The key of the signatures of one endpoint. Redacted in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret([u8; 32]);

impl WebhookSecret {
    /// A secret from random bytes, or read back from a store.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// As the operator copies it to the receiver: `whsec_` and base64, the form that the libraries
    /// of the Standard Webhooks specification read.
    pub fn written(&self) -> String {
        format!("whsec_{}", STANDARD.encode(self.0))
    }

    /// The bytes themselves: what HMAC-SHA256 takes.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret([redacted])")
    }
}

/// An endpoint, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its name.
    pub id: WebhookId,
    /// Where it is.
    pub url: WebhookUrl,
    /// What it is told of; none is everything.
    pub events: Vec<EventKind>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// Until when the former secret signs too, after a rotation.
    pub former_until: Option<Timestamp>,
    /// When it last took a message.
    pub delivered_at: Option<Timestamp>,
    /// Until when nothing is sent to it, after it failed.
    pub paused_until: Option<Timestamp>,
}

impl Webhook {
    /// Whether it is told of this.
    pub fn wants(&self, kind: EventKind) -> bool {
        self.events.is_empty() || self.events.contains(&kind)
    }
}

/// Where a delivery stands. What was delivered is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeliveryState {
    /// Waits for its turn, for its next try, or for the messages of the same person before it.
    Queued,
    /// Given up; kept for 30 days, so that the operator can queue it again.
    Dead,
}

impl DeliveryState {
    /// The written form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Dead => "dead",
        }
    }
}

/// A message that waits or was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRecord {
    /// Its name.
    pub message: MessageId,
    /// Whom it is for.
    pub webhook: WebhookId,
    /// Whom it speaks of.
    pub subject: SubjectId,
    /// What happened.
    pub notice: Notice,
    /// Where it stands.
    pub state: DeliveryState,
    /// Tries begun.
    pub attempts: u32,
    /// The next try; `None` when no more is made.
    pub due_at: Option<Timestamp>,
    /// The status of the last answer; `None` when there was none.
    pub status: Option<u16>,
}

/// A batch that this worker has taken for one endpoint.
#[derive(Debug, Clone)]
pub struct LeasedBatch {
    /// Where it goes.
    pub url: WebhookUrl,
    /// What signs it: the secret, and for some time after a rotation the former one.
    pub secrets: Vec<WebhookSecret>,
    /// The messages, each of another person.
    pub deliveries: Vec<LeasedDelivery>,
}

/// A message that this worker has taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeasedDelivery {
    /// Its name.
    pub message: MessageId,
    /// Whom it speaks of.
    pub subject: SubjectId,
    /// What happened.
    pub notice: Notice,
    /// Tries begun, this one included.
    pub attempts: u32,
}

/// How a try is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliverySettlement {
    /// The endpoint took it; nothing of it is kept.
    Delivered,
    /// Not taken; the next try is at this instant.
    Retry {
        /// When.
        at: Timestamp,
        /// Until when nothing else is sent there either.
        pause_until: Option<Timestamp>,
        /// What the endpoint answered.
        status: Option<u16>,
    },
    /// Not taken and not tried again.
    Dead {
        /// What the endpoint answered.
        status: Option<u16>,
    },
}

/// Where endpoints and their deliveries are kept.
///
/// Whoever implements [`UnitOfWork`](super::UnitOfWork) queues [`Notice::of`] the events of each
/// saved change, and an [`EventKind::Purged`] for each purged person, for every endpoint that
/// wants it, *in the same commit*. A purge removes the person's other deliveries.
#[async_trait]
pub trait WebhookStore: Send + Sync {
    /// Adds an endpoint.
    async fn add_webhook(
        &self,
        controller: &ControllerId,
        webhook: &Webhook,
        secret: &WebhookSecret,
    ) -> Result<(), StoreError>;

    /// Every endpoint, oldest first.
    async fn webhooks(&self, controller: &ControllerId) -> Result<Vec<Webhook>, StoreError>;

    /// Removes an endpoint and what waits for it; `false` when there is none of this name.
    async fn remove_webhook(
        &self,
        controller: &ControllerId,
        id: WebhookId,
    ) -> Result<bool, StoreError>;

    /// Gives an endpoint another secret; the present one signs too until `former_until`. `false`
    /// when there is none of this name.
    async fn rotate_webhook(
        &self,
        controller: &ControllerId,
        id: WebhookId,
        secret: &WebhookSecret,
        former_until: Timestamp,
    ) -> Result<bool, StoreError>;

    /// What waits or was given up, oldest first, at most `limit`.
    async fn deliveries(
        &self,
        controller: &ControllerId,
        state: Option<DeliveryState>,
        limit: u64,
    ) -> Result<Vec<DeliveryRecord>, StoreError>;

    /// Queues messages again that were given up: this one, or all. Says how many.
    async fn requeue_deliveries(
        &self,
        controller: &ControllerId,
        message: Option<MessageId>,
        now: Timestamp,
    ) -> Result<u64, StoreError>;

    /// Removes messages that were given up at or before this instant.
    async fn forget_dead_deliveries(
        &self,
        controller: &ControllerId,
        before: Timestamp,
    ) -> Result<u64, StoreError>;

    /// The endpoints for which something can be leased now.
    async fn due_webhooks(
        &self,
        controller: &ControllerId,
        now: Timestamp,
    ) -> Result<Vec<WebhookId>, StoreError>;

    /// Takes messages that are due, oldest first, never one whose person has an earlier message
    /// waiting for the same endpoint. A lease outlives a killed worker by at most 60 s.
    async fn lease_deliveries(
        &self,
        controller: &ControllerId,
        worker: &WorkerId,
        webhook: WebhookId,
        now: Timestamp,
        limit: u64,
    ) -> Result<Option<LeasedBatch>, StoreError>;

    /// Writes how a try ended. Does nothing when the lease was lost meanwhile.
    async fn settle_delivery(
        &self,
        controller: &ControllerId,
        worker: &WorkerId,
        message: MessageId,
        settlement: DeliverySettlement,
        now: Timestamp,
    ) -> Result<(), StoreError>;
}
