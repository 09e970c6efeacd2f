//! Lives of generated rows: when each comes, what is done to it by the application, what happens to
//! its person.

use std::collections::BTreeMap;

use consentry_policy::{
    Calendar, Condition, Dataset, Field, FieldFormat, Literal, Method, Period, Slug, SqlName,
};
use consentry_retention::transform::{Shape, reduce};
use jiff::{SignedDuration, Timestamp};

use crate::moments;
use crate::random::Seeded;
use crate::row::Row;
use crate::tables::{Kind, Table};
use crate::value::Value;

/// What a row lives through.
#[derive(Debug)]
pub(crate) struct Life<'a> {
    /// When it is there as it is.
    pub(crate) arrives: Timestamp,
    pub(crate) row: Row<'a>,
    /// Rows of other tables that come with it.
    pub(crate) beside: Vec<Row<'a>>,
    /// The application writes it anew, with another message or order.
    pub(crate) changed: Option<(Timestamp, Row<'a>, Vec<Row<'a>>)>,
    /// An event happens to its person.
    pub(crate) event: Option<(Timestamp, &'a Slug)>,
    /// A hold on fields of it, or all of it, from one instant to another.
    pub(crate) hold: Option<(Timestamp, Timestamp, &'a Dataset, Vec<SqlName>)>,
}

/// Makes the lives of the rows of a policy.
pub(crate) struct Lives<'a, 's> {
    pub(crate) tables: &'s [Table<'a>],
    pub(crate) calendar: &'s Calendar,
    pub(crate) random: &'s Seeded,
    /// The first and the last pass.
    pub(crate) span: (Timestamp, Timestamp),
}

/// A dataset, one of its states, and whether the row is one of the dataset's at all.
type Variant<'a> = (&'a Dataset, Option<usize>, bool);

const DAY: SignedDuration = SignedDuration::from_hours(24);

