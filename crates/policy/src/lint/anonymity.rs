//! Whether what is called anonymous is.

use super::{Lint, datasets_in_use, each};
use crate::joinable::identifies;
use crate::{Dataset, Field, FieldFormat, Method, Stage, Tie};

pub(super) fn lint(lint: &mut Lint<'_>) {
    for (path, dataset) in datasets_in_use(lint.policy) {
        nothing_is_anonymous_by_name(lint, &path, dataset);
        for (path, field) in each(&format!("{path}.fields"), &dataset.fields) {
            if let Some(method) = &field.at_write {
                method_fits(lint, format!("{path}.at_write"), field, method);
            }
        }
        for (path, stage) in each(&format!("{path}.stages"), &dataset.stages) {
            nobody_is_left(lint, &path, dataset, stage);
            for (name, method) in &stage.methods {
                let key = format!("{path}.methods.{name}");
                constant_is_constant(lint, &key, method);
                if let Some(field) = dataset.field(name) {
                    method_fits(lint, key, field, method);
                }
            }
        }
    }
    small_groups_are_left_out(lint);
}

/// After it nobody can join the row back to a person: what tells who it is is gone (S2-17, S2-19; GDPR
/// recital 26), and what is joined with it elsewhere is told of.
fn nobody_is_left(lint: &mut Lint<'_>, path: &str, dataset: &Dataset, stage: &Stage) {
    let policy = lint.policy;
    let key = format!("{path}.methods");
    for tie in policy.ties(dataset, stage) {
        let id = &stage.id;
        match tie {
            Tie::Column(name) if dataset.field(name.as_str()).is_some() => lint.error(
                "anonymous-by-name",
                &key,
                format!("`{id}` calls rows anonymous and leaves `{name}`, which tells who it is"),
                format!("add `{name} = \"drop\"` to `methods` (GDPR recital 26)"),
            ),
            Tie::Column(name) => lint.error(
                "anonymous-by-name",
                &key,
                format!(
                    "`{id}` calls rows anonymous and leaves `{name}`, the identity column, which is \
                     no field"
                ),
                format!("add a field with `id = \"{name}\"`, and `{name} = \"drop\"` to `methods`"),
            ),
            Tie::Dependants(table) => lint.warn(
                "only-pseudonymous",
                &key,
                format!(
                    "`{id}` leaves rows of `{table}` with the row, and no dataset says what they tell: \
                     pages and reports call it pseudonymised"
                ),
                format!("add a dataset for `{table}`, with rules for what tells who it is"),
            ),
            Tie::Dataset(other) => lint.warn(
                "only-pseudonymous",
                &key,
                format!(
                    "`{id}` leaves what joins the row with `{other}`, which tells who it is: pages and \
                     reports call it pseudonymised (GDPR art. 4(5))"
                ),
                "reduce the column that joins them by `drop` or `random-token`",
            ),
        }
    }
}

/// What is anonymised before anything else is done with it is not stored as it came (S4-15).
fn nothing_is_anonymous_by_name(lint: &mut Lint<'_>, path: &str, dataset: &Dataset) {
    if !dataset.anonymised_at_collection {
        return;
    }
    for (path, field) in each(&format!("{path}.fields"), &dataset.fields) {
        if identifies(dataset, field) && field.at_write.is_none() {
            lint.error(
                "stored-before-anonymised",
                format!("{path}.at_write"),
                format!(
                    "`{}` is anonymised at collection, and `{}` is stored as it came",
                    dataset.id, field.id
                ),
                "add `at_write = \"drop\"` or another method (GDPR recital 26)",
            );
        }
    }
}

/// A constant is the same for everybody, or it still tells them apart (S2-17).
fn constant_is_constant(lint: &mut Lint<'_>, key: &str, method: &Method) {
    let Method::Constant(text) = method else {
        return;
    };
    let is_template = ["{", "$", "%s", "<"].iter().any(|mark| text.contains(mark));
    if is_template {
        lint.warn(
            "constant-is-a-template",
            key,
            format!("`{text}` looks like a template, and is written as it stands"),
            "choose a text without marks, such as `constant(removed)`, or `random-token`",
        );
    }
}

/// A method reduces values of its own kind (S2-10, S2-17).
fn method_fits(lint: &mut Lint<'_>, key: String, field: &Field, method: &Method) {
    use FieldFormat::{Date, DayMonth, Email, IpAddress, Number, Text, Timestamp};
    let formats: &[FieldFormat] = match method {
        Method::MonthAndDay => &[Date, DayMonth, Timestamp],
        Method::Year | Method::DateBucket(_) => &[Date, Timestamp],
        Method::Bucket(_) => &[Number],
        Method::NetworkPrefix => &[IpAddress],
        Method::Initials | Method::Country => &[Text],
        Method::Domain => &[Email],
        _ => return,
    };
    if !formats.contains(&field.format) {
        lint.warn(
            "method-of-another-format",
            key,
            format!(
                "`{method}` reduces `{}`, and `{}` has the format `{}`",
                formats[0], field.id, field.format
            ),
            format!(
                "write `format = \"{}\"`, or choose another method",
                formats[0]
            ),
        );
    }
}

/// A group of one or two is no group (S2-19).
fn small_groups_are_left_out(lint: &mut Lint<'_>) {
    let smallest = lint.policy.engine.smallest_group;
    if smallest < 3 {
        lint.warn(
            "small-groups-shown",
            "engine.smallest_group",
            format!("statistics show groups of {smallest}, in which a person is easily found"),
            "leave it out for 5, or choose at least 3",
        );
    }
}
