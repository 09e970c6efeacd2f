//! The key reference of `docs/policy.md` and the JSON Schema in this crate's folder, held to what
//! the declarations say. `RENEW=1 cargo test -p consentry-policy renewed` writes both anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use super::{JsonType, KeyDescription, Presence, Shape, TableShape, ValueShape, prose, schema};
use crate::Policy;
use crate::read::FromSection as _;

const BEGIN: &str = "<!-- Written by crates/policy/src/grammar/reference.rs. -->\n";
const END: &str = "<!-- End of what is written. -->\n";

/// A table, and every place where it may stand, such as `[[datasets.stages]]`.
struct Entry {
    table: TableShape,
    places: Vec<String>,
}

#[derive(Default)]
struct Reference {
    tables: Vec<Entry>,
    choices: Vec<ValueShape>,
}

impl Reference {
    fn of_policy() -> Self {
        let mut reference = Self::default();
        reference.visit(&Policy::shape(), "", false);
        reference
    }

    fn visit(&mut self, shape: &Shape, path: &str, is_listed: bool) {
        match shape {
            Shape::List(items) => self.visit(items, path, true),
            Shape::Map(value) | Shape::Localized(value) | Shape::Value(value) => {
                let is_new = self.choices.iter().all(|choice| choice.name != value.name);
                if is_new && matches!(value.json, JsonType::OneOf { .. }) {
                    self.choices.push(value.clone());
                }
            }
            Shape::Table(table) => self.visit_table(table, path, is_listed),
        }
    }

    fn visit_table(&mut self, table: &TableShape, path: &str, is_listed: bool) {
        let place = if is_listed {
            format!("`[[{path}]]`")
        } else {
            format!("`[{path}]`")
        };
        let known = self
            .tables
            .iter_mut()
            .find(|entry| entry.table.name == table.name);
        if let Some(entry) = known {
            entry.places.push(place);
            return;
        }
        self.tables.push(Entry {
            table: table.clone(),
            places: vec![place],
        });
        for key in &table.keys {
            let path = match path {
                "" => key.name.to_owned(),
                path => format!("{path}.{}", key.name),
            };
            self.visit(&key.shape, &path, false);
        }
    }

    fn heading(&self, name: &str) -> String {
        let entry = self.tables.iter().find(|entry| entry.table.name == name);
        match entry.map(|entry| entry.places.as_slice()) {
            _ if name == "Policy" => "The file as a whole".to_owned(),
            Some([place]) => place.clone(),
            _ => spaced(name),
        }
    }

    fn kind(&self, shape: &Shape) -> String {
        match shape {
            Shape::List(items) => match **items {
                Shape::Table(_) => format!("tables {}", self.link(items)),
                _ => format!("list of {}", self.kind(items)),
            },
            Shape::Table(_) => format!("table {}", self.link(shape)),
            Shape::Map(value) => format!("table of {}", value.name),
            Shape::Localized(value) if value.name == "text" => "texts".to_owned(),
            Shape::Value(ValueShape {
                name,
                json: JsonType::OneOf { .. },
            }) => link(&spaced(name)),
            Shape::Localized(value) | Shape::Value(value) => value.name.to_owned(),
        }
    }

    fn link(&self, table: &Shape) -> String {
        match table {
            Shape::Table(table) => link(&self.heading(table.name)),
            _ => String::new(),
        }
    }

    fn table(&self, out: &mut String, entry: &Entry) {
        let heading = self.heading(entry.table.name);
        let _ = write!(out, "### {heading}\n\n{}\n\n", prose(entry.table.doc));
        if entry.places.len() > 1 {
            let _ = write!(out, "It stands at {}.\n\n", entry.places.join(", "));
        }
        out.push_str("| key | kind | left out | meaning |\n| --- | --- | --- | --- |\n");
        for key in &entry.table.keys {
            let left_out = match key.presence {
                Presence::Required => "required".to_owned(),
                Presence::Optional => String::new(),
                Presence::Default(value) => format!("`{value}`"),
            };
            let KeyDescription {
                name, doc, shape, ..
            } = key;
            let (kind, meaning) = (self.kind(shape), prose(doc));
            let _ = writeln!(out, "| `{name}` | {kind} | {left_out} | {meaning} |");
        }
        out.push('\n');
    }

    fn markdown(&self) -> String {
        let mut out = "\n".to_owned();
        for entry in &self.tables {
            self.table(&mut out, entry);
        }
        out.push_str("## Choices\n\n");
        for choice in &self.choices {
            if let JsonType::OneOf { doc, words } = &choice.json {
                let _ = write!(out, "### {}\n\n{}\n\n", spaced(choice.name), prose(doc));
                for (word, meaning) in words {
                    let _ = writeln!(out, "- `{word}`: {}", prose(meaning));
                }
                out.push('\n');
            }
        }
        out
    }
}

/// `FieldSource` as `Field source`.
fn spaced(name: &str) -> String {
    let mut out = String::new();
    for (index, letter) in name.char_indices() {
        if index > 0 && letter.is_uppercase() {
            out.push(' ');
            out.extend(letter.to_lowercase());
        } else if index == 0 {
            out.extend(letter.to_uppercase());
        } else {
            out.push(letter);
        }
    }
    out
}

/// A link to a heading of the same page.
fn link(heading: &str) -> String {
    let anchor: String = heading
        .to_lowercase()
        .chars()
        .filter_map(|letter| match letter {
            ' ' => Some('-'),
            letter if letter.is_alphanumeric() || "-_".contains(letter) => Some(letter),
            _ => None,
        })
        .collect();
    format!("[{heading}](#{anchor})")
}

/// Holds a file to what it should be, or writes it when it is to be renewed.
fn hold(file: &str, wanted: impl FnOnce(&str) -> String) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file);
    let found = fs::read_to_string(&path).unwrap_or_default();
    let wanted = wanted(&found);
    if option_env!("RENEW").is_some() {
        fs::write(&path, wanted).expect("the file can be written");
    } else {
        assert!(
            found == wanted,
            "{file} does not say what the declarations say: \
             `RENEW=1 cargo test -p consentry-policy renewed`"
        );
    }
}

/// Whoever edits a policy finds every key explained, as it is read.
#[test]
fn the_key_reference_is_renewed_with_the_declarations() {
    hold("../../docs/policy.md", |page| {
        let (before, rest) = page.split_once(BEGIN).expect("where the reference begins");
        let (_, after) = rest.split_once(END).expect("where the reference ends");
        let reference = Reference::of_policy().markdown();
        format!("{before}{BEGIN}{reference}{END}{after}")
    });
}

/// Editors know the grammar that is read.
#[test]
fn the_json_schema_is_renewed_with_the_declarations() {
    hold("policy.schema.json", |_| format!("{:#}\n", schema()));
}

/// Each name in the schema stands for one thing, and everything is explained.
#[test]
fn every_table_key_and_choice_has_a_name_and_a_meaning() {
    let reference = Reference::of_policy();
    let tables = reference.tables.iter().map(|entry| entry.table.name);
    let choices = reference.choices.iter().map(|choice| choice.name);
    let names: Vec<&str> = tables.chain(choices).collect();
    let distinct: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(distinct.len(), names.len(), "{names:?}");
    for Entry { table, .. } in &reference.tables {
        assert!(!prose(table.doc).is_empty(), "{}", table.name);
        for key in &table.keys {
            assert!(prose(key.doc).ends_with('.'), "{}.{}", table.name, key.name);
        }
    }
}
