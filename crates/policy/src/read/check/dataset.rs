//! What must hold within a dataset.

use std::collections::BTreeSet;

use super::Check;
use crate::model::dataset::Dataset;
use crate::model::own::OwnDataset;
use crate::model::rule::{Action, Clock, Minimum, Stage};
use crate::{PurposeId, Slug, SqlName, Store};

pub(super) fn check(check: &mut Check<'_>, path: &str, dataset: &Dataset) {
    names(check, path, dataset);
    references(check, path, dataset);
    source(check, path, dataset);
    for (index, clock) in dataset.clocks.iter().enumerate() {
        let path = format!("{path}.clocks[{index}]");
        moment(check, &path, clock);
        declared(check, format!("{path}.event"), clock.event.as_ref());
    }
    let dependants = dataset.source.iter().flat_map(|source| &source.dependants);
    for (index, dependant) in dependants.enumerate() {
        if dependant.on.is_empty() {
            unrelated(check, format!("{path}.source.dependants[{index}].on"));
        }
    }
    for (index, state) in dataset.states.iter().enumerate() {
        if state.when.is_empty() {
            check.object(
                "empty-condition",
                format!("{path}.states[{index}].when"),
                "the state has no condition: every row would be in it",
                "for example `when = { status = \"open\" }`",
            );
        }
    }
    let rules = Rules::of(dataset);
    for (index, stage) in dataset.stages.iter().enumerate() {
        let path = format!("{path}.stages[{index}]");
        rules.stage(check, &path, stage);
        declared(check, format!("{path}.on"), stage.on.as_ref());
    }
    for (index, minimum) in dataset.minima.iter().enumerate() {
        rules.minimum(check, &format!("{path}.minima[{index}]"), minimum);
    }
}

/// Pending and erased people must go one day, and every stage must count from the moment that its
/// state begins.
pub(super) fn subscribers(check: &mut Check<'_>) {
    let own = OwnDataset::Subscribers;
    let Some(index) = check
        .policy
        .datasets
        .iter()
        .position(|dataset| dataset.own() == Some(own))
    else {
        check.object(
            "no-subscribers",
            "datasets",
            "the dataset `subscribers` is missing",
            "add a `[[datasets]]` with `id = \"subscribers\"` and its stages",
        );
        return;
    };
    for state in ["pending", "erased"] {
        if check.policy.subscribers_purged(state).is_none() {
            check.object(
                "subscribers-without-end",
                format!("datasets[{index}]"),
                format!("no stage says how long {state} subscribers stay"),
                format!(
                    "add a stage with `action = \"purge\"`, `state = \"{state}\"`, a clock and a \
                     period"
                ),
            );
        }
    }
    let stages = &check.policy.datasets[index].stages;
    let mut ended = BTreeSet::new();
    for (number, stage) in stages.iter().enumerate() {
        let path = format!("datasets[{index}].stages[{number}]");
        let clock = match stage.state.as_ref().map(Slug::as_str) {
            Some("pending") => "first-submission",
            Some("confirmed") => "last-interaction",
            Some("unsubscribed") => "last-departure",
            Some("erased") => "erasure-request",
            // Told already.
            Some(_) => continue,
            None => {
                check.object(
                    "stage-without-state",
                    format!("{path}.state"),
                    "subscribers are kept by state",
                    "add `state = \"pending\"`, `\"confirmed\"`, `\"unsubscribed\"` or `\"erased\"`",
                );
                continue;
            }
        };
        if stage
            .clock
            .as_ref()
            .is_none_or(|named| named.as_str() != clock)
            || stage.after.is_none()
        {
            check.object(
                "wrong-clock",
                format!("{path}.clock"),
                format!("subscribers in this state are kept from `{clock}`, for a period"),
                format!("write `clock = \"{clock}\"` and `after = \"…\"`"),
            );
        }
        if !ended.insert(&stage.state) {
            check.object(
                "state-ended-twice",
                format!("{path}.state"),
                "another stage ends subscribers in this state already",
                "remove one of the two",
            );
        }
        let in_part = !stage.fields.is_empty() || stage.purpose.is_some();
        if in_part || stage.within != Store::Live {
            check.object(
                "subscribers-in-part",
                path.clone(),
                "subscribers are purged as a whole, and never archived",
                "remove `fields`, `purpose` and `within`",
            );
        }
        if stage.action != Action::Purge {
            check.object(
                "wrong-action",
                format!("{path}.action"),
                "subscribers are purged at the end: they are sealed one by one, and nothing \
                 anonymous would be left",
                "write `action = \"purge\"`",
            );
        }
    }
}

