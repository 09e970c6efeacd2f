//! What the rules say of a row, read one row at a time: the reference that the engine is held
//! against. It shares nothing with the engine but the periods and what a method leaves of a value.

use std::collections::{BTreeMap, BTreeSet};

use consentry_policy::{
    Action, Calendar, Dataset, EndOf, Method, Period, Slug, SqlName, Stage, Store,
};
use consentry_retention::transform::{Shape, reduce};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};

use crate::row::Row;
use crate::tables::{Kind, Table};
use crate::value::{Value, midnight};

/// What is known of people beside their rows.
#[derive(Debug, Default)]
pub(crate) struct People {
    /// The fields that a hold names, by dataset and person; none for the whole row.
    pub(crate) holds: BTreeMap<(String, String), Vec<SqlName>>,
    /// When an event last happened to somebody.
    pub(crate) events: BTreeMap<(String, String), Timestamp>,
    /// The event up to which a stage has done its work, by dataset, stage and person.
    pub(crate) settled: BTreeMap<(String, String, String), Timestamp>,
}

/// What must stay of a row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    pub(crate) all: bool,
    fields: BTreeSet<String>,
}

impl Kept {
    fn add(&mut self, fields: &[SqlName]) {
        self.all |= fields.is_empty();
        self.fields.extend(fields.iter().map(SqlName::to_string));
    }

    pub(crate) fn nothing(&self) -> bool {
        !self.all && self.fields.is_empty()
    }

    fn covers(&self, field: &str) -> bool {
        self.all || self.fields.contains(field)
    }
}

/// What is done to a row.
#[derive(Clone, Debug)]
pub(crate) enum Deed {
    Archive,
    Delete,
    Write(Vec<(String, Value)>),
}

/// A stage that is due.
#[derive(Clone, Debug)]
pub(crate) struct Due<'a> {
    pub(crate) stage: &'a Stage,
    /// What its period counted from.
    pub(crate) moment: Timestamp,
    /// Since when it is due.
    pub(crate) since: Timestamp,
    pub(crate) deed: Deed,
}

/// Reads the rules of one dataset.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Judge<'a, 's> {
    pub(crate) dataset: &'a Dataset,
    pub(crate) table: &'s Table<'a>,
    pub(crate) calendar: &'s Calendar,
    pub(crate) people: &'s People,
    /// Where the row lies.
    pub(crate) store: Store,
}

