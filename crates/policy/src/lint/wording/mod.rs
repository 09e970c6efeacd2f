//! What the texts of the file say, whichever key they stand under.

mod figures;
mod texts;

use std::collections::HashSet;

use toml::de::DeTable;

pub(super) use self::figures::LAW_WORDS;
use self::texts::Texts;
use super::Lint;
use crate::{NoticeSection, Policy, Severity};

pub(super) fn lint(lint: &mut Lint<'_>, table: &DeTable<'_>) {
    let texts = Texts::of(table);
    let anchors = anchors(lint.policy);
    for (key, text) in &texts.all {
        nothing_is_left_to_write(lint, key, text);
        addresses_lead_somewhere(lint, key, text);
    }
    for (key, text) in &texts.localized {
        references_are_resolved(lint, key, text, &anchors);
        data_are_named(lint, key, text);
    }
    for (key, text) in &texts.untranslated {
        texts_are_translated(lint, key, text);
    }
    figures::lint(lint, &texts);
}

/// Words that stand for what somebody meant to write.
const PLACEHOLDERS: [&str; 6] = [
    // In two halves: this checkout holds no file that has the whole.
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    "XXX",
    "TBD",
    "TBA",
    "TBC",
];
/// The same within a text.
const PLACEHOLDER_MARKS: [&str; 14] = [
    "lorem ipsum",
    "[...]",
    "[…]",
    "___",
    "{{",
    "[name]",
    "[nom]",
    "[company]",
    "[société]",
    "[address]",
    "[adresse]",
    "[date]",
    "<name>",
    "<nom>",
];
/// The same when nothing else stands there, or in brackets.
const PLACEHOLDER_PHRASES: [&str; 5] = [
    "à compléter",
    "à définir",
    "à préciser",
    "to be completed",
    "to be defined",
];

/// A text is finished (S4-11, S4-102; GDPR art. 12(1)).
fn nothing_is_left_to_write(lint: &mut Lint<'_>, key: &str, text: &str) {
    let lower = text.to_lowercase();
    let is_phrase = |phrase: &&&str| {
        lower.trim_end_matches(['.', '…']) == **phrase
            || ["[", "(", "<"]
                .iter()
                .any(|open| lower.contains(&format!("{open}{phrase}")))
    };
    let word = text
        .split(|c: char| !c.is_alphanumeric())
        .find(|word| PLACEHOLDERS.contains(word));
    let placeholder = word
        .or_else(|| {
            PLACEHOLDER_MARKS
                .iter()
                .find(|mark| lower.contains(**mark))
                .copied()
        })
        .or_else(|| PLACEHOLDER_PHRASES.iter().find(is_phrase).copied())
        .or_else(|| (!text.contains(char::is_alphanumeric)).then_some(text));
    if let Some(placeholder) = placeholder {
        lint.error(
            "placeholder-left",
            key,
            format!("`{placeholder}` stands where a text is missing"),
            "write what people are to read, or remove the key (GDPR art. 12(1))",
        );
    }
}

/// A link works, and nobody listens to it (S1-73, S1-126).
fn addresses_lead_somewhere(lint: &mut Lint<'_>, key: &str, text: &str) {
    for word in text.split_whitespace() {
        let word = word.trim_matches(|c: char| "()<>[].,;:«»\"".contains(c));
        let is_written_wrong = ["http", "https"].iter().any(|scheme| {
            word.strip_prefix(scheme).is_some_and(|rest| {
                let begins = rest.starts_with(['/', ':', ';']);
                let host = rest.strip_prefix("://").unwrap_or_default();
                begins && !host.starts_with(char::is_alphanumeric)
            })
        });
        if is_written_wrong {
            lint.error(
                "malformed-url",
                key,
                format!("`{word}` leads nowhere"),
                "write it as `https://company.example/page`",
            );
        } else if word.starts_with("http://") {
            lint.warn(
                "unencrypted-url",
                key,
                format!("`{word}` is not encrypted"),
                "write `https://`, where the site answers so",
            );
        }
    }
}

