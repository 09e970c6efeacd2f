//! What a file leaves out, written out: a default that is stated is no change.

use crate::content::{Table, Value, of_table};
use crate::grammar::{KeyDescription, Presence, Shape};
use crate::read::{Choice as _, describe, table};
use crate::{ErasureGround, Policy, Right};

/// The values of a policy with everything that follows from what is left out.
pub(super) fn values(policy: &Policy) -> Table {
    let mut values = policy.content.values.clone();
    complete(&mut values, &describe::<Policy>());
    inherit(&mut values);
    values
}

fn complete(values: &mut Table, keys: &[KeyDescription]) {
    for key in keys {
        if let Presence::Default(text) = key.presence {
            let default = || parsed(key.name, text);
            if !values.contains_key(key.name) {
                values.extend(default());
            }
        }
        if let Some(value) = values.get_mut(key.name) {
            complete_value(value, &key.shape);
        }
    }
}

fn complete_value(value: &mut Value, shape: &Shape) {
    match (value, shape) {
        (Value::Table(table), Shape::Table(keys)) => complete(table, keys),
        (Value::Table(table), Shape::Map(shape)) => {
            for value in table.values_mut() {
                complete_value(value, shape);
            }
        }
        (Value::List(items), Shape::List(shape)) => {
            for item in items {
                complete_value(item, shape);
            }
        }
        _ => {}
    }
}

/// A default as the grammar states it.
fn parsed(key: &str, text: &str) -> Table {
    table(&format!("{key} = {text}")).map_or_else(|_| Table::new(), |table| of_table(&table))
}

/// What another key stands for where one is left out.
fn inherit(values: &mut Table) {
    let words = |names: Vec<&str>| {
        let texts = names.into_iter().map(|name| Value::Text(name.to_owned()));
        Value::List(texts.collect())
    };
    if let Some(Value::Table(rights)) = values.get_mut("rights") {
        let all = || words(Right::GENERAL.iter().map(|right| right.as_str()).collect());
        rights.entry("offered".to_owned()).or_insert_with(all);
        let all = || words(ErasureGround::names());
        rights
            .entry("erasure_grounds".to_owned())
            .or_insert_with(all);
    }
    if let Some(Value::Table(cookies)) = values.get_mut("cookies")
        && let Some(consent) = cookies.get("consent_validity").cloned()
    {
        cookies
            .entry("refusal_validity".to_owned())
            .or_insert(consent);
    }
    let Some(Value::List(datasets)) = values.get_mut("datasets") else {
        return;
    };
    for dataset in datasets {
        let Value::Table(dataset) = dataset else {
            continue;
        };
        for inherited in ["purposes", "teams"] {
            let Some(value) = dataset.get(inherited).cloned() else {
                continue;
            };
            if let Some(Value::List(fields)) = dataset.get_mut("fields") {
                for field in fields {
                    if let Value::Table(field) = field {
                        field
                            .entry(inherited.to_owned())
                            .or_insert_with(|| value.clone());
                    }
                }
            }
        }
    }
}
