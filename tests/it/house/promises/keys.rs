//! Which keys of the policies carry which promises: by `promises = […]`, and by a comment beside or
//! above a key.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use consentry_tests::binaries::root;
use toml::de::{DeTable, DeValue};

use super::{POLICIES, ids};

/// For each promise, the paths of its keys.
pub(super) type Keys = BTreeMap<String, BTreeSet<String>>;

pub(super) fn carried() -> Keys {
    let mut all = Keys::new();
    for policy in POLICIES {
        for (id, keys) in of(policy) {
            all.entry(id).or_default().extend(keys);
        }
    }
    all
}

/// Those of one policy.
pub(super) fn of(policy: &str) -> Keys {
    let path = root().join(format!("crates/policy/policies/{policy}.toml"));
    let source = fs::read_to_string(path).expect("the policy can be read");
    let table = DeTable::parse(&source).expect("the policy is TOML");
    let mut places = Places::default();
    places.table(table.get_ref(), "");
    let mut keys = Keys::new();
    for (id, key) in places.promises {
        keys.entry(id).or_default().insert(key);
    }
    for (id, start) in comments(&source) {
        let (_, key) = places
            .keys
            .range(start..)
            .next()
            .expect("a key follows the comment");
        keys.entry(id).or_default().insert(key.clone());
    }
    keys
}

/// Where keys begin, and what they promise.
#[derive(Default)]
struct Places {
    keys: BTreeMap<usize, String>,
    promises: Vec<(String, String)>,
}

impl Places {
    fn table(&mut self, table: &DeTable<'_>, path: &str) {
        for (name, value) in table {
            let key: &str = name.get_ref();
            let inner = if path.is_empty() {
                key.to_owned()
            } else {
                format!("{path}.{key}")
            };
            if key == "promises" {
                for id in value.get_ref().as_array().expect("a list") {
                    let id = id.get_ref().as_str().expect("a text");
                    self.promises.push((id.to_owned(), path.to_owned()));
                }
                continue;
            }
            // The outer key of those that begin in one place.
            self.keys
                .entry(name.span().start)
                .or_insert_with(|| inner.clone());
            self.value(value.get_ref(), &inner);
        }
    }

    fn value(&mut self, value: &DeValue<'_>, path: &str) {
        match value {
            DeValue::Table(table) => self.table(table, path),
            DeValue::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    if let DeValue::Table(table) = item.get_ref() {
                        let path = format!("{path}[{}]", label(table, index));
                        self.keys.insert(item.span().start, path.clone());
                        self.table(table, &path);
                    }
                }
            }
            _ => {}
        }
    }
}

/// How the map calls an entry of a list: by its id, or by what tells it from the others.
fn label(table: &DeTable<'_>, index: usize) -> String {
    let text = |key: &str| table.get(key).and_then(|value| value.get_ref().as_str());
    match (text("id"), text("name"), text("domain")) {
        (Some(id), ..) => id.to_owned(),
        (None, Some(name), Some(domain)) => format!("{name} of {domain}"),
        _ => text("kind")
            .or_else(|| text("purpose"))
            .map_or_else(|| index.to_string(), str::to_owned),
    }
}

/// The promises that comments name, each with the beginning of the line that it speaks of: its own,
/// or the next one that is not a comment.
fn comments(source: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    let mut waiting = Vec::new();
    let mut start = 0;
    for line in source.split_inclusive('\n') {
        let (code, comment) = split(line);
        let named = ids(comment);
        if code.trim().is_empty() {
            waiting.extend(named);
        } else {
            let all = waiting.drain(..).chain(named);
            found.extend(all.map(|id| (id, start)));
        }
        if line.trim().is_empty() {
            // A comment about nothing in particular.
            waiting.clear();
        }
        start += line.len();
    }
    found
}

/// A line before and behind its comment sign; one within quotes is none.
fn split(line: &str) -> (&str, &str) {
    let mut is_quoted = false;
    for (at, character) in line.char_indices() {
        match character {
            '"' => is_quoted = !is_quoted,
            '#' if !is_quoted => return line.split_at(at),
            _ => {}
        }
    }
    (line, "")
}
