//! A table of the policy file while it is read: finds every problem instead of the first.
//!
//! The same reading describes the grammar: a section without a file collects what is asked for.

mod texts;

use std::cell::RefCell;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::place::{header, join};
use super::value::{Kind, Refusal, SQL_NAME};
use super::words::{article, closest, suggest};
use crate::finding::Fault;
use crate::grammar::{KeyDescription, Presence, Shape};
use crate::{Languages, SqlName, ValueError};

/// The value could not be read; why is among the faults already.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Faulty;

pub(crate) type Read<T> = Result<T, Faulty>;

/// A key as a declaration states it.
#[derive(Clone, Copy)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    /// Its rustdoc.
    pub(crate) doc: &'static str,
}

/// A table with a declaration of its own.
pub(crate) trait FromSection: Sized {
    fn from_section(section: &Section<'_>) -> Read<Self>;

    /// What the table holds.
    fn shape() -> Shape;
}

/// What all sections of one file share.
#[derive(Default)]
pub(crate) struct Context {
    faults: RefCell<Vec<Fault>>,
    languages: RefCell<Option<Languages>>,
}

impl Context {
    pub(crate) fn into_faults(self) -> Vec<Fault> {
        self.faults.into_inner()
    }
}

/// A table, the path that leads to it, and the keys that were asked for: all others are unknown.
pub(crate) struct Section<'a> {
    source: Source<'a>,
    path: String,
    context: &'a Context,
}

enum Source<'a> {
    File {
        table: &'a DeTable<'a>,
        place: Range<usize>,
        known: RefCell<Vec<&'static str>>,
        missing: RefCell<Vec<Fault>>,
    },
    /// There is no file: what is asked for is collected, and every value is faulty.
    Description(RefCell<Vec<KeyDescription>>),
}

/// Describes the keys of a table.
pub(crate) fn describe<T: FromSection>() -> Vec<KeyDescription> {
    let context = Context::default();
    let section = Section {
        source: Source::Description(RefCell::default()),
        path: String::new(),
        context: &context,
    };
    // Without a file every value is faulty, once all were asked for.
    let _: Read<T> = T::from_section(&section);
    match section.source {
        Source::Description(keys) => keys.into_inner(),
        Source::File { .. } => Vec::new(),
    }
}

impl<'a> Section<'a> {
    /// Reads the whole file.
    pub(crate) fn root<T: FromSection>(table: &'a DeTable<'a>, context: &'a Context) -> Read<T> {
        Self::new(table, String::new(), 0..0, context).read()
    }

    fn new(
        table: &'a DeTable<'a>,
        path: String,
        place: Range<usize>,
        context: &'a Context,
    ) -> Self {
        Self {
            source: Source::File {
                table,
                place,
                known: RefCell::default(),
                missing: RefCell::default(),
            },
            path,
            context,
        }
    }

