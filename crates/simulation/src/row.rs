//! A generated row, as the simulation knows it: apart from any database.

use std::collections::BTreeMap;

use consentry_policy::{Calendar, Clock, Condition, Dataset};
use jiff::Timestamp;

use crate::tables::Table;
use crate::value::Value;

/// A row.
#[derive(Clone, Debug)]
pub(crate) struct Row<'a> {
    /// The place of its table.
    pub(crate) table: usize,
    pub(crate) values: BTreeMap<&'a str, Value>,
    /// The times in other tables that clocks look at, by the join.
    pub(crate) joined: Vec<(usize, Timestamp)>,
}

impl<'a> Row<'a> {
    pub(crate) fn value(&self, column: &str) -> &Value {
        self.values.get(column).unwrap_or(&Value::Null)
    }

    pub(crate) fn meets(&self, conditions: &[(String, Condition)]) -> bool {
        let mut all = conditions.iter();
        all.all(|(column, condition)| self.value(column).meets(condition))
    }

    /// Whether it is one of the dataset's.
    pub(crate) fn is_of(&self, dataset: &Dataset) -> bool {
        let source = dataset.source.as_ref();
        source.is_some_and(|source| self.meets(&source.rows))
    }

    /// The first state that it meets.
    pub(crate) fn state<'d>(&self, dataset: &'d Dataset) -> Option<&'d str> {
        let mut states = dataset.states.iter();
        let state = states.find(|state| self.meets(&state.when));
        state.map(|state| state.id.as_str())
    }

    /// Whose it is.
    pub(crate) fn subject(&self, dataset: &Dataset) -> Option<&str> {
        let identity = dataset.source.as_ref()?.identity.as_ref()?;
        match self.value(identity.as_str()) {
            Value::Text(person) => Some(person),
            _ => None,
        }
    }

    /// The latest of what a clock looks at.
    pub(crate) fn moment(
        &self,
        clock: &Clock,
        table: &Table<'a>,
        calendar: &Calendar,
    ) -> Option<Timestamp> {
        let columns = clock.columns.iter();
        let columns = columns.filter_map(|column| self.value(column.as_str()).at());
        let is_read = |place: usize| clock.joins.iter().any(|join| join == table.joins[place].0);
        let joined = self.joined.iter().filter(|(place, _)| is_read(*place));
        let latest = columns.chain(joined.map(|(_, at)| *at)).max()?;
        Some(match clock.end_of {
            Some(span) => crate::judge::end_of(span, latest, calendar),
            None => latest,
        })
    }

    /// Its columns as texts, in their order.
    pub(crate) fn texts(&self, table: &Table<'_>, calendar: &Calendar) -> Vec<Option<String>> {
        let values = table.columns.keys().map(|column| self.value(column));
        values.map(|value| value.text(calendar)).collect()
    }
}
