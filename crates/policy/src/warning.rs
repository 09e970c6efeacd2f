//! What a policy may say but probably should not.

use jiff::SignedDuration;

use crate::Policy;

/// Something that is allowed but probably not meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Names the rule, in kebab case.
    pub code: &'static str,
    /// The path of the key it is about.
    pub key: &'static str,
    /// What is odd.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

pub(crate) fn of(policy: &Policy) -> Vec<Warning> {
    [
        unsubscribed_without_end(policy),
        backups_without_end(policy),
        erasure_later_than_a_month(policy),
        unlimited_clients(policy),
        unlimited_domains(policy),
        no_breaker(policy),
        foreign_list_id(policy),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// S0-59: the notice states no end for the kept date of an unsubscription.
fn unsubscribed_without_end(policy: &Policy) -> Option<Warning> {
    policy.retention.unsubscribed.is_none().then(|| Warning {
        code: "unsubscribed-without-end",
        key: "retention.unsubscribed",
        message: "an address that left every topic is kept without end".to_owned(),
        remedy: "state a period, such as `unsubscribed = \"3 years\"` (GDPR art. 5(1)(e))"
            .to_owned(),
    })
}

/// S0-65: what a restore repeats is remembered for as long as a backup may be restored.
fn backups_without_end(policy: &Policy) -> Option<Warning> {
    policy.retention.backups.is_none().then(|| Warning {
        code: "backups-without-end",
        key: "retention.backups",
        message: "a backup of any age may be restored, so the journal of erasures is kept without \
                  end"
        .to_owned(),
        remedy: "state how long backups are kept, such as `backups = \"90 days\"` (GDPR art. \
                 5(1)(e))"
            .to_owned(),
    })
}

/// GDPR art. 12(3): the answer to a request is due within one month.
fn erasure_later_than_a_month(policy: &Policy) -> Option<Warning> {
    let erased = policy.retention.erased;
    (erased.longest() > SignedDuration::from_hours(31 * 24)).then(|| Warning {
        code: "late-erasure",
        key: "retention.erased",
        message: format!("erased data stay for {erased}, the law allows one month"),
        remedy: "choose at most `1 month` (GDPR art. 12(3))".to_owned(),
    })
}

/// One client could have letters sent to any number of strangers.
fn unlimited_clients(policy: &Policy) -> Option<Warning> {
    policy.limits.per_client.is_none().then(|| Warning {
        code: "unlimited-clients",
        key: "limits.per_client",
        message: "one client may sign up any number of other people's addresses".to_owned(),
        remedy: "state a rate, such as `per_client = \"60/minute\"`".to_owned(),
    })
}

/// One company's or one provider's mailboxes could be flooded from many clients.
fn unlimited_domains(policy: &Policy) -> Option<Warning> {
    let limits = &policy.limits;
    let is_open = limits.per_domain.is_none()
        || (limits.per_large_domain.is_none() && !limits.large_domains.is_empty());
    is_open.then(|| Warning {
        code: "unlimited-domains",
        key: "limits.per_domain",
        message: "many clients together may have any number of letters sent to one domain"
            .to_owned(),
        remedy: "state rates, such as `per_domain = \"600/hour\"` and `per_large_domain = \
                 \"6000/hour\"`"
            .to_owned(),
    })
}

/// Nothing would notice that the people who are signed up never confirm.
fn no_breaker(policy: &Policy) -> Option<Warning> {
    policy.limits.breaker.is_none().then(|| Warning {
        code: "no-breaker",
        key: "limits.breaker",
        message: "sign-ups go on at full speed when nobody confirms them any more".to_owned(),
        remedy: "add a section `[limits.breaker]`".to_owned(),
    })
}

/// RFC 2919 section 3: a list's name lies under a domain of its owner.
fn foreign_list_id(policy: &Policy) -> Option<Warning> {
    let domain = policy.mail.from.ascii_domain();
    let list_id = policy.mail.list_id.as_str();
    let own = list_id == domain
        || list_id.ends_with(&format!(".{domain}"))
        || domain.ends_with(&format!(".{list_id}"));
    (!own).then(|| Warning {
        code: "foreign-list-id",
        key: "mail.list_id",
        message: "the list is not named under the sender's domain".to_owned(),
        remedy: "choose a name below the domain of `mail.from` (RFC 2919 section 3)".to_owned(),
    })
}
