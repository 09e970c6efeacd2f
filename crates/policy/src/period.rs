//! Calendar periods: `30 days`, `12 months`.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Span, Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};
use thiserror::Error;

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
    /// Seven days of the calendar.
    Weeks,
    /// Months of the calendar.
    Months,
    /// Twelve months of the calendar.
    Years,
}

impl PeriodUnit {
    const ALL: [(Self, &'static str, &'static str); 6] = [
        (Self::Minutes, "minute", "minutes"),
        (Self::Hours, "hour", "hours"),
        (Self::Days, "day", "days"),
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
/// Plain calendar arithmetic puts some later starts before earlier ones: 29 August, 23:00 and
/// 31 August, 01:00 both end on 29 February, in reverse order; so do the two passes through the hour
/// that clocks repeat in autumn. A record must not outlive one that came after it, and what is due
/// must be one comparison in a query, so here the *earlier* end holds for both. It falls on the
/// calendar day that plain arithmetic gives, never later, and order is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Period {
    amount: NonZeroU32,
    unit: PeriodUnit,
}

/// A text is not a period.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum PeriodError {
    /// Not a whole number followed by a unit.
    #[error("expected a period such as `10 minutes`, `30 days`, `12 months` or `1 year`")]
    Malformed,
    /// Zero of something.
    #[error("a period cannot be zero")]
    Zero,
    /// More than a thousand years.
    #[error("a period is at most 1000 years")]
    TooLong,
}

impl Period {
    /// How many of the [unit](Self::unit), for words on a page.
    pub const fn amount(self) -> u32 {
        self.amount.get()
    }

    /// What is counted, for words on a page.
    pub const fn unit(self) -> PeriodUnit {
        self.unit
    }

    /// The instant at which a period that began at `start` is over, in `zone`.
    ///
    /// Never decreases when `start` increases. Beyond the year 9999 it is [`Timestamp::MAX`].
    pub fn after(self, start: Timestamp, zone: &TimeZone) -> Timestamp {
        let end = match self.length() {
            Length::Elapsed(duration) => start.checked_add(duration).ok(),
            Length::Calendar(span) => {
                add(earliest_reading(start, zone), span).and_then(|end| instant_of(end, zone))
            }
        };
        end.unwrap_or(Timestamp::MAX)
    }

    /// The latest start whose period is over at `now`, in `zone`: what began at the cutoff or
    /// before is due, and nothing else.
    ///
    /// For every `t` later than [`Timestamp::MIN`]: `after(t) <= now` exactly when
    /// `t <= cutoff(now)`. So `anchor <= cutoff` in a query selects precisely what is due.
    pub fn cutoff(self, now: Timestamp, zone: &TimeZone) -> Timestamp {
        let is_due = |start| self.after(start, zone) <= now;
        let (mut due, mut not_due) = self.bracket(now);
        if is_due(not_due) {
            return not_due;
        }
        // `after` keeps order, so halving finds the instant from which it exceeds `now`.
        while due.duration_until(not_due) > SignedDuration::from_nanos(1) {
            let middle = due + due.duration_until(not_due) / 2;
            if is_due(middle) {
                due = middle;
            } else {
                not_due = middle;
            }
        }
        due
    }

    /// Two instants with the cutoff of `now` between them.
    fn bracket(self, now: Timestamp) -> (Timestamp, Timestamp) {
        // A short month moves an end by up to 3 days, a zone by up to 2.
        let margin = SignedDuration::from_hours(24 * 6);
        let start = match self.length() {
            Length::Elapsed(duration) => now.checked_sub(duration),
            Length::Calendar(span) => TimeZone::UTC
                .to_datetime(now)
                .checked_sub(span)
                .and_then(|start| TimeZone::UTC.to_timestamp(start)),
        };
        let start = start.unwrap_or(Timestamp::MIN);
        // Whatever would end beyond the calendar ends at its last instant.
        let latest = if now == Timestamp::MAX { now } else { start };
        (
            start.checked_sub(margin).unwrap_or(Timestamp::MIN),
            latest.checked_add(margin).unwrap_or(Timestamp::MAX),
        )
    }

    /// No occurrence lasts less: for comparing one period of a policy with another.
    pub(crate) fn shortest(self) -> SignedDuration {
        self.estimate(|months| match months % 12 {
            0 => months / 12 * 365,
            rest => months / 12 * 365 + rest * 30 - 2,
        })
    }

    /// No occurrence lasts longer.
    pub(crate) fn longest(self) -> SignedDuration {
        self.estimate(|months| months / 12 * 366 + months % 12 * 31)
    }

    fn estimate(self, days_of_months: impl Fn(i64) -> i64) -> SignedDuration {
        let amount = i64::from(self.amount());
        let days = |days: i64| SignedDuration::from_hours(days * 24);
        match self.unit {
            PeriodUnit::Minutes => SignedDuration::from_mins(amount),
            PeriodUnit::Hours => SignedDuration::from_hours(amount),
            PeriodUnit::Days => days(amount),
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
            PeriodUnit::Weeks => Length::Calendar(amount.weeks()),
            PeriodUnit::Months => Length::Calendar(amount.months()),
            PeriodUnit::Years => Length::Calendar(amount.years()),
        }
    }
}

enum Length {
    Elapsed(SignedDuration),
    Calendar(Span),
}

/// The earliest local time that clocks show at `start` or afterwards: differs from the local time
/// at `start` only while clocks are about to be set back past it.
fn earliest_reading(start: Timestamp, zone: &TimeZone) -> DateTime {
    /// No zone has ever set its clocks back by more than one day.
    const FURTHEST_BACK: SignedDuration = SignedDuration::from_hours(24);

    let reading = zone.to_datetime(start);
    zone.following(start)
        .take_while(|transition| transition.timestamp().duration_since(start) <= FURTHEST_BACK)
        .map(|transition| zone.to_datetime(transition.timestamp()))
        .fold(reading, DateTime::min)
}

/// `start + span`; midnight when a later day of the start month ends on the same day.
fn add(start: DateTime, span: Span) -> Option<DateTime> {
    let end = start.checked_add(span).ok()?;
    let ends_with_next_day = start
        .date()
        .tomorrow()
        .and_then(|next: Date| next.checked_add(span))
        .is_ok_and(|next_end| next_end == end.date());
    Some(if ends_with_next_day {
        end.date().to_datetime(Time::midnight())
    } else {
        end
    })
}

/// The first instant at which clocks show `reading` or later.
fn instant_of(reading: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    match zone.to_ambiguous_timestamp(reading).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(reading).ok(),
        AmbiguousOffset::Fold { before, .. } => before.to_timestamp(reading).ok(),
        AmbiguousOffset::Gap { before, .. } => {
            // Clocks never show it: the gap begins at the transition.
            let inside = before.to_timestamp(reading).ok()?;
            let just_after = inside.checked_add(SignedDuration::from_nanos(1)).ok()?;
            zone.preceding(just_after)
                .next()
                .map(|transition| transition.timestamp())
        }
    }
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
            .map_or("", |(_, one, many)| if self.amount() == 1 { one } else { many });
        write!(f, "{} {name}", self.amount())
    }
}
