//! A table of the policy file while it is read: finds every problem instead of the first.

use std::cell::RefCell;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::value::{Kind, Refusal};
use crate::problem::Fault;
use crate::{Language, Languages, Localized};

/// The value could not be read; why is among the faults already.
#[derive(Clone, Copy, Debug)]
pub(super) struct Faulty;

pub(super) type Read<T> = Result<T, Faulty>;

/// A table, the path that leads to it, and the keys that were asked for: all others are unknown.
pub(super) struct Section<'a> {
    table: &'a DeTable<'a>,
    path: String,
    place: Range<usize>,
    known: RefCell<Vec<&'static str>>,
    missing: RefCell<Vec<Fault>>,
    faults: &'a RefCell<Vec<Fault>>,
}

impl<'a> Section<'a> {
    /// Reads the whole file.
    pub(super) fn root<T>(
        table: &'a DeTable<'a>,
        faults: &'a RefCell<Vec<Fault>>,
        read: impl FnOnce(&Self) -> Read<T>,
    ) -> Read<T> {
        Self::new(table, String::new(), 0..0, faults).read(read)
    }

    fn new(
        table: &'a DeTable<'a>,
        path: String,
        place: Range<usize>,
        faults: &'a RefCell<Vec<Fault>>,
    ) -> Self {
        Self {
            table,
            path,
            place,
            known: RefCell::default(),
            missing: RefCell::default(),
            faults,
        }
    }

    /// Lets `read` take what it knows, then refuses what is left and tells what is missing.
    fn read<T>(self, read: impl FnOnce(&Self) -> Read<T>) -> Read<T> {
        let result = read(&self);
        let known = self.known.into_inner();
        let mut missing = self.missing.into_inner();
        let mut faults = self.faults.borrow_mut();
        for key in self.table.keys() {
            let name: &str = key.get_ref();
            if known.contains(&name) {
                continue;
            }
            // A misspelt key is one mistake, not a missing and an unknown one.
            if let Some(meant) = closest(name, &known) {
                missing.retain(|fault| fault.key != join(&self.path, meant));
            }
            let path = join(&self.path, name);
            faults.push(Fault {
                message: format!("unknown key `{path}`"),
                help: Some(suggest(name, &known)),
                key: path,
                place: key.span(),
            });
        }
        faults.append(&mut missing);
        result
    }

    /// A key that must be there.
    pub(super) fn required<T>(&self, key: &'static str, kind: &Kind<T>) -> Read<T> {
        match self.get(key) {
            Some(value) => self.convert(&join(&self.path, key), value, kind),
            None => Err(self.missing(key, format!("add `{key} = {}`", kind.example))),
        }
    }

    /// A key that may be left out.
    pub(super) fn optional<T>(&self, key: &'static str, kind: &Kind<T>) -> Read<Option<T>> {
        self.get(key)
            .map(|value| self.convert(&join(&self.path, key), value, kind))
            .transpose()
    }

    /// An array that must be there and hold something.
    pub(super) fn list<T>(&self, key: &'static str, kind: &Kind<T>) -> Read<Vec<T>> {
        let Some(value) = self.get(key) else {
            return Err(self.missing(key, format!("add `{key} = [{}]`", kind.example)));
        };
        let items = self.items(key, value, kind)?;
        if items.is_empty() {
            return Err(self.fault(
                key,
                value.span(),
                format!("`{}` is empty", join(&self.path, key)),
                format!("for example `{key} = [{}]`", kind.example),
            ));
        }
        Ok(items)
    }

    /// An array that may be empty or left out.
    pub(super) fn optional_list<T>(&self, key: &'static str, kind: &Kind<T>) -> Read<Vec<T>> {
        self.get(key)
            .map_or(Ok(Vec::new()), |value| self.items(key, value, kind))
    }

