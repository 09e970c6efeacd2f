//! Calendar periods: hand-checked dates, and laws that hold for every period, zone and instant.

use consentry_policy::{Calendar, Period, PeriodError, PeriodUnit};
use jiff::civil::DateTime;
use jiff::tz::TimeZoneDatabase;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

fn period(text: &str) -> Period {
    text.parse().expect("a period")
}

fn zone(name: &str) -> Calendar {
    let zone = TimeZoneDatabase::bundled().get(name).expect("a zone");
    zone.into()
}

fn instant(local: &str, calendar: &Calendar) -> Timestamp {
    let local: DateTime = local.parse().expect("a local time");
    let zone = calendar.zone();
    zone.to_timestamp(local).expect("an instant")
}

/// `start` plus the period, both as local times of Paris.
fn in_paris(start: &str, text: &str) -> String {
    let paris = zone("Europe/Paris");
    let end = period(text).after(instant(start, &paris), &paris);
    paris.zone().to_datetime(end).to_string()
}

/// S0-90: 31 August and 6 months is the last day of February.
#[test]
fn months_end_on_the_last_day_of_a_shorter_month() {
    assert_eq!(
        in_paris("2023-08-31T10:00", "6 months"),
        "2024-02-29T10:00:00"
    );
    assert_eq!(
        in_paris("2025-08-31T10:00", "6 months"),
        "2026-02-28T10:00:00"
    );
    assert_eq!(
        in_paris("2026-01-31T23:59", "1 month"),
        "2026-02-28T23:59:00"
    );
    assert_eq!(
        in_paris("2026-05-31T08:15", "1 month"),
        "2026-06-30T08:15:00"
    );
}

/// S0-32: 12 months is one calendar year, whatever its number of days.
#[test]
fn twelve_months_is_a_calendar_year_and_not_365_days() {
    assert_eq!(
        in_paris("2024-02-29T10:00", "12 months"),
        "2025-02-28T10:00:00"
    );
    assert_eq!(
        in_paris("2024-02-29T10:00", "4 years"),
        "2028-02-29T10:00:00"
    );
    assert_eq!(
        in_paris("2023-11-22T10:00", "12 months"),
        "2024-11-22T10:00:00"
    );
    assert_eq!(
        in_paris("2023-11-22T10:00", "365 days"),
        "2024-11-21T10:00:00"
    );
    assert_eq!(
        in_paris("2023-11-22T10:00", "1 year"),
        "2024-11-22T10:00:00"
    );
}

/// S0-63: the purge of D+30 keeps the time of day across a change of clocks.
#[test]
fn days_keep_the_time_of_day_when_clocks_change() {
    assert_eq!(
        in_paris("2026-03-01T10:00", "30 days"),
        "2026-03-31T10:00:00"
    );
    assert_eq!(
        in_paris("2026-10-01T10:00", "30 days"),
        "2026-10-31T10:00:00"
    );
    assert_eq!(
        in_paris("2026-10-20T10:00", "1 week"),
        "2026-10-27T10:00:00"
    );
}

#[test]
fn minutes_and_hours_are_elapsed_time() {
    let paris = zone("Europe/Paris");
    for start in ["2026-03-29T01:30", "2026-10-25T01:30"] {
        let start = instant(start, &paris);
        let end = period("2 hours").after(start, &paris);
        assert_eq!(end.duration_since(start), SignedDuration::from_hours(2));
        assert_eq!(period("120 minutes").after(start, &paris), end);
    }
}

#[test]
fn an_end_that_clocks_skip_is_as_much_later_as_they_skip() {
    assert_eq!(in_paris("2026-03-28T02:30", "1 day"), "2026-03-29T03:30:00");
}

#[test]
fn an_end_that_clocks_show_twice_is_the_first_of_the_two() {
    let paris = zone("Europe/Paris");
    let end = period("1 day").after(instant("2026-10-24T02:30", &paris), &paris);
    assert_eq!(end.to_string(), "2026-10-25T00:30:00Z");
}

#[test]
fn the_zone_decides_on_which_day_a_period_ends() {
    let start: Timestamp = "2026-02-28T23:30:00Z".parse().expect("an instant");
    let end = |zone: &str| {
        period("1 month")
            .after(start, &self::zone(zone))
            .to_string()
    };
    assert_eq!(end("UTC"), "2026-03-28T23:30:00Z");
    // In Paris it is 1 March, half past midnight.
    assert_eq!(end("Europe/Paris"), "2026-03-31T22:30:00Z");
}

/// The time of day is kept, and a query still finds every one of them on the day.
#[test]
fn days_that_run_together_at_a_month_end_keep_their_time_of_day() {
    let paris = zone("Europe/Paris");
    let evening = instant("2024-02-29T23:00", &paris);
    for start in ["2023-08-29T23:00", "2023-08-30T23:00", "2023-08-31T01:00"] {
        let end = in_paris(start, "6 months");
        assert_eq!(end, format!("2024-02-29{}:00", &start[10..]));
        assert!(instant(start, &paris) <= period("6 months").cutoff(evening, &paris));
    }
}

#[test]
fn a_period_that_ends_beyond_the_calendar_never_ends() {
    for text in ["1 minute", "1 day", "1000 years"] {
        let (period, utc) = (period(text), Calendar::default());
        assert_eq!(period.after(Timestamp::MAX, &utc), Timestamp::MAX, "{text}");
        assert_eq!(
            period.cutoff(Timestamp::MIN, &utc),
            Timestamp::MIN,
            "{text}"
        );
    }
}

