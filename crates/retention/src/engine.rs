//! The engine: check, plan, run, verify.

use std::collections::BTreeMap;

use consentry_policy::{Action, Policy, Slug};
use jiff::Timestamp;

use crate::archive::Archive;
use crate::archived::{self, Erasure};
use crate::check::{self, Findings, Layout};
use crate::cleaning::Residue;
use crate::error::RetentionError;
use crate::plan::{Plan, PlannedRule};
use crate::ports::{Events, HeldSubjects, Holds};
use crate::rules::{Rules, StageRule};
use crate::run::{Progress, RunReport};
use crate::scan::{Desk, Scan};
use crate::source::Source;

/// Rows of one page of a plan, and of one transaction of a run.
pub(crate) const BATCH: u32 = 5_000;

/// Executes a policy on the databases that it names.
pub struct Engine<'a> {
    /// The policy in force.
    pub policy: &'a Policy,
    /// Its databases, by the ids that it gives them.
    pub sources: &'a BTreeMap<Slug, Source>,
    /// What may stop every rule.
    pub holds: &'a dyn Holds,
    /// What happened to people.
    pub events: &'a dyn Events,
    /// Where archived rows go, and are judged; without one, no stage may archive.
    pub archive: Option<&'a dyn Archive>,
    /// Fills a buffer with random bytes.
    pub random: &'a (dyn Fn(&mut [u8]) + Send + Sync),
}

impl std::fmt::Debug for Engine<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

/// A dataset that is ready for its rules.
pub(crate) struct Prepared<'a> {
    pub(crate) layout: Layout<'a>,
    pub(crate) source: &'a Source,
    pub(crate) held: HeldSubjects,
}

impl<'a> Engine<'a> {
    /// Compares the schema of every source with the policy.
    ///
    /// # Errors
    ///
    /// A source that cannot be asked. What differs is no error of this call: it is what was found.
    pub async fn check(&self) -> Result<Findings, RetentionError> {
        Ok(self.layouts().await?.1)
    }

    /// What is due at `now`.
    pub async fn plan(&self, now: Timestamp) -> Result<Plan, RetentionError> {
        let mut rules = Vec::new();
        for dataset in self.prepare().await? {
            dataset.plan(self, now, &mut rules).await?;
        }
        archived::plan(self, now, &mut rules).await?;
        Ok(Plan {
            at: now,
            policy: self.policy.notice_version().to_string(),
            rules,
        })
    }

    /// Asks again what is due: nothing, once every rule has run (S2-21). A plan that is not
    /// [clean](Plan::is_clean) says which rows are older than their rules allow.
    pub async fn verify(&self, now: Timestamp) -> Result<Plan, RetentionError> {
        self.plan(now).await
    }

