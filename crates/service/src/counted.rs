//! What is counted for the operator, by the facade of the `metrics` crate: nothing is kept unless
//! the program installs a recorder.
//!
//! Labels come from closed sets alone; no metric names a person. Counters tell what this process
//! did, and only after it was committed. What belongs to the database is a gauge that whoever serves
//! the metrics asks for ([`Service::backlog`], [`Service::outbox_status`]).

use async_trait::async_trait;
use consentry_address::EmailAddress;
use consentry_domain::{Action, Channel, LetterKind, Subject, SubjectId};
use consentry_policy::ControllerId;
use jiff::Timestamp;
use metrics::{counter, describe_counter, describe_histogram, histogram};

use crate::{
    Error, Job, JobOutcome, Service,
    ports::{
        AnnouncementStep, Change, Imports, OpenAnnouncement, PurgeReason, Settlement, StoreError,
        UnitOfWork,
    },
};

const SIGN_UPS: &str = "consentry_signups_total";
const EVENTS: &str = "consentry_consent_events_total";
const QUEUED: &str = "consentry_letters_queued_total";
const SETTLED: &str = "consentry_letters_settled_total";
const PURGED: &str = "consentry_purged_people_total";
const RUNS: &str = "consentry_job_runs_total";
const RUN_TIME: &str = "consentry_job_duration_seconds";

/// Tells the recorder what the counters mean, and that they stand at zero. Called once, after a
/// recorder was installed: a counter that does not exist yet cannot be seen to rise.
pub fn describe_metrics() {
    describe_counter!(SIGN_UPS, "Sign-ups by what became of them");
    describe_counter!(
        EVENTS,
        "Consent events committed: confirmations, departures, erasures"
    );
    describe_counter!(QUEUED, "Letters put into the outbox, by kind");
    describe_counter!(SETTLED, "Hand-overs of letters, by how they ended");
    describe_counter!(PURGED, "Records purged, by the rule that removed them");
    describe_counter!(RUNS, "Runs of the background jobs, by how they ended");
    describe_histogram!(RUN_TIME, "How long a run of a background job took");
    for outcome in SignUpOutcome::ALL {
        counter!(SIGN_UPS, "outcome" => outcome.as_str()).absolute(0);
    }
    for (action, channel) in [
        (Action::Confirmed, Channel::Link),
        (Action::Objected, Channel::Link),
        (Action::Objected, Channel::OneClick),
        (Action::ErasureRequested, Channel::Link),
    ] {
        counter!(EVENTS, "action" => action.as_str(), "channel" => channel.as_str()).absolute(0);
    }
    for kind in LetterKind::ALL {
        counter!(QUEUED, "kind" => kind.as_str()).absolute(0);
    }
    for outcome in ["sent", "deferred", "failed", "uncertain", "cancelled"] {
        counter!(SETTLED, "outcome" => outcome).absolute(0);
    }
    for reason in PurgeReason::ALL {
        counter!(PURGED, "rule" => reason.as_str()).absolute(0);
    }
    for job in Job::ALL {
        for outcome in ["done", "idle", "held", "failed"] {
            counter!(RUNS, "job" => job.as_str(), "outcome" => outcome).absolute(0);
        }
    }
}

/// What became of a sign-up. The public answer does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignUpOutcome {
    /// Recorded and answered.
    Accepted,
    /// A limit was reached.
    Limited,
    /// The policy refuses the domain of the address.
    Refused,
    /// The address cannot be one, or the topic does not exist.
    Invalid,
    /// The database did not take it.
    Failed,
}

