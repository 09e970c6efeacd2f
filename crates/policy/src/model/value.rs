//! Values with a syntax of their own.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use thiserror::Error;
use toml::de::DeValue;

use crate::Period;
use crate::read::{Refusal, single};

/// A text is not what the key asks for.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("expected {0}")]
pub struct ValueError(&'static str);

/// Money with its cents (S0-02, S1-04).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Money {
    /// In hundredths of the currency's unit.
    pub hundredths: u64,
    /// Whether the cents are shown.
    pub shows_cents: bool,
    /// ISO 4217 code, such as `EUR`.
    pub currency: String,
}

const MONEY: ValueError = ValueError("an amount and a currency, such as `75000 EUR` or `0.50 EUR`");

impl FromStr for Money {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let (amount, currency) = text.split_once(' ').ok_or(MONEY)?;
        let is_code = currency.len() == 3 && currency.bytes().all(|b| b.is_ascii_uppercase());
        let (units, cents) = amount
            .split_once('.')
            .map_or((amount, None), |(units, cents)| (units, Some(cents)));
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let well_formed = is_code
            && !units.is_empty()
            && digits(units)
            && cents.is_none_or(|cents| cents.len() == 2 && digits(cents));
        if !well_formed {
            return Err(MONEY);
        }
        let units: u64 = units.parse().map_err(|_| MONEY)?;
        let rest: u64 = cents.unwrap_or("0").parse().map_err(|_| MONEY)?;
        let hundredths = units
            .checked_mul(100)
            .and_then(|units| units.checked_add(rest))
            .ok_or(MONEY)?;
        Ok(Self {
            hundredths,
            shows_cents: cents.is_some(),
            currency: currency.to_owned(),
        })
    }
}

/// A day of every year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Day {
    /// From 1.
    pub month: i8,
    /// From 1; 29 February is the last of February in other years.
    pub day: i8,
}

impl Day {
    /// That day in a year.
    pub fn in_year(self, year: i16) -> Option<Date> {
        let first = Date::new(year, self.month, 1).ok()?;
        Date::new(year, self.month, self.day.min(first.days_in_month())).ok()
    }
}

const DAY: ValueError = ValueError("a month and a day, such as `12-31`");

impl FromStr for Day {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        // A leap year, so that 29 February is one.
        let date: Date = format!("2024-{text}").parse().map_err(|_| DAY)?;
        if text.len() == 5 {
            Ok(Self {
                month: date.month(),
                day: date.day(),
            })
        } else {
            Err(DAY)
        }
    }
}

/// A day off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Holiday {
    /// Once.
    Once(Date),
    /// Every year.
    Yearly(Day),
    /// So many days after Easter Sunday (before it, when negative).
    Easter(i16),
}

const HOLIDAY: ValueError =
    ValueError("a day such as `12-25`, `2026-12-24`, `easter`, `easter+1` or `easter-2`");

impl FromStr for Holiday {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        if let Some(offset) = text.strip_prefix("easter") {
            if offset.is_empty() {
                return Ok(Self::Easter(0));
            }
            let signed = offset.starts_with(['+', '-']);
            let offset: i16 = offset.parse().map_err(|_| HOLIDAY)?;
            return if signed && (-100..=100).contains(&offset) {
                Ok(Self::Easter(offset))
            } else {
                Err(HOLIDAY)
            };
        }
        if text.len() == 5 {
            return text.parse().map(Self::Yearly).map_err(|_| HOLIDAY);
        }
        match text.parse() {
            Ok(date) if text.len() == 10 => Ok(Self::Once(date)),
            _ => Err(HOLIDAY),
        }
    }
}

/// How long something lies on a terminal (S1-123).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lifetime {
    /// Until the browser is closed.
    Session,
    /// For a period.
    Period(Period),
}

impl FromStr for Lifetime {
    type Err = crate::PeriodError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "session" {
            Ok(Self::Session)
        } else {
            text.parse().map(Self::Period)
        }
    }
}

/// The name of a table or a column, as the database has it; `schema.table` names a schema too.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SqlName(Box<str>);

impl SqlName {
    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SqlName {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        // PostgreSQL cuts longer names off, and then means another column.
        let fits = |part: &str| (1..=63).contains(&part.len());
        let parts = text.split('.').count();
        if parts <= 2 && text.split('.').all(fits) && !text.contains(char::is_control) {
            Ok(Self(text.into()))
        } else {
            Err(ValueError(
                "the name of a table or a column: 1 to 63 bytes, with one dot after a schema",
            ))
        }
    }
}

impl fmt::Display for SqlName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The number of a promise, such as `S0-32`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PromiseId(Box<str>);

impl PromiseId {
    /// The number as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PromiseId {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let number =
            |text: &str| (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        match text.strip_prefix('S').and_then(|rest| rest.split_once('-')) {
            Some((notice, row)) if number(notice) && number(row) => Ok(Self(text.into())),
            _ => Err(ValueError("the number of a promise, such as `S0-32`")),
        }
    }
}

