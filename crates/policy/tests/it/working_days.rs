//! Working days, held against counting them one by one.

use std::collections::BTreeSet;

use consentry_policy::{Calendar, Period, Policy};
use jiff::civil::{Date, Weekday, date};
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use toml::{Table, Value};

use crate::edit::COMPLETE;

const WEEK: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

/// Easter Sundays, from an almanac.
const EASTER: [Date; 9] = [
    date(2022, 4, 17),
    date(2023, 4, 9),
    date(2024, 3, 31),
    date(2025, 4, 20),
    date(2026, 4, 5),
    date(2027, 3, 28),
    date(2028, 4, 16),
    date(2029, 4, 1),
    date(2030, 4, 21),
];

/// A calendar as read from a policy, and the days off in its years by another reckoning.
#[derive(Clone, Debug)]
struct Year {
    calendar: Calendar,
    weekend: Vec<Weekday>,
    holidays: BTreeSet<Date>,
}

impl Year {
    fn new(
        zone: &str,
        weekend: &[(&str, Weekday)],
        yearly: &[(i8, i8)],
        once: &[i32],
        easter: &[i32],
    ) -> Self {
        let first = date(2023, 1, 1);
        let once = once.iter().map(|days| first + days.days());
        let once: Vec<Date> = once.collect();
        let written: Vec<String> = yearly
            .iter()
            .map(|(month, day)| format!("{month:02}-{day:02}"))
            .chain(once.iter().map(ToString::to_string))
            .chain(easter.iter().map(|days| format!("easter{days:+}")))
            .collect();
        let mut policy: Table = COMPLETE.parse().expect("TOML");
        policy.insert("time_zone".to_owned(), zone.into());
        let days = weekend.iter().map(|(name, _)| Value::from(*name));
        let working_time = Table::from_iter([
            ("weekend".to_owned(), Value::Array(days.collect())),
            (
                "holidays".to_owned(),
                Value::Array(written.into_iter().map(Value::from).collect()),
            ),
        ]);
        policy.insert("working_time".to_owned(), Value::Table(working_time));
        let policy = Policy::parse(&policy.to_string(), "policy.toml").expect("a policy");
        let mut holidays: BTreeSet<Date> = once.into_iter().collect();
        for sunday in EASTER {
            holidays.extend(easter.iter().map(|days| sunday + days.days()));
            holidays.extend(
                yearly
                    .iter()
                    .map(|(month, day)| date(sunday.year(), *month, *day)),
            );
        }
        Self {
            calendar: policy.calendar,
            weekend: weekend.iter().map(|(_, day)| *day).collect(),
            holidays,
        }
    }

    fn is_off(&self, day: Date) -> bool {
        self.weekend.contains(&day.weekday()) || self.holidays.contains(&day)
    }

    /// One day after the other, until enough of them were working days.
    fn counted(&self, start: Timestamp, count: u32) -> Timestamp {
        let zone = self.calendar.zone();
        let reading = zone.to_datetime(start);
        let (mut day, mut left) = (reading.date(), count);
        while left > 0 {
            day = day.tomorrow().expect("within the calendar");
            left -= u32::from(!self.is_off(day));
        }
        zone.to_timestamp(day.to_datetime(reading.time()))
            .expect("within the calendar")
    }

    /// How many working days lie after one day, up to another.
    fn between(&self, from: Timestamp, to: Timestamp) -> usize {
        let zone = self.calendar.zone();
        let (from, to) = (zone.to_datetime(from).date(), zone.to_datetime(to).date());
        from.series(1.day())
            .skip(1)
            .take_while(|day| *day <= to)
            .filter(|day| !self.is_off(*day))
            .count()
    }
}

fn years() -> impl Strategy<Value = Year> {
    (
        select(vec![
            "Europe/Paris",
            "America/Sao_Paulo",
            "Asia/Beirut",
            "Pacific/Apia",
            "UTC",
        ]),
        prop_oneof![
            3 => Just(WEEK[5..].to_vec()),
            2 => subsequence(WEEK.to_vec(), 1..=6),
        ],
        proptest::collection::vec((1_i8..=12, 1_i8..=28), 0..12),
        proptest::collection::vec(0_i32..2_500, 0..12),
        proptest::collection::vec(-60_i32..=60, 0..5),
    )
        .prop_map(|(zone, weekend, yearly, once, easter)| {
            Year::new(zone, &weekend, &yearly, &once, &easter)
        })
}

/// In 2024 to 2027, with room on both sides for the longest count.
fn instants() -> impl Strategy<Value = Timestamp> {
    (1_704_067_200_i64..1_830_297_600)
        .prop_map(|second| Timestamp::from_second(second).expect("in range"))
}

fn working_days(count: u32) -> Period {
    format!("{count} working days").parse().expect("a period")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn working_days_end_where_counting_them_ends(
        year in years(),
        starts in proptest::collection::vec(instants(), 20),
        count in 1_u32..40,
    ) {
        for start in starts {
            let end = working_days(count).after(start, &year.calendar);
            prop_assert_eq!(end, year.counted(start, count));
        }
    }

    /// The query of a job misses nobody whose working days are over.
    #[test]
    fn nobody_whose_working_days_are_over_began_after_the_cutoff(
        year in years(),
        now in instants(),
        count in 1_u32..40,
        offsets in proptest::collection::vec(-1_000_000_i64..1_000_000, 20),
    ) {
        let cutoff = working_days(count).cutoff(now, &year.calendar);
        for offset in offsets {
            let start = cutoff + SignedDuration::from_secs(offset);
            if year.counted(start, count) <= now {
                prop_assert!(start <= cutoff, "{} > {}", start, cutoff);
            }
        }
        // And right at the end of working days that began at `now`.
        let end = year.counted(now, count);
        prop_assert!(now <= working_days(count).cutoff(end, &year.calendar));
    }

    /// What counts as overdue is overdue, and is found out about within a few working days.
    #[test]
    fn whoever_began_before_the_sure_cutoff_has_had_the_working_days(
        year in years(),
        now in instants(),
        count in 1_u32..40,
        before in proptest::collection::vec(0_i64..2_000_000, 20),
    ) {
        let sure = working_days(count).sure_cutoff(now, &year.calendar);
        for seconds in before.into_iter().chain([0]) {
            let start = sure - SignedDuration::from_secs(seconds);
            prop_assert!(year.counted(start, count) <= now);
        }
        let cutoff = working_days(count).cutoff(now, &year.calendar);
        prop_assert!(sure <= cutoff);
        prop_assert!(year.between(sure, cutoff) <= 4);
    }
}

/// S3-157: a weekend and a holiday put the end off, and the time of day stays.
#[test]
fn a_weekend_and_easter_monday_do_not_count() {
    let year = Year::new("Europe/Paris", &WEEK[5..], &[], &[], &[1]);
    let end = |start: &str, count| {
        let zone = year.calendar.zone();
        let start = zone
            .to_timestamp(start.parse().expect("a time"))
            .expect("an instant");
        let end = working_days(count).after(start, &year.calendar);
        zone.to_datetime(end).to_string()
    };
    // Good Friday of 2026; Easter Monday is 6 April.
    assert_eq!(end("2026-04-03T10:00", 1), "2026-04-07T10:00:00");
    assert_eq!(end("2026-04-03T10:00", 2), "2026-04-08T10:00:00");
    assert_eq!(end("2026-04-04T23:30", 1), "2026-04-07T23:30:00");
    assert_eq!(end("2026-04-07T10:00", 3), "2026-04-10T10:00:00");
}
