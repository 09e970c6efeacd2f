//! Whether a source is what the policy says: a renamed column is an error, never a silent skip.

mod links;
mod shapes;

pub(crate) use self::shapes::shape;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use consentry_policy::{
    Action, Clock, Condition, Dataset, Policy, Severity, SqlName, Store, TableSource, TimeFormat,
};
use serde::Serialize;
use thiserror::Error;

use crate::catalogue::{Catalogue, Column, Kind, Table};
use crate::error::SourceError;
use crate::rules::{Rules, Trigger, missing};
use crate::source::Source;
use crate::sql::Dialect;

/// What is wrong or slow in a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// Errors stop the engine; warnings are printed.
    pub severity: Severity,
    /// The key of the policy, such as `datasets[2].source.key`.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub help: String,
}

/// What is wrong in a source.
#[derive(Clone, Debug, Default, Error, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// All of them, dataset by dataset.
    pub fn all(&self) -> &[Finding] {
        &self.0
    }

    pub(crate) fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// Whether the engine may not run.
    pub fn has_errors(&self) -> bool {
        let mut severities = self.0.iter().map(|finding| finding.severity);
        severities.any(|severity| severity == Severity::Error)
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, finding) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{}: {}; {}", finding.key, finding.message, finding.help)?;
        }
        Ok(())
    }
}

/// A dataset and the tables that hold it, as the engine may rely on them.
#[derive(Clone, Debug)]
pub(crate) struct Layout<'a> {
    pub(crate) dataset: &'a Dataset,
    pub(crate) source: &'a TableSource,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) dialect: Dialect,
    /// Dependants, by index, those first that others are referred to by.
    pub(crate) dependants: Vec<usize>,
    /// Tables of other datasets whose rows keep those that they refer to.
    pub(crate) guards: Vec<crate::catalogue::Link>,
}

impl Layout<'_> {
    /// The type that texts are cast to for a column; checked, so known.
    pub(crate) fn cast(&self, table: &SqlName, column: &str) -> &str {
        let column = self.catalogue.column(table, column);
        column.map_or("text", |column| &column.cast)
    }

    pub(crate) fn kind(&self, table: &SqlName, column: &str) -> Kind {
        let column = self.catalogue.column(table, column);
        column.map_or(Kind::Other, |column| column.kind)
    }
}

/// Datasets of one database, in the order in which their rows can be deleted, and what was found.
pub(crate) async fn database<'a>(
    policy: &'a Policy,
    database: &str,
    source: &Source,
) -> Result<(Vec<Layout<'a>>, Findings), SourceError> {
    let datasets: Vec<(usize, &Dataset, &TableSource)> = policy
        .datasets
        .iter()
        .enumerate()
        .filter(|(_, dataset)| dataset.enabled)
        .filter_map(|(index, dataset)| Some((index, dataset, dataset.source.as_ref()?)))
        .filter(|(_, _, source)| source.database.as_str() == database)
        .collect();
    let tables = datasets.iter().flat_map(|(_, dataset, _)| tables(dataset));
    let catalogue = Arc::new(Catalogue::read(source, tables).await?);
    let mut findings = Findings::default();
    for (index, dataset, table_source) in &datasets {
        let mut check = Check {
            catalogue: &catalogue,
            dialect: source.dialect(),
            dataset,
            source: table_source,
            path: format!("datasets[{index}]"),
            findings: &mut findings,
        };
        check.all(policy);
    }
    if findings.has_errors() {
        return Ok((Vec::new(), findings));
    }
    let layouts = links::order(&catalogue, source.dialect(), &datasets, &mut findings);
    Ok((layouts, findings))
}

/// Datasets of earlier versions that are gone as a whole: what was collected under them lies there.
pub(crate) fn dropped(policy: &Policy) -> Findings {
    let dropped = policy.dropped_datasets().into_iter();
    let tables = dropped.filter_map(|dataset| Some((dataset, dataset.source.as_ref()?)));
    let told = tables.map(|(dataset, source)| Finding {
        severity: Severity::Warning,
        key: "datasets".to_owned(),
        message: format!(
            "an earlier version promised an end to the rows of `{}` in `{}` of `{}`, and nothing \
             executes it any more",
            dataset.id, source.table, source.database
        ),
        help: "declare the dataset again until its last row is gone".to_owned(),
    });
    Findings(told.collect())
}

