//! The brake: a clock that leapt must not purge or remind masses of people before their time.
//!
//! What a clock did cannot be known from inside, so two signs are looked at: how long ago the same
//! job last ended well, and what the database's own clock says. Either may have an innocent reason
//! (a machine that was off, a restore), so the brake holds only when a large part of all people would
//! be concerned at once, and the operator can say that the clock is right
//! ([`Service::confirm_clock`]). A clock that steps back makes nothing due.

use jiff::{SignedDuration, Timestamp};

use crate::{
    Error, Job, Service,
    ports::{Census, JobStatus, OutboxStatus, PurgeReason, WorkerId},
};

/// More than this between two runs, or between two clocks, may be a leap. As long is the operator's
/// word good for.
const LEAP: SignedDuration = SignedDuration::from_hours(24);

/// Up to this many people are no mass.
const FEW: u64 = 100;

/// And of all people, one in this many.
const SHARE: u64 = 5;

/// The operator's word, among the jobs.
const CONFIRMED: &str = "clock-confirmed";

/// How many people a job waits for, or is late with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backlog {
    /// Records held, erased ones included.
    pub held: u64,
    /// What the database's own clock says.
    pub database_clock: Timestamp,
    /// For each rule that the policy has, how many records are past their period by more than was
    /// asked for. A restricted record is never late.
    pub overdue: Vec<(PurgeReason, u64)>,
    /// Letters that are still owed, that failed or whose end is unknown.
    pub letters: OutboxStatus,
}

impl Service {
    /// How many people are held past the end of their period by more than `tolerance`: what the
    /// jobs should have removed (S0-33, S0-63). At most a few days' share at a month's end is not
    /// counted yet.
    pub async fn backlog(&self, tolerance: SignedDuration) -> Result<Backlog, Error> {
        let at = self.now().checked_sub(tolerance).unwrap_or(Timestamp::MIN);
        let rules: Vec<_> = PurgeReason::ALL
            .into_iter()
            .map(|reason| (reason, self.surely_outlived(reason, at)))
            .filter(|(_, candidates)| !candidates.is_empty())
            .collect();
        let candidates: Vec<_> = rules.iter().flat_map(|(_, some)| some).copied().collect();
        let census = self
            .store()
            .census(self.controller(), &candidates, self.now())
            .await?;
        let mut counts = census.candidates.into_iter();
        let overdue = rules
            .into_iter()
            .map(|(reason, candidates)| (reason, counts.by_ref().take(candidates.len()).sum()));
        Ok(Backlog {
            held: census.held,
            database_clock: census.clock,
            letters: census.letters,
            overdue: overdue.collect(),
        })
    }

    /// The operator says that the clock is right: housekeeping goes on for a day whatever the
    /// signs.
    pub async fn confirm_clock(&self) -> Result<(), Error> {
        let now = self.now();
        let status = JobStatus {
            job: CONFIRMED.to_owned(),
            started_at: Some(now),
            succeeded_at: Some(now),
            outcome: Some("the operator confirmed the clock".to_owned()),
            failed: false,
        };
        let operator = WorkerId("operator".to_owned());
        let store = self.store();
        store
            .finish_job(self.controller(), &operator, &status)
            .await?;
        Ok(())
    }

    /// Why a job must not run now; `None` when it may.
    pub(crate) async fn brake(&self, job: Job) -> Result<Option<String>, Error> {
        let candidates = self.concerned(job);
        if candidates.is_empty() {
            return Ok(None);
        }
        let census = self
            .store()
            .census(self.controller(), &candidates, self.now())
            .await?;
        let statuses = self.store().job_statuses(self.controller()).await?;
        Ok(judge(job, self.now(), &census, &statuses))
    }
}

