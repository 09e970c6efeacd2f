//! The retention engine at work: the databases that the policy names, our own records of holds and
//! events, runs and plans that are written down.

mod about;
mod archive;
mod parts;
mod pass;
mod records;
mod resume;

use std::collections::{BTreeMap, BTreeSet};

use consentry::SystemRandom;
use consentry_policy::{ControllerId, Dataset, Policy, Slug};
use consentry_retention::{Finding, Plan, PlannedRule, Progress, RunReport, stage_name};
use consentry_service::{
    Error, Service,
    ports::{
        JobStatus, LegalHold, Random, RetentionRun, RetentionStore, RunOutcome, Store as _,
        StoreError, WorkerId,
    },
};
use consentry_storage::SeaOrmStore;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::{Failure, app::App, archive::Place, settings::Settings};

pub(crate) use archive::Keeper;

pub(crate) use about::{About, AboutRow};
use parts::failure;
use records::Records;

/// How long a plan can be approved.
const APPROVABLE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long an event is known after it was reported and its stages are done, so that the same report
/// changes nothing.
const REPLAYED: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How many runs are looked back at.
const SHOWN: u64 = 10;

/// The daily pass, among the jobs.
const PASS: &str = "retention";

/// The last time that nothing was older than its rule allows, among the jobs.
const VERIFIED: &str = "retention-verified";

/// The policy on the databases that it names.
pub(crate) struct Retention {
    /// Where they are; nothing where no setting says so.
    urls: BTreeMap<Slug, Option<SecretString>>,
    archive: Place,
    /// Settings of databases that it does not name.
    unknown: Vec<String>,
    records: Records,
    service: Service,
}

/// What is due, and why that is not everything.
pub(crate) struct Planned {
    /// What is due.
    pub(crate) plan: Plan,
    /// What could not be asked.
    pub(crate) failures: Vec<Failure>,
}

/// A run that has ended.
pub(crate) struct Ran {
    /// As it was written down.
    pub(crate) run: RetentionRun,
    /// What it did.
    pub(crate) report: RunReport,
    /// What could not be done.
    pub(crate) failures: Vec<Failure>,
}

/// What was last written down.
pub(crate) struct LastKnown {
    /// How the last pass ended.
    pub(crate) pass: Option<JobStatus>,
    /// When nothing was older than its rule allows.
    pub(crate) verified_at: Option<Timestamp>,
    /// What was due after the last run.
    pub(crate) left: Vec<PlannedRule>,
    /// The last runs, the latest first.
    pub(crate) runs: Vec<RetentionRun>,
}

/// A dataset that no rule ends.
#[derive(Serialize)]
pub(crate) struct Unruled<'a> {
    pub(crate) dataset: &'a str,
    pub(crate) review: Option<jiff::civil::Date>,
}

/// What is read again of [`Written`].
#[derive(Deserialize)]
struct Left {
    left: Vec<PlannedRule>,
}

/// What is written down of a run.
#[derive(Serialize)]
struct Written<'a> {
    #[serde(flatten)]
    report: &'a RunReport,
    /// What is due after it.
    left: &'a [PlannedRule],
    /// What failed.
    problems: Vec<&'a str>,
}

impl Retention {
    /// With the databases that the settings name.
    pub(crate) fn new(settings: &Settings, app: &App, service: &Service) -> Self {
        let policy = service.policy();
        let databases: BTreeSet<&Slug> = sourced(policy)
            .filter_map(|dataset| Some(&dataset.source.as_ref()?.database))
            .collect();
        let urls = databases
            .into_iter()
            .map(|id| (id.clone(), settings.source(id).cloned()))
            .collect();
        let unknown = settings.unknown_sources(policy);
        Self {
            urls,
            archive: settings.archive.clone(),
            unknown: unknown.map(ToString::to_string).collect(),
            records: Records {
                store: app.store().clone(),
                controller: policy.controller.id.clone(),
            },
            service: service.clone(),
        }
    }

    /// Whether the policy names any database, or has rules for the archive.
    pub(crate) fn has_sources(&self) -> bool {
        !self.urls.is_empty() || self.archives()
    }

    /// The policy.
    pub(crate) fn policy(&self) -> &Policy {
        self.service.policy()
    }

    /// Where runs, plans, holds and events are kept.
    pub(crate) fn store(&self) -> &SeaOrmStore {
        &self.records.store
    }

    /// Whose they are.
    pub(crate) fn controller(&self) -> &ControllerId {
        &self.records.controller
    }

    /// The present instant.
    pub(crate) fn now(&self) -> Timestamp {
        self.service.now()
    }

