//! Many rows in one statement.
//!
//! PostgreSQL reads the text of a statement once for each connection and keeps what it understood.
//! So the text must not change with the number of rows: they travel as one array for each column.
//! SQLite reads so fast that the ordinary list of rows is as good.

use std::fmt::Write as _;

use consentry_service::ports::StoreError;
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, ColumnType, ConnectionTrait, DbBackend,
    EntityTrait, InsertMany, IntoActiveModel, Iterable, Value,
    sea_query::{Alias, Expr, ExprTrait, Func, OnConflict, Query},
};

use crate::bounded::Bounded;
use crate::{error::store_error, rows::ROWS};

/// Inserts any number of rows and says how many there are now that were not before, or were
/// replaced.
pub(crate) async fn insert<M, A>(
    db: &Bounded,
    rows: Vec<M>,
    on_conflict: Option<OnConflict>,
) -> Result<u64, StoreError>
where
    M: IntoActiveModel<A>,
    A: ActiveModelTrait,
{
    let mut rows = rows.into_iter().map(M::into_active_model).peekable();
    let mut written = 0;
    while rows.peek().is_some() {
        let rows = rows.by_ref().take(ROWS);
        written += match db.get_database_backend() {
            DbBackend::Postgres => insert_arrays(db, rows.collect(), on_conflict.clone()).await?,
            _ => insert_list(db, rows, on_conflict.clone()).await?,
        };
    }
    Ok(written)
}

async fn insert_list<A: ActiveModelTrait>(
    db: &Bounded,
    rows: impl Iterator<Item = A>,
    on_conflict: Option<OnConflict>,
) -> Result<u64, StoreError> {
    let mut insert = InsertMany::<A>::many(rows);
    if let Some(on_conflict) = on_conflict {
        insert = insert.on_conflict(on_conflict);
    }
    let inserted = insert.exec_without_returning(db).await;
    inserted.map_err(store_error)
}

async fn insert_arrays<A: ActiveModelTrait>(
    db: &Bounded,
    rows: Vec<A>,
    on_conflict: Option<OnConflict>,
) -> Result<u64, StoreError> {
    // What the first row leaves to the database, all of them do.
    let columns: Vec<_> = <A::Entity as EntityTrait>::Column::iter()
        .filter(|column| {
            rows.first()
                .is_some_and(|row| !row.get(*column).is_not_set())
        })
        .collect();
    // Functions that return rows go side by side in a list (PostgreSQL manual, section 38.5.9).
    let mut side_by_side = Query::select();
    for column in &columns {
        let values = rows.iter().map(|row| match row.get(*column) {
            ActiveValue::Set(value) | ActiveValue::Unchanged(value) => Some(value),
            ActiveValue::NotSet => None,
        });
        let array = Expr::val(array(values));
        let array = array.cast_as(array_type(column.def().get_column_type()));
        side_by_side.expr(Func::cust("unnest").arg(array));
    }
    let mut insert = Query::insert();
    insert
        .into_table(A::Entity::default())
        .columns(columns)
        .select_from(side_by_side.take())
        .map_err(|_| crate::error::unavailable("the statement cannot be built"))?;
    if let Some(on_conflict) = on_conflict {
        insert.on_conflict(on_conflict);
    }
    let inserted = db.execute(&insert).await.map_err(store_error)?;
    Ok(inserted.rows_affected())
}

/// The columns of this schema are of these types.
fn array_type(column: &ColumnType) -> Alias {
    Alias::new(match column {
        ColumnType::SmallInteger => "smallint[]",
        ColumnType::Integer => "integer[]",
        ColumnType::BigInteger => "bigint[]",
        ColumnType::Boolean => "boolean[]",
        ColumnType::Binary(_) | ColumnType::VarBinary(_) | ColumnType::Blob => "bytea[]",
        _ => "text[]",
    })
}

/// The written form of an array (PostgreSQL manual, section 8.15.6).
fn array(values: impl Iterator<Item = Option<Value>>) -> String {
    let mut text = String::from("{");
    for (at, value) in values.enumerate() {
        if at > 0 {
            text.push(',');
        }
        // Writing to a string cannot fail.
        let _ = match value {
            Some(Value::SmallInt(Some(number))) => write!(text, "{number}"),
            Some(Value::Int(Some(number))) => write!(text, "{number}"),
            Some(Value::BigInt(Some(number))) => write!(text, "{number}"),
            Some(Value::Bool(Some(truth))) => write!(text, "{truth}"),
            Some(Value::String(Some(string))) => {
                quote(&mut text, &string);
                Ok(())
            }
            Some(Value::Bytes(Some(bytes))) => {
                text.push_str("\"\\\\x");
                for byte in bytes {
                    hex(&mut text, byte);
                }
                text.push('"');
                Ok(())
            }
            _ => write!(text, "NULL"),
        };
    }
    text.push('}');
    text
}

fn quote(text: &mut String, string: &str) {
    text.push('"');
    for character in string.chars() {
        if matches!(character, '"' | '\\') {
            text.push('\\');
        }
        text.push(character);
    }
    text.push('"');
}

fn hex(text: &mut String, byte: u8) {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    text.push(DIGITS[usize::from(byte >> 4)]);
    text.push(DIGITS[usize::from(byte & 15)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_in_an_array_as_the_manual_says() {
        let text = |text: &str| Some(Value::from(text));
        let values = [
            text("a"),
            text(r#"b"\,{} "#),
            Some(Value::String(None)),
            text("NULL"),
        ];
        assert_eq!(
            array(values.into_iter()),
            r#"{"a","b\"\\,{} ",NULL,"NULL"}"#
        );
        let values = [vec![0_u8, 255], vec![]].map(|bytes| Some(Value::from(bytes)));
        assert_eq!(array(values.into_iter()), r#"{"\\x00ff","\\x"}"#);
        let values = [Some(Value::from(-1_i64)), Some(Value::BigInt(None))];
        assert_eq!(array(values.into_iter()), "{-1,NULL}");
    }
}
