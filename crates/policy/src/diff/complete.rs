//! What a file leaves out, written out: a default that is stated is no change.

use crate::content::{Table, Value, of_table};
use crate::grammar::{KeyDescription, Presence, Shape, TableShape};
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
        if !values.contains_key(key.name) {
            values.extend(left_out(key));
        }
        if let Some(value) = values.get_mut(key.name) {
            complete_value(value, &key.shape);
        }
    }
}

fn complete_value(value: &mut Value, shape: &Shape) {
    match (value, shape) {
        (Value::Table(table), Shape::Table(shape)) => complete(table, &shape.keys),
        (Value::List(items), Shape::List(shape)) => {
            for item in items {
                complete_value(item, shape);
            }
        }
        _ => {}
    }
}

/// What stands for a key that is left out: its default, or an empty table where nothing in the table
/// has to be there.
fn left_out(key: &KeyDescription) -> Table {
    let stated = match (key.presence, &key.shape) {
        (Presence::Default(text), _) => text,
        (Presence::Optional, Shape::Table(shape)) if !has_required(shape) => "{}",
        _ => return Table::new(),
    };
    let stated = format!("{} = {stated}", key.name);
    table(&stated).map_or_else(|_| Table::new(), |table| of_table(&table))
}

fn has_required(shape: &TableShape) -> bool {
    let mut keys = shape.keys.iter();
    keys.any(|key| key.presence == Presence::Required)
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
