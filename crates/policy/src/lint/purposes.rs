//! Purposes, their bases, and the topics that rest on them.

use std::collections::HashSet;

use super::{Lint, datasets_in_use, each};
use crate::{LegalBasis, OwnDataset, Purpose, PurposeId, Withdrawal};

pub(super) fn lint(lint: &mut Lint<'_>) {
    for (path, purpose) in each("purposes", &lint.policy.purposes) {
        interest_is_named(lint, &path, purpose);
        interest_is_weighed(lint, &path, purpose);
        law_is_named(lint, &path, purpose);
        keys_fit_the_basis(lint, &path, purpose);
        withdrawal_is_as_easy(lint, &path, purpose);
        automated_decisions_are_explained(lint, &path, purpose);
    }
    purposes_are_used(lint);
    topics_have_data(lint);
    no_topic_is_ticked_in_advance(lint);
    no_reminder_before_consent(lint);
}

/// Whoever relies on an interest says which (S3-37; GDPR art. 13(1)(d)).
fn interest_is_named(lint: &mut Lint<'_>, path: &str, purpose: &Purpose) {
    if purpose.basis == LegalBasis::LegitimateInterest && purpose.interest.is_none() {
        lint.error(
            "interest-not-named",
            format!("{path}.interest"),
            format!(
                "`{}` rests on a legitimate interest, and none is named",
                purpose.id
            ),
            "add `interest = { en = \"To keep the service safe\" }` (GDPR art. 13(1)(d))",
        );
    }
}

/// The interest is weighed against those of the people (S1-21; GDPR art. 6(1)(f)).
fn interest_is_weighed(lint: &mut Lint<'_>, path: &str, purpose: &Purpose) {
    if purpose.basis == LegalBasis::LegitimateInterest && purpose.balancing.is_none() {
        lint.warn(
            "interest-not-weighed",
            format!("{path}.balancing"),
            format!(
                "nothing says how the interest behind `{}` was weighed against those of the people",
                purpose.id
            ),
            "add `balancing = { en = \"Few data, and one click to object\" }` (GDPR art. 6(1)(f))",
        );
    }
}

/// A duty is one of a law (S1-17, S1-27; GDPR art. 6(3)).
fn law_is_named(lint: &mut Lint<'_>, path: &str, purpose: &Purpose) {
    let needs_law = matches!(
        purpose.basis,
        LegalBasis::LegalObligation | LegalBasis::PublicTask
    );
    if needs_law && purpose.law.is_none() {
        lint.error(
            "law-not-named",
            format!("{path}.law"),
            format!(
                "`{}` rests on `{}`, and no law is named",
                purpose.id, purpose.basis
            ),
            "add `law = { en = \"Commercial Code, art. L123-22\" }` (GDPR art. 6(3))",
        );
    }
}

/// A purpose has one basis, so it states nothing that belongs to another one (S1-17, S4-27).
fn keys_fit_the_basis(lint: &mut Lint<'_>, path: &str, purpose: &Purpose) {
    use LegalBasis::{Consent, LegalObligation, LegitimateInterest, PublicTask};
    let stated: [(&str, bool, &[LegalBasis]); 4] = [
        ("law", purpose.law.is_some(), &[LegalObligation, PublicTask]),
        (
            "interest",
            purpose.interest.is_some(),
            &[LegitimateInterest],
        ),
        (
            "balancing",
            purpose.balancing.is_some(),
            &[LegitimateInterest],
        ),
        ("withdrawal", !purpose.withdrawal.is_empty(), &[Consent]),
    ];
    for (key, is_stated, bases) in stated {
        if is_stated && !bases.contains(&purpose.basis) {
            lint.warn(
                "key-of-another-basis",
                format!("{path}.{key}"),
                format!(
                    "`{}` rests on `{}`, and `{key}` belongs to `{}`",
                    purpose.id, purpose.basis, bases[0]
                ),
                format!("remove `{key}`, or write `basis = \"{}\"`", bases[0]),
            );
        }
    }
}

/// A consent is withdrawn as easily as it is given (S0-15, S0-85, S1-55; GDPR art. 7(3)).
fn withdrawal_is_as_easy(lint: &mut Lint<'_>, path: &str, purpose: &Purpose) {
    let is_easy = purpose.withdrawal.contains(&Withdrawal::Online);
    if purpose.basis != LegalBasis::Consent || is_easy {
        return;
    }
    let (code, message) = if purpose.withdrawal.is_empty() {
        (
            "withdrawal-not-told",
            format!(
                "`{}` rests on consent, and nothing says how it is withdrawn",
                purpose.id
            ),
        )
    } else {
        (
            "withdrawal-harder-than-consent",
            format!(
                "the consent to `{}` is given on a page, and withdrawn by a letter or an e-mail \
                 alone",
                purpose.id
            ),
        )
    };
    lint.error(
        code,
        format!("{path}.withdrawal"),
        message,
        "write `withdrawal = [\"online\"]`, and further ways if you like (GDPR art. 7(3))",
    );
}

