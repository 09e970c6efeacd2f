//! Handing letters over: leased, re-read, composed, handed over, settled.

mod pace;
mod pass;

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tracing::{error, info, warn};

use self::pass::Pass;
use crate::{
    Error, Service, counted,
    outcome::Outcome,
    ports::{EndedHandOver, LetterId, Reason, Settlement, StoreError, Trouble, WorkerId},
    together::Shared,
};

/// What one pass of the dispatcher did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DispatchReport {
    /// Taken by the relay.
    pub sent: u64,
    /// To be tried again.
    pub deferred: u64,
    /// Of the deferred: those for which the operator has to mend something first.
    pub for_operator: u64,
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

    fn count(&mut self, outcome: &Outcome) {
        counted::settled(&outcome.settlement);
        let is_operators = |trouble: Trouble| trouble.reason.is_operators();
        if outcome.trouble.is_some_and(is_operators) {
            self.for_operator += 1;
        }
        let counter = match outcome.settlement {
            Settlement::Sent => &mut self.sent,
            Settlement::Retry(_) => &mut self.deferred,
            Settlement::Failed => &mut self.failed,
            Settlement::Uncertain(_) => &mut self.uncertain,
            Settlement::Cancelled => &mut self.cancelled,
        };
        *counter += 1;
    }
}

/// A lease is 54 s; renewing at a third of it survives two missed renewals.
const RENEWAL: Duration = Duration::from_secs(18);

/// Between two tries to write how a hand-over ended: at first, and at most.
const SETTLE_WAIT: Duration = Duration::from_millis(200);
const SETTLE_WAIT_MOST: Duration = Duration::from_secs(5);

/// The letters that this pass holds: their leases are renewed. What it has lost sight of, after a
/// failure of the store, is left to whoever comes when the lease has run out.
#[derive(Default)]
struct Held(Mutex<BTreeSet<LetterId>>);

impl Held {
    fn letters(&self) -> MutexGuard<'_, BTreeSet<LetterId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Service {
    /// Hands over every letter that is due, until none is left or `stop` says so.
    pub async fn dispatch(
        &self,
        worker: &WorkerId,
        stop: &(dyn Fn() -> bool + Send + Sync),
    ) -> Result<DispatchReport, Error> {
        let mut report = DispatchReport::default();
        let held = Held::default();
        let ended = tokio::select! {
            ended = Pass::new(self, worker, &held).run(stop, &mut report) => ended,
            // Never ends: the work above decides how long the leases are held.
            ended = self.keep_leases(worker, &held) => ended,
        };
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
        if report.for_operator > 0 {
            error!(
                letters = report.for_operator,
                "letters wait for the operator: the relay, or a receiver, refuses this sender; \
                 `consentry-admin doctor` says what to do"
            );
        }
        if stop() {
            self.release(worker).await?;
        }
        ended.map(|()| report)
    }

    async fn keep_leases(&self, worker: &WorkerId, held: &Held) -> Result<(), Error> {
        loop {
            tokio::time::sleep(RENEWAL).await;
            let letters: Vec<_> = held.letters().iter().copied().collect();
            let store = self.store();
            let renewed = store.renew_letters(self.controller(), worker, &letters);
            if let Err(error) = renewed.await {
                warn!(%error, "leases could not be renewed");
            }
        }
    }

    async fn release(&self, worker: &WorkerId) -> Result<(), Error> {
        let store = self.store();
        Ok(store.release_letters(self.controller(), worker).await?)
    }

    /// Writes how a hand-over ended, together with others that ended meanwhile, for as long as it
    /// takes: a letter that was taken and is not settled would be repeated.
    async fn settle(
        &self,
        worker: &WorkerId,
        letter: LetterId,
        outcome: &Outcome,
    ) -> Result<(), Error> {
        let to_settle = ToSettle {
            worker: worker.clone(),
            ended: EndedHandOver {
                letter,
                settlement: outcome.settlement.clone(),
                trouble: outcome.trouble,
            },
        };
        let mut wait = SETTLE_WAIT;
        loop {
            let settled = self.shared().settlements.commit(self, to_settle.clone());
            match settled.await {
                Err(error @ (StoreError::Unavailable { .. } | StoreError::Conflict)) => {
                    warn!(%error, "a letter could not be settled, trying again");
                }
                settled => return Ok(settled?),
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(SETTLE_WAIT_MOST);
        }
    }

    /// What the end of one hand-over says about the next one.
    fn mind_the_relay(&self, outcome: &Outcome) {
        match (&outcome.settlement, outcome.trouble) {
            (_, Some(trouble)) if trouble.reason.concerns_every_letter() => {
                if let Some(rest) = self.rest().begin(Instant::now()) {
                    warn!(
                        reason = %trouble.reason,
                        code = trouble.reply.map(|reply| reply.code),
                        seconds = rest.as_secs(),
                        "the relay takes no letter: all of them wait"
                    );
                }
            }
            // The relay was not asked, or not to the end.
            (Settlement::Cancelled, _) => {}
            (_, Some(trouble)) if trouble.reason.is_ours() || trouble.reason == Reason::Stopped => {
            }
            _ => self.rest().end(),
        }
    }
}

/// The end of a hand-over that waits for its commit.
#[derive(Clone)]
pub(crate) struct ToSettle {
    worker: WorkerId,
    ended: EndedHandOver,
}

impl Shared for ToSettle {
    type Key = LetterId;
    type Answer = ();

    fn key(&self) -> LetterId {
        self.ended.letter
    }

    async fn commit(service: &Service, requests: &[Self]) -> Result<Vec<()>, StoreError> {
        let mut of_worker: HashMap<&WorkerId, Vec<EndedHandOver>> = HashMap::new();
        for ToSettle { worker, ended } in requests {
            of_worker.entry(worker).or_default().push(ended.clone());
        }
        let (store, now) = (service.store(), service.now());
        for (worker, ended) in of_worker {
            store
                .settle(service.controller(), worker, &ended, now)
                .await?;
        }
        Ok(vec![(); requests.len()])
    }
}
