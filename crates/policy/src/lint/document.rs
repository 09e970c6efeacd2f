//! The notice as a document, the calendar, the engine.

use std::collections::HashMap;

use super::{Lint, each};
use crate::{Announcement, ChangeReason, EndOf, Localized, Period, PeriodUnit, Policy};

pub(super) fn lint(lint: &mut Lint<'_>) {
    nothing_is_said_twice(lint);
    substantial_change_is_mailed(lint);
    correction_is_not_substantial(lint);
    working_days_have_holidays(lint);
    financial_year_ends(lint);
    business_hours_are_hours(lint);
    engine_keeps_its_promises(lint);
}

/// A section is printed once (S4-103).
fn nothing_is_said_twice(lint: &mut Lint<'_>) {
    let mut seen: HashMap<String, String> = HashMap::new();
    for (key, text) in passages(lint.policy) {
        for paragraph in text.en.split("\n\n") {
            let words: Vec<&str> = paragraph.split_whitespace().collect();
            // Short texts may repeat: a title, a name.
            if words.len() < 5 {
                continue;
            }
            let text = words.join(" ").to_lowercase();
            if let Some(first) = seen.get(&text) {
                let message = if *first == key {
                    "the text says the same thing twice".to_owned()
                } else {
                    format!("`{first}` says the same")
                };
                lint.warn(
                    "said-twice",
                    &key,
                    message,
                    "say it once, and refer to it with `{#anchor}`",
                );
                break;
            }
            seen.insert(text, key.clone());
        }
    }
}

/// Texts that stand for themselves; what is said of a field or a cookie may repeat.
fn passages(policy: &Policy) -> Vec<(String, &Localized)> {
    let mut passages = Vec::new();
    for (path, purpose) in each("purposes", &policy.purposes) {
        passages.push((format!("{path}.name"), &purpose.name));
        let description = purpose.description.as_ref();
        passages.extend(description.map(|text| (format!("{path}.description"), text)));
    }
    for (path, clause) in each("clauses", &policy.clauses) {
        passages.push((format!("{path}.text"), &clause.text));
    }
    for (path, safeguard) in each("safeguards", &policy.safeguards) {
        passages.push((format!("{path}.text"), &safeguard.text));
    }
    if let Some(terms) = &policy.processor {
        for (path, duty) in each("processor.duties", &terms.duties) {
            passages.push((format!("{path}.text"), &duty.text));
        }
    }
    if let Some(rights) = &policy.rights {
        passages.extend(each("rights.remarks", &rights.remarks));
    }
    passages
}

/// A substantial change is told to everybody concerned (S2-06, S3-68, S4-08).
fn substantial_change_is_mailed(lint: &mut Lint<'_>) {
    let Some(change) = &lint.policy.change else {
        return;
    };
    if change.substantial == Some(true) && !change.announce.contains(&Announcement::Mail) {
        lint.warn(
            "substantial-change-not-mailed",
            "change.announce",
            "the change is substantial, and not everybody concerned is told",
            "write `announce = [\"banner\", \"mail\"]`",
        );
    }
}

/// Who mends a mistake changes nothing that is substantial (S2-61).
fn correction_is_not_substantial(lint: &mut Lint<'_>) {
    let Some(change) = &lint.policy.change else {
        return;
    };
    if change.substantial == Some(true) && change.reason == ChangeReason::Correction {
        lint.warn(
            "substantial-correction",
            "change.reason",
            "a substantial change is called a correction",
            "write `reason = \"law\"` or `reason = \"service\"`",
        );
    }
}

/// Working days are counted around holidays (S3-157; regulation 1182/71 art. 2).
fn working_days_have_holidays(lint: &mut Lint<'_>) {
    let policy = lint.policy;
    let has_holidays = policy
        .working_time
        .as_ref()
        .is_some_and(|time| !time.holidays.is_empty());
    if has_holidays {
        return;
    }
    let counted = periods(policy)
        .into_iter()
        .find(|(_, period)| period.unit() == PeriodUnit::WorkingDays);
    if let Some((key, period)) = counted {
        lint.warn(
            "working-days-without-holidays",
            key,
            format!("{period} are counted, and no day is a holiday"),
            "add `[working_time]` with `holidays = [\"01-01\", \"easter+1\", \"12-25\"]`",
        );
    }
}

/// Periods that people rely on, with their keys.
fn periods(policy: &Policy) -> Vec<(String, Period)> {
    let mut periods = Vec::new();
    for (path, dataset) in each("datasets", &policy.datasets) {
        for (path, stage) in each(&format!("{path}.stages"), &dataset.stages) {
            periods.extend(stage.after.map(|after| (format!("{path}.after"), after)));
        }
        for (path, minimum) in each(&format!("{path}.minima"), &dataset.minima) {
            periods.push((format!("{path}.period"), minimum.period));
        }
    }
    if let Some(rights) = &policy.rights {
        periods.push(("rights.answer".to_owned(), rights.answer));
        periods.extend(
            rights
                .extension
                .map(|one| ("rights.extension".to_owned(), one)),
        );
    }
    if let Some(terms) = &policy.processor {
        let stated = [
            ("objection", terms.objection),
            ("breach_notice", terms.breach_notice),
            ("audit_notice", terms.audit_notice),
        ];
        periods.extend(
            stated
                .into_iter()
                .filter_map(|(key, period)| Some((format!("processor.{key}"), period?))),
        );
    }
    periods
}

/// The end of a financial year is a date (S3-49).
fn financial_year_ends(lint: &mut Lint<'_>) {
    let policy = lint.policy;
    let is_stated = policy
        .working_time
        .as_ref()
        .is_some_and(|time| time.financial_year_ends.is_some());
    for (path, dataset) in each("datasets", &policy.datasets) {
        for (path, clock) in each(&format!("{path}.clocks"), &dataset.clocks) {
            if clock.end_of == Some(EndOf::FinancialYear) && !is_stated {
                lint.warn(
                    "financial-year-not-stated",
                    format!("{path}.end_of"),
                    "nothing says when a financial year ends; it is taken for the calendar year",
                    "add `financial_year_ends = \"12-31\"` to `[working_time]`",
                );
            }
        }
    }
}

/// Business hours are two times of day (S3-158).
fn business_hours_are_hours(lint: &mut Lint<'_>) {
    let time = lint.policy.working_time.as_ref();
    let Some(hours) = time.and_then(|time| time.business_hours.as_ref()) else {
        return;
    };
    let time_of_day = |text: &str| text.parse::<jiff::civil::Time>().ok();
    let is_span = hours.split_once('-').is_some_and(|(from, to)| {
        matches!((time_of_day(from), time_of_day(to)), (Some(from), Some(to)) if from < to)
    });
    if !is_span {
        lint.error(
            "no-business-hours",
            "working_time.business_hours",
            format!("`{hours}` are no hours of a day"),
            "for example `business_hours = \"09:00-18:00\"`",
        );
    }
}

/// What is longer than it was promised, and rules that nothing stops (S2-31, S3-68).
fn engine_keeps_its_promises(lint: &mut Lint<'_>) {
    let engine = &lint.policy.engine;
    if engine.longer_reaches_back {
        lint.warn(
            "longer-reaches-back",
            "engine.longer_reaches_back",
            "data that were collected under a shorter period are kept for the longer one",
            "remove it, unless everybody concerned was told (GDPR art. 5(1)(a))",
        );
    }
    if engine.brake == 100 {
        lint.warn(
            "no-brake",
            "engine.brake",
            "a rule may take a whole dataset at once, and nobody is asked",
            "leave it out for 20 percent",
        );
    }
}
