//! Subscriptions, backups, limits and mail.

use jiff::SignedDuration;

use super::{Lint, each};
use crate::{Dataset, OwnDataset, Stage};

pub(super) fn lint(lint: &mut Lint<'_>) {
    departure_ends(lint);
    erasure_is_in_time(lint);
    backups_end(lint);
    limits(lint);
    list_id(lint);
}

/// An address that left everything is not kept as proof for ever (S0-59; GDPR art. 5(1)(e)).
fn departure_ends(lint: &mut Lint<'_>) {
    if lint.policy.retention().unsubscribed.is_none() {
        let key = subscribers(lint).map_or_else(
            || "datasets".to_owned(),
            |(path, _)| format!("{path}.stages"),
        );
        lint.warn(
            "unsubscribed-without-end",
            key,
            "no stage ends an address that left every topic",
            "add a stage with `state = \"unsubscribed\"` (GDPR art. 5(1)(e))",
        );
    }
}

/// A request for erasure is answered within a month (S0-63, S4-78; GDPR art. 12(3)).
fn erasure_is_in_time(lint: &mut Lint<'_>) {
    let erased = lint.policy.retention().erased;
    if erased.longest() > SignedDuration::from_hours(31 * 24) {
        let stage = subscribers(lint).and_then(|(path, dataset)| {
            let stages = &dataset.stages;
            let of_erased =
                |one: &Stage| one.state.as_ref().is_some_and(|id| id.as_str() == "erased");
            let index = stages.iter().position(of_erased)?;
            Some(format!("{path}.stages[{index}].after"))
        });
        lint.warn(
            "late-erasure",
            stage.unwrap_or_default(),
            format!("erased data stay for {erased}, the law allows one month"),
            "choose at most `1 month` (GDPR art. 12(3))",
        );
    }
}

fn subscribers<'a>(lint: &Lint<'a>) -> Option<(String, &'a Dataset)> {
    each("datasets", &lint.policy.datasets)
        .find(|(_, dataset)| dataset.own() == Some(OwnDataset::Subscribers))
}

/// A restored backup brings nobody back (S0-65; GDPR art. 5(1)(e)).
fn backups_end(lint: &mut Lint<'_>) {
    if lint.policy.backups.keep.is_none() {
        lint.warn(
            "backups-without-end",
            "backups.keep",
            "a backup of any age may be restored, so the journal of erasures is kept without end",
            "state how long backups are kept, such as `keep = \"90 days\"` (GDPR art. 5(1)(e))",
        );
    }
}

/// Nobody signs up other people without limit.
fn limits(lint: &mut Lint<'_>) {
    let limits = &lint.policy.limits;
    if limits.per_client.is_none() {
        lint.warn(
            "unlimited-clients",
            "limits.per_client",
            "one client may sign up any number of other people's addresses",
            "state a rate, such as `per_client = \"60/minute\"`",
        );
    }
    let is_open = limits.per_domain.is_none()
        || (limits.per_large_domain.is_none() && !limits.large_domains.is_empty());
    if is_open {
        lint.warn(
            "unlimited-domains",
            "limits.per_domain",
            "many clients together may have any number of letters sent to one domain",
            "state rates, such as `per_domain = \"600/hour\"` and `per_large_domain = \"6000/hour\"`",
        );
    }
    if limits.breaker.is_none() {
        lint.warn(
            "no-breaker",
            "limits.breaker",
            "sign-ups go on at full speed when nobody confirms them any more",
            "add a section `[limits.breaker]`",
        );
    }
}

/// A list's name lies under a domain of its owner (S0-44; RFC 2919 section 3).
fn list_id(lint: &mut Lint<'_>) {
    let mail = &lint.policy.mail;
    let (domain, list_id) = (mail.from.ascii_domain(), mail.list_id.as_str());
    let is_own = list_id == domain
        || list_id.ends_with(&format!(".{domain}"))
        || domain.ends_with(&format!(".{list_id}"));
    if !is_own {
        lint.warn(
            "foreign-list-id",
            "mail.list_id",
            "the list is not named under the sender's domain",
            "choose a name below the domain of `mail.from` (RFC 2919 section 3)",
        );
    }
}
