//! Recipients, hosts, and where data go.

use std::collections::HashSet;

use super::{Lint, datasets_in_use, each};
use crate::{
    Country, HostRole, LegalBasis, Mechanism, Policy, PurposeId, Recipient, RecipientId,
    RecipientKind, RecipientStatus, Region, Role, Severity, Transfer,
};

pub(super) fn lint(lint: &mut Lint<'_>) {
    for (path, recipient) in each("recipients", &lint.policy.recipients) {
        transfer_has_a_mechanism(lint, &path, recipient);
        processor_has_a_contract(lint, &path, recipient);
        express_consent_is_asked_for(lint, &path, recipient);
        own_account_needs_agreement(lint, &path, recipient);
        processor_of_a_processor_is_identified(lint, &path, recipient);
    }
    recipients_are_used(lint);
    recipients_serve_what_they_say(lint);
    region_is_true(lint);
    hosts_are_within_reach(lint);
    one_host_is_the_main_one(lint);
}

fn is_outside(country: Country) -> bool {
    !country.is_in(Region::Eea)
}

/// Data leave the European Economic Area with a safeguard alone (S1-35, S4-40; GDPR art. 44).
fn transfer_has_a_mechanism(lint: &mut Lint<'_>, path: &str, recipient: &Recipient) {
    let outside = recipient
        .countries
        .iter()
        .enumerate()
        .find(|(_, country)| is_outside(**country));
    match (outside, &recipient.transfer) {
        (Some((index, country)), None) => lint.error(
            "transfer-without-mechanism",
            format!("{path}.countries[{index}]"),
            format!(
                "`{}` receives data in `{country}`, outside the European Economic Area, and \
                 nothing protects them there",
                recipient.id
            ),
            "add `transfer = { mechanism = \"scc\", document = { name = { en = \"…\" } } }` (GDPR \
             art. 44 to 49)",
        ),
        (None, Some(_)) => lint.warn(
            "transfer-without-country",
            format!("{path}.transfer"),
            format!(
                "a transfer is declared, and `{}` is in no country outside the European Economic \
                 Area",
                recipient.id
            ),
            "add the country, such as `countries = [\"US\"]`, or remove `transfer`",
        ),
        (Some(_), Some(transfer)) => {
            adequacy_is_decided(lint, path, recipient, transfer);
            transfer_has_a_document(lint, path, recipient, transfer);
        }
        (None, None) => {}
    }
}

/// Adequacy is a decision about that country (S1-36, S3-45, S4-41; GDPR art. 45).
fn adequacy_is_decided(
    lint: &mut Lint<'_>,
    path: &str,
    recipient: &Recipient,
    transfer: &Transfer,
) {
    if transfer.mechanism != Mechanism::Adequacy {
        return;
    }
    for (index, country) in recipient.countries.iter().enumerate() {
        if is_outside(*country) && !country.is_adequate() {
            lint.error(
                "no-adequacy-decision",
                format!("{path}.countries[{index}]"),
                format!("no adequacy decision is known for `{country}`"),
                "choose another mechanism, such as `mechanism = \"scc\"` (GDPR art. 45, 46)",
            );
        }
    }
}

/// A safeguard is a document that people can ask for (S1-36, S1-37, S3-154, S4-42, S4-43; GDPR
/// art. 13(1)(f), 49(6)).
fn transfer_has_a_document(
    lint: &mut Lint<'_>,
    path: &str,
    recipient: &Recipient,
    transfer: &Transfer,
) {
    if transfer.document.is_some() {
        return;
    }
    let key = format!("{path}.transfer.document");
    let message = format!(
        "`{}` receives data under `{}`, and no document is named",
        recipient.id, transfer.mechanism
    );
    if transfer.mechanism == Mechanism::Derogation {
        lint.error(
            "derogation-without-document",
            key,
            message,
            "document the assessment, such as `document = { name = { en = \"Assessment of 3 May\" \
             } }` (GDPR art. 49(6))",
        );
        return;
    }
    let severity = match transfer.mechanism {
        Mechanism::Adequacy => Severity::Warning,
        _ => Severity::Error,
    };
    lint.remark(
        "transfer-without-document",
        severity,
        key,
        message,
        "add `document = { name = { en = \"Decision 2023/1795\" }, url = \"https://…\" }` (GDPR art. \
         13(1)(f))",
    );
}

