//! The real engine on the scratch databases, held against the ledger each day.

use std::collections::BTreeMap;

use consentry_policy::{Policy, Slug, Store};
use consentry_retention::{Engine, Plan, RunReport, Source};
use consentry_service::ports::Random as _;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::SimulationError;
use crate::ledger::{Day, Done, Ledger, Write};
use crate::lives::Lives;
use crate::passes::Passes;
use crate::random::Seeded;
use crate::records::Records;
use crate::row::Row;
use crate::scratch::{self, Scratch};
use crate::tables::Table;
use crate::timeline::Timeline;
use crate::value::TOKEN;

/// Rows in one statement.
const INSERTED: usize = 200;

/// Tables under rules.
pub(crate) struct Tables<'a, 's> {
    policy: &'a Policy,
    passes: &'s Passes,
    random: &'s Seeded,
    scratch: Scratch,
    sources: BTreeMap<Slug, Source>,
    records: Records,
    ledger: Ledger<'a, 's>,
}

/// How many rows each rule acted on, by dataset and rule.
type Counts = BTreeMap<(String, String), u64>;

impl<'a, 's> Tables<'a, 's> {
    pub(crate) async fn new(
        policy: &'a Policy,
        tables: &'s [Table<'a>],
        passes: &'s Passes,
        random: &'s Seeded,
        rows: u32,
    ) -> Result<Self, SimulationError> {
        let (scratch, sources) = Scratch::new(tables).await?;
        let mut ready = Self {
            policy,
            passes,
            random,
            scratch,
            sources,
            records: Records::default(),
            ledger: Ledger::new(tables, policy, passes, Vec::new()),
        };
        // Rules that contradict each other would have no end.
        ready.check(passes.day(0)).await?;
        let lives = Lives {
            tables,
            calendar: &policy.calendar,
            random,
            span: (passes.first(), passes.last()),
        };
        let governed = tables.iter().enumerate();
        let governed = governed.filter(|(_, table)| !table.datasets.is_empty());
        let lives = governed
            .flat_map(|(place, _)| lives.of(place, rows))
            .collect();
        ready.ledger = Ledger::new(tables, policy, passes, lives);
        Ok(ready)
    }

    /// The engine can execute the policy on these tables.
    async fn check(&self, day: Date) -> Result<(), SimulationError> {
        let random = |buffer: &mut [u8]| self.random.fill(buffer);
        let engine = self.engine(&random);
        let plan = engine.plan(self.passes.first()).await;
        plan.map(drop)
            .map_err(|error| SimulationError::Engine { day, error })
    }

    /// Lets a day pass.
    pub(crate) async fn pass(
        &mut self,
        place: usize,
        day: Date,
        timeline: &mut Timeline,
    ) -> Result<(), SimulationError> {
        let now = self.passes.at(place);
        let Day {
            writes,
            reports,
            done,
            touched,
        } = self.ledger.pass(place, now);
        self.write(writes).await?;
        let is_told = !reports.is_empty();
        for report in reports {
            self.records.note(report);
        }
        if self.sources.is_empty() {
            return Ok(());
        }
        let is_act = |one: &&Done<'_>| one.stage.action != consentry_policy::Action::Review;
        // An event of which nobody has rows is settled, too.
        if is_told || done.iter().any(|one| is_act(&one)) {
            let acted = self.act(day, now, timeline).await?;
            compare(day, &done, acted)?;
        }
        self.verify(day, now).await?;
        for table in touched {
            self.read_again(day, table).await?;
        }
        let before = match place.checked_sub(1) {
            Some(before) => self.passes.at(before),
            None => self.passes.past(),
        };
        timeline.note(day, now, before, &done);
        Ok(())
    }

    async fn write(&self, writes: Vec<Write<'a>>) -> Result<(), SimulationError> {
        let tables = self.ledger.tables;
        let calendar = &self.policy.calendar;
        let mut inserted: BTreeMap<usize, Vec<&Row<'a>>> = BTreeMap::new();
        for write in &writes {
            if let Write::Insert(row) = write {
                inserted.entry(row.table).or_default().push(row);
            }
        }
        for (table, rows) in inserted {
            for rows in rows.chunks(INSERTED) {
                let sql = scratch::insert(&tables[table], rows, calendar);
                self.scratch.execute(tables[table].database, &sql).await?;
            }
        }
        for write in &writes {
            if let Write::Update(row) = write {
                let table = &tables[row.table];
                let sql = scratch::update(table, row, calendar);
                self.scratch.execute(table.database, &sql).await?;
            }
        }
        Ok(())
    }

    /// Runs the engine, and approves of what waits for an operator.
    async fn act(
        &self,
        day: Date,
        now: Timestamp,
        timeline: &mut Timeline,
    ) -> Result<Counts, SimulationError> {
        let random = |buffer: &mut [u8]| self.random.fill(buffer);
        let engine = self.engine(&random);
        let failed = |error| SimulationError::Engine { day, error };
        let mut acted = Counts::new();
        let report = engine.run(now, None, &mut |_| {}).await.map_err(failed)?;
        count(&mut acted, &report);
        if report.is_braked() {
            for rule in report.rules.iter().filter(|rule| rule.braked > 0) {
                if let Some(rule) = timeline.rule_mut(&rule.dataset, &rule.rule) {
                    rule.approvals += 1;
                }
            }
            let plan = engine.plan(now).await.map_err(failed)?;
            let approved = engine.run(now, Some(&plan), &mut |_| {}).await;
            count(&mut acted, &approved.map_err(failed)?);
        }
        Ok(acted)
    }

    /// Nothing is due any more, and every review is listed.
    async fn verify(&self, day: Date, now: Timestamp) -> Result<(), SimulationError> {
        let random = |buffer: &mut [u8]| self.random.fill(buffer);
        let engine = self.engine(&random);
        let plan: Plan = engine
            .verify(now)
            .await
            .map_err(|error| SimulationError::Engine { day, error })?;
        for rule in &plan.rules {
            let expected = match &*rule.action {
                "review" => self.ledger.waiting(&rule.dataset, &rule.rule) as u64,
                _ => 0,
            };
            if rule.due != expected || rule.unreadable > 0 {
                let (due, unreadable) = (rule.due, rule.unreadable);
                let what = format!(
                    "the verification finds {due} rows due and {unreadable} unreadable, where \
                     {expected} are due"
                );
                return Err(deviation(day, &rule.dataset, &rule.rule, what));
            }
        }
        for dataset in &self.policy.datasets {
            let archived = self.records.archived(dataset.id.as_str());
            let expected = self.ledger.archived(dataset.id.as_str());
            if archived != expected {
                let mut stages = dataset.stages.iter();
                let stage = stages.find(|stage| stage.within == Store::Archive);
                let rule = stage.map(|stage| stage.id.to_string()).unwrap_or_default();
                let what = format!("the archive holds {archived} records in place of {expected}");
                return Err(deviation(day, dataset.id.as_str(), &rule, what));
            }
        }
        Ok(())
    }

    /// The table holds exactly what the rules leave of it.
    async fn read_again(&self, day: Date, place: usize) -> Result<(), SimulationError> {
        let table = &self.ledger.tables[place];
        let mut found = self.scratch.rows(table).await?;
        for text in found.iter_mut().flatten().flatten() {
            if text.starts_with(TOKEN) {
                text.truncate(TOKEN.len());
            }
        }
        found.sort();
        let expected = self.ledger.rows_of(place);
        if found == expected {
            return Ok(());
        }
        let lacks = |these: &[Vec<_>], those: &[Vec<_>]| {
            let lacking = these.iter().filter(|row| those.binary_search(row).is_err());
            lacking.count()
        };
        let (missing, wrong) = (lacks(&expected, &found), lacks(&found, &expected));
        Err(SimulationError::Content {
            day,
            table: table.name.to_string(),
            what: format!(
                "{wrong} rows that should be gone or different, and lacks {missing} that should \
                 be there"
            ),
        })
    }

    fn engine<'e>(&'e self, random: &'e (dyn Fn(&mut [u8]) + Send + Sync)) -> Engine<'e> {
        Engine {
            policy: self.policy,
            sources: &self.sources,
            holds: &self.records,
            events: &self.records,
            archive: Some(&self.records),
            random,
        }
    }
}

