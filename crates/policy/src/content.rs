//! What a policy file says, apart from how it is written.

use std::collections::BTreeMap;
use std::fmt;

use sha2::{Digest as _, Sha256};
use toml::de::{DeTable, DeValue};

/// A value of the file. Tables have no order, and two spellings of one number are equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    /// A number, a date, `true` or `false`.
    Scalar(String),
    List(Vec<Value>),
    Table(Table),
}

pub(crate) type Table = BTreeMap<String, Value>;

/// The file itself, its values, and the digest of their canonical form.
#[derive(Clone, Default)]
pub(crate) struct Content {
    pub(crate) source: String,
    pub(crate) values: Table,
    pub(crate) digest: [u8; 32],
}

/// The file holds addresses.
impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Content").field(&self.fingerprint()).finish()
    }
}

/// Comments, spacing and the order of keys do not count.
impl PartialEq for Content {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl Content {
    pub(crate) fn new(source: &str, table: &DeTable<'_>) -> Self {
        let values = of_table(table);
        let mut canonical = String::new();
        write_table(&mut canonical, &values);
        Self {
            source: source.to_owned(),
            values,
            digest: Sha256::digest(canonical.as_bytes()).into(),
        }
    }

    /// The digest in hexadecimal digits.
    pub(crate) fn fingerprint(&self) -> String {
        hex::encode(self.digest)
    }
}

pub(crate) fn of_table(table: &DeTable<'_>) -> Table {
    let entry = |(key, value): (&toml::Spanned<_>, &toml::Spanned<_>)| {
        let key: &std::borrow::Cow<'_, str> = key.get_ref();
        (key.to_string(), Value::of(value.get_ref()))
    };
    table.iter().map(entry).collect()
}

impl Value {
    fn of(value: &DeValue<'_>) -> Self {
        match value {
            DeValue::Table(table) => Self::Table(of_table(table)),
            DeValue::Array(items) => {
                Self::List(items.iter().map(|item| Self::of(item.get_ref())).collect())
            }
            DeValue::String(text) => Self::Text(text.to_string()),
            DeValue::Integer(number) => {
                let spelled = i64::from_str_radix(number.as_str(), number.radix());
                Self::Scalar(spelled.map_or(number.as_str().to_owned(), |one| one.to_string()))
            }
            DeValue::Float(number) => Self::Scalar(number.as_str().to_owned()),
            DeValue::Boolean(flag) => Self::Scalar(flag.to_string()),
            DeValue::Datetime(time) => Self::Scalar(time.to_string()),
        }
    }

    /// The text or the spelled value, where it is a single one.
    pub(crate) fn as_word(&self) -> Option<&str> {
        match self {
            Self::Text(word) | Self::Scalar(word) => Some(word),
            Self::List(_) | Self::Table(_) => None,
        }
    }

    pub(crate) fn as_table(&self) -> Option<&Table> {
        match self {
            Self::Table(table) => Some(table),
            _ => None,
        }
    }
}

/// The canonical form: keys sorted, no spacing, every text preceded by its length in octets.
fn write_table(out: &mut String, table: &Table) {
    out.push('{');
    for (key, value) in table {
        write_text(out, key);
        write_value(out, value);
    }
    out.push('}');
}

fn write_value(out: &mut String, value: &Value) {
    match value {
        Value::Table(table) => write_table(out, table),
        Value::List(items) => {
            out.push('[');
            for item in items {
                write_value(out, item);
            }
            out.push(']');
        }
        Value::Text(text) => write_text(out, text),
        Value::Scalar(word) => {
            out.push('=');
            out.push_str(word);
            out.push(';');
        }
    }
}

fn write_text(out: &mut String, text: &str) {
    out.push_str(&text.len().to_string());
    out.push(':');
    out.push_str(text);
}
