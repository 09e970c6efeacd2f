//! Handing letters over: leased, re-read, composed, handed over, settled.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use consentry_policy::Policy;
use jiff::Timestamp;
use tokio::task::JoinSet;
use tracing::{error, info, warn};

use crate::{
    Error, Service, counted,
    ports::{Delivery, HandOver, LeasedLetter, LetterId, ReplyCode, Settlement, WorkerId},
};

/// What one pass of the dispatcher did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DispatchReport {
    /// Taken by the relay.
    pub sent: u64,
    /// To be tried again.
    pub deferred: u64,
    /// Given up.
    pub failed: u64,
    /// With an unknown end.
    pub uncertain: u64,
    /// No longer owed.
    pub cancelled: u64,
}

impl DispatchReport {
    /// Whether anything was done.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn count(&mut self, settlement: &Settlement) {
        counted::settled(settlement);
        let counter = match settlement {
            Settlement::Sent => &mut self.sent,
            Settlement::Retry(_) => &mut self.deferred,
            Settlement::Failed => &mut self.failed,
            Settlement::Uncertain(_) => &mut self.uncertain,
            Settlement::Cancelled => &mut self.cancelled,
        };
        *counter += 1;
    }
}

/// A lease is 60 s; renewing at a third of it survives two missed renewals.
const RENEWAL: Duration = Duration::from_secs(20);

/// How many letters are leased at a time.
const BATCH: u64 = 200;

/// Between two looks for more letters while some hand-overs take long.
const POLL: Duration = Duration::from_secs(1);

/// How long hand-overs under way may take once the worker is to stop. What is cut off then is
/// uncertain.
const DRAIN: Duration = Duration::from_secs(20);

/// How often, and how long apart at first, a settlement is tried: a letter that was taken and is
/// not settled would be repeated.
const SETTLE_TRIES: u32 = 6;
const SETTLE_WAIT: Duration = Duration::from_millis(200);

impl Service {
    /// Hands over every letter that is due, until none is left or `stop` says so.
    pub async fn dispatch(
        &self,
        worker: &WorkerId,
        stop: &(dyn Fn() -> bool + Send + Sync),
    ) -> Result<DispatchReport, Error> {
        let mut report = DispatchReport::default();
        self.settle_abandoned(worker, &mut report).await?;
        let ended = tokio::select! {
            ended = self.hand_over_all(worker, stop, &mut report) => ended,
            // Never ends: the work above decides how long the leases are held.
            ended = self.keep_leases(worker) => ended,
        };
        if stop() {
            self.store()
                .release_letters(self.controller(), worker)
                .await?;
        }
        if !report.is_empty() {
            info!(
                sent = report.sent,
                deferred = report.deferred,
                failed = report.failed,
                uncertain = report.uncertain,
                cancelled = report.cancelled,
                "letters dispatched"
            );
        }
        ended.map(|()| report)
    }

