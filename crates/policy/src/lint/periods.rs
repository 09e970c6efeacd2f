//! How long: every row has an end, and no rule contradicts another.

use std::collections::HashSet;

use jiff::SignedDuration;

use super::{Lint, datasets_in_use, each};
use crate::{
    Action, Clock, Condition, Dataset, Minimum, MinimumReason, OwnDataset, Period, Policy,
    Severity, Slug, SqlName, Stage, State, Store,
};

pub(super) fn lint(lint: &mut Lint<'_>) {
    catch_all_ends(lint);
    events_are_waited_for(lint);
    for (path, dataset) in datasets_in_use(lint.policy) {
        every_row_ends(lint, &path, dataset);
        archive_ends(lint, &path, dataset);
        stages_come_before_the_end(lint, &path, dataset);
        minima_fit_the_periods(lint, &path, dataset);
        states_and_clocks_are_used(lint, &path, dataset);
        for (path, clock) in each(&format!("{path}.clocks"), &dataset.clocks) {
            interaction_is_defined(lint, &path, clock);
        }
        for (path, minimum) in each(&format!("{path}.minima"), &dataset.minima) {
            minimum_names_its_law(lint, &path, minimum);
        }
    }
}

/// What no other rule names ends too, or is looked at (S3-55; GDPR art. 5(1)(e)).
fn catch_all_ends(lint: &mut Lint<'_>) {
    if lint.policy.catch_all.is_some() && !caught(lint.policy) {
        lint.error(
            "catch-all-without-end",
            "catch_all",
            "what no rule names is kept without a period and without a review",
            "add `review = \"2027-06-30\"` or `after = \"5 years\"` (GDPR art. 5(1)(e))",
        );
    }
}

/// An event that no rule waits for ends nothing, however often it is reported (S3-52).
fn events_are_waited_for(lint: &mut Lint<'_>) {
    let datasets = lint.policy.datasets.iter();
    let waited_for: HashSet<&Slug> = datasets
        .flat_map(|dataset| {
            let stages = dataset.stages.iter().filter_map(|stage| stage.on.as_ref());
            stages.chain(
                dataset
                    .clocks
                    .iter()
                    .filter_map(|clock| clock.event.as_ref()),
            )
        })
        .collect();
    for (path, event) in each("events", &lint.policy.events) {
        if !waited_for.contains(&event.id) {
            lint.warn(
                "unused-event",
                format!("{path}.id"),
                format!("no stage and no clock waits for the event `{}`", event.id),
                format!("add `on = \"{}\"` to a stage, or remove it", event.id),
            );
        }
    }
}

/// Whether rows that no rule names end by the catch-all.
pub(super) fn caught(policy: &Policy) -> bool {
    let catch_all = policy.catch_all.as_ref();
    catch_all.is_some_and(|all| all.after.is_some() || all.review.is_some())
}

/// Whether a row does not stay as it is for good.
fn ends(stage: &Stage) -> bool {
    use Action::{Anonymise, Archive, Purge, Review};
    let is_whole = stage.fields.is_empty();
    let leaves = matches!(stage.action, Purge | Anonymise | Archive | Review);
    stage.within == Store::Live && is_whole && leaves
}

/// Every dataset has a period, in each of its states and outside of them (S2-14, S3-47, S3-54,
/// S4-44; GDPR art. 5(1)(e)).
///
/// Subscribers stay as long as they like; those who left are another rule's.
fn every_row_ends(lint: &mut Lint<'_>, path: &str, dataset: &Dataset) {
    if caught(lint.policy) || dataset.own() == Some(OwnDataset::Subscribers) {
        return;
    }
    let key = format!("{path}.stages");
    let ending: Vec<&Stage> = dataset.stages.iter().filter(|stage| ends(stage)).collect();
    if ending.is_empty() {
        lint.error(
            "dataset-without-end",
            key,
            format!("nothing says how long `{}` is kept", dataset.id),
            "add a stage with `action = \"purge\"`, a clock and `after = \"3 years\"` (GDPR art. \
             5(1)(e))",
        );
        return;
    }
    if ending.iter().any(|stage| stage.state.is_none()) {
        return;
    }
    for state in states(dataset) {
        let is_named = |stage: &&Stage| stage.state.as_ref().is_some_and(|id| id.as_str() == state);
        if !ending.iter().any(is_named) {
            lint.warn(
                "state-without-end",
                &key,
                format!(
                    "nothing ends rows of `{}` as long as they are `{state}`",
                    dataset.id
                ),
                format!(
                    "add a stage with `state = \"{state}\"`, such as a review (GDPR art. 5(1)(e))"
                ),
            );
        }
    }
    if dataset.own().is_none() && !is_exhaustive(&dataset.states) {
        lint.warn(
            "rows-in-no-state",
            key,
            format!(
                "nothing ends rows of `{}` that are in none of its states",
                dataset.id
            ),
            "add a stage without `state`, or a `[catch_all]` (GDPR art. 5(1)(e))",
        );
    }
}

