//! The daily pass of the worker: a reconciler with a lease and a stored status.

use std::{convert::Infallible, time::Duration};

use consentry_policy::Calendar;
use consentry_service::ports::{
    JobStatus, RetentionRun, RetentionStore, RunOutcome, Store, WorkerId,
};
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Time};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{PASS, Ran, Retention, random};
use crate::Failure;

/// Between two looks whether the pass is due.
const POLL: Duration = Duration::from_secs(30);

/// A lease outlives a killed worker by a minute.
const RENEWAL: Duration = Duration::from_secs(20);

/// Until a pass that failed is tried again.
const RETRY: SignedDuration = SignedDuration::from_hours(1);

impl Retention {
    /// Makes the pass each day, until `stop`; a machine that slept makes it when it wakes.
    pub(crate) async fn keep(&self, stop: CancellationToken) {
        if !self.has_sources() {
            return;
        }
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                ended = self.pass() => if let Err(failure) = ended {
                    warn!(job = PASS, "{}", failure.message());
                },
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    /// Makes the pass when it is due and no other worker is at it.
    ///
    /// # Errors
    /// What failed, and what waits for an approved plan.
    pub(crate) async fn pass(&self) -> Result<(), Failure> {
        if !self.has_sources() || !self.is_due().await? {
            return Ok(());
        }
        let worker = WorkerId(format!("{:016x}", u64::from_be_bytes(random())));
        let leased = self.store().lease_job(self.controller(), PASS, &worker);
        // Whoever held the lease before may just have done it.
        if !leased.await? || !self.is_due().await? {
            return Ok(());
        }
        let mut silent = |_: &consentry_retention::Progress<'_>| {};
        let ended = tokio::select! {
            ended = self.run(&worker, None, &mut silent) => ended,
            never = self.hold_lease(&worker) => match never {},
        };
        match ended {
            Ok(Ran { run, failures, .. }) => {
                info!(job = PASS, "{}: {} rows", run.outcome, run.acted);
                if run.outcome == RunOutcome::Held {
                    return Err(Failure::Found(format!(
                        "retention: {} rows wait for an approved plan: look at `consentry-admin \
                         retention plan`, and approve by `consentry-admin retention run --plan HASH`",
                        run.held
                    )));
                }
                Failure::all(&failures)
            }
            Err(failure) => {
                let status = JobStatus {
                    job: PASS.to_owned(),
                    started_at: Some(self.now()),
                    succeeded_at: None,
                    outcome: Some(failure.message().to_owned()),
                    failed: true,
                };
                let store = self.store();
                store
                    .finish_job(self.controller(), &worker, &status)
                    .await?;
                Err(failure)
            }
        }
    }

    /// When the next pass begins.
    pub(crate) async fn next_pass(&self) -> Result<Timestamp, Failure> {
        let now = self.now();
        if self.is_due().await? {
            return Ok(now);
        }
        let at = self.policy().engine.daily_at;
        let calendar = &self.policy().calendar;
        let today = latest(now, at, calendar);
        let tomorrow = today.to_zoned(calendar.zone().clone());
        let tomorrow = tomorrow
            .date()
            .tomorrow()
            .and_then(|date| date.to_datetime(at).to_zoned(calendar.zone().clone()));
        Ok(tomorrow.map_or(Timestamp::MAX, |next| next.timestamp()))
    }

    async fn is_due(&self) -> Result<bool, Failure> {
        let now = self.now();
        // A run of a later time was made by a clock that was wrong: today's pass is still to come.
        let runs = self.store().last_runs(self.controller(), now, 1).await?;
        let policy = self.policy();
        let at = policy.engine.daily_at;
        Ok(is_due(runs.first(), now, at, &policy.calendar))
    }

    async fn hold_lease(&self, worker: &WorkerId) -> Infallible {
        loop {
            tokio::time::sleep(RENEWAL).await;
            let renewed = self.store().lease_job(self.controller(), PASS, worker);
            // Two passes at once are harmless: they do the work once.
            let _ = renewed.await;
        }
    }
}

/// Whether a pass should have begun since the last run. A run by hand is one too; one that failed is
/// tried again after a while, and one that was cut off at once: the lease tells whether it goes on.
fn is_due(last: Option<&RetentionRun>, now: Timestamp, at: Time, calendar: &Calendar) -> bool {
    let Some(last) = last else {
        return true;
    };
    match last.outcome {
        RunOutcome::Unfinished => true,
        RunOutcome::Failed if now.duration_since(last.started_at) >= RETRY => true,
        _ => last.started_at < latest(now, at, calendar),
    }
}

/// The last time that the clock of the zone showed a time of day. One that a change of the clocks
/// left out comes after it; one that it repeats comes once.
fn latest(now: Timestamp, at: Time, calendar: &Calendar) -> Timestamp {
    let today = now.to_zoned(calendar.zone().clone()).date();
    let on = |date: jiff::civil::Date| {
        let zoned = date.to_datetime(at).to_zoned(calendar.zone().clone());
        zoned.map_or(Timestamp::MIN, |zoned| zoned.timestamp())
    };
    let todays = on(today);
    if todays <= now {
        return todays;
    }
    on(today.saturating_sub(1.day()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use jiff::{civil::time, tz::TimeZone};

    use super::*;

    fn paris() -> Calendar {
        TimeZone::get("Europe/Paris").unwrap().into()
    }

    fn run(started_at: &str, outcome: RunOutcome) -> RetentionRun {
        RetentionRun {
            id: 1,
            started_at: started_at.parse().unwrap(),
            ended_at: None,
            outcome,
            acted: 0,
            held: 0,
            plan: None,
            report: String::new(),
        }
    }

    fn due(last: &RetentionRun, now: &str) -> bool {
        is_due(Some(last), now.parse().unwrap(), time(3, 0, 0, 0), &paris())
    }

    #[test]
    fn the_pass_begins_once_a_day_on_the_clock_of_the_zone() {
        let last = run("2026-11-22T02:00:05Z", RunOutcome::Done);
        assert!(!due(&last, "2026-11-23T01:59:59Z"));
        assert!(due(&last, "2026-11-23T02:00:00Z"));
        assert!(is_due(
            None,
            Timestamp::UNIX_EPOCH,
            time(3, 0, 0, 0),
            &paris()
        ));
    }

    /// Standards 4.4: exactly once on both days on which the clocks change.
    #[test]
    fn a_change_of_the_clocks_neither_skips_nor_repeats_a_pass() {
        let at = time(2, 30, 0, 0);
        let passes = |from: &str| {
            let from: Timestamp = from.parse().unwrap();
            let minutes = (0..24 * 60).map(|minute| from + SignedDuration::from_mins(minute));
            let mut days: Vec<_> = minutes.map(|now| latest(now, at, &paris())).collect();
            days.dedup();
            days.len()
        };
        // The day before's, and the day's own.
        assert_eq!(passes("2027-03-27T23:00:00Z"), 2);
        assert_eq!(passes("2027-10-30T22:00:00Z"), 2);
    }

    #[test]
    fn what_failed_or_was_cut_off_is_tried_again_and_what_waits_is_not() {
        for (outcome, soon, later) in [
            (RunOutcome::Failed, false, true),
            (RunOutcome::Unfinished, true, true),
            (RunOutcome::Held, false, false),
            (RunOutcome::Done, false, false),
        ] {
            let last = run("2026-11-22T02:00:05Z", outcome);
            assert_eq!(due(&last, "2026-11-22T02:30:00Z"), soon, "{outcome}");
            assert_eq!(due(&last, "2026-11-22T03:30:00Z"), later, "{outcome}");
        }
    }
}
