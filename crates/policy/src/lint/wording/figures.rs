//! Figures in texts: numbers of sections, and periods.

use std::collections::HashSet;

use super::Texts;
use crate::lint::Lint;
use crate::{Period, PeriodUnit};

pub(super) fn lint(lint: &mut Lint<'_>, texts: &Texts<'_>) {
    let mut spans: HashSet<Span> = texts.periods.iter().map(|one| Span::of(*one)).collect();
    let child_age = lint.policy.rights.as_ref().and_then(|one| one.child_age);
    spans.extend(child_age.map(|age| Span::Months(age.saturating_mul(12))));
    for (key, text) in &texts.localized {
        sections_are_not_numbered(lint, key, text);
        periods_are_those_of_rules(lint, key, text, &spans);
    }
}

/// What the law is called where it is named.
pub(in crate::lint) const LAW_WORDS: [&str; 18] = [
    "gdpr",
    "rgpd",
    "law",
    "act",
    "code",
    "regulation",
    "directive",
    "convention",
    "loi",
    "décret",
    "règlement",
    "cnil",
    "art",
    "article",
    "articles",
    "decree",
    "constitution",
    "statute",
];

/// Sections are numbered when they are printed, so a number goes stale (S1-18).
fn sections_are_not_numbered(lint: &mut Lint<'_>, key: &str, text: &str) {
    const SECTIONS: [&str; 11] = [
        "section",
        "point",
        "chapter",
        "chapitre",
        "paragraph",
        "paragraphe",
        "rubrique",
        "clause",
        "annex",
        "annexe",
        "§",
    ];
    const ARTICLES: [&str; 2] = ["article", "art"];
    const POINTERS: [&str; 7] = ["see", "voir", "cf", "refer", "under", "below", "ci"];
    for sentence in text.split_inclusive(['.', ';', '\n']) {
        let words: Vec<String> = sentence
            .split(|c: char| !c.is_alphanumeric() && c != '§')
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect();
        let names_a_law = words
            .iter()
            .any(|word| LAW_WORDS.contains(&word.as_str()) && !word.starts_with("art"));
        let points = words.iter().any(|word| POINTERS.contains(&word.as_str()));
        let numbered = words.windows(2).find(|pair| {
            let name = pair[0].as_str();
            let is_number = pair[1].len() <= 2 && pair[1].bytes().all(|b| b.is_ascii_digit());
            is_number && (SECTIONS.contains(&name) || ARTICLES.contains(&name) && points)
        });
        if let Some([name, number]) = numbered.filter(|_| !names_a_law) {
            lint.warn(
                "literal-section-number",
                key,
                format!("`{name} {number}` is a number that may change"),
                "refer by name, such as `{#rights}`: the number is printed",
            );
        }
    }
}

/// A length of time, however it is written: a year is twelve months.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Span {
    Minutes(u32),
    Months(u32),
    WorkingDays(u32),
}

impl Span {
    fn of(period: Period) -> Self {
        Self::new(period.amount(), period.unit())
    }

    fn new(amount: u32, unit: PeriodUnit) -> Self {
        let minutes = |each: u32| Self::Minutes(amount.saturating_mul(each));
        match unit {
            PeriodUnit::Minutes => minutes(1),
            PeriodUnit::Hours => minutes(60),
            PeriodUnit::Days => minutes(24 * 60),
            PeriodUnit::Weeks => minutes(7 * 24 * 60),
            PeriodUnit::Months => Self::Months(amount),
            PeriodUnit::Years => Self::Months(amount.saturating_mul(12)),
            PeriodUnit::WorkingDays => Self::WorkingDays(amount),
        }
    }
}

/// No sentence states a period that no rule executes (S1-122, S2-14).
fn periods_are_those_of_rules(lint: &mut Lint<'_>, key: &str, text: &str, spans: &HashSet<Span>) {
    let words: Vec<&str> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    for (index, word) in words.iter().enumerate() {
        let (Ok(amount), Some(next)) = (word.parse::<u32>(), words.get(index + 1)) else {
            continue;
        };
        let then = words.get(index + 2).copied().unwrap_or_default();
        let Some(unit) = unit_of(&next.to_lowercase(), &then.to_lowercase()) else {
            continue;
        };
        if !spans.contains(&Span::new(amount, unit)) {
            lint.warn(
                "period-without-rule",
                key,
                format!("no rule of this policy lasts for `{word} {next}`"),
                "leave it out: periods are printed from the rules that run",
            );
        }
    }
}

fn unit_of(word: &str, next: &str) -> Option<PeriodUnit> {
    Some(match (word, next) {
        ("working" | "business", "day" | "days")
        | ("jour" | "jours", "ouvré" | "ouvrés" | "ouvrable" | "ouvrables") => {
            PeriodUnit::WorkingDays
        }
        ("calendar", "day" | "days") | ("day" | "days" | "jour" | "jours", _) => PeriodUnit::Days,
        ("minute" | "minutes", _) => PeriodUnit::Minutes,
        ("hour" | "hours" | "heure" | "heures", _) => PeriodUnit::Hours,
        ("week" | "weeks" | "semaine" | "semaines", _) => PeriodUnit::Weeks,
        ("month" | "months" | "mois", _) => PeriodUnit::Months,
        ("year" | "years" | "an" | "ans" | "année" | "années", _) => PeriodUnit::Years,
        _ => return None,
    })
}
