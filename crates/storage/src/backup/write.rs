//! Writing a backup: one snapshot, a page at a time.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use consentry_migrations::APPLIED;
use consentry_service::ports::StoreError;
use jiff::Timestamp;
use sea_orm::{ConnectionTrait, DbBackend, EntityName, QueryResult, Statement, Value};
use serde::Serialize;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use super::{
    BackupError, FORMAT, Head, Manifest, PAGE, Seal, Summary, TableHead,
    tables::{self, Column, Kind, Table, at, column, quoted},
};
use crate::bounded::Bounded;
use crate::{entity::subject, error::store_error, transaction::Database};

/// Writes everything that is ours, as one state of the database has it, while others read and
/// write. Holds a page of rows in memory.
pub(crate) async fn write(
    database: &Database,
    out: &mut (dyn Write + Send),
    engine: &str,
    taken_at: Timestamp,
) -> Result<Manifest, BackupError> {
    let mut lines = Lines {
        out,
        hash: Sha256::new(),
    };
    let snapshot = database.snapshot().await?;
    let db = &snapshot.inner;
    let head = Head {
        consentry_backup: FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        engine: engine.to_owned(),
        taken_at,
        migrations: migrations(db).await?,
    };
    lines.write(&head)?;
    let tables = tables::all(db).await?;
    let mut rows = BTreeMap::new();
    for table in &tables {
        let count = write_table(db, table, &mut lines).await?;
        rows.insert(table.name.clone(), count);
    }
    let people = subject::Entity.table_name();
    let summary = if rows.contains_key(people) {
        summary(db, people, rows).await?
    } else {
        Summary {
            rows,
            ..Summary::default()
        }
    };
    snapshot.commit().await?;
    lines.write(&summary)?;
    let sha256 = hex::encode(lines.hash.clone().finalize());
    lines.write(&Seal { sha256 })?;
    lines.out.flush()?;
    Ok(Manifest { head, summary })
}

/// Whose records these are, and which keys they need.
async fn summary(
    db: &Bounded,
    people: &str,
    rows: BTreeMap<String, u64>,
) -> Result<Summary, StoreError> {
    let distinct =
        |what: &str| format!("SELECT DISTINCT {what} FROM {} ORDER BY 1", quoted(people));
    let seal_keys: Vec<Vec<u8>> = column(db, &distinct("substr(wrapped_key, 1, 1)"), &[]).await?;
    let index_keys: Vec<i16> = column(db, &distinct("address_index_key"), &[]).await?;
    Ok(Summary {
        rows,
        controllers: column(db, &distinct("controller"), &[]).await?,
        index_keys: index_keys
            .into_iter()
            .filter_map(|id| id.try_into().ok())
            .collect(),
        seal_keys: seal_keys.into_iter().flatten().collect(),
    })
}

async fn migrations(db: &Bounded) -> Result<Vec<String>, StoreError> {
    column(
        db,
        &format!("SELECT version FROM {APPLIED} ORDER BY version"),
        &[],
    )
    .await
}

async fn write_table(
    db: &Bounded,
    table: &Table,
    lines: &mut Lines<'_>,
) -> Result<u64, BackupError> {
    lines.write(&TableHead {
        table: table.name.clone(),
        columns: table.columns.iter().map(|one| one.name.clone()).collect(),
        kinds: table.columns.iter().map(|one| one.kind).collect(),
    })?;
    let mut last = Vec::new();
    let mut count = 0;
    loop {
        let page = page(db, table, &last).await?;
        for row in &page {
            lines.write(&cells(row, &table.columns)?)?;
        }
        count += page.len() as u64;
        let Some(end) = page.last().filter(|_| page.len() == PAGE) else {
            return Ok(count);
        };
        last = key_of(end, table)?;
    }
}

/// The rows after the one with this key, by key.
async fn page(
    db: &Bounded,
    table: &Table,
    after: &[Value],
) -> Result<Vec<QueryResult>, StoreError> {
    let backend = db.get_database_backend();
    let columns: Vec<_> = table
        .columns
        .iter()
        .map(|column| read_as(column, backend))
        .collect();
    let key: Vec<_> = table.key.iter().map(|name| quoted(name)).collect();
    let key = key.join(", ");
    let places: Vec<_> = (1..=after.len())
        .map(|number| place(backend, number))
        .collect();
    let start = if after.is_empty() {
        String::new()
    } else {
        format!("WHERE ({key}) > ({})", places.join(", "))
    };
    let sql = format!(
        "SELECT {} FROM {} {start} ORDER BY {key} LIMIT {PAGE}",
        columns.join(", "),
        quoted(&table.name),
    );
    let statement = Statement::from_sql_and_values(backend, sql, after.iter().cloned());
    db.query_all_raw(statement).await.map_err(store_error)
}

pub(super) fn place(backend: DbBackend, number: usize) -> String {
    match backend {
        DbBackend::Sqlite => format!("?{number}"),
        _ => format!("${number}"),
    }
}

/// PostgreSQL has numbers of several widths; a row of a backup has one.
fn read_as(column: &Column, backend: DbBackend) -> String {
    let name = quoted(&column.name);
    match (column.kind, backend) {
        (Kind::Integer, DbBackend::Sqlite) => format!("CAST({name} AS INTEGER)"),
        (Kind::Integer, _) if column.is_boolean => {
            format!("CAST(CAST({name} AS INTEGER) AS BIGINT)")
        }
        (Kind::Integer, _) => format!("CAST({name} AS BIGINT)"),
        (Kind::Text | Kind::Bytes, _) => name,
    }
}

fn cells(row: &QueryResult, columns: &[Column]) -> Result<Vec<Json>, StoreError> {
    let cells = columns.iter().enumerate().map(|(index, column)| {
        Ok(match column.kind {
            Kind::Integer => at::<Option<i64>>(row, index)?.map_or(Json::Null, Json::from),
            Kind::Text => at::<Option<String>>(row, index)?.map_or(Json::Null, Json::from),
            Kind::Bytes => at::<Option<Vec<u8>>>(row, index)?
                .map_or(Json::Null, |bytes| BASE64_STANDARD.encode(bytes).into()),
        })
    });
    cells.collect()
}

fn key_of(row: &QueryResult, table: &Table) -> Result<Vec<Value>, StoreError> {
    let value = |name: &String| {
        let find = |(_, column): &(usize, &Column)| &column.name == name;
        let found = table.columns.iter().enumerate().find(find);
        let (index, column) = found.expect("the key is made of columns");
        Ok(match column.kind {
            Kind::Integer => Value::from(at::<i64>(row, index)?),
            Kind::Text => Value::from(at::<String>(row, index)?),
            Kind::Bytes => Value::from(at::<Vec<u8>>(row, index)?),
        })
    };
    table.key.iter().map(value).collect()
}

/// Lines, and the hash of what was written.
struct Lines<'a> {
    out: &'a mut (dyn Write + Send),
    hash: Sha256,
}

impl Lines<'_> {
    fn write(&mut self, line: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(line)?;
        line.push(b'\n');
        self.hash.update(&line);
        self.out.write_all(&line)
    }
}
