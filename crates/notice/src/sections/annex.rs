//! Security measures, and the annex on processing for others (GDPR art. 28, 32).

use consentry_policy::{Party, ProcessorTerms};

use crate::document::{Blocks, Fact, Table, Text};
use crate::words::Words;

/// S1-38, S4-51.
pub(crate) fn security(words: &Words<'_>) -> Blocks {
    let mut blocks = Blocks::default();
    let safeguards = words.policy.safeguards.iter();
    blocks.list(safeguards.map(|safeguard| words.get(&safeguard.text)));
    blocks
}

/// S3-99 to S3-160.
pub(crate) fn processing(words: &Words<'_>) -> Blocks {
    let mut blocks = Blocks::default();
    let Some(terms) = &words.policy.processor else {
        return blocks;
    };
    blocks.paragraph(words.get(&terms.title));
    let lines = |texts: &[consentry_policy::Localized]| -> Vec<Text> {
        let texts = texts.iter();
        texts.map(|text| text.get(words.language).into()).collect()
    };
    let mut facts = vec![
        Fact {
            term: words.say("notice-operations"),
            lines: lines(&terms.operations),
        },
        Fact::new(words.say("notice-annex-purpose"), words.get(&terms.purpose)),
        Fact::new(words.say("notice-duration"), words.get(&terms.duration)),
    ];
    if let Some(region) = terms.region {
        let region = words.say(&format!("notice-region-{region}"));
        facts.push(Fact::new(words.say("notice-kept-in"), region));
    }
    blocks.facts(facts);
    blocks.table(Table {
        caption: words.say("notice-subjects-caption"),
        head: ["people", "datum"]
            .map(|column| words.say(&format!("notice-column-{column}")))
            .to_vec(),
        rows: terms
            .subjects
            .iter()
            .map(|subjects| {
                vec![
                    vec![words.get(&subjects.name).into()],
                    lines(&subjects.data),
                ]
            })
            .collect(),
    });
    blocks.heading(words.say("notice-agreed"));
    blocks.list(agreed(words, terms));
    for debtor in &terms.parties {
        duties(words, terms, debtor, &mut blocks);
    }
    blocks
}

/// What the keys of the annex agree (S3-123, S3-142 to S3-159).
fn agreed(words: &Words<'_>, terms: &ProcessorTerms) -> Vec<String> {
    let mut agreed = Vec::new();
    if let Some(period) = terms.objection {
        agreed.push(words.tell("notice-objection", "period", words.period(period)));
    }
    agreed.push(match terms.breach_notice {
        Some(period) => words.tell("notice-breach", "period", words.period(period)),
        None => words.say("notice-breach-at-once"),
    });
    if let Some(audits) = terms.audits_per_year {
        agreed.push(words.words("notice-audits", &[("audits", audits.into())]));
    }
    if let Some(period) = terms.audit_notice {
        agreed.push(words.tell("notice-audit-notice", "period", words.period(period)));
        let hours = words.policy.working_time.as_ref();
        if let Some(hours) = hours.and_then(|time| time.business_hours.as_ref()) {
            agreed.push(words.tell("notice-audit-hours", "hours", hours));
        }
    }
    if terms.audit_at_controllers_cost {
        agreed.push(words.say("notice-audit-cost"));
    }
    let ends = terms.at_end.iter();
    agreed.extend(ends.map(|end| words.say(&format!("notice-end-{end}"))));
    if terms.certificate {
        agreed.push(words.say("notice-certificate"));
    }
    agreed
}

/// The duties of one party, by whom they are owed to (S3-162).
fn duties(words: &Words<'_>, terms: &ProcessorTerms, debtor: &Party, blocks: &mut Blocks) {
    for beneficiary in &terms.parties {
        let owed = terms
            .duties
            .iter()
            .filter(|duty| duty.debtor == debtor.id && duty.beneficiary == beneficiary.id);
        let owed: Vec<Text> = owed
            .flat_map(|duty| Text::paragraphs(words.get(&duty.text)))
            .collect();
        if !owed.is_empty() {
            let values = [
                ("debtor", words.get(&debtor.name).into()),
                ("beneficiary", words.get(&beneficiary.name).into()),
            ];
            blocks.heading(words.words("notice-duties", &values));
            blocks.list(owed);
        }
    }
}