impl<'a> Lives<'a, '_> {
    /// The lives of so many rows of a table, from so long before the first day that something is
    /// due from the beginning on.
    pub(crate) fn of(&self, place: usize, rows: u32) -> Vec<Life<'a>> {
        let table = &self.tables[place];
        let variants = variants(table);
        let (first, last) = self.span;
        let from = first - self.longest(table, first);
        let step = last.duration_since(from) / i32::try_from(rows.max(1)).unwrap_or(i32::MAX);
        let lives = (0..i64::from(rows)).map(|number| {
            let even = from + step * i32::try_from(number).unwrap_or(i32::MAX);
            let at = moments::near(even, self.calendar, self.random);
            let turn = usize::try_from(number).unwrap_or_default();
            self.life(place, number, variants[turn % variants.len()], at)
        });
        lives.collect()
    }

    fn life(&self, place: usize, number: i64, variant: Variant<'a>, at: Timestamp) -> Life<'a> {
        let table = &self.tables[place];
        let row = Row {
            table: place,
            values: self.values(table, number, variant, at),
            joined: Vec::new(),
        };
        let (row, beside) = self.with_joined(row, at, true);
        let later = |months| moments::away(at, months, self.calendar, self.random);
        let changed = self.random.one_in(4).then(|| {
            let at = later(10);
            let next = variants(table)
                [usize::try_from(number + 1).unwrap_or_default() % variants(table).len()];
            let mut changed = row.clone();
            let fresh = self.values(table, number, next, at);
            changed.values.extend(fresh);
            let (changed, beside) = self.with_joined(changed, at, false);
            (at, changed, beside)
        });
        let events = events(table);
        let event = (!events.is_empty() && self.random.one_in(2)).then(|| {
            let turn = usize::try_from(self.random.below(i64::MAX)).unwrap_or_default();
            // Some rows live for a few days, and some are in the archive for years.
            let at = match self.random.below(4) {
                0 | 1 => at + SignedDuration::from_hours(30),
                2 => later(13),
                _ => later(60),
            };
            (at, events[turn % events.len()])
        });
        let hold = (identity(variant.0).is_some() && self.random.one_in(12)).then(|| {
            let until = at + self.longest(table, at) + DAY * 45;
            let fields = if self.random.one_in(2) {
                Vec::new()
            } else {
                let mut fields = variant.0.fields.iter().filter(|field| !field.open_ended);
                fields
                    .next_back()
                    .map(|field| field.id.clone())
                    .into_iter()
                    .collect()
            };
            (at, until, variant.0, fields)
        });
        Life {
            arrives: at,
            row,
            beside,
            changed,
            event,
            hold,
        }
    }

    /// The values of a row whose last moment is `at`.
    fn values(
        &self,
        table: &Table<'a>,
        number: i64,
        (dataset, state, inside): Variant<'a>,
        at: Timestamp,
    ) -> BTreeMap<&'a str, Value> {
        let clocks: Vec<&str> = table
            .columns
            .iter()
            .filter(|(_, kind)| matches!(kind, Kind::Moment(_)))
            .map(|(name, _)| *name)
            .collect();
        let latest = self.random.below(i64::try_from(clocks.len()).unwrap_or(1));
        let mut values = BTreeMap::new();
        for (name, kind) in &table.columns {
            let value = match kind {
                Kind::Moment(format) => {
                    let turn = clocks.iter().position(|clock| clock == name);
                    if turn.and_then(|turn| i64::try_from(turn).ok()) == Some(latest) {
                        Value::moment(at, *format, self.calendar)
                    } else if self.random.one_in(3) {
                        Value::Null
                    } else {
                        Value::moment(self.before(at), *format, self.calendar)
                    }
                }
                _ => plain(table, name, *kind, number),
            };
            values.insert(*name, value);
        }
        let source = dataset.source.iter();
        for (name, condition) in source.clone().flat_map(|source| &source.rows) {
            self.meet(table, &mut values, name, condition, (inside, at));
        }
        if let Some(state) = state {
            for (name, condition) in &dataset.states[state].when {
                self.meet(table, &mut values, name, condition, (true, at));
            }
        }
        values
    }

    /// Makes a value meet a condition, or fail it.
    fn meet(
        &self,
        table: &Table<'a>,
        values: &mut BTreeMap<&'a str, Value>,
        name: &str,
        condition: &Condition,
        (meets, at): (bool, Timestamp),
    ) {
        let Some((&name, &kind)) = table.columns.get_key_value(name) else {
            return;
        };
        let something = || match kind {
            Kind::Moment(format) => Value::moment(self.before(at), format, self.calendar),
            Kind::Integer => Value::Integer(i64::MAX),
            Kind::Flag => Value::Flag(true),
            Kind::Text => Value::Text("something else".to_owned()),
        };
        let of = |literal: &Literal| match literal {
            Literal::Text(text) => Value::Text(text.clone()),
            Literal::Integer(number) => Value::Integer(*number),
            Literal::Flag(flag) => Value::Flag(*flag),
        };
        let other = |literals: &[Literal]| match literals.first() {
            Some(Literal::Flag(flag)) => Value::Flag(!flag),
            _ => something(),
        };
        let current = &values[name];
        if current.meets(condition) == meets {
            return;
        }
        let value = match (condition, meets) {
            (Condition::Null, true) | (Condition::NotNull, false) => Value::Null,
            (Condition::Null, false) | (Condition::NotNull, true) => something(),
            (Condition::In(literals), true) | (Condition::NotIn(literals), false) => {
                literals.first().map_or(Value::Null, of)
            }
            (Condition::In(literals), false) | (Condition::NotIn(literals), true) => {
                other(literals)
            }
        };
        values.insert(name, value);
    }

    /// Adds the rows of other tables that belong to a row.
    fn with_joined(
        &self,
        mut row: Row<'a>,
        at: Timestamp,
        is_new: bool,
    ) -> (Row<'a>, Vec<Row<'a>>) {
        let table = &self.tables[row.table];
        let mut beside = Vec::new();
        if is_new {
            for (dependant, other) in &table.dependants {
                beside.push(self.linked(&row, *other, &dependant.on));
            }
        }
        for (place, (join, format, other)) in table.joins.iter().enumerate() {
            // What the rules of another dataset may end is no lasting moment of this one.
            if !self.tables[*other].datasets.is_empty() || (is_new && self.random.one_in(5)) {
                continue;
            }
            for (counts, at) in [(true, self.before(at)), (true, at), (false, at + DAY * 90)] {
                if !counts && join.rows.is_empty() {
                    continue;
                }
                let mut joined = self.linked(&row, *other, &join.on);
                let value = Value::moment(at, *format, self.calendar);
                if let (true, Some(at)) = (counts, value.at()) {
                    row.joined.push((place, at));
                }
                let (column, _) = self.tables[*other]
                    .columns
                    .get_key_value(join.column.as_str())
                    .unwrap_or((&"", &Kind::Text));
                joined.values.insert(column, value);
                for (name, condition) in &join.rows {
                    let values = &mut joined.values;
                    self.meet(&self.tables[*other], values, name, condition, (counts, at));
                }
                beside.push(joined);
            }
        }
        (row, beside)
    }

    /// A row of another table that belongs to a row, with nothing else in it.
    fn linked(&self, row: &Row<'a>, place: usize, on: &'a [(String, SqlName)]) -> Row<'a> {
        let table = &self.tables[place];
        let mut values: BTreeMap<&'a str, Value> = table
            .columns
            .keys()
            .map(|name| (*name, Value::Null))
            .collect();
        // Beside the rows that the table has of its own.
        let number = i64::MIN + self.random.below(i64::MAX);
        for key in &table.key {
            values.insert(key, plain(table, key, table.columns[key], number));
        }
        for (theirs, ours) in on {
            values.insert(theirs, row.value(ours.as_str()).clone());
        }
        Row {
            table: place,
            values,
            joined: Vec::new(),
        }
    }

    fn before(&self, at: Timestamp) -> Timestamp {
        moments::away(at, -13, self.calendar, self.random)
    }

    /// The longest period of a table's rules.
    fn longest(&self, table: &Table<'_>, from: Timestamp) -> SignedDuration {
        let periods = table.datasets.iter().flat_map(|dataset| {
            let stages = dataset.stages.iter().filter_map(|stage| stage.after);
            stages.chain(dataset.minima.iter().map(|minimum| minimum.period))
        });
        let lengths =
            periods.map(|period: Period| period.after(from, self.calendar).duration_since(from));
        lengths.max().unwrap_or_default().max(DAY * 365)
    }
}