impl<'a> Judge<'a, '_> {
    /// What is done to a row next.
    pub(crate) fn next(self, row: &Row<'a>, now: Timestamp) -> Option<Due<'a>> {
        if !row.is_of(self.dataset) {
            return None;
        }
        let held = self.held(row);
        let kept = self.kept(row, &held, now);
        let mut due: Vec<Due<'a>> = self
            .reached(row, now)
            .filter_map(|(stage, moment, since)| {
                let deed = self.deed(stage, row, &held, &kept, now)?;
                Some(Due {
                    stage,
                    moment,
                    since,
                    deed,
                })
            })
            .collect();
        // The oldest first; of one instant, the archive before a purge and this before the rest.
        let rank = |deed: &Deed| match deed {
            Deed::Archive => 0,
            Deed::Delete => 1,
            Deed::Write(_) => 2,
        };
        due.sort_by_key(|one| (one.since, rank(&one.deed)));
        let mut ends = due.iter();
        let end = ends.position(|one| !matches!(one.deed, Deed::Write(_)));
        // What is to be deleted is just deleted, unless it was to be archived before.
        let deleted = end.filter(|&end| matches!(due[end].deed, Deed::Delete));
        let first = deleted.unwrap_or(0);
        due.into_iter().nth(first)
    }

    /// The reviews that wait for somebody.
    pub(crate) fn reviews(
        self,
        row: &Row<'a>,
        now: Timestamp,
    ) -> impl Iterator<Item = (&'a Stage, Timestamp, Timestamp)> {
        let of = row.is_of(self.dataset);
        let reached = self.reached(row, now);
        reached.filter(move |(stage, ..)| of && stage.action == Action::Review)
    }

    /// When something may become due to a row, as things stand.
    pub(crate) fn instants(self, row: &Row<'a>) -> Vec<Timestamp> {
        let stages = self.stages().filter_map(|stage| self.since(stage, row));
        let minima = self.dataset.minima.iter().filter_map(|minimum| {
            let moment = self.moment(Some(&minimum.clock), row)?;
            Some(minimum.period.after(moment, self.calendar))
        });
        stages.map(|(_, since)| since).chain(minima).collect()
    }

    /// Whether an event has something left to do here, because a hold or a minimum keeps the row.
    pub(crate) fn waits(self, stage: &Stage, row: &Row<'a>, now: Timestamp) -> bool {
        let is_kept = !self.kept(row, &self.held(row), now).nothing();
        row.is_of(self.dataset) && self.is_in_state(stage.state.as_ref(), row) && is_kept
    }

    /// The stages that act on the store.
    pub(crate) fn stages(self) -> impl Iterator<Item = &'a Stage> {
        let store = self.store;
        let stages = self.dataset.stages.iter();
        stages.filter(move |stage| stage.within == store)
    }

    /// What holds protect.
    fn held(self, row: &Row<'a>) -> Kept {
        let mut held = Kept::default();
        if let Some(person) = row.subject(self.dataset) {
            let key = (self.dataset.id.to_string(), person.to_owned());
            if let Some(fields) = self.people.holds.get(&key) {
                held.add(fields);
            }
        }
        held
    }

    fn kept(self, row: &Row<'a>, held: &Kept, now: Timestamp) -> Kept {
        let mut kept = held.clone();
        for minimum in &self.dataset.minima {
            let moment = self.moment(Some(&minimum.clock), row);
            let ends = moment.map(|moment| minimum.period.after(moment, self.calendar));
            if self.is_in_state(minimum.state.as_ref(), row) && ends.is_some_and(|end| end > now) {
                kept.add(&minimum.fields);
            }
        }
        kept
    }

    fn is_in_state(self, named: Option<&Slug>, row: &Row<'a>) -> bool {
        named.is_none_or(|named| row.state(self.dataset) == Some(named.as_str()))
    }

    /// The stages whose time has come, each with its moment and since when.
    fn reached(
        self,
        row: &Row<'a>,
        now: Timestamp,
    ) -> impl Iterator<Item = (&'a Stage, Timestamp, Timestamp)> {
        let stages = self.stages().filter_map(|stage| {
            let (moment, since) = self.since(stage, row)?;
            (since <= now && self.is_in_state(stage.state.as_ref(), row))
                .then_some((stage, moment, since))
        });
        stages.collect::<Vec<_>>().into_iter()
    }

    fn since(self, stage: &Stage, row: &Row<'a>) -> Option<(Timestamp, Timestamp)> {
        let moment = match &stage.on {
            Some(event) => self.happened(stage, event, row)?,
            None => self.moment(stage.clock.as_ref(), row)?,
        };
        Some((moment, end(stage.after, moment, self.calendar)))
    }

    fn happened(self, stage: &Stage, event: &Slug, row: &Row<'a>) -> Option<Timestamp> {
        let person = row.subject(self.dataset)?.to_owned();
        let settled = (
            self.dataset.id.to_string(),
            stage.id.to_string(),
            person.clone(),
        );
        let at = self
            .people
            .events
            .get(&(event.to_string(), person))
            .copied();
        let settled = self.people.settled.get(&settled);
        at.filter(|at| settled.is_none_or(|settled| settled < at))
    }

    pub(crate) fn moment(self, clock: Option<&Slug>, row: &Row<'a>) -> Option<Timestamp> {
        let clock = self.dataset.clock(clock?.as_str())?;
        match &clock.event {
            None => row.moment(clock, self.table, self.calendar),
            Some(event) => {
                let person = row.subject(self.dataset)?.to_owned();
                let at = self.people.events.get(&(event.to_string(), person))?;
                Some(match clock.end_of {
                    Some(span) => end_of(span, *at, self.calendar),
                    None => *at,
                })
            }
        }
    }

    fn deed(
        self,
        stage: &Stage,
        row: &Row<'a>,
        held: &Kept,
        kept: &Kept,
        now: Timestamp,
    ) -> Option<Deed> {
        let source = self.dataset.source.as_ref()?;
        let emptied = |fields: &mut dyn Iterator<Item = &SqlName>| {
            let left = fields.map(SqlName::as_str);
            let left = left.filter(|field| !kept.covers(field) && !row.value(field).is_null());
            left.map(|field| (field.to_owned(), Value::Null)).collect()
        };
        let flagged = |column: &Option<SqlName>| {
            let column = column.as_ref().filter(|_| !held.all)?;
            let done = match self.table.columns.get(column.as_str())? {
                Kind::Flag | Kind::Integer => Value::Flag(true),
                _ => Value::Moment(now, consentry_policy::TimeFormat::Timestamp),
            };
            let is_done = match row.value(column.as_str()) {
                Value::Null => false,
                Value::Flag(flag) => *flag,
                _ => true,
            };
            (!is_done).then(|| vec![(column.to_string(), done)])
        };
        let written: Vec<(String, Value)> = match stage.action {
            Action::Archive => return held.nothing().then_some(Deed::Archive),
            Action::Purge if stage.fields.is_empty() && kept.nothing() => {
                return Some(Deed::Delete);
            }
            // What is archived ends as a whole.
            Action::Purge if self.store == Store::Archive => return None,
            Action::Purge if stage.fields.is_empty() => {
                let fields = self.dataset.fields.iter();
                let fields = fields
                    .filter(|field| !field.open_ended)
                    .map(|field| &field.id);
                let named = |id: &&SqlName| {
                    source.key.contains(id) || source.identity.as_ref() == Some(*id)
                };
                emptied(&mut fields.filter(|id| !named(id)))
            }
            Action::Purge => emptied(&mut stage.fields.iter()),
            Action::Anonymise => self.reduced(stage, row, kept),
            Action::Hide => flagged(&source.hidden)?,
            Action::Restrict => flagged(&source.restricted)?,
            _ => return None,
        };
        (!written.is_empty()).then_some(Deed::Write(written))
    }

    fn reduced(self, stage: &Stage, row: &Row<'a>, kept: &Kept) -> Vec<(String, Value)> {
        let known = stage.methods.iter();
        let fields = known.filter(|(field, _)| self.dataset.field(field).is_some());
        let fields = fields.filter(|(field, _)| !kept.covers(field));
        let left = fields.filter_map(|(field, method)| {
            let value = row.value(field);
            let text = value.text(self.calendar)?;
            let shape = match self.table.columns.get(field.as_str()) {
                Some(Kind::Integer) => Shape::Number,
                _ => Shape::Text,
            };
            let new = match (reduce(method, &text, shape, ""), method) {
                (None, _) => Value::Null,
                (Some(_), Method::RandomToken) => Value::Token,
                (Some(new), _) if new == text => return None,
                (Some(new), Method::Bucket(_)) => new.parse().map_or(Value::Null, Value::Integer),
                (Some(new), _) => Value::of_text(new, self.calendar),
            };
            (new != *value).then(|| (field.clone(), new))
        });
        left.collect()
    }
}

/// When a period is over; at once without one.
pub(crate) fn end(after: Option<Period>, moment: Timestamp, calendar: &Calendar) -> Timestamp {
    after.map_or(moment, |period| period.after(moment, calendar))
}

/// When the span of the calendar that a moment lies in is over (S3-49).
pub(crate) fn end_of(span: EndOf, moment: Timestamp, calendar: &Calendar) -> Timestamp {
    let day = calendar.zone().to_datetime(moment).date();
    let last = match span {
        EndOf::Day => Some(day),
        EndOf::Month => Some(day.last_of_month()),
        EndOf::Quarter => {
            let month = (day.month() + 2) / 3 * 3;
            Date::new(day.year(), month, 1)
                .ok()
                .map(Date::last_of_month)
        }
        EndOf::FinancialYear => {
            let end = calendar.financial_year_ends();
            let this = end.in_year(day.year());
            this.filter(|end| *end >= day)
                .or_else(|| end.in_year(day.year() + 1))
        }
        _ => Some(day.last_of_year()),
    };
    let next = last.and_then(|last| last.checked_add(1.day()).ok());
    next.map_or(Timestamp::MAX, |next| midnight(next, calendar))
}
