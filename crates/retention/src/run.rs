//! Execution: batches in short transactions, a brake, a report.

use std::collections::BTreeMap;

use consentry_policy::{Action, Dataset, Policy, Slug, SqlName, Stage};
use jiff::Timestamp;
use serde::Serialize;

use crate::archive::Archive;
use crate::archived;
use crate::cleaning::{self, Residue};
use crate::decide::Effect;
use crate::engine::{BATCH, Engine, Prepared, is_review, plan_stage};
use crate::error::RetentionError;
use crate::plan::Plan;
use crate::ports::stage_name;
use crate::rules::StageRule;
use crate::scan::{Desk, Judged, Scan};
use crate::source::Source;
use crate::write;

/// So few rows pass the brake whatever their share: small tables empty on ordinary days.
const BRAKE_FLOOR: u64 = 100;

/// Rows of one transaction that moves them: sealing takes longer than deleting, and the application
/// waits for its rows meanwhile.
const ARCHIVE_BATCH: u32 = 1_000;

/// How far a run has come.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Progress<'a> {
    /// The dataset.
    pub dataset: &'a str,
    /// The rule.
    pub rule: &'a str,
    /// Rows that it has acted on.
    pub done: u64,
}

/// What became of a rule in a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RuleReport {
    /// The stage, as the policy names it.
    pub rule: String,
    /// The dataset.
    pub dataset: String,
    /// What happens.
    pub action: String,
    /// Rows that it acted on.
    pub done: u64,
    /// Rows that are due and wait for an approved plan.
    pub braked: u64,
    /// Rows about which nothing can be said: a clock's column holds no moment.
    pub unreadable: u64,
}

/// What a run did; no personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RunReport {
    /// The moment that rules were judged by.
    pub at: Timestamp,
    /// The version of the policy and its fingerprint.
    pub policy: String,
    /// Rule by rule, in the order in which they ran.
    pub rules: Vec<RuleReport>,
    /// Where copies of what was purged may lie still, by database.
    pub residue: BTreeMap<String, Vec<Residue>>,
}

impl RunReport {
    /// Whether rules wait for an operator.
    pub fn is_braked(&self) -> bool {
        self.rules.iter().any(|rule| rule.braked > 0)
    }
}