    /// What is due at `at`.
    pub(crate) async fn plan(&self, at: Timestamp) -> Result<Planned, Failure> {
        let (parts, mut failures) = self.parts().await;
        let mut whole: Option<Plan> = None;
        for part in &parts {
            match self.engine(part).plan(at).await {
                Ok(plan) => match &mut whole {
                    Some(whole) => whole.rules.extend(plan.rules),
                    None => whole = Some(plan),
                },
                Err(error) => failures.push(failure(&error)),
            }
        }
        match whole {
            Some(plan) => Ok(Planned { plan, failures }),
            None => Err(Failure::worst(&failures)),
        }
    }

    /// [`Retention::plan`], kept so that it can be approved.
    pub(crate) async fn plan_to_approve(&self, at: Timestamp) -> Result<Planned, Failure> {
        let planned = self.plan(at).await?;
        let text = json(&planned.plan);
        let now = self.now();
        let until = now.saturating_add(APPROVABLE).unwrap_or(Timestamp::MAX);
        let hash = planned.plan.hash();
        self.store()
            .save_plan(self.controller(), &hash, &text, now, until)
            .await?;
        Ok(planned)
    }

    /// A plan that was made before.
    pub(crate) async fn approved(&self, hash: &str) -> Result<Plan, Failure> {
        let found = self
            .store()
            .saved_plan(self.controller(), hash, self.now())
            .await?;
        let Some(text) = found else {
            return Err(Failure::Found(format!(
                "there is no plan {hash}, or it is older than a week: make one by \
                 `consentry-admin retention plan`"
            )));
        };
        serde_json::from_str(&text)
            .map_err(|error| Failure::Found(format!("the plan cannot be read: {error}")))
    }

