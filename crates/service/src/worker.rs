//! The worker loop: letters and webhooks all the time, the other jobs when their time has come.

use std::{
    future::pending,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use jiff::SignedDuration;
use tokio::sync::Notify;
use tracing::{info, warn};

use crate::{Error, Job, JobOutcome, Service, ports::WorkerId};

/// Between two looks into the outbox.
const POLL: Duration = Duration::from_secs(1);

/// Between two rounds of the purges and the reminder, where nobody says otherwise.
const INTERVAL: Duration = Duration::from_hours(1);

/// Runs the jobs of one [`Service`]: hands letters over, tells webhooks, reminds, purges.
///
/// Any number of workers, in one process or in many, may run beside each other: letters and jobs
/// are leased, and a lease outlives a killed worker by a minute at most.
///
/// ```
/// use std::time::Duration;
/// use consentry_service::{Service, Worker};
/// use tokio::{sync::oneshot, task::JoinHandle};
///
/// /// A task that ends in order when the other end of `stop` sends something, or is gone.
/// fn start(service: Service, stop: oneshot::Receiver<()>) -> JoinHandle<()> {
///     let worker = Worker::new(service).every(Duration::from_secs(600));
///     tokio::spawn(worker.run(async { _ = stop.await }))
/// }
/// ```
#[derive(Debug)]
pub struct Worker {
    service: Service,
    id: WorkerId,
    interval: Duration,
}

impl Worker {
    /// A worker with a random name of its own.
    pub fn new(service: Service) -> Self {
        let id = WorkerId(format!("{:016x}", u64::from_be_bytes(service.random())));
        Self {
            service,
            id,
            interval: INTERVAL,
        }
    }

    /// How long to wait between two rounds of the purges and the reminder; an hour if unsaid.
    /// Letters and webhooks are looked for every second, whatever is said here.
    #[must_use]
    pub fn every(self, interval: Duration) -> Self {
        Self { interval, ..self }
    }

    /// Runs until `stop` is ready, and then until what is under way has ended: hand-overs have
    /// 20 s for that. A job that fails is logged, its status stored, and tried again.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let stopping = Stopping::default();
        tokio::join!(
            async {
                stop.await;
                stopping.begin();
            },
            self.continuously(Job::Dispatch, &stopping),
            self.continuously(Job::Notify, &stopping),
            self.housekeep(&stopping),
        );
    }

    /// Makes one pass of every job, then ends. When `stop` is ready before, the jobs end early, as
    /// they do in [`run`](Self::run).
    ///
    /// # Errors
    /// Those of the last job that failed or was held back; the others ran all the same.
    pub async fn run_once(self, stop: impl Future<Output = ()>) -> Result<(), Error> {
        let stopping = Stopping::default();
        let stopped = async {
            stop.await;
            stopping.begin();
            pending().await
        };
        tokio::select! {
            never = stopped => never,
            ended = self.pass(&stopping) => ended,
        }
    }

    async fn pass(&self, stopping: &Stopping) -> Result<(), Error> {
        let mut ended = Ok(());
        for job in Job::ALL {
            match self.run_job(job, stopping).await {
                Ok(JobOutcome::Held(why)) => ended = Err(Error::HeldBack { job, why }),
                Ok(_) => {}
                Err(error) => ended = Err(error),
            }
        }
        ended
    }

    async fn continuously(&self, job: Job, stopping: &Stopping) {
        while !stopping.has_begun() {
            self.turn(job, stopping).await;
            stopping.pause().await;
        }
    }

    /// Beside the letters and the webhooks, so that neither a relay nor an endpoint that hangs holds
    /// up a purge; by the clock of the service, so that a machine that slept catches up at once.
    async fn housekeep(&self, stopping: &Stopping) {
        let interval = SignedDuration::try_from(self.interval).unwrap_or(SignedDuration::MAX);
        let mut last = None;
        while !stopping.has_begun() {
            let now = self.service.now();
            let is_due = |last| now.duration_since(last).abs() >= interval;
            if last.is_none_or(is_due) {
                last = Some(now);
                for job in Job::ALL {
                    if !job.is_continuous() && !self.turn(job, stopping).await {
                        last = None;
                    }
                }
            }
            stopping.pause().await;
        }
    }

    /// Runs a job once; `false` when it has to be tried again soon.
    async fn turn(&self, job: Job, stopping: &Stopping) -> bool {
        self.run_job(job, stopping)
            .await
            .inspect_err(|error| warn!(job = job.as_str(), %error, "the next turn tries again"))
            .is_ok()
    }

    async fn run_job(&self, job: Job, stopping: &Stopping) -> Result<JobOutcome, Error> {
        let stop = || stopping.has_begun();
        let outcome = self.service.run_job(job, &self.id, &stop).await?;
        // Those that run all the time tell of their work themselves.
        if let JobOutcome::Done(what) = &outcome
            && !job.is_continuous()
        {
            info!(job = job.as_str(), "{what}");
        }
        Ok(outcome)
    }
}

/// Whether the end has begun.
#[derive(Default)]
struct Stopping {
    has_begun: AtomicBool,
    begun: Notify,
}

impl Stopping {
    fn begin(&self) {
        self.has_begun.store(true, Ordering::Relaxed);
        self.begun.notify_waiters();
    }

    fn has_begun(&self) -> bool {
        self.has_begun.load(Ordering::Relaxed)
    }

    /// Waits for the next look, or for the end.
    async fn pause(&self) {
        let begun = self.begun.notified();
        if self.has_begun() {
            return;
        }
        tokio::select! {
            () = begun => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
}
