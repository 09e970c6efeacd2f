//! The texts of a policy file.

use toml::de::{DeTable, DeValue};

use crate::{Language, Period};

/// Texts of a file, with their keys.
#[derive(Default)]
pub(super) struct Texts<'a> {
    pub(super) all: Vec<(String, &'a str)>,
    /// Those that are written in a language.
    pub(super) localized: Vec<(String, &'a str)>,
    /// Those that are the same in every language.
    pub(super) untranslated: Vec<(String, &'a str)>,
    /// Those that are periods.
    pub(super) periods: Vec<Period>,
}

/// What stands under these is the database's, not the reader's.
const OF_DATABASES: [&str; 7] = ["when", "rows", "on", "methods", "values", "source", "joins"];

impl<'a> Texts<'a> {
    pub(super) fn of(table: &'a DeTable<'a>) -> Self {
        let mut texts = Self::default();
        texts.walk("", table);
        texts
    }

    fn walk(&mut self, path: &str, table: &'a DeTable<'a>) {
        let is_language = |key: &str| key.parse::<Language>().is_ok();
        let is_localized = !table.is_empty() && table.keys().all(|key| is_language(key.get_ref()));
        if is_localized {
            let texts: Vec<&str> = table
                .values()
                .filter_map(|value| value.get_ref().as_str())
                .collect();
            if let [one, other] = texts.as_slice()
                && one == other
            {
                self.untranslated.push((path.to_owned(), one));
            }
        }
        for (key, value) in table {
            let key: &str = key.get_ref();
            if OF_DATABASES.contains(&key) {
                continue;
            }
            let path = if path.is_empty() {
                key.to_owned()
            } else {
                format!("{path}.{key}")
            };
            self.value(path, value.get_ref(), is_localized);
        }
    }

    fn value(&mut self, path: String, value: &'a DeValue<'a>, is_localized: bool) {
        match value {
            DeValue::String(text) => {
                if is_localized {
                    self.localized.push((path.clone(), text));
                }
                self.periods.extend(text.parse::<Period>());
                self.all.push((path, text));
            }
            DeValue::Table(table) => self.walk(&path, table),
            DeValue::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(format!("{path}[{index}]"), item.get_ref(), false);
                }
            }
            _ => {}
        }
    }
}
