//! Cookies: what is exempt, what needs consent, and how long it may lie.

use std::collections::HashSet;

use jiff::SignedDuration;

use super::{Lint, each};
use crate::{
    Cookie, CookieCategory, CookieParty, Cookies, LegalBasis, Lifetime, OwnDataset, Period,
    Severity, Slug,
};

pub(super) fn lint(lint: &mut Lint<'_>) {
    let Some(cookies) = &lint.policy.cookies else {
        return;
    };
    for (path, category) in each("cookies.categories", &cookies.categories) {
        advertising_is_not_exempt(lint, &path, category);
        exemption_is_explained(lint, &path, category);
        exempt_serves_nothing_else(lint, &path, category, cookies);
        rest_is_asked_for(lint, &path, category);
        category_has_purposes(lint, &path, category);
    }
    for (path, cookie) in each("cookies.register", &cookies.register) {
        let category = cookies
            .categories
            .iter()
            .find(|one| one.id == cookie.category);
        match category {
            Some(category) if category.exempt => exempt_is_necessary(lint, &path, cookie),
            _ => cookie_ends_with_consent(lint, &path, cookie, cookies),
        }
        others_are_named(lint, &path, cookie);
    }
    categories_have_cookies(lint, cookies);
    choice_is_in_the_register(lint, cookies);
    choice_is_not_kept_too_long(lint, cookies);
    choice_is_remembered(lint, cookies);
}

/// Advertising is never strictly necessary (S1-84; directive 2002/58/EC art. 5(3)).
fn advertising_is_not_exempt(lint: &mut Lint<'_>, path: &str, category: &CookieCategory) {
    if category.advertising && category.exempt {
        lint.error(
            "advertising-exempt",
            format!("{path}.exempt"),
            format!("`{}` is advertising, and set without consent", category.id),
            "write `exempt = false` (directive 2002/58/EC art. 5(3))",
        );
    }
}

/// Who claims an exemption says why (S0-95, S1-60, S1-90; directive 2002/58/EC art. 5(3)).
fn exemption_is_explained(lint: &mut Lint<'_>, path: &str, category: &CookieCategory) {
    let message = match (category.exempt, &category.exemption) {
        (true, None) => format!("nothing says why `{}` needs no consent", category.id),
        (false, Some(_)) => {
            format!("`{}` says why it is exempt, and it is not", category.id)
        }
        _ => return,
    };
    lint.warn(
        "exemption-unclear",
        format!("{path}.exemption"),
        message,
        "write `exempt = true` and `exemption = { en = \"Keeps the basket\" }` together",
    );
}

/// What is exempt serves nothing that people are asked about elsewhere (S1-61, S1-78; directive
/// 2002/58/EC art. 5(3)).
fn exempt_serves_nothing_else(
    lint: &mut Lint<'_>,
    path: &str,
    category: &CookieCategory,
    cookies: &Cookies,
) {
    if !category.exempt {
        return;
    }
    for (index, purpose) in category.purposes.iter().enumerate() {
        let asking = cookies
            .categories
            .iter()
            .find(|other| !other.exempt && other.purposes.contains(purpose));
        if let Some(other) = asking {
            lint.error(
                "exempt-for-another-use",
                format!("{path}.purposes[{index}]"),
                format!(
                    "`{}` is set without consent for `{purpose}`, which `{}` asks consent for",
                    category.id, other.id
                ),
                "keep the purpose with the category that asks (directive 2002/58/EC art. 5(3))",
            );
        }
    }
}

/// What is not exempt needs consent, whatever the data rest on afterwards (S1-61, S1-62, S1-85,
/// S1-87; directive 2002/58/EC art. 5(3)).
fn rest_is_asked_for(lint: &mut Lint<'_>, path: &str, category: &CookieCategory) {
    if category.exempt || category.basis == LegalBasis::Consent {
        return;
    }
    let severity = if category.advertising {
        Severity::Error
    } else {
        Severity::Warning
    };
    lint.remark(
        "cookies-without-consent",
        severity,
        format!("{path}.basis"),
        format!(
            "`{}` is not exempt, and rests on `{}`",
            category.id, category.basis
        ),
        "write `basis = \"consent\"` (directive 2002/58/EC art. 5(3))",
    );
}

/// Categories in the banner are purposes in the notice (S1-75, S1-121, S3-32).
fn category_has_purposes(lint: &mut Lint<'_>, path: &str, category: &CookieCategory) {
    if category.purposes.is_empty() {
        lint.warn(
            "cookies-without-purpose",
            format!("{path}.purposes"),
            format!("`{}` serves none of the policy's purposes", category.id),
            "add `purposes = [\"…\"]` with ids of `[[purposes]]` (GDPR art. 5(1)(b))",
        );
    }
}

/// What lies on without being necessary, or is read by others, needs consent (S1-78, S1-90).
fn exempt_is_necessary(lint: &mut Lint<'_>, path: &str, cookie: &Cookie) {
    let is_long = match cookie.lifetime {
        Lifetime::Session => false,
        Lifetime::Period(period) => period.shortest() > SignedDuration::from_hours(24),
    };
    let description = &cookie.description.en;
    let identifies = ["identif", "recogni", "reconna"]
        .iter()
        .any(|stem| description.to_lowercase().contains(stem));
    if is_long && identifies {
        lint.warn(
            "exempt-identifier",
            format!("{path}.category"),
            format!(
                "`{}` recognises people for longer than a day, without consent",
                cookie.name
            ),
            "ask whether it is necessary; otherwise move it to a category that is not exempt",
        );
    }
    if matches!(cookie.party, CookieParty::Partner | CookieParty::Third) {
        lint.warn(
            "exempt-third-party",
            format!("{path}.party"),
            format!("`{}` is set by others, without consent", cookie.name),
            "ask whether it is necessary; otherwise move it to a category that is not exempt",
        );
    }
}

