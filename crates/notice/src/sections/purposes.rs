//! What for, and why that is lawful (GDPR art. 13(1)(c), 13(1)(d); S1-17 to S1-22, S3-36, S3-37).

use std::collections::BTreeSet;

use consentry_policy::{InterestOf, LegalBasis, Purpose};

use crate::document::{Blocks, Fact, Table, Text};
use crate::words::Words;

/// The purposes in plain words (S3-97).
pub(crate) fn summary(words: &Words<'_>) -> Blocks {
    let mut blocks = Blocks::default();
    let is_wanted = |notice: &consentry_policy::Notice| notice.summary;
    if !words.policy.notice.as_ref().is_none_or(is_wanted) {
        return blocks;
    }
    blocks.paragraph(words.say("notice-summary"));
    blocks.table(Table {
        caption: words.say("notice-summary-caption"),
        head: ["purpose", "why", "whose"]
            .map(|column| words.say(&format!("notice-column-{column}")))
            .to_vec(),
        rows: words
            .policy
            .purposes
            .iter()
            .map(|purpose| {
                vec![
                    vec![words.get(&purpose.name).into()],
                    vec![words.say(&format!("basis-{}", purpose.basis)).into()],
                    datasets(words, purpose),
                ]
            })
            .collect(),
    });
    let more = words.words(
        "notice-summary-more",
        &[
            ("periods", "{#periods}".into()),
            ("rights", "{#rights}".into()),
        ],
    );
    blocks.paragraph(Text::referring(&more));
    blocks
}

pub(crate) fn section(words: &Words<'_>) -> Blocks {
    let mut blocks = Blocks::default();
    blocks.paragraph(words.say("notice-purposes"));
    for purpose in &words.policy.purposes {
        blocks.heading(words.get(&purpose.name));
        if let Some(description) = &purpose.description {
            blocks.prose(words.get(description));
        }
        blocks.facts(facts(words, purpose));
    }
    let decides = |purpose: &Purpose| purpose.automated_decisions;
    if !words.policy.purposes.iter().any(decides) {
        blocks.paragraph(words.say("notice-no-automated-decisions"));
    }
    topics(words, &mut blocks);
    blocks.heading(words.say("notice-bases"));
    blocks.facts(bases(words).into_iter().map(|basis| {
        let meaning = words.say(&format!("notice-basis-{basis}"));
        Fact::new(words.basis(basis), meaning)
    }));
    blocks
}

/// The bases that the policy uses, in the order of the article.
fn bases(words: &Words<'_>) -> BTreeSet<LegalBasis> {
    let cookies = words.policy.cookies.iter();
    let categories = cookies.flat_map(|cookies| &cookies.categories);
    let of_cookies = categories.filter(|category| !category.exempt);
    let purposes = words.policy.purposes.iter().map(|purpose| purpose.basis);
    let mut bases: BTreeSet<_> = purposes
        .chain(of_cookies.map(|category| category.basis))
        .collect();
    // Whoever left and comes back does so on consent, whatever the topic rests on.
    bases.insert(LegalBasis::Consent);
    bases
}

fn facts(words: &Words<'_>, purpose: &Purpose) -> Vec<Fact> {
    let mut facts = vec![Fact::new(
        words.say("notice-basis"),
        words.basis(purpose.basis),
    )];
    let mut add = |id: &str, lines: Vec<Text>| {
        if !lines.is_empty() {
            let term = words.say(id);
            facts.push(Fact { term, lines });
        }
    };
    let text = |text: &Option<consentry_policy::Localized>| -> Vec<Text> {
        let text = text.as_ref().map(|text| text.get(words.language));
        text.map(Text::paragraphs).unwrap_or_default()
    };
    add("notice-law-that-requires", text(&purpose.law));
    let interest = match purpose.interest_of {
        InterestOf::ThirdParty => "notice-interest-of-others",
        _ => "notice-interest",
    };
    add(interest, text(&purpose.interest));
    add("notice-balancing", text(&purpose.balancing));
    add("notice-whose-data", datasets(words, purpose));
    add("notice-given-to", recipients(words, purpose));
    let ways = purpose.withdrawal.iter();
    let ways = ways.map(|way| words.say(&format!("notice-withdrawal-{way}")));
    add("notice-withdrawal", ways.map(Text::from).collect());
    add("notice-consequence", text(&purpose.consequence));
    if purpose.automated_decisions {
        let mut lines = vec![words.say("notice-automated-decisions").into()];
        lines.extend(text(&purpose.logic));
        add("notice-decisions", lines);
    }
    facts
}

/// The datasets whose data serve a purpose.
fn datasets(words: &Words<'_>, purpose: &Purpose) -> Vec<Text> {
    let datasets = words.policy.datasets.iter().filter(|dataset| {
        let mut fields = dataset.fields.iter();
        dataset.purposes.contains(&purpose.id)
            || fields.any(|field| field.purposes.contains(&purpose.id))
    });
    datasets
        .map(|dataset| words.get(&dataset.name).into())
        .collect()
}

/// Whoever receives data for a purpose, as the purpose or the recipient says.
fn recipients(words: &Words<'_>, purpose: &Purpose) -> Vec<Text> {
    let recipients = words.policy.recipients.iter().filter(|recipient| {
        purpose.recipients.contains(&recipient.id) || recipient.purposes.contains(&purpose.id)
    });
    recipients
        .map(|recipient| words.get(&recipient.name).into())
        .collect()
}

/// What one can subscribe to, and how a subscription comes about (S0-24 to S0-31, S0-47).
fn topics(words: &Words<'_>, blocks: &mut Blocks) {
    let policy = words.policy;
    blocks.heading(words.say("notice-topics"));
    blocks.table(Table {
        caption: words.say("notice-topics-caption"),
        head: ["topic", "content", "purpose", "basis"]
            .map(|column| words.say(&format!("notice-column-{column}")))
            .to_vec(),
        rows: policy
            .topics
            .iter()
            .map(|topic| {
                vec![
                    vec![words.get(&topic.name).into()],
                    vec![words.get(&topic.description).into()],
                    vec![words.purpose(&topic.purpose).into()],
                    vec![words.basis(topic.basis).into()],
                ]
            })
            .collect(),
    });
    blocks.paragraph(words.tell(
        "notice-confirmation",
        "validity",
        words.period(policy.links.confirmation),
    ));
    if let Some(reminder) = policy.subscription.reminder {
        let reminder = words.period(reminder);
        blocks.paragraph(words.tell("notice-reminder", "reminder", reminder));
    }
    blocks.paragraph(words.tell("notice-again", "basis", words.basis(LegalBasis::Consent)));
}
