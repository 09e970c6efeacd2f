//! Many rows in one statement.
//!
//! PostgreSQL reads the text of a statement once for each connection and keeps what it understood.
//! So the text must not change with the number of rows: they travel as one array for each column.
//! SQLite reads so fast that the ordinary list of rows is as good.

use std::fmt::Write as _;

use consentry_service::ports::StoreError;
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, ColumnType, ConnectionTrait, DbBackend,
    EntityTrait, InsertMany, IntoActiveModel, Iterable, QueryTrait, Value,
    sea_query::{
        Alias, CommonTableExpression, Expr, ExprTrait, Func, InsertStatement, OnConflict, Query,
        SimpleExpr, Values, WithClause, WithQuery,
    },
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
    let mut insertion = Insertion::new(db);
    insertion.add(rows, on_conflict.as_ref())?;
    insertion.execute(db).await
}

/// Rows of several tables that go to the database in one trip, in the order in which they were
/// added. A trip costs more than what is done at its end.
pub(crate) struct Insertion {
    backend: DbBackend,
    statements: Vec<InsertStatement>,
    rows: u64,
}

impl Insertion {
    pub(crate) fn new(db: &Bounded) -> Self {
        Self {
            backend: db.get_database_backend(),
            statements: Vec::new(),
            rows: 0,
        }
    }

    /// Adds any number of rows of one table, a table at most once between two trips: PostgreSQL does
    /// not say in which order it writes to the tables of one statement.
    pub(crate) fn add<M, A>(
        &mut self,
        rows: Vec<M>,
        on_conflict: Option<&OnConflict>,
    ) -> Result<(), StoreError>
    where
        M: IntoActiveModel<A>,
        A: ActiveModelTrait,
    {
        self.rows += rows.len() as u64;
        let mut rows = rows.into_iter().map(M::into_active_model).peekable();
        while rows.peek().is_some() {
            let rows = rows.by_ref().take(ROWS);
            let mut statement = match self.backend {
                DbBackend::Postgres => arrays(&rows.collect::<Vec<A>>())?,
                _ => InsertMany::<A>::many(rows).into_query(),
            };
            if let Some(on_conflict) = on_conflict {
                statement.on_conflict(on_conflict.clone());
            }
            self.statements.push(statement);
        }
        Ok(())
    }

    /// Makes the trip with what was added since the last one.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when a row was skipped.
    pub(crate) async fn send(&mut self, db: &Bounded) -> Result<(), StoreError> {
        let rows = std::mem::take(&mut self.rows);
        if self.execute(db).await? == rows {
            Ok(())
        } else {
            Err(StoreError::Conflict)
        }
    }

    /// How many rows were written.
    async fn execute(&mut self, db: &Bounded) -> Result<u64, StoreError> {
        let mut statements = std::mem::take(&mut self.statements);
        if statements.len() > 1 && self.backend == DbBackend::Postgres {
            let counted = db.query_one(&all_at_once(statements)).await;
            let counted = counted.map_err(store_error)?;
            let written = counted.map(|row| row.try_get_by_index::<i64>(0));
            let written = written.transpose().map_err(store_error)?;
            return Ok(written.unwrap_or_default().cast_unsigned());
        }
        let Some(mut all) = statements.pop().map(|last| self.backend.build(&last)) else {
            return Ok(0);
        };
        // SQLite's driver executes one after the other, each with its share of the values.
        for earlier in statements.iter().rev() {
            let earlier = self.backend.build(earlier);
            all.sql = format!("{}; {}", earlier.sql, all.sql);
            let values = [earlier.values, all.values].into_iter().flatten();
            all.values = Some(Values(values.flat_map(|values| values.0).collect()));
        }
        let inserted = db.execute_raw(all).await.map_err(store_error)?;
        Ok(inserted.rows_affected())
    }
}

/// One statement that inserts into several tables and says how many rows it wrote (PostgreSQL
/// manual, section 7.8.4).
fn all_at_once(statements: Vec<InsertStatement>) -> WithQuery {
    let mut with = WithClause::new();
    let mut written = Expr::value(0_i64);
    for (index, mut statement) in statements.into_iter().enumerate() {
        let name = Alias::new(format!("part{index}"));
        statement.returning(Query::returning().expr(Expr::cust("1")));
        let mut part = CommonTableExpression::new();
        part.query(statement).table_name(name.clone());
        with.cte(part);
        let count = Query::select()
            .expr(Expr::cust("count(*)"))
            .from(name)
            .take();
        written = written.add(SimpleExpr::SubQuery(None, Box::new(count.into())));
    }
    Query::select().expr(written).take().with(with)
}

/// The rows as an array for each column.
fn arrays<A: ActiveModelTrait>(rows: &[A]) -> Result<InsertStatement, StoreError> {
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
    Ok(insert)
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
                text.push_str(&hex::encode(bytes));
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
