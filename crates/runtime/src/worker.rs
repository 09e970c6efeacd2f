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
        app.require_schema().await?;
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

/// Runs until `stop`: letters at every turn, the other jobs when their time has come, by the
/// wall clock, so that a machine that slept catches up at once.
pub(crate) async fn run(service: &Service, interval: Duration, stop: CancellationToken) {
    let worker = new_worker_id();
    let stopped = || stop.is_cancelled();
    let interval = SignedDuration::try_from(interval).unwrap_or(SignedDuration::MAX);
    let mut last_jobs = None;
    while !stop.is_cancelled() {
        let now = SystemClock.now();
        let jobs_due = last_jobs.is_none_or(|last| now.duration_since(last).abs() >= interval);
        if jobs_due {
            last_jobs = Some(now);
        }
        for job in Job::ALL {
            if job != Job::Dispatch && !jobs_due {
                continue;
            }
            match service.run_job(job, &worker, &stopped).await {
                Ok(outcome) => report(job, &outcome),
                Err(error) => {
                    warn!(job = job.as_str(), %error, "the next turn tries again");
                    last_jobs = None;
                }
            }
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(POLL) => {}
        }
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
