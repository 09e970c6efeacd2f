//! The policy for other programs: its tables as JSON.

use std::fmt;

use serde_json::{Map, Number, Value};
use toml::de::{DeTable, DeValue};

/// Where rows lie in the controller's databases, and what the site allows a stranger: nobody outside
/// needs to know, and an attacker would like to.
const KEPT_BACK: [&str; 3] = ["joins", "limits", "source"];

/// The tables of a policy; addresses in them stay out of logs.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Published(pub(crate) Value);

impl fmt::Debug for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Published").finish_non_exhaustive()
    }
}

/// The tables of a policy file, without what is [kept back](KEPT_BACK).
pub(crate) fn published(table: &DeTable<'_>) -> Value {
    let kept = table.iter().filter_map(|(key, value)| {
        let key: &str = key.get_ref();
        let is_table_kept_back = KEPT_BACK.contains(&key)
            && matches!(value.get_ref(), DeValue::Table(_) | DeValue::Array(_));
        (!is_table_kept_back).then(|| (key.to_owned(), json(value.get_ref())))
    });
    Value::Object(kept.collect::<Map<_, _>>())
}

fn json(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::Table(table) => published(table),
        DeValue::Array(items) => items.iter().map(|item| json(item.get_ref())).collect(),
        DeValue::String(text) => text.as_ref().into(),
        DeValue::Boolean(flag) => (*flag).into(),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| number.as_str().into(), Into::into),
        DeValue::Float(number) => number
            .as_str()
            .parse()
            .ok()
            .and_then(Number::from_f64)
            .map_or_else(|| number.as_str().into(), Value::Number),
        DeValue::Datetime(time) => time.to_string().into(),
    }
}