/// Stages of the archive that cannot be executed, and stages that fill one where there is none.
pub(crate) fn archive(policy: &Policy, is_there: bool) -> Findings {
    let mut findings = Findings::default();
    for (index, dataset) in policy.datasets.iter().enumerate() {
        for (number, stage) in dataset.stages.iter().enumerate() {
            let (key, message, help) = match stage.within {
                Store::Archive if !stage.fields.is_empty() => (
                    "fields",
                    "what is archived is sealed as a whole, and ends as a whole",
                    "remove `fields`; purge them before the row is archived",
                ),
                Store::Archive if !matches!(stage.action, Action::Purge | Action::Review) => (
                    "action",
                    "what is archived can only be purged or reviewed",
                    "write `action = \"purge\"`",
                ),
                Store::Live if stage.action == Action::Archive && !is_there => (
                    "action",
                    "there is no archive to move rows to",
                    "configure one",
                ),
                _ => continue,
            };
            if dataset.enabled && dataset.source.is_some() {
                findings.0.push(Finding {
                    severity: Severity::Error,
                    key: format!("datasets[{index}].stages[{number}].{key}"),
                    message: message.to_owned(),
                    help: help.to_owned(),
                });
            }
        }
    }
    findings
}

/// Every table that a dataset names.
fn tables(dataset: &Dataset) -> BTreeSet<&SqlName> {
    let source = dataset.source.iter();
    let own = source.flat_map(|source| {
        let dependants = source.dependants.iter().map(|dependant| &dependant.table);
        dependants.chain([&source.table])
    });
    let joined = dataset.clocks.iter().flat_map(|clock| &clock.joins);
    own.chain(joined.map(|join| &join.table)).collect()
}

pub(super) struct Check<'a> {
    catalogue: &'a Catalogue,
    dialect: Dialect,
    dataset: &'a Dataset,
    source: &'a TableSource,
    path: String,
    findings: &'a mut Findings,
}

impl<'a> Check<'a> {
    fn find(&mut self, severity: Severity, key: &str, message: String, help: impl Into<String>) {
        self.findings.0.push(Finding {
            severity,
            key: format!("{}.{key}", self.path),
            message,
            help: help.into(),
        });
    }

    fn error(&mut self, key: &str, message: String, help: impl Into<String>) {
        self.find(Severity::Error, key, message, help);
    }

    fn all(&mut self, policy: &Policy) {
        let catalogue = self.catalogue;
        let source = self.source;
        let Some(table) = catalogue.table(&source.table) else {
            return self.no_table("source.table", &source.table);
        };
        self.keys(table);
        for (key, column) in [
            ("source.identity", &source.identity),
            ("source.hidden", &source.hidden),
            ("source.restricted", &source.restricted),
        ] {
            if let Some(column) = column {
                self.column(key, &source.table, column.as_str());
            }
        }
        self.conditions("source.rows", &source.table, &source.rows);
        for (index, state) in self.dataset.states.iter().enumerate() {
            self.conditions(&format!("states[{index}].when"), &source.table, &state.when);
        }
        for (index, field) in self.dataset.fields.iter().enumerate() {
            if !field.open_ended {
                self.column(
                    &format!("fields[{index}].id"),
                    &source.table,
                    field.id.as_str(),
                );
            }
        }
        for (index, clock) in self.dataset.clocks.iter().enumerate() {
            self.clock(&format!("clocks[{index}]"), clock);
        }
        for (index, dependant) in source.dependants.iter().enumerate() {
            self.on(
                &format!("source.dependants[{index}]"),
                &dependant.table,
                &dependant.on,
            );
        }
        self.stages(table);
        for stage in policy.dropped_rules(self.dataset.id.as_str()) {
            if let Some(what) = missing(self.dataset, stage) {
                let message = format!(
                    "an earlier version promised `{}`, and nothing executes it any more: {what} is gone",
                    stage.id
                );
                let help = "declare it again, for the rows that were collected under that version";
                self.find(Severity::Warning, "stages", message, help);
            }
        }
        if !self.findings.has_errors() {
            let rules = Rules::new(self.dataset, &policy.calendar, false).promised_by(policy);
            self.indexes(table, &rules);
        }
    }

    fn no_table(&mut self, key: &str, table: &SqlName) {
        let message = format!("there is no table `{table}` in `{}`", self.source.database);
        self.error(
            key,
            message,
            "name a table that is there, or grant the right to see it",
        );
    }