    /// A table that must be there.
    pub(super) fn section<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&Section<'a>) -> Read<T>,
    ) -> Read<T> {
        match self.optional_section(key, read)? {
            Some(value) => Ok(value),
            None => Err(self.missing(key, format!("add a section `[{}]`", join(&self.path, key)))),
        }
    }

    /// A table that may be left out.
    pub(super) fn optional_section<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&Section<'a>) -> Read<T>,
    ) -> Read<Option<T>> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        let path = join(&self.path, key);
        let DeValue::Table(table) = value.get_ref() else {
            return Err(self.fault(
                key,
                value.span(),
                format!("`{path}` is {}, not a table", describe(value.get_ref())),
                format!("write it as a section, `[{path}]`"),
            ));
        };
        let place = self
            .table
            .get_key_value(key)
            .map_or(value.span(), |(key, _)| key.span());
        Section::new(table, path, place, self.faults)
            .read(read)
            .map(Some)
    }

    /// An array of tables, `[[key]]`, that must be there and hold something.
    pub(super) fn sections<T>(
        &self,
        key: &'static str,
        mut read: impl FnMut(&Section<'a>) -> Read<T>,
    ) -> Read<Vec<T>> {
        let path = join(&self.path, key);
        let items = match self.get(key).map(|value| (value, value.get_ref())) {
            Some((_, DeValue::Array(items))) if !items.is_empty() => items,
            Some((_, DeValue::Array(_))) | None => {
                return Err(self.missing(key, format!("add at least one `[[{path}]]`")));
            }
            Some((value, other)) => {
                return Err(self.fault(
                    key,
                    value.span(),
                    format!("`{path}` is {}, not an array of tables", describe(other)),
                    format!("write each as a section of its own, `[[{path}]]`"),
                ));
            }
        };
        // Every item is read before the first fault counts.
        let items: Vec<Read<T>> = items
            .iter()
            .enumerate()
            .map(|(index, item)| match item.get_ref() {
                DeValue::Table(table) => {
                    let path = format!("{path}[{index}]");
                    Section::new(table, path, item.span(), self.faults).read(&mut read)
                }
                other => Err(self.fault(
                    key,
                    item.span(),
                    format!("`{path}[{index}]` is {}, not a table", describe(other)),
                    format!("write it as a section, `[[{path}]]`"),
                )),
            })
            .collect();
        items.into_iter().collect()
    }

    /// A text in every offered language; further languages may be there.
    pub(super) fn localized(
        &self,
        key: &'static str,
        languages: Option<&Languages>,
    ) -> Read<Localized> {
        let texts = self.section(key, |texts| {
            let [en, fr] = Language::ALL.map(|language| {
                let offered = languages.is_some_and(|all| all.offered.contains(&language));
                if offered {
                    texts
                        .required(language.as_str(), &super::value::TEXT)
                        .map(Some)
                } else {
                    texts.optional(language.as_str(), &super::value::TEXT)
                }
            });
            Ok((en?, fr?))
        });
        let fallback = languages.ok_or(Faulty)?.default;
        match (texts?, fallback) {
            ((Some(en), Some(fr)), _) => Ok(Localized { en, fr }),
            ((Some(en), None), Language::En) => Ok(Localized { fr: en.clone(), en }),
            ((None, Some(fr)), Language::Fr) => Ok(Localized { en: fr.clone(), fr }),
            // The default language is not offered: reported where the languages are read.
            _ => Err(Faulty),
        }
    }

    /// Objects to what stands at `path`, such as `topics[1].purpose`, below this section.
    pub(super) fn object(&self, path: &str, message: impl Into<String>, help: impl Into<String>) {
        self.faults.borrow_mut().push(Fault {
            key: join(&self.path, path),
            place: place_of(self.table, path).unwrap_or_else(|| self.place.clone()),
            message: message.into(),
            help: Some(help.into()),
        });
    }

    /// Records a fault of the key.
    pub(super) fn fault(
        &self,
        key: &str,
        place: Range<usize>,
        message: String,
        help: String,
    ) -> Faulty {
        self.faults.borrow_mut().push(Fault {
            key: join(&self.path, key),
            place,
            message,
            help: Some(help),
        });
        Faulty
    }

    fn missing(&self, key: &str, remedy: String) -> Faulty {
        let path = join(&self.path, key);
        self.missing.borrow_mut().push(Fault {
            message: format!("missing key `{path}`"),
            key: path,
            place: self.place.clone(),
            help: Some(remedy),
        });
        Faulty
    }

    fn get(&self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.known.borrow_mut().push(key);
        self.table.get(key)
    }

    fn items<T>(
        &self,
        key: &'static str,
        value: &Spanned<DeValue<'_>>,
        kind: &Kind<T>,
    ) -> Read<Vec<T>> {
        let path = join(&self.path, key);
        let DeValue::Array(items) = value.get_ref() else {
            return Err(self.fault(
                key,
                value.span(),
                format!("`{path}` is {}, not an array", describe(value.get_ref())),
                format!("for example `{key} = [{}]`", kind.example),
            ));
        };
        let items: Vec<Read<T>> = items
            .iter()
            .enumerate()
            .map(|(index, item)| self.convert(&format!("{path}[{index}]"), item, kind))
            .collect();
        items.into_iter().collect()
    }

    fn convert<T>(&self, path: &str, value: &Spanned<DeValue<'_>>, kind: &Kind<T>) -> Read<T> {
        (kind.read)(value.get_ref()).map_err(|Refusal { message, help }| {
            self.faults.borrow_mut().push(Fault {
                key: path.to_owned(),
                place: value.span(),
                message: format!("`{path}`: {message}"),
                help: Some(help.unwrap_or_else(|| format!("for example {}", kind.example))),
            });
            Faulty
        })
    }
}

fn place_of(table: &DeTable<'_>, path: &str) -> Option<Range<usize>> {
    let (step, rest) = path
        .split_once('.')
        .map_or((path, None), |(step, rest)| (step, Some(rest)));
    let (key, index) = step
        .split_once('[')
        .map_or((step, None), |(key, index)| (key, Some(index)));
    let mut value = table.get(key)?;
    if let Some(index) = index {
        let index: usize = index.strip_suffix(']')?.parse().ok()?;
        value = value.get_ref().as_array()?.get(index)?;
    }
    match rest {
        Some(rest) => place_of(value.get_ref().as_table()?, rest),
        None => Some(value.span()),
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

/// What stands in the file, with its article.
pub(super) fn describe(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}

/// `did you mean …`, or everything that would be right.
pub(super) fn suggest(word: &str, known: &[&str]) -> String {
    match closest(word, known) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("expected one of `{}`", known.join("`, `")),
    }
}

/// The word that was probably meant, when one is near enough.
pub(super) fn closest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().max(word.len()) / 3)
        .min()
        .map(|(_, candidate)| candidate)
}
