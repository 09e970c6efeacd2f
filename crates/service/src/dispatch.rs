//! Handing letters over: leased, re-read, composed, handed over, settled.

use std::{
    collections::{BTreeSet, VecDeque},
    panic::{self, AssertUnwindSafe},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use consentry_domain::Subject;
use futures_util::FutureExt;
use tokio::task::JoinSet;
use tracing::{error, info, warn};

use crate::{
    Error, Service, counted,
    outcome::Outcome,
    ports::{HandOver, LeasedLetter, LetterId, Reason, Settlement, StoreError, Trouble, WorkerId},
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

/// A lease is 60 s; renewing at a third of it survives two missed renewals.
const RENEWAL: Duration = Duration::from_secs(20);

/// How many letters are leased at a time.
const BATCH: u64 = 200;

/// Between two looks for more letters while some hand-overs take long.
const POLL: Duration = Duration::from_secs(1);

/// Between two looks for what a dead worker was handing over, while there is other work.
const ABANDONED_POLL: Duration = Duration::from_secs(10);

/// Once the worker is to stop: how long hand-overs may take to come to the final dot, and how long
/// in all. What is cut off before the dot goes later; what is cut off after it is uncertain.
const DRAIN_TO_DOT: Duration = Duration::from_secs(5);
const DRAIN: Duration = Duration::from_secs(20);

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
            ended = self.hand_over_all(worker, stop, &held, &mut report) => ended,
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

    /// Keeps every slot of the mailer busy: a relay that hangs over one letter holds up no other.
    async fn hand_over_all(
        &self,
        worker: &WorkerId,
        stop: &(dyn Fn() -> bool + Send + Sync),
        held: &Held,
        report: &mut DispatchReport,
    ) -> Result<(), Error> {
        let mut waiting = VecDeque::new();
        // Tasks of their own: a store may let writers take turns, and whoever waits here must not
        // hold one up.
        let mut under_way = JoinSet::new();
        let mut stopping = None;
        let mut looked = None;
        // What is under way is seen to its end, whatever becomes of the search for more.
        let mut ended = Ok(());
        loop {
            let slots = self
                .rest()
                .slots(self.mailer().concurrency(), Instant::now());
            let takes_more = ended.is_ok() && slots > 0 && !stop();
            if takes_more && waiting.is_empty() {
                let found = self.look_for_letters(worker, held, &mut looked, report);
                match found.await {
                    Ok(found) => waiting = found,
                    Err(error) => ended = Err(error),
                }
            }
            while under_way.len() < slots && !stop() {
                let Some(letter) = waiting.pop_front() else {
                    break;
                };
                let (service, worker) = (self.clone(), worker.clone());
                under_way.spawn(async move {
                    let ended = service.hand_over(&worker, &letter).await;
                    (letter.id, ended)
                });
            }
            if stop() {
                let since = stopping.get_or_insert_with(Instant::now).elapsed();
                if since > DRAIN {
                    return Ok(());
                }
                if since > DRAIN_TO_DOT {
                    self.mailer().cut_short();
                }
            }
            tokio::select! {
                joined = under_way.join_next() => match joined {
                    None => break,
                    Some(Ok((letter, ended))) => {
                        held.letters().remove(&letter);
                        self.note(ended, report);
                    }
                    Some(Err(_)) => error!("a hand-over panicked"),
                },
                () = tokio::time::sleep(POLL) => {}
            }
            let pauses = stop() || self.rest().slots(1, Instant::now()) == 0;
            if pauses && !waiting.is_empty() {
                // They wait in the outbox, where any worker finds them.
                for letter in waiting.drain(..) {
                    held.letters().remove(&letter.id);
                }
                self.release(worker).await?;
            }
        }
        ended
    }

    /// The next letters that are due; before, now and then, what a dead worker left.
    async fn look_for_letters(
        &self,
        worker: &WorkerId,
        held: &Held,
        looked: &mut Option<Instant>,
        report: &mut DispatchReport,
    ) -> Result<VecDeque<LeasedLetter>, Error> {
        if looked.is_none_or(|at: Instant| at.elapsed() > ABANDONED_POLL) {
            self.settle_abandoned(worker, held, report).await?;
            *looked = Some(Instant::now());
        }
        let store = self.store();
        let leased = store.lease_letters(self.controller(), worker, self.now(), BATCH);
        let leased = leased.await?;
        held.letters().extend(leased.iter().map(|letter| letter.id));
        Ok(leased.into())
    }

    /// Letters that a dead worker was handing over: nobody knows how it ended.
    async fn settle_abandoned(
        &self,
        worker: &WorkerId,
        held: &Held,
        report: &mut DispatchReport,
    ) -> Result<(), Error> {
        let (store, controller) = (self.store(), self.controller());
        let mut abandoned = store.abandoned_letters(controller, worker, BATCH).await?;
        // After an outage of the store, this worker's own leases may have run out.
        abandoned.retain(|letter| !held.letters().contains(&letter.id));
        for letter in abandoned {
            let now = self.now();
            let Outcome {
                settlement,
                trouble,
            } = &Outcome::unanswered(&letter, self.policy(), now);
            let settled = store.settle(controller, worker, letter.id, settlement, *trouble, now);
            settled.await?;
            report.uncertain += 1;
        }
        Ok(())
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

    /// `None` when the lease was lost meanwhile: whoever has it now settles the letter.
    async fn hand_over(
        &self,
        worker: &WorkerId,
        letter: &LeasedLetter,
    ) -> Result<Option<Outcome>, Error> {
        let store = self.store();
        // The person is read again here, in the transaction that marks the letter as being
        // handed over: whoever left or was erased before this instant gets nothing (S0-53).
        let begun = store
            .begin_hand_over(self.controller(), worker, letter.id)
            .await?;
        let outcome = match begun {
            HandOver::LeaseLost => return Ok(None),
            HandOver::Unreadable => Outcome::failed(Reason::Unreadable),
            HandOver::Begun(person) => self.compose_and_deliver(letter, &person).await,
        };
        self.settle(worker, letter.id, &outcome).await?;
        Ok(Some(outcome))
    }

    /// A panic is a defect that one letter has met: that letter is put aside, and no other.
    async fn compose_and_deliver(&self, letter: &LeasedLetter, person: &Subject) -> Outcome {
        let compose = || self.compose(letter, person, self.now());
        let Ok(composed) = panic::catch_unwind(AssertUnwindSafe(compose)) else {
            return Outcome::failed(Reason::Panicked);
        };
        let Some(composed) = composed else {
            return Outcome::cancelled();
        };
        let delivered = AssertUnwindSafe(self.mailer().deliver(&composed)).catch_unwind();
        match delivered.await {
            Ok(delivery) => self.judge(letter, delivery),
            Err(_) => Outcome::panicked(),
        }
    }

    /// Writes how a hand-over ended, for as long as it takes: a letter that was taken and is not
    /// settled would be repeated.
    async fn settle(
        &self,
        worker: &WorkerId,
        letter: LetterId,
        outcome: &Outcome,
    ) -> Result<(), Error> {
        let (store, controller) = (self.store(), self.controller());
        let Outcome {
            settlement,
            trouble,
        } = outcome;
        let mut wait = SETTLE_WAIT;
        loop {
            let now = self.now();
            let settled = store.settle(controller, worker, letter, settlement, *trouble, now);
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

    fn note(&self, ended: Result<Option<Outcome>, Error>, report: &mut DispatchReport) {
        match ended {
            Ok(Some(outcome)) => {
                report.count(&outcome);
                self.mind_the_relay(&outcome);
            }
            Ok(None) => {}
            // The lease runs out and the letter is picked up again.
            Err(error) => warn!(%error, "a letter could not be settled"),
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