fn names(check: &mut Check<'_>, path: &str, dataset: &Dataset) {
    check.once(dataset.fields.iter().map(|one| &one.id), |index| {
        format!("{path}.fields[{index}].id")
    });
    check.once(dataset.states.iter().map(|one| &one.id), |index| {
        format!("{path}.states[{index}].id")
    });
    check.once(dataset.clocks.iter().map(|one| &one.id), |index| {
        format!("{path}.clocks[{index}].id")
    });
    check.once(dataset.stages.iter().map(|one| &one.id), |index| {
        format!("{path}.stages[{index}].id")
    });
    check.once(dataset.minima.iter().map(|one| &one.id), |index| {
        format!("{path}.minima[{index}].id")
    });
}

fn references(check: &mut Check<'_>, path: &str, dataset: &Dataset) {
    let policy = check.policy;
    let purposes = check.purposes();
    let hosts: Vec<&str> = policy.hosts.iter().map(|one| one.id.as_str()).collect();
    let teams: Vec<&str> = policy.teams.iter().map(|one| one.id.as_str()).collect();
    let categories: Vec<&str> = policy
        .categories
        .iter()
        .map(|one| one.id.as_str())
        .collect();
    check.all_known(
        "purpose",
        &format!("{path}.purposes"),
        &dataset.purposes,
        &purposes,
    );
    check.all_known("host", &format!("{path}.hosts"), &dataset.hosts, &hosts);
    check.all_known("team", &format!("{path}.teams"), &dataset.teams, &teams);
    for (index, field) in dataset.fields.iter().enumerate() {
        let path = format!("{path}.fields[{index}]");
        check.all_known(
            "purpose",
            &format!("{path}.purposes"),
            &field.purposes,
            &purposes,
        );
        check.all_known("team", &format!("{path}.teams"), &field.teams, &teams);
        if let Some(category) = &field.category {
            let path = format!("{path}.category");
            check.known("category", path, category.as_str(), &categories);
        }
    }
}

fn source(check: &mut Check<'_>, path: &str, dataset: &Dataset) {
    let help = format!(
        "Consentry keeps `{}` itself: remove this, or rename the dataset",
        dataset.id
    );
    match (dataset.own(), &dataset.source) {
        (Some(_), Some(_)) => {
            let message = format!("`{}` has no source", dataset.id);
            check.object(
                "own-source",
                format!("{path}.source"),
                message,
                help.as_str(),
            );
        }
        (None, None) if dataset.enabled => check.object(
            "no-source",
            format!("{path}.source"),
            format!("no source says where the rows of `{}` are", dataset.id),
            "add `[datasets.source]` with `database`, `table` and `key`, or `enabled = false` when \
             nothing is collected yet",
        ),
        _ => {}
    }
    for (kind, is_empty) in [
        ("states", dataset.states.is_empty()),
        ("clocks", dataset.clocks.is_empty()),
    ] {
        if dataset.own().is_some() && !is_empty {
            let message = format!("`{}` has its own {kind}", dataset.id);
            check.object(
                "own-source",
                format!("{path}.{kind}"),
                message,
                help.as_str(),
            );
        }
    }
}

fn moment(check: &mut Check<'_>, path: &str, clock: &Clock) {
    let is_column = !clock.columns.is_empty() || !clock.joins.is_empty();
    if is_column == clock.event.is_some() {
        check.object(
            "clock-without-moment",
            format!("{path}.event"),
            "a clock counts from columns or from a named event: from one of the two",
            "write `columns = [\"…\"]`, `[[datasets.clocks.joins]]` or `event = \"…\"`",
        );
    }
    for (index, join) in clock.joins.iter().enumerate() {
        if join.on.is_empty() {
            unrelated(check, format!("{path}.joins[{index}].on"));
        }
    }
}

/// An event that is not declared could not be reported: what waits for it would never happen.
fn declared(check: &mut Check<'_>, path: String, event: Option<&Slug>) {
    let Some(event) = event else { return };
    let events = check.policy.events.iter();
    let known: Vec<&str> = events.map(|event| event.id.as_str()).collect();
    check.known("event", path, event.as_str(), &known);
}

fn unrelated(check: &mut Check<'_>, path: String) {
    check.object(
        "empty-condition",
        path,
        "nothing says which rows belong together",
        "for example `on = { client_id = \"id\" }`",
    );
}

/// What rules of one dataset may name.
struct Rules<'a> {
    dataset: &'a Dataset,
    states: Vec<&'a str>,
    clocks: Vec<&'a str>,
    fields: Vec<&'a str>,
}

impl<'a> Rules<'a> {
    fn of(dataset: &'a Dataset) -> Self {
        let own = dataset.own();
        Self {
            dataset,
            states: own.map_or_else(
                || dataset.states.iter().map(|one| one.id.as_str()).collect(),
                |own| own.states().to_vec(),
            ),
            clocks: own.map_or_else(
                || dataset.clocks.iter().map(|one| one.id.as_str()).collect(),
                |own| own.clocks().to_vec(),
            ),
            fields: dataset.fields.iter().map(|one| one.id.as_str()).collect(),
        }
    }