#[test]
fn periods_are_read_and_written_as_a_number_and_a_unit() {
    for text in [
        "1 minute",
        "24 hours",
        "30 days",
        "1 working day",
        "10 working days",
        "1 week",
        "12 months",
        "3 years",
    ] {
        assert_eq!(period(text).to_string(), text);
    }
    assert_eq!(period("1 months").to_string(), "1 month");
    assert_eq!(period("30 days").amount(), 30);
    assert_eq!(period("30 days").unit(), PeriodUnit::Days);
    assert_eq!("0 days".parse::<Period>(), Err(PeriodError::Zero));
    for text in ["1001 years", "12001 months", "4294967295 minutes"] {
        assert_eq!(text.parse::<Period>(), Err(PeriodError::TooLong), "{text}");
    }
    for text in [
        "",
        "30",
        "days",
        "30days",
        "30  days",
        "-1 days",
        "+1 days",
        "1.5 days",
        "1 fortnight",
        "4294967296 days",
        " 1 day",
        "1 day ",
    ] {
        assert_eq!(
            text.parse::<Period>(),
            Err(PeriodError::Malformed),
            "{text:?}"
        );
    }
}

/// Zones with half-hour changes, changes at midnight, a skipped day and no change at all.
const ZONES: [&str; 8] = [
    "Europe/Paris",
    "America/New_York",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Asia/Beirut",
    "Pacific/Apia",
    "Asia/Kathmandu",
    "UTC",
];

fn zones() -> impl Strategy<Value = Calendar> {
    proptest::sample::select(&ZONES[..]).prop_map(zone)
}

fn periods() -> impl Strategy<Value = Period> {
    (
        1_u32..40,
        proptest::sample::select(vec!["minutes", "hours", "days", "weeks", "months", "years"]),
    )
        .prop_map(|(amount, unit)| period(&format!("{amount} {unit}")))
}

/// Instants of 1990 to 2040; every second one close to a change of clocks or a month's end.
fn instants(calendar: Calendar) -> impl Strategy<Value = Timestamp> {
    const FROM: i64 = 631_152_000;
    const TO: i64 = 2_208_988_800;
    let near = move |(second, offset): (i64, i64), at_change: bool| {
        let start = Timestamp::from_second(second).expect("in range");
        let landmark = if at_change {
            calendar
                .zone()
                .following(start)
                .next()
                .map(|change| change.timestamp())
        } else {
            let month = calendar.zone().to_datetime(start).date().last_of_month();
            calendar.zone().to_timestamp(month.at(12, 0, 0, 0)).ok()
        };
        landmark
            .and_then(|landmark| landmark.checked_add(SignedDuration::from_secs(offset)).ok())
            .unwrap_or(start)
    };
    let near_month_end = near.clone();
    prop_oneof![
        2 => (FROM..TO).prop_map(|second| Timestamp::from_second(second).expect("in range")),
        1 => (FROM..TO, -10_000_i64..10_000).prop_map(move |input| near(input, true)),
        1 => (FROM..TO, -200_000_i64..200_000).prop_map(move |input| near_month_end(input, false)),
    ]
}

fn cases() -> impl Strategy<Value = (Calendar, Period, Timestamp, Timestamp)> {
    (zones(), periods()).prop_flat_map(|(zone, period)| {
        let instants = || instants(zone.clone());
        (Just(zone.clone()), Just(period), instants(), instants())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// The query of a job misses nobody whose period is over.
    #[test]
    fn nobody_whose_period_is_over_began_after_the_cutoff(
        (zone, period, start, now) in cases(),
        offset in -400_000_i64..400_000,
    ) {
        let cutoff = period.cutoff(now, &zone);
        for start in [start, cutoff + SignedDuration::from_secs(offset)] {
            if period.after(start, &zone) <= now {
                prop_assert!(start <= cutoff, "{} > {}", start, cutoff);
            }
        }
        // And right at the end of a period that began at `start`.
        let end = period.after(start, &zone);
        prop_assert!(start <= period.cutoff(end, &zone));
    }

    /// And it does not drag in more than the days around a month's end.
    #[test]
    fn what_began_five_days_before_the_cutoff_is_over((zone, period, _, now) in cases()) {
        let days = SignedDuration::from_hours(5 * 24);
        let start = period.cutoff(now, &zone) - days;
        prop_assert!(period.after(start, &zone) <= now);
        prop_assert!(period.after(start, &zone) > start);
    }

    /// What counts as overdue is overdue, and is found out about within a week.
    #[test]
    fn whoever_began_before_the_sure_cutoff_is_over(
        (zone, period, start, now) in cases(),
        before in 0_i64..40_000_000,
    ) {
        let sure = period.sure_cutoff(now, &zone);
        for start in [sure, sure - SignedDuration::from_secs(before), start] {
            prop_assert!(start > sure || period.after(start, &zone) <= now);
        }
        prop_assert!(sure <= period.cutoff(now, &zone));
        prop_assert!(period.cutoff(now, &zone) - SignedDuration::from_hours(7 * 24) <= sure);
    }

    #[test]
    fn a_written_period_reads_back(period in periods()) {
        prop_assert_eq!(period.to_string().parse(), Ok(period));
    }
}
