//! The days of a simulation, each with the instant of its pass.

use consentry_policy::Policy;
use jiff::Timestamp;
use jiff::civil::Date;

/// Day after day, at the policy's `engine.daily_at` on the clock of its zone.
#[derive(Debug)]
pub(crate) struct Passes(Vec<(Date, Timestamp)>);

impl Passes {
    pub(crate) fn new(policy: &Policy, from: Date, until: Date) -> Self {
        let zone = policy.calendar.zone();
        let days = from.series(jiff::Span::new().days(1));
        let days = days.take_while(|day| *day < until);
        // A time of day that clocks skip comes after it, one that they repeat comes once.
        let at = |day: Date| {
            let zoned = day.to_datetime(policy.engine.daily_at);
            Some((day, zoned.to_zoned(zone.clone()).ok()?.timestamp()))
        };
        Self(days.filter_map(at).collect())
    }

    /// The day of a pass.
    pub(crate) fn day(&self, place: usize) -> Date {
        self.0.get(place).map_or(Date::MAX, |(day, _)| *day)
    }

    /// The instant of a pass.
    pub(crate) fn at(&self, place: usize) -> Timestamp {
        self.0.get(place).map_or(Timestamp::MAX, |(_, at)| *at)
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, Date, Timestamp)> {
        let days = self.0.iter().enumerate();
        days.map(|(place, (day, at))| (place, *day, *at))
    }

    /// The instant of the first pass.
    pub(crate) fn first(&self) -> Timestamp {
        self.0.first().map_or(Timestamp::MIN, |(_, at)| *at)
    }

    /// The instant of the pass before the first, more or less: what was due then is done.
    pub(crate) fn past(&self) -> Timestamp {
        let day = jiff::SignedDuration::from_hours(24);
        self.first().checked_sub(day).unwrap_or(Timestamp::MIN)
    }

    /// The instant of the last pass.
    pub(crate) fn last(&self) -> Timestamp {
        self.0.last().map_or(Timestamp::MIN, |(_, at)| *at)
    }

    /// The first pass that an instant lies at or before; none when it lies behind them all.
    pub(crate) fn first_from(&self, instant: Timestamp) -> Option<usize> {
        let place = self.0.partition_point(|(_, at)| *at < instant);
        (place < self.0.len()).then_some(place)
    }
}
