//! One pass over the letters that are due.

use std::{
    collections::VecDeque,
    panic::{self, AssertUnwindSafe},
    sync::Arc,
    time::{Duration, Instant},
};

use consentry_domain::Subject;
use futures_util::FutureExt;
use tokio::{
    sync::Semaphore,
    task::{JoinError, JoinSet},
};
use tracing::{error, warn};

use super::{DispatchReport, Held, pace::Pace};
use crate::{
    Error, Service,
    outcome::Outcome,
    ports::{
        Delivery, EndedHandOver, HandOver, LeasedLetter, LetterId, Reason, StoreError, WorkerId,
    },
};

/// How many letters are leased at a time.
const LEASED: u64 = 500;

/// After this time between the reading of a person and the hand-over, the person is read again.
const FRESH: Duration = Duration::from_millis(250);

/// Between two looks for more letters while some hand-overs take long.
const POLL: Duration = Duration::from_secs(1);

/// Between two looks for what a dead worker was handing over, while there is other work.
const ABANDONED_POLL: Duration = Duration::from_secs(10);

/// Once the worker is to stop: how long hand-overs may take to come to the final dot, and how long
/// in all. What is cut off before the dot goes later; what is cut off after it is uncertain.
const DRAIN_TO_DOT: Duration = Duration::from_secs(5);
const DRAIN: Duration = Duration::from_secs(20);

type Ended = Result<(LetterId, Result<Outcome, Error>), JoinError>;

/// Keeps every lane of the mailer busy: a relay that hangs over one letter holds up no other.
pub(super) struct Pass<'a> {
    service: &'a Service,
    worker: &'a WorkerId,
    held: &'a Held,
    lanes: Arc<Lanes>,
    pace: Pace,
    /// Leased and not begun.
    waiting: VecDeque<LeasedLetter>,
    /// When to look for more: the last look found all there was.
    next_look: Option<Instant>,
    looked_for_abandoned: Option<Instant>,
    /// Tasks of their own: a store may let writers take turns, and whoever waits here must not
    /// hold one up.
    under_way: JoinSet<(LetterId, Result<Outcome, Error>)>,
}

impl<'a> Pass<'a> {
    pub(super) fn new(service: &'a Service, worker: &'a WorkerId, held: &'a Held) -> Self {
        let lanes = service.mailer().concurrency();
        Self {
            service,
            worker,
            held,
            lanes: Arc::new(Lanes::new(lanes)),
            pace: Pace::new(lanes),
            waiting: VecDeque::new(),
            next_look: None,
            looked_for_abandoned: None,
            under_way: JoinSet::new(),
        }
    }

