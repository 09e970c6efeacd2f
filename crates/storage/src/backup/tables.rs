//! The tables of ours, as the database itself describes them.

use consentry_migrations::APPLIED;
use consentry_service::ports::StoreError;
use sea_orm::{ConnectionTrait, DbBackend, EntityName, QueryResult, Statement, TryGetable, Value};
use serde::{Deserialize, Serialize};

use crate::bounded::Bounded;
use crate::{
    entity::installation,
    error::{store_error, unreadable},
};

/// What a column holds; the same on both engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// Whole numbers, and truth as 0 and 1.
    Integer,
    Text,
    Bytes,
}

#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// PostgreSQL tells truth from numbers.
    pub(crate) is_boolean: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
    /// The columns of the primary key, in order.
    pub(crate) key: Vec<String>,
    /// The column that PostgreSQL numbers.
    pub(crate) counter: Option<String>,
    /// The tables that its rows name.
    parents: Vec<String>,
}

/// Every table whose rows belong into a backup, parents before children.
pub(crate) async fn all(db: &Bounded) -> Result<Vec<Table>, StoreError> {
    let mut waiting = Vec::new();
    for name in names(db).await? {
        waiting.push(describe(db, name).await?);
    }
    let mut ordered: Vec<Table> = Vec::new();
    while !waiting.is_empty() {
        let is_ready = |table: &Table| {
            let is_there = |parent: &String| {
                parent == &table.name || ordered.iter().any(|done| &done.name == parent)
            };
            table.parents.iter().all(is_there)
        };
        let Some(next) = waiting.iter().position(is_ready) else {
            return Err(unreadable("tables name each other in a circle"));
        };
        ordered.push(waiting.remove(next));
    }
    Ok(ordered)
}

/// What is known of the database itself, and the list of its migrations, are not in a backup.
async fn names(db: &Bounded) -> Result<Vec<String>, StoreError> {
    let sql = match db.get_database_backend() {
        DbBackend::Sqlite => {
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' \
             ESCAPE '\\' ORDER BY name"
        }
        _ => {
            "SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p') AND \
             pg_table_is_visible(oid) ORDER BY relname"
        }
    };
    let mut names: Vec<String> = column(db, sql, &[]).await?;
    let exempt = [installation::Entity.table_name(), APPLIED];
    // An embedder's own tables lie beside ours.
    names.retain(|name| name.starts_with("consentry_") && !exempt.contains(&name.as_str()));
    Ok(names)
}

async fn describe(db: &Bounded, name: String) -> Result<Table, StoreError> {
    let (columns, key, parents) = match db.get_database_backend() {
        DbBackend::Sqlite => (
            "SELECT name, type, 0 FROM pragma_table_info(?) ORDER BY cid",
            "SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk",
            "SELECT DISTINCT \"table\" FROM pragma_foreign_key_list(?)",
        ),
        _ => (
            "SELECT attname::text, format_type(atttypid, NULL), (attidentity <> '')::int::bigint \
             FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped \
             ORDER BY attnum",
            "SELECT a.attname::text FROM pg_index i JOIN pg_attribute a ON a.attrelid = \
             i.indrelid AND a.attnum = ANY(i.indkey) WHERE i.indrelid = $1::regclass AND \
             i.indisprimary ORDER BY array_position(i.indkey::int2[], a.attnum)",
            "SELECT DISTINCT confrelid::regclass::text FROM pg_constraint WHERE conrelid = \
             $1::regclass AND contype = 'f'",
        ),
    };
    let named = [name.as_str()];
    let mut counter = None;
    let mut described = Vec::new();
    for row in rows(db, columns, &named).await? {
        let column: String = at(&row, 0)?;
        let declared: String = at(&row, 1)?;
        let (kind, is_boolean) = match declared.to_ascii_lowercase().as_str() {
            "bigint" | "integer" | "smallint" => (Kind::Integer, false),
            "boolean" => (Kind::Integer, true),
            "text" => (Kind::Text, false),
            "blob" | "bytea" => (Kind::Bytes, false),
            other => {
                let problem =
                    format!("`{name}.{column}` is of type {other}, which no backup holds");
                return Err(unreadable(problem));
            }
        };
        if at::<i64>(&row, 2)? == 1 {
            counter = Some(column.clone());
        }
        described.push(Column {
            name: column,
            kind,
            is_boolean,
        });
    }
    let key = column(db, key, &named).await?;
    if key.is_empty() {
        return Err(unreadable(format!("`{name}` has no primary key")));
    }
    Ok(Table {
        columns: described,
        key,
        counter,
        parents: column(db, parents, &named).await?,
        name,
    })
}

pub(crate) fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

pub(crate) async fn rows(
    db: &Bounded,
    sql: &str,
    values: &[&str],
) -> Result<Vec<QueryResult>, StoreError> {
    let values = values.iter().map(|value| Value::from(*value));
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    db.query_all_raw(statement).await.map_err(store_error)
}

pub(crate) async fn column<T: TryGetable>(
    db: &Bounded,
    sql: &str,
    values: &[&str],
) -> Result<Vec<T>, StoreError> {
    let rows = rows(db, sql, values).await?;
    rows.iter().map(|row| at(row, 0)).collect()
}

pub(crate) fn at<T: TryGetable>(row: &QueryResult, index: usize) -> Result<T, StoreError> {
    row.try_get_by_index(index).map_err(store_error)
}
