//! What changes for people between two versions of a policy.
//!
//! The values of the two files are compared, not the types: so no key can be forgotten. Items of
//! a list are matched by their id. What a key stands for decides the [`Class`].

mod class;
mod complete;
mod length;
mod shown;

use std::collections::BTreeMap;

use self::class::Change;
pub use self::class::Class;
pub use self::shown::Shown;
use crate::Policy;
use crate::content::{Table, Value};

/// One difference between two versions.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Difference {
    /// What it is for people.
    pub class: Class,
    /// The path of the key, such as `datasets[clients].stages[purge-inactive].after`.
    pub key: String,
    /// What it is about, as the policy calls it: a purpose, a recipient, a field, a cookie; for a
    /// rule the state of the data.
    pub about: Option<Shown>,
    /// What that belongs to, such as the dataset of a field or a rule.
    pub within: Option<Shown>,
    /// What it was; none when it was not there.
    pub before: Option<Shown>,
    /// What it is now; none when it is gone.
    pub after: Option<Shown>,
}

/// What changes for people from one version to another, in the order of the keys; nothing between a
/// policy and itself, and something wherever a value of the file differs (S2-61, S4-08).
pub fn diff(old: &Policy, new: &Policy) -> Vec<Difference> {
    let (before, after) = (complete::values(old), complete::values(new));
    let mut comparison = Comparison {
        policies: (old, new),
        found: Vec::new(),
    };
    comparison.tables(&[], &before, &after);
    if comparison.found.is_empty() && old.content != new.content {
        comparison.found.push(Difference {
            class: Class::Bookkeeping,
            key: String::new(),
            about: None,
            within: None,
            before: None,
            after: None,
        });
    }
    comparison.found
}

/// Whether everybody concerned has to be told of one of the differences (S4-08).
pub fn is_substantial(differences: &[Difference]) -> bool {
    let mut classes = differences.iter().map(|difference| difference.class);
    classes.any(Class::is_substantial)
}

/// A step on the way to a value.
#[derive(Clone)]
struct Step<'a> {
    key: &'a str,
    /// The item of a list: what names it, and the item itself, the newer of two.
    item: Option<(String, &'a Value)>,
}

static NO_TABLE: Table = Table::new();

struct Comparison<'a> {
    policies: (&'a Policy, &'a Policy),
    found: Vec<Difference>,
}