    /// Lets the declaration take what it knows, then refuses what is left and tells what is
    /// missing.
    fn read<T: FromSection>(self) -> Read<T> {
        let result = T::from_section(&self);
        let Source::File {
            table,
            known,
            missing,
            ..
        } = self.source
        else {
            return result;
        };
        let known = known.into_inner();
        let mut missing = missing.into_inner();
        let mut faults = self.context.faults.borrow_mut();
        for key in table.keys() {
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
                code: "unknown-key",
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
    pub(crate) fn required<T>(&self, key: &Key, kind: &Kind<T>) -> Read<T> {
        match self.get(key, Presence::Required, || kind.shape())? {
            Some(value) => self.convert(&join(&self.path, key.name), value, kind),
            None => Err(self.missing(key, format!("add `{} = {}`", key.name, kind.example))),
        }
    }

    /// A key that may be left out.
    pub(crate) fn optional<T>(&self, key: &Key, kind: &Kind<T>) -> Read<Option<T>> {
        self.get(key, Presence::Optional, || kind.shape())?
            .map(|value| self.convert(&join(&self.path, key.name), value, kind))
            .transpose()
    }

    /// A key that may be left out, and what it then is, written as in the file.
    pub(crate) fn default<T>(&self, key: &Key, kind: &Kind<T>, default: &'static str) -> Read<T> {
        match self.get(key, Presence::Default(default), || kind.shape())? {
            Some(value) => self.convert(&join(&self.path, key.name), value, kind),
            None => {
                let value = DeValue::parse(default).map_err(|_| Faulty)?;
                (kind.read)(value.get_ref()).map_err(|_| Faulty)
            }
        }
    }

    /// An array that must be there and hold something.
    pub(crate) fn list<T>(&self, key: &Key, kind: &Kind<T>) -> Read<Vec<T>> {
        let shape = || Shape::List(Box::new(kind.shape()));
        let Some(value) = self.get(key, Presence::Required, shape)? else {
            return Err(self.missing(key, format!("add `{} = [{}]`", key.name, kind.example)));
        };
        let items = self.items(key, value, kind)?;
        if items.is_empty() {
            return Err(self.fault(
                "empty-list",
                key.name,
                value.span(),
                format!("`{}` is empty", join(&self.path, key.name)),
                format!("for example `{} = [{}]`", key.name, kind.example),
            ));
        }
        Ok(items)
    }

    /// An array that may be empty or left out.
    pub(crate) fn optional_list<T>(&self, key: &Key, kind: &Kind<T>) -> Read<Vec<T>> {
        let shape = || Shape::List(Box::new(kind.shape()));
        self.get(key, Presence::Optional, shape)?
            .map_or(Ok(Vec::new()), |value| self.items(key, value, kind))
    }

    /// A table whose keys are names of columns, in the order of the file; empty when left out.
    pub(crate) fn map<T>(&self, key: &Key, kind: &Kind<T>) -> Read<Vec<(String, T)>> {
        let shape = || Shape::Map(kind.value_shape());
        let Some(value) = self.get(key, Presence::Optional, shape)? else {
            return Ok(Vec::new());
        };
        let help = || format!("for example `{} = {{ id = {} }}`", key.name, kind.example);
        let table = self.table_of(key, value, help)?;
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        let entries: Vec<Read<_>> = entries
            .into_iter()
            .map(|(name, value)| {
                let path = join(&join(&self.path, key.name), name.get_ref());
                let value = self.convert(&path, value, kind)?;
                let column = self.column(&path, name)?;
                Ok((column.to_string(), value))
            })
            .collect();
        entries.into_iter().collect()
    }

    /// A table that must be there.
    pub(crate) fn section<T: FromSection>(&self, key: &Key) -> Read<T> {
        match self.subsection(key, Presence::Required)? {
            Some(value) => Ok(value),
            None => {
                let path = join(&self.path, key.name);
                Err(self.missing(key, format!("add a section `[{}]`", header(&path))))
            }
        }
    }

    /// A table that may be left out.
    pub(crate) fn optional_section<T: FromSection>(&self, key: &Key) -> Read<Option<T>> {
        self.subsection(key, Presence::Optional)
    }

    fn subsection<T: FromSection>(&self, key: &Key, presence: Presence) -> Read<Option<T>> {
        let shape = || T::shape();
        let Some(value) = self.get(key, presence, shape)? else {
            return Ok(None);
        };
        let help = || match T::shape() {
            Shape::Localized(_) => {
                "write one per language, `{ en = \"…\", fr = \"…\" }`".to_owned()
            }
            _ => format!(
                "write it as a section, `[{}]`",
                header(&join(&self.path, key.name))
            ),
        };
        let table = self.table_of(key, value, help)?;
        let place = self.place_of_key(key.name).unwrap_or(value.span());
        Section::new(table, join(&self.path, key.name), place, self.context)
            .read()
            .map(Some)
    }

    /// An array of tables, `[[key]]`, that must be there and hold something.
    pub(crate) fn sections<T: FromSection>(&self, key: &Key) -> Read<Vec<T>> {
        let items = self.subsections(key, Presence::Required)?;
        if items.is_empty() {
            let path = join(&self.path, key.name);
            return Err(self.missing(key, format!("add at least one `[[{}]]`", header(&path))));
        }
        Ok(items)
    }

    /// An array of tables that may be left out.
    pub(crate) fn optional_sections<T: FromSection>(&self, key: &Key) -> Read<Vec<T>> {
        self.subsections(key, Presence::Optional)
    }

    fn subsections<T: FromSection>(&self, key: &Key, presence: Presence) -> Read<Vec<T>> {
        let path = join(&self.path, key.name);
        let shape = || Shape::List(Box::new(T::shape()));
        let Some(value) = self.get(key, presence, shape)? else {
            return Ok(Vec::new());
        };
        let DeValue::Array(items) = value.get_ref() else {
            return Err(self.fault(
                "wrong-type",
                key.name,
                value.span(),
                format!(
                    "`{path}` is {}, not an array of tables",
                    article(value.get_ref())
                ),
                format!(
                    "write each as a section of its own, `[[{}]]`",
                    header(&path)
                ),
            ));
        };
        // Every item is read before the first fault counts.
        let items: Vec<Read<T>> = items
            .iter()
            .enumerate()
            .map(|(index, item)| match item.get_ref() {
                DeValue::Table(table) => {
                    let path = format!("{path}[{index}]");
                    Section::new(table, path, item.span(), self.context).read()
                }
                other => Err(self.fault(
                    "wrong-type",
                    key.name,
                    item.span(),
                    format!("`{path}[{index}]` is {}, not a table", article(other)),
                    format!("write it as a section, `[[{}]]`", header(&path)),
                )),
            })
            .collect();
        items.into_iter().collect()
    }

    /// A table that may be left out: each of its keys then has its default.
    pub(crate) fn section_or_default<T: FromSection>(&self, key: &Key) -> Read<T> {
        if let Some(value) = self.subsection(key, Presence::Optional)? {
            return Ok(value);
        }
        let nothing = DeTable::new();
        Section::new(&nothing, join(&self.path, key.name), 0..0, self.context).read()
    }

    /// Not in the file: what follows from the other keys, filled in when all are read.
    #[expect(clippy::unused_self, reason = "a verb like the others")]
    #[expect(clippy::unnecessary_wraps, reason = "a verb like the others")]
    pub(crate) fn computed<T>(&self, _: &Key, until_then: T) -> Read<T> {
        Ok(until_then)
    }

    /// Records a fault of the key.
    fn fault(
        &self,
        code: &'static str,
        key: &str,
        place: Range<usize>,
        message: String,
        help: String,
    ) -> Faulty {
        self.context.faults.borrow_mut().push(Fault {
            code,
            key: join(&self.path, key),
            place,
            message,
            help: Some(help),
        });
        Faulty
    }

    fn missing(&self, key: &Key, remedy: String) -> Faulty {
        if let Source::File { place, missing, .. } = &self.source {
            let path = join(&self.path, key.name);
            missing.borrow_mut().push(Fault {
                code: "missing-key",
                message: format!("missing key `{path}`"),
                key: path,
                place: place.clone(),
                help: Some(remedy),
            });
        }
        Faulty
    }

    /// What the file holds under the key; faulty where there is no file.
    fn get(
        &self,
        key: &Key,
        presence: Presence,
        shape: impl FnOnce() -> Shape,
    ) -> Read<Option<&'a Spanned<DeValue<'a>>>> {
        match &self.source {
            Source::File { table, known, .. } => {
                known.borrow_mut().push(key.name);
                Ok(table.get(key.name))
            }
            Source::Description(keys) => {
                keys.borrow_mut().push(KeyDescription {
                    name: key.name,
                    doc: key.doc,
                    presence,
                    shape: shape(),
                });
                Err(Faulty)
            }
        }
    }

    fn place_of_key(&self, key: &str) -> Option<Range<usize>> {
        match &self.source {
            Source::File { table, .. } => Some(table.get_key_value(key)?.0.span()),
            Source::Description(_) => None,
        }
    }

    fn table_of(
        &self,
        key: &Key,
        value: &'a Spanned<DeValue<'a>>,
        help: impl FnOnce() -> String,
    ) -> Read<&'a DeTable<'a>> {
        let path = join(&self.path, key.name);
        match value.get_ref() {
            DeValue::Table(table) => Ok(table),
            other => Err(self.fault(
                "wrong-type",
                key.name,
                value.span(),
                format!("`{path}` is {}, not a table", article(other)),
                help(),
            )),
        }
    }

    fn items<T>(&self, key: &Key, value: &Spanned<DeValue<'_>>, kind: &Kind<T>) -> Read<Vec<T>> {
        let path = join(&self.path, key.name);
        let DeValue::Array(items) = value.get_ref() else {
            return Err(self.fault(
                "wrong-type",
                key.name,
                value.span(),
                format!("`{path}` is {}, not an array", article(value.get_ref())),
                format!("for example `{} = [{}]`", key.name, kind.example),
            ));
        };
        let items: Vec<Read<T>> = items
            .iter()
            .enumerate()
            .map(|(index, item)| self.convert(&format!("{path}[{index}]"), item, kind))
            .collect();
        items.into_iter().collect()
    }

    fn column(&self, path: &str, name: &Spanned<DeString<'_>>) -> Read<SqlName> {
        name.get_ref().parse().map_err(|error: ValueError| {
            self.context.faults.borrow_mut().push(Fault {
                code: "wrong-value",
                key: path.to_owned(),
                place: name.span(),
                message: format!("`{path}`: {error}"),
                help: Some(format!("for example {}", SQL_NAME.example)),
            });
            Faulty
        })
    }

    fn convert<T>(&self, path: &str, value: &Spanned<DeValue<'_>>, kind: &Kind<T>) -> Read<T> {
        (kind.read)(value.get_ref()).map_err(|Refusal { message, help }| {
            self.context.faults.borrow_mut().push(Fault {
                code: "wrong-value",
                key: path.to_owned(),
                place: value.span(),
                message: format!("`{path}`: {message}"),
                help: Some(help.unwrap_or_else(|| format!("for example {}", kind.example))),
            });
            Faulty
        })
    }
}