/// A cookie ends with the consent that it rests on (S1-70, S1-122, S2-59, S3-51; GDPR
/// art. 7(3)).
fn cookie_ends_with_consent(lint: &mut Lint<'_>, path: &str, cookie: &Cookie, cookies: &Cookies) {
    if let Lifetime::Period(lifetime) = cookie.lifetime
        && lifetime.shortest() > cookies.consent_validity.longest()
    {
        lint.warn(
            "cookie-outlives-consent",
            format!("{path}.lifetime"),
            format!(
                "`{}` stays for {lifetime}, and a consent is valid for {}",
                cookie.name, cookies.consent_validity
            ),
            format!(
                "write `lifetime = \"{}\"` at most; it is not used for longer in any case",
                cookies.consent_validity
            ),
        );
    }
}

/// Who sets a cookie is named with it (S1-58, S1-59, S1-91; GDPR art. 13(1)(e)).
fn others_are_named(lint: &mut Lint<'_>, path: &str, cookie: &Cookie) {
    if cookie.party != CookieParty::Own && cookie.recipient.is_none() {
        lint.warn(
            "cookie-without-recipient",
            format!("{path}.recipient"),
            format!(
                "`{}` is set by somebody else, and nothing says by whom",
                cookie.name
            ),
            "add `recipient = \"…\"` with an id of `[[recipients]]` (GDPR art. 13(1)(e))",
        );
    }
}

/// A category without a row, or a register without any, says nothing about what is set (S1-91,
/// S1-121).
fn categories_have_cookies(lint: &mut Lint<'_>, cookies: &Cookies) {
    if cookies.register.is_empty() {
        lint.warn(
            "no-cookie-register",
            "cookies.register",
            "no cookie is named, so none but Consentry's own can be allowed or removed",
            "add `[[cookies.register]]`, one for each cookie",
        );
        return;
    }
    let used: HashSet<&Slug> = cookies.register.iter().map(|one| &one.category).collect();
    for (path, category) in each("cookies.categories", &cookies.categories) {
        if !used.contains(&category.id) {
            lint.warn(
                "category-without-cookies",
                format!("{path}.id"),
                format!(
                    "people are asked about `{}`, and no cookie is of it",
                    category.id
                ),
                "add its cookies to `[[cookies.register]]`, or remove the category",
            );
        }
    }
}

/// The choice lies in a cookie as well (S1-83).
fn choice_is_in_the_register(lint: &mut Lint<'_>, cookies: &Cookies) {
    let is_exempt = |id: &Slug| {
        cookies
            .categories
            .iter()
            .any(|category| category.exempt && category.id == *id)
    };
    let asks = cookies.categories.iter().any(|category| !category.exempt);
    let is_listed = cookies
        .register
        .iter()
        .any(|cookie| cookie.party == CookieParty::Own && is_exempt(&cookie.category));
    if asks && !cookies.register.is_empty() && !is_listed {
        lint.warn(
            "choice-not-in-register",
            "cookies.register",
            "people choose, and the register has no cookie of ours that keeps the choice",
            "add it with a category that is exempt",
        );
    }
}

/// Nobody is bound by a choice for good (S1-70, S1-128; CNIL guidelines of 17 September 2020).
fn choice_is_not_kept_too_long(lint: &mut Lint<'_>, cookies: &Cookies) {
    const THIRTEEN_MONTHS: SignedDuration = SignedDuration::from_hours((366 + 31) * 24);
    if cookies.consent_validity.shortest() > THIRTEEN_MONTHS {
        lint.warn(
            "consent-valid-too-long",
            "cookies.consent_validity",
            format!(
                "a consent is valid for {}, longer than authorities accept",
                cookies.consent_validity
            ),
            "choose at most `13 months`; `6 months` is recommended (CNIL, 17 September 2020)",
        );
    }
}

/// A refusal is remembered as long as a consent, and both until they end (S1-71, S1-65; GDPR
/// art. 7(1)).
fn choice_is_remembered(lint: &mut Lint<'_>, cookies: &Cookies) {
    let consent = cookies.consent_validity;
    let refusal = cookies.refusal_validity.unwrap_or(consent);
    if refusal.longest() < consent.shortest() {
        lint.warn(
            "refusal-forgotten-sooner",
            "cookies.refusal_validity",
            format!("a refusal is asked about again after {refusal}, a consent after {consent}"),
            format!("write `refusal_validity = \"{consent}\"`, or leave it out"),
        );
    }
    let choices = each("datasets", &lint.policy.datasets)
        .find(|(_, dataset)| dataset.own() == Some(OwnDataset::CookieChoices));
    let Some((path, dataset)) = choices else {
        return;
    };
    for (path, stage) in each(&format!("{path}.stages"), &dataset.stages) {
        let valid = match stage.state.as_ref().map(Slug::as_str) {
            Some("refused") => refusal,
            _ => consent,
        };
        let kept = stage.after.map_or(SignedDuration::ZERO, Period::longest);
        if stage.clock.is_some() && kept < valid.shortest() {
            lint.warn(
                "choice-forgotten-sooner",
                format!("{path}.after"),
                format!(
                    "`{}` ends the evidence of a choice that is valid for {valid}",
                    stage.id
                ),
                format!("choose at least `{valid}` (GDPR art. 7(1))"),
            );
        }
    }
}
