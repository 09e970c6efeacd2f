//! Calendar periods: `30 days`, `12 months`.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use jiff::civil::{DateTime, Time};
use jiff::{SignedDuration, Span, Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Calendar;

/// Keeps every cutoff within the dates that a database can compare.
const MAX_YEARS: i64 = 1_000;

/// What a period is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PeriodUnit {
    /// 60 seconds.
    Minutes,
    /// 3,600 seconds.
    Hours,
    /// Days of the calendar, 23 to 25 hours long where clocks change.
    Days,
    /// Days on which people work, by the policy's weekend and holidays.
    WorkingDays,
    /// Seven days of the calendar.
    Weeks,
    /// Months of the calendar.
    Months,
    /// Twelve months of the calendar.
    Years,
}

impl PeriodUnit {
    const ALL: [(Self, &'static str, &'static str); 7] = [
        (Self::Minutes, "minute", "minutes"),
        (Self::Hours, "hour", "hours"),
        (Self::Days, "day", "days"),
        (Self::WorkingDays, "working day", "working days"),
        (Self::Weeks, "week", "weeks"),
        (Self::Months, "month", "months"),
        (Self::Years, "year", "years"),
    ];
}

/// A period of time as a notice states it: `12 months` is not 365 days. Never zero, at most a
/// thousand years.
///
/// # How it is counted
///
/// Minutes and hours are elapsed time. Longer units are counted on the calendar of the given time
/// zone and end at the same time of day: 30 days after 1 March, 10:00 is 31 March, 10:00, although
/// the clocks changed. Where the month is too short, the last day of the month counts: 31 August
/// and 6 months is 28 or 29 February (Regulation 1182/71 art. 3(2)(c)).
///
/// Calendar arithmetic does not keep order everywhere: 29 August, 23:00 and 31 August, 01:00 both
/// end on 29 February, in reverse order. So a query by [`cutoff`](Self::cutoff) finds candidates,
/// and [`after`](Self::after) decides about each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Period {
    amount: NonZeroU32,
    unit: PeriodUnit,
}

/// A text is not a period.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeriodError {
    /// Not a whole number followed by a unit.
    #[error("expected a period such as `10 minutes`, `30 days`, `5 working days` or `12 months`")]
    Malformed,
    /// Zero of something.
    #[error("a period cannot be zero")]
    Zero,
    /// More than a thousand years.
    #[error("a period is at most 1000 years")]
    TooLong,
}

/// Clocks are changed by less, but where a zone moved across the date line.
const CHANGE_OF_CLOCKS: SignedDuration = SignedDuration::from_hours(2);
/// A zone that moved across the date line skipped a day.
const DATE_LINE: SignedDuration = SignedDuration::from_hours(26);

impl Period {
    /// One week.
    pub const WEEK: Self = Self {
        amount: NonZeroU32::MIN,
        unit: PeriodUnit::Weeks,
    };

    /// The longest.
    pub(crate) const THOUSAND_YEARS: Self = match NonZeroU32::new(1_000) {
        Some(amount) => Self {
            amount,
            unit: PeriodUnit::Years,
        },
        None => unreachable!(),
    };

    /// How many of the [unit](Self::unit), for words on a page.
    pub const fn amount(self) -> u32 {
        self.amount.get()
    }

    /// What is counted, for words on a page.
    pub const fn unit(self) -> PeriodUnit {
        self.unit
    }

    /// The instant at which a period that began at `start` is over, on `calendar`.
    ///
    /// An end that clocks skip is as much later as they skip; one that they show twice is the
    /// first of the two (RFC 5545 section 3.3.5). Beyond the calendar it is [`Timestamp::MAX`].
    pub fn after(self, start: Timestamp, calendar: &Calendar) -> Timestamp {
        let zone = calendar.zone();
        let end = match self.length() {
            Length::Elapsed(duration) => start.checked_add(duration).ok(),
            Length::Calendar(span) => start
                .to_zoned(zone.clone())
                .checked_add(span)
                .ok()
                .map(|end| end.timestamp()),
            Length::Working(days) => {
                let reading = zone.to_datetime(start);
                calendar
                    .working_days_after(reading.date(), days)
                    .and_then(|date| date.to_datetime(reading.time()).to_zoned(zone.clone()).ok())
                    .map(|end| end.timestamp())
            }
        };
        end.unwrap_or(Timestamp::MAX)
    }

    /// A bound for queries: no start later than this has its period over at `now`, on `calendar`.
    ///
    /// For every `t`: `after(t) <= now` implies `t <= cutoff(now)`. It is close: at most five days
    /// of the starts before it, at a month's end, are not over yet.
    pub fn cutoff(self, now: Timestamp, calendar: &Calendar) -> Timestamp {
        let zone = calendar.zone();
        let start = match self.length() {
            Length::Elapsed(duration) => now.checked_sub(duration).ok(),
            Length::Calendar(span) => {
                let reading = zone.to_datetime(now);
                reading
                    .checked_sub(span)
                    .ok()
                    .map(|start| self.last_that_ends_at(reading, start))
                    .and_then(|start| start.to_zoned(zone.clone()).ok())
                    .and_then(|start| start.timestamp().checked_add(CHANGE_OF_CLOCKS).ok())
            }
            // Every start up to the next working day ends on the same day as the last working one.
            Length::Working(days) => calendar
                .working_days_before(zone.to_datetime(now).date(), days)
                .and_then(|date| calendar.last_before_next_working_day(date))
                .and_then(|date| date.to_datetime(Time::MAX).to_zoned(zone.clone()).ok())
                .and_then(|start| start.timestamp().checked_add(CHANGE_OF_CLOCKS).ok()),
        };
        start.unwrap_or(if now == Timestamp::MAX {
            now
        } else {
            Timestamp::MIN
        })
    }

