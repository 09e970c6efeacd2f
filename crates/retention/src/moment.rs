//! Moments as a source writes them, and the ends of spans that clocks are moved to.

use consentry_policy::{Calendar, EndOf, TimeFormat};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// What stands in a clock's column is no moment in the declared format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

/// Reads the text of a column.
///
/// A time without an offset is UTC; a day begins at midnight in the policy's zone. What lies beyond
/// year 9999, `infinity` with it, is the last moment there is.
pub fn read(text: &str, format: TimeFormat, calendar: &Calendar) -> Result<Timestamp, Unreadable> {
    let whole = |text: &str| text.parse::<i64>().map_err(|_| Unreadable);
    let moment = match format {
        TimeFormat::Seconds => Timestamp::from_second(whole(text)?),
        TimeFormat::Milliseconds => Timestamp::from_millisecond(whole(text)?),
        TimeFormat::Microseconds => Timestamp::from_microsecond(whole(text)?),
        _ => return read_text(text, calendar),
    };
    moment.or_else(|_| {
        let is_past = text.starts_with('-');
        (!is_past).then_some(Timestamp::MAX).ok_or(Unreadable)
    })
}

fn read_text(text: &str, calendar: &Calendar) -> Result<Timestamp, Unreadable> {
    let year = text.bytes().take_while(u8::is_ascii_digit).count();
    if text == "infinity" || year > 4 && text.as_bytes().get(year) == Some(&b'-') {
        return Ok(Timestamp::MAX);
    }
    if year != 4 || text.ends_with("BC") {
        return Err(Unreadable);
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    let moment = match text.len() {
        10 => midnight(text.parse().map_err(|_| Unreadable)?, calendar),
        _ => text
            .parse::<DateTime>()
            .and_then(|reading| reading.to_zoned(TimeZone::UTC))
            .map(|reading| reading.timestamp())
            .map_err(|_| Unreadable)?,
    };
    Ok(moment)
}

/// When a day begins.
pub(crate) fn midnight(date: Date, calendar: &Calendar) -> Timestamp {
    date.to_datetime(Time::midnight())
        .to_zoned(calendar.zone().clone())
        .map_or(Timestamp::MAX, |start| start.timestamp())
}

/// The end of the span of the calendar that a moment lies in: when the next one begins (S3-49).
pub fn end_of(span: EndOf, moment: Timestamp, calendar: &Calendar) -> Timestamp {
    let (_, next) = span_of(span, moment, calendar);
    next.map_or(Timestamp::MAX, |date| midnight(date, calendar))
}

/// When the span of the calendar begins that a moment lies in. For every `t`: `end_of(t) <= limit`
/// implies `t < start_of(limit)`.
pub(crate) fn start_of(span: EndOf, moment: Timestamp, calendar: &Calendar) -> Timestamp {
    let (first, _) = span_of(span, moment, calendar);
    first.map_or(Timestamp::MIN, |date| midnight(date, calendar))
}

/// The first day of a span, and the first day of the next.
fn span_of(span: EndOf, moment: Timestamp, calendar: &Calendar) -> (Option<Date>, Option<Date>) {
    let day = calendar.zone().to_datetime(moment).date();
    let first_of = |month: i8| Date::new(day.year(), month, 1).ok();
    let (first, length) = match span {
        EndOf::Day => (Some(day), 1.day()),
        EndOf::Month => (Some(day.first_of_month()), 1.month()),
        EndOf::Quarter => (first_of((day.month() - 1) / 3 * 3 + 1), 3.months()),
        EndOf::FinancialYear => return financial_year(day, calendar),
        // `EndOf` may grow; a year is the longest span.
        _ => (first_of(1), 1.year()),
    };
    (
        first,
        first.and_then(|first| first.checked_add(length).ok()),
    )
}

fn financial_year(day: Date, calendar: &Calendar) -> (Option<Date>, Option<Date>) {
    let end = calendar.financial_year_ends();
    let begins_after = |year: i16| end.in_year(year)?.tomorrow().ok();
    let ended = end.in_year(day.year()).is_some_and(|last| day > last);
    let year = if ended { day.year() } else { day.year() - 1 };
    (begins_after(year), begins_after(year + 1))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use consentry_policy::Policy;
    use jiff::tz;
    use proptest::prelude::*;

    use super::*;

    fn paris() -> Calendar {
        TimeZone::get("Europe/Paris").unwrap().into()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn every_format_is_read() {
        let moment = at("2026-07-01T10:00:00Z");
        for (text, format) in [
            ("2026-07-01T10:00:00Z", TimeFormat::Timestamp),
            ("2026-07-01 10:00:00", TimeFormat::Timestamp),
            ("2026-07-01 12:00:00+02", TimeFormat::Timestamp),
            ("2026-07-01 10:00:00.000000+00", TimeFormat::Timestamp),
            ("1782900000", TimeFormat::Seconds),
            ("1782900000000", TimeFormat::Milliseconds),
            ("1782900000000000", TimeFormat::Microseconds),
        ] {
            assert_eq!(read(text, format, &paris()), Ok(moment), "{text}");
        }
        let day = read("2026-07-01", TimeFormat::Date, &paris());
        assert_eq!(day, Ok(at("2026-06-30T22:00:00Z")));
    }

    #[test]
    fn what_never_comes_is_the_last_moment() {
        for text in ["infinity", "294276-12-31 23:59:59+00"] {
            assert_eq!(
                read(text, TimeFormat::Timestamp, &paris()),
                Ok(Timestamp::MAX)
            );
        }
        let far = read("9999999999999999", TimeFormat::Seconds, &paris());
        assert_eq!(far, Ok(Timestamp::MAX));
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "soon",
            "-infinity",
            "0044-03-15 BC",
            "01/02/2026",
            "2026-02-30",
        ] {
            assert_eq!(
                read(text, TimeFormat::Timestamp, &paris()),
                Err(Unreadable),
                "{text}"
            );
        }
        assert_eq!(read("1.5", TimeFormat::Seconds, &paris()), Err(Unreadable));
    }

    /// S3-49.
    #[test]
    fn a_clock_moves_to_the_end_of_its_span() {
        let moment = at("2026-08-20T10:00:00Z");
        for (span, end) in [
            (EndOf::Day, "2026-08-20T22:00:00Z"),
            (EndOf::Month, "2026-08-31T22:00:00Z"),
            (EndOf::Quarter, "2026-09-30T22:00:00Z"),
            (EndOf::Year, "2026-12-31T23:00:00Z"),
            (EndOf::FinancialYear, "2026-12-31T23:00:00Z"),
        ] {
            assert_eq!(end_of(span, moment, &paris()), at(end), "{span}");
        }
    }

    /// S3-49.
    #[test]
    fn a_financial_year_may_end_in_summer() {
        let text = include_str!("../../policy/policies/saas-portal.toml");
        let year = "weekend = [\"sunday\"]\nfinancial_year_ends = \"06-30\"";
        let text = format!("{text}\n[working_time]\n{year}\n");
        let calendar = Policy::parse(&text, "test").unwrap().calendar;
        let midnight = |text: &str| midnight(text.parse().unwrap(), &calendar);
        for (moment, end) in [
            ("2026-06-30", "2026-07-01"),
            ("2026-07-01", "2027-07-01"),
            ("2026-12-31", "2027-07-01"),
        ] {
            let moved = end_of(EndOf::FinancialYear, midnight(moment), &calendar);
            assert_eq!(moved, midnight(end));
        }
    }

    proptest! {
        /// A query by the start of the span misses nobody whose span has ended.
        #[test]
        fn the_start_bounds_what_has_ended(
            t in -5_000_000_000_i64..5_000_000_000,
            later in 0_i64..100_000_000,
            span in prop::sample::select(EndOf::ALL),
        ) {
            let calendar = Calendar::from(tz::TimeZone::get("Europe/Paris").unwrap());
            let moment = Timestamp::from_second(t).unwrap();
            let limit = Timestamp::from_second(t + later).unwrap();
            let ended = end_of(span, moment, &calendar) <= limit;
            prop_assert_eq!(ended, moment < start_of(span, limit, &calendar));
        }
    }
}
