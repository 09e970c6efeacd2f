//! Rows by their keys.

use consentry_policy::SqlName;

use crate::check::Layout;
use crate::sql::{Dialect, Sql, Value};

/// `t` is one of the rows with these keys.
pub(crate) fn among(sql: &mut Sql, layout: &Layout<'_>, keys: &[&[Value]]) {
    let source = layout.source;
    let columns: Vec<(&str, &str, &SqlName)> = source
        .key
        .iter()
        .map(|key| ("t", key.as_str(), &source.table))
        .collect();
    keyed(sql, layout, &columns, keys);
}

/// The columns, each with its alias and table, hold one of the keys.
pub(crate) fn keyed(
    sql: &mut Sql,
    layout: &Layout<'_>,
    columns: &[(&str, &str, &SqlName)],
    keys: &[&[Value]],
) {
    let is_single = columns.len() == 1;
    sql.push(if is_single { "" } else { "(" });
    for (index, (alias, column, _)) in columns.iter().enumerate() {
        sql.push(if index > 0 { ", " } else { "" })
            .column(alias, column);
    }
    sql.push(if is_single { "" } else { ")" });
    if sql.dialect == Dialect::Sqlite {
        sql.push(if is_single { " IN (" } else { " IN (VALUES " });
        for (place, key) in keys.iter().enumerate() {
            sql.push(if place > 0 { ", " } else { "" });
            sql.push(if is_single { "" } else { "(" });
            for (index, value) in key.iter().enumerate() {
                sql.push(if index > 0 { ", " } else { "" })
                    .bind(value.clone(), "");
            }
            sql.push(if is_single { "" } else { ")" });
        }
        sql.push(")");
        return;
    }
    sql.push(if is_single {
        " = ANY ("
    } else {
        " IN (SELECT * FROM unnest("
    });
    for (index, (_, column, table)) in columns.iter().enumerate() {
        let texts = keys.iter().map(|key| key[index].clone().into_text());
        sql.push(if index > 0 { ", " } else { "" });
        sql.bind_all(texts.collect(), layout.cast(table, column));
    }
    sql.push(if is_single { ")" } else { "))" });
}

/// The value is one of these.
pub(super) fn any_of(sql: &mut Sql, values: &[String], cast: &str) {
    match sql.dialect {
        Dialect::Postgres => {
            let texts = values.iter().cloned().map(Some).collect();
            sql.push(" = ANY (").bind_all(texts, cast).push(")");
        }
        Dialect::Sqlite => {
            sql.push(" IN (");
            for (index, value) in values.iter().enumerate() {
                sql.push(if index > 0 { ", " } else { "" });
                sql.bind(Value::Text(value.clone()), cast);
            }
            sql.push(")");
        }
    }
}
