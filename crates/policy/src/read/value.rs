//! Single values of the policy file.

use std::fmt::Display;
use std::str::FromStr;

use consentry_address::{EmailAddress, ascii_domain};
use jiff::civil::{Date, Time};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use toml::de::{DeTable, DeValue};

use super::words::{article, closest, suggest};
use crate::grammar::{JsonType, Shape, ValueShape};
use crate::{
    Condition, Country, Day, Holiday, Language, LegalBasis, Lifetime, Method, Money, Period,
    PromiseId, Rate, SqlName,
};

/// Why a value is not accepted, and how to mend it when an example is not enough.
pub(crate) struct Refusal {
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl<E: Display> From<E> for Refusal {
    fn from(message: E) -> Self {
        Self {
            message: message.to_string(),
            help: None,
        }
    }
}

/// One kind of value: how it is read, and an example to show where it is missing or wrong.
pub(crate) struct Kind<T> {
    /// As the documentation calls it.
    pub(crate) name: &'static str,
    pub(crate) example: &'static str,
    pub(crate) json: fn() -> JsonType,
    pub(crate) read: fn(&DeValue<'_>) -> Result<T, Refusal>,
}

impl<T> Kind<T> {
    pub(crate) fn shape(&self) -> Shape {
        Shape::Value(self.value_shape())
    }

    pub(crate) fn value_shape(&self) -> ValueShape {
        ValueShape {
            name: self.name,
            json: (self.json)(),
        }
    }
}

/// One of a few words.
pub(crate) trait Choice: Copy {
    /// What the choice is called.
    const NAME: &'static str;
    /// Its rustdoc.
    const DOC: &'static str;

    /// How each is written, and its rustdoc.
    fn words() -> Vec<(&'static str, &'static str)>;

    /// How the words are written.
    fn names() -> Vec<&'static str> {
        Self::words().into_iter().map(|(word, _)| word).collect()
    }

