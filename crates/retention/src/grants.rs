//! The rights that the engine needs on PostgreSQL, and no more.

use std::collections::{BTreeMap, BTreeSet};

use consentry_policy::{Action, Dataset, Policy, SqlName, TableSource};

use crate::rules::{Mark, Rules};
use crate::sql::{Dialect, Sql};

#[derive(Default)]
struct Rights<'a> {
    select: BTreeSet<&'a str>,
    update: BTreeSet<&'a str>,
    delete: bool,
    /// The archive takes whole rows.
    select_all: bool,
}

/// `GRANT` statements for a role that executes the policy on one of its databases.
///
/// Locking a row takes the right to update one of its columns; where a rule only deletes, that is
/// the first of the key. To clean what was touched, the role has to own the tables, or be a member
/// of their owner.
pub fn grants(policy: &Policy, database: &str, role: &str) -> Vec<String> {
    let mut tables: BTreeMap<&SqlName, Rights<'_>> = BTreeMap::new();
    let rules: Vec<_> = policy
        .datasets
        .iter()
        .filter(|dataset| dataset.enabled)
        .filter_map(|dataset| Some((dataset, dataset.source.as_ref()?)))
        .filter(|(_, source)| source.database.as_str() == database)
        .collect();
    for (dataset, source) in rules {
        // A hold on a single field may be set at any time.
        let rules = Rules::new(dataset, &policy.calendar, true).promised_by(policy);
        add(&mut tables, dataset, source, &rules);
    }
    let statements = tables
        .into_iter()
        .flat_map(|(table, rights)| rights.statements(table, role));
    statements.collect()
}

fn add<'a>(
    tables: &mut BTreeMap<&'a SqlName, Rights<'a>>,
    dataset: &'a Dataset,
    source: &'a TableSource,
    rules: &Rules<'a>,
) {
    let ends_rows = rules.stages.iter().any(crate::rules::StageRule::ends_row);
    let mut stages = rules.stages.iter();
    let archives = stages.any(|rule| rule.stage.action == Action::Archive);
    for join in dataset.clocks.iter().flat_map(|clock| &clock.joins) {
        let rights = tables.entry(&join.table).or_default();
        rights.select.insert(join.column.as_str());
        rights
            .select
            .extend(join.on.iter().map(|(theirs, _)| &**theirs));
        rights
            .select
            .extend(join.rows.iter().map(|(column, _)| &**column));
    }
    for dependant in source.dependants.iter().filter(|_| ends_rows) {
        let rights = tables.entry(&dependant.table).or_default();
        rights
            .select
            .extend(dependant.on.iter().map(|(theirs, _)| &**theirs));
        rights.delete = true;
        rights.select_all |= archives;
    }
    let rights = tables.entry(&source.table).or_default();
    let conditions = dataset
        .states
        .iter()
        .flat_map(|state| &state.when)
        .chain(&source.rows);
    rights
        .select
        .extend(conditions.map(|(column, _)| &**column));
    let joined = dataset
        .clocks
        .iter()
        .flat_map(|clock| &clock.joins)
        .map(|join| &join.on);
    let dependants = source.dependants.iter().map(|dependant| &dependant.on);
    let named = joined.chain(dependants).flatten().map(|(_, ours)| ours);
    let clocks = dataset.clocks.iter().flat_map(|clock| &clock.columns);
    let read = source
        .key
        .iter()
        .chain(&source.identity)
        .chain(clocks)
        .chain(named);
    rights.select.extend(read.map(SqlName::as_str));
    let written = rules.marks.iter().map(Mark::column).map(SqlName::as_str);
    rights.select.extend(written.clone());
    rights.update.extend(written);
    rights.delete |= ends_rows;
    rights.select_all |= archives;
    if rights.delete && rights.update.is_empty() {
        rights.update.insert(source.key[0].as_str());
    }
}

impl Rights<'_> {
    fn statements(self, table: &SqlName, role: &str) -> Vec<String> {
        let grant = |right: &str, columns: &BTreeSet<&str>| {
            let mut sql = Sql::new(Dialect::Postgres, "GRANT ");
            sql.push(right);
            for (index, column) in columns.iter().enumerate() {
                sql.push(if index > 0 { ", " } else { " (" }).name(column);
            }
            sql.push(if columns.is_empty() { "" } else { ")" });
            sql.push(" ON ")
                .table(table)
                .push(" TO ")
                .name(role)
                .push(";");
            sql.text
        };
        let all = BTreeSet::new();
        let mut statements = Vec::new();
        statements.push(grant(
            "SELECT",
            if self.select_all { &all } else { &self.select },
        ));
        if !self.update.is_empty() {
            statements.push(grant("UPDATE", &self.update));
        }
        if self.delete {
            statements.push(grant("DELETE", &all));
        }
        statements
    }
}
