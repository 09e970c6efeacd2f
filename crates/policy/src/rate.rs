//! How many of something are accepted in a unit of time.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;

/// A limit such as `60/minute`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many are accepted, at least 1.
    pub count: u32,
    /// In which time: a second, a minute or an hour.
    pub per: Duration,
}

/// A text is not a rate.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("expected a rate such as `10/second`, `60/minute` or `500/hour`")]
pub struct RateError;

const UNITS: [(&str, Duration); 3] = [
    ("second", Duration::from_secs(1)),
    ("minute", Duration::from_mins(1)),
    ("hour", Duration::from_hours(1)),
];

impl Rate {
    /// Reads a rate that may be switched `off`, as the policy and the environment write it.
    pub fn or_off(text: &str) -> Result<Option<Self>, RateError> {
        if text == "off" {
            Ok(None)
        } else {
            text.parse().map(Some)
        }
    }
}

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let (count, unit) = text.split_once('/').ok_or(RateError)?;
        let (_, per) = UNITS
            .into_iter()
            .find(|(name, _)| *name == unit)
            .ok_or(RateError)?;
        let is_number = count.bytes().all(|byte| byte.is_ascii_digit());
        match count.parse() {
            Ok(count) if is_number && count > 0 => Ok(Self { count, per }),
            _ => Err(RateError),
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = UNITS.into_iter().find(|(_, per)| *per == self.per);
        match unit {
            Some((unit, _)) => write!(f, "{}/{unit}", self.count),
            None => write!(f, "{}/{:?}", self.count, self.per),
        }
    }
}
