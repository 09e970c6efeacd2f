//! Telling endpoints: leased, read again, sent, settled. Each endpoint goes at its own pace.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;
use tracing::{error, info, warn};

use crate::{
    Error, Service,
    ports::{
        DeliverySettlement, LeasedDelivery, MessageId, Notification, NotifyOutcome, WebhookId,
        WebhookSecret, WebhookUrl, WorkerId,
    },
    webhooks::Webhooks,
};

/// What one pass did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NotifyReport {
    /// Taken by an endpoint.
    pub delivered: u64,
    /// To be tried again.
    pub deferred: u64,
    /// Given up.
    pub dead: u64,
}

impl NotifyReport {
    /// Whether nothing was done.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn count(&mut self, settlement: DeliverySettlement) {
        let counter = match settlement {
            DeliverySettlement::Delivered => &mut self.delivered,
            DeliverySettlement::Retry { .. } => &mut self.deferred,
            DeliverySettlement::Dead { .. } => &mut self.dead,
        };
        *counter += 1;
    }

    fn add(&mut self, other: Self) {
        self.delivered += other.delivered;
        self.deferred += other.deferred;
        self.dead += other.dead;
    }
}

/// Messages under way to one endpoint.
const BATCH: u64 = 8;

/// Between two looks while an endpoint is slow.
const POLL: Duration = Duration::from_secs(1);

/// How long the operator can queue a message again that was given up.
const DEAD: SignedDuration = SignedDuration::from_hours(30 * 24);

/// An endpoint that does not answer is left alone for no longer than this.
const PAUSE: Duration = Duration::from_mins(1);

impl Service {
    /// Tells every endpoint what it is owed, until nothing is due or `stop` says so.
    pub async fn notify(
        &self,
        worker: &WorkerId,
        stop: &(dyn Fn() -> bool + Send + Sync),
    ) -> Result<NotifyReport, Error> {
        let mut report = NotifyReport::default();
        let Some(webhooks) = self.webhooks() else {
            return Ok(report);
        };
        let (store, controller) = (webhooks.store(), self.controller());
        // Tasks of their own: an endpoint that hangs holds up no other.
        let mut under_way: JoinSet<Result<NotifyReport, Error>> = JoinSet::new();
        let mut tasks: HashMap<tokio::task::Id, WebhookId> = HashMap::new();
        let mut resting: HashMap<WebhookId, Instant> = HashMap::new();
        loop {
            let due = if stop() {
                Vec::new()
            } else {
                store.due_webhooks(controller, self.now()).await?
            };
            resting.retain(|_, since| since.elapsed() < POLL);
            for id in due {
                if resting.contains_key(&id) || tasks.values().any(|busy| *busy == id) {
                    continue;
                }
                let (webhooks, worker) = (webhooks.clone(), worker.clone());
                let task = under_way.spawn(async move { webhooks.tell(id, &worker).await });
                tasks.insert(task.id(), id);
            }
            let ended = tokio::select! {
                ended = under_way.join_next_with_id() => ended,
                () = tokio::time::sleep(POLL) => continue,
            };
            let Some(ended) = ended else { break };
            let task = ended
                .as_ref()
                .map_or_else(tokio::task::JoinError::id, |(id, _)| *id);
            let webhook = tasks.remove(&task);
            match ended {
                Ok((_, Ok(told))) if !told.is_empty() => report.add(told),
                // Somebody else took what was due, or the store failed: looked at again in a while.
                Ok((_, told)) => {
                    if let Err(error) = told {
                        warn!(%error, "a webhook could not be settled");
                    }
                    resting.extend(webhook.map(|id| (id, Instant::now())));
                }
                Err(_) => {
                    error!("a delivery to a webhook panicked");
                    resting.extend(webhook.map(|id| (id, Instant::now())));
                }
            }
        }
        if !report.is_empty() {
            let NotifyReport {
                delivered,
                deferred,
                dead,
            } = report;
            info!(delivered, deferred, dead, "webhooks told");
        }
        Ok(report)
    }

    /// Removes the messages that were given up so long ago that nobody will queue them again.
    pub(crate) async fn forget_dead_deliveries(&self) -> Result<(), Error> {
        if let Some(webhooks) = self.webhooks() {
            let before = self.now().checked_sub(DEAD).unwrap_or(Timestamp::MIN);
            let store = webhooks.store();
            store
                .forget_dead_deliveries(self.controller(), before)
                .await?;
        }
        Ok(())
    }
}