/// Decisions by machines are explained, and allowed on three bases alone (S3-77, S4-71; GDPR
/// art. 13(2)(f), 22(2)).
fn automated_decisions_are_explained(lint: &mut Lint<'_>, path: &str, purpose: &Purpose) {
    use LegalBasis::{Consent, Contract, LegalObligation};
    if !purpose.automated_decisions {
        return;
    }
    if purpose.logic.is_none() {
        lint.error(
            "decision-not-explained",
            format!("{path}.logic"),
            format!(
                "machines alone decide for `{}`, and nothing says by which logic",
                purpose.id
            ),
            "add `logic = { en = \"Orders above 500 EUR are refused when …\" }` (GDPR art. \
             13(2)(f))",
        );
    }
    if ![Consent, Contract, LegalObligation].contains(&purpose.basis) {
        lint.error(
            "decision-without-ground",
            format!("{path}.automated_decisions"),
            format!(
                "machines alone decide for `{}`, which rests on `{}`",
                purpose.id, purpose.basis
            ),
            "have a person decide, or rest it on a contract, a law or consent (GDPR art. 22(2))",
        );
    }
}

/// A purpose that no data serve, and with it perhaps a basis that nothing rests on, is a promise
/// about nothing (S1-20; GDPR art. 5(1)(b)).
fn purposes_are_used(lint: &mut Lint<'_>) {
    let policy = lint.policy;
    let mut used: HashSet<&PurposeId> = policy.topics.iter().map(|topic| &topic.purpose).collect();
    for (_, dataset) in datasets_in_use(policy) {
        used.extend(&dataset.purposes);
        used.extend(dataset.fields.iter().flat_map(|field| &field.purposes));
        used.extend(
            dataset
                .stages
                .iter()
                .filter_map(|stage| stage.purpose.as_ref()),
        );
    }
    for category in policy
        .cookies
        .iter()
        .flat_map(|cookies| &cookies.categories)
    {
        used.extend(&category.purposes);
    }
    for (path, purpose) in each("purposes", &policy.purposes) {
        if !used.contains(&purpose.id) {
            lint.warn(
                "unused-purpose",
                format!("{path}.id"),
                format!("no dataset, topic or cookie serves `{}`", purpose.id),
                format!(
                    "add it where its data are, such as `purposes = [\"{}\"]` in a dataset, or \
                     remove it",
                    purpose.id
                ),
            );
        }
    }
}

/// A letter is sent to people whose data serve its purpose (S0-13).
fn topics_have_data(lint: &mut Lint<'_>) {
    let policy = lint.policy;
    let Some(subscribers) = policy.dataset(OwnDataset::Subscribers.as_str()) else {
        return;
    };
    for (path, topic) in each("topics", &policy.topics) {
        if !subscribers.purposes.contains(&topic.purpose) {
            lint.error(
                "topic-without-data",
                format!("{path}.purpose"),
                format!(
                    "letters about `{}` serve `{}`, and `subscribers` are not kept for that",
                    topic.id, topic.purpose
                ),
                format!(
                    "add \"{}\" to `purposes` of the dataset `subscribers` (GDPR art. 5(1)(b))",
                    topic.purpose
                ),
            );
        }
    }
}

/// Who says nothing does not consent to one thing more (S0-75, S1-14, S3-116; GDPR art. 4(11),
/// recital 32).
fn no_topic_is_ticked_in_advance(lint: &mut Lint<'_>) {
    let defaults = each("topics", &lint.policy.topics).filter(|(_, topic)| topic.default);
    for (path, topic) in defaults.skip(1) {
        if topic.basis == LegalBasis::Consent {
            lint.warn(
                "topic-ticked-in-advance",
                format!("{path}.default"),
                format!(
                    "a form that names no topic subscribes to `{}` as well, which rests on consent",
                    topic.id
                ),
                "write `default = false`: people choose it themselves (GDPR recital 32)",
            );
        }
    }
}

/// A reminder reaches somebody who has not consented (S1-26).
fn no_reminder_before_consent(lint: &mut Lint<'_>) {
    let policy = lint.policy;
    let asks_for_consent = policy
        .default_topics()
        .all(|topic| topic.basis == LegalBasis::Consent);
    if policy.subscription.reminder.is_some() && asks_for_consent {
        lint.warn(
            "reminder-before-consent",
            "subscription.reminder",
            "the subscription rests on consent, and the reminder goes to people who have not given \
             it",
            "leave `reminder` out",
        );
    }
}
