//! Rows that may be due, a page at a time, with what is known of each.

use std::collections::HashSet;

use consentry_policy::{Policy, TimeFormat};
use jiff::Timestamp;

use crate::check::{Layout, shape};
use crate::decide::{Deed, Effect, Facts, decide};
use crate::error::{RetentionError, SourceError};
use crate::moment;
use crate::ports::{Events, HeldSubjects, Occurrence, stage_name};
use crate::query::{After, Cursor, Page, Queries};
use crate::rules::{Mark, Rules, StageRule, Trigger};
use crate::source::{Row, Source, Transaction};
use crate::sql::{Sql, Value};
use crate::transform::{Shape, reduce};

/// A dataset at one moment, ready to be judged.
pub(crate) struct Desk<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) layout: &'a Layout<'a>,
    pub(crate) rules: &'a Rules<'a>,
    pub(crate) source: &'a Source,
    pub(crate) held: &'a HeldSubjects,
    pub(crate) events: &'a dyn Events,
    pub(crate) random: &'a (dyn Fn(&mut [u8]) + Send + Sync),
    /// The share of a dataset, in percent, that a rule may take at once.
    pub(crate) brake: u32,
    pub(crate) now: Timestamp,
}

/// A row that may be due.
#[cfg_attr(test, derive(Default))]
pub(crate) struct Candidate {
    pub(crate) key: Vec<Value>,
    pub(crate) subject: Option<String>,
    /// What each mark's field becomes.
    pub(crate) values: Vec<Option<String>>,
    pub(crate) facts: Facts,
    /// Some clock holds no moment.
    pub(crate) unreadable: bool,
}

/// A row and what is due to it.
pub(crate) struct Judged {
    pub(crate) row: Candidate,
    pub(crate) effects: Vec<Effect>,
}

impl Judged {
    /// What is done to it first. A review waits for somebody, and holds up nothing.
    pub(crate) fn next(&self) -> Option<&Effect> {
        let mut acting = self.effects.iter();
        acting.find(|effect| effect.deed != Deed::Review)
    }

    /// Nothing can be said about it: a clock holds no moment.
    pub(crate) fn is_unreadable(&self) -> bool {
        self.row.unreadable
    }
}

/// A walk over the rows that may be due to one stage.
pub(crate) struct Scan<'a> {
    desk: &'a Desk<'a>,
    stage: &'a StageRule<'a>,
    limit: u32,
    cursor: Option<Cursor>,
    /// To whom the event happened, for what happens on one.
    people: Vec<Occurrence>,
    last: Option<Occurrence>,
    kept: HashSet<String>,
    settled: Vec<Occurrence>,
    done: bool,
}

