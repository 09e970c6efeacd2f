//! The worker: every job in turn, letters every second.

use std::time::Duration;

use consentry_service::{
    Job, JobOutcome, Service,
    ports::{Clock, Random, WorkerId},
};
use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{
    Failure, SettingsArgs,
    app::App,
    config::Config,
    settings::Settings,
    shutdown,
    system::{SystemClock, SystemRandom},
    telemetry,
};

/// Between two looks into the outbox.
const POLL: Duration = Duration::from_secs(1);

/// The worker's program: `once` makes one pass of every job, otherwise it runs until a signal.
///
/// # Errors
/// By the contract's exit codes; with `once`, a job that failed is an unreachable dependency.
pub fn worker(args: &SettingsArgs, once: bool) -> Result<(), Failure> {
    let settings = Settings::new(&Config::read(args)?)?;
    telemetry::start(&settings)?;
    crate::app::block_on(async move {
        let stop = shutdown::on_signal()?;
        let app = App::open(&settings).await?;
        app.prepare_schema(&settings).await?;
        let service = app.service(&settings, settings.listen)?;
        if once {
            return one_pass(&service, &stop).await;
        }
        info!("worker running");
        run(&service, settings.job_interval, stop).await;
        app.close().await;
        Ok(())
    })
}

/// One pass of every job.
async fn one_pass(service: &Service, stop: &CancellationToken) -> Result<(), Failure> {
    let worker = new_worker_id();
    let mut ended = Ok(());
    for job in Job::ALL {
        match service.run_job(job, &worker, &|| stop.is_cancelled()).await {
            Ok(outcome) => report(job, &outcome),
            Err(error) => ended = Err(error.into()),
        }
    }
    ended
}

/// Runs until `stop`: letters all the time, and beside them the other jobs when their time has
/// come, so that a relay that hangs holds up no purge.
pub(crate) async fn run(service: &Service, interval: Duration, stop: CancellationToken) {
    let worker = new_worker_id();
    tokio::join!(
        dispatch(service, &worker, &stop),
        housekeep(service, &worker, interval, &stop),
    );
}

async fn dispatch(service: &Service, worker: &WorkerId, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        turn(service, Job::Dispatch, worker, stop).await;
        pause(stop).await;
    }
}

/// By the wall clock, so that a machine that slept catches up at once.
async fn housekeep(
    service: &Service,
    worker: &WorkerId,
    interval: Duration,
    stop: &CancellationToken,
) {
    let interval = SignedDuration::try_from(interval).unwrap_or(SignedDuration::MAX);
    let mut last = None;
    while !stop.is_cancelled() {
        let now = SystemClock.now();
        let is_due = |last| now.duration_since(last).abs() >= interval;
        if last.is_none_or(is_due) {
            last = Some(now);
            for job in Job::ALL {
                if job != Job::Dispatch && !turn(service, job, worker, stop).await {
                    last = None;
                }
            }
        }
        pause(stop).await;
    }
}

/// Runs a job once; `false` when it has to be tried again soon.
async fn turn(service: &Service, job: Job, worker: &WorkerId, stop: &CancellationToken) -> bool {
    match service.run_job(job, worker, &|| stop.is_cancelled()).await {
        Ok(outcome) => {
            report(job, &outcome);
            true
        }
        Err(error) => {
            warn!(job = job.as_str(), %error, "the next turn tries again");
            false
        }
    }
}

async fn pause(stop: &CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = tokio::time::sleep(POLL) => {}
    }
}

fn report(job: Job, outcome: &JobOutcome) {
    // The dispatcher tells of its letters itself.
    if let JobOutcome::Done(what) = outcome
        && job != Job::Dispatch
    {
        info!(job = job.as_str(), "{what}");
    }
}

fn new_worker_id() -> WorkerId {
    let mut bytes = [0; 8];
    SystemRandom.fill(&mut bytes);
    WorkerId(format!("{:016x}", u64::from_be_bytes(bytes)))
}
