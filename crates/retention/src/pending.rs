//! Conditions in SQL: what a state asks for, and what a stage has yet to do.

use consentry_policy::{Condition, DateBucket, Literal, Method, SqlName};

use crate::catalogue::Kind;
use crate::check::Layout;
use crate::rules::Mark;
use crate::sql::{Dialect, Sql, Value};
use crate::transform::TOKEN;

/// Every one of the conditions; none are true.
pub(crate) fn conditions(
    sql: &mut Sql,
    layout: &Layout<'_>,
    table: &SqlName,
    alias: &str,
    conditions: &[(String, Condition)],
) {
    sql.push("(1 = 1");
    for (column, condition) in conditions {
        sql.push(" AND ").column(alias, column);
        let cast = layout.cast(table, column);
        match condition {
            Condition::Null => sql.push(" IS NULL"),
            Condition::NotNull => sql.push(" IS NOT NULL"),
            Condition::In(values) => literals(sql, " IN (", values, cast),
            Condition::NotIn(values) => literals(sql, " NOT IN (", values, cast),
        };
    }
    sql.push(")");
}

fn literals<'s>(sql: &'s mut Sql, operator: &str, values: &[Literal], cast: &str) -> &'s mut Sql {
    sql.push(operator);
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            sql.push(", ");
        }
        let value = match (value, sql.dialect) {
            (Literal::Text(text), _) => Value::Text(text.clone()),
            (Literal::Integer(number), _) => Value::Integer(*number),
            (Literal::Flag(flag), Dialect::Sqlite) => Value::Integer(i64::from(*flag)),
            (Literal::Flag(flag), Dialect::Postgres) => Value::Text(flag.to_string()),
        };
        sql.bind(value, cast);
    }
    sql.push(")")
}

/// Whether a mark is yet to be done.
pub(crate) fn mark(sql: &mut Sql, layout: &Layout<'_>, mark: &Mark<'_>) {
    let name = mark.column().as_str();
    let kind = layout.kind(&layout.source.table, name);
    match mark {
        Mark::Filled(_) => {
            sql.column("t", name).push(" IS NOT NULL");
        }
        Mark::Visible(_) | Mark::Unrestricted(_) => {
            let is_flag = matches!(kind, Kind::Flag | Kind::Integer);
            let undone = if is_flag { " IS NOT TRUE" } else { " IS NULL" };
            sql.column("t", name).push(undone);
        }
        Mark::Unreduced(_, method) => {
            sql.push("(").column("t", name).push(" IS NOT NULL");
            unreduced(sql, layout, method, name, kind);
            sql.push(")");
        }
    }
}

/// What [`reduce`](crate::transform::reduce) would change, as far as SQL can tell.
fn unreduced(sql: &mut Sql, layout: &Layout<'_>, method: &Method, name: &str, kind: Kind) {
    let is_day = matches!(kind, Kind::Date | Kind::Timestamp);
    let sqlite = sql.dialect == Dialect::Sqlite;
    // `@` stands for the column.
    let test = match method {
        Method::Constant(text) => {
            let cast = layout.cast(&layout.source.table, name);
            sql.push(" AND ").column("t", name).push(" <> ");
            sql.bind(Value::Text(text.clone()), cast);
            return;
        }
        Method::MonthAndDay if is_day => {
            "extract(year FROM @) <> 2000 OR @ <> date_trunc('day', @)".to_owned()
        }
        Method::Year if is_day => "@ <> date_trunc('year', @)".to_owned(),
        Method::DateBucket(span) if is_day => format!("@ <> date_trunc('{}', @)", unit(*span)),
        Method::MonthAndDay if sqlite => "@ NOT GLOB '[0-9][0-9]-[0-9][0-9]'".to_owned(),
        Method::MonthAndDay => "@ !~ '^[0-9]{2}-[0-9]{2}$'".to_owned(),
        Method::Year if sqlite => "@ NOT GLOB '[0-9][0-9][0-9][0-9]'".to_owned(),
        Method::Year => "@ !~ '^[0-9]{4}$'".to_owned(),
        Method::DateBucket(DateBucket::Month) => "@ NOT LIKE '____-__-01'".to_owned(),
        Method::DateBucket(DateBucket::Year) => "@ NOT LIKE '____-01-01'".to_owned(),
        Method::DateBucket(DateBucket::Quarter) => "@ NOT LIKE '____-01-01' AND \
             @ NOT LIKE '____-04-01' AND @ NOT LIKE '____-07-01' AND @ NOT LIKE '____-10-01'"
            .to_owned(),
        Method::Bucket(size) if sqlite => {
            format!("CAST(@ AS INTEGER) <> @ OR CAST(@ AS INTEGER) % {size} <> 0")
        }
        Method::Bucket(size) => format!("mod(@::numeric, {size}) <> 0"),
        Method::NetworkPrefix if kind == Kind::Network => {
            "masklen(@) <> CASE family(@) WHEN 4 THEN 24 ELSE 48 END".to_owned()
        }
        Method::NetworkPrefix => "@ NOT LIKE '%.0/24' AND @ NOT LIKE '%::/48'".to_owned(),
        Method::Initials => "length(@) <> 2 * length(replace(@, '.', ''))".to_owned(),
        Method::Domain => {
            "@ LIKE '%@%' OR @ LIKE '% %' OR @ NOT LIKE '%.%' OR @ <> lower(@)".to_owned()
        }
        Method::Country if sqlite => "@ LIKE '%,%' OR @ GLOB '*[0-9]*'".to_owned(),
        Method::Country => "@ LIKE '%,%' OR @ ~ '[0-9]'".to_owned(),
        Method::RandomToken => format!("@ NOT LIKE '{TOKEN}%'"),
        // `drop`, and what a later grammar may add: whatever is there is too much.
        _ => return,
    };
    let mut column = Sql::new(sql.dialect, "");
    column.column("t", name);
    // The pattern for addresses holds an at sign of its own.
    let test = test
        .replace("'%@%'", "'%\u{1}%'")
        .replace('@', &column.text);
    let test = test.replace('\u{1}', "@");
    sql.push(" AND (").push(&test).push(")");
}

fn unit(span: DateBucket) -> &'static str {
    match span {
        DateBucket::Month => "month",
        DateBucket::Quarter => "quarter",
        DateBucket::Year => "year",
    }
}