impl Desk<'_> {
    pub(crate) fn queries(&self) -> Queries<'_> {
        Queries {
            layout: self.layout,
            rules: self.rules,
            now: self.now,
            whose: !self.held.is_empty() || self.rules.ask_events(),
        }
    }

    /// What a stage does, by its true name.
    pub(crate) fn action(&self, stage: &StageRule<'_>) -> &'static str {
        self.policy.action_name(self.rules.dataset, stage.stage)
    }

    /// Names the dataset in what a source says.
    pub(crate) fn blame(&self, error: SourceError) -> RetentionError {
        RetentionError::Source {
            dataset: self.layout.dataset.id.clone(),
            error,
        }
    }

    pub(crate) async fn fetch(
        &self,
        sql: Sql,
        transaction: Option<&mut Transaction>,
    ) -> Result<Vec<Row>, RetentionError> {
        let rows = match transaction {
            Some(transaction) => transaction.fetch(sql).await,
            None => self.source.fetch(sql).await,
        };
        rows.map_err(|error| self.blame(error))
    }

    /// What is known of rows, by what the selected columns say and what happened to their people.
    pub(crate) async fn read(&self, rows: Vec<Row>) -> Result<Vec<Candidate>, RetentionError> {
        let mut rows: Vec<Candidate> = rows.into_iter().map(|row| self.candidate(row)).collect();
        self.add_events(&mut rows).await?;
        Ok(rows)
    }

    /// What is due to rows.
    async fn judge(&self, rows: Vec<Row>) -> Result<Vec<Judged>, RetentionError> {
        let rows = self.read(rows).await?;
        let judged = rows.into_iter().map(|row| {
            let effects = if row.unreadable {
                Vec::new()
            } else {
                decide(self.rules, &row.facts, self.now)
            };
            Judged { row, effects }
        });
        Ok(judged.collect())
    }

    fn candidate(&self, row: Row) -> Candidate {
        let dataset = self.rules.dataset;
        let mut values = row.into_iter();
        let key = values.by_ref().take(self.layout.source.key.len()).collect();
        let mut text = || values.next().and_then(Value::into_text);
        let subject = self.queries().identity().and_then(|_| text());
        let state = if dataset.states.is_empty() {
            None
        } else {
            text().and_then(|index| index.parse().ok())
        };
        let mut unreadable = false;
        let mut clocks = Vec::with_capacity(dataset.clocks.len());
        for clock in &dataset.clocks {
            let format = clock.time_format.unwrap_or(self.layout.source.time_format);
            let mut latest = None;
            for _ in 0..clock.columns.len() + clock.joins.len() {
                match text().map(|text| self.moment(&text, format)) {
                    Some(Some(moment)) => latest = latest.max(Some(moment)),
                    Some(None) => unreadable = true,
                    None => {}
                }
            }
            let end_of = |moment| match clock.end_of {
                Some(span) => moment::end_of(span, moment, self.rules.calendar),
                None => moment,
            };
            clocks.push(latest.map(end_of));
        }
        let mut open = Vec::with_capacity(self.rules.marks.len());
        let mut reduced = Vec::with_capacity(self.rules.marks.len());
        for mark in &self.rules.marks {
            let value = text();
            let new = value.as_deref().and_then(|value| self.reduced(mark, value));
            open.push(value.is_some() && value != new);
            reduced.push(new);
        }
        Candidate {
            facts: Facts {
                state,
                clocks,
                events: Vec::new(),
                open,
                held: self.held.of(subject.as_deref()),
            },
            key,
            subject,
            values: reduced,
            unreadable,
        }
    }

    fn moment(&self, text: &str, format: TimeFormat) -> Option<Timestamp> {
        moment::read(text, format, self.rules.calendar).ok()
    }

    fn reduced(&self, mark: &Mark<'_>, value: &str) -> Option<String> {
        let Mark::Unreduced(field, method) = mark else {
            return None;
        };
        let kind = self.layout.kind(&self.layout.source.table, field.as_str());
        let shape = shape(kind, method).unwrap_or(Shape::Text);
        let mut bytes = [0; 16];
        if **method == consentry_policy::Method::RandomToken {
            (self.random)(&mut bytes);
        }
        let random = format!("{:032x}", u128::from_be_bytes(bytes));
        reduce(method, value, shape, &random)
    }

    async fn add_events(&self, rows: &mut [Candidate]) -> Result<(), RetentionError> {
        let dataset = self.rules.dataset;
        let clocks = dataset.clocks.iter().enumerate();
        let clocks = clocks.filter_map(|(place, clock)| Some((place, clock.event.as_ref()?)));
        let stages = self.rules.stages.iter().enumerate();
        let stages = stages.filter_map(|(place, stage)| Some((place, stage.stage.on.as_ref()?)));
        let subjects: Vec<String> = rows
            .iter()
            .map(|row| row.subject.clone().unwrap_or_default())
            .collect();
        for (place, event) in clocks {
            let moments = self.events.latest(event.as_str(), None, &subjects).await?;
            for (row, moment) in rows.iter_mut().zip(moments) {
                row.facts.clocks[place] = moment.map(|moment| match dataset.clocks[place].end_of {
                    Some(span) => moment::end_of(span, moment, self.rules.calendar),
                    None => moment,
                });
            }
        }
        for (place, event) in stages {
            let stage = stage_name(dataset, self.rules.stages[place].stage);
            let moments = self
                .events
                .latest(event.as_str(), Some(&stage), &subjects)
                .await?;
            for (row, moment) in rows.iter_mut().zip(moments) {
                row.facts.events.resize(self.rules.stages.len(), None);
                row.facts.events[place] = moment;
            }
        }
        Ok(())
    }
}

impl<'a> Scan<'a> {
    pub(crate) fn new(desk: &'a Desk<'a>, stage: &'a StageRule<'a>, limit: u32) -> Self {
        Self {
            desk,
            stage,
            limit,
            cursor: None,
            people: Vec::new(),
            last: None,
            kept: HashSet::new(),
            settled: Vec::new(),
            done: false,
        }
    }

    /// The event that the stage counts from, and the stage when it happens on it.
    fn event(&self) -> Option<(&'a str, Option<String>)> {
        match self.stage.trigger {
            Trigger::Event => {
                let event = self.stage.stage.on.as_ref()?;
                let stage = stage_name(self.desk.rules.dataset, self.stage.stage);
                Some((event.as_str(), Some(stage)))
            }
            Trigger::Clock(clock) => {
                let event = self.desk.rules.dataset.clocks[clock].event.as_ref()?;
                Some((event.as_str(), None))
            }
        }
    }

