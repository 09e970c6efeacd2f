//! SQL of either engine: identifiers are quoted, values are bound, and nothing else is written.

use consentry_policy::SqlName;

/// The kind of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// A value of a row, or one that is bound. PostgreSQL is spoken to in texts, with a cast to the
/// column's type; a SQLite column holds values of any kind.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
    /// A column of values, on PostgreSQL.
    Texts(Vec<Option<String>>),
}

impl Value {
    /// As text; nothing for NULL and for bytes.
    pub(crate) fn into_text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Integer(number) => Some(number.to_string()),
            Self::Real(number) => Some(number.to_string()),
            Self::Null | Self::Blob(_) | Self::Texts(_) => None,
        }
    }
}

/// A statement while it is written.
#[derive(Clone, Debug)]
pub(crate) struct Sql {
    pub(crate) dialect: Dialect,
    pub(crate) text: String,
    pub(crate) values: Vec<Value>,
}

impl Sql {
    pub(crate) fn new(dialect: Dialect, text: &str) -> Self {
        Self {
            dialect,
            text: text.to_owned(),
            values: Vec::new(),
        }
    }

    /// Text of ours: never a name or a value.
    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// A name.
    pub(crate) fn name(&mut self, name: &str) -> &mut Self {
        self.text.push_str(&quoted(name));
        self
    }

    /// A column of the table with that alias.
    pub(crate) fn column(&mut self, alias: &str, column: &str) -> &mut Self {
        self.push(alias).push(".").name(column)
    }

    /// Columns of the table with that alias, with commas between them.
    pub(crate) fn columns<'n>(
        &mut self,
        alias: &str,
        columns: impl IntoIterator<Item = &'n str>,
    ) -> &mut Self {
        for (index, column) in columns.into_iter().enumerate() {
            self.push(if index > 0 { ", " } else { "" })
                .column(alias, column);
        }
        self
    }

    /// A table.
    pub(crate) fn table(&mut self, table: &SqlName) -> &mut Self {
        self.text.push_str(&quoted_table(table));
        self
    }

    /// A value, of the type of a column.
    pub(crate) fn bind(&mut self, value: Value, kind: &str) -> &mut Self {
        self.values.push(value);
        match self.dialect {
            // Without a number: the driver would look each of them up among all the others.
            Dialect::Sqlite => self.push("?"),
            Dialect::Postgres => {
                let number = self.values.len();
                self.push(&format!("${number}::text::{kind}"))
            }
        }
    }

    /// A column of values, of the type of a column, on PostgreSQL.
    pub(crate) fn bind_all(&mut self, values: Vec<Option<String>>, kind: &str) -> &mut Self {
        self.values.push(Value::Texts(values));
        let number = self.values.len();
        self.push(&format!("${number}::text[]::{kind}[]"))
    }

    /// A whole number of ours, such as a limit.
    pub(crate) fn number(&mut self, number: u64) -> &mut Self {
        self.push(&number.to_string())
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A table as a statement names it.
pub(crate) fn quoted_table(table: &SqlName) -> String {
    let parts: Vec<String> = table.as_str().split('.').map(quoted).collect();
    parts.join(".")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_quotes() {
        let mut sql = Sql::new(Dialect::Sqlite, "SELECT ");
        sql.column("t", "a\"; DROP TABLE b; --");
        assert_eq!(sql.text, "SELECT t.\"a\"\"; DROP TABLE b; --\"");
        assert_eq!(
            quoted_table(&"crm.clients".parse().unwrap()),
            "\"crm\".\"clients\""
        );
    }

    #[test]
    fn a_value_is_bound() {
        let mut sql = Sql::new(Dialect::Postgres, "");
        sql.bind(Value::Text("' OR 1".to_owned()), "pg_catalog.int8");
        assert_eq!(sql.text, "$1::text::pg_catalog.int8");
    }
}