    /// Does what is due at `now`, oldest first, a batch in a transaction.
    ///
    /// A rule that would take more of its dataset at once than the brake allows is left for an
    /// operator to approve. With an approved plan, exactly its rules run, as of its moment, on no
    /// more rows than were approved.
    ///
    /// Safe to kill and to run twice: what is done is no longer due, and rows that another runner
    /// works on are left to it.
    ///
    /// # Errors
    ///
    /// What was committed before an error stays done; the next run goes on.
    pub async fn run(
        &self,
        now: Timestamp,
        approved: Option<&Plan>,
        progress: &mut (dyn FnMut(&Progress<'_>) + Send),
    ) -> Result<RunReport, RetentionError> {
        crate::run::run(self, now, approved, progress).await
    }

    /// Ends what was archived of a person, whom the identity column names so, unless a hold or a
    /// minimum keeps it (GDPR art. 17; S2-41). What is live is the application's to erase.
    ///
    /// # Errors
    ///
    /// What was ended before an error stays so; called again, it goes on.
    pub async fn erase(&self, person: &str, now: Timestamp) -> Result<Erasure, RetentionError> {
        archived::erase(self, person, now).await
    }

    /// Cleans every table that rules take data from, and the archive, as a run does with what it
    /// touched: what a run that was cut off left behind. Names what is not covered, by database.
    ///
    /// # Errors
    ///
    /// A source that cannot be asked, or whose schema differs from the policy.
    pub async fn clean(&self) -> Result<BTreeMap<String, Vec<Residue>>, RetentionError> {
        let datasets = self.prepare().await?;
        let emptied = datasets.iter().filter(|dataset| {
            let mut stages = dataset.layout.dataset.stages.iter();
            stages.any(|stage| crate::run::removes_data(stage.action.as_str()))
        });
        Ok(crate::run::clean(emptied, self.archive).await)
    }

    /// Every dataset, those first whose rows refer to others.
    pub(crate) async fn prepare(&self) -> Result<Vec<Prepared<'a>>, RetentionError> {
        let (layouts, findings) = self.layouts().await?;
        if findings.has_errors() {
            return Err(RetentionError::Schema(findings));
        }
        let mut prepared = Vec::new();
        for (layout, source) in layouts {
            let holds = self.holds.of(layout.dataset.id.as_str()).await?;
            prepared.push(Prepared {
                layout,
                source,
                held: HeldSubjects::new(holds),
            });
        }
        Ok(prepared)
    }

    async fn layouts(&self) -> Result<(Vec<(Layout<'a>, &'a Source)>, Findings), RetentionError> {
        let mut layouts = Vec::new();
        let mut findings = Findings::default();
        let mut seen = std::collections::BTreeSet::new();
        for dataset in &self.policy.datasets {
            let Some(table) = dataset.source.as_ref().filter(|_| dataset.enabled) else {
                continue;
            };
            if !seen.insert(&table.database) {
                continue;
            }
            let Some(source) = self.sources.get(&table.database) else {
                return Err(RetentionError::UnknownSource {
                    dataset: dataset.id.clone(),
                    database: table.database.to_string(),
                });
            };
            let found = check::database(self.policy, table.database.as_str(), source).await;
            let (ordered, found) = found.map_err(|error| RetentionError::Source {
                dataset: dataset.id.clone(),
                error,
            })?;
            layouts.extend(ordered.into_iter().map(|layout| (layout, source)));
            findings.append(found);
        }
        findings.append(check::dropped(self.policy));
        findings.append(check::archive(self.policy, self.archive.is_some()));
        Ok((layouts, findings))
    }
}

impl Prepared<'_> {
    pub(crate) fn rules<'r>(&'r self, engine: &'r Engine<'_>) -> Rules<'r> {
        let calendar = &engine.policy.calendar;
        Rules::new(self.layout.dataset, calendar, self.held.in_part()).promised_by(engine.policy)
    }

    pub(crate) fn desk<'r>(
        &'r self,
        engine: &'r Engine<'_>,
        rules: &'r Rules<'r>,
        now: Timestamp,
    ) -> Desk<'r> {
        Desk {
            policy: engine.policy,
            layout: &self.layout,
            rules,
            source: self.source,
            held: &self.held,
            events: engine.events,
            random: engine.random,
            brake: engine.policy.engine.brake,
            now,
        }
    }

    async fn plan(
        &self,
        engine: &Engine<'_>,
        now: Timestamp,
        planned: &mut Vec<PlannedRule>,
    ) -> Result<(), RetentionError> {
        let rules = self.rules(engine);
        let desk = self.desk(engine, &rules, now);
        for index in 0..rules.stages.len() {
            planned.push(plan_stage(&desk, index).await?);
        }
        Ok(())
    }
}

/// Counts what is due to one stage.
pub(crate) async fn plan_stage(
    desk: &Desk<'_>,
    index: usize,
) -> Result<PlannedRule, RetentionError> {
    let stage: &StageRule<'_> = &desk.rules.stages[index];
    let mut planned = PlannedRule::new(desk.policy, desk.layout.dataset, stage.stage);
    let mut scan = Scan::new(desk, stage, BATCH);
    while let Some(rows) = scan.next(None).await? {
        for row in rows {
            planned.unreadable += u64::from(row.is_unreadable());
            let effect = row.effects.iter().find(|effect| effect.stage == index);
            if let Some(effect) = effect {
                planned.add(effect.moment);
            }
        }
    }
    Ok(planned)
}

/// Whether a stage waits for somebody.
pub(crate) fn is_review(stage: &StageRule<'_>) -> bool {
    stage.stage.action == Action::Review
}
