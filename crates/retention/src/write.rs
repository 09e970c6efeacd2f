//! What is done to rows, a batch in a transaction, set-wise.

use std::collections::{BTreeMap, HashMap};

use consentry_policy::SqlName;
use jiff::Timestamp;

use crate::archive::Sealable;
use crate::catalogue::Kind;
use crate::check::Layout;
use crate::decide::Deed;
use crate::error::SourceError;
use crate::query::{among, keyed};
use crate::rules::{Mark, Rules};
use crate::scan::{Candidate, Judged};
use crate::source::Transaction;
use crate::sql::{Dialect, Sql, Value};

/// SQLite takes 32,766 parameters.
const PARAMETERS: usize = 30_000;

/// How many rows one statement may name, with so many values beside the key of each.
pub(crate) fn chunk(layout: &Layout<'_>, values: usize) -> usize {
    match layout.dialect {
        Dialect::Sqlite => PARAMETERS / (layout.source.key.len() + values),
        Dialect::Postgres => usize::MAX,
    }
}

/// Deletes rows, what belongs to them first.
pub(crate) async fn delete(
    transaction: &mut Transaction,
    layout: &Layout<'_>,
    rows: &[&Candidate],
) -> Result<u64, SourceError> {
    let keys: Vec<&[Value]> = rows.iter().map(|row| &*row.key).collect();
    let mut deleted = 0;
    for keys in keys.chunks(chunk(layout, 0)) {
        for &dependant in &layout.dependants {
            transaction
                .execute(dependants(layout, dependant, keys))
                .await?;
        }
        deleted += transaction.execute(rows_of(layout, keys)).await?;
    }
    Ok(deleted)
}

pub(crate) fn rows_of(layout: &Layout<'_>, keys: &[&[Value]]) -> Sql {
    let mut sql = Sql::new(layout.dialect, "DELETE FROM ");
    sql.table(&layout.source.table).push(" AS t WHERE ");
    among(&mut sql, layout, keys);
    sql
}

pub(crate) fn dependants(layout: &Layout<'_>, dependant: usize, keys: &[&[Value]]) -> Sql {
    let source = layout.source;
    let dependant = &source.dependants[dependant];
    let mut sql = Sql::new(layout.dialect, "DELETE FROM ");
    sql.table(&dependant.table).push(" AS d WHERE ");
    // The columns that name the key, in its order, when it is the key that they name.
    let naming_key: Vec<_> = source
        .key
        .iter()
        .filter_map(|key| dependant.on.iter().find(|(_, ours)| ours == key))
        .map(|(theirs, _)| ("d", &**theirs, &dependant.table))
        .collect();
    if naming_key.len() == source.key.len() && dependant.on.len() == source.key.len() {
        keyed(&mut sql, layout, &naming_key, keys);
        return sql;
    }
    // A list and not EXISTS: SQLite would ask it of every row that there is.
    let theirs = dependant.on.iter().map(|(theirs, _)| &**theirs);
    let ours = dependant.on.iter().map(|(_, ours)| ours.as_str());
    sql.push("(").columns("d", theirs).push(") IN (SELECT ");
    sql.columns("t", ours).push(" FROM ");
    sql.table(&source.table).push(" AS t WHERE ");
    among(&mut sql, layout, keys);
    sql.push(")");
    sql
}

/// Empties, reduces, hides and restricts: one statement for all rows with the same things to do.
pub(crate) async fn change(
    transaction: &mut Transaction,
    layout: &Layout<'_>,
    rules: &Rules<'_>,
    rows: &[&Judged],
    now: Timestamp,
) -> Result<u64, SourceError> {
    let mut alike: BTreeMap<&[usize], Vec<&Candidate>> = BTreeMap::new();
    for judged in rows {
        if let Some(Deed::Do(marks)) = judged.next().map(|effect| &effect.deed) {
            alike.entry(marks).or_default().push(&judged.row);
        }
    }
    let mut changed = 0;
    for (marks, rows) in alike {
        for rows in rows.chunks(chunk(layout, marks.len())) {
            transaction
                .execute(update(layout, rules, marks, rows, now))
                .await?;
            changed += rows.len() as u64;
        }
    }
    Ok(changed)
}