impl Comparison<'_> {
    fn tables<'t>(&mut self, path: &[Step<'t>], old: &'t Table, new: &'t Table) {
        let mut keys: Vec<&str> = old.keys().chain(new.keys()).map(String::as_str).collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            let mut path = path.to_vec();
            path.push(Step { key, item: None });
            self.values(&path, old.get(key), new.get(key));
        }
    }

    fn values<'t>(&mut self, path: &[Step<'t>], old: Option<&'t Value>, new: Option<&'t Value>) {
        if old == new {
            return;
        }
        let found = self.found.len();
        match (old, new) {
            (Some(Value::List(old)), Some(Value::List(new))) => self.lists(path, old, new),
            (Some(Value::List(old)), None) => self.lists(path, old, &[]),
            (None, Some(Value::List(new))) => self.lists(path, &[], new),
            (Some(value), _) | (None, Some(value)) if is_single(value) => {
                return self.change(path, old, new, None);
            }
            (Some(Value::Table(old)), Some(Value::Table(new))) => self.tables(path, old, new),
            (Some(Value::Table(old)), None) => self.tables(path, old, &NO_TABLE),
            (None, Some(Value::Table(new))) => self.tables(path, &NO_TABLE, new),
            _ => return self.change(path, old, new, None),
        }
        if self.found.len() == found {
            // The same items in another order, or nothing in place of nothing.
            self.change(path, old, new, Some(Class::Bookkeeping));
        }
    }

    fn lists<'t>(&mut self, path: &[Step<'t>], old: &'t [Value], new: &'t [Value]) {
        let (before, after) = (named(old), named(new));
        let at = |name: &str, item: &'t Value| {
            let mut path = path.to_vec();
            if let Some(last) = path.last_mut() {
                last.item = Some((name.to_owned(), item));
            }
            path
        };
        for (name, item) in &before {
            if !after.contains_key(name) {
                self.change(&at(name, item), Some(item), None, None);
            }
        }
        for (name, item) in &after {
            match before.get(name) {
                Some(old) => self.values(&at(name, item), Some(old), Some(item)),
                None => self.change(&at(name, item), None, Some(item), None),
            }
        }
    }

    fn change(
        &mut self,
        path: &[Step<'_>],
        old: Option<&Value>,
        new: Option<&Value>,
        class: Option<Class>,
    ) {
        let keys: Vec<&str> = path.iter().map(|step| step.key).collect();
        let change = match (old, new) {
            (Some(old), Some(new)) => Change::Changed(old, new),
            (Some(old), None) => Change::Removed(old),
            (None, Some(new)) => Change::Added(new),
            (None, None) => return,
        };
        let is_text = new.or(old).is_some_and(is_text);
        let class = class.unwrap_or_else(|| match class::of(&keys, change) {
            Class::Bookkeeping => Class::Bookkeeping,
            _ if is_text => Class::Editorial,
            class => class,
        });
        let (old_policy, new_policy) = self.policies;
        let mut names = path.iter().rev().filter_map(|step| {
            let (_, item) = step.item.as_ref()?;
            shown::name(new_policy, step.key, item.as_table()?)
        });
        self.found.push(Difference {
            class,
            key: spelled(path),
            about: names.next(),
            within: names.next(),
            before: change
                .before()
                .and_then(|value| shown::value(old_policy, &keys, value)),
            after: change
                .after()
                .and_then(|value| shown::value(new_policy, &keys, value)),
        });
    }
}

/// The path in words: `recipients[hosting].countries[DE]`.
fn spelled(path: &[Step<'_>]) -> String {
    let steps: Vec<String> = path
        .iter()
        .map(|step| match &step.item {
            Some((name, _)) => format!("{}[{name}]", step.key),
            None => step.key.to_owned(),
        })
        .collect();
    steps.join(".")
}

/// Not looked into: a word, or a text in its languages.
fn is_single(value: &Value) -> bool {
    value.as_word().is_some() || is_text(value)
}

/// A text in its languages.
fn is_text(value: &Value) -> bool {
    let is_language = |key: &String| key.parse::<crate::Language>().is_ok();
    value
        .as_table()
        .is_some_and(|table| !table.is_empty() && table.keys().all(is_language))
}

/// The items of a list by what names them; the second of one name has a number.
fn named(items: &[Value]) -> BTreeMap<String, &Value> {
    let mut named = BTreeMap::new();
    for item in items {
        let name = name_of(item);
        let mut unique = name.clone();
        let mut number = 1;
        while named.contains_key(&unique) {
            number += 1;
            unique = format!("{name} {number}");
        }
        named.insert(unique, item);
    }
    named
}

fn name_of(item: &Value) -> String {
    /// What names an item of a list, in each of the tables that have no id.
    const NAMES: [&[&str]; 6] = [
        &["id"],
        &["name", "domain"],
        &["kind"],
        &["purpose"],
        &["table", "column"],
        &["table"],
    ];
    if let Some(word) = item.as_word() {
        return word.to_owned();
    }
    let Some(table) = item.as_table() else {
        return String::new();
    };
    let words = |keys: &&[&str]| {
        let words = keys.iter().map(|key| table.get(*key)?.as_word());
        words.collect::<Option<Vec<_>>>()
    };
    match NAMES.iter().find_map(words) {
        Some(words) => words.join(" "),
        // A text, or a table whose name is one: as good as its first language.
        None => match table
            .get("name")
            .map_or(Some(item), Some)
            .and_then(Value::as_table)
        {
            Some(text) => text
                .values()
                .find_map(Value::as_word)
                .unwrap_or_default()
                .to_owned(),
            None => String::new(),
        },
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test")]
mod tests;
