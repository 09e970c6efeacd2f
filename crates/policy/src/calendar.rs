//! The calendar that periods are counted on.

use jiff::civil::{Date, Weekday as CivilWeekday};
use jiff::tz::TimeZone;

use crate::model::calendar::{Weekday, WorkingTime};
use crate::{Day, Holiday};

/// A time zone, its working days, and the end of the financial year.
#[derive(Clone, Debug, PartialEq)]
pub struct Calendar {
    zone: TimeZone,
    weekend: Vec<CivilWeekday>,
    holidays: Vec<Holiday>,
    financial_year_ends: Day,
}

/// How far a search for a working day goes: a calendar of holidays alone has none.
const SEARCHED_DAYS: u32 = 366;

impl Default for Calendar {
    fn default() -> Self {
        Self::new(TimeZone::UTC, None)
    }
}

impl From<TimeZone> for Calendar {
    fn from(zone: TimeZone) -> Self {
        Self::new(zone, None)
    }
}

impl Calendar {
    /// A calendar of that zone. Without working time the weekend is Saturday and Sunday, and there
    /// are no holidays.
    pub(crate) fn new(zone: TimeZone, working_time: Option<&WorkingTime>) -> Self {
        let weekend = [CivilWeekday::Saturday, CivilWeekday::Sunday];
        Self {
            zone,
            weekend: working_time.map_or(weekend.to_vec(), |time| {
                time.weekend.iter().copied().map(civil).collect()
            }),
            holidays: working_time.map_or(Vec::new(), |time| time.holidays.clone()),
            financial_year_ends: working_time
                .and_then(|time| time.financial_year_ends)
                .unwrap_or(Day { month: 12, day: 31 }),
        }
    }

    /// The zone.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The last day of every financial year.
    pub fn financial_year_ends(&self) -> Day {
        self.financial_year_ends
    }

    /// Whether people work on that day.
    pub fn is_working_day(&self, date: Date) -> bool {
        let is_holiday = |holiday: &Holiday| match *holiday {
            Holiday::Once(day) => day == date,
            Holiday::Yearly(day) => day.in_year(date.year()) == Some(date),
            Holiday::Easter(offset) => easter(date.year())
                .and_then(|easter| {
                    easter
                        .checked_add(jiff::Span::new().days(i64::from(offset)))
                        .ok()
                })
                .is_some_and(|day| day == date),
        };
        !self.weekend.contains(&date.weekday()) && !self.holidays.iter().any(is_holiday)
    }

    /// The working day that is so many working days after a date.
    pub(crate) fn working_days_after(&self, date: Date, count: u32) -> Option<Date> {
        self.walk(date, count, Date::tomorrow)
    }

    /// The working day that is so many working days before a date.
    pub(crate) fn working_days_before(&self, date: Date, count: u32) -> Option<Date> {
        self.walk(date, count, Date::yesterday)
    }

    /// The last day before the next working day after a date.
    pub(crate) fn last_before_next_working_day(&self, date: Date) -> Option<Date> {
        self.working_days_after(date, 1)?.yesterday().ok()
    }

    fn walk(
        &self,
        from: Date,
        count: u32,
        step: fn(self_: Date) -> Result<Date, jiff::Error>,
    ) -> Option<Date> {
        let mut date = from;
        for _ in 0..count {
            let mut searched = 0;
            date = step(date).ok()?;
            while !self.is_working_day(date) {
                searched += 1;
                if searched > SEARCHED_DAYS {
                    return None;
                }
                date = step(date).ok()?;
            }
        }
        Some(date)
    }
}

fn civil(day: Weekday) -> CivilWeekday {
    match day {
        Weekday::Monday => CivilWeekday::Monday,
        Weekday::Tuesday => CivilWeekday::Tuesday,
        Weekday::Wednesday => CivilWeekday::Wednesday,
        Weekday::Thursday => CivilWeekday::Thursday,
        Weekday::Friday => CivilWeekday::Friday,
        Weekday::Saturday => CivilWeekday::Saturday,
        Weekday::Sunday => CivilWeekday::Sunday,
    }
}

/// Easter Sunday of the Gregorian calendar (the anonymous algorithm, as Meeus gives it).
#[expect(
    clippy::many_single_char_names,
    reason = "as the algorithm is published"
)]
fn easter(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (b - (b + 8) / 25 + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    let month = i8::try_from(n / 31).ok()?;
    let day = i8::try_from(n % 31 + 1).ok()?;
    Date::new(year, month, day).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easter_is_on_its_sunday() {
        for (year, month, day) in [
            // The years of the algorithm's rare correction.
            (1954, 4, 18),
            (1981, 4, 19),
            (2024, 3, 31),
            (2025, 4, 20),
            (2026, 4, 5),
            (2027, 3, 28),
            (2038, 4, 25),
        ] {
            assert_eq!(easter(year), Date::new(year, month, day).ok());
        }
    }

    #[test]
    fn a_calendar_of_holidays_alone_has_no_working_day() {
        let calendar = Calendar {
            weekend: CivilWeekday::Monday.cycle_forward().take(7).collect(),
            ..Calendar::default()
        };
        let date = Date::new(2026, 11, 23).expect("a date");
        assert_eq!(calendar.working_days_after(date, 1), None);
    }
}
