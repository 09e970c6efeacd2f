use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::grammar::{KeyDescription, Shape};
use crate::read::describe;

fn compared(old: &Table, new: &Table) -> Vec<Difference> {
    let policy = Policy::demo();
    let mut comparison = Comparison {
        policies: (&policy, &policy),
        found: Vec::new(),
    };
    comparison.tables(&[], old, new);
    comparison.found
}

/// Tables, lists and words as files hold them, with the keys that have a meaning here.
fn tables() -> impl Strategy<Value = Table> {
    let key = prop::sample::select(vec![
        "id",
        "name",
        "domain",
        "kind",
        "purpose",
        "en",
        "fr",
        "datasets",
        "stages",
        "after",
        "recipients",
        "promises",
    ]);
    let word = prop::sample::select(vec!["a", "b", "1 year", "12 months", "true"]);
    let leaf = prop_oneof![
        word.clone().prop_map(|word| Value::Text(word.to_owned())),
        word.prop_map(|word| Value::Scalar(word.to_owned())),
    ];
    let table = move |value: BoxedStrategy<Value>| {
        prop::collection::btree_map(key.clone().prop_map(str::to_owned), value, 0..4)
    };
    let value = leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            table(inner.boxed()).prop_map(Value::Table),
        ]
    });
    prop::collection::btree_map("[a-d]|datasets|rights", value, 0..4)
}

proptest! {
    /// Issue 4: nothing differs between a version and itself, and no value changes unseen.
    #[test]
    fn what_is_equal_has_no_difference_and_what_is_not_has_one(a in tables(), b in tables()) {
        prop_assert_eq!(compared(&a, &a), vec![]);
        prop_assert_eq!(compared(&a, &b).is_empty(), a == b);
    }

    /// A word that changes anywhere is found where it stands.
    #[test]
    fn a_word_that_changes_is_found_at_its_key(
        tables in tables(),
        place in any::<prop::sample::Index>(),
    ) {
        let mut changed = tables.clone();
        let mut words = Vec::new();
        for value in changed.values_mut() {
            collect(value, &mut words);
        }
        prop_assume!(!words.is_empty());
        let word = words.swap_remove(place.index(words.len()));
        word.push_str("something else");
        prop_assert!(!compared(&tables, &changed).is_empty());
    }
}

fn collect<'a>(value: &'a mut Value, words: &mut Vec<&'a mut String>) {
    match value {
        Value::Text(word) | Value::Scalar(word) => words.push(word),
        Value::List(items) => items.iter_mut().for_each(|item| collect(item, words)),
        Value::Table(table) => table.values_mut().for_each(|value| collect(value, words)),
    }
}

/// What each key of the grammar is when it is added, removed and changed: a key that is added to
/// the grammar shows up here and has to be decided about.
#[test]
fn every_key_of_the_grammar_has_its_class() {
    let mut listed = String::new();
    list(&mut Vec::new(), &describe::<Policy>(), &mut listed);
    insta::assert_snapshot!(listed);
}

fn list(path: &mut Vec<&'static str>, keys: &[KeyDescription], out: &mut String) {
    for key in keys {
        path.push(key.name);
        let [one, other] = ["1 day", "2 days"].map(|word| Value::Text(word.to_owned()));
        let classes = [
            Change::Added(&one),
            Change::Removed(&one),
            Change::Changed(&one, &other),
        ]
        .map(|change| class::of(path, change));
        let inner = table_of(&key.shape);
        let is_list = matches!(key.shape, Shape::List(_));
        if inner.is_none() || is_list {
            let path = path.join(".");
            let [added, removed, changed] = classes.map(|class| {
                let mark = if class.is_substantial() { "!" } else { "" };
                format!("{class}{mark}")
            });
            let line = match &key.shape {
                shape if is_text_of(shape) => "editorial".to_owned(),
                _ if added == removed && removed == changed => added,
                _ if is_list => format!("+ {added}, - {removed}"),
                _ => format!("+ {added}, - {removed}, ~ {changed}"),
            };
            writeln!(out, "{path}: {line}").expect("a string");
        }
        list(path, inner.unwrap_or_default(), out);
        path.pop();
    }
}

fn is_text_of(shape: &Shape) -> bool {
    match shape {
        Shape::Localized(_) => true,
        Shape::List(shape) => is_text_of(shape),
        _ => false,
    }
}

fn table_of(shape: &Shape) -> Option<&[KeyDescription]> {
    match shape {
        Shape::Table(table) => Some(&table.keys),
        Shape::List(shape) => table_of(shape),
        _ => None,
    }
}
