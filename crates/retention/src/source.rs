//! A database that the policy names: connections, statements, transactions.

use std::str::FromStr as _;
use std::time::Duration;

use sea_orm::sqlx::{self, AssertSqlSafe, ConnectOptions as _, Row as _};
#[cfg(feature = "postgres")]
use sea_orm::sqlx::{
    PgPool,
    postgres::{PgArguments, PgConnectOptions, PgPoolOptions, Postgres},
};
#[cfg(feature = "sqlite")]
use sea_orm::sqlx::{
    SqlitePool,
    sqlite::{Sqlite, SqliteArguments, SqliteConnectOptions, SqlitePoolOptions},
};

use crate::error::SourceError;
use crate::sql::{Dialect, Sql, Value};

/// How long a statement waits for a lock of the application.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);
/// No statement of ours is longer than a batch or a count.
#[cfg(feature = "postgres")]
const STATEMENT_TIMEOUT: Duration = Duration::from_mins(10);

/// A row: what was selected, in its order.
pub(crate) type Row = Vec<Value>;

/// A database with data under rules.
#[derive(Clone, Debug)]
pub struct Source(Pool);

#[derive(Clone, Debug)]
enum Pool {
    #[cfg(feature = "sqlite")]
    Sqlite(SqlitePool),
    #[cfg(feature = "postgres")]
    Postgres(PgPool),
}

/// A transaction; rolled back unless it is committed.
pub(crate) enum Transaction {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    #[cfg(feature = "postgres")]
    Postgres(sqlx::Transaction<'static, Postgres>),
}

impl Source {
    /// Opens an existing database; its schema is not touched.
    ///
    /// # Errors
    ///
    /// The URL is of no engine that was built in, or nobody answers.
    pub async fn connect(url: &str) -> Result<Self, SourceError> {
        let pool = match url.split_once(':') {
            #[cfg(feature = "sqlite")]
            Some(("sqlite", _)) => Pool::Sqlite(sqlite(url).await?),
            #[cfg(feature = "postgres")]
            Some(("postgres" | "postgresql", _)) => Pool::Postgres(postgres(url).await?),
            _ => return Err(SourceError::UnknownEngine),
        };
        Ok(Self(pool))
    }

    /// The kind of database.
    pub fn dialect(&self) -> Dialect {
        match &self.0 {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(_) => Dialect::Sqlite,
            #[cfg(feature = "postgres")]
            Pool::Postgres(_) => Dialect::Postgres,
        }
    }

    pub(crate) async fn fetch(&self, sql: Sql) -> Result<Vec<Row>, SourceError> {
        match &self.0 {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(pool) => fetch_sqlite(pool, sql).await,
            #[cfg(feature = "postgres")]
            Pool::Postgres(pool) => fetch_postgres(pool, sql).await,
        }
    }

    /// The one number that a query answers with.
    pub(crate) async fn count(&self, sql: Sql) -> Result<u64, SourceError> {
        let rows = self.fetch(sql).await?;
        let number = rows.into_iter().flatten().next().and_then(Value::into_text);
        let number = number.and_then(|text| text.parse().ok());
        number.ok_or(SourceError::Unreadable)
    }

    /// Runs a statement that no transaction can hold, such as `VACUUM`.
    pub(crate) async fn execute(&self, sql: Sql) -> Result<u64, SourceError> {
        match &self.0 {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(pool) => execute_sqlite(pool, sql).await,
            #[cfg(feature = "postgres")]
            Pool::Postgres(pool) => execute_postgres(pool, sql).await,
        }
    }

    /// Begins to write. SQLite takes its write lock at once, so that what is read stays true.
    pub(crate) async fn begin(&self) -> Result<Transaction, SourceError> {
        Ok(match &self.0 {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(pool) => Transaction::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await?),
            #[cfg(feature = "postgres")]
            Pool::Postgres(pool) => Transaction::Postgres(pool.begin().await?),
        })
    }
}

impl Transaction {
    pub(crate) async fn fetch(&mut self, sql: Sql) -> Result<Vec<Row>, SourceError> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(transaction) => fetch_sqlite(&mut **transaction, sql).await,
            #[cfg(feature = "postgres")]
            Self::Postgres(transaction) => fetch_postgres(&mut **transaction, sql).await,
        }
    }

    pub(crate) async fn execute(&mut self, sql: Sql) -> Result<u64, SourceError> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(transaction) => execute_sqlite(&mut **transaction, sql).await,
            #[cfg(feature = "postgres")]
            Self::Postgres(transaction) => execute_postgres(&mut **transaction, sql).await,
        }
    }

    pub(crate) async fn commit(self) -> Result<(), SourceError> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(transaction) => transaction.commit().await?,
            #[cfg(feature = "postgres")]
            Self::Postgres(transaction) => transaction.commit().await?,
        }
        Ok(())
    }
}

#[cfg(feature = "sqlite")]
async fn sqlite(url: &str) -> Result<SqlitePool, SourceError> {
    // Statements carry values, so they are never logged. How the file keeps its journal is the
    // application's choice.
    let options = SqliteConnectOptions::from_str(url)?
        .disable_statement_logging()
        .create_if_missing(false)
        .busy_timeout(LOCK_TIMEOUT)
        .foreign_keys(true)
        .pragma("secure_delete", "ON")
        // A batch touches pages all over the file; 10 MiB of them stay at hand, for each of two connections.
        .pragma("cache_size", "-10240")
        .pragma("temp_store", "MEMORY")
        // A page of rows comes at once: the thread that reads them waits for nobody.
        .row_buffer_size(crate::engine::BATCH as usize);
    let pool = SqlitePoolOptions::new()
        .max_connections(2)
        .connect_with(options);
    Ok(pool.await?)
}

