//! The tables that a policy speaks of, concluded from what it says of them.

use std::collections::{BTreeMap, BTreeSet};

use consentry_policy::{
    Condition, Dataset, Dependant, FieldFormat, Join, Literal, Method, OwnDataset, Policy, Slug,
    SqlName, TableSource, TimeFormat,
};

/// What a column has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A point in time.
    Moment(TimeFormat),
    Integer,
    Flag,
    Text,
}

/// A table of a database.
#[derive(Debug)]
pub(crate) struct Table<'a> {
    pub(crate) database: &'a Slug,
    pub(crate) name: &'a SqlName,
    pub(crate) columns: BTreeMap<&'a str, Kind>,
    pub(crate) key: Vec<&'a str>,
    pub(crate) indexes: BTreeSet<Vec<&'a str>>,
    /// Those whose rows lie here.
    pub(crate) datasets: Vec<&'a Dataset>,
    /// Where clocks of these look into, by the place of the other table.
    pub(crate) joins: Vec<(&'a Join, TimeFormat, usize)>,
    /// Whose rows go with those of this one.
    pub(crate) dependants: Vec<(&'a Dependant, usize)>,
}

/// A copy for the scratch databases, which have no schemas, with a table for each of our own datasets
/// that this version does not keep yet: its rules are executed all the same.
pub(crate) fn for_scratch(policy: &Policy) -> Policy {
    let mut policy = without_schemas(policy);
    for dataset in &mut policy.datasets {
        let table = format!("own_{}", dataset.id.as_str().replace('-', "_"));
        if dataset.own().is_some_and(is_stood_in)
            && let (Ok(database), Ok(table)) = ("own".parse(), table.parse())
            && let Some(on_table) = dataset.on_table(database, table)
        {
            *dataset = on_table;
        }
    }
    policy
}

/// Whether a table stands in for a dataset.
pub(crate) fn is_stood_in(own: OwnDataset) -> bool {
    !matches!(own, OwnDataset::Subscribers | OwnDataset::Events)
}

fn without_schemas(policy: &Policy) -> Policy {
    let flatten = |name: &mut SqlName| {
        let flat = name.as_str().replace('.', "_");
        // Too long together, and told apart by the table alone.
        let (_, table) = name.as_str().rsplit_once('.').unwrap_or(("", &flat));
        if let Ok(new) = flat.parse().or_else(|_| table.parse()) {
            *name = new;
        }
    };
    let mut policy = policy.clone();
    for dataset in &mut policy.datasets {
        if let Some(source) = &mut dataset.source {
            flatten(&mut source.table);
            let dependants = source.dependants.iter_mut();
            dependants.for_each(|dependant| flatten(&mut dependant.table));
        }
        let clocks = dataset.clocks.iter_mut();
        let joins = clocks.flat_map(|clock| &mut clock.joins);
        joins.for_each(|join| flatten(&mut join.table));
    }
    policy
}

/// Every table of every database.
pub(crate) fn derive(policy: &Policy) -> Vec<Table<'_>> {
    let mut tables = Tables(Vec::new());
    let datasets = policy.datasets.iter().filter(|dataset| dataset.enabled);
    let sourced: Vec<(&Dataset, &TableSource)> = datasets
        .filter_map(|dataset| Some((dataset, dataset.source.as_ref()?)))
        .collect();
    // Whoever says most of a column goes first.
    for (dataset, source) in &sourced {
        tables.clocks(dataset, source);
    }
    for (dataset, source) in &sourced {
        tables.values(dataset, source);
    }
    for (dataset, source) in &sourced {
        tables.keys(dataset, source);
    }
    tables.0
}

struct Tables<'a>(Vec<Table<'a>>);

impl<'a> Tables<'a> {
    fn place(&mut self, database: &'a Slug, name: &'a SqlName) -> usize {
        let is_it = |table: &Table<'_>| table.database == database && table.name == name;
        self.0.iter().position(is_it).unwrap_or_else(|| {
            self.0.push(Table {
                database,
                name,
                columns: BTreeMap::new(),
                key: Vec::new(),
                indexes: BTreeSet::new(),
                datasets: Vec::new(),
                joins: Vec::new(),
                dependants: Vec::new(),
            });
            self.0.len() - 1
        })
    }

    fn column(&mut self, place: usize, name: &'a str, kind: Kind) {
        self.0[place].columns.entry(name).or_insert(kind);
    }