    /// The next rows, until there are none. In a transaction they are locked until it ends.
    pub(crate) async fn next(
        &mut self,
        mut transaction: Option<&mut Transaction>,
    ) -> Result<Option<Vec<Judged>>, RetentionError> {
        let event = self.event();
        while !self.done {
            if let Some((event, stage)) = &event
                && self.people.is_empty()
            {
                let until = self.desk.queries().events_until(self.stage);
                let after = self.last.as_ref();
                let events = self.desk.events;
                self.people = events
                    .until(event, stage.as_deref(), until, after, self.limit)
                    .await?;
                self.last = self.people.last().cloned();
                if self.people.is_empty() {
                    break;
                }
            }
            let subjects: Vec<String> = self.people.iter().map(|one| one.subject.clone()).collect();
            let subjects = event.as_ref().map(|_| &*subjects);
            let mut rows = self.page(subjects, transaction.as_deref_mut()).await?;
            let is_last = rows.len() < self.limit as usize;
            let width = self.desk.layout.source.key.len();
            let order = self.desk.queries().place_of_order(self.stage);
            self.cursor = rows.last().filter(|_| !is_last).map(|last| Cursor {
                order: order.and_then(|place| last.get(place)).cloned(),
                key: last[..width].to_vec(),
            });
            if let (Some(transaction), true) = (transaction.as_deref_mut(), self.reads_joins()) {
                rows = self.again(rows, transaction).await?;
            }
            let judged = self.desk.judge(rows).await?;
            self.note_kept(&judged);
            if is_last {
                let kept = &self.kept;
                let settled = self
                    .people
                    .drain(..)
                    .filter(|one| !kept.contains(&one.subject));
                self.settled.extend(settled);
                self.done = event.is_none();
            }
            if !judged.is_empty() {
                return Ok(Some(judged));
            }
        }
        Ok(None)
    }

    /// The rows after the cursor, no more than the limit.
    async fn page(
        &self,
        subjects: Option<&[String]>,
        mut transaction: Option<&mut Transaction>,
    ) -> Result<Vec<Row>, RetentionError> {
        let limit = self.limit as usize;
        let stretches: Vec<Option<After<'_>>> = match &self.cursor {
            Some(cursor) => After::stretches(cursor).map(Some).collect(),
            None => vec![None],
        };
        let mut rows = Vec::new();
        for after in stretches {
            let page = Page {
                after,
                subjects,
                limit: (limit - rows.len()) as u64,
                lock: transaction.is_some(),
            };
            let sql = self.desk.queries().candidates(self.stage, page);
            rows.extend(self.desk.fetch(sql, transaction.as_deref_mut()).await?);
            if rows.len() >= limit {
                break;
            }
        }
        Ok(rows)
    }

    fn reads_joins(&self) -> bool {
        let clocks = &self.desk.rules.dataset.clocks;
        clocks.iter().any(|clock| !clock.joins.is_empty())
    }

    /// Reads rows again that are locked by now: while they were waited for, somebody may have
    /// written to the tables that clocks look into.
    async fn again(
        &self,
        rows: Vec<Row>,
        transaction: &mut Transaction,
    ) -> Result<Vec<Row>, RetentionError> {
        let width = self.desk.layout.source.key.len();
        let keys: Vec<&[Value]> = rows.iter().map(|row| &row[..width]).collect();
        let queries = self.desk.queries();
        let mut fresh = Vec::with_capacity(rows.len());
        for keys in keys.chunks(crate::write::chunk(self.desk.layout, 0)) {
            let sql = queries.facts_of(keys);
            fresh.extend(self.desk.fetch(sql, Some(&mut *transaction)).await?);
        }
        Ok(fresh)
    }

    /// An event is not settled while a row of its person is left, because something keeps it.
    fn note_kept(&mut self, judged: &[Judged]) {
        if self.stage.trigger != Trigger::Event {
            return;
        }
        for one in judged {
            let is_done = |effect: &Effect| {
                let stage = self.desk.rules.stages[effect.stage].stage;
                std::ptr::eq(stage, self.stage.stage) && self.completes(one, &effect.deed)
            };
            if !one.next().is_some_and(is_done) {
                self.kept.extend(one.row.subject.clone());
            }
        }
    }

    /// Whether nothing of the stage is left to do to a row after this: a hold or a minimum may keep
    /// some of its fields.
    fn completes(&self, judged: &Judged, deed: &Deed) -> bool {
        let Deed::Do(marks) = deed else {
            return true;
        };
        let mut open = self.stage.marks.iter();
        let open_marks = &judged.row.facts.open;
        !self.stage.ends_row() && open.all(|mark| !open_marks[*mark] || marks.contains(mark))
    }

    /// People with whom the stage is done, since this was last asked.
    pub(crate) fn take_settled(&mut self) -> Vec<Occurrence> {
        std::mem::take(&mut self.settled)
    }
}
