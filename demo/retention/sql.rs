//! A small SQL client for the demonstration (`demo/retention/run`), so that it needs neither `psql`
//! nor `sqlite3`: runs the statements on its input, and prints the rows that they answer with.
//!
//! `consentry-demo-sql URL TODAY` takes a day, and counts from it what stands in braces: `{3 years ago}`,
//! `{3 years ago + 4 days}`.

use std::io::{self, Write as _};

use jiff::{Span, civil::Date};
use sea_orm::sqlx::{
    self, AssertSqlSafe, ColumnIndex, ConnectOptions as _, Connection as _, Database, Decode,
    Executor, PgConnection, Row as _, sqlite::SqliteConnectOptions,
};

type Failure = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, today] = arguments.as_slice() else {
        return Err("usage: consentry-demo-sql URL TODAY <STATEMENTS".into());
    };
    let statements = dated(&io::read_to_string(io::stdin())?, today.parse()?)?;
    let rows = if url.starts_with("sqlite:") {
        let options: SqliteConnectOptions = url.parse()?;
        let mut connection = options.create_if_missing(true).connect().await?;
        let rows = run(&mut connection, statements).await?;
        connection.close().await?;
        rows
    } else {
        let mut connection = PgConnection::connect(url).await?;
        let rows = run(&mut connection, statements).await?;
        connection.close().await?;
        rows
    };
    print(&rows)?;
    Ok(())
}

/// Puts days in the place of what stands in braces.
fn dated(text: &str, today: Date) -> Result<String, Failure> {
    let mut parts = text.split('{');
    let mut dated = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (spans, rest) = part.split_once('}').ok_or("a brace is open")?;
        let mut day = today;
        for span in spans.split('+') {
            day = day.checked_add(span.trim().parse::<Span>()?)?;
        }
        dated.push_str(&day.to_string());
        dated.push_str(rest);
    }
    Ok(dated)
}

/// The names of the columns, then the rows; nothing where no row is answered.
async fn run<C>(connection: &mut C, statements: String) -> Result<Vec<Vec<String>>, sqlx::Error>
where
    C: sqlx::Connection,
    for<'c> &'c mut C: Executor<'c, Database = C::Database>,
    usize: ColumnIndex<<C::Database as Database>::Row>,
    for<'r> String: Decode<'r, C::Database>,
{
    let answered = sqlx::raw_sql(AssertSqlSafe(statements));
    let answered = answered.fetch_all(connection).await?;
    let mut rows = Vec::new();
    if let Some(first) = answered.first() {
        let names = first.columns().iter().map(sqlx::Column::name);
        rows.push(names.map(str::to_owned).collect());
    }
    for row in &answered {
        let cells = (0..row.len()).map(|index| {
            let cell: Option<String> = row.try_get_unchecked(index)?;
            Ok(cell.unwrap_or_default())
        });
        rows.push(cells.collect::<Result<_, sqlx::Error>>()?);
    }
    Ok(rows)
}

/// Columns one below the other.
fn print(rows: &[Vec<String>]) -> io::Result<()> {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..columns).filter_map(width).collect();
    let mut out = io::stdout().lock();
    for row in rows {
        let cells = row.iter().zip(&widths);
        let line: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        writeln!(out, "{}", line.join("  ").trim_end())?;
    }
    Ok(())
}