/// States that have to end. An open request is answered first, by its deadline.
fn states(dataset: &Dataset) -> Vec<&str> {
    match dataset.own() {
        Some(OwnDataset::Requests) => vec!["closed"],
        Some(own) => own.states().to_vec(),
        None => dataset
            .states
            .iter()
            .map(|state| state.id.as_str())
            .collect(),
    }
}

/// Whether every row is in some state, whatever its columns hold.
fn is_exhaustive(states: &[State]) -> bool {
    let mut columns = HashSet::new();
    let mut is_null = false;
    let mut is_not_null = false;
    let mut listed = Vec::new();
    let mut excluded = None;
    for state in states {
        let [(column, condition)] = state.when.as_slice() else {
            continue;
        };
        columns.insert(column);
        match condition {
            Condition::Null => is_null = true,
            Condition::NotNull => is_not_null = true,
            Condition::In(values) => listed.extend(values),
            Condition::NotIn(values) => excluded = Some(values),
        }
    }
    let rest_is_listed =
        excluded.is_some_and(|values| values.iter().all(|value| listed.contains(&value)));
    columns.len() == 1 && is_null && (is_not_null || rest_is_listed)
}

fn overlap(one: Option<&Slug>, other: Option<&Slug>) -> bool {
    one.is_none() || other.is_none() || one == other
}

/// An archive is emptied, after it was filled, and for a reason (S2-24, S4-48 to S4-50; GDPR
/// art. 5(1)(e)).
fn archive_ends(lint: &mut Lint<'_>, path: &str, dataset: &Dataset) {
    let emptied = || {
        dataset
            .stages
            .iter()
            .filter(|stage| stage.within == Store::Archive)
    };
    for (path, stage) in each(&format!("{path}.stages"), &dataset.stages) {
        let archives = |other: &Stage| other.action == Action::Archive;
        if stage.within == Store::Archive && !dataset.stages.iter().any(archives) {
            lint.warn(
                "nothing-archived",
                format!("{path}.within"),
                format!(
                    "`{}` acts on the archive, and no stage moves rows of `{}` there",
                    stage.id, dataset.id
                ),
                "add a stage with `action = \"archive\"`, or remove `within`",
            );
        }
        if !archives(stage) {
            continue;
        }
        let Some(end) = emptied().find(|end| overlap(end.state.as_ref(), stage.state.as_ref()))
        else {
            lint.error(
                "archive-without-end",
                format!("{path}.action"),
                format!(
                    "`{}` moves rows of `{}` to the archive, where nothing ends them",
                    stage.id, dataset.id
                ),
                "add a stage with `action = \"purge\"`, `within = \"archive\"`, a clock and a \
                 period (GDPR art. 5(1)(e))",
            );
            continue;
        };
        if end.clock.is_some() && end.clock == stage.clock && !is_longer(end.after, stage.after) {
            lint.error(
                "archive-ends-first",
                format!("{path}.after"),
                format!(
                    "`{}` archives {}, and `{}` has emptied the archive by then",
                    stage.id,
                    when(stage),
                    end.id
                ),
                "give the archive a longer period, or purge without archiving",
            );
        }
        if stage.reason.is_none() && dataset.minima.is_empty() {
            lint.warn(
                "archive-without-reason",
                format!("{path}.reason"),
                format!(
                    "nothing says why `{}` archives instead of deleting",
                    stage.id
                ),
                "add `reason = { en = \"Proof of the contract until claims lapse\" }` (GDPR art. \
                 5(1)(e))",
            );
        }
    }
}

/// Whether a period is longer than another in every case; none is no time at all.
fn is_longer(one: Option<Period>, other: Option<Period>) -> bool {
    one.map_or(SignedDuration::ZERO, Period::shortest)
        > other.map_or(SignedDuration::ZERO, Period::longest)
}

fn when(stage: &Stage) -> String {
    match (&stage.after, &stage.clock, &stage.on) {
        (Some(after), Some(clock), _) => format!("{after} after `{clock}`"),
        (None, Some(clock), _) => format!("at `{clock}`"),
        (_, _, Some(event)) => format!("on `{event}`"),
        (_, None, None) => "at once".to_owned(),
    }
}

/// The shortest maximum wins, so a stage that comes after a purge never runs (S2-25, S2-26).
fn stages_come_before_the_end(lint: &mut Lint<'_>, path: &str, dataset: &Dataset) {
    let purges: Vec<&Stage> = dataset
        .stages
        .iter()
        .filter(|stage| stage.action == Action::Purge && stage.fields.is_empty())
        .collect();
    for (path, stage) in each(&format!("{path}.stages"), &dataset.stages) {
        let earlier = purges.iter().find(|purge| {
            let covers = purge.state.is_none() || purge.state == stage.state;
            purge.id != stage.id
                && covers
                && purge.within == stage.within
                && purge.clock.is_some()
                && purge.clock == stage.clock
                && is_longer(stage.after, purge.after)
        });
        if let Some(purge) = earlier {
            lint.warn(
                "stage-never-reached",
                format!("{path}.after"),
                format!(
                    "`{}` would act {}, and `{}` has purged by then, {}",
                    stage.id,
                    when(stage),
                    purge.id,
                    when(purge)
                ),
                "choose a shorter period, or remove one of the two",
            );
        }
    }
}

