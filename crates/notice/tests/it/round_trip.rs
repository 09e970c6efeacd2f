//! No sentence states a period that no rule executes, and no rule runs that no sentence states.

use std::collections::BTreeMap;

use consentry_notice::{Places, privacy};
use consentry_policy::{Language, Period, PeriodUnit, Policy};
use toml::Value;

use crate::policies::{files, parsed};

/// A period as counted: `12 months` is not `1 year`.
type Counted = (u32, &'static str);

const UNITS: [(PeriodUnit, &str, &[&str]); 6] = [
    (PeriodUnit::Minutes, "minutes", &["minute", "minutes"]),
    (
        PeriodUnit::Hours,
        "hours",
        &["hour", "hours", "heure", "heures"],
    ),
    (PeriodUnit::Days, "days", &["day", "days", "jour", "jours"]),
    (
        PeriodUnit::Weeks,
        "weeks",
        &["week", "weeks", "semaine", "semaines"],
    ),
    (PeriodUnit::Months, "months", &["month", "months", "mois"]),
    (
        PeriodUnit::Years,
        "years",
        &["year", "years", "an", "ans", "année", "années"],
    ),
];

/// Periods that are figures of the mail server and of the defence against floods: they keep nobody's
/// data, and the notice says nothing of them.
const OPERATIONAL: [&str; 7] = [
    "subscription.cool_down",
    "subscription.rest",
    "limits.breaker.window",
    "limits.breaker.settle",
    "mail.retry_for",
    "mail.uncertain_after",
    "rights.alarm",
];

fn counted(period: Period) -> Counted {
    let name = if period.unit() == PeriodUnit::WorkingDays {
        "working days"
    } else {
        UNITS
            .iter()
            .find(|(unit, ..)| *unit == period.unit())
            .expect("well formed")
            .1
    };
    (period.amount(), name)
}

/// Every period that a text states, and how often.
fn stated(text: &str) -> BTreeMap<Counted, usize> {
    let words: Vec<String> = text
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let mut found = BTreeMap::new();
    for (at, word) in words.iter().enumerate() {
        let Ok(amount) = word.parse() else { continue };
        let next = |ahead: usize| words.get(at + ahead).map_or("", String::as_str);
        let is_working = next(1) == "working" && next(2).starts_with("day")
            || next(1).starts_with("jour") && next(2).starts_with("ouvr");
        let unit = if is_working {
            Some("working days")
        } else {
            let mut units = UNITS.iter();
            units
                .find(|(_, _, spellings)| spellings.contains(&next(1)))
                .map(|(_, name, _)| *name)
        };
        if let Some(unit) = unit {
            *found.entry((amount, unit)).or_default() += 1;
        }
    }
    found
}

/// Every period of a policy file with its path.
fn periods(path: &str, value: &Value, found: &mut Vec<(String, Period)>) {
    match value {
        Value::Table(table) => {
            for (key, value) in table {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                periods(&path, value, found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                periods(&format!("{path}.{index}"), item, found);
            }
        }
        Value::String(text) => {
            found.extend(text.parse().map(|period| (path.to_owned(), period)));
        }
        _ => {}
    }
}

fn all_periods(source: &str) -> Vec<(String, Period)> {
    let mut found = Vec::new();
    periods(
        "",
        &Value::Table(source.parse().expect("well formed")),
        &mut found,
    );
    found
}

/// The same file with another period at one place.
fn edited(source: &str, path: &str, period: &str) -> String {
    let mut file = Value::Table(source.parse().expect("well formed"));
    let mut value = &mut file;
    for step in path.split('.') {
        value = match value {
            Value::Array(items) => &mut items[step.parse::<usize>().expect("well formed")],
            table => table.get_mut(step).expect("well formed"),
        };
    }
    *value = Value::String(period.to_owned());
    toml::to_string(&file).expect("well formed")
}

fn text(policy: &Policy, language: Language) -> String {
    privacy(policy, language, &Places::default(), &[]).markdown()
}

/// S0-102, S1-123: every period in the notice is one of the policy.
#[test]
fn no_sentence_states_a_period_that_is_not_in_the_policy() {
    for (name, source) in files() {
        let policy = parsed(&source);
        let mut known: Vec<Counted> = all_periods(&source)
            .into_iter()
            .map(|(_, period)| counted(period))
            .collect();
        // A default of the grammar, and an age, which French counts like a period.
        known.push(counted(policy.mail.keep_settled));
        let age = policy.rights.as_ref().and_then(|rights| rights.child_age);
        known.extend(age.map(|age| (age, "years")));
        for &language in &policy.languages.offered {
            let document = privacy(&policy, language, &Places::default(), &[]);
            for print in [document.markdown(), document.html()] {
                for period in stated(&print).keys() {
                    assert!(
                        known.contains(period),
                        "{name}.{language} states {period:?}, which is nowhere in the policy"
                    );
                }
            }
        }
    }
}

/// S0-32, S0-63, S1-42, S3-48: whoever changes a period changes what people read, in every language.
#[test]
fn editing_any_period_that_keeps_data_changes_what_the_notice_says() {
    for (name, source) in files() {
        let policy = parsed(&source);
        let mut edits = 0;
        for (path, period) in all_periods(&source) {
            if OPERATIONAL.contains(&path.as_str()) {
                continue;
            }
            let longer = format!("{} {}", period.amount() + 1, counted(period).1);
            let Ok(other) = Policy::parse(&edited(&source, &path, &longer), "edited.toml") else {
                continue;
            };
            edits += 1;
            let longer: Period = longer.parse().unwrap();
            for &language in &policy.languages.offered {
                let before = stated(&text(&policy, language));
                let after = stated(&text(&other, language));
                let times = |stated: &BTreeMap<Counted, usize>, period| {
                    stated.get(&counted(period)).copied().unwrap_or_default()
                };
                assert!(
                    times(&after, longer) > times(&before, longer)
                        && times(&after, period) < times(&before, period),
                    "{name}.{language} does not tell that {path} became {longer}"
                );
            }
        }
        assert!(edits >= 5, "{name}: hardly any edit could be read");
    }
}
