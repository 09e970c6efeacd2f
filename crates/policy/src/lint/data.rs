//! Datasets and their fields: what is held, and what for.

use std::collections::HashSet;

use super::{Lint, each, quoted};
use crate::{Dataset, Field, FieldFormat, LegalBasis, OwnDataset, Policy, Slug, SpecialGround};

pub(super) fn lint(lint: &mut Lint<'_>) {
    for (path, dataset) in each("datasets", &lint.policy.datasets) {
        if !dataset.enabled {
            announced_dataset_is_complete(lint, &path, dataset);
            continue;
        }
        dataset_has_fields(lint, &path, dataset);
        data_have_purposes(lint, &path, dataset);
        for (path, field) in each(&format!("{path}.fields"), &dataset.fields) {
            field_is_justified(lint, &path, field);
            refusal_has_a_consequence(lint, &path, dataset, field);
            field_is_definite(lint, &path, field);
            special_field_has_a_ground(lint, &path, field);
            choice_has_values(lint, &path, field);
        }
    }
    own_datasets_are_declared(lint);
    categories_and_teams_are_used(lint);
}

/// What is announced without being in use is told completely or not at all (S1-01, S1-129).
fn announced_dataset_is_complete(lint: &mut Lint<'_>, path: &str, dataset: &Dataset) {
    let missing: Vec<&str> = [
        ("purposes", dataset.purposes.is_empty()),
        ("fields", dataset.fields.is_empty()),
        ("stages", dataset.stages.is_empty()),
    ]
    .into_iter()
    .filter_map(|(key, is_missing)| is_missing.then_some(key))
    .collect();
    if !missing.is_empty() {
        lint.warn(
            "announced-dataset-incomplete",
            format!("{path}.enabled"),
            format!(
                "the notice names `{}`, which is not in use and has no {}",
                dataset.id,
                quoted(&missing)
            ),
            "add them before the first form, or remove the dataset until then (GDPR art. 13)",
        );
    }
}

/// Only what is named is collected (S2-11, S4-01; GDPR art. 5(1)(c)).
fn dataset_has_fields(lint: &mut Lint<'_>, path: &str, dataset: &Dataset) {
    if dataset.fields.is_empty() {
        lint.warn(
            "dataset-without-fields",
            format!("{path}.fields"),
            format!("nothing says which data `{}` holds", dataset.id),
            "add `[[datasets.fields]]`, one for each datum (GDPR art. 5(1)(c), 14(1)(d))",
        );
    }
}

/// Each datum has a purpose, and so a basis (S2-11, S3-36, S3-125, S4-27; GDPR art. 5(1)(b)).
fn data_have_purposes(lint: &mut Lint<'_>, path: &str, dataset: &Dataset) {
    if !dataset.purposes.is_empty() {
        return;
    }
    let help = "add `purposes = [\"…\"]` with ids of `[[purposes]]` (GDPR art. 5(1)(b))";
    if dataset.fields.iter().all(|field| field.purposes.is_empty()) {
        lint.error(
            "dataset-without-purpose",
            format!("{path}.purposes"),
            format!("nothing says what `{}` is used for", dataset.id),
            help,
        );
        return;
    }
    for (path, field) in each(&format!("{path}.fields"), &dataset.fields) {
        if field.purposes.is_empty() {
            lint.error(
                "field-without-purpose",
                format!("{path}.purposes"),
                format!(
                    "nothing says what `{}` of `{}` is used for",
                    field.id, dataset.id
                ),
                help,
            );
        }
    }
}

/// Each datum is needed (S2-11; GDPR art. 5(1)(c)).
fn field_is_justified(lint: &mut Lint<'_>, path: &str, field: &Field) {
    if field.justification.is_none() && !field.open_ended {
        lint.warn(
            "field-without-justification",
            format!("{path}.justification"),
            format!("nothing says why `{}` is needed", field.id),
            "add `justification = { en = \"To send what was ordered\" }`, or do not collect it \
             (GDPR art. 5(1)(c))",
        );
    }
}

/// Whoever must give something is told what follows otherwise (S3-65, S3-98, S4-18; GDPR
/// art. 13(2)(e)).
fn refusal_has_a_consequence(lint: &mut Lint<'_>, path: &str, dataset: &Dataset, field: &Field) {
    let policy = lint.policy;
    let is_told = dataset
        .purposes_of(field)
        .iter()
        .filter_map(|id| policy.purpose(id))
        .any(|purpose| purpose.consequence.is_some());
    if field.mandatory && field.consequence.is_none() && !is_told {
        lint.warn(
            "mandatory-without-consequence",
            format!("{path}.consequence"),
            format!(
                "`{}` must be given, and nothing says what follows when it is not",
                field.id
            ),
            "add `consequence = { en = \"Without it nothing can be sent\" }` (GDPR art. 13(2)(e))",
        );
    }
}

/// What stands for anything at all tells nobody what is held (S1-09, S3-10, S3-14, S3-17).
fn field_is_definite(lint: &mut Lint<'_>, path: &str, field: &Field) {
    if field.open_ended {
        lint.warn(
            "open-ended-field",
            format!("{path}.open_ended"),
            format!(
                "`{}` stands for anything at all; it is printed and never stored",
                field.id
            ),
            "name each datum in a field of its own (GDPR art. 5(1)(c))",
        );
    }
}

