//! Who receives data, where they lie and where they go (GDPR art. 13(1)(e), 13(1)(f)).

use consentry_policy::{Direction, Recipient, RecipientStatus, Region};

use crate::document::{Blocks, Fact, Table, Text};
use crate::words::Words;

/// S1-28 to S1-32, S3-38 to S3-42, S4-28 to S4-38.
pub(crate) fn section(words: &Words<'_>) -> Blocks {
    let mut blocks = Blocks::default();
    let policy = words.policy;
    blocks.paragraph(words.say("notice-recipients"));
    // The controller itself stands first (S4-28).
    let mut rows = vec![vec![
        vec![policy.controller.name.as_str().into()],
        vec![words.say("notice-kind-itself").into()],
        vec![words.say("notice-reason-itself").into()],
        Vec::new(),
        vec![policy.controller.country.name(words.language).into()],
    ]];
    rows.extend(policy.recipients.iter().map(|one| row(words, one)));
    blocks.table(Table {
        caption: words.say("notice-recipients-caption"),
        head: ["recipient", "kind", "reason", "used-for", "country"]
            .map(|column| words.say(&format!("notice-column-{column}")))
            .to_vec(),
        rows,
    });
    blocks.paragraph(words.say("notice-nobody-else"));
    if !policy.teams.is_empty() {
        blocks.heading(words.say("notice-teams"));
        blocks.facts(policy.teams.iter().map(|team| {
            let datasets = policy.datasets.iter();
            let seen = datasets.filter(|dataset| {
                let mut fields = dataset.fields.iter();
                dataset.teams.contains(&team.id)
                    || fields.any(|field| field.teams.contains(&team.id))
            });
            Fact {
                term: words.get(&team.name).to_owned(),
                lines: seen
                    .map(|dataset| words.get(&dataset.name).into())
                    .collect(),
            }
        }));
    }
    blocks
}

fn row(words: &Words<'_>, recipient: &Recipient) -> Vec<Vec<Text>> {
    let mut name: Vec<Text> = vec![words.get(&recipient.name).into()];
    name.extend(recipient.identity.iter().map(|one| one.as_str().into()));
    name.extend(recipient.contact.iter().map(|one| Text::mail(one.expose())));
    let mut reason: Vec<Text> = vec![words.get(&recipient.reason).into()];
    reason.extend(recipient.activity.iter().map(|one| words.get(one).into()));
    let remarks = [
        (
            recipient.status == RecipientStatus::Proposed,
            "notice-proposed",
        ),
        (recipient.direction == Direction::Both, "notice-both-ways"),
        (recipient.direction == Direction::In, "notice-inwards"),
        (recipient.express_consent, "notice-express-consent"),
        (recipient.anonymised_only, "notice-anonymised-only"),
    ];
    let true_ones = remarks.into_iter().filter(|(is_true, _)| *is_true);
    reason.extend(true_ones.map(|(_, id)| Text::from(words.say(id))));
    for (id, document) in [
        ("notice-contract", &recipient.contract),
        ("notice-guarantee", &recipient.guarantee),
    ] {
        if let Some(document) = document {
            reason.push(Text::from(words.say(id)).and(words.document(document)));
        }
    }
    // What it receives for is what purposes say of it, and what it says itself.
    let policy = words.policy;
    let purposes = policy.purposes.iter().filter(|purpose| {
        purpose.recipients.contains(&recipient.id) || recipient.purposes.contains(&purpose.id)
    });
    vec![
        name,
        vec![words.say(&format!("notice-kind-{}", recipient.kind)).into()],
        reason,
        purposes.map(|one| words.get(&one.name).into()).collect(),
        countries(words, recipient),
    ]
}

fn countries(words: &Words<'_>, recipient: &Recipient) -> Vec<Text> {
    if recipient.countries.is_empty() {
        return vec![words.say("notice-in-the-eea").into()];
    }
    let names = recipient.countries.iter();
    names
        .map(|country| country.name(words.language).into())
        .collect()
}

/// Where the data lie, and what protects them elsewhere (S0-34, S0-91, S1-33 to S1-37, S4-39).
pub(crate) fn places(words: &Words<'_>) -> Blocks {
    let mut blocks = Blocks::default();
    let policy = words.policy;
    if let Some(region) = policy.region {
        let region = words.say(&format!("notice-region-{region}"));
        blocks.paragraph(words.tell("notice-region", "region", region));
    }
    super::who::hosts(words, &mut blocks);
    let elsewhere = policy.datasets.iter().filter(|one| !one.hosts.is_empty());
    blocks.list(elsewhere.map(|dataset| {
        let hosts = policy
            .hosts
            .iter()
            .filter(|host| dataset.hosts.contains(&host.id));
        let names: Vec<&str> = hosts.map(|host| policy.host_name(host)).collect();
        let names = words.and(&names);
        let values = [
            ("data", words.get(&dataset.name).into()),
            ("hosts", (&names).into()),
        ];
        words.words("notice-lies-with", &values)
    }));
    blocks.heading(words.say("notice-transfers"));
    let is_abroad = |recipient: &&Recipient| {
        let mut countries = recipient.countries.iter();
        recipient.transfer.is_some() || countries.any(|country| !country.is_in(Region::Eea))
    };
    let abroad: Vec<&Recipient> = policy.recipients.iter().filter(is_abroad).collect();
    let stays = policy
        .hosts
        .iter()
        .all(|host| host.country.is_in(Region::Eea));
    if abroad.is_empty() && stays {
        blocks.paragraph(words.say("notice-no-transfer"));
    } else {
        blocks.paragraph(words.say("notice-transfers-text"));
    }
    blocks.table(Table {
        caption: words.say("notice-transfers-caption"),
        head: ["recipient", "country", "safeguard"]
            .map(|column| words.say(&format!("notice-column-{column}")))
            .to_vec(),
        rows: abroad
            .into_iter()
            .map(|recipient| {
                vec![
                    vec![words.get(&recipient.name).into()],
                    countries(words, recipient),
                    safeguard(words, recipient),
                ]
            })
            .collect(),
    });
    blocks
}

fn safeguard(words: &Words<'_>, recipient: &Recipient) -> Vec<Text> {
    let Some(transfer) = &recipient.transfer else {
        return Vec::new();
    };
    let mechanism = words.say(&format!("notice-mechanism-{}", transfer.mechanism));
    let mut lines: Vec<Text> = vec![mechanism.into()];
    lines.extend(transfer.document.iter().map(|one| words.document(one)));
    if let Some(day) = transfer.since {
        lines.push(
            words
                .tell("notice-in-place-since", "day", words.day(day))
                .into(),
        );
    }
    lines
}