pub(crate) fn update(
    layout: &Layout<'_>,
    rules: &Rules<'_>,
    marks: &[usize],
    rows: &[&Candidate],
    now: Timestamp,
) -> Sql {
    let source = layout.source;
    let width = source.key.len();
    let mut sql = Sql::new(layout.dialect, "UPDATE ");
    sql.table(&source.table).push(" AS t SET ");
    // What differs from row to row comes with the keys.
    let mut varying = Vec::new();
    for (index, &mark) in marks.iter().enumerate() {
        let column = rules.marks[mark].column().as_str();
        sql.push(if index > 0 { ", " } else { "" })
            .name(column)
            .push(" = ");
        match &rules.marks[mark] {
            Mark::Filled(_) => {
                sql.push("NULL");
            }
            Mark::Unreduced(..) => {
                varying.push(mark);
                sql.push(&format!("k.column{}", width + varying.len()));
            }
            Mark::Visible(_) | Mark::Unrestricted(_) => {
                let value = done(layout.kind(&source.table, column), now);
                sql.bind(value, layout.cast(&source.table, column));
            }
        }
    }
    if varying.is_empty() {
        let keys: Vec<&[Value]> = rows.iter().map(|row| &*row.key).collect();
        among(sql.push(" WHERE "), layout, &keys);
        return sql;
    }
    sql.push(" FROM ");
    values(&mut sql, layout, rules, &varying, rows);
    sql.push(" WHERE 1 = 1");
    for (index, key) in source.key.iter().enumerate() {
        sql.push(" AND ").column("t", key.as_str());
        sql.push(&format!(" = k.column{}", index + 1));
    }
    sql
}

/// What a flag or a moment is once it is done.
fn done(kind: Kind, now: Timestamp) -> Value {
    match kind {
        Kind::Flag | Kind::Integer => Value::Integer(1),
        _ => Value::Text(now.to_string()),
    }
}

/// Keys and new values as a table `k`, its columns named as SQLite names those of `VALUES`.
fn values(
    sql: &mut Sql,
    layout: &Layout<'_>,
    rules: &Rules<'_>,
    varying: &[usize],
    rows: &[&Candidate],
) {
    let source = layout.source;
    if sql.dialect == Dialect::Sqlite {
        sql.push("(VALUES ");
        for (place, row) in rows.iter().enumerate() {
            sql.push(if place > 0 { ", (" } else { "(" });
            let new = varying.iter().map(|&mark| match &row.values[mark] {
                Some(text) => Value::Text(text.clone()),
                None => Value::Null,
            });
            for (index, value) in row.key.iter().cloned().chain(new).enumerate() {
                sql.push(if index > 0 { ", " } else { "" }).bind(value, "");
            }
            sql.push(")");
        }
        sql.push(") AS k");
        return;
    }
    sql.push("unnest(");
    for (index, key) in source.key.iter().enumerate() {
        let texts = rows.iter().map(|row| row.key[index].clone().into_text());
        sql.push(if index > 0 { ", " } else { "" });
        sql.bind_all(texts.collect(), layout.cast(&source.table, key.as_str()));
    }
    for &mark in varying {
        let texts = rows.iter().map(|row| row.values[mark].clone());
        let column = rules.marks[mark].column().as_str();
        sql.push(", ")
            .bind_all(texts.collect(), layout.cast(&source.table, column));
    }
    sql.push(") AS k (");
    for index in 1..=source.key.len() + varying.len() {
        sql.push(if index > 1 { ", " } else { "" })
            .push(&format!("column{index}"));
    }
    sql.push(")");
}