/// Every state of every dataset of a table, rows in none, and rows of no dataset.
fn variants<'a>(table: &Table<'a>) -> Vec<Variant<'a>> {
    let mut variants = Vec::new();
    for &dataset in &table.datasets {
        let states = (0..dataset.states.len()).map(Some);
        variants.extend(states.map(|state| (dataset, state, true)));
        variants.push((dataset, None, true));
        let source = dataset.source.as_ref();
        if source.is_some_and(|source| !source.rows.is_empty()) {
            variants.push((dataset, None, false));
        }
    }
    variants
}

/// What may happen to the people of a table.
fn events<'a>(table: &Table<'a>) -> Vec<&'a Slug> {
    let datasets = table.datasets.iter();
    let known = datasets.filter(|dataset| identity(dataset).is_some());
    let events = known.flat_map(|dataset| {
        let stages = dataset.stages.iter().filter_map(|stage| stage.on.as_ref());
        let clocks = dataset
            .clocks
            .iter()
            .filter_map(|clock| clock.event.as_ref());
        stages.chain(clocks)
    });
    let mut events: Vec<&Slug> = events.collect();
    events.sort();
    events.dedup();
    events
}

/// A value of a column that no clock looks at.
fn plain<'a>(table: &Table<'a>, name: &str, kind: Kind, number: i64) -> Value {
    let datasets = &table.datasets;
    let is_identity =
        |dataset: &&Dataset| identity(dataset).is_some_and(|identity| identity.as_str() == name);
    if datasets.iter().any(is_identity) {
        return Value::Text(person(number));
    }
    let named = |dataset: &&'a Dataset| dataset.field(name);
    if let Some(field) = datasets.iter().find_map(named) {
        return value_of(table, field, kind, number);
    }
    let of_key = table.key.iter().position(|key| *key == name);
    match (kind, of_key) {
        // Several rows share the first part of a key.
        (Kind::Integer, Some(0)) if table.key.len() > 1 => Value::Integer(number % 7),
        (Kind::Integer, _) => Value::Integer(number),
        (Kind::Text, Some(_)) => Value::Text(format!("{name} {number}")),
        (Kind::Text, None) => Value::Text(format!("some {name}")),
        _ => Value::Null,
    }
}

/// A value of a field, as its rules expect one.
fn value_of(table: &Table<'_>, field: &Field, kind: Kind, number: i64) -> Value {
    let stages = table.datasets.iter().flat_map(|dataset| &dataset.stages);
    let mut methods = stages.flat_map(|stage| &stage.methods);
    let reducing = methods.find(|(name, _)| name == field.id.as_str());
    let method = reducing
        .map(|(_, method)| method)
        .or(field.at_write.as_ref());
    if kind == Kind::Flag {
        return Value::Flag(number % 2 == 0);
    }
    if kind == Kind::Integer {
        let value = number % 90;
        let text = value.to_string();
        let reduced = field.at_write.as_ref();
        let reduced = reduced.and_then(|method| reduce(method, &text, Shape::Number, ""));
        let reduced = reduced.and_then(|text| text.parse().ok());
        return Value::Integer(reduced.unwrap_or(value));
    }
    let (year, month, day) = (1950 + number % 50, 1 + number % 12, 1 + number % 28);
    let text = match (method, field.format) {
        (Some(Method::NetworkPrefix), _) | (_, FieldFormat::IpAddress) => {
            format!("203.0.113.{}", number % 250)
        }
        (Some(Method::MonthAndDay | Method::Year | Method::DateBucket(_)), _)
        | (_, FieldFormat::Date | FieldFormat::Timestamp) => {
            format!("{year}-{month:02}-{day:02}")
        }
        (Some(Method::Domain), _) | (_, FieldFormat::Email) => person(number),
        (Some(Method::Country), _) => format!("{number} rue des Exemples, Nantes, France"),
        (_, FieldFormat::DayMonth) => format!("{month:02}-{day:02}"),
        (_, FieldFormat::Choice) => field.values.first().cloned().unwrap_or_default(),
        _ => format!("{} {number}", field.id),
    };
    let text = match &field.at_write {
        Some(method) => reduce(method, &text, Shape::Text, &number.to_string()),
        None => Some(text),
    };
    text.map_or(Value::Null, Value::Text)
}

fn identity(dataset: &Dataset) -> Option<&SqlName> {
    dataset.source.as_ref()?.identity.as_ref()
}

/// How the identity columns of all tables name the same person.
fn person(number: i64) -> String {
    format!("person{number}@example.org")
}
