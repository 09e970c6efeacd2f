//! Background work as reconcilers: no input, idempotent, one path for the first run and the
//! tenth, a lease that outlives a kill, a stored status.

use std::{fmt, panic::AssertUnwindSafe, time::Instant};

use consentry_domain::SubjectId;
use consentry_policy::{Promised, SubscriberState};
use futures_util::FutureExt as _;
use jiff::Timestamp;
use tracing::{error, info, warn};

use crate::{
    Error, Service, counted,
    ports::{Candidates, JobStatus, Outlived, PurgeReason, WorkerId},
};

/// A job of the worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Job {
    /// Removes the records whose period has ended, by one rule.
    Purge(PurgeReason),
    /// Forgets what no backup that may be restored needs any more (S0-65).
    PruneJournal,
    /// Queues the one reminder (S0-31).
    Remind,
    /// Queues the letters that tell of a substantial change of the policy (S4-08).
    Announce,
    /// Removes letters that are long settled: the outbox is no history.
    Tidy,
    /// Forgets imports that were begun and never ended.
    ForgetImports,
    /// Hands letters over to the relay.
    Dispatch,
    /// Tells the endpoints of webhooks what has changed.
    Notify,
}

impl Job {
    /// Every job, in the order of a pass: what must go goes first, so that nobody is reminded
    /// who should be gone.
    pub const ALL: [Self; 11] = [
        Self::Purge(PurgeReason::Unconfirmed),
        Self::Purge(PurgeReason::Unsubscribed),
        Self::Purge(PurgeReason::Inactive),
        Self::Purge(PurgeReason::Erased),
        Self::PruneJournal,
        Self::ForgetImports,
        Self::Remind,
        Self::Announce,
        Self::Tidy,
        Self::Dispatch,
        Self::Notify,
    ];

    /// Whether it runs all the time, at several workers side by side: what it works on is leased
    /// piece by piece. The others run at one worker, when their time has come.
    pub const fn is_continuous(self) -> bool {
        matches!(self, Self::Dispatch | Self::Notify)
    }

    /// The written form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Purge(PurgeReason::Unconfirmed) => "purge-unconfirmed",
            Self::Purge(PurgeReason::Unsubscribed) => "purge-unsubscribed",
            Self::Purge(PurgeReason::Inactive) => "purge-inactive",
            Self::Purge(PurgeReason::Erased) => "purge-erased",
            Self::PruneJournal => "prune-journal",
            Self::ForgetImports => "forget-imports",
            Self::Remind => "remind",
            Self::Announce => "announce",
            Self::Tidy => "tidy-outbox",
            Self::Dispatch => "dispatch",
            Self::Notify => "notify",
        }
    }
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobOutcome {
    /// It did this much; in words without personal data.
    Done(String),
    /// There was nothing to do.
    Idle,
    /// Another worker is at it.
    Elsewhere,
    /// It was not begun: the clock seems to have leapt, and masses would be concerned. The words
    /// say what to do.
    Held(String),
}

/// How many people are loaded, decided and saved in one commit.
pub(crate) const BATCH: u64 = 500;

impl Service {
    /// Runs a job once and stores how it ended.
    pub async fn run_job(
        &self,
        job: Job,
        worker: &WorkerId,
        stop: &(dyn Fn() -> bool + Send + Sync),
    ) -> Result<JobOutcome, Error> {
        let (started_at, since) = (self.now(), Instant::now());
        if !job.is_continuous() && !self.lease(job, worker).await? {
            return Ok(JobOutcome::Elsewhere);
        }
        // A defect in one job must end neither the other jobs nor the process in silence.
        let ended = AssertUnwindSafe(self.attempt(job, worker, stop))
            .catch_unwind()
            .await
            .unwrap_or(Err(Error::Panicked));
        counted::ran(job, &ended, since.elapsed());
        if job.is_continuous() {
            let failed_before = self.note_run(job, ended.is_err());
            if !failed_before && matches!(ended, Ok(JobOutcome::Idle)) {
                // Looked every second; a write each time would only wear the disk.
                return ended;
            }
        }
        let (outcome, failed) = match &ended {
            Ok(JobOutcome::Done(what)) => (what.clone(), false),
            Ok(JobOutcome::Held(why)) => (why.clone(), true),
            Ok(_) => ("nothing to do".to_owned(), false),
            Err(error) => (error.to_string(), true),
        };
        match &ended {
            Ok(JobOutcome::Held(why)) => warn!(job = job.as_str(), "{why}"),
            Err(error) => error!(job = job.as_str(), %error, "job failed"),
            Ok(_) => {}
        }
        self.store()
            .finish_job(
                self.controller(),
                worker,
                &JobStatus {
                    job: job.as_str().to_owned(),
                    started_at: Some(started_at),
                    succeeded_at: (!failed).then(|| self.now()),
                    outcome: Some(outcome),
                    failed,
                },
            )
            .await?;
        ended
    }

