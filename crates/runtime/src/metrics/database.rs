//! Gauges that are asked of the database, seldom enough not to be a load of their own.

use std::time::{Duration, Instant};

use consentry_service::{
    Error, Job, Service,
    ports::{LetterState, PurgeReason},
};
use consentry_storage::SeaOrmStore;
use jiff::{SignedDuration, Timestamp};
use metrics::{describe_gauge, gauge};
use tokio::{sync::Mutex, time::timeout};
use tracing::warn;

use crate::{app::App, retention::Retention, settings::Settings};

/// How long a scrape waits for the database.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Figures are at least this long good, and longer where they took long: they cost the database a
/// twentieth of its time at most.
const FRESH: Duration = Duration::from_secs(5);
const COST: u32 = 20;

/// What is left of a letter that went is a counter: its row lives as long as its person.
const UNSENT: [LetterState; 5] = [
    LetterState::Queued,
    LetterState::Leased,
    LetterState::Sending,
    LetterState::Failed,
    LetterState::Uncertain,
];

const UP: &str = "consentry_database_up";
const TOOK: &str = "consentry_database_figures_seconds";
const CONNECTIONS: &str = "consentry_database_connections";
const SKEW: &str = "consentry_database_clock_skew_seconds";
const LETTERS: &str = "consentry_letters";
const OLDEST: &str = "consentry_letters_oldest_due_seconds";
const HELD: &str = "consentry_people_held";
const OVERDUE: &str = "consentry_people_overdue";
const RULE_OVERDUE: &str = "consentry_retention_overdue";
const SINCE_VERIFIED: &str = "consentry_retention_since_clean_verify_seconds";
const ARCHIVE_KEYS: &str = "consentry_archive_keys";
const BREAKER: &str = "consentry_breaker_tripped";
const RECENT: &str = "consentry_recent_signups";
const JOB_SUCCESS: &str = "consentry_job_last_success_timestamp_seconds";
const JOB_FAILED: &str = "consentry_job_failed";

pub(super) fn describe() {
    describe_gauge!(
        UP,
        "Whether the database answered the last time it was asked"
    );
    describe_gauge!(
        TOOK,
        "How long the database took for the figures of this page"
    );
    describe_gauge!(CONNECTIONS, "Connections of this process to the database");
    describe_gauge!(SKEW, "This machine's clock minus the database's");
    describe_gauge!(LETTERS, "Letters that did not go, or not yet, by state");
    describe_gauge!(OLDEST, "For how long the oldest letter has been due");
    describe_gauge!(HELD, "Records of people, erased ones included");
    describe_gauge!(
        OVERDUE,
        "Records past the end of their period for two job intervals and more"
    );
    describe_gauge!(
        RULE_OVERDUE,
        "Rows that were due to a rule after the last run on the policy's databases"
    );
    describe_gauge!(
        SINCE_VERIFIED,
        "For how long the policy's databases have not been verified without a row past its period"
    );
    describe_gauge!(
        ARCHIVE_KEYS,
        "Keys of people in the archive, and of archived records of nobody"
    );
    describe_gauge!(
        BREAKER,
        "Whether sign-ups are slowed down because hardly anybody confirms"
    );
    describe_gauge!(RECENT, "The sign-ups that the breaker judges");
    describe_gauge!(JOB_SUCCESS, "When the job last ended well, 0 for never");
    describe_gauge!(
        JOB_FAILED,
        "Whether the last run of the job failed or was held back"
    );
}

/// The figures, and since when they are known.
pub(super) struct Figures {
    service: Service,
    store: SeaOrmStore,
    retention: Retention,
    late: SignedDuration,
    known: Mutex<Option<(Instant, Duration)>>,
}

impl Figures {
    pub(super) fn new(settings: &Settings, app: &App, service: Service) -> Self {
        Self {
            retention: Retention::new(settings, app, &service),
            service,
            store: app.store().clone(),
            late: settings.late(),
            known: Mutex::new(None),
        }
    }