/// Rows with what belongs to them, as JSON, and what they are judged by, for the archive.
pub(crate) async fn records(
    transaction: &mut Transaction,
    layout: &Layout<'_>,
    rows: &[&Candidate],
) -> Result<Vec<Sealable>, SourceError> {
    let dataset = layout.dataset;
    let by_key: HashMap<String, &Candidate> = rows
        .iter()
        .map(|row| (key_text(row.key.iter().cloned()), *row))
        .collect();
    let keys: Vec<&[Value]> = rows.iter().map(|row| &*row.key).collect();
    let mut records = Vec::with_capacity(rows.len());
    for keys in keys.chunks(chunk(layout, 0)) {
        for row in transaction.fetch(record(layout, keys)).await? {
            let mut values = row.into_iter();
            let mut text = || values.next().and_then(Value::into_text);
            let (record, subject) = (text(), text());
            let key = key_text(values);
            let facts = &by_key.get(&key).ok_or(SourceError::Unreadable)?.facts;
            let clocks = dataset.clocks.iter().zip(&facts.clocks);
            records.push(Sealable {
                subject,
                key,
                record: record.ok_or(SourceError::Unreadable)?,
                state: facts.state.map(|index| dataset.states[index].id.clone()),
                clocks: clocks
                    .filter_map(|(clock, moment)| Some((clock.id.clone(), (*moment)?)))
                    .collect(),
            });
        }
    }
    Ok(records)
}

/// The key of a row as a text that no other row has.
fn key_text(key: impl Iterator<Item = Value>) -> String {
    let part = |value: Value| match value {
        Value::Blob(bytes) => hex::encode(bytes),
        value => {
            let text = value.into_text().unwrap_or_default();
            text.replace('\\', "\\\\").replace('/', "\\/")
        }
    };
    key.map(part).collect::<Vec<String>>().join("/")
}

fn record(layout: &Layout<'_>, keys: &[&[Value]]) -> Sql {
    let source = layout.source;
    let (object, all, cast) = match layout.dialect {
        Dialect::Postgres => ("jsonb_build_object(", "jsonb_agg(", "::text"),
        Dialect::Sqlite => ("json_object(", "json_group_array(", ""),
    };
    let mut sql = Sql::new(layout.dialect, "SELECT ");
    sql.push(object).push("'row', ");
    json(&mut sql, layout, &source.table, "t");
    for (index, dependant) in source.dependants.iter().enumerate() {
        // A name of the policy's author is a value here.
        sql.push(", ")
            .bind(Value::Text(format!("{index} {}", dependant.table)), "text");
        sql.push(", (SELECT ").push(all);
        json(&mut sql, layout, &dependant.table, "d");
        sql.push(") FROM ")
            .table(&dependant.table)
            .push(" AS d WHERE 1 = 1");
        for (theirs, ours) in &dependant.on {
            sql.push(" AND ")
                .column("d", theirs)
                .push(" = ")
                .column("t", ours.as_str());
        }
        sql.push(")");
    }
    sql.push(")").push(cast).push(", ");
    match &source.identity {
        Some(identity) => sql.column("t", identity.as_str()).push(cast),
        None => sql.push("NULL"),
    };
    for key in &source.key {
        sql.push(", ").column("t", key.as_str()).push(cast);
    }
    sql.push(" FROM ").table(&source.table).push(" AS t WHERE ");
    among(&mut sql, layout, keys);
    sql
}

/// Every column of a row; bytes as hexadecimal digits.
fn json(sql: &mut Sql, layout: &Layout<'_>, table: &SqlName, alias: &str) {
    if sql.dialect == Dialect::Postgres {
        sql.push("to_jsonb(").push(alias).push(")");
        return;
    }
    sql.push("json_object(");
    let columns = layout
        .catalogue
        .table(table)
        .map_or(&[][..], |table| &table.columns);
    for (index, column) in columns.iter().enumerate() {
        sql.push(if index > 0 { ", " } else { "" });
        sql.bind(Value::Text(column.name.clone()), "text")
            .push(", CASE typeof(");
        sql.column(alias, &column.name)
            .push(") WHEN 'blob' THEN hex(");
        sql.column(alias, &column.name)
            .push(") ELSE ")
            .column(alias, &column.name)
            .push(" END");
    }
    sql.push(")");
}