/// What must stay for longer than it may is a contradiction; with another clock it may be one
/// (S3-48, S3-49, S4-47; GDPR art. 5(1)(e)).
fn minima_fit_the_periods(lint: &mut Lint<'_>, path: &str, dataset: &Dataset) {
    for (path, minimum) in each(&format!("{path}.minima"), &dataset.minima) {
        let contradicts = |stage: &&Stage| {
            let deletes = matches!(stage.action, Action::Purge | Action::Anonymise);
            deletes
                && overlap(stage.state.as_ref(), minimum.state.as_ref())
                && share_a_field(stage, &minimum.fields)
                && is_longer(Some(minimum.period), stage.after)
        };
        let conflicting: Vec<&Stage> = dataset.stages.iter().filter(contradicts).collect();
        let with_same_clock = conflicting
            .iter()
            .find(|stage| stage.clock.as_ref() == Some(&minimum.clock));
        let (stage, severity) = if let Some(stage) = with_same_clock {
            (stage, Severity::Error)
        } else if let Some(stage) = conflicting.iter().find(|stage| stage.after.is_some()) {
            (stage, Severity::Warning)
        } else {
            continue;
        };
        lint.remark(
            "minimum-above-maximum",
            severity,
            format!("{path}.period"),
            format!(
                "`{}` keeps rows for {} from `{}`, and `{}` ends them {}",
                minimum.id,
                minimum.period,
                minimum.clock,
                stage.id,
                when(stage)
            ),
            "the minimum wins: lengthen the stage, shorten the minimum, or archive in between",
        );
    }
}

fn share_a_field(stage: &Stage, fields: &[SqlName]) -> bool {
    let is_named = |name: &str| fields.iter().any(|field| field.as_str() == name);
    if stage.action == Action::Anonymise {
        return fields.is_empty() || stage.methods.iter().any(|(name, _)| is_named(name));
    }
    fields.is_empty()
        || stage.fields.is_empty()
        || stage.fields.iter().any(|field| is_named(field.as_str()))
}

/// A minimum by law names the law (S3-55, S4-47; GDPR art. 6(3), 17(3)(b)).
fn minimum_names_its_law(lint: &mut Lint<'_>, path: &str, minimum: &Minimum) {
    let names_a_law = |text: &str| {
        text.chars().any(|c| c.is_ascii_digit())
            || text
                .split(|c: char| !c.is_alphabetic())
                .any(|word| super::wording::LAW_WORDS.contains(&word.to_lowercase().as_str()))
    };
    if minimum.reason == MinimumReason::Law && !names_a_law(&minimum.basis.en) {
        lint.warn(
            "minimum-without-law",
            format!("{path}.basis"),
            format!(
                "`{}` is required by law, and the text names none",
                minimum.id
            ),
            "for example `basis = { en = \"Commercial Code, art. L123-22\" }` (GDPR art. 17(3)(b))",
        );
    }
}

/// A state or a clock that no rule names was meant for a rule that is missing (S3-54).
fn states_and_clocks_are_used(lint: &mut Lint<'_>, path: &str, dataset: &Dataset) {
    let stage_states = dataset.stages.iter().filter_map(|one| one.state.as_ref());
    let minimum_states = dataset.minima.iter().filter_map(|one| one.state.as_ref());
    let states: HashSet<&Slug> = stage_states.chain(minimum_states).collect();
    let stage_clocks = dataset.stages.iter().filter_map(|one| one.clock.as_ref());
    let minimum_clocks = dataset.minima.iter().map(|one| &one.clock);
    let clocks: HashSet<&Slug> = stage_clocks.chain(minimum_clocks).collect();
    let mut unused = Vec::new();
    for (path, state) in each(&format!("{path}.states"), &dataset.states) {
        if !states.contains(&state.id) {
            unused.push(("unused-state", "state", path, &state.id));
        }
    }
    for (path, clock) in each(&format!("{path}.clocks"), &dataset.clocks) {
        if !clocks.contains(&clock.id) {
            unused.push(("unused-clock", "clock", path, &clock.id));
        }
    }
    for (code, kind, path, id) in unused {
        lint.warn(
            code,
            format!("{path}.id"),
            format!(
                "no stage or minimum of `{}` names the {kind} `{id}`",
                dataset.id
            ),
            "add the rule that it was meant for, or remove it",
        );
    }
}

/// "Last interaction" is a defined list of events (S1-48).
fn interaction_is_defined(lint: &mut Lint<'_>, path: &str, clock: &Clock) {
    let is_vague = super::data::words(clock.id.as_str())
        .iter()
        .any(|word| ["interaction", "activity", "contact"].contains(&word.as_str()));
    if is_vague && clock.counts.is_empty() {
        lint.warn(
            "clock-without-meaning",
            format!("{path}.counts"),
            format!("nothing says what counts for `{}`", clock.id),
            "add `counts = [{ en = \"a log-in\" }, { en = \"a message from you\" }]`",
        );
    }
}
