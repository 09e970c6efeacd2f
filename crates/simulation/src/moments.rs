//! The days on which things happen: those at which calendars are hard to count, and few others, so
//! that most days of a simulation are as quiet as most days are.

use consentry_policy::Calendar;
use jiff::civil::Date;
use jiff::{SignedDuration, Span, Timestamp};

use crate::random::Seeded;

/// An instant in the same month: on its last day (29 February in a leap year), around the change of
/// the clocks where it has one, or in its middle.
pub(crate) fn near(instant: Timestamp, calendar: &Calendar, random: &Seeded) -> Timestamp {
    let zone = calendar.zone();
    let reading = zone.to_datetime(instant);
    let first = reading.date().first_of_month();
    let day = match random.below(4) {
        0 | 1 => first.last_of_month(),
        2 => {
            let begins = first.to_zoned(zone.clone()).map(|start| start.timestamp());
            let change = begins.ok().and_then(|begins| zone.following(begins).next());
            let change = change.map(|change| change.timestamp());
            let month = |change: &Timestamp| zone.to_datetime(*change).date().first_of_month();
            if let Some(change) = change.filter(|change| month(change) == first) {
                // In the hour before, or in the one that is left out in spring or repeated in autumn.
                return change + SignedDuration::from_mins(random.below(120) - 60);
            }
            middle(first)
        }
        _ => middle(first),
    };
    // Most of it after the pass of the day, so that the next one does it.
    let minutes = match random.below(6) {
        0 => random.below(24 * 60),
        _ => 4 * 60 + random.below(20 * 60),
    };
    let minutes = SignedDuration::from_mins(minutes);
    let midnight = day.to_zoned(zone.clone());
    midnight.map_or(instant, |start| start.timestamp() + minutes)
}

/// So many months away, at most `most`, at least one; earlier ones are negative.
pub(crate) fn away(
    instant: Timestamp,
    most: i64,
    calendar: &Calendar,
    random: &Seeded,
) -> Timestamp {
    let months = (1 + random.below(most.abs())) * most.signum();
    let there = calendar.zone().to_datetime(instant).date().first_of_month();
    let there = there.checked_add(Span::new().months(months)).ok();
    let there = there.and_then(|day| day.to_zoned(calendar.zone().clone()).ok());
    there.map_or(instant, |there| near(there.timestamp(), calendar, random))
}

fn middle(first: Date) -> Date {
    Date::new(first.year(), first.month(), 15).unwrap_or(first)
}
