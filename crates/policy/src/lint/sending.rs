//! Subscriptions, backups, limits and mail.

use jiff::SignedDuration;

use super::Lint;

pub(super) fn lint(lint: &mut Lint<'_>) {
    subscribers(lint);
    limits(lint);
    list_id(lint);
}

fn subscribers(lint: &mut Lint<'_>) {
    let retention = lint.policy.retention();
    if retention.unsubscribed.is_none() {
        lint.warn(
            "unsubscribed-without-end",
            "datasets",
            "no stage ends an address that left every topic (S0-59)",
            "add a stage with `state = \"unsubscribed\"` (GDPR art. 5(1)(e))",
        );
    }
    if lint.policy.backups.keep.is_none() {
        lint.warn(
            "backups-without-end",
            "backups.keep",
            "a backup of any age may be restored, so the journal of erasures is kept without end \
             (S0-65)",
            "state how long backups are kept, such as `keep = \"90 days\"` (GDPR art. 5(1)(e))",
        );
    }
    if retention.erased.longest() > SignedDuration::from_hours(31 * 24) {
        lint.warn(
            "late-erasure",
            "datasets",
            format!(
                "erased data stay for {}, the law allows one month",
                retention.erased
            ),
            "choose at most `1 month` (GDPR art. 12(3))",
        );
    }
}

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

/// RFC 2919 section 3: a list's name lies under a domain of its owner.
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