    /// The other bound: every start at or before this has its period over at `now`, on `calendar`.
    ///
    /// For every `t <= sure_cutoff(now)`: `after(t) <= now`. It lies at most seven days before
    /// [`cutoff`](Self::cutoff), a weekend and holidays for working days.
    pub fn sure_cutoff(self, now: Timestamp, calendar: &Calendar) -> Timestamp {
        let zone = calendar.zone();
        let reading = zone.to_datetime(now);
        let start = match self.length() {
            Length::Elapsed(duration) => now.checked_sub(duration).ok(),
            Length::Calendar(span) => reading
                .checked_sub(span)
                .ok()
                .and_then(|start| start.to_zoned(zone.clone()).ok())
                .and_then(|start| start.timestamp().checked_sub(CHANGE_OF_CLOCKS).ok()),
            // One working day more than it takes: whatever its time of day, it is over.
            Length::Working(days) => calendar
                .working_days_before(reading.date(), days.saturating_add(1))
                .and_then(|date| {
                    date.to_datetime(Time::midnight())
                        .to_zoned(zone.clone())
                        .ok()
                })
                .and_then(|start| start.timestamp().checked_sub(CHANGE_OF_CLOCKS).ok()),
        };
        let start = start.unwrap_or(Timestamp::MIN);
        if self.after(start, calendar) > now {
            start.checked_sub(DATE_LINE).unwrap_or(Timestamp::MIN)
        } else {
            start
        }
    }

    /// The last day of a month is where the last days of longer months end too.
    fn last_that_ends_at(self, end: DateTime, start: DateTime) -> DateTime {
        let counts_months = matches!(self.unit, PeriodUnit::Months | PeriodUnit::Years);
        let days_run_together =
            end.day() != start.day() || end.date() == end.date().last_of_month();
        if counts_months && days_run_together {
            start.date().last_of_month().to_datetime(Time::MAX)
        } else {
            start
        }
    }

    /// No occurrence lasts less: for comparing one period of a policy with another.
    pub(crate) fn shortest(self) -> SignedDuration {
        self.estimate(|months| match months % 12 {
            0 => months / 12 * 365,
            rest => months / 12 * 365 + rest * 30 - 2,
        })
    }

    /// No occurrence lasts longer; of working days, none with seven days off between them.
    pub(crate) fn longest(self) -> SignedDuration {
        if self.unit == PeriodUnit::WorkingDays {
            return SignedDuration::from_hours(i64::from(self.amount()) * 8 * 24);
        }
        self.estimate(|months| months / 12 * 366 + months % 12 * 31)
    }

    fn estimate(self, days_of_months: impl Fn(i64) -> i64) -> SignedDuration {
        let amount = i64::from(self.amount());
        let days = |days: i64| SignedDuration::from_hours(days * 24);
        match self.unit {
            PeriodUnit::Minutes => SignedDuration::from_mins(amount),
            PeriodUnit::Hours => SignedDuration::from_hours(amount),
            // Working days are this many days at least; how many more, the calendar says.
            PeriodUnit::Days | PeriodUnit::WorkingDays => days(amount),
            PeriodUnit::Weeks => days(amount * 7),
            PeriodUnit::Months => days(days_of_months(amount)),
            PeriodUnit::Years => days(days_of_months(amount * 12)),
        }
    }

    fn length(self) -> Length {
        let amount = i64::from(self.amount());
        match self.unit {
            PeriodUnit::Minutes => Length::Elapsed(SignedDuration::from_mins(amount)),
            PeriodUnit::Hours => Length::Elapsed(SignedDuration::from_hours(amount)),
            PeriodUnit::Days => Length::Calendar(amount.days()),
            PeriodUnit::WorkingDays => Length::Working(self.amount()),
            PeriodUnit::Weeks => Length::Calendar(amount.weeks()),
            PeriodUnit::Months => Length::Calendar(amount.months()),
            PeriodUnit::Years => Length::Calendar(amount.years()),
        }
    }
}

enum Length {
    Elapsed(SignedDuration),
    Calendar(Span),
    Working(u32),
}

impl FromStr for Period {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let (amount, name) = text.split_once(' ').ok_or(PeriodError::Malformed)?;
        if !amount.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(PeriodError::Malformed);
        }
        let amount: u32 = amount.parse().map_err(|_| PeriodError::Malformed)?;
        let (unit, ..) = PeriodUnit::ALL
            .into_iter()
            .find(|(_, one, many)| *one == name || *many == name)
            .ok_or(PeriodError::Malformed)?;
        let amount = NonZeroU32::new(amount).ok_or(PeriodError::Zero)?;
        let period = Self { amount, unit };
        if period.longest() > SignedDuration::from_hours(MAX_YEARS * 366 * 24) {
            return Err(PeriodError::TooLong);
        }
        Ok(period)
    }
}

impl TryFrom<String> for Period {
    type Error = PeriodError;

    fn try_from(text: String) -> Result<Self, PeriodError> {
        text.parse()
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.to_string()
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = PeriodUnit::ALL
            .into_iter()
            .find(|(unit, ..)| *unit == self.unit)
            .map_or(
                "",
                |(_, one, many)| if self.amount() == 1 { one } else { many },
            );
        write!(f, "{} {name}", self.amount())
    }
}
