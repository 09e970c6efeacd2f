//! Webhooks as the operator handles them: endpoints, secrets, what waits and what was given up.

use std::{fmt, sync::Arc};

use consentry_domain::Subject;
use consentry_policy::Period;
use jiff::Timestamp;

use crate::{
    Error, Service,
    ports::{
        DeliveryRecord, DeliveryState, EventKind, LeasedDelivery, MessageId, Notifier, Payload,
        PayloadData, Webhook, WebhookId, WebhookSecret, WebhookStore, WebhookUrl,
    },
    record::SubscriberRecord,
};

/// What webhooks need from the outside.
#[derive(Clone)]
pub(crate) struct WebhookParts {
    pub(crate) store: Arc<dyn WebhookStore>,
    pub(crate) notifier: Arc<dyn Notifier>,
}

/// The use cases of webhooks. Made by [`Service::webhooks`].
///
/// Endpoints are registered by whoever operates the installation, never through the API: an
/// endpoint gets the addresses of people, and may lie in a network that only this machine reaches.
#[derive(Clone)]
pub struct Webhooks {
    pub(crate) service: Service,
    pub(crate) parts: WebhookParts,
}

impl fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Webhooks").field(&self.service).finish()
    }
}

impl Service {
    /// The same service, telling endpoints of changes: without this, nobody is told.
    #[must_use]
    pub fn with_webhooks(
        mut self,
        store: Arc<dyn WebhookStore>,
        notifier: Arc<dyn Notifier>,
    ) -> Self {
        self.extensions.webhooks = Some(WebhookParts { store, notifier });
        self
    }

    /// The use cases of webhooks, where there are any.
    pub fn webhooks(&self) -> Option<Webhooks> {
        Some(Webhooks {
            service: self.clone(),
            parts: self.extensions.webhooks.clone()?,
        })
    }
}

/// How long the former secret signs too after a rotation: time to bring it to the receiver.
const FORMER: Period = Period::WEEK;

impl Webhooks {
    /// Registers an endpoint, for these events or, if there are none, for all. Its secret is told
    /// here and never again.
    pub async fn add(
        &self,
        url: WebhookUrl,
        events: Vec<EventKind>,
    ) -> Result<(Webhook, WebhookSecret), Error> {
        let webhook = Webhook {
            id: WebhookId(u64::from_be_bytes(self.service.random())),
            url,
            events,
            created_at: self.service.now(),
            former_until: None,
            delivered_at: None,
            paused_until: None,
        };
        let secret = WebhookSecret::new(self.service.random());
        self.store()
            .add_webhook(self.service.controller(), &webhook, &secret)
            .await?;
        Ok((webhook, secret))
    }

    /// Every endpoint, oldest first.
    pub async fn list(&self) -> Result<Vec<Webhook>, Error> {
        Ok(self.store().webhooks(self.service.controller()).await?)
    }

    /// Removes an endpoint with what waits for it; `false` when there is none of this name.
    pub async fn remove(&self, id: WebhookId) -> Result<bool, Error> {
        let controller = self.service.controller();
        Ok(self.store().remove_webhook(controller, id).await?)
    }

    /// Gives an endpoint a new secret, told here and never again, and until when the former one
    /// signs too. `None` when there is no endpoint of this name.
    pub async fn rotate(&self, id: WebhookId) -> Result<Option<(WebhookSecret, Timestamp)>, Error> {
        let secret = WebhookSecret::new(self.service.random());
        let now = self.service.now();
        let calendar = &self.service.policy().calendar;
        let until = FORMER.after(now, calendar);
        let is_there = self
            .store()
            .rotate_webhook(self.service.controller(), id, &secret, until)
            .await?;
        Ok(is_there.then_some((secret, until)))
    }

    /// What waits or was given up, oldest first, at most `limit`.
    pub async fn deliveries(
        &self,
        state: Option<DeliveryState>,
        limit: u64,
    ) -> Result<Vec<DeliveryRecord>, Error> {
        let controller = self.service.controller();
        Ok(self.store().deliveries(controller, state, limit).await?)
    }

    /// Queues what was given up again: one message, or all. Says how many.
    pub async fn requeue(&self, message: Option<MessageId>) -> Result<u64, Error> {
        let now = self.service.now();
        let controller = self.service.controller();
        Ok(self
            .store()
            .requeue_deliveries(controller, message, now)
            .await?)
    }

    pub(crate) fn store(&self) -> &dyn WebhookStore {
        self.parts.store.as_ref()
    }

    /// What a message says of a person as they are now; an address only of whoever may be told of.
    pub(crate) fn payload(
        &self,
        delivery: &LeasedDelivery,
        person: Option<&Subject>,
        now: Timestamp,
    ) -> Payload {
        let policy = self.service.policy();
        let may_be_told =
            |person: &&Subject| person.restricted_at.is_none() && person.is_visible(policy, now);
        Payload {
            r#type: delivery.notice.kind.as_str(),
            timestamp: delivery.notice.at.to_string(),
            data: PayloadData {
                subject: delivery.subject.to_string(),
                topics: delivery
                    .notice
                    .topics
                    .iter()
                    .map(ToString::to_string)
                    .collect(),
                subscriber: person.filter(may_be_told).map(SubscriberRecord::new),
            },
        }
    }
}
