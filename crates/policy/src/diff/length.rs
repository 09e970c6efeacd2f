//! Which of two periods is the longer one.

use std::cmp::Ordering;

use crate::{Period, PeriodUnit};

/// What a period that is left out means.
#[derive(Clone, Copy)]
pub(super) enum Absent {
    /// No time at all.
    AtOnce,
    /// No end.
    Endless,
}

/// How the new period compares with the old one. Where that depends on the calendar (30 days and a
/// month), the new one counts as longer: nobody is told too little.
pub(super) fn compare(old: Option<&str>, new: Option<&str>, absent: Absent) -> Ordering {
    let period = |text: Option<&str>| text.and_then(|text| text.parse::<Period>().ok());
    match (period(old), period(new), absent) {
        (Some(old), Some(new), _) => periods(old, new),
        (None, None, _) => Ordering::Equal,
        (None, Some(_), Absent::AtOnce) | (Some(_), None, Absent::Endless) => Ordering::Greater,
        (Some(_), None, Absent::AtOnce) | (None, Some(_), Absent::Endless) => Ordering::Less,
    }
}

fn periods(old: Period, new: Period) -> Ordering {
    let [(old_unit, old_amount), (new_unit, new_amount)] = [old, new].map(counted);
    if old_unit == new_unit {
        new_amount.cmp(&old_amount)
    } else if new.longest() <= old.shortest() {
        Ordering::Less
    } else {
        Ordering::Greater
    }
}

/// In the smallest unit of the same kind: a year is always twelve months.
fn counted(period: Period) -> (PeriodUnit, u64) {
    let (unit, times) = match period.unit() {
        PeriodUnit::Hours => (PeriodUnit::Minutes, 60),
        PeriodUnit::Weeks => (PeriodUnit::Days, 7),
        PeriodUnit::Years => (PeriodUnit::Months, 12),
        unit => (unit, 1),
    };
    (unit, u64::from(period.amount()) * times)
}
