//! Rules on what was archived: the same decisions, on records that stay sealed.

use std::collections::{BTreeMap, HashSet};

use consentry_policy::{Dataset, DatasetId, Policy, Slug};
use jiff::Timestamp;

use crate::archive::{Archive, Archived, Wanted};
use crate::decide::{Effect, Facts, Protected, decide, minima};
use crate::engine::{BATCH, Engine, is_review};
use crate::error::RetentionError;
use crate::moment;
use crate::plan::{Plan, PlannedRule};
use crate::ports::{Events, HeldSubjects, Occurrence, stage_name};
use crate::rules::{Rules, StageRule, Trigger};
use crate::run::{Progress, RuleReport, needed_size};

/// What keeps archived records of a person.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kept {
    /// A legal hold, for as long as it is in force.
    Hold,
    /// A minimum of the policy, by its id, until that moment.
    Minimum(Slug, Timestamp),
}

/// What became of the archived records of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Erasure {
    /// Records that are gone.
    pub erased: u64,
    /// By dataset and by what keeps them: how many stay.
    pub kept: BTreeMap<(DatasetId, Kept), u64>,
}

/// What was archived of a dataset, at one moment.
struct Desk<'a> {
    policy: &'a Policy,
    dataset: &'a Dataset,
    rules: Rules<'a>,
    archive: &'a dyn Archive,
    events: &'a dyn Events,
    held: HeldSubjects,
    brake: u32,
    now: Timestamp,
}

/// A record and what is due to it.
struct Judged {
    record: Archived,
    effects: Vec<Effect>,
}

/// A walk over the records that may be due to one stage.
struct Scan<'a> {
    desk: &'a Desk<'a>,
    index: usize,
    /// The clock's moment and the number of the last record.
    last: Option<(Timestamp, u64)>,
    /// To whom the event happened, for what counts from one, and the last of them.
    people: Vec<Occurrence>,
    last_person: Option<Occurrence>,
    kept: HashSet<String>,
    settled: Vec<Occurrence>,
    done: bool,
}

/// Adds what is due to what was archived.
pub(crate) async fn plan(
    engine: &Engine<'_>,
    now: Timestamp,
    planned: &mut Vec<PlannedRule>,
) -> Result<(), RetentionError> {
    for desk in desks(engine, now).await? {
        for index in 0..desk.rules.stages.len() {
            planned.push(desk.plan(index).await?);
        }
    }
    Ok(())
}

/// Does what is due to what was archived; whether something was deleted.
pub(crate) async fn run(
    engine: &Engine<'_>,
    now: Timestamp,
    approved: Option<&Plan>,
    progress: &mut (dyn FnMut(&Progress<'_>) + Send),
    reports: &mut Vec<RuleReport>,
) -> Result<bool, RetentionError> {
    let mut deleted = false;
    for desk in desks(engine, now).await? {
        for index in 0..desk.rules.stages.len() {
            let mut report =
                RuleReport::new(desk.policy, desk.dataset, desk.rules.stages[index].stage);
            match desk.waiting(index, approved).await? {
                None => {}
                Some(0) => desk.run(index, &mut report, progress).await?,
                Some(braked) => report.braked = braked,
            }
            deleted |= report.done > 0;
            reports.push(report);
        }
    }
    Ok(deleted)
}

/// Ends the archived records of a person, unless something keeps them.
pub(crate) async fn erase(
    engine: &Engine<'_>,
    person: &str,
    now: Timestamp,
) -> Result<Erasure, RetentionError> {
    let mut erasure = Erasure::default();
    let Some(archive) = engine.archive else {
        return Ok(erasure);
    };
    let people = [person.to_owned()];
    let mut after = None;
    loop {
        let wanted = Wanted::Of {
            dataset: None,
            people: &people,
            after,
        };
        let page = archive.page(wanted, BATCH).await?;
        let is_last = page.len() < BATCH as usize;
        after = page.last().map(|record| record.id);
        let mut ends = Vec::new();
        for record in page {
            let kept = engine.keeps(&record, now).await?;
            if kept.is_empty() {
                ends.push(record.id);
            }
            for kept in kept {
                *erasure
                    .kept
                    .entry((record.dataset.clone(), kept))
                    .or_default() += 1;
            }
        }
        erasure.erased += archive.purge(now, &ends).await?;
        if is_last {
            return Ok(erasure);
        }
    }
}

async fn desks<'a>(
    engine: &'a Engine<'_>,
    now: Timestamp,
) -> Result<Vec<Desk<'a>>, RetentionError> {
    let mut desks = Vec::new();
    let Some(archive) = engine.archive else {
        return Ok(desks);
    };
    for dataset in engine.policy.datasets.iter().filter(|one| one.enabled) {
        let rules = Rules::archived(dataset, &engine.policy.calendar).promised_by(engine.policy);
        if rules.stages.is_empty() {
            continue;
        }
        desks.push(Desk {
            policy: engine.policy,
            dataset,
            rules,
            archive,
            events: engine.events,
            held: engine.held(&dataset.id).await?,
            brake: engine.policy.engine.brake,
            now,
        });
    }
    Ok(desks)
}

