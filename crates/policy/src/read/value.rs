//! Single values of the policy file.

use std::fmt::Display;
use std::str::FromStr;

use consentry_address::{EmailAddress, ascii_domain};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use toml::de::DeValue;

use super::section::{closest, describe, suggest};
use crate::{Language, LegalBasis, Period, Rate};

/// Why a value is not accepted, and how to mend it when an example is not enough.
pub(super) struct Refusal {
    pub(super) message: String,
    pub(super) help: Option<String>,
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
pub(super) struct Kind<T> {
    pub(super) example: &'static str,
    pub(super) read: fn(&DeValue<'_>) -> Result<T, Refusal>,
}

pub(super) const TEXT: Kind<String> = Kind {
    example: "\"some words\"",
    read: |value| text(value).map(str::to_owned),
};

pub(super) const FLAG: Kind<bool> = Kind {
    example: "true",
    read: |value| match value {
        DeValue::Boolean(flag) => Ok(*flag),
        other => Err(wrong_type("`true` or `false`", other)),
    },
};

pub(super) const AMOUNT: Kind<u64> = Kind {
    example: "75000",
    read: |value| match value {
        DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix())
            .map_err(|_| Refusal::from("expected a whole number that is not negative")),
        other => Err(wrong_type("a whole number", other)),
    },
};

pub(super) const COUNT: Kind<u32> = Kind {
    example: "5",
    read: |value| match whole(value)? {
        0 => Err("expected at least 1".into()),
        count => Ok(count),
    },
};

pub(super) const PERCENT: Kind<u32> = Kind {
    example: "10",
    read: |value| match whole(value)? {
        share @ 1..=100 => Ok(share),
        _ => Err("expected a share from 1 to 100, in percent".into()),
    },
};

pub(super) const CURRENCY: Kind<String> = Kind {
    example: "\"EUR\"",
    read: |value| {
        let code = text(value)?;
        if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
            Ok(code.to_owned())
        } else {
            Err("expected an ISO 4217 code of three capital letters".into())
        }
    },
};

/// A version is part of a URL and of a file name.
pub(super) const VERSION: Kind<String> = Kind {
    example: "\"2026-11-01\"",
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

pub(super) const PERIOD: Kind<Period> = Kind {
    example: "\"30 days\"",
    read: parsed,
};

pub(super) const LIMIT: Kind<Option<Rate>> = Kind {
    example: "\"60/minute\" or \"off\"",
    read: |value| Ok(Rate::or_off(text(value)?)?),
};

pub(super) const RATE: Kind<Rate> = Kind {
    example: "\"60/hour\"",
    read: parsed,
};

pub(super) const LANGUAGE: Kind<Language> = Kind {
    example: "\"en\"",
    read: |value| choice(value, &Language::ALL.map(Language::as_str)),
};

pub(super) const BASIS: Kind<LegalBasis> = Kind {
    example: "\"legitimate-interest\"",
    read: |value| choice(value, &LegalBasis::ALL.map(LegalBasis::as_str)),
};

pub(super) const ADDRESS: Kind<EmailAddress> = Kind {
    example: "\"contact@company.example\"",
    read: |value| Ok(EmailAddress::parse(text(value)?)?),
};

/// A sender's address: with an ASCII local part every relay takes it (RFC 6531 §3.2).
pub(super) const SENDER: Kind<EmailAddress> = Kind {
    example: "\"news@company.example\"",
    read: |value| {
        let address = EmailAddress::parse(text(value)?)?;
        if address.needs_smtputf8() {
            return Err("the part before the at sign must be ASCII in a sender's address".into());
        }
        Ok(address)
    },
};

pub(super) const DOMAIN: Kind<String> = Kind {
    example: "\"company.example\"",
    read: |value| Ok(ascii_domain(text(value)?)?),
};

pub(super) const URL: Kind<String> = Kind {
    example: "\"https://company.example\"",
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

pub(super) const ZONE: Kind<TimeZone> = Kind {
    example: "\"Europe/Paris\"",
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

/// A value with a syntax of its own.
pub(super) const fn of<T>(example: &'static str) -> Kind<T>
where
    T: FromStr,
    T::Err: Display,
{
    Kind {
        example,
        read: parsed,
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

fn choice<T: FromStr>(value: &DeValue<'_>, names: &[&str]) -> Result<T, Refusal> {
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
    format!("expected {expected}, found {}", describe(found)).into()
}