pub(crate) async fn run(
    engine: &Engine<'_>,
    now: Timestamp,
    approved: Option<&Plan>,
    progress: &mut (dyn FnMut(&Progress<'_>) + Send),
) -> Result<RunReport, RetentionError> {
    let policy = engine.policy.notice_version().to_string();
    if let Some(plan) = approved
        && plan.policy != policy
    {
        return Err(RetentionError::OutdatedPlan);
    }
    let now = approved.map_or(now, |plan| plan.at.min(now));
    let datasets = engine.prepare().await?;
    let mut rules = Vec::new();
    let mut touched = Vec::new();
    for dataset in &datasets {
        let first = rules.len();
        dataset
            .run(engine, now, approved, progress, &mut rules)
            .await?;
        if rules[first..].iter().any(RuleReport::removed_data) {
            touched.push(dataset);
        }
    }
    let deleted = archived::run(engine, now, approved, progress, &mut rules).await?;
    Ok(RunReport {
        at: now,
        policy,
        rules,
        residue: clean(touched, engine.archive.filter(|_| deleted)).await,
    })
}

/// How many rows there have to be, so that this many are no more than a share of them, in percent;
/// nothing where so few may always go.
pub(crate) fn needed_size(rows: u64, share: u64) -> Option<u64> {
    let may_go = rows <= BRAKE_FLOOR || share >= 100;
    (!may_go).then(|| rows.saturating_mul(100).div_ceil(share))
}

/// Cleans the tables of datasets, and the archive, and names what is left, by database.
pub(crate) async fn clean<'d, 'a: 'd>(
    datasets: impl IntoIterator<Item = &'d Prepared<'a>>,
    archive: Option<&dyn Archive>,
) -> BTreeMap<String, Vec<Residue>> {
    let mut touched: BTreeMap<&Slug, (&Source, Vec<SqlName>)> = BTreeMap::new();
    for dataset in datasets {
        let source = dataset.layout.source;
        let dependants = source.dependants.iter().map(|dependant| &dependant.table);
        let tables = dependants.chain([&source.table]).cloned();
        let (_, all) = touched
            .entry(&source.database)
            .or_insert((dataset.source, Vec::new()));
        // Two datasets may lie in one table.
        for table in tables {
            if !all.contains(&table) {
                all.push(table);
            }
        }
    }
    let mut residue = BTreeMap::new();
    for (database, (source, tables)) in touched {
        residue.insert(database.to_string(), cleaning::clean(source, &tables).await);
    }
    if let Some(archive) = archive {
        residue.insert("archive".to_owned(), archive.clean().await);
    }
    residue
}

impl RuleReport {
    /// Of a rule that has done nothing yet.
    pub(crate) fn new(policy: &Policy, dataset: &Dataset, stage: &Stage) -> Self {
        Self {
            rule: stage.id.to_string(),
            dataset: dataset.id.to_string(),
            action: policy.action_name(dataset, stage).to_owned(),
            done: 0,
            braked: 0,
            unreadable: 0,
        }
    }

    /// Whether it left bytes to clean.
    fn removed_data(&self) -> bool {
        self.done > 0 && removes_data(&self.action)
    }
}

/// Whether an action leaves bytes to clean.
pub(crate) fn removes_data(action: &str) -> bool {
    !matches!(action, "hide" | "restrict" | "review")
}

impl Prepared<'_> {
    async fn run(
        &self,
        engine: &Engine<'_>,
        now: Timestamp,
        approved: Option<&Plan>,
        progress: &mut (dyn FnMut(&Progress<'_>) + Send),
        reports: &mut Vec<RuleReport>,
    ) -> Result<(), RetentionError> {
        let rules = self.rules(engine);
        let desk = self.desk(engine, &rules, now);
        let first = reports.len();
        let report = |stage| RuleReport::new(desk.policy, desk.layout.dataset, stage);
        reports.extend(rules.stages.iter().map(|rule| report(rule.stage)));
        let mut idle = Vec::new();
        for (index, report) in reports[first..].iter_mut().enumerate() {
            let waiting = desk.braked(index, approved).await?;
            idle.push(waiting != Some(0));
            report.braked = waiting.unwrap_or(0);
        }
        // What became due first happens first: a row that waits for another rule is met again.
        for _ in 0..=rules.stages.len() {
            let mut acted = false;
            for (index, report) in reports[first..].iter_mut().enumerate() {
                if idle[index] {
                    continue;
                }
                let before = report.done;
                desk.run_stage(index, engine.archive, report, progress)
                    .await?;
                acted |= report.done > before;
            }
            if !acted {
                break;
            }
        }
        Ok(())
    }
}

impl Desk<'_> {
    /// How many rows wait for an approval: zero when the rule may run, nothing when it need not.
    async fn braked(
        &self,
        index: usize,
        approved: Option<&Plan>,
    ) -> Result<Option<u64>, RetentionError> {
        let stage = &self.rules.stages[index];
        if is_review(stage) {
            return Ok(None);
        }
        // A bound is cheap; only where it is too high, rows are judged one by one.
        if stage.counts_columns(self.rules) {
            let sql = self.queries().at_most(stage);
            let at_most = self.source.count(sql).await;
            let at_most = at_most.map_err(|error| self.blame(error))?;
            if at_most == 0 {
                return Ok(None);
            }
            if self.may_take(at_most, stage, approved).await? {
                return Ok(Some(0));
            }
        }
        let due = plan_stage(self, index).await?.due;
        let may = self.may_take(due, stage, approved).await?;
        Ok(Some(if may { 0 } else { due }))
    }

    /// Whether a rule may take so many rows: as many as were approved, or no more than its share.
    async fn may_take(
        &self,
        rows: u64,
        stage: &StageRule<'_>,
        approved: Option<&Plan>,
    ) -> Result<bool, RetentionError> {
        let rule = stage.stage;
        if let Some(plan) = approved {
            return Ok(rows <= plan.approved(&self.layout.dataset.id, rule.id.as_str()));
        }
        let share = u64::from(rule.brake.unwrap_or(self.brake));
        Ok(!self.is_large(rows, share).await?)
    }

    /// Whether so many rows are more than a share of the dataset. Counts no more of it than tells.
    async fn is_large(&self, rows: u64, share: u64) -> Result<bool, RetentionError> {
        let Some(enough) = needed_size(rows, share) else {
            return Ok(false);
        };
        let size = self.source.count(self.queries().size(enough)).await;
        Ok(size.map_err(|error| self.blame(error))? < enough)
    }

    async fn run_stage(
        &self,
        index: usize,
        archive: Option<&dyn Archive>,
        report: &mut RuleReport,
        progress: &mut (dyn FnMut(&Progress<'_>) + Send),
    ) -> Result<(), RetentionError> {
        let stage = &self.rules.stages[index];
        let limit = match stage.stage.action {
            Action::Archive => ARCHIVE_BATCH,
            _ => BATCH,
        };
        let mut scan = Scan::new(self, stage, limit);
        report.unreadable = 0;
        loop {
            let blame = |error| self.blame(error);
            let mut transaction = self.source.begin().await.map_err(blame)?;
            let Some(rows) = scan.next(Some(&mut transaction)).await? else {
                break;
            };
            report.unreadable += rows.iter().filter(|row| row.is_unreadable()).count() as u64;
            let next = |row: &&Judged| row.next().is_some_and(|one| one.stage == index);
            let due: Vec<&Judged> = rows.iter().filter(next).collect();
            let ending: Vec<_> = due.iter().copied().filter(|row| ends(row)).collect();
            if stage.stage.action == Action::Archive && !ending.is_empty() {
                let rows: Vec<_> = ending.iter().map(|row| &row.row).collect();
                let sealable = write::records(&mut transaction, self.layout, &rows).await;
                let sealable = sealable.map_err(blame)?;
                if let Some(archive) = archive {
                    let (dataset, id) = (&self.layout.dataset.id, &stage.stage.id);
                    archive.take(dataset, id, self.now, sealable).await?;
                }
            }
            let ending: Vec<_> = ending.into_iter().map(|row| &row.row).collect();
            if !ending.is_empty() {
                let deleted = write::delete(&mut transaction, self.layout, &ending).await;
                report.done += deleted.map_err(blame)?;
            }
            let changed =
                write::change(&mut transaction, self.layout, self.rules, &due, self.now).await;
            report.done += changed.map_err(blame)?;
            transaction.commit().await.map_err(blame)?;
            let settled = scan.take_settled();
            if let (Some(event), false) = (&stage.stage.on, settled.is_empty()) {
                let stage = stage_name(self.layout.dataset, stage.stage);
                self.events.settle(event.as_str(), &stage, &settled).await?;
            }
            progress(&Progress {
                dataset: self.layout.dataset.id.as_str(),
                rule: stage.stage.id.as_str(),
                done: report.done,
            });
        }
        let settled = scan.take_settled();
        if let (Some(event), false) = (&stage.stage.on, settled.is_empty()) {
            let stage = stage_name(self.layout.dataset, stage.stage);
            self.events.settle(event.as_str(), &stage, &settled).await?;
        }
        Ok(())
    }
}

fn ends(row: &Judged) -> bool {
    row.next().is_some_and(Effect::ends_row)
}
