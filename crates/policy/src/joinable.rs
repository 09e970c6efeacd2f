//! What still tells whose a row is after a stage anonymised it: what can be joined with a person is
//! pseudonymised, whatever a policy calls it (S2-19; GDPR art. 4(5), recital 26).

use crate::lint::words;
use crate::{Action, Dataset, DatasetId, Field, FieldFormat, Period, Policy, SqlName, Stage};

/// By what a row can be joined with a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tie<'a> {
    /// A column of its own tells who it is: the identity column, or a field by its format or name.
    Column(&'a SqlName),
    /// Rows of that table belong to it and stay as they are, and no dataset says what they tell.
    Dependants(&'a SqlName),
    /// Rows of that dataset tell who it is, and a column that stays joins them.
    Dataset(&'a DatasetId),
}

impl Policy {
    /// By what rows can still be joined with a person once a stage has anonymised them; nothing for
    /// other actions.
    ///
    /// Judged by the policy alone: what an application copies elsewhere is not known here. What is
    /// dropped, by then at the latest, by another stage of the same clock counts as dropped.
    pub fn ties<'a>(&'a self, dataset: &'a Dataset, stage: &Stage) -> Vec<Tie<'a>> {
        if stage.action != Action::Anonymise {
            return Vec::new();
        }
        let source = dataset.source.as_ref();
        let identity = source.and_then(|source| source.identity.as_ref());
        let stays = |name: &str| !is_reduced(dataset, stage, name);
        let telling = dataset.fields.iter().filter(|one| identifies(dataset, one));
        let telling = telling.map(|field| &field.id);
        // An identity column that is no field is left as it is.
        let unnamed = identity.filter(|name| dataset.field(name.as_str()).is_none());
        let columns = telling.filter(|name| stays(name.as_str())).chain(unnamed);
        let mut ties: Vec<Tie<'a>> = columns.map(Tie::Column).collect();
        for dependant in source.iter().flat_map(|source| &source.dependants) {
            let is_told = |other: &&Dataset| is_in(other, dataset, &dependant.table);
            let is_joined = dependant.on.iter().all(|(_, ours)| stays(ours.as_str()));
            if is_joined && !self.datasets.iter().any(|other| is_told(&other)) {
                ties.push(Tie::Dependants(&dependant.table));
            }
        }
        let others = self.datasets.iter().filter(|other| tells(other));
        let joined = others.filter(|other| joins(dataset, other, &stays));
        ties.extend(joined.map(|other| Tie::Dataset(&other.id)));
        ties
    }

    /// What a stage does, by its true name: `pseudonymise` where rows can still be joined with a
    /// person after it was to anonymise them (GDPR art. 4(5)).
    pub fn action_name(&self, dataset: &Dataset, stage: &Stage) -> &'static str {
        if self.ties(dataset, stage).is_empty() {
            stage.action.as_str()
        } else {
            "pseudonymise"
        }
    }
}

/// Whether nothing of a field tells who it is once a stage has run.
fn is_reduced(dataset: &Dataset, stage: &Stage, name: &str) -> bool {
    let at_write = dataset
        .field(name)
        .is_some_and(|field| field.at_write.is_some());
    let ends = |other: &Stage| match other.action {
        Action::Anonymise => other.methods.iter().any(|(reduced, _)| reduced == name),
        Action::Purge => other.fields.iter().any(|field| field.as_str() == name),
        _ => false,
    };
    at_write
        || ends(stage)
        || dataset
            .stages
            .iter()
            .any(|other| ends(other) && precedes(other, stage))
}

/// Whether a stage has surely acted on every row that another one acts on.
fn precedes(one: &Stage, other: &Stage) -> bool {
    let longest = |period: Option<Period>| period.map(Period::longest);
    let shortest = |period: Option<Period>| period.map(Period::shortest);
    let is_earlier = one.after == other.after || longest(one.after) <= shortest(other.after);
    one.clock.is_some()
        && one.clock == other.clock
        && is_earlier
        && one.within == other.within
        && (one.state.is_none() || one.state == other.state)
}

/// Whether a dataset lies in that table, of the database of another one.
fn is_in(dataset: &Dataset, beside: &Dataset, table: &SqlName) -> bool {
    match (&dataset.source, &beside.source) {
        (Some(one), Some(other)) => one.database == other.database && one.table == *table,
        _ => false,
    }
}

/// Whether rows of a dataset tell whose they are.
fn tells(dataset: &Dataset) -> bool {
    let source = dataset.source.as_ref();
    source.is_some_and(|source| source.identity.is_some())
        || dataset
            .fields
            .iter()
            .any(|field| identifies(dataset, field))
}

/// Whether rows of one dataset are joined with those of another by columns that stay: as the policy
/// declares it, by dependants and by the joins of clocks.
fn joins(dataset: &Dataset, other: &Dataset, stays: &dyn Fn(&str) -> bool) -> bool {
    if dataset.id == other.id {
        return false;
    }
    let theirs_by_ours = declared(dataset)
        .filter(|(table, _)| is_in(other, dataset, table))
        .any(|(_, on)| on.iter().all(|(_, ours)| stays(ours.as_str())));
    let ours_by_theirs = declared(other)
        .filter(|(table, _)| is_in(dataset, other, table))
        .any(|(_, on)| on.iter().all(|(ours, _)| stays(ours)));
    theirs_by_ours || ours_by_theirs
}

/// Tables that a dataset is joined with: their columns, and its own.
fn declared(dataset: &Dataset) -> impl Iterator<Item = (&SqlName, &[(String, SqlName)])> {
    let source = dataset.source.iter();
    let dependants = source.flat_map(|source| &source.dependants);
    let joins = dataset.clocks.iter().flat_map(|clock| &clock.joins);
    dependants
        .map(|one| (&one.table, &*one.on))
        .chain(joins.map(|one| (&one.table, &*one.on)))
}

/// Columns whose name says that they tell who it is, or hold what people wrote.
const IDENTIFYING: [&str; 30] = [
    "name",
    "firstname",
    "lastname",
    "surname",
    "fullname",
    "username",
    "nickname",
    "alias",
    "login",
    "email",
    "mail",
    "phone",
    "mobile",
    "telephone",
    "address",
    "street",
    "iban",
    "ssn",
    "nom",
    "prenom",
    "pseudo",
    "courriel",
    "adresse",
    "message",
    "comment",
    "comments",
    "note",
    "notes",
    "transcript",
    "signature",
];
/// What is named so is no person.
const OF_THINGS: [&str; 10] = [
    "company", "product", "file", "country", "topic", "event", "host", "plan", "societe", "produit",
];

/// Whether a field tells who it is, by its format or its name.
pub(crate) fn identifies(dataset: &Dataset, field: &Field) -> bool {
    let is_identity = dataset
        .source
        .as_ref()
        .is_some_and(|source| source.identity.as_ref() == Some(&field.id));
    let words = words(field.id.as_str());
    let is_named = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    match field.format {
        FieldFormat::Email | FieldFormat::Phone | FieldFormat::IpAddress => true,
        FieldFormat::Text => is_identity || is_named(&IDENTIFYING) && !is_named(&OF_THINGS),
        _ => is_identity,
    }
}