    fn stage(&self, check: &mut Check<'_>, path: &str, stage: &Stage) {
        if let Some(state) = &stage.state {
            check.known(
                "state",
                format!("{path}.state"),
                state.as_str(),
                &self.states,
            );
        }
        if let Some(clock) = &stage.clock {
            check.known(
                "clock",
                format!("{path}.clock"),
                clock.as_str(),
                &self.clocks,
            );
        }
        if let Some(purpose) = &stage.purpose {
            let purposes = check.purposes();
            check.known(
                "purpose",
                format!("{path}.purpose"),
                purpose.as_str(),
                &purposes,
            );
        }
        self.fields(check, path, &stage.fields);
        for (name, _) in &stage.methods {
            let path = format!("{path}.methods.{name}");
            check.known("field", path, name, &self.fields);
        }
        if stage.clock.is_some() == stage.on.is_some() {
            check.object(
                "stage-without-trigger",
                format!("{path}.clock"),
                "a stage happens by a clock or on an event: by one of the two",
                "write `clock = \"…\"` and `after = \"…\"`, or `on = \"…\"`",
            );
        }
        if stage.after.is_some() && stage.clock.is_none() {
            check.object(
                "stage-without-trigger",
                format!("{path}.after"),
                "a period counts from a clock",
                "write `clock = \"…\"`, or remove `after`",
            );
        }
        let anonymises = stage.action == Action::Anonymise;
        if anonymises == stage.methods.is_empty() || anonymises && !stage.fields.is_empty() {
            check.object(
                "methods-of-another-action",
                format!("{path}.methods"),
                "`methods` say how fields are anonymised, and `fields` what other actions act on",
                "for example `action = \"anonymise\"` and `methods = { name = \"initials\" }`",
            );
        }
        let leaves_archive = matches!(stage.action, Action::Purge | Action::Review);
        if stage.within == Store::Archive && !leaves_archive {
            check.object(
                "archive-is-sealed",
                format!("{path}.action"),
                "what is archived can only be purged or reviewed",
                "write `action = \"purge\"`",
            );
        }
        if stage.action == Action::Archive && !stage.fields.is_empty() {
            check.object(
                "archived-in-part",
                format!("{path}.fields"),
                "a row is archived as a whole",
                "remove `fields`; purge what must not be archived before",
            );
        }
        let marks_row = matches!(stage.action, Action::Hide | Action::Restrict);
        if marks_row && !stage.fields.is_empty() {
            check.object(
                "marked-in-part",
                format!("{path}.fields"),
                "a row is hidden or restricted as a whole",
                "remove `fields`; purge or anonymise those that nobody may see",
            );
        }
        if let Some(purpose) = &stage.purpose
            && check.policy.purpose(purpose).is_some()
        {
            self.end_of_purpose(check, path, stage, purpose);
        }
    }

    /// What ends with a purpose serves no other that goes on.
    fn end_of_purpose(
        &self,
        check: &mut Check<'_>,
        path: &str,
        stage: &Stage,
        purpose: &PurposeId,
    ) {
        let dataset = self.dataset;
        let methods = stage.methods.iter().map(|(name, _)| &**name);
        let named = stage.fields.iter().map(SqlName::as_str).chain(methods);
        let shared = named
            .filter_map(|name| dataset.field(name))
            .find(|field| !dataset.serves_alone(field, purpose));
        let (message, help) = if let Some(field) = shared {
            (
                format!("`{}` does not serve `{purpose}` alone", field.id),
                "leave the field to the rule of its other purposes, or narrow its `purposes`",
            )
        } else if matches!(stage.action, Action::Archive | Action::Review)
            || !stage.fields.is_empty()
            || !stage.methods.is_empty()
            || dataset.serves_only(purpose)
        {
            return;
        } else if stage.action == Action::Purge && stage.within == Store::Live {
            (
                format!("no field serves `{purpose}` alone, so nothing ends with it"),
                "give its fields `purposes` of their own, or remove `purpose`",
            )
        } else {
            (
                format!("rows serve more than `{purpose}`, and are taken as a whole"),
                "remove `purpose`",
            )
        };
        check.object("purpose-goes-on", format!("{path}.purpose"), message, help);
    }

    fn minimum(&self, check: &mut Check<'_>, path: &str, minimum: &Minimum) {
        let clock = minimum.clock.as_str();
        check.known("clock", format!("{path}.clock"), clock, &self.clocks);
        if let Some(state) = &minimum.state {
            check.known(
                "state",
                format!("{path}.state"),
                state.as_str(),
                &self.states,
            );
        }
        self.fields(check, path, &minimum.fields);
    }

    fn fields(&self, check: &mut Check<'_>, path: &str, fields: &[SqlName]) {
        for (index, field) in fields.iter().enumerate() {
            let path = format!("{path}.fields[{index}]");
            check.known("field", path, field.as_str(), &self.fields);
        }
    }
}