fn count(acted: &mut Counts, report: &RunReport) {
    for rule in report.rules.iter().filter(|rule| rule.done > 0) {
        let key = (rule.dataset.clone(), rule.rule.clone());
        *acted.entry(key).or_default() += rule.done;
    }
}

/// Each rule acted on as many rows as were due to it.
fn compare(day: Date, done: &[Done<'_>], mut acted: Counts) -> Result<(), SimulationError> {
    let mut expected = Counts::new();
    for one in done {
        if one.stage.action != consentry_policy::Action::Review {
            let key = (one.dataset.id.to_string(), one.stage.id.to_string());
            *expected.entry(key).or_default() += 1;
        }
    }
    for ((dataset, rule), due) in expected {
        let did = acted.remove(&(dataset.clone(), rule.clone())).unwrap_or(0);
        if did != due {
            let what = format!("it acted on {did} rows, where {due} are due");
            return Err(deviation(day, &dataset, &rule, what));
        }
    }
    match acted.pop_first() {
        None => Ok(()),
        Some(((dataset, rule), did)) => {
            let what = format!("it acted on {did} rows, where none is due");
            Err(deviation(day, &dataset, &rule, what))
        }
    }
}

fn deviation(day: Date, dataset: &str, rule: &str, what: String) -> SimulationError {
    SimulationError::Deviation {
        day,
        dataset: dataset.to_owned(),
        rule: rule.to_owned(),
        what,
    }
}