impl fmt::Display for PromiseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a value is reduced so that it tells less (S2-17).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// `drop`: nothing is left.
    Drop,
    /// `constant(…)`: this text, the same for everybody.
    Constant(String),
    /// `month-and-day`: a date without its year.
    MonthAndDay,
    /// `year`: a date's year.
    Year,
    /// `date-bucket(month)`: the first day of the month, quarter or year.
    DateBucket(DateBucket),
    /// `bucket(10)`: the next lower multiple.
    Bucket(u32),
    /// `network-prefix`: an IPv4 /24, an IPv6 /48.
    NetworkPrefix,
    /// `initials`: the first letter of each word.
    Initials,
    /// `domain`: what stands behind the at sign of an address.
    Domain,
    /// `country`: the last element of a postal address that is comma separated.
    Country,
    /// `random-token`: a random text, another one for each row.
    RandomToken,
}

/// The span that a date is reduced to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DateBucket {
    /// A month.
    Month,
    /// Three months.
    Quarter,
    /// A year.
    Year,
}

const METHOD: ValueError = ValueError(
    "a method: `drop`, `constant(text)`, `month-and-day`, `year`, `date-bucket(month)`, \
     `bucket(10)`, `network-prefix`, `initials`, `domain`, `country` or `random-token`",
);

impl FromStr for Method {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let (name, argument) = match text.split_once('(') {
            Some((name, rest)) => (name, Some(rest.strip_suffix(')').ok_or(METHOD)?)),
            None => (text, None),
        };
        Ok(match (name, argument) {
            ("drop", None) => Self::Drop,
            ("constant", Some(text)) => Self::Constant(text.to_owned()),
            ("month-and-day", None) => Self::MonthAndDay,
            ("year", None) => Self::Year,
            ("date-bucket", Some("month")) => Self::DateBucket(DateBucket::Month),
            ("date-bucket", Some("quarter")) => Self::DateBucket(DateBucket::Quarter),
            ("date-bucket", Some("year")) => Self::DateBucket(DateBucket::Year),
            ("bucket", Some(size)) => match size.parse() {
                Ok(size @ 1..) => Self::Bucket(size),
                _ => return Err(METHOD),
            },
            ("network-prefix", None) => Self::NetworkPrefix,
            ("initials", None) => Self::Initials,
            ("domain", None) => Self::Domain,
            ("country", None) => Self::Country,
            ("random-token", None) => Self::RandomToken,
            _ => return Err(METHOD),
        })
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Drop => f.write_str("drop"),
            Self::Constant(text) => write!(f, "constant({text})"),
            Self::MonthAndDay => f.write_str("month-and-day"),
            Self::Year => f.write_str("year"),
            Self::DateBucket(DateBucket::Month) => f.write_str("date-bucket(month)"),
            Self::DateBucket(DateBucket::Quarter) => f.write_str("date-bucket(quarter)"),
            Self::DateBucket(DateBucket::Year) => f.write_str("date-bucket(year)"),
            Self::Bucket(size) => write!(f, "bucket({size})"),
            Self::NetworkPrefix => f.write_str("network-prefix"),
            Self::Initials => f.write_str("initials"),
            Self::Domain => f.write_str("domain"),
            Self::Country => f.write_str("country"),
            Self::RandomToken => f.write_str("random-token"),
        }
    }
}

/// A value of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// A text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// True or false.
    Flag(bool),
}

/// What a column holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Nothing: `{ null = true }`.
    Null,
    /// Something: `{ null = false }`.
    NotNull,
    /// One of these: `"open"` or `["open", "active"]`.
    In(Vec<Literal>),
    /// None of these, and not nothing: `{ not = "open" }`.
    NotIn(Vec<Literal>),
}

impl Condition {
    pub(crate) fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        let DeValue::Table(table) = value else {
            return Ok(Self::In(literals(value)?));
        };
        match single(table, &["null", "not"])? {
            ("null", DeValue::Boolean(true)) => Ok(Self::Null),
            ("null", DeValue::Boolean(false)) => Ok(Self::NotNull),
            ("null", _) => Err("expected `null = true` or `null = false`".into()),
            (_, value) => Ok(Self::NotIn(literals(value)?)),
        }
    }
}

fn literals(value: &DeValue<'_>) -> Result<Vec<Literal>, Refusal> {
    match value {
        DeValue::Array(items) if items.is_empty() => Err("the list is empty".into()),
        DeValue::Array(items) => items.iter().map(|item| literal(item.get_ref())).collect(),
        value => Ok(vec![literal(value)?]),
    }
}

fn literal(value: &DeValue<'_>) -> Result<Literal, Refusal> {
    match value {
        DeValue::String(text) => Ok(Literal::Text(text.to_string())),
        DeValue::Boolean(flag) => Ok(Literal::Flag(*flag)),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map(Literal::Integer)
            .map_err(|_| "the number is too large".into()),
        _ => Err("expected a text, a whole number, `true` or `false`".into()),
    }
}
