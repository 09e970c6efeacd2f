//! The scratch databases: SQLite in memory, gone when the simulation ends.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use consentry_policy::{Calendar, Slug};
use consentry_retention::Source;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement,
};

use crate::SimulationError;
use crate::row::Row;
use crate::tables::{Kind, Table};

/// One per database of the policy.
pub(crate) struct Scratch(BTreeMap<Slug, DatabaseConnection>);

/// A new database in memory, shared by the connections of this process that know its URL. It lives
/// for as long as the connection does that comes with it.
pub(crate) async fn in_memory() -> Result<(String, DatabaseConnection), SimulationError> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let number = COUNTER.fetch_add(1, Relaxed);
    // A name that begins with a slash is shared by the connections of a process.
    let url = format!("sqlite:///consentry-simulation-{number}?vfs=memdb");
    let connection = connect(&url).await?;
    Ok((url, connection))
}

/// One connection, which stays open.
pub(crate) async fn connect(url: &str) -> Result<DatabaseConnection, SimulationError> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).min_connections(1);
    options.sqlx_logging(false);
    Ok(Database::connect(options).await?)
}

impl Scratch {
    /// Makes the tables; answers with the databases as the engine opens them, too.
    pub(crate) async fn new(
        tables: &[Table<'_>],
    ) -> Result<(Self, BTreeMap<Slug, Source>), SimulationError> {
        let mut connections = BTreeMap::new();
        let mut sources = BTreeMap::new();
        for table in tables {
            if !connections.contains_key(table.database) {
                let (url, connection) = in_memory().await?;
                connections.insert(table.database.clone(), connection);
                let source = Source::connect(&url).await;
                let source = source.map_err(|error| SimulationError::Scratch(error.to_string()))?;
                sources.insert(table.database.clone(), source);
            }
        }
        let scratch = Self(connections);
        for table in tables {
            scratch.execute(table.database, &definition(table)).await?;
        }
        Ok((scratch, sources))
    }

    pub(crate) async fn execute(&self, database: &Slug, sql: &str) -> Result<(), SimulationError> {
        if let Some(connection) = self.0.get(database) {
            connection.execute_unprepared(sql).await?;
        }
        Ok(())
    }

    /// Every row of a table, each as the texts of its columns; in no order.
    pub(crate) async fn rows(
        &self,
        table: &Table<'_>,
    ) -> Result<Vec<Vec<Option<String>>>, SimulationError> {
        let Some(connection) = self.0.get(table.database) else {
            return Ok(Vec::new());
        };
        let columns: Vec<String> = table
            .columns
            .keys()
            .map(|column| format!("CAST({} AS TEXT)", quoted(column)))
            .collect();
        let (columns, name) = (columns.join(", "), quoted(table.name.as_str()));
        let sql = format!("SELECT {columns} FROM {name}");
        let statement = Statement::from_string(DbBackend::Sqlite, sql);
        let mut rows = Vec::new();
        for row in connection.query_all_raw(statement).await? {
            let texts = (0..table.columns.len()).map(|index| row.try_get_by_index(index));
            rows.push(texts.collect::<Result<_, _>>()?);
        }
        Ok(rows)
    }
}

/// One statement for the rows of a table.
pub(crate) fn insert(table: &Table<'_>, rows: &[&Row<'_>], calendar: &Calendar) -> String {
    let columns: Vec<String> = table.columns.keys().map(|name| quoted(name)).collect();
    let name = quoted(table.name.as_str());
    let mut sql = format!("INSERT INTO {name} ({}) VALUES ", columns.join(", "));
    for (place, row) in rows.iter().enumerate() {
        let values = table.columns.keys().map(|column| row.value(column));
        let values: Vec<String> = values.map(|value| value.sql(calendar)).collect();
        let separator = if place > 0 { ", " } else { "" };
        // Writing to a string does not fail.
        let _ = write!(sql, "{separator}({})", values.join(", "));
    }
    sql
}

/// Writes every value of a row anew.
pub(crate) fn update(table: &Table<'_>, row: &Row<'_>, calendar: &Calendar) -> String {
    let is = |column: &&str| {
        let value = row.value(column).sql(calendar);
        format!("{} = {value}", quoted(column))
    };
    let values: Vec<String> = table.columns.keys().map(is).collect();
    let key: Vec<String> = table.key.iter().map(is).collect();
    let (values, key) = (values.join(", "), key.join(" AND "));
    let name = quoted(table.name.as_str());
    format!("UPDATE {name} SET {values} WHERE {key}")
}

fn definition(table: &Table<'_>) -> String {
    let column = |(name, kind): (&&str, &Kind)| {
        use consentry_policy::TimeFormat::{Date, Timestamp};
        let kind = match kind {
            Kind::Moment(Timestamp | Date) | Kind::Text => "TEXT",
            Kind::Moment(_) | Kind::Integer => "INTEGER",
            Kind::Flag => "BOOLEAN",
        };
        format!("{} {kind}", quoted(name))
    };
    let list = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
        names.join(", ")
    };
    let mut columns: Vec<String> = table.columns.iter().map(column).collect();
    if !table.key.is_empty() {
        columns.push(format!("PRIMARY KEY ({})", list(&table.key)));
    }
    let name = quoted(table.name.as_str());
    let mut sql = format!("CREATE TABLE {name} ({});", columns.join(", "));
    for (number, index) in table.indexes.iter().enumerate() {
        let index_name = quoted(&format!("{} {number}", table.name));
        let _ = write!(
            sql,
            "CREATE INDEX {index_name} ON {name} ({});",
            list(index)
        );
    }
    sql
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