    /// Brings the gauges up to date. Two scrapes at a time ask once.
    pub(super) async fn refresh(&self) {
        let (total, idle) = self.store.connections();
        gauge!(CONNECTIONS, "state" => "idle").set(float(u64::from(idle)));
        gauge!(CONNECTIONS, "state" => "busy").set(float(u64::from(total.saturating_sub(idle))));

        let mut known = self.known.lock().await;
        if known.is_some_and(|(at, good_for)| at.elapsed() < good_for) {
            return;
        }
        let since = Instant::now();
        let asked = timeout(PATIENCE, self.ask()).await;
        let is_up = match asked {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                warn!(%error, "the figures of the database are not known");
                false
            }
            Err(_elapsed) => {
                warn!("the figures of the database are not known in time");
                false
            }
        };
        if !is_up {
            forget();
        }
        gauge!(UP).set(f64::from(u8::from(is_up)));
        gauge!(TOOK).set(since.elapsed().as_secs_f64());
        let good_for = FRESH.max(since.elapsed().saturating_mul(COST));
        *known = Some((Instant::now(), good_for));
    }

    async fn ask(&self) -> Result<(), Error> {
        let now = self.service.now();
        let backlog = self.service.backlog(self.late).await?;
        let outbox = &backlog.letters;
        let statuses = self.service.job_statuses().await?;
        if let Some(breaker) = self.service.breaker_status().await? {
            gauge!(BREAKER).set(f64::from(u8::from(breaker.is_tripped)));
            gauge!(RECENT, "confirmed" => "yes").set(float(breaker.seen.confirmed));
            gauge!(RECENT, "confirmed" => "no").set(float(breaker.seen.unconfirmed));
        }

        for state in UNSENT {
            let found = outbox.counts.iter().find(|(found, _)| *found == state);
            let count = found.map_or(0, |(_, count)| *count);
            gauge!(LETTERS, "state" => state.as_str()).set(float(count));
        }
        let since = |then: Timestamp| now.duration_since(then).as_secs_f64();
        gauge!(OLDEST).set(outbox.oldest_due.map_or(0.0, |due| since(due).max(0.0)));
        gauge!(HELD).set(float(backlog.held));
        for (rule, count) in &backlog.overdue {
            gauge!(OVERDUE, "rule" => rule.as_str()).set(float(*count));
        }
        gauge!(SKEW).set(since(backlog.database_clock));
        if self.retention.has_sources() {
            let known = self.retention.last_known().await?;
            for rule in known.left.iter().filter(|rule| rule.action != "review") {
                let labels = [
                    ("dataset", rule.dataset.clone()),
                    ("rule", rule.rule.clone()),
                ];
                gauge!(RULE_OVERDUE, &labels).set(float(rule.due));
            }
            let verified = known.verified_at.map_or(f64::INFINITY, since);
            gauge!(SINCE_VERIFIED).set(verified);
        }
        // The archive itself is not asked: the server serves this page too.
        let controller = self.retention.controller();
        let keys = self.store.count_archive_keys(controller).await?;
        gauge!(ARCHIVE_KEYS).set(float(keys));
        for job in scheduled() {
            let status = statuses.iter().find(|status| status.job == job.as_str());
            let success = status.and_then(|status| status.succeeded_at);
            let success = success.map_or(0.0, |at| at.as_duration().as_secs_f64());
            let failed = status.is_some_and(|status| status.failed);
            gauge!(JOB_SUCCESS, "job" => job.as_str()).set(success);
            gauge!(JOB_FAILED, "job" => job.as_str()).set(f64::from(u8::from(failed)));
        }
        Ok(())
    }
}

/// An old figure would be taken for a new one.
fn forget() {
    for state in UNSENT {
        gauge!(LETTERS, "state" => state.as_str()).set(f64::NAN);
    }
    for rule in PurgeReason::ALL {
        gauge!(OVERDUE, "rule" => rule.as_str()).set(f64::NAN);
    }
    for job in scheduled() {
        gauge!(JOB_SUCCESS, "job" => job.as_str()).set(f64::NAN);
        gauge!(JOB_FAILED, "job" => job.as_str()).set(f64::NAN);
    }
    for confirmed in ["yes", "no"] {
        gauge!(RECENT, "confirmed" => confirmed).set(f64::NAN);
    }
    for name in [OLDEST, HELD, SKEW, BREAKER, ARCHIVE_KEYS] {
        gauge!(name).set(f64::NAN);
    }
}

/// The dispatcher writes down nothing while there is nothing to do; its measure is the queue.
fn scheduled() -> impl Iterator<Item = Job> {
    Job::ALL.into_iter().filter(|job| !job.is_continuous())
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 letters")]
fn float(count: u64) -> f64 {
    count as f64
}
