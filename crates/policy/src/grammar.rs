//! The grammar of the policy file, described by the very declarations that read it: for the
//! documentation and for editors.

#[cfg(test)]
mod reference;

use serde_json::{Map, Value, json};

use crate::Policy;
use crate::read::FromSection as _;

/// A table with a declaration of its own.
#[derive(Clone, Debug)]
pub(crate) struct TableShape {
    pub(crate) name: &'static str,
    /// Its rustdoc.
    pub(crate) doc: &'static str,
    pub(crate) keys: Vec<KeyDescription>,
}

/// One key of a table.
#[derive(Clone, Debug)]
pub(crate) struct KeyDescription {
    pub(crate) name: &'static str,
    /// Its rustdoc.
    pub(crate) doc: &'static str,
    pub(crate) presence: Presence,
    pub(crate) shape: Shape,
}

/// Whether a key must be there; a list that must be there holds something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    Required,
    Optional,
    /// Left out, it is this, as written in the file.
    Default(&'static str),
}

/// What stands under a key.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    Value(ValueShape),
    List(Box<Shape>),
    /// A table whose keys the author chooses.
    Map(ValueShape),
    Table(TableShape),
    /// One text per language.
    Localized(ValueShape),
}

/// A single value.
#[derive(Clone, Debug)]
pub(crate) struct ValueShape {
    /// As the documentation calls it, such as `period`.
    pub(crate) name: &'static str,
    pub(crate) json: JsonType,
}

/// What JSON Schema can say of a value.
#[derive(Clone, Debug)]
pub(crate) enum JsonType {
    Boolean,
    /// From the first to the second.
    Integer(u64, Option<u64>),
    /// Any text that says something.
    Text,
    Pattern(&'static str),
    /// Words with their rustdoc, and the rustdoc of the choice.
    OneOf {
        doc: &'static str,
        words: Vec<(&'static str, &'static str)>,
    },
    /// What a column holds.
    Condition,
}

/// The grammar of the policy file as JSON Schema (draft 2020-12), for editors and other tools.
///
/// Every policy that is read meets it. The opposite does not hold: that names exist, that periods
/// fit each other and that texts are there in every offered language is beyond a schema.
pub fn schema() -> Value {
    let mut definitions = Map::new();
    let mut root = define(&Policy::shape(), &mut definitions);
    if let Some(Value::Object(policy)) = definitions.remove("Policy") {
        root = Value::Object(policy);
    }
    root["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    root["title"] = json!("Consentry policy");
    root["$defs"] = Value::Object(definitions);
    root
}

/// Refers to a shape; each table and each kind of value is defined once.
fn define(shape: &Shape, definitions: &mut Map<String, Value>) -> Value {
    let (name, definition) = match shape {
        Shape::List(items) => {
            return json!({ "type": "array", "items": define(items, definitions) });
        }
        Shape::Map(values) => {
            let values = define(&Shape::Value(values.clone()), definitions);
            return json!({ "type": "object", "additionalProperties": values });
        }
        Shape::Value(value) => (value.name.replace(' ', "-"), json_of(&value.json)),
        Shape::Localized(text) => {
            let name = format!("{}-per-language", text.name);
            let text = define(&Shape::Value(text.clone()), definitions);
            let definition = json!({
                "type": "object",
                "properties": { "en": text, "fr": text },
                "minProperties": 1,
                "additionalProperties": false,
            });
            (name, definition)
        }
        Shape::Table(table) => (table.name.to_owned(), object(table, definitions)),
    };
    let reference = json!({ "$ref": format!("#/$defs/{name}") });
    definitions.insert(name, definition);
    reference
}

fn object(table: &TableShape, definitions: &mut Map<String, Value>) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for key in &table.keys {
        let mut property = define(&key.shape, definitions);
        property["description"] = json!(prose(key.doc));
        match (key.presence, &key.shape) {
            (Presence::Required, Shape::List(_)) => property["minItems"] = json!(1),
            // A literal of TOML that is one of JSON, too.
            (Presence::Default(value), _) => {
                property["default"] = serde_json::from_str(value).unwrap_or_default();
            }
            _ => {}
        }
        if key.presence == Presence::Required {
            required.push(key.name);
        }
        properties.insert(key.name.to_owned(), property);
    }
    json!({
        "type": "object",
        "description": prose(table.doc),
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn json_of(json: &JsonType) -> Value {
    match json {
        JsonType::Boolean => json!({ "type": "boolean" }),
        JsonType::Integer(least, None) => json!({ "type": "integer", "minimum": least }),
        JsonType::Integer(least, most) => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        JsonType::Text => json!({ "type": "string", "pattern": r"\S" }),
        JsonType::Pattern(pattern) => json!({ "type": "string", "pattern": pattern }),
        JsonType::OneOf { doc, words } => {
            let words: Vec<Value> = words
                .iter()
                .map(|(word, doc)| json!({ "const": word, "description": prose(doc) }))
                .collect();
            json!({ "description": prose(doc), "oneOf": words })
        }
        JsonType::Condition => {
            let literal = json!({ "type": ["string", "integer", "boolean"] });
            let literals = json!({ "anyOf": [
                literal,
                { "type": "array", "items": literal, "minItems": 1 },
            ] });
            let table = |key: &str, value: Value| {
                json!({
                    "type": "object",
                    "properties": { key: value },
                    "required": [key],
                    "additionalProperties": false,
                })
            };
            json!({ "anyOf": [
                literals,
                table("null", json!({ "type": "boolean" })),
                table("not", literals),
            ] })
        }
    }
}

/// Rustdoc as plain paragraphs.
fn prose(doc: &str) -> String {
    let lines: Vec<&str> = doc.trim().lines().map(str::trim).collect();
    lines
        .split(|line| line.is_empty())
        .map(|paragraph| paragraph.join(" "))
        .collect::<Vec<_>>()
        .join("\n\n")
}
