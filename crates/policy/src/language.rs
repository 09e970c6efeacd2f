//! Languages and texts written in each of them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::read::{LANGUAGE, tables};

/// A language of pages and letters.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// English.
    En,
    /// French.
    Fr,
}

/// A text names no language that Consentry speaks.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("expected `en` or `fr`")]
pub struct LanguageError;

impl Language {
    /// Every language, in the order of their codes.
    pub const ALL: [Self; 2] = [Self::En, Self::Fr];

    /// The primary language subtag (BCP 47), for `lang` attributes and `Content-Language`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Fr => "fr",
        }
    }
}

impl FromStr for Language {
    type Err = LanguageError;

    fn from_str(text: &str) -> Result<Self, LanguageError> {
        Self::ALL
            .into_iter()
            .find(|language| language.as_str() == text)
            .ok_or(LanguageError)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

tables! {
    /// The languages a controller writes in.
    pub struct Languages {
        /// For a visitor who asks for no offered language; one of `offered`.
        pub default: Language => required(&LANGUAGE),
        /// What a visitor may choose, in the order shown; every text is there in each of them.
        pub offered: Vec<Language> => list(&LANGUAGE),
    }
}

/// One text in every offered language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Localized {
    pub(crate) en: String,
    pub(crate) fr: String,
}

impl Localized {
    /// The text in `language`; in the controller's default language when `language` is not offered.
    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::En => &self.en,
            Language::Fr => &self.fr,
        }
    }
}