fn judge(job: Job, now: Timestamp, census: &Census, statuses: &[JobStatus]) -> Option<String> {
    let due: u64 = census.candidates.iter().sum();
    let is_mass = due > FEW && due.saturating_mul(SHARE) > census.held;
    let succeeded = |name: &str| {
        let status = statuses.iter().find(|status| status.job == name)?;
        status.succeeded_at
    };
    let is_confirmed = succeeded(CONFIRMED).is_some_and(|at| now.duration_since(at).abs() <= LEAP);
    if !is_mass || is_confirmed {
        return None;
    }
    let last = succeeded(job.as_str());
    let sign = if let Some(last) = last.filter(|last| now.duration_since(*last) > LEAP) {
        format!("the last run was at {last}")
    } else if now.duration_since(census.clock).abs() > LEAP {
        format!("the clock of the database shows {}", census.clock)
    } else {
        return None;
    };
    Some(format!(
        "held back: at {now} it would concern {due} of {} people at once, and {sign}; if the clock \
         of this machine is right, run `consentry-admin clock confirm`",
        census.held
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const JOB: Job = Job::Purge(PurgeReason::Unconfirmed);

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn census(due: u64, held: u64, clock: &str) -> Census {
        Census {
            clock: at(clock),
            held,
            candidates: vec![due],
            letters: OutboxStatus::default(),
        }
    }

    fn status(job: &str, succeeded_at: &str) -> JobStatus {
        JobStatus {
            job: job.to_owned(),
            started_at: None,
            succeeded_at: Some(at(succeeded_at)),
            outcome: None,
            failed: false,
        }
    }

    /// Standards 4.4: after a step of more than a day a mass waits for the operator.
    #[test]
    fn a_leap_holds_a_mass_back_until_the_operator_confirms() {
        let now = at("2027-03-01T00:00:00Z");
        let mass = census(300, 1000, "2027-03-01T00:00:00Z");
        let last = status("purge-unconfirmed", "2026-02-01T00:00:00Z");
        let held = judge(JOB, now, &mass, std::slice::from_ref(&last)).unwrap();
        assert!(held.contains("300 of 1000") && held.contains("clock confirm"));
        let confirmed = status("clock-confirmed", "2027-02-28T23:00:00Z");
        assert_eq!(judge(JOB, now, &mass, &[last.clone(), confirmed]), None);
        let stale = status("clock-confirmed", "2027-02-01T00:00:00Z");
        assert!(judge(JOB, now, &mass, &[last, stale]).is_some());
    }

    #[test]
    fn another_job_that_ran_says_nothing_of_this_one() {
        let now = at("2027-03-01T00:00:00Z");
        let mass = census(300, 1000, "2027-03-01T00:00:00Z");
        let statuses = [
            status("purge-unconfirmed", "2026-02-01T00:00:00Z"),
            status("purge-erased", "2027-03-01T00:00:00Z"),
        ];
        assert!(judge(JOB, now, &mass, &statuses).is_some());
    }

    #[test]
    fn the_clock_of_the_database_is_a_sign_too() {
        let now = at("2027-03-01T00:00:00Z");
        let recent = [status("purge-unconfirmed", "2027-02-28T23:30:00Z")];
        let apart = census(300, 1000, "2026-03-01T00:00:00Z");
        assert!(judge(JOB, now, &apart, &recent).is_some());
        let together = census(300, 1000, "2027-03-01T00:05:00Z");
        assert_eq!(judge(JOB, now, &together, &recent), None);
    }

    /// A weekend without power, a first run, a list of friends: nobody is asked.
    #[test]
    fn what_is_no_mass_is_never_held_back() {
        let now = at("2027-03-01T00:00:00Z");
        let long_ago = [status("purge-unconfirmed", "2026-02-01T00:00:00Z")];
        for few in [
            census(100, 100, "2027-03-01T00:00:00Z"),
            census(200, 1000, "2027-03-01T00:00:00Z"),
        ] {
            assert_eq!(judge(JOB, now, &few, &long_ago), None);
        }
        let mass = census(300, 1000, "2027-03-01T00:00:00Z");
        assert_eq!(judge(JOB, now, &mass, &[]), None);
    }

    #[test]
    fn a_clock_that_stepped_back_is_no_reason_to_stop() {
        let now = at("2027-03-01T00:00:00Z");
        let ahead = [status("purge-unconfirmed", "2028-03-01T00:00:00Z")];
        let mass = census(300, 1000, "2027-03-01T00:00:00Z");
        assert_eq!(judge(JOB, now, &mass, &ahead), None);
    }
}