impl SignUpOutcome {
    const ALL: [Self; 5] = [
        Self::Accepted,
        Self::Limited,
        Self::Refused,
        Self::Invalid,
        Self::Failed,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Limited => "limited",
            Self::Refused => "refused",
            Self::Invalid => "invalid",
            Self::Failed => "failed",
        }
    }

    pub(crate) fn of(ended: &Result<(), Error>) -> Self {
        match ended {
            Ok(()) => Self::Accepted,
            Err(Error::RefusedDomain) => Self::Refused,
            Err(Error::Address(_) | Error::UnknownTopic) => Self::Invalid,
            Err(_) => Self::Failed,
        }
    }

    /// Counts one. For whoever turns a sign-up away before the service sees it; the service counts
    /// those it is asked for.
    pub fn count(self) {
        counter!(SIGN_UPS, "outcome" => self.as_str()).increment(1);
    }
}

/// Counts how a hand-over ended.
pub(crate) fn settled(settlement: &Settlement) {
    let outcome = match settlement {
        Settlement::Sent => "sent",
        Settlement::Retry(_) => "deferred",
        Settlement::Failed => "failed",
        Settlement::Uncertain(_) => "uncertain",
        Settlement::Cancelled => "cancelled",
    };
    counter!(SETTLED, "outcome" => outcome).increment(1);
}

/// Counts a run of a job.
pub(crate) fn ran(job: Job, ended: &Result<JobOutcome, Error>, took: std::time::Duration) {
    let outcome = match ended {
        Ok(JobOutcome::Done(_)) => "done",
        Ok(JobOutcome::Idle | JobOutcome::Elsewhere) => "idle",
        Ok(JobOutcome::Held(_)) => "held",
        Err(_) => "failed",
    };
    counter!(RUNS, "job" => job.as_str(), "outcome" => outcome).increment(1);
    if outcome != "idle" {
        histogram!(RUN_TIME, "job" => job.as_str()).record(took);
    }
}

impl Service {
    /// Begins a transaction whose effects are counted once they are committed.
    pub(crate) async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        let inner = self.store().begin().await?;
        Ok(Box::new(Counted {
            inner,
            events: Vec::new(),
            letters: Vec::new(),
            purged: Vec::new(),
        }))
    }
}

struct Counted {
    inner: Box<dyn UnitOfWork>,
    events: Vec<(Action, Channel)>,
    letters: Vec<LetterKind>,
    purged: Vec<(PurgeReason, u64)>,
}

#[async_trait]
impl UnitOfWork for Counted {
    async fn live_by_address(
        &mut self,
        controller: &ControllerId,
        addresses: &[EmailAddress],
    ) -> Result<Vec<Option<Subject>>, StoreError> {
        self.inner.live_by_address(controller, addresses).await
    }

    async fn by_id(
        &mut self,
        controller: &ControllerId,
        ids: &[SubjectId],
    ) -> Result<Vec<Option<Subject>>, StoreError> {
        self.inner.by_id(controller, ids).await
    }

    async fn save(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        self.inner.save(changes).await?;
        for change in changes {
            let events = change.events.iter().map(|event| &event.evidence);
            self.events
                .extend(events.map(|evidence| (evidence.action, evidence.channel)));
            self.letters
                .extend(change.letters.iter().map(|letter| letter.kind));
        }
        Ok(())
    }

    async fn purge(
        &mut self,
        controller: &ControllerId,
        ids: &[SubjectId],
        reason: PurgeReason,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.inner.purge(controller, ids, reason, now).await?;
        self.purged.push((reason, ids.len() as u64));
        Ok(())
    }

    async fn advance_announcement(
        &mut self,
        controller: &ControllerId,
        from: &OpenAnnouncement,
        to: AnnouncementStep,
    ) -> Result<(), StoreError> {
        self.inner.advance_announcement(controller, from, to).await
    }

    fn imports(&mut self) -> &mut dyn Imports {
        self.inner.imports()
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        self.inner.commit().await?;
        for (action, channel) in self.events {
            counter!(EVENTS, "action" => action.as_str(), "channel" => channel.as_str())
                .increment(1);
        }
        for kind in self.letters {
            counter!(QUEUED, "kind" => kind.as_str()).increment(1);
        }
        for (reason, count) in self.purged {
            counter!(PURGED, "rule" => reason.as_str()).increment(count);
        }
        Ok(())
    }
}
