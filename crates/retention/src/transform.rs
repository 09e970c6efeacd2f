//! How a value is reduced so that it tells less (S2-17). Pure: the same at collection and later.

use std::net::IpAddr;

use consentry_policy::{DateBucket, Method};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

/// What a reduced value has to be, because its column holds nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// Any text.
    Text,
    /// A day: what a method cuts off becomes the first of January, or the year 2000.
    Date,
    /// A whole number.
    Number,
}

/// A year with a 29 February, for days whose year is cut off.
const NO_YEAR: i16 = 2000;

/// Marks a random token, so that it is not drawn again.
pub(crate) const TOKEN: &str = "anonymous-";

/// Reduces a value. What a method cannot read is dropped: nothing stays by mistake.
///
/// `random` is the row's own random text, for [`Method::RandomToken`]. A reduced value stays as it
/// is: `reduce(reduce(v)) == reduce(v)`.
pub fn reduce(method: &Method, value: &str, shape: Shape, random: &str) -> Option<String> {
    let value = value.trim();
    match method {
        Method::Constant(text) => Some(text.clone()),
        Method::MonthAndDay => month_and_day(value, shape),
        Method::Year if is_digits(value, 4) && shape == Shape::Text => Some(value.to_owned()),
        Method::Year => day(value).and_then(|day| match shape {
            Shape::Date => first(day.year(), 1),
            _ => Some(format!("{:04}", day.year())),
        }),
        Method::DateBucket(span) => day(value).and_then(|day| match span {
            DateBucket::Month => first(day.year(), day.month()),
            DateBucket::Quarter => first(day.year(), (day.month() - 1) / 3 * 3 + 1),
            DateBucket::Year => first(day.year(), 1),
        }),
        Method::Bucket(size) => bucket(value, i64::from(*size)),
        Method::NetworkPrefix => network_prefix(value),
        Method::Initials => initials(value),
        Method::Domain => domain(value),
        Method::Country => country(value),
        Method::RandomToken if value.starts_with(TOKEN) => Some(value.to_owned()),
        Method::RandomToken => Some(format!("{TOKEN}{random}")),
        // `drop`, and what a later grammar may add: nothing is left.
        _ => None,
    }
}

fn is_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn day(text: &str) -> Option<Date> {
    let date = text.parse().ok();
    let date = date.or_else(|| text.parse().ok().map(DateTime::date));
    // A time in UTC: its day as it is written.
    date.or_else(|| {
        let at: Option<Timestamp> = text.parse().ok();
        at.and_then(|_| text.get(..10)?.parse().ok())
    })
}

fn first(year: i16, month: i8) -> Option<String> {
    Some(Date::new(year, month, 1).ok()?.to_string())
}

fn month_and_day(text: &str, shape: Shape) -> Option<String> {
    // Without a year already, or with one.
    let day = match text.len() {
        5 => day(&format!("{NO_YEAR}-{text}")),
        _ => day(text),
    }?;
    match shape {
        Shape::Date => Some(format!("{NO_YEAR}-{:02}-{:02}", day.month(), day.day())),
        _ => Some(format!("{:02}-{:02}", day.month(), day.day())),
    }
}

/// The next lower multiple of the whole part.
fn bucket(text: &str, size: i64) -> Option<String> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let number: i64 = whole.parse().ok()?;
    let cut_off = rest.bytes().any(|byte| byte != b'0');
    // -0.5 lies below zero although its whole part does not.
    let below = i64::from(text.starts_with('-') && cut_off);
    if number % size == 0 && !cut_off {
        return Some(text.to_owned());
    }
    let number = number.checked_sub(below)?;
    number
        .checked_sub(number.rem_euclid(size))
        .map(|lower| lower.to_string())
}

fn network_prefix(text: &str) -> Option<String> {
    // PostgreSQL writes the length of a network behind its address.
    let address = text.split_once('/').map_or(text, |(address, _)| address);
    match address.parse().ok()? {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            Some(format!("{a}.{b}.{c}.0/24"))
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            let network = std::net::Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0);
            Some(format!("{network}/48"))
        }
    }
}