impl Webhooks {
    /// Sends one batch to one endpoint.
    async fn tell(&self, webhook: WebhookId, worker: &WorkerId) -> Result<NotifyReport, Error> {
        let (store, controller) = (self.store(), self.service.controller());
        let now = self.service.now();
        let leased = store
            .lease_deliveries(controller, worker, webhook, now, BATCH)
            .await?;
        let mut report = NotifyReport::default();
        let Some(batch) = leased else {
            return Ok(report);
        };
        let mut under_way = JoinSet::new();
        for delivery in batch.deliveries {
            let (webhooks, worker) = (self.clone(), worker.clone());
            let (url, secrets) = (batch.url.clone(), batch.secrets.clone());
            under_way.spawn(async move { webhooks.send(&worker, delivery, url, secrets).await });
        }
        while let Some(ended) = under_way.join_next().await {
            match ended {
                Ok(Ok(settlement)) => report.count(settlement),
                // The lease runs out and the message is sent again.
                Ok(Err(error)) => warn!(%error, "a delivery could not be settled"),
                Err(_) => error!("a delivery to a webhook panicked"),
            }
        }
        Ok(report)
    }

    async fn send(
        &self,
        worker: &WorkerId,
        delivery: LeasedDelivery,
        url: WebhookUrl,
        secrets: Vec<WebhookSecret>,
    ) -> Result<DeliverySettlement, Error> {
        let (service, controller) = (&self.service, self.service.controller());
        // As they are now: nothing personal waits in the outbox.
        let person = service
            .store()
            .subject(controller, delivery.subject)
            .await?;
        let now = service.now();
        let notification = Notification {
            message: delivery.message,
            sent_at: now,
            url,
            secrets,
            payload: self.payload(&delivery, person.as_ref(), now),
        };
        let outcome = self.parts.notifier.notify(&notification).await;
        let settlement = self.judge(&delivery, outcome);
        self.settle(worker, delivery.message, settlement).await?;
        Ok(settlement)
    }

    async fn settle(
        &self,
        worker: &WorkerId,
        message: MessageId,
        settlement: DeliverySettlement,
    ) -> Result<(), Error> {
        let (store, controller) = (self.store(), self.service.controller());
        let now = self.service.now();
        Ok(store
            .settle_delivery(controller, worker, message, settlement, now)
            .await?)
    }

    fn judge(&self, delivery: &LeasedDelivery, outcome: NotifyOutcome) -> DeliverySettlement {
        let status = match outcome {
            NotifyOutcome::Delivered => return DeliverySettlement::Delivered,
            NotifyOutcome::Refused(status) => Some(status),
            NotifyOutcome::Unreachable => None,
        };
        let jitter = u16::from_be_bytes(self.service.random());
        let Some(wait) = retry_wait(delivery.attempts, jitter) else {
            return DeliverySettlement::Dead { status };
        };
        let now = self.service.now();
        let after = |wait: Duration| now.checked_add(wait).unwrap_or(Timestamp::MAX);
        // What the endpoint says of one message says nothing of the others.
        let is_about_this_one = status.is_some_and(|status| {
            (300..500).contains(&status) && !matches!(status, 401 | 403 | 404 | 408 | 410 | 429)
        });
        DeliverySettlement::Retry {
            at: after(wait),
            pause_until: (!is_about_this_one).then(|| after(wait.min(PAUSE))),
            status,
        }
    }
}

/// The wait after so many tries: the schedule that the Standard Webhooks specification proposes,
/// ten tries over three days, spread by a fifth either way. `None` when that was the last one.
fn retry_wait(attempts: u32, jitter: u16) -> Option<Duration> {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const SECONDS: [u64; 9] = [
        5,
        5 * MINUTE,
        30 * MINUTE,
        2 * HOUR,
        5 * HOUR,
        10 * HOUR,
        14 * HOUR,
        20 * HOUR,
        24 * HOUR,
    ];
    let step = usize::try_from(attempts.checked_sub(1)?).ok()?;
    let spread = 0.8 + 0.4 * f64::from(jitter) / f64::from(u16::MAX);
    Some(Duration::from_secs(*SECONDS.get(step)?).mul_f64(spread))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_tries_over_three_days() {
        let waits: Vec<_> = (1..)
            .map_while(|attempts| retry_wait(attempts, u16::MAX / 2))
            .collect();
        assert_eq!(waits.len(), 9);
        assert!(waits.windows(2).all(|pair| pair[0] < pair[1]));
        let total: Duration = waits.iter().sum();
        assert!(total > Duration::from_hours(3 * 24) && total < Duration::from_hours(4 * 24));
        assert!(retry_wait(1, 0).is_some_and(|wait| wait == Duration::from_secs(4)));
        assert!(retry_wait(1, u16::MAX).is_some_and(|wait| wait == Duration::from_secs(6)));
    }
}
