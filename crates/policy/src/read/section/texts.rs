//! Texts in every offered language.

use super::{Faulty, FromSection, Key, Read, Section};
use crate::grammar::{Presence, Shape};
use crate::read::value::{Kind, PROSE, TEXT};
use crate::{Language, Languages, Localized};

impl Section<'_> {
    /// A text of one line in every offered language.
    pub(crate) fn localized(&self, key: &Key) -> Read<Localized> {
        self.section(key).map(|AnyText(text)| text)
    }

    /// A text of one line in every offered language, or none.
    pub(crate) fn optional_localized(&self, key: &Key) -> Read<Option<Localized>> {
        let text: Option<AnyText> = self.optional_section(key)?;
        Ok(text.map(|AnyText(text)| text))
    }

    /// Paragraphs in every offered language.
    pub(crate) fn prose(&self, key: &Key) -> Read<Localized> {
        self.section(key).map(|AnyProse(text)| text)
    }

    /// Paragraphs in every offered language, or none.
    pub(crate) fn optional_prose(&self, key: &Key) -> Read<Option<Localized>> {
        let text: Option<AnyProse> = self.optional_section(key)?;
        Ok(text.map(|AnyProse(text)| text))
    }

    /// The languages of the text that this table is.
    fn text(&self, kind: &Kind<String>) -> Read<Localized> {
        let languages = self.context.languages.borrow().clone();
        let [en, fr] = Language::ALL.map(|language| {
            let key = Key {
                name: language.as_str(),
                doc: "",
            };
            let is_offered = languages
                .as_ref()
                .is_some_and(|all| all.offered.contains(&language));
            if is_offered {
                self.required(&key, kind).map(Some)
            } else {
                self.optional(&key, kind)
            }
        });
        let fallback = languages.ok_or(Faulty)?.default;
        match (en?, fr?, fallback) {
            (Some(en), Some(fr), _) => Ok(Localized { en, fr }),
            (Some(en), None, Language::En) => Ok(Localized { fr: en.clone(), en }),
            (None, Some(fr), Language::Fr) => Ok(Localized { en: fr.clone(), fr }),
            // The default language is not offered: reported where the languages are read.
            _ => Err(Faulty),
        }
    }

    /// One-line texts, each in every offered language; none when left out.
    pub(crate) fn localized_list(&self, key: &Key) -> Read<Vec<Localized>> {
        let texts: Vec<AnyText> = self.subsections(key, Presence::Optional)?;
        Ok(texts.into_iter().map(|AnyText(text)| text).collect())
    }

    /// The languages that every later text is asked for in.
    pub(crate) fn languages(&self, key: &Key) -> Read<Languages> {
        let languages: Read<Languages> = self.section(key);
        *self.context.languages.borrow_mut() = languages.as_ref().ok().cloned();
        languages
    }
}

/// A text of one line, as an item of a list.
struct AnyText(Localized);

impl FromSection for AnyText {
    fn from_section(section: &Section<'_>) -> Read<Self> {
        section.text(&TEXT).map(Self)
    }

    fn shape() -> Shape {
        Shape::Localized(TEXT.value_shape())
    }
}

/// Paragraphs.
struct AnyProse(Localized);

impl FromSection for AnyProse {
    fn from_section(section: &Section<'_>) -> Read<Self> {
        section.text(&PROSE).map(Self)
    }

    fn shape() -> Shape {
        Shape::Localized(PROSE.value_shape())
    }
}
