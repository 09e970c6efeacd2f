//! Values of generated rows, as the simulation knows them: apart from any database.

use consentry_policy::{Calendar, Condition, Literal, TimeFormat};
use jiff::Timestamp;
use jiff::civil::{Date, Time};

/// What a column holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Integer(i64),
    Flag(bool),
    Text(String),
    /// A point in time, and how it is written. Of a day it is the beginning.
    Moment(Timestamp, TimeFormat),
    /// A random token: what it says cannot be foreseen.
    Token,
}

impl Value {
    /// A moment as a column of that format tells it.
    pub(crate) fn moment(at: Timestamp, format: TimeFormat, calendar: &Calendar) -> Self {
        let at = match format {
            TimeFormat::Date => midnight(calendar.zone().to_datetime(at).date(), calendar),
            _ => at,
        };
        Self::Moment(at, format)
    }

    /// What a text is to whoever reads it as time.
    pub(crate) fn of_text(text: String, calendar: &Calendar) -> Self {
        match text.parse() {
            Ok(day) => Self::Moment(midnight(day, calendar), TimeFormat::Date),
            Err(_) => Self::Text(text),
        }
    }

    /// The time that it tells.
    pub(crate) fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Moment(at, _) => Some(*at),
            _ => None,
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        *self == Self::Null
    }

    pub(crate) fn meets(&self, condition: &Condition) -> bool {
        let is = |literal: &Literal| match (self, literal) {
            (Self::Text(text), Literal::Text(named)) => text == named,
            (Self::Integer(number), Literal::Integer(named)) => number == named,
            (Self::Flag(flag), Literal::Flag(named)) => flag == named,
            _ => false,
        };
        match condition {
            Condition::Null => self.is_null(),
            Condition::NotNull => !self.is_null(),
            Condition::In(values) => values.iter().any(is),
            Condition::NotIn(values) => !self.is_null() && !values.iter().any(is),
        }
    }

    /// As SQLite casts it to text; nothing for NULL.
    pub(crate) fn text(&self, calendar: &Calendar) -> Option<String> {
        Some(match self {
            Self::Null => return None,
            Self::Integer(number) => number.to_string(),
            Self::Flag(flag) => u8::from(*flag).to_string(),
            Self::Text(text) => text.clone(),
            Self::Token => TOKEN.to_owned(),
            Self::Moment(at, format) => match format {
                TimeFormat::Date => calendar.zone().to_datetime(*at).date().to_string(),
                TimeFormat::Seconds => at.as_second().to_string(),
                TimeFormat::Milliseconds => at.as_millisecond().to_string(),
                TimeFormat::Microseconds => at.as_microsecond().to_string(),
                _ => at.to_string(),
            },
        })
    }

    /// As a statement writes it.
    pub(crate) fn sql(&self, calendar: &Calendar) -> String {
        let is_text = match self {
            Self::Text(_) | Self::Token => true,
            Self::Moment(_, format) => matches!(format, TimeFormat::Timestamp | TimeFormat::Date),
            _ => false,
        };
        match self.text(calendar) {
            None => "NULL".to_owned(),
            Some(text) if is_text => format!("'{}'", text.replace('\'', "''")),
            Some(number) => number,
        }
    }
}

/// What the engine's random tokens begin with.
pub(crate) const TOKEN: &str = "anonymous-";

/// When a day begins.
pub(crate) fn midnight(day: Date, calendar: &Calendar) -> Timestamp {
    day.to_datetime(Time::midnight())
        .to_zoned(calendar.zone().clone())
        .map_or(Timestamp::MAX, |start| start.timestamp())
}