fn initials(text: &str) -> Option<String> {
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, '-' | '.' | '\''));
    let letters = words.filter_map(|word| word.chars().next());
    let mut initials = String::new();
    for letter in letters {
        initials.extend(letter.to_uppercase().take(1));
        initials.push('.');
    }
    (!initials.is_empty()).then_some(initials)
}

fn domain(text: &str) -> Option<String> {
    let domain = text.rsplit_once('@').map_or(text, |(_, domain)| domain);
    let is_domain = domain.contains('.') && !domain.contains(' ');
    is_domain.then(|| domain.to_lowercase())
}

fn country(text: &str) -> Option<String> {
    let last = text.rsplit_once(',').map_or(text, |(_, last)| last).trim();
    // A postcode or a house number is no part of a country's name.
    let is_name = !last.is_empty() && !last.contains(|c: char| c.is_ascii_digit());
    is_name.then(|| last.to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(method: &str, value: &str) -> Option<String> {
        reduce(&method.parse().unwrap(), value, Shape::Text, "x1y2")
    }

    /// S2-17.
    #[test]
    fn each_method_leaves_what_it_says() {
        for (method, value, left) in [
            ("constant(erased)", "Anna", Some("erased")),
            ("month-and-day", "1980-03-14", Some("03-14")),
            ("year", "1980-03-14", Some("1980")),
            ("year", "1980-03-14T10:00:00", Some("1980")),
            ("date-bucket(month)", "1980-03-14", Some("1980-03-01")),
            (
                "date-bucket(month)",
                "1980-03-14T10:00:00Z",
                Some("1980-03-01"),
            ),
            ("year", "1980-03-14T10:00:00.5Z", Some("1980")),
            ("date-bucket(quarter)", "1980-12-14", Some("1980-10-01")),
            ("date-bucket(year)", "1980-03-14", Some("1980-01-01")),
            ("bucket(10)", "47", Some("40")),
            ("bucket(10)", "-3.5", Some("-10")),
            ("bucket(10)", "40.00", Some("40.00")),
            ("network-prefix", "203.0.113.77", Some("203.0.113.0/24")),
            ("network-prefix", "2001:db8:1:2::3", Some("2001:db8:1::/48")),
            ("initials", "Anna-Lena von Berg", Some("A.L.V.B.")),
            ("domain", "Anna@Example.org", Some("example.org")),
            ("country", "1 rue X, 75001 Paris, France", Some("France")),
            ("random-token", "anna", Some("anonymous-x1y2")),
            ("drop", "Anna", None),
        ] {
            assert_eq!(text(method, value).as_deref(), left, "{method} of {value}");
        }
    }

    /// S2-17: nothing stays by mistake.
    #[test]
    fn what_a_method_cannot_read_is_dropped() {
        for (method, value) in [
            ("month-and-day", "spring"),
            ("year", "around 1980"),
            ("bucket(10)", "about forty"),
            ("network-prefix", "host.example.org"),
            ("domain", "anna"),
            ("country", "12 Long Street"),
            ("initials", " - "),
        ] {
            assert_eq!(text(method, value), None, "{method} of {value}");
        }
    }

    /// S2-10: a column for days keeps a day that tells as little.
    #[test]
    fn a_column_of_days_keeps_a_day() {
        let date = |method: &str| {
            let method: Method = method.parse().unwrap();
            reduce(&method, "1983-02-28", Shape::Date, "").unwrap()
        };
        assert_eq!(date("month-and-day"), "2000-02-28");
        assert_eq!(date("year"), "1983-01-01");
    }

    proptest! {
        /// The engine knows by the value that a row is done.
        #[test]
        fn what_is_reduced_stays_as_it_is(
            value in "[ -~äÉß]{0,24}|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9.:a-f]{3,15}|-?[0-9]{1,5}(\\.[0-9]{1,2})?",
            method in prop::sample::select(vec![
                "drop", "constant(x)", "month-and-day", "year", "date-bucket(quarter)", "bucket(7)",
                "network-prefix", "initials", "domain", "country", "random-token",
            ]),
            shape in prop::sample::select(vec![Shape::Text, Shape::Date]),
        ) {
            let method: Method = method.parse().unwrap();
            if let Some(once) = reduce(&method, &value, shape, "a") {
                prop_assert_eq!(reduce(&method, &once, shape, "b"), Some(once));
            }
        }
    }
}