    async fn attempt(
        &self,
        job: Job,
        worker: &WorkerId,
        stop: &(dyn Fn() -> bool + Send + Sync),
    ) -> Result<JobOutcome, Error> {
        // What was promised earlier binds every job.
        if self.adopted().get().is_none() {
            self.adopt_policy().await?;
        }
        if let Some(why) = self.brake(job).await? {
            return Ok(JobOutcome::Held(why));
        }
        match job {
            Job::Purge(reason) => self.purge(reason, worker, stop).await,
            Job::PruneJournal => self.prune_journal().await,
            Job::ForgetImports => self.forget_imports().await,
            Job::Remind => self.remind(worker, stop).await,
            Job::Announce => self.announce(worker, stop).await,
            Job::Tidy => self.tidy(worker, stop).await,
            Job::Dispatch => self.dispatch_job(worker, stop).await,
            Job::Notify => self.notify_job(worker, stop).await,
        }
    }

    pub(crate) async fn lease(&self, job: Job, worker: &WorkerId) -> Result<bool, Error> {
        let store = self.store();
        Ok(store
            .lease_job(self.controller(), job.as_str(), worker)
            .await?)
    }

    async fn dispatch_job(
        &self,
        worker: &WorkerId,
        stop: &(dyn Fn() -> bool + Send + Sync),
    ) -> Result<JobOutcome, Error> {
        let report = self.dispatch(worker, stop).await?;
        if report.is_empty() {
            return Ok(JobOutcome::Idle);
        }
        Ok(JobOutcome::Done(format!(
            "{} sent, {} deferred, {} failed, {} uncertain, {} cancelled",
            report.sent, report.deferred, report.failed, report.uncertain, report.cancelled
        )))
    }

    async fn notify_job(
        &self,
        worker: &WorkerId,
        stop: &(dyn Fn() -> bool + Send + Sync),
    ) -> Result<JobOutcome, Error> {
        let report = self.notify(worker, stop).await?;
        if report.is_empty() {
            return Ok(JobOutcome::Idle);
        }
        Ok(JobOutcome::Done(format!(
            "{} delivered, {} deferred, {} dead",
            report.delivered, report.deferred, report.dead
        )))
    }

    async fn prune_journal(&self) -> Result<JobOutcome, Error> {
        let policy = self.policy();
        let Some(kept) = policy.backups.keep else {
            return Ok(JobOutcome::Idle);
        };
        let until = kept.cutoff(self.now(), &policy.calendar);
        let store = self.store();
        let pruned = store.prune_journal(self.controller(), until).await?;
        Ok(done(
            usize::try_from(pruned).unwrap_or(usize::MAX),
            "forgotten",
        ))
    }

    /// Queues the reminders that are due: the mark and the letter in one commit, so that
    /// there is never a second one.
    async fn remind(
        &self,
        worker: &WorkerId,
        stop: &(dyn Fn() -> bool + Send + Sync),
    ) -> Result<JobOutcome, Error> {
        let mut reminded = 0;
        while !stop() && self.lease(Job::Remind, worker).await? {
            let Some(candidates) = self.concerned(Job::Remind).pop() else {
                break;
            };
            let ids = self.candidates(candidates).await?;
            let mut unit = self.begin().await?;
            let now = self.now();
            let people = unit.by_id(self.controller(), &ids).await?;
            let changes: Vec<_> = people
                .into_iter()
                .flatten()
                .filter_map(|mut person| {
                    let effects = person.remind(self.policy(), now)?;
                    Some(self.change(person, false, effects, now))
                })
                .collect();
            if changes.is_empty() {
                break;
            }
            unit.save(&changes).await?;
            unit.commit().await?;
            reminded += changes.len();
        }
        Ok(done(reminded, "reminded"))
    }

    /// Whom a run of a job would concern; nobody for one without a calendar.
    pub(crate) fn concerned(&self, job: Job) -> Vec<Candidates> {
        let policy = self.policy();
        match (job, policy.subscription.reminder) {
            (Job::Purge(reason), _) => self.outlived(reason),
            (Job::Remind, Some(delay)) => {
                vec![Candidates::ToRemind(
                    delay.cutoff(self.now(), &policy.calendar),
                )]
            }
            _ => Vec::new(),
        }
    }