impl Engine<'_> {
    async fn held(&self, dataset: &DatasetId) -> Result<HeldSubjects, RetentionError> {
        Ok(HeldSubjects::new(self.holds.of(dataset.as_str()).await?))
    }

    /// What keeps an archived record. A dataset that the policy no longer has keeps nothing, but
    /// for a hold.
    async fn keeps(&self, record: &Archived, now: Timestamp) -> Result<Vec<Kept>, RetentionError> {
        let held = self.held(&record.dataset).await?;
        let mut kept = Vec::new();
        if held.of(record.subject.as_deref()) != Protected::Nothing {
            kept.push(Kept::Hold);
        }
        if let Some(dataset) = self.policy.dataset(record.dataset.as_str()) {
            let rules = Rules::archived(dataset, &self.policy.calendar);
            let mut facts = facts(dataset, record);
            let subjects = [record.subject.clone().unwrap_or_default()];
            add_events(self.events, &rules, &subjects, &mut [&mut facts]).await?;
            let minima = minima(&rules, &facts, now);
            kept.extend(minima.map(|(minimum, until)| Kept::Minimum(minimum.id.clone(), until)));
        }
        Ok(kept)
    }
}

/// What is known of a record without what happened since.
fn facts(dataset: &Dataset, record: &Archived) -> Facts {
    let moment = |id: &Slug| {
        let mut known = record.clocks.iter();
        known
            .find(|(clock, _)| clock == id)
            .map(|(_, moment)| *moment)
    };
    let state = |id: &Slug| dataset.states.iter().position(|state| state.id == *id);
    Facts {
        state: record.state.as_ref().and_then(state),
        clocks: dataset
            .clocks
            .iter()
            .map(|clock| moment(&clock.id))
            .collect(),
        ..Facts::default()
    }
}

/// Adds events that were reported, also after the record was archived.
async fn add_events(
    events: &dyn Events,
    rules: &Rules<'_>,
    subjects: &[String],
    facts: &mut [&mut Facts],
) -> Result<(), RetentionError> {
    for (place, clock) in rules.dataset.clocks.iter().enumerate() {
        let Some(event) = &clock.event else { continue };
        let moments = events.latest(event.as_str(), None, subjects).await?;
        for (facts, moment) in facts.iter_mut().zip(moments) {
            let moved = moment.map(|moment| match clock.end_of {
                Some(span) => moment::end_of(span, moment, rules.calendar),
                None => moment,
            });
            facts.clocks[place] = facts.clocks[place].max(moved);
        }
    }
    for (place, stage) in rules.stages.iter().enumerate() {
        let Some(event) = &stage.stage.on else {
            continue;
        };
        let name = stage_name(rules.dataset, stage.stage);
        let moments = events.latest(event.as_str(), Some(&name), subjects).await?;
        for (facts, moment) in facts.iter_mut().zip(moments) {
            facts.events.resize(rules.stages.len(), None);
            facts.events[place] = moment;
        }
    }
    Ok(())
}

