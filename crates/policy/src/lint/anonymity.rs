//! Whether what is called anonymous is.

use super::data::words;
use super::{Lint, datasets_in_use, each};
use crate::{Action, Dataset, Field, FieldFormat, Method, Stage};

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

fn identifies(dataset: &Dataset, field: &Field) -> bool {
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

/// After it nobody can join the row back to a person (S2-17, S2-19; GDPR recital 26).
fn nobody_is_left(lint: &mut Lint<'_>, path: &str, dataset: &Dataset, stage: &Stage) {
    if stage.action != Action::Anonymise {
        return;
    }
    let is_reduced = |name: &str| stage.methods.iter().any(|(reduced, _)| reduced == name);
    let is_purged = |name: &str| {
        dataset.stages.iter().any(|other| {
            other.action == Action::Purge
                && (other.state.is_none() || other.state == stage.state)
                && other.fields.iter().any(|field| field.as_str() == name)
        })
    };
    let key = format!("{path}.methods");
    for field in dataset.fields.iter().filter(|one| identifies(dataset, one)) {
        let name = field.id.as_str();
        if !is_reduced(name) && !is_purged(name) {
            lint.error(
                "anonymous-by-name",
                &key,
                format!(
                    "`{}` calls rows anonymous and leaves `{name}`, which tells who it is",
                    stage.id
                ),
                format!("add `{name} = \"drop\"` to `methods` (GDPR recital 26)"),
            );
        }
    }
    let identity = dataset
        .source
        .as_ref()
        .and_then(|one| one.identity.as_ref());
    if let Some(identity) = identity.filter(|name| dataset.field(name.as_str()).is_none()) {
        lint.error(
            "anonymous-by-name",
            key,
            format!(
                "`{}` calls rows anonymous and leaves `{identity}`, the identity column, which is \
                 no field",
                stage.id
            ),
            format!(
                "add a field with `id = \"{identity}\"`, and `{identity} = \"drop\"` to `methods`"
            ),
        );
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