    fn clocks(&mut self, dataset: &'a Dataset, source: &'a TableSource) {
        let place = self.place(&source.database, &source.table);
        self.0[place].datasets.push(dataset);
        for clock in &dataset.clocks {
            let format = clock.time_format.unwrap_or(source.time_format);
            for column in &clock.columns {
                self.column(place, column.as_str(), Kind::Moment(format));
                let key = source.key.iter().map(SqlName::as_str);
                let index = [column.as_str()].into_iter().chain(key);
                self.0[place].indexes.insert(index.collect());
            }
            for join in &clock.joins {
                let other = self.place(&source.database, &join.table);
                self.column(other, join.column.as_str(), Kind::Moment(format));
                if !self.0[place].joins.iter().any(|(known, ..)| *known == join) {
                    self.0[place].joins.push((join, format, other));
                }
            }
        }
    }

    fn values(&mut self, dataset: &'a Dataset, source: &'a TableSource) {
        let place = self.place(&source.database, &source.table);
        for (name, method) in dataset.stages.iter().flat_map(|stage| &stage.methods) {
            self.column(place, name, kind_for(method));
        }
        let states = dataset.states.iter().map(|state| &state.when);
        for (name, condition) in states.chain([&source.rows]).flatten() {
            self.condition(place, name, condition);
        }
        for join in dataset.clocks.iter().flat_map(|clock| &clock.joins) {
            let other = self.place(&source.database, &join.table);
            for (name, condition) in &join.rows {
                self.condition(other, name, condition);
            }
        }
        if let Some(identity) = &source.identity {
            self.column(place, identity.as_str(), Kind::Text);
        }
        for field in dataset.fields.iter().filter(|field| !field.open_ended) {
            let kind = match (field.format, &field.at_write) {
                (_, Some(method)) => kind_for(method),
                (FieldFormat::Number, None) => Kind::Integer,
                (FieldFormat::Flag, None) => Kind::Flag,
                _ => Kind::Text,
            };
            self.column(place, field.id.as_str(), kind);
        }
        for column in [&source.hidden, &source.restricted].into_iter().flatten() {
            self.column(place, column.as_str(), Kind::Flag);
        }
    }

    /// A column that is only ever asked whether it holds anything may be of any kind.
    fn condition(&mut self, place: usize, name: &'a str, condition: &Condition) {
        if let Condition::In(values) | Condition::NotIn(values) = condition
            && let Some(value) = values.first()
        {
            let kind = match value {
                Literal::Text(_) => Kind::Text,
                Literal::Integer(_) => Kind::Integer,
                Literal::Flag(_) => Kind::Flag,
            };
            self.column(place, name, kind);
        }
    }

    fn keys(&mut self, dataset: &'a Dataset, source: &'a TableSource) {
        let place = self.place(&source.database, &source.table);
        for key in &source.key {
            self.column(place, key.as_str(), Kind::Integer);
        }
        if self.0[place].key.is_empty() {
            self.0[place].key = source.key.iter().map(SqlName::as_str).collect();
        }
        for dependant in &source.dependants {
            let other = self.place(&source.database, &dependant.table);
            self.link(place, other, &dependant.on);
            let known = |(one, _): &(&Dependant, usize)| *one == dependant;
            if !self.0[place].dependants.iter().any(known) {
                self.0[place].dependants.push((dependant, other));
            }
        }
        for join in dataset.clocks.iter().flat_map(|clock| &clock.joins) {
            let other = self.place(&source.database, &join.table);
            self.link(place, other, &join.on);
        }
        let states = dataset.states.iter().map(|state| &state.when);
        for (name, _) in states.chain([&source.rows]).flatten() {
            self.column(place, name, Kind::Text);
        }
    }

    fn link(&mut self, place: usize, other: usize, on: &'a [(String, SqlName)]) {
        for (theirs, ours) in on {
            self.column(place, ours.as_str(), Kind::Integer);
            let kind = self.0[place].columns[ours.as_str()];
            self.column(other, theirs, kind);
        }
        let index = on.iter().map(|(theirs, _)| theirs.as_str());
        self.0[other].indexes.insert(index.collect());
    }
}

fn kind_for(method: &Method) -> Kind {
    match method {
        Method::Bucket(_) => Kind::Integer,
        _ => Kind::Text,
    }
}