/// What `{#anchor}` may name: sections that this policy prints, and clauses.
fn anchors(policy: &Policy) -> HashSet<&str> {
    let is_printed = |section: &NoticeSection| match section {
        NoticeSection::Summary => policy.notice.as_ref().is_none_or(|notice| notice.summary),
        NoticeSection::Cookies => policy.cookies.is_some(),
        NoticeSection::Complaint => policy.authority.is_some(),
        NoticeSection::Rights => policy.rights.is_some(),
        NoticeSection::Security => !policy.safeguards.is_empty(),
        NoticeSection::Processing => policy.processor.is_some(),
        _ => true,
    };
    let sections = NoticeSection::ALL.iter().filter(|one| is_printed(one));
    let mut anchors: HashSet<&str> = sections.map(|one| one.as_str()).collect();
    anchors.extend(policy.clauses.iter().map(|clause| clause.id.as_str()));
    anchors
}

/// A reference leads to a section or clause that is there (S0-23, S1-11, S3-161).
fn references_are_resolved(lint: &mut Lint<'_>, key: &str, text: &str, anchors: &HashSet<&str>) {
    for reference in text.split("{#").skip(1) {
        let anchor = reference.split('}').next().unwrap_or_default();
        if !anchors.contains(anchor) {
            lint.error(
                "dangling-reference",
                key,
                format!("`{{#{anchor}}}` leads to no section and no clause of this policy"),
                "name a section that is printed, such as `{#rights}`, or the id of a clause",
            );
        }
    }
}

/// Data, purposes and recipients are named, not left open (S1-09, S3-10, S4-47; GDPR art. 5(1)(b),
/// 5(1)(c)).
fn data_are_named(lint: &mut Lint<'_>, key: &str, text: &str) {
    const OPEN: [&str; 14] = [
        "any other",
        "any related",
        "anything else",
        "among others",
        "other purposes",
        "other information",
        "other data",
        "other reasons",
        "toute autre",
        "tout autre",
        "autres finalités",
        "autres données",
        "autres informations",
        "etc.",
    ];
    const NAMING: [&str; 4] = ["name", "basis", "reason", "people"];
    let mut steps = key.rsplit('.').skip(1);
    let is_naming = steps.next().is_some_and(|step| NAMING.contains(&step));
    let lists = ["purposes[", "recipients[", "datasets["];
    if !is_naming || !lists.iter().any(|list| key.starts_with(list)) {
        return;
    }
    let lower = text.to_lowercase();
    let Some(words) = OPEN.iter().find(|words| lower.contains(**words)) else {
        return;
    };
    let is_a_reason = key.starts_with("purposes[") || key.contains(".minima[");
    if key.contains(".fields[") && is_open_field(lint.policy, key) {
        return;
    }
    let severity = if is_a_reason {
        Severity::Error
    } else {
        Severity::Warning
    };
    lint.remark(
        "open-ended-words",
        severity,
        key,
        format!("`{words}` leaves open what is meant"),
        "name each in an entry of its own, with its reason (GDPR art. 5(1)(b), 5(1)(c))",
    );
}

/// Whether the field that a key such as `datasets[0].fields[1].name.en` belongs to says itself that
/// it is open.
fn is_open_field(policy: &Policy, key: &str) -> bool {
    let mut indices = key.split('[').skip(1).filter_map(|rest| {
        let (index, _) = rest.split_once(']')?;
        index.parse::<usize>().ok()
    });
    let dataset = indices.next().and_then(|index| policy.datasets.get(index));
    let field = indices.next().and_then(|index| dataset?.fields.get(index));
    field.is_some_and(|field| field.open_ended)
}

/// A text in another language is another text (GDPR art. 12(1)).
fn texts_are_translated(lint: &mut Lint<'_>, key: &str, text: &str) {
    if text.split_whitespace().count() > 4 {
        lint.warn(
            "text-not-translated",
            key,
            "the text is the same in every language",
            "translate it (GDPR art. 12(1))",
        );
    }
}