impl Desk<'_> {
    async fn judge(&self, records: Vec<Archived>) -> Result<Vec<Judged>, RetentionError> {
        let subject = |record: &Archived| record.subject.clone().unwrap_or_default();
        let subjects: Vec<String> = records.iter().map(subject).collect();
        let mut known: Vec<Facts> = records
            .iter()
            .map(|record| Facts {
                held: self.held.of(record.subject.as_deref()),
                ..facts(self.dataset, record)
            })
            .collect();
        let mut each: Vec<&mut Facts> = known.iter_mut().collect();
        add_events(self.events, &self.rules, &subjects, &mut each).await?;
        let judged = records
            .into_iter()
            .zip(known)
            .map(|(record, facts)| Judged {
                record,
                effects: decide(&self.rules, &facts, self.now),
            });
        Ok(judged.collect())
    }

    async fn plan(&self, index: usize) -> Result<PlannedRule, RetentionError> {
        let mut planned =
            PlannedRule::new(self.policy, self.dataset, self.rules.stages[index].stage);
        let mut scan = Scan::new(self, index);
        while let Some(page) = scan.next().await? {
            for effect in page.iter().flat_map(|judged| &judged.effects) {
                if effect.stage == index {
                    planned.add(effect.moment);
                }
            }
        }
        Ok(planned)
    }

    /// How many records wait for an approval: zero when the rule may run, nothing when it need not.
    async fn waiting(
        &self,
        index: usize,
        approved: Option<&Plan>,
    ) -> Result<Option<u64>, RetentionError> {
        let stage: &StageRule<'_> = &self.rules.stages[index];
        if is_review(stage) {
            return Ok(None);
        }
        let due = self.plan(index).await?.due;
        if due == 0 {
            // An event is settled all the same with people of whom nothing is archived.
            return Ok((stage.trigger == Trigger::Event).then_some(0));
        }
        let is_too_much = if let Some(plan) = approved {
            due > plan.approved(&self.dataset.id, stage.stage.id.as_str())
        } else {
            let share = u64::from(stage.stage.brake.unwrap_or(self.brake));
            match needed_size(due, share) {
                None => false,
                Some(enough) => self.archive.size(&self.dataset.id, enough).await? < enough,
            }
        };
        Ok(Some(if is_too_much { due } else { 0 }))
    }

    async fn run(
        &self,
        index: usize,
        report: &mut RuleReport,
        progress: &mut (dyn FnMut(&Progress<'_>) + Send),
    ) -> Result<(), RetentionError> {
        let stage = self.rules.stages[index].stage;
        let mut scan = Scan::new(self, index);
        while let Some(page) = scan.next().await? {
            let due = page.iter().filter(|judged| judged.is_due(index));
            let due: Vec<u64> = due.map(|judged| judged.record.id).collect();
            report.done += self.archive.purge(self.now, &due).await?;
            progress(&Progress {
                dataset: self.dataset.id.as_str(),
                rule: stage.id.as_str(),
                done: report.done,
            });
        }
        if let (Some(event), false) = (&stage.on, scan.settled.is_empty()) {
            let name = stage_name(self.dataset, stage);
            self.events
                .settle(event.as_str(), &name, &scan.settled)
                .await?;
        }
        Ok(())
    }
}

impl Judged {
    /// Whether this stage ends it: of several, the one that came first does.
    fn is_due(&self, index: usize) -> bool {
        let mut ending = self.effects.iter().filter(|effect| effect.ends_row());
        ending.next().is_some_and(|effect| effect.stage == index)
    }
}

impl<'a> Scan<'a> {
    fn new(desk: &'a Desk<'a>, index: usize) -> Self {
        Self {
            desk,
            index,
            last: None,
            people: Vec::new(),
            last_person: None,
            kept: HashSet::new(),
            settled: Vec::new(),
            done: false,
        }
    }

    /// The next records, until there are none.
    async fn next(&mut self) -> Result<Option<Vec<Judged>>, RetentionError> {
        let stage = &self.desk.rules.stages[self.index];
        let dataset = self.desk.dataset;
        while !self.done {
            let clock = match stage.trigger {
                Trigger::Clock(place) => Some((place, &dataset.clocks[place])),
                Trigger::Event => None,
            };
            let (page, clock) = match clock {
                Some((place, clock)) if clock.event.is_none() => {
                    let wanted = Wanted::Until {
                        dataset: &dataset.id,
                        clock: &clock.id,
                        until: self.until(stage),
                        after: self.last,
                    };
                    (self.desk.archive.page(wanted, BATCH).await?, Some(place))
                }
                _ => match self.of_people(stage).await? {
                    Some(page) => (page, None),
                    None => break,
                },
            };
            let is_last = page.len() < BATCH as usize;
            let judged = self.desk.judge(page).await?;
            self.last = judged.last().map(|last| {
                let moments = &last.record.clocks;
                let moment = clock.and_then(|place| {
                    let id = &dataset.clocks[place].id;
                    moments.iter().find(|(clock, _)| clock == id)
                });
                (moment.map_or(Timestamp::MIN, |(_, at)| *at), last.record.id)
            });
            self.note_kept(&judged);
            if is_last {
                self.last = None;
                self.done = clock.is_some();
                let kept = &self.kept;
                let people = self.people.drain(..);
                let settled = people.filter(|one| !kept.contains(&one.subject));
                self.settled.extend(settled);
            }
            if !judged.is_empty() {
                return Ok(Some(judged));
            }
        }
        Ok(None)
    }

    /// Records of people to whom the event happened that the stage counts from.
    async fn of_people(
        &mut self,
        stage: &StageRule<'_>,
    ) -> Result<Option<Vec<Archived>>, RetentionError> {
        let dataset = self.desk.dataset;
        let (event, name) = match stage.trigger {
            Trigger::Clock(place) => (dataset.clocks[place].event.as_ref(), None),
            Trigger::Event => {
                let name = stage_name(dataset, stage.stage);
                (stage.stage.on.as_ref(), Some(name))
            }
        };
        let Some(event) = event else { return Ok(None) };
        if self.people.is_empty() {
            let (after, until) = (self.last_person.as_ref(), self.until(stage));
            let events = self.desk.events;
            self.people = events
                .until(event.as_str(), name.as_deref(), until, after, BATCH)
                .await?;
            self.last_person = self.people.last().cloned();
            if self.people.is_empty() {
                return Ok(None);
            }
        }
        let people: Vec<String> = self.people.iter().map(|one| one.subject.clone()).collect();
        let wanted = Wanted::Of {
            dataset: Some(&dataset.id),
            people: &people,
            after: self.last.map(|(_, id)| id),
        };
        self.desk.archive.page(wanted, BATCH).await.map(Some)
    }

    /// A bound for the moments that the stage counts from.
    fn until(&self, stage: &StageRule<'_>) -> Timestamp {
        stage.cutoff(self.desk.now, self.desk.rules.calendar)
    }

    /// An event is not settled while a record of its person is left, because something keeps it.
    fn note_kept(&mut self, judged: &[Judged]) {
        let left = judged.iter().filter(|one| !one.is_due(self.index));
        self.kept
            .extend(left.filter_map(|one| one.record.subject.clone()));
    }
}