    /// Keeps every slot of the mailer busy: a relay that hangs over one letter holds up no other.
    async fn hand_over_all(
        &self,
        worker: &WorkerId,
        stop: &(dyn Fn() -> bool + Send + Sync),
        report: &mut DispatchReport,
    ) -> Result<(), Error> {
        let mut waiting = VecDeque::new();
        // Tasks of their own: a store may let writers take turns, and whoever waits here must not
        // hold one up.
        let mut under_way = JoinSet::new();
        let mut stopping = None;
        loop {
            if waiting.is_empty() && !stop() {
                let store = self.store();
                let leased = store.lease_letters(self.controller(), worker, self.now(), BATCH);
                waiting.extend(leased.await?);
            }
            while under_way.len() < self.mailer().concurrency() && !stop() {
                let Some(letter) = waiting.pop_front() else {
                    break;
                };
                let (service, worker) = (self.clone(), worker.clone());
                under_way.spawn(async move { service.hand_over(&worker, letter).await });
            }
            if stop() && stopping.get_or_insert_with(Instant::now).elapsed() > DRAIN {
                return Ok(());
            }
            tokio::select! {
                ended = under_way.join_next() => match ended {
                    None => return Ok(()),
                    Some(Ok(Ok(Some(settlement)))) => report.count(&settlement),
                    Some(Ok(Ok(None))) => {}
                    // The lease runs out and the letter is picked up again.
                    Some(Ok(Err(error))) => warn!(%error, "a letter could not be settled"),
                    Some(Err(_)) => error!("a hand-over panicked"),
                },
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    /// Letters that a dead worker was handing over: nobody knows how it ended.
    async fn settle_abandoned(
        &self,
        worker: &WorkerId,
        report: &mut DispatchReport,
    ) -> Result<(), Error> {
        let store = self.store();
        let abandoned = store
            .abandoned_letters(self.controller(), worker, BATCH)
            .await?;
        for letter in abandoned {
            let now = self.now();
            let settlement = uncertain(&letter, self.policy(), now);
            self.settle(worker, letter.id, &settlement, None).await?;
            report.count(&settlement);
        }
        Ok(())
    }

    async fn keep_leases(&self, worker: &WorkerId) -> Result<(), Error> {
        loop {
            tokio::time::sleep(RENEWAL).await;
            if let Err(error) = self.store().renew_letters(self.controller(), worker).await {
                warn!(%error, "leases could not be renewed");
            }
        }
    }

    /// `None` when the lease was lost meanwhile: whoever has it now settles the letter.
    async fn hand_over(
        &self,
        worker: &WorkerId,
        letter: LeasedLetter,
    ) -> Result<Option<Settlement>, Error> {
        let store = self.store();
        // The person is read again here, in the transaction that marks the letter as being
        // handed over: whoever left or was erased before this instant gets nothing (S0-53).
        let begun = store
            .begin_hand_over(self.controller(), worker, letter.id)
            .await?;
        let composed = match begun {
            HandOver::LeaseLost => return Ok(None),
            HandOver::NobodyThere => None,
            HandOver::Begun(person) => self.compose(&letter, &person, self.now()),
        };
        let (settlement, reply) = match composed {
            None => (Settlement::Cancelled, None),
            Some(composed) => {
                let delivery = self.mailer().deliver(&composed).await;
                self.judge(&letter, delivery)
            }
        };
        self.settle(worker, letter.id, &settlement, reply).await?;
        Ok(Some(settlement))
    }

    async fn settle(
        &self,
        worker: &WorkerId,
        letter: LetterId,
        settlement: &Settlement,
        reply: Option<ReplyCode>,
    ) -> Result<(), Error> {
        let (store, controller) = (self.store(), self.controller());
        let mut wait = SETTLE_WAIT;
        for _ in 1..SETTLE_TRIES {
            let now = self.now();
            match store
                .settle(controller, worker, letter, settlement, reply, now)
                .await
            {
                Ok(()) => return Ok(()),
                Err(error) => warn!(%error, "a letter could not be settled, trying again"),
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
        let now = self.now();
        Ok(store
            .settle(controller, worker, letter, settlement, reply, now)
            .await?)
    }

    fn judge(&self, letter: &LeasedLetter, delivery: Delivery) -> (Settlement, Option<ReplyCode>) {
        let now = self.now();
        match delivery {
            Delivery::Accepted => (Settlement::Sent, None),
            Delivery::Refused(reply) => (Settlement::Failed, reply),
            Delivery::Uncertain => (uncertain(letter, self.policy(), now), None),
            Delivery::Deferred(reply) => {
                let policy = self.policy();
                let give_up = policy
                    .mail
                    .retry_for
                    .after(letter.queued_at, &policy.time_zone);
                let jitter = u16::from_be_bytes(self.random());
                let next = now
                    .checked_add(retry_wait(letter.attempts, jitter))
                    .unwrap_or(Timestamp::MAX);
                if next >= give_up {
                    (Settlement::Failed, reply)
                } else {
                    (Settlement::Retry(next), reply)
                }
            }
        }
    }
}

/// One repeat where a missing letter is worse than a second one, none for the reminder.
fn uncertain(letter: &LeasedLetter, policy: &Policy, now: Timestamp) -> Settlement {
    let repeats = letter.kind.repeats_when_uncertain() && letter.uncertain == 0;
    let wait = policy.mail.uncertain_after;
    Settlement::Uncertain(repeats.then(|| wait.after(now, &policy.time_zone)))
}

/// The wait before the next try: two within the first quarter of an hour, for greylisting,
/// then growing to three hours (RFC 5321 section 4.5.4.1); spread by a fifth either way so
/// that an outage does not end in a stampede.
fn retry_wait(attempts: u32, jitter: u16) -> Duration {
    const MINUTES: [u64; 7] = [2, 10, 30, 60, 90, 120, 180];
    let step = usize::try_from(attempts).unwrap_or(usize::MAX);
    let minutes = MINUTES[step.min(MINUTES.len() - 1)];
    let spread = 0.8 + 0.4 * f64::from(jitter) / f64::from(u16::MAX);
    Duration::from_secs(minutes * 60).mul_f64(spread)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_three_hours_and_never_shrink_below_four_fifths() {
        for attempts in 0..20 {
            let (least, most) = (retry_wait(attempts, 0), retry_wait(attempts, u16::MAX));
            assert!(least < most);
            assert!(least >= Duration::from_secs(96));
            assert!(most <= Duration::from_mins(3 * 60 * 12 / 10));
            assert!(retry_wait(attempts + 1, 0) >= least);
        }
    }
}