/// A processor is bound by a dated contract (S1-40, S3-38, S4-02; GDPR art. 28(3)).
fn processor_has_a_contract(lint: &mut Lint<'_>, path: &str, recipient: &Recipient) {
    if recipient.kind != RecipientKind::Processor {
        return;
    }
    let message = match &recipient.contract {
        None => format!("no contract binds the processor `{}`", recipient.id),
        Some(contract) if contract.date.is_none() => {
            format!("the contract with `{}` has no date", recipient.id)
        }
        Some(_) => return,
    };
    lint.warn(
        "processor-without-contract",
        format!("{path}.contract"),
        message,
        "add `contract = { name = { en = \"Data processing agreement\" }, date = \"2026-01-15\" }` \
         (GDPR art. 28(3))",
    );
}

/// Where people agree expressly, something rests on their consent (S4-37).
fn express_consent_is_asked_for(lint: &mut Lint<'_>, path: &str, recipient: &Recipient) {
    let served = purposes_served(lint.policy, recipient);
    let rests_on_consent = lint
        .policy
        .purposes
        .iter()
        .any(|purpose| purpose.basis == LegalBasis::Consent && served.contains(&purpose.id));
    if recipient.express_consent && !served.is_empty() && !rests_on_consent {
        lint.error(
            "agreement-nobody-asks-for",
            format!("{path}.express_consent"),
            format!(
                "`{}` receives data when people agree, and none of its purposes rests on consent",
                recipient.id
            ),
            "give it a purpose with `basis = \"consent\"`, or remove `express_consent`",
        );
    }
}

/// Nobody receives data for its own account unless people agree or the cookie is exempt (S1-90,
/// S4-37).
fn own_account_needs_agreement(lint: &mut Lint<'_>, path: &str, recipient: &Recipient) {
    let policy = lint.policy;
    let is_exempt = policy.cookies.as_ref().is_some_and(|cookies| {
        cookies.register.iter().any(|cookie| {
            let category = cookies
                .categories
                .iter()
                .find(|one| one.id == cookie.category);
            cookie.recipient.as_ref() == Some(&recipient.id)
                && category.is_some_and(|category| category.exemption.is_some())
        })
    });
    if recipient.kind == RecipientKind::OwnAccount && !recipient.express_consent && !is_exempt {
        lint.warn(
            "own-account-without-agreement",
            format!("{path}.kind"),
            format!(
                "`{}` receives data for its own account, and nobody is asked to agree",
                recipient.id
            ),
            "add `express_consent = true`",
        );
    }
}

/// Whoever we work for knows whom we work with (S3-118, S3-120, S3-122; GDPR art. 28(2), 28(4)).
fn processor_of_a_processor_is_identified(lint: &mut Lint<'_>, path: &str, recipient: &Recipient) {
    let served = purposes_served(lint.policy, recipient);
    let works_for_others = datasets_in_use(lint.policy).any(|(_, dataset)| {
        dataset.role == Role::Processor && dataset.purposes.iter().any(|id| served.contains(id))
    });
    if recipient.kind != RecipientKind::Processor || !works_for_others {
        return;
    }
    let is_active = recipient.status == RecipientStatus::Active;
    for (key, is_missing, example) in [
        (
            "activity",
            recipient.activity.is_none(),
            "activity = { en = \"Hosts the servers\" }",
        ),
        (
            "identity",
            recipient.identity.is_none(),
            "identity = \"Northern Racks Ltd, 1 Quay Road, Cork\"",
        ),
        (
            "contact",
            recipient.contact.is_none(),
            "contact = \"privacy@racks.example\"",
        ),
        (
            "guarantee",
            recipient.guarantee.is_none() && is_active,
            "guarantee = { name = { en = \"ISO 27001 certificate\" } }",
        ),
    ] {
        if is_missing {
            lint.warn(
                "processor-not-identified",
                format!("{path}.{key}"),
                format!(
                    "`{}` processes data that we process for others, and has no `{key}`",
                    recipient.id
                ),
                format!("add `{example}` (GDPR art. 28(2), 28(4))"),
            );
        }
    }
}

fn purposes_served<'a>(policy: &'a Policy, recipient: &'a Recipient) -> HashSet<&'a PurposeId> {
    let naming = policy
        .purposes
        .iter()
        .filter(|purpose| purpose.recipients.contains(&recipient.id));
    let named = naming.map(|purpose| &purpose.id);
    named.chain(&recipient.purposes).collect()
}