#[cfg(feature = "postgres")]
async fn postgres(url: &str) -> Result<PgPool, SourceError> {
    let milliseconds = |time: Duration| time.as_millis().to_string();
    let options = PgConnectOptions::from_str(url)?
        .disable_statement_logging()
        .application_name("consentry")
        // Moments and bytes are read as text: in one form.
        .options([
            ("timezone", "UTC".to_owned()),
            ("datestyle", "ISO".to_owned()),
            ("bytea_output", "hex".to_owned()),
            // Batches are found by key, and what one row of an index names is near the next.
            ("random_page_cost", "1".to_owned()),
            ("lock_timeout", milliseconds(LOCK_TIMEOUT)),
            ("statement_timeout", milliseconds(STATEMENT_TIMEOUT)),
            (
                "idle_in_transaction_session_timeout",
                milliseconds(Duration::from_mins(1)),
            ),
        ]);
    let pool = PgPoolOptions::new()
        .max_connections(2)
        .acquire_timeout(LOCK_TIMEOUT)
        .connect_with(options);
    Ok(pool.await?)
}

#[cfg(feature = "sqlite")]
fn sqlite_arguments(values: Vec<Value>) -> Result<SqliteArguments, SourceError> {
    use sea_orm::sqlx::Arguments as _;
    let mut arguments = SqliteArguments::default();
    for value in values {
        let added = match value {
            Value::Integer(number) => arguments.add(number),
            Value::Real(number) => arguments.add(number),
            Value::Text(text) => arguments.add(text),
            Value::Blob(bytes) => arguments.add(bytes),
            Value::Null | Value::Texts(_) => arguments.add(None::<i64>),
        };
        added.map_err(|_| SourceError::Unreadable)?;
    }
    Ok(arguments)
}

#[cfg(feature = "sqlite")]
async fn fetch_sqlite<'c>(
    executor: impl sqlx::Executor<'c, Database = Sqlite>,
    sql: Sql,
) -> Result<Vec<Row>, SourceError> {
    use sea_orm::sqlx::{TypeInfo as _, ValueRef as _};
    let arguments = sqlite_arguments(sql.values)?;
    let query = sqlx::query_with(AssertSqlSafe(sql.text), arguments);
    let rows = query.fetch_all(executor).await?;
    let value = |row: &sqlx::sqlite::SqliteRow, index: usize| -> Result<Value, sqlx::Error> {
        let raw = row.try_get_raw(index)?;
        let kind = raw.type_info();
        Ok(match kind.name() {
            _ if raw.is_null() => Value::Null,
            "INTEGER" => Value::Integer(row.try_get_unchecked(index)?),
            "REAL" => Value::Real(row.try_get_unchecked(index)?),
            "BLOB" => Value::Blob(row.try_get_unchecked(index)?),
            _ => Value::Text(row.try_get_unchecked(index)?),
        })
    };
    let values = |row: sqlx::sqlite::SqliteRow| {
        let values = (0..row.len()).map(|index| value(&row, index));
        values.collect::<Result<Row, sqlx::Error>>()
    };
    let rows: Result<Vec<Row>, sqlx::Error> = rows.into_iter().map(values).collect();
    Ok(rows?)
}

#[cfg(feature = "sqlite")]
async fn execute_sqlite<'c>(
    executor: impl sqlx::Executor<'c, Database = Sqlite>,
    sql: Sql,
) -> Result<u64, SourceError> {
    let arguments = sqlite_arguments(sql.values)?;
    let query = sqlx::query_with(AssertSqlSafe(sql.text), arguments);
    Ok(query.execute(executor).await?.rows_affected())
}

#[cfg(feature = "postgres")]
fn postgres_arguments(values: Vec<Value>) -> Result<PgArguments, SourceError> {
    use sea_orm::sqlx::Arguments as _;
    let mut arguments = PgArguments::default();
    for value in values {
        let added = match value {
            Value::Texts(texts) => arguments.add(texts),
            value => arguments.add(value.into_text()),
        };
        added.map_err(|_| SourceError::Unreadable)?;
    }
    Ok(arguments)
}

/// Every selected value is a text.
#[cfg(feature = "postgres")]
async fn fetch_postgres<'c>(
    executor: impl sqlx::Executor<'c, Database = Postgres>,
    sql: Sql,
) -> Result<Vec<Row>, SourceError> {
    let arguments = postgres_arguments(sql.values)?;
    let query = sqlx::query_with(AssertSqlSafe(sql.text), arguments);
    let rows = query.fetch_all(executor).await?;
    let values = |row: sqlx::postgres::PgRow| {
        let text = |index| -> Result<Value, sqlx::Error> {
            let text: Option<String> = row.try_get(index)?;
            Ok(text.map_or(Value::Null, Value::Text))
        };
        (0..row.len())
            .map(text)
            .collect::<Result<Row, sqlx::Error>>()
    };
    let rows: Result<Vec<Row>, sqlx::Error> = rows.into_iter().map(values).collect();
    Ok(rows?)
}

#[cfg(feature = "postgres")]
async fn execute_postgres<'c>(
    executor: impl sqlx::Executor<'c, Database = Postgres>,
    sql: Sql,
) -> Result<u64, SourceError> {
    let arguments = postgres_arguments(sql.values)?;
    let query = sqlx::query_with(AssertSqlSafe(sql.text), arguments);
    Ok(query.execute(executor).await?.rows_affected())
}