    /// Does what is due, or what was approved, and writes down how it went.
    pub(crate) async fn run(
        &self,
        by: &WorkerId,
        approved: Option<&Plan>,
        progress: &mut (dyn FnMut(&Progress<'_>) + Send),
    ) -> Result<Ran, Failure> {
        let now = self.now();
        let was_cut_off = self.was_cut_off(now).await?;
        let mut run = RetentionRun {
            id: u64::from_be_bytes(random()),
            started_at: now,
            ended_at: None,
            outcome: RunOutcome::Unfinished,
            acted: 0,
            held: 0,
            plan: approved.map(Plan::hash),
            report: "{}".to_owned(),
        };
        self.store().save_run(self.controller(), &run).await?;
        let (parts, mut failures) = self.parts().await;
        let mut whole: Option<RunReport> = None;
        for part in &parts {
            let ended = self.run_part(part, now, approved, was_cut_off, progress);
            match ended.await {
                Ok(report) => match &mut whole {
                    Some(whole) => {
                        whole.rules.extend(report.rules);
                        whole.residue.extend(report.residue);
                    }
                    None => whole = Some(report),
                },
                Err(stopped) => {
                    run.acted += stopped.done;
                    failures.push(stopped.failure);
                }
            }
        }
        if let Some(report) = &mut whole {
            match self.end_erased().await {
                Ok(None) => {}
                Ok(Some((records, residue))) => {
                    run.acted += records;
                    report.residue.insert("archive".to_owned(), residue);
                }
                Err(failure) => failures.push(failure),
            }
        }
        let Some(report) = whole else {
            run.outcome = RunOutcome::Failed;
            run.ended_at = Some(self.now());
            self.store().save_run(self.controller(), &run).await?;
            return Err(Failure::worst(&failures));
        };
        self.forget_events().await?;
        let left = self.verify(self.now()).await?;
        run.acted += report.rules.iter().map(|rule| rule.done).sum::<u64>();
        run.held = report.rules.iter().map(|rule| rule.braked).sum();
        run.outcome = if !failures.is_empty() {
            RunOutcome::Failed
        } else if report.is_braked() {
            RunOutcome::Held
        } else {
            RunOutcome::Done
        };
        run.ended_at = Some(self.now());
        run.report = json(&Written {
            report: &report,
            left: &left.plan.rules,
            problems: failures.iter().map(Failure::message).collect(),
        });
        self.store().save_run(self.controller(), &run).await?;
        self.note(&run, by).await?;
        Ok(Ran {
            run,
            report,
            failures,
        })
    }

    /// Asks again what is due, and writes down when that was nothing.
    pub(crate) async fn verify(&self, now: Timestamp) -> Result<Planned, Failure> {
        let asked = self.plan(now).await?;
        if asked.failures.is_empty() && asked.plan.is_clean() {
            let status = JobStatus {
                job: VERIFIED.to_owned(),
                started_at: Some(now),
                succeeded_at: Some(now),
                outcome: Some("nothing is older than its rule allows".to_owned()),
                failed: false,
            };
            let store = self.store();
            store
                .finish_job(self.controller(), &operator(), &status)
                .await?;
        }
        Ok(asked)
    }

    /// How many of our own records are past their period at an instant, by rule: the jobs of the
    /// worker remove them.
    pub(crate) async fn own_due(&self, at: Timestamp) -> Result<Vec<(&'static str, u64)>, Error> {
        let ahead = self.now().duration_since(at);
        let backlog = self.service.backlog(ahead).await?;
        let due = backlog.overdue.into_iter();
        Ok(due.map(|(rule, count)| (rule.as_str(), count)).collect())
    }

    /// How many holds somebody should have looked at again by now (S3-26).
    pub(crate) async fn holds_to_review(&self) -> Result<usize, StoreError> {
        let now = self.now();
        let holds = self.store().legal_holds(self.controller()).await?;
        let is_late = |hold: &&LegalHold| hold.lifted_at.is_none() && hold.review_at <= now;
        Ok(holds.iter().filter(is_late).count())
    }

    /// Datasets that no rule ends, each with the day by which the policy's catch-all has somebody
    /// decide about it (S3-55).
    pub(crate) fn without_rules(&self) -> Vec<Unruled<'_>> {
        let policy = self.policy();
        let review = policy.catch_all.as_ref().and_then(|all| all.review);
        let unruled = sourced(policy).filter(|dataset| dataset.stages.is_empty());
        let unruled = unruled.map(|dataset| Unruled {
            dataset: dataset.id.as_str(),
            review,
        });
        unruled.collect()
    }

    /// Compares every database with the policy; what is wrong or slow.
    pub(crate) async fn check(&self) -> (Vec<Finding>, Vec<Failure>) {
        let (parts, mut failures) = self.parts().await;
        let mut found = Vec::new();
        for part in &parts {
            match self.engine(part).check().await {
                Ok(findings) => found.extend(findings.all().to_vec()),
                Err(error) => failures.push(failure(&error)),
            }
        }
        (found, failures)
    }

    /// What was last written down of the engine's work.
    pub(crate) async fn last_known(&self) -> Result<LastKnown, StoreError> {
        let jobs = self.store().job_statuses(self.controller()).await?;
        let job = |name: &str| jobs.iter().find(|status| status.job == name);
        let runs = self
            .store()
            .last_runs(self.controller(), Timestamp::MAX, SHOWN);
        let runs = runs.await?;
        // One that goes on has not written its report; one of a later time was made by a wrong clock.
        let now = self.now();
        let ended = runs
            .iter()
            .find(|run| run.ended_at.is_some() && run.started_at <= now);
        let left = ended.and_then(|run| serde_json::from_str::<Left>(&run.report).ok());
        Ok(LastKnown {
            pass: job(PASS).cloned(),
            verified_at: job(VERIFIED).and_then(|status| status.succeeded_at),
            left: left.map(|report| report.left).unwrap_or_default(),
            runs,
        })
    }

    async fn note(&self, run: &RetentionRun, by: &WorkerId) -> Result<(), StoreError> {
        let failed = run.outcome != RunOutcome::Done;
        let waiting = match run.held {
            0 => String::new(),
            held => format!(
                "; {held} rows wait: look at `consentry-admin retention plan`, and approve by \
                 `consentry-admin retention run --plan HASH`"
            ),
        };
        let outcome = format!("{}: {} rows{waiting}", run.outcome, run.acted);
        let status = JobStatus {
            job: PASS.to_owned(),
            started_at: Some(run.started_at),
            succeeded_at: run.ended_at.filter(|_| !failed),
            outcome: Some(outcome),
            failed,
        };
        let store = self.store();
        store.finish_job(self.controller(), by, &status).await
    }

    /// Forgets events that no rule needs any more.
    async fn forget_events(&self) -> Result<(), StoreError> {
        let before = self.now().checked_sub(REPLAYED).unwrap_or(Timestamp::MIN);
        for event in &self.policy().events {
            let clocks = self.policy().datasets.iter().flat_map(|set| &set.clocks);
            if clocks
                .into_iter()
                .any(|clock| clock.event.as_ref() == Some(&event.id))
            {
                continue;
            }
            let datasets = self.policy().datasets.iter();
            let stages = datasets.flat_map(|set| set.stages.iter().map(move |stage| (set, stage)));
            let stages: Vec<String> = stages
                .filter(|(_, stage)| stage.on.as_ref() == Some(&event.id))
                .map(|(dataset, stage)| stage_name(dataset, stage))
                .collect();
            let stages: Vec<&str> = stages.iter().map(String::as_str).collect();
            let store = self.store();
            store
                .forget_events(self.controller(), event.id.as_str(), &stages, before)
                .await?;
        }
        Ok(())
    }
}

fn sourced(policy: &Policy) -> impl Iterator<Item = &Dataset> {
    let datasets = policy.datasets.iter();
    datasets.filter(|dataset| dataset.enabled && dataset.source.is_some())
}

/// Who does what is done by hand, among the workers.
pub(crate) fn operator() -> WorkerId {
    WorkerId("operator".to_owned())
}

/// Unpredictable bytes.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom.fill(&mut bytes);
    bytes
}

/// Plans and reports have nothing in them that JSON cannot say.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