    /// The one that is written so.
    fn named(text: &str) -> Option<Self>;
}

/// One of a few words; the example is one of them, in quotes.
pub(crate) const fn choice<T: Choice>(example: &'static str) -> Kind<T> {
    Kind {
        name: T::NAME,
        example,
        json: || JsonType::OneOf {
            doc: T::DOC,
            words: T::words(),
        },
        read: |value| {
            let word = text(value)?;
            T::named(word).ok_or_else(|| Refusal {
                message: format!("`{word}` is not a possible value"),
                help: Some(suggest(word, &T::names())),
            })
        },
    }
}

/// A name made of lower-case letters, digits and hyphens; the example is in quotes.
pub(crate) const fn named<T>(example: &'static str) -> Kind<T>
where
    T: FromStr,
    T::Err: Display,
{
    Kind {
        name: "id",
        example,
        json: || JsonType::Pattern("^[a-z0-9-]{1,40}$"),
        read: parsed,
    }
}

pub(crate) const TEXT: Kind<String> = Kind {
    name: "text",
    example: "\"some words\"",
    json: || JsonType::Text,
    read: |value| text(value).map(str::to_owned),
};

pub(crate) const FLAG: Kind<bool> = Kind {
    name: "flag",
    example: "true",
    json: || JsonType::Boolean,
    read: |value| match value {
        DeValue::Boolean(flag) => Ok(*flag),
        other => Err(wrong_type("`true` or `false`", other)),
    },
};

pub(crate) const AMOUNT: Kind<u64> = Kind {
    name: "whole number",
    example: "75000",
    json: || JsonType::Integer(0, None),
    read: |value| match value {
        DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix())
            .map_err(|_| Refusal::from("expected a whole number that is not negative")),
        other => Err(wrong_type("a whole number", other)),
    },
};

pub(crate) const COUNT: Kind<u32> = Kind {
    name: "whole number",
    example: "5",
    json: || JsonType::Integer(1, Some(u64::from(u32::MAX))),
    read: |value| match whole(value)? {
        0 => Err("expected at least 1".into()),
        count => Ok(count),
    },
};

pub(crate) const PERCENT: Kind<u32> = Kind {
    name: "percent",
    example: "10",
    json: || JsonType::Integer(1, Some(100)),
    read: |value| match whole(value)? {
        share @ 1..=100 => Ok(share),
        _ => Err("expected a share from 1 to 100, in percent".into()),
    },
};

/// A version is part of a URL and of a file name.
pub(crate) const VERSION: Kind<String> = Kind {
    name: "version",
    example: "\"2026-11-01\"",
    json: || JsonType::Pattern("^[A-Za-z0-9._-]{1,40}$"),
    read: |value| {
        let version = text(value)?;
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        if version.len() <= 40 && version.bytes().all(allowed) {
            Ok(version.to_owned())
        } else {
            Err("expected at most 40 letters, digits, dots, hyphens and underscores".into())
        }
    },
};

pub(crate) const PERIOD: Kind<Period> = Kind {
    name: "period",
    example: "\"30 days\"",
    json: || JsonType::Pattern("^0*[1-9][0-9]* (minute|hour|day|working day|week|month|year)s?$"),
    read: parsed,
};

pub(crate) const LIMIT: Kind<Option<Rate>> = Kind {
    name: "limit",
    example: "\"60/minute\" or \"off\"",
    json: || JsonType::Pattern("^(off|0*[1-9][0-9]*/(second|minute|hour))$"),
    read: |value| Ok(Rate::or_off(text(value)?)?),
};

pub(crate) const RATE: Kind<Rate> = Kind {
    name: "rate",
    example: "\"60/hour\"",
    json: || JsonType::Pattern("^0*[1-9][0-9]*/(second|minute|hour)$"),
    read: parsed,
};

pub(crate) const LANGUAGE: Kind<Language> = Kind {
    name: "language",
    example: "\"en\"",
    json: || JsonType::OneOf {
        doc: "A language of pages and letters.",
        words: vec![("en", "English."), ("fr", "French.")],
    },
    read: |value| one_of(value, &Language::ALL.map(Language::as_str)),
};

pub(crate) const BASIS: Kind<LegalBasis> = Kind {
    name: "legal basis",
    example: "\"legitimate-interest\"",
    json: || JsonType::OneOf {
        doc: "Why a processing is lawful, and where the GDPR says so.",
        words: LegalBasis::ALL
            .map(|basis| (basis.as_str(), basis.article()))
            .to_vec(),
    },
    read: |value| one_of(value, &LegalBasis::ALL.map(LegalBasis::as_str)),
};

pub(crate) const ADDRESS: Kind<EmailAddress> = Kind {
    name: "address",
    example: "\"contact@company.example\"",
    json: || JsonType::Text,
    read: |value| Ok(EmailAddress::parse(text(value)?)?),
};

/// A sender's address: with an ASCII local part every relay takes it (RFC 6531 §3.2).
pub(crate) const SENDER: Kind<EmailAddress> = Kind {
    name: "sender",
    example: "\"news@company.example\"",
    json: || JsonType::Text,
    read: |value| {
        let address = EmailAddress::parse(text(value)?)?;
        if address.needs_smtputf8() {
            return Err("the part before the at sign must be ASCII in a sender's address".into());
        }
        Ok(address)
    },
};

pub(crate) const DOMAIN: Kind<String> = Kind {
    name: "domain",
    example: "\"company.example\"",
    json: || JsonType::Text,
    read: |value| Ok(ascii_domain(text(value)?)?),
};

pub(crate) const URL: Kind<String> = Kind {
    name: "URL",
    example: "\"https://company.example\"",
    json: || JsonType::Pattern("^https?://"),
    read: |value| {
        let url = text(value)?;
        let rest = url
            .strip_prefix("https://")
            .or_else(|| url.strip_prefix("http://"));
        let host = rest.and_then(|rest| rest.split(['/', '?', '#', ':']).next());
        let well_formed = host.is_some_and(|host| ascii_domain(host).is_ok())
            && !url.contains(|c: char| c.is_whitespace() || "\"<>\\^`{|}".contains(c));
        if well_formed {
            Ok(url.to_owned())
        } else {
            Err("expected a URL that begins with `https://` or `http://` and a host name".into())
        }
    },
};

pub(crate) const ZONE: Kind<TimeZone> = Kind {
    name: "time zone",
    example: "\"Europe/Paris\"",
    json: || JsonType::Text,
    read: |value| {
        let name = text(value)?;
        // The bundled database, so that a policy means the same on every machine.
        let zones = TimeZoneDatabase::bundled();
        zones.get(name).map_err(|_| {
            let names: Vec<String> = zones.available().map(|name| name.to_string()).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            Refusal {
                message: "no such time zone in the IANA database".to_owned(),
                help: closest(name, &names).map(|meant| format!("did you mean `{meant}`?")),
            }
        })
    },
};

/// Paragraphs: as many lines as it takes.
pub(crate) const PROSE: Kind<String> = Kind {
    name: "prose",
    example: "\"Some sentences.\"",
    json: || JsonType::Text,
    read: |value| {
        let DeValue::String(prose) = value else {
            return Err(wrong_type("a string", value));
        };
        let prose = prose.trim();
        if prose.is_empty() {
            return Err("the text is blank".into());
        }
        if prose.contains(|c: char| c.is_control() && c != '\n') {
            return Err("expected text without control characters".into());
        }
        Ok(prose.to_owned())
    },
};

/// Money with its cents: `"368029.68 EUR"`.
pub(crate) const MONEY: Kind<Money> = Kind {
    name: "money",
    example: "\"75000 EUR\"",
    json: || JsonType::Pattern(r"^[0-9]+(\.[0-9]{2})? [A-Z]{3}$"),
    read: parsed,
};

pub(crate) const COUNTRY: Kind<Country> = Kind {
    name: "country",
    example: "\"FR\"",
    json: || JsonType::Pattern("^[A-Z]{2}$"),
    read: parsed,
};

/// A day of the calendar; written as a TOML date or as text.
pub(crate) const DATE: Kind<Date> = Kind {
    name: "date",
    example: "\"2026-11-01\"",
    json: || JsonType::Pattern("^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
    read: |value| {
        let written = match value {
            DeValue::Datetime(date) => date.to_string(),
            value => text(value)?.to_owned(),
        };
        // A date with a time would be read, too.
        match written.parse() {
            Ok(date) if written.len() == 10 => Ok(date),
            _ => Err("expected a day of the calendar, such as `2026-11-01`".into()),
        }
    },
};

/// A time of day: `"03:00"`.
pub(crate) const TIME_OF_DAY: Kind<Time> = Kind {
    name: "time of day",
    example: "\"03:00\"",
    json: || JsonType::Pattern("^[0-2][0-9]:[0-5][0-9]$"),
    read: |value| {
        let text = text(value)?;
        match text.parse() {
            Ok(time) if text.len() == 5 && text.contains(':') => Ok(time),
            _ => Err("expected hours and minutes, such as `03:00`".into()),
        }
    },
};

/// A day of every year: `"12-31"`.
pub(crate) const DAY: Kind<Day> = Kind {
    name: "day",
    example: "\"12-31\"",
    json: || JsonType::Pattern("^[0-9]{2}-[0-9]{2}$"),
    read: parsed,
};

pub(crate) const HOLIDAY: Kind<Holiday> = Kind {
    name: "holiday",
    example: "\"12-25\" or \"easter+1\"",
    json: || JsonType::Pattern(r"^([0-9]{4}-)?[0-9]{2}-[0-9]{2}$|^easter([+-][0-9]{1,3})?$"),
    read: parsed,
};

/// How long something lies on a terminal: a period or `"session"`.
pub(crate) const LIFETIME: Kind<Lifetime> = Kind {
    name: "lifetime",
    example: "\"13 months\" or \"session\"",
    json: || {
        JsonType::Pattern(
            "^(session|0*[1-9][0-9]* (minute|hour|day|working day|week|month|year)s?)$",
        )
    },
    read: parsed,
};

/// The name of a table or a column; `schema.table` names a table of a schema.
pub(crate) const SQL_NAME: Kind<SqlName> = Kind {
    name: "SQL name",
    example: "\"clients\"",
    json: || JsonType::Text,
    read: parsed,
};

pub(crate) const METHOD: Kind<Method> = Kind {
    name: "method",
    example: "\"year\" or \"constant(removed)\"",
    json: || JsonType::Pattern(r"^[a-z-]+(\(.*\))?$"),
    read: parsed,
};

/// Names a promise of a notice: `"S0-32"`.
pub(crate) const PROMISE: Kind<PromiseId> = Kind {
    name: "promise",
    example: "\"S0-32\"",
    json: || JsonType::Pattern("^S[0-9]+-[0-9]+$"),
    read: parsed,
};

/// What a column holds: a value, a list of them, `{ null = true }`, `{ not = … }`.
pub(crate) const CONDITION: Kind<Condition> = Kind {
    name: "condition",
    example: "\"rejected\", [\"open\", \"active\"], { null = true } or { not = \"open\" }",
    json: || JsonType::Condition,
    read: Condition::read,
};

/// The only key of a table.
pub(crate) fn single<'a>(
    table: &'a DeTable<'a>,
    known: &[&str],
) -> Result<(&'a str, &'a DeValue<'a>), Refusal> {
    let mut entries = table.iter();
    match (entries.next(), entries.next()) {
        (Some((key, value)), None) if known.contains(&key.get_ref().as_ref()) => {
            Ok((key.get_ref(), value.get_ref()))
        }
        _ => Err(format!(
            "expected a table with one key out of `{}`",
            known.join("`, `")
        )
        .into()),
    }
}

fn parsed<T>(value: &DeValue<'_>) -> Result<T, Refusal>
where
    T: FromStr,
    T::Err: Display,
{
    Ok(text(value)?.parse()?)
}

fn whole(value: &DeValue<'_>) -> Result<u32, Refusal> {
    let number = (AMOUNT.read)(value)?;
    u32::try_from(number).map_err(|_| "the number is too large".into())
}

fn one_of<T: FromStr>(value: &DeValue<'_>, names: &[&str]) -> Result<T, Refusal> {
    let text = text(value)?;
    text.parse().map_err(|_| Refusal {
        message: format!("`{text}` is not a possible value"),
        help: Some(suggest(text, names)),
    })
}

/// One line of text that says something.
fn text<'a>(value: &'a DeValue<'_>) -> Result<&'a str, Refusal> {
    let DeValue::String(text) = value else {
        return Err(wrong_type("a string", value));
    };
    if text.trim().is_empty() {
        return Err("the text is blank".into());
    }
    if text.contains(char::is_control) {
        return Err("expected one line without control characters".into());
    }
    Ok(text)
}

fn wrong_type(expected: &str, found: &DeValue<'_>) -> Refusal {
    format!("expected {expected}, found {}", article(found)).into()
}
