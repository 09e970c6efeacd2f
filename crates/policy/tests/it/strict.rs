//! Nothing in a policy file is ignored, nothing that is missing is guessed: tried with every table
//! and every key of the grammar.

use std::collections::BTreeSet;

use consentry_policy::{Findings, Policy, schema};
use serde_json::Value as Schema;
use toml::{Table, Value};

use crate::edit::COMPLETE;

/// A place in the file: keys and positions in arrays.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    Key(String),
    Item(usize),
}

type Path = Vec<Step>;

/// As findings write it: `datasets[1].fields[0].id`.
fn written(path: &[Step]) -> String {
    let mut out = String::new();
    for step in path {
        match step {
            Step::Key(key) if out.is_empty() => out.push_str(key),
            Step::Key(key) => out.extend([".", key]),
            Step::Item(index) => out.extend(["[", &index.to_string(), "]"]),
        }
    }
    out
}

/// What the schema says at a place, with references followed.
fn resolved<'a>(root: &'a Schema, found: &'a Schema) -> &'a Schema {
    match found["$ref"].as_str() {
        Some(reference) => &root["$defs"][reference.trim_start_matches("#/$defs/")],
        None => found,
    }
}

/// Every table of the file that has keys of its own, with what the schema says of it.
fn tables<'a>(
    root: &'a Schema,
    value: &Value,
    schema: &'a Schema,
    at: &Path,
) -> Vec<(Path, &'a Schema)> {
    let step = |step: Step| at.iter().cloned().chain([step]).collect::<Path>();
    match value {
        Value::Table(table) if schema["properties"].is_object() => {
            let mut found = vec![(at.clone(), schema)];
            for (key, value) in table {
                let schema = resolved(root, &schema["properties"][key]);
                found.extend(tables(root, value, schema, &step(Step::Key(key.clone()))));
            }
            found
        }
        Value::Array(items) => {
            let schema = resolved(root, &schema["items"]);
            let indexed = items.iter().enumerate();
            indexed
                .flat_map(|(index, item)| tables(root, item, schema, &step(Step::Item(index))))
                .collect()
        }
        _ => Vec::new(),
    }
}

fn complete() -> Table {
    COMPLETE.parse().expect("TOML")
}

fn table_at<'a>(file: &'a mut Table, path: &[Step]) -> &'a mut Table {
    let mut steps = path.iter();
    let Some(Step::Key(first)) = steps.next() else {
        return file;
    };
    let mut value = &mut file[first];
    for step in steps {
        value = match step {
            Step::Key(key) => &mut value[key.as_str()],
            Step::Item(index) => &mut value[*index],
        };
    }
    value.as_table_mut().expect("a table")
}

/// The findings after a change of one table.
fn after(path: &Path, change: impl FnOnce(&mut Table)) -> Result<Policy, Findings> {
    let mut file = complete();
    change(table_at(&mut file, path));
    Policy::parse(&file.to_string(), "policy.toml")
}

/// Calls back with every table of the complete policy.
fn for_every_table(mut each: impl FnMut(&Path, &Schema)) {
    let root = schema();
    let file = Value::Table(complete());
    for (path, schema) in tables(&root, &file, &root, &Path::new()) {
        each(&path, schema);
    }
}

#[test]
fn the_complete_policy_has_every_key_there_is() {
    let mut wanted = BTreeSet::new();
    let root = schema();
    let definitions = root["$defs"].as_object().expect("definitions");
    for (name, definition) in definitions
        .iter()
        .map(|(name, it)| (name.as_str(), it))
        .chain([("", &root)])
    {
        for key in definition["properties"].as_object().into_iter().flatten() {
            wanted.insert(format!("{name}.{}", key.0));
        }
    }
    let name_of = |schema: &Schema| {
        let named = definitions
            .iter()
            .find(|(_, definition)| *definition == schema);
        named.map_or(String::new(), |(name, _)| name.clone())
    };
    let mut file = complete();
    for_every_table(|path, schema| {
        for key in table_at(&mut file, path).keys() {
            wanted.remove(&format!("{}.{key}", name_of(schema)));
        }
    });
    assert_eq!(wanted, BTreeSet::new(), "add these to complete.toml");
}

#[test]
fn an_unknown_key_is_refused_in_every_table() {
    let mut tried = 0;
    for_every_table(|path, _| {
        let result = after(path, |table| {
            drop(table.insert("colour".to_owned(), "blue".into()));
        });
        let mut key = path.clone();
        key.push(Step::Key("colour".to_owned()));
        let key = written(&key);
        let errors = result.expect_err(&key);
        let [finding] = errors.all() else {
            panic!("one finding for {key}, not {errors}");
        };
        assert_eq!((finding.code, &finding.key), ("unknown-key", &key));
        assert_eq!(finding.message, format!("unknown key `{key}`"));
        tried += 1;
    });
    assert!(tried > 100, "{tried} tables");
}

/// S0-01: the file is refused when who is responsible, or anything else required, is not stated;
/// and nothing else is required.
#[test]
fn a_missing_key_is_refused_when_it_is_required_and_only_then() {
    let mut required = 0;
    for_every_table(|path, schema| {
        let is_text = schema["properties"]["en"].is_object();
        for key in schema["properties"].as_object().expect("keys").keys() {
            let result = after(path, |table| drop(table.remove(key)));
            let mut path = path.clone();
            path.push(Step::Key(key.clone()));
            let path = written(&path);
            let is_required = schema["required"]
                .as_array()
                .is_some_and(|all| all.contains(&key.as_str().into()));
            let missing = result.as_ref().err().and_then(|errors| {
                errors
                    .all()
                    .iter()
                    .find(|finding| finding.code == "missing-key")
            });
            match missing {
                Some(finding) => {
                    assert!(is_required || is_text, "{path} is not required");
                    assert_eq!(finding.key, path);
                    assert!(finding.help.is_some(), "{finding}");
                    required += 1;
                }
                None => assert!(!is_required && !is_text, "{path} is required"),
            }
        }
    });
    assert!(required > 100, "{required} keys");
}

/// A value of the wrong type is refused wherever it stands.
#[test]
fn a_value_of_another_type_is_refused_for_every_key() {
    let mut tried = 0;
    for_every_table(|path, schema| {
        for key in schema["properties"].as_object().expect("keys").keys() {
            let mut is_there = false;
            let result = after(path, |table| {
                is_there = table.insert(key.clone(), Value::Float(1.5)).is_some();
            });
            if is_there {
                let mut path = path.clone();
                path.push(Step::Key(key.clone()));
                let path = written(&path);
                let errors = result.expect_err(&path);
                let finding = errors.all().iter().find(|finding| finding.key == path);
                let code = finding.unwrap_or_else(|| panic!("{path}: {errors}")).code;
                assert!(
                    ["wrong-value", "wrong-type"].contains(&code),
                    "{path}: {code}"
                );
                tried += 1;
            }
        }
    });
    assert!(tried > 300, "{tried} keys");
}
