//! Countries, by what the GDPR makes of them.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::{Language, Region};

/// ISO 3166-1: code, regions and names. Region letters: `U` in the European Union, `E` in the
/// European Economic Area, `C` on the continent, `A` with an adequacy decision (GDPR art. 45).
const COUNTRIES: &str = include_str!("countries.tsv");

/// A country, by its ISO 3166-1 alpha-2 code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Country([u8; 2]);

/// A text is no code of a country.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("expected the two capital letters of a country (ISO 3166-1), such as `FR`")]
pub struct CountryError;

struct Entry {
    regions: &'static str,
    en: &'static str,
    fr: &'static str,
}

fn entry(code: &str) -> Option<Entry> {
    COUNTRIES.lines().find_map(|line| {
        let mut columns = line.strip_prefix(code)?.strip_prefix('\t')?.split('\t');
        Some(Entry {
            regions: columns.next()?,
            en: columns.next()?,
            fr: columns.next()?,
        })
    })
}

impl Country {
    /// The code.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Its name on pages.
    pub fn name(&self, language: Language) -> &'static str {
        entry(self.as_str()).map_or("", |entry| match language {
            Language::En => entry.en,
            Language::Fr => entry.fr,
        })
    }

    /// Whether it belongs to a region.
    pub fn is_in(&self, region: Region) -> bool {
        self.has(match region {
            Region::Eu => 'U',
            Region::Eea => 'E',
            Region::Europe => 'C',
        })
    }

    /// Whether the Commission decided that it protects data well enough (GDPR art. 45), for all or
    /// some recipients there.
    pub fn is_adequate(&self) -> bool {
        self.has('A')
    }

    fn has(self, letter: char) -> bool {
        entry(self.as_str()).is_some_and(|entry| entry.regions.contains(letter))
    }
}

impl FromStr for Country {
    type Err = CountryError;

    fn from_str(text: &str) -> Result<Self, CountryError> {
        let code: [u8; 2] = text.as_bytes().try_into().map_err(|_| CountryError)?;
        entry(text).map(|_| Self(code)).ok_or(CountryError)
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