    /// Until no letter is due, or `stop` says so, or the store fails. What is under way is seen to
    /// its end, whatever becomes of the search for more.
    pub(super) async fn run(
        mut self,
        stop: &(dyn Fn() -> bool + Send + Sync),
        report: &mut DispatchReport,
    ) -> Result<(), Error> {
        let mut stopping = None;
        let mut ended = Ok(());
        loop {
            let lanes = if stop() || ended.is_err() {
                0
            } else {
                self.open_lanes()
            };
            if lanes > 0 {
                ended = self.begin_more(lanes, report).await;
            }
            if stop() {
                let since = stopping.get_or_insert_with(Instant::now).elapsed();
                if since > DRAIN {
                    return Ok(());
                }
                if since > DRAIN_TO_DOT {
                    self.service.mailer().cut_short();
                }
            }
            if (stop() || self.open_lanes() == 0) && !self.waiting.is_empty() {
                // They wait in the outbox, where any worker finds them.
                for letter in self.waiting.drain(..) {
                    self.held.letters().remove(&letter.id);
                }
                // Where the store fails, their leases run out: no reason to drop what is under way.
                if let Err(error) = self.service.release(self.worker).await {
                    warn!(%error, "letters could not be given back");
                }
            }
            if self.under_way.is_empty() && (ended.is_err() || self.waiting.is_empty()) {
                return ended;
            }
            tokio::select! {
                joined = self.under_way.join_next() => self.count(joined, report),
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    /// How many letters the relay may be asked to take at once.
    fn open_lanes(&self) -> usize {
        let all = self.service.mailer().concurrency();
        self.service.rest().slots(all, Instant::now())
    }

    /// Begins hand-overs, all in one commit. The people are read again here, in the transaction
    /// that marks the letters as being handed over: whoever left or was erased before this instant
    /// gets nothing (S0-53).
    async fn begin_more(&mut self, lanes: usize, report: &mut DispatchReport) -> Result<(), Error> {
        let is_time = self.next_look.is_none_or(|at| at <= Instant::now());
        if self.waiting.is_empty() && is_time {
            self.look_for_letters(report).await?;
        }
        let room = self.pace.room(self.under_way.len(), lanes);
        let letters: Vec<_> = self.waiting.drain(..room.min(self.waiting.len())).collect();
        if letters.is_empty() {
            return Ok(());
        }
        let ids: Vec<_> = letters.iter().map(|letter| letter.id).collect();
        let (store, controller) = (self.service.store(), self.service.controller());
        let begun = store.begin_hand_overs(controller, self.worker, &ids).await;
        if begun.is_err() {
            self.held.letters().retain(|letter| !ids.contains(letter));
        }
        let read_at = Instant::now();
        for (letter, begun) in letters.into_iter().zip(begun?) {
            if begun == HandOver::LeaseLost {
                // Whoever has it now settles it.
                self.held.letters().remove(&letter.id);
                continue;
            }
            let begun = Begun {
                letter,
                hand_over: begun,
                read_at,
            };
            let (service, worker) = (self.service.clone(), self.worker.clone());
            let lanes = Arc::clone(&self.lanes);
            self.under_way.spawn(async move {
                let letter = begun.letter.id;
                (letter, service.hand_over(&worker, begun, &lanes).await)
            });
        }
        Ok(())
    }

    /// The next letters that are due; before, now and then, what a dead worker left.
    async fn look_for_letters(&mut self, report: &mut DispatchReport) -> Result<(), Error> {
        let is_long_ago = |at: Instant| at.elapsed() > ABANDONED_POLL;
        if self.looked_for_abandoned.is_none_or(is_long_ago) {
            self.settle_abandoned(report).await?;
            self.looked_for_abandoned = Some(Instant::now());
        }
        let (store, now) = (self.service.store(), self.service.now());
        let leased = store.lease_letters(self.service.controller(), self.worker, now, LEASED);
        let leased = leased.await?;
        let is_all = (leased.len() as u64) < LEASED;
        self.next_look = is_all.then(|| Instant::now() + POLL);
        let ids = leased.iter().map(|letter| letter.id);
        self.held.letters().extend(ids);
        self.waiting.extend(leased);
        Ok(())
    }

    /// Letters that a dead worker was handing over: nobody knows how it ended.
    async fn settle_abandoned(&mut self, report: &mut DispatchReport) -> Result<(), Error> {
        let (store, controller) = (self.service.store(), self.service.controller());
        let mut abandoned = store
            .abandoned_letters(controller, self.worker, LEASED)
            .await?;
        // After an outage of the store, this worker's own leases may have run out.
        abandoned.retain(|letter| !self.held.letters().contains(&letter.id));
        let now = self.service.now();
        let ended: Vec<_> = abandoned
            .iter()
            .map(|letter| {
                let outcome = Outcome::unanswered(letter, self.service.policy(), now);
                report.count(&outcome);
                EndedHandOver {
                    letter: letter.id,
                    settlement: outcome.settlement,
                    trouble: outcome.trouble,
                }
            })
            .collect();
        if ended.is_empty() {
            return Ok(());
        }
        Ok(store.settle(controller, self.worker, &ended, now).await?)
    }

    fn count(&mut self, joined: Option<Ended>, report: &mut DispatchReport) {
        let mut joined = joined;
        while let Some(one) = joined {
            self.pace.count();
            if let Ok((letter, ended)) = one {
                self.held.letters().remove(&letter);
                match ended {
                    Ok(outcome) => report.count(&outcome),
                    // The lease runs out and the letter is picked up again.
                    Err(error) => warn!(%error, "a letter could not be settled"),
                }
            } else {
                error!("a hand-over panicked");
            }
            joined = self.under_way.try_join_next();
        }
    }
}

/// A letter that is marked as being handed over.
struct Begun {
    letter: LeasedLetter,
    hand_over: HandOver,
    read_at: Instant,
}

/// Who may go ahead.
struct Lanes {
    /// One for each letter that the mailer takes at once.
    free: Semaphore,
    /// One for each letter that is being handed over or whose end is not stored yet: a kill
    /// repeats no more than these.
    unsettled: Semaphore,
}

impl Lanes {
    fn new(lanes: usize) -> Self {
        Self {
            free: Semaphore::new(lanes),
            unsettled: Semaphore::new(2 * lanes),
        }
    }
}

impl Service {
    async fn hand_over(
        &self,
        worker: &WorkerId,
        begun: Begun,
        lanes: &Lanes,
    ) -> Result<Outcome, Error> {
        // Neither is ever closed, so these wait and do not fail.
        let _unsettled = lanes.unsettled.acquire().await;
        let lane = lanes.free.acquire().await;
        let letter = begun.letter.clone();
        let outcome = match self.still_there(begun).await {
            Ok(Some(person)) => self.compose_and_deliver(&letter, &person).await,
            Ok(None) => Outcome::cancelled(),
            Err(StoreError::Unreadable { .. }) => Outcome::failed(Reason::Unreadable),
            Err(_) => self.judge(&letter, Delivery::Deferred(Reason::Stopped.into())),
        };
        self.mind_the_relay(&outcome);
        drop(lane);
        self.settle(worker, letter.id, &outcome).await?;
        Ok(outcome)
    }

    /// The person of a letter whose turn it is, read again when it waited for it.
    async fn still_there(&self, begun: Begun) -> Result<Option<Box<Subject>>, StoreError> {
        let HandOver::Begun(person) = begun.hand_over else {
            return Err(StoreError::Unreadable {
                reason: "the record of a letter".to_owned(),
            });
        };
        if begun.read_at.elapsed() <= FRESH {
            return Ok(Some(person));
        }
        let read = self.store().subject(self.controller(), person.id).await?;
        Ok(read.map(Box::new))
    }

    /// A panic is a defect that one letter has met: that letter is put aside, and no other.
    async fn compose_and_deliver(&self, letter: &LeasedLetter, person: &Subject) -> Outcome {
        let Ok(told) = self.told(letter, person).await else {
            return self.judge(letter, Delivery::Deferred(Reason::Stopped.into()));
        };
        let compose = || self.compose(letter, person, told, self.now());
        let Ok(composed) = panic::catch_unwind(AssertUnwindSafe(compose)) else {
            return Outcome::failed(Reason::Panicked);
        };
        let Some(composed) = composed else {
            return Outcome::cancelled();
        };
        if self.rest().slots(1, Instant::now()) == 0 {
            // The relay failed while the letter waited for its turn.
            return self.judge(letter, Delivery::Deferred(Reason::Stopped.into()));
        }
        let delivered = AssertUnwindSafe(self.mailer().deliver(&composed)).catch_unwind();
        match delivered.await {
            Ok(delivery) => self.judge(letter, delivery),
            Err(_) => Outcome::panicked(),
        }
    }
}