/// A recipient without a purpose receives nothing, or for no reason (S3-40, S4-30; GDPR
/// art. 13(1)(e)). Authorities ask by themselves.
fn recipients_are_used(lint: &mut Lint<'_>) {
    let policy = lint.policy;
    let mut used: HashSet<&RecipientId> = policy
        .purposes
        .iter()
        .flat_map(|purpose| &purpose.recipients)
        .collect();
    let register = policy.cookies.iter().flat_map(|cookies| &cookies.register);
    used.extend(register.filter_map(|cookie| cookie.recipient.as_ref()));
    for (path, recipient) in each("recipients", &policy.recipients) {
        let is_asked_for = recipient.kind == RecipientKind::Authority;
        if recipient.purposes.is_empty() && !used.contains(&recipient.id) && !is_asked_for {
            lint.warn(
                "unused-recipient",
                format!("{path}.id"),
                format!("`{}` receives data for no purpose", recipient.id),
                "add `purposes = [\"…\"]`, or remove it",
            );
        }
    }
}

/// A recipient receives data for what it says, and nothing else (S4-30, S4-38).
fn recipients_serve_what_they_say(lint: &mut Lint<'_>) {
    let policy = lint.policy;
    for (path, purpose) in each("purposes", &policy.purposes) {
        for (index, id) in purpose.recipients.iter().enumerate() {
            let Some(recipient) = policy.recipient(id) else {
                continue;
            };
            if !recipient.purposes.is_empty() && !recipient.purposes.contains(&purpose.id) {
                lint.error(
                    "recipient-for-another-purpose",
                    format!("{path}.recipients[{index}]"),
                    format!(
                        "`{id}` receives data for `{}`, which its own `purposes` leave out",
                        purpose.id
                    ),
                    format!("add \"{}\" there, or remove `{id}` here", purpose.id),
                );
            }
        }
    }
}

/// The region that is claimed is where the data lie (S1-33, S3-44, S3-109, S4-39).
fn region_is_true(lint: &mut Lint<'_>) {
    let policy = lint.policy;
    let hosts = each("hosts", &policy.hosts)
        .map(|(path, host)| (format!("{path}.country"), host.id.as_str(), host.country));
    let storing = each("recipients", &policy.recipients).filter(|(_, one)| one.stores);
    let recipients = storing.flat_map(|(path, recipient)| {
        recipient
            .countries
            .iter()
            .enumerate()
            .map(move |(index, country)| {
                let key = format!("{path}.countries[{index}]");
                (key, recipient.id.as_str(), *country)
            })
    });
    let preferred = policy.processor.as_ref().and_then(|terms| terms.region);
    for (key, id, country) in hosts.chain(recipients) {
        if let Some(region) = policy.region
            && !country.is_in(region)
        {
            lint.error(
                "region-contradicted",
                key,
                format!("`region` claims {region}, and `{id}` holds data in `{country}`"),
                "remove `region`, or choose one that holds for every host and storing recipient",
            );
        } else if let Some(region) = preferred
            && !country.is_in(region)
        {
            lint.warn(
                "region-left",
                key,
                format!(
                    "`processor.region` promises {region} as far as possible, and `{id}` holds \
                     data in `{country}`"
                ),
                "record the reason in a clause, or choose another host",
            );
        }
    }
}

/// A host outside the European Economic Area is a recipient there (S1-35; GDPR art. 44).
fn hosts_are_within_reach(lint: &mut Lint<'_>) {
    let policy = lint.policy;
    for (path, host) in each("hosts", &policy.hosts) {
        let is_covered = policy.recipients.iter().any(|recipient| {
            recipient.transfer.is_some() && recipient.countries.contains(&host.country)
        });
        if is_outside(host.country) && !host.is_controller && !is_covered {
            lint.error(
                "transfer-without-mechanism",
                format!("{path}.country"),
                format!(
                    "`{}` holds data in `{}`, outside the European Economic Area, and no recipient \
                     there has a `transfer`",
                    host.id, host.country
                ),
                "add the host to `[[recipients]]` with `countries` and `transfer` (GDPR art. 44)",
            );
        }
    }
}

/// What names no host lies with the main one (S3-43).
fn one_host_is_the_main_one(lint: &mut Lint<'_>) {
    let mains =
        || each("hosts", &lint.policy.hosts).filter(|(_, host)| host.role == HostRole::Main);
    let (key, message) = match mains().nth(1) {
        Some((path, host)) => (
            format!("{path}.role"),
            format!("`{}` is a second main host", host.id),
        ),
        None if mains().next().is_none() => (
            "hosts[0].role".to_owned(),
            "no host is the main one".to_owned(),
        ),
        None => return,
    };
    lint.warn(
        "no-single-main-host",
        key,
        message,
        "write `role = \"main\"` once, and `role = \"partner\"` for every other host",
    );
}