/// What health, belief and the like are called in names of columns (GDPR art. 9(1)).
const SPECIAL_WORDS: [&str; 22] = [
    "health",
    "medical",
    "disease",
    "disability",
    "religion",
    "religious",
    "ethnic",
    "race",
    "biometric",
    "genetic",
    "sexual",
    "political",
    "union",
    "sante",
    "maladie",
    "handicap",
    "ethnie",
    "biometrie",
    "genetique",
    "sexualite",
    "syndicat",
    "opinion",
];

/// Data of a special category have a ground, and a purpose of their own that bears it (S3-03; GDPR
/// art. 9(2)).
fn special_field_has_a_ground(lint: &mut Lint<'_>, path: &str, field: &Field) {
    let Some(ground) = field.special else {
        let words = words(field.id.as_str());
        if let Some(word) = SPECIAL_WORDS
            .iter()
            .find(|special| words.iter().any(|word| word == *special))
        {
            lint.warn(
                "special-without-ground",
                format!("{path}.special"),
                format!(
                    "`{}` looks like data of a special category ({word}), and has no ground",
                    field.id
                ),
                "add `special = \"explicit-consent\"` or another ground, or do not collect it (GDPR \
                 art. 9(2))",
            );
        }
        return;
    };
    if field.purposes.is_empty() {
        lint.error(
            "special-without-purpose",
            format!("{path}.purposes"),
            format!(
                "`{}` is of a special category, and has no purpose of its own",
                field.id
            ),
            "add `purposes = [\"…\"]` to the field: those alone that need it (GDPR art. 9)",
        );
        return;
    }
    let policy = lint.policy;
    let is_asked_for = field
        .purposes
        .iter()
        .filter_map(|id| policy.purpose(id))
        .all(|purpose| purpose.basis == LegalBasis::Consent);
    if ground == SpecialGround::ExplicitConsent && !is_asked_for {
        lint.error(
            "special-without-consent",
            format!("{path}.special"),
            format!(
                "`{}` needs explicit consent, and serves a purpose that rests on something else",
                field.id
            ),
            "name purposes with `basis = \"consent\"` alone (GDPR art. 9(2)(a))",
        );
    }
}

/// The words of an identifier such as `home_address` or `homeAddress`, in lower case.
pub(crate) fn words(id: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_lower = false;
    for c in id.chars() {
        if !c.is_alphanumeric() || after_lower && c.is_uppercase() {
            words.push(String::new());
        }
        after_lower = c.is_lowercase();
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
    }
    words
}

/// A choice is one among values (S0-70, S0-71).
fn choice_has_values(lint: &mut Lint<'_>, path: &str, field: &Field) {
    if (field.format == FieldFormat::Choice) == field.values.is_empty() {
        lint.warn(
            "choice-without-values",
            format!("{path}.values"),
            format!(
                "`{}` has the format `{}` and {} values",
                field.id,
                field.format,
                if field.values.is_empty() {
                    "no"
                } else {
                    "its own"
                }
            ),
            "write `format = \"choice\"` and `values = [\"…\"]` together",
        );
    }
}

/// What the software keeps by itself has rules too (S0-59, S1-16, S2-14, S3-47, S3-66).
fn own_datasets_are_declared(lint: &mut Lint<'_>) {
    let policy = lint.policy;
    if super::periods::caught(policy) {
        return;
    }
    for (own, is_kept, why) in [
        (
            OwnDataset::Events,
            true,
            "what people agreed and objected to",
        ),
        (
            OwnDataset::Requests,
            policy.rights.is_some(),
            "requests that reach the rights desk",
        ),
        (
            OwnDataset::CookieChoices,
            policy.cookies.is_some(),
            "choices made in the cookie banner",
        ),
    ] {
        if is_kept && policy.dataset(own.as_str()).is_none() {
            lint.error(
                "dataset-not-declared",
                "datasets",
                format!(
                    "{why} are kept as `{}`, and no rule ends them",
                    own.as_str()
                ),
                format!(
                    "add a `[[datasets]]` with `id = \"{}\"` and its stages (GDPR art. 5(1)(e))",
                    own.as_str()
                ),
            );
        }
    }
}

/// A heading without anything under it, a team that sees nothing (S1-06, S3-39).
fn categories_and_teams_are_used(lint: &mut Lint<'_>) {
    let policy = lint.policy;
    let categories: HashSet<&Slug> = fields(policy)
        .filter_map(|field| field.category.as_ref())
        .collect();
    for (path, category) in each("categories", &policy.categories) {
        if !categories.contains(&category.id) {
            lint.warn(
                "unused-category",
                format!("{path}.id"),
                format!("no field is of the category `{}`", category.id),
                format!(
                    "add `category = \"{}\"` to fields, or remove it",
                    category.id
                ),
            );
        }
    }
    let of_datasets = policy.datasets.iter().flat_map(|dataset| &dataset.teams);
    let teams: HashSet<&Slug> = of_datasets
        .chain(fields(policy).flat_map(|field| &field.teams))
        .collect();
    for (path, team) in each("teams", &policy.teams) {
        if !teams.contains(&team.id) {
            lint.warn(
                "unused-team",
                format!("{path}.id"),
                format!("no dataset is seen by the team `{}`", team.id),
                format!("add `teams = [\"{}\"]` to datasets, or remove it", team.id),
            );
        }
    }
}

fn fields(policy: &Policy) -> impl Iterator<Item = &Field> {
    policy.datasets.iter().flat_map(|dataset| &dataset.fields)
}
