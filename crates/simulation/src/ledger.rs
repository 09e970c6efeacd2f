//! What should be in the databases, row by row and day by day.

mod rules;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use consentry_policy::{Dataset, Policy, Slug, SqlName, Stage, Store};
use jiff::Timestamp;

use crate::judge::{Deed, Due, Judge, People};
use crate::lives::Life;
use crate::passes::Passes;
use crate::row::Row;
use crate::tables::Table;
use crate::value::Value;

/// Something that was done to a row, or is to be.
#[derive(Clone, Debug)]
pub(crate) struct Done<'a> {
    pub(crate) dataset: &'a Dataset,
    pub(crate) stage: &'a Stage,
    /// What the period counted from.
    pub(crate) moment: Timestamp,
    /// Since when it was due.
    pub(crate) since: Timestamp,
}

/// What the application does, as the scratch databases are told it.
pub(crate) enum Write<'a> {
    Insert(Row<'a>),
    Update(Row<'a>),
}

/// A hold that is set or lifted, or an event that is reported.
pub(crate) enum Report<'a> {
    Hold(&'a Dataset, String, Vec<SqlName>),
    Lift(&'a Dataset, String),
    Event(&'a Slug, String, Timestamp),
}

enum Step<'a> {
    Arrive(Box<Life<'a>>),
    Change(usize, Box<Row<'a>>, Vec<Row<'a>>),
    Report(usize, Report<'a>),
    Look(usize),
    LookIntoArchive(usize),
}

/// A row that was archived, as it was then.
struct Archived<'a> {
    dataset: &'a Dataset,
    row: Row<'a>,
}

/// The expected content of every table, and what comes when.
pub(crate) struct Ledger<'a, 's> {
    pub(crate) tables: &'s [Table<'a>],
    policy: &'a Policy,
    passes: &'s Passes,
    rows: Vec<Option<Row<'a>>>,
    archive: Vec<Option<Archived<'a>>>,
    /// The places of the rows of each table that are there.
    live: Vec<BTreeSet<usize>>,
    /// The places of rows and of records that ever belonged to somebody.
    by_person: HashMap<String, BTreeSet<usize>>,
    archived_of: HashMap<String, BTreeSet<usize>>,
    /// Events that some stage has yet to do its work for.
    open: BTreeSet<(&'a Slug, String)>,
    agenda: Vec<Vec<Step<'a>>>,
    people: People,
    /// Rows that wait for a review, by dataset and stage.
    waiting: BTreeMap<(&'a str, &'a str), BTreeSet<usize>>,
}

/// What happens on a day.
#[derive(Default)]
pub(crate) struct Day<'a> {
    pub(crate) writes: Vec<Write<'a>>,
    pub(crate) reports: Vec<Report<'a>>,
    pub(crate) done: Vec<Done<'a>>,
    /// Tables from which something goes, or in which something changes.
    pub(crate) touched: BTreeSet<usize>,
}

impl<'a, 's> Ledger<'a, 's> {
    pub(crate) fn new(
        tables: &'s [Table<'a>],
        policy: &'a Policy,
        passes: &'s Passes,
        lives: Vec<Life<'a>>,
    ) -> Self {
        let mut ledger = Self {
            tables,
            policy,
            passes,
            rows: Vec::new(),
            archive: Vec::new(),
            live: vec![BTreeSet::new(); tables.len()],
            by_person: HashMap::new(),
            archived_of: HashMap::new(),
            open: BTreeSet::new(),
            agenda: (0..passes.count()).map(|_| Vec::new()).collect(),
            people: People::default(),
            waiting: BTreeMap::new(),
        };
        for mut life in lives {
            if let Some(day) = passes.first_from(life.arrives)
                && ledger.outlives_the_past(&mut life)
            {
                ledger.agenda[day].push(Step::Arrive(Box::new(life)));
            }
        }
        ledger
    }

    /// How many rows wait for a review.
    pub(crate) fn waiting(&self, dataset: &str, stage: &str) -> usize {
        self.waiting.get(&(dataset, stage)).map_or(0, BTreeSet::len)
    }

    /// The expected rows of a table, as texts, in order.
    pub(crate) fn rows_of(&self, table: usize) -> Vec<Vec<Option<String>>> {
        let rows = self.live[table].iter();
        let rows = rows.filter_map(|place| self.rows[*place].as_ref());
        let texts = rows.map(|row| row.texts(&self.tables[table], &self.policy.calendar));
        let mut texts: Vec<_> = texts.collect();
        texts.sort();
        texts
    }

    /// How many records of a dataset are archived.
    pub(crate) fn archived(&self, dataset: &str) -> usize {
        let records = self.archive.iter().flatten();
        records
            .filter(|one| one.dataset.id.as_str() == dataset)
            .count()
    }

    /// Lets a day pass: what the application did until then, and what is due at its pass.
    pub(crate) fn pass(&mut self, day: usize, now: Timestamp) -> Day<'a> {
        let mut today = Day::default();
        let mut looks = BTreeSet::new();
        let mut sealed = BTreeSet::new();
        for step in std::mem::take(&mut self.agenda[day]) {
            match step {
                Step::Arrive(life) => {
                    looks.insert(self.arrive(*life, day, &mut today));
                }
                Step::Change(place, row, beside) => {
                    if self.rows[place].is_some() {
                        self.change(place, *row, beside, &mut today);
                        looks.insert(place);
                    }
                }
                Step::Report(place, report) => {
                    let person = self.report(&report);
                    looks.insert(place);
                    looks.extend(self.by_person.get(&person).into_iter().flatten());
                    sealed.extend(self.archived_of.get(&person).into_iter().flatten());
                    today.reports.push(report);
                }
                Step::Look(place) => {
                    looks.insert(place);
                }
                Step::LookIntoArchive(place) => {
                    sealed.insert(place);
                }
            }
        }
        // One dataset after the other, as the engine goes: what one takes along is gone for the next.
        for dataset in &self.policy.datasets {
            for &place in &looks {
                if self.governs(dataset, place) {
                    sealed.extend(self.judge(dataset, place, now, &mut today));
                }
            }
        }
        for place in looks {
            self.list(place, now, &mut today);
            self.schedule(place, day);
        }
        for place in sealed {
            self.judge_archived(place, now, &mut today);
            self.schedule_archived(place, day);
        }
        self.settle(now);
        today
    }

    /// Whether a row is there, and in the table of a dataset.
    fn governs(&self, dataset: &Dataset, place: usize) -> bool {
        let row = self.rows[place].as_ref();
        row.is_some_and(|row| {
            let mut datasets = self.tables[row.table].datasets.iter();
            datasets.any(|one| one.id == dataset.id)
        })
    }

    fn on(&self, dataset: &'a Dataset, table: usize, store: Store) -> Judge<'a, '_> {
        Judge {
            dataset,
            table: &self.tables[table],
            calendar: &self.policy.calendar,
            people: &self.people,
            store,
        }
    }

    /// What passes before the first day have left of a row; whether there is anything.
    fn outlives_the_past(&self, life: &mut Life<'a>) -> bool {
        let past = self.passes.past();
        if life.arrives > past {
            return true;
        }
        for &dataset in &self.tables[life.row.table].datasets {
            let judge = self.on(dataset, life.row.table, Store::Live);
            while let Some(Due { deed, .. }) = judge.next(&life.row, past) {
                let Deed::Write(values) = deed else {
                    return false;
                };
                let table = &self.tables[life.row.table];
                write(&mut life.row, table, values);
            }
        }
        true
    }

    fn arrive(&mut self, life: Life<'a>, day: usize, today: &mut Day<'a>) -> usize {
        let place = self.insert(life.row, today);
        for row in life.beside {
            self.insert(row, today);
        }
        let at = |instant| self.passes.first_from(instant).map(|at| at.max(day));
        let row = self.rows[place].as_ref();
        let subject = |dataset: &Dataset| row.and_then(|row| row.subject(dataset));
        let mut steps = Vec::new();
        if let Some((instant, row, beside)) = life.changed
            && let Some(at) = at(instant)
            && at > day
        {
            steps.push((at, Step::Change(place, Box::new(row), beside)));
        }
        let table = row.map_or(0, |row| row.table);
        let datasets = &self.tables[table].datasets;
        if let Some((instant, event)) = life.event
            && let Some(at) = at(instant)
            && at > day
            && let Some(person) = datasets.iter().find_map(|dataset| subject(dataset))
        {
            let report = Report::Event(event, person.to_owned(), instant);
            steps.push((at, Step::Report(place, report)));
        }
        if let Some((from, until, dataset, fields)) = life.hold
            && let Some(person) = subject(dataset)
        {
            if let Some(at) = at(from) {
                let report = Report::Hold(dataset, person.to_owned(), fields);
                steps.push((at.max(day + 1), Step::Report(place, report)));
            }
            if let Some(at) = at(until) {
                let report = Report::Lift(dataset, person.to_owned());
                steps.push((at.max(day + 2), Step::Report(place, report)));
            }
        }
        for (at, step) in steps {
            if let Some(day) = self.agenda.get_mut(at) {
                day.push(step);
            }
        }
        place
    }

    fn insert(&mut self, row: Row<'a>, today: &mut Day<'a>) -> usize {
        let place = self.rows.len();
        self.live[row.table].insert(place);
        for dataset in &self.tables[row.table].datasets {
            if let Some(person) = row.subject(dataset) {
                let of = self.by_person.entry(person.to_owned()).or_default();
                of.insert(place);
            }
        }
        today.writes.push(Write::Insert(row.clone()));
        self.rows.push(Some(row));
        place
    }

    fn change(&mut self, place: usize, row: Row<'a>, beside: Vec<Row<'a>>, today: &mut Day<'a>) {
        for row in beside {
            self.insert(row, today);
        }
        today.writes.push(Write::Update(row.clone()));
        self.rows[place] = Some(row);
    }

    /// Notes what is reported, of whom.
    fn report(&mut self, report: &Report<'a>) -> String {
        match report {
            Report::Hold(dataset, person, fields) => {
                let key = (dataset.id.to_string(), person.clone());
                self.people.holds.insert(key, fields.clone());
                person.clone()
            }
            Report::Lift(dataset, person) => {
                let key = (dataset.id.to_string(), person.clone());
                self.people.holds.remove(&key);
                person.clone()
            }
            Report::Event(event, person, at) => {
                let key = (event.to_string(), person.clone());
                let known = self.people.events.entry(key).or_insert(*at);
                *known = (*at).max(*known);
                self.open.insert((event, person.clone()));
                person.clone()
            }
        }
    }

    /// Notes when a row is to be looked at again.
    fn schedule(&mut self, place: usize, today: usize) {
        let Some(row) = &self.rows[place] else { return };
        let datasets = self.tables[row.table].datasets.iter();
        let instants = datasets.flat_map(|dataset| {
            let judge = self.on(dataset, row.table, Store::Live);
            judge.instants(row)
        });
        let days: BTreeSet<usize> = instants
            .filter_map(|at| self.passes.first_from(at))
            .collect();
        for day in days.into_iter().filter(|day| *day > today) {
            self.agenda[day].push(Step::Look(place));
        }
    }

    fn schedule_archived(&mut self, place: usize, today: usize) {
        let Some(Archived { dataset, row }) = &self.archive[place] else {
            return;
        };
        let judge = self.on(dataset, row.table, Store::Archive);
        let days = judge.instants(row).into_iter();
        let days: BTreeSet<usize> = days.filter_map(|at| self.passes.first_from(at)).collect();
        for day in days.into_iter().filter(|day| *day > today) {
            self.agenda[day].push(Step::LookIntoArchive(place));
        }
    }
}

fn write<'a>(row: &mut Row<'a>, table: &Table<'a>, values: Vec<(String, Value)>) {
    for (column, value) in values {
        if let Some((name, _)) = table.columns.get_key_value(column.as_str()) {
            row.values.insert(name, value);
        }
    }
}