    /// The column, or an error that names key, column and table.
    fn column(&mut self, key: &str, table: &SqlName, column: &str) -> Option<&'a Column> {
        let found = self.catalogue.table(table)?;
        if let Some(column) = found.column(column) {
            return Some(column);
        }
        let known: Vec<&str> = found.columns.iter().map(|one| &*one.name).collect();
        let message = format!("the table `{table}` has no column `{column}`");
        self.error(
            key,
            message,
            format!("its columns are `{}`", known.join("`, `")),
        );
        None
    }

    fn keys(&mut self, table: &Table) {
        let source = self.source;
        let mut found = true;
        for (index, column) in source.key.iter().enumerate() {
            let key = format!("source.key[{index}]");
            found &= self.column(&key, &source.table, column.as_str()).is_some();
        }
        if found && !table.is_unique(&source.key) {
            self.error(
                "source.key",
                format!("no unique index of `{}` covers only the key", source.table),
                "name the columns of its primary key",
            );
        }
    }

    fn conditions(&mut self, key: &str, table: &SqlName, conditions: &[(String, Condition)]) {
        for (column, _) in conditions {
            self.column(&format!("{key}.{column}"), table, column);
        }
    }

    /// Columns of another table, and those of the dataset's table that they name.
    fn on(&mut self, key: &str, table: &SqlName, on: &[(String, SqlName)]) {
        if self.catalogue.table(table).is_none() {
            return self.no_table(&format!("{key}.table"), table);
        }
        for (theirs, ours) in on {
            let key = format!("{key}.on.{theirs}");
            self.column(&key, table, theirs);
            self.column(&key, &self.source.table, ours.as_str());
        }
    }

    fn clock(&mut self, key: &str, clock: &Clock) {
        let format = clock.time_format.unwrap_or(self.source.time_format);
        for (index, column) in clock.columns.iter().enumerate() {
            let key = format!("{key}.columns[{index}]");
            self.moment(&key, &self.source.table, column, format);
        }
        for (index, join) in clock.joins.iter().enumerate() {
            let key = format!("{key}.joins[{index}]");
            self.on(&key, &join.table, &join.on);
            self.conditions(&format!("{key}.rows"), &join.table, &join.rows);
            self.moment(&format!("{key}.column"), &join.table, &join.column, format);
        }
        if clock.event.is_some() && self.source.identity.is_none() {
            self.error(
                "source.identity",
                "an event happens to a person, and nothing says whose a row is".to_owned(),
                "name the column that identifies the person",
            );
        }
    }

    fn moment(&mut self, key: &str, table: &SqlName, name: &SqlName, format: TimeFormat) {
        let Some(column) = self.column(key, table, name.as_str()) else {
            return;
        };
        let fits = match format {
            TimeFormat::Timestamp => matches!(column.kind, Kind::Timestamp | Kind::Text),
            TimeFormat::Date => matches!(column.kind, Kind::Date | Kind::Text),
            _ => column.kind == Kind::Integer,
        };
        if !fits {
            let message = format!("`{name}` of `{table}` does not hold a `{format}`");
            self.error(
                key,
                message,
                "set `time_format` to how the column stores time",
            );
        }
    }

    /// An index for each rule's query, and for each table that is looked into by key.
    fn indexes(&mut self, table: &Table, rules: &Rules<'_>) {
        let mut told = BTreeSet::new();
        for stage in &rules.stages {
            let Trigger::Clock(clock) = stage.trigger else {
                continue;
            };
            let clock = &self.dataset.clocks[clock];
            let served = |column: &SqlName| {
                let mut first = table.indexes.iter().map(|index| index.columns.first());
                first.any(|first| first.is_some_and(|first| first == column.as_str()))
            };
            if let Some(column) = clock.columns.first()
                && !clock.columns.iter().any(served)
                && told.insert(column.clone())
            {
                let message = format!("no index of `{}` begins with `{column}`", self.source.table);
                let mut columns = vec![column.as_str()];
                columns.extend(self.source.key.iter().map(SqlName::as_str));
                let help = format!(
                    "every pass reads the whole table: index ({})",
                    columns.join(", ")
                );
                self.find(
                    Severity::Warning,
                    &format!("clocks.{}", clock.id),
                    message,
                    help,
                );
            }
        }
        let joins = self.dataset.clocks.iter().flat_map(|clock| &clock.joins);
        let joined = joins.map(|join| (&join.table, &join.on));
        let dependants = self.source.dependants.iter();
        let owned = dependants.map(|dependant| (&dependant.table, &dependant.on));
        for (table, on) in joined.chain(owned) {
            let Some(found) = self.catalogue.table(table) else {
                continue;
            };
            let named = |column: &String| on.iter().any(|(theirs, _)| theirs == column);
            let mut first = found
                .indexes
                .iter()
                .filter_map(|index| index.columns.first());
            if !first.any(named) {
                let columns: Vec<&str> = on.iter().map(|(theirs, _)| &**theirs).collect();
                let message = format!("no index of `{table}` finds the rows of one row");
                let help = format!("add an index on ({})", columns.join(", "));
                self.find(Severity::Warning, "source.table", message, help);
            }
        }
    }
}
