//! The agreement with those for whom data are processed.

use std::collections::HashSet;

use jiff::SignedDuration;

use super::{Lint, datasets_in_use, each};
use crate::{Duty, Language, ProcessorTerms, Role, Slug};

pub(super) fn lint(lint: &mut Lint<'_>) {
    role_and_agreement_go_together(lint);
    let Some(terms) = &lint.policy.processor else {
        return;
    };
    agreement_is_complete(lint, terms);
    breach_is_told_in_time(lint, terms);
    for (path, duty) in each("processor.duties", &terms.duties) {
        duty_binds_two(lint, &path, duty);
        duty_is_its_debtors(lint, &path, duty, terms);
    }
    parties_have_duties(lint, terms);
}

/// Who processes for others has an agreement, and an agreement has data (S2-34, S3-99, S3-163; GDPR
/// art. 28(3)).
fn role_and_agreement_go_together(lint: &mut Lint<'_>) {
    let policy = lint.policy;
    let dataset = datasets_in_use(policy).find(|(_, one)| one.role == Role::Processor);
    match (dataset, &policy.processor) {
        (Some((path, dataset)), None) => lint.warn(
            "role-without-agreement",
            format!("{path}.role"),
            format!(
                "`{}` is processed for others, and nothing says on which terms",
                dataset.id
            ),
            "add a section `[processor]` (GDPR art. 28(3))",
        ),
        (None, Some(_)) => lint.warn(
            "agreement-without-data",
            "processor",
            "terms for processing for others are stated, and no dataset is processed so",
            "write `role = \"processor\"` in the datasets that it is about",
        ),
        _ => {}
    }
}

/// An agreement says what is done, with which data, and what becomes of them (S3-100, S3-104,
/// S3-123, S3-145; GDPR art. 28(2), 28(3)).
fn agreement_is_complete(lint: &mut Lint<'_>, terms: &ProcessorTerms) {
    if terms.operations.is_empty() {
        lint.error(
            "agreement-without-operations",
            "processor.operations",
            "nothing says what is done with the data",
            "add `operations = [{ en = \"store\" }, { en = \"consult\" }]` (GDPR art. 28(3))",
        );
    }
    for (path, subjects) in each("processor.subjects", &terms.subjects) {
        if subjects.data.is_empty() {
            lint.error(
                "agreement-without-data-types",
                format!("{path}.data"),
                format!(
                    "nothing says which data about `{}` are processed",
                    subjects.name.get(Language::En)
                ),
                "add `data = [{ en = \"e-mail address\" }]` (GDPR art. 28(3))",
            );
        }
    }
    if terms.at_end.is_empty() {
        lint.error(
            "agreement-without-end",
            "processor.at_end",
            "nothing says what becomes of the data when the contract ends",
            "add `at_end = [\"destroy\", \"return\"]` (GDPR art. 28(3)(g))",
        );
    }
    if terms.objection.is_none() {
        lint.warn(
            "no-time-to-object",
            "processor.objection",
            "a controller has no time to object to a new processor",
            "add `objection = \"8 days\"` (GDPR art. 28(2))",
        );
    }
}

/// A controller has 72 hours itself (S3-142, S3-143; GDPR art. 33(1), 33(2)).
fn breach_is_told_in_time(lint: &mut Lint<'_>, terms: &ProcessorTerms) {
    if let Some(period) = terms.breach_notice
        && period.shortest() > SignedDuration::from_hours(72)
    {
        lint.error(
            "late-breach-notice",
            "processor.breach_notice",
            format!("a breach is told after {period}; the authority is told within 72 hours"),
            "choose `48 hours` or less, or leave it out: without undue delay (GDPR art. 33(2))",
        );
    }
}

/// A duty is owed to somebody else (S3-162).
fn duty_binds_two(lint: &mut Lint<'_>, path: &str, duty: &Duty) {
    if duty.debtor == duty.beneficiary {
        lint.error(
            "duty-to-oneself",
            format!("{path}.beneficiary"),
            format!("`{}` binds `{}` towards itself", duty.id, duty.debtor),
            "name the other party",
        );
    }
}

/// A text that begins with the other party has the roles swapped (S3-162).
fn duty_is_its_debtors(lint: &mut Lint<'_>, path: &str, duty: &Duty, terms: &ProcessorTerms) {
    let begins_with = |id: &Slug, language| {
        let party = terms.parties.iter().find(|party| party.id == *id);
        party.is_some_and(|party| {
            let text = duty.text.get(language).to_lowercase();
            let subject = text
                .split_once(' ')
                .filter(|(article, _)| ["the", "le", "la"].contains(article))
                .map_or(text.as_str(), |(_, rest)| rest);
            let name = party.name.get(language).to_lowercase();
            let name = name.trim_start_matches("the ").trim_start_matches("le ");
            subject.starts_with(name)
        })
    };
    let is_swapped = Language::ALL.into_iter().any(|language| {
        begins_with(&duty.beneficiary, language) && !begins_with(&duty.debtor, language)
    });
    if is_swapped && duty.debtor != duty.beneficiary {
        lint.warn(
            "duty-of-another",
            format!("{path}.debtor"),
            format!(
                "`{}` is a duty of `{}`, and its text begins with `{}`",
                duty.id, duty.debtor, duty.beneficiary
            ),
            "swap `debtor` and `beneficiary`, or mend the text",
        );
    }
}

/// A party that owes nothing and is owed nothing is none (S3-162).
fn parties_have_duties(lint: &mut Lint<'_>, terms: &ProcessorTerms) {
    let duties = terms.duties.iter();
    let bound: HashSet<&Slug> = duties
        .flat_map(|duty| [&duty.debtor, &duty.beneficiary])
        .collect();
    for (path, party) in each("processor.parties", &terms.parties) {
        if !bound.contains(&party.id) {
            lint.warn(
                "party-without-duty",
                format!("{path}.id"),
                format!("no duty binds `{}` or is owed to it", party.id),
                "add `[[processor.duties]]` that name it, or remove it",
            );
        }
    }
}