    /// Who may be due, by what was promised to them; nobody where nothing ends.
    fn outlived(&self, reason: PurgeReason) -> Vec<Candidates> {
        self.past(reason, |promised| {
            promised.cutoff(self.now(), &self.policy().calendar)
        })
    }

    /// Who surely was due at this instant.
    pub(crate) fn surely_outlived(&self, reason: PurgeReason, at: Timestamp) -> Vec<Candidates> {
        self.past(reason, |promised| {
            promised.sure_cutoff(at, &self.policy().calendar)
        })
    }

    fn past(
        &self,
        reason: PurgeReason,
        cutoff: impl Fn(&Promised) -> Timestamp,
    ) -> Vec<Candidates> {
        let (state, of): (_, fn(Outlived) -> Candidates) = match reason {
            PurgeReason::Unconfirmed => (SubscriberState::Pending, Candidates::UnconfirmedSince),
            PurgeReason::Unsubscribed => {
                (SubscriberState::Unsubscribed, Candidates::UnsubscribedSince)
            }
            PurgeReason::Inactive => (SubscriberState::Confirmed, Candidates::InactiveSince),
            PurgeReason::Erased => (SubscriberState::Erased, Candidates::ErasedSince),
        };
        let eras = self.policy().subscriber_eras(state).iter();
        eras.filter_map(|era| {
            Some(of(Outlived {
                clock: cutoff(era.promised.as_ref()?),
                submitted_from: era.from,
                submitted_before: era.until,
            }))
        })
        .collect()
    }

    /// Removes letters that are no longer owed, the policy's period after they were settled.
    async fn tidy(
        &self,
        worker: &WorkerId,
        stop: &(dyn Fn() -> bool + Send + Sync),
    ) -> Result<JobOutcome, Error> {
        const LETTERS: u64 = 2_000;
        let policy = self.policy();
        let mut removed = 0;
        while !stop() && self.lease(Job::Tidy, worker).await? {
            let before = policy
                .mail
                .keep_settled
                .cutoff(self.now(), &policy.calendar);
            let store = self.store();
            let batch = store.remove_settled_letters(self.controller(), before, LETTERS);
            let batch = batch.await?;
            removed += batch;
            if batch < LETTERS {
                break;
            }
        }
        Ok(done(
            usize::try_from(removed).unwrap_or(usize::MAX),
            "removed",
        ))
    }

    /// Removes the records whose period has ended, then their bytes.
    async fn purge(
        &self,
        reason: PurgeReason,
        worker: &WorkerId,
        stop: &(dyn Fn() -> bool + Send + Sync),
    ) -> Result<JobOutcome, Error> {
        let mut purged = 0;
        while !stop() && self.lease(Job::Purge(reason), worker).await? {
            let batch = self.purge_batch(reason).await?;
            if batch == 0 {
                break;
            }
            purged += batch;
        }
        self.forget_dead_deliveries().await?;
        if !self.store().clean_purged_bytes().await? {
            info!("purged bytes are cleaned by the next pass: somebody was reading");
        }
        Ok(done(purged, "purged"))
    }

    /// Removes up to a batch of records; says how many.
    async fn purge_batch(&self, reason: PurgeReason) -> Result<usize, Error> {
        let mut ids = Vec::new();
        for candidates in self.outlived(reason) {
            ids.extend(self.candidates(candidates).await?);
        }
        let mut unit = self.begin().await?;
        let now = self.now();
        let due: Vec<_> = unit
            .by_id(self.controller(), &ids)
            .await?
            .into_iter()
            .flatten()
            .filter(|person| person.is_due_for_purge(self.policy(), now))
            .map(|person| person.id)
            .collect();
        if due.is_empty() {
            return Ok(0);
        }
        // First the copies outside the database: a purge that is cut off here is repeated.
        self.mailer().forget(&due).await?;
        unit.purge(self.controller(), &due, reason, now).await?;
        unit.commit().await?;
        Ok(due.len())
    }

    pub(crate) async fn candidates(&self, candidates: Candidates) -> Result<Vec<SubjectId>, Error> {
        let store = self.store();
        Ok(store
            .candidates(self.controller(), candidates, BATCH)
            .await?)
    }
}

pub(crate) fn done(count: usize, what: &str) -> JobOutcome {
    match count {
        0 => JobOutcome::Idle,
        count => JobOutcome::Done(format!("{count} {what}")),
    }
}
