//! Purged means gone: the bytes that deleted rows leave in the files of a source (S0-64).

use std::fmt;

use consentry_policy::SqlName;
use serde::Serialize;

use crate::error::SourceError;
use crate::source::Source;
use crate::sql::{Dialect, Sql, Value, quoted_table};

/// Where copies of what was purged may lie still, because the engine does not reach them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Residue {
    /// Backups of the source; whoever keeps them says for how long.
    Backups,
    /// The write-ahead log, its archive, and replicas.
    WriteAheadLog,
    /// The free space of a table's files, until it is written again.
    FreeSpace(String),
    /// A table that somebody else owns: it was not vacuumed.
    NotOwned(String),
    /// The file and its write-ahead log: somebody was reading, or the disk was full.
    NotRewritten,
}

impl fmt::Display for Residue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Backups => f.write_str("backups of the database"),
            Self::WriteAheadLog => f.write_str("the write-ahead log, its archive and replicas"),
            Self::FreeSpace(table) => write!(f, "the free space of `{table}`"),
            Self::NotOwned(table) => {
                write!(f, "dead rows of `{table}`, which is not ours to vacuum")
            }
            Self::NotRewritten => f.write_str("the database file, which could not be rewritten"),
        }
    }
}

/// Cleans what the rights on a source allow, and names what is left.
pub(crate) async fn clean(source: &Source, touched: &[SqlName]) -> Vec<Residue> {
    let mut left = vec![Residue::Backups];
    match source.dialect() {
        Dialect::Sqlite => {
            if !matches!(rewrite(source, touched).await, Ok(true)) {
                left.push(Residue::NotRewritten);
            }
        }
        Dialect::Postgres => {
            left.push(Residue::WriteAheadLog);
            for table in touched {
                left.push(match vacuum(source, table).await {
                    Ok(true) => Residue::FreeSpace(table.to_string()),
                    _ => Residue::NotOwned(table.to_string()),
                });
            }
        }
    }
    left
}

/// `secure_delete` alone leaves copies where pages were balanced, and statistics keep samples.
async fn rewrite(source: &Source, touched: &[SqlName]) -> Result<bool, SourceError> {
    let sql = |text: &str| Sql::new(Dialect::Sqlite, text);
    let statistics =
        "SELECT count(*) FROM sqlite_master WHERE name IN ('sqlite_stat1', 'sqlite_stat4')";
    if source.count(sql(statistics)).await? > 0 {
        for table in touched {
            source.execute(sql("ANALYZE ").table(table).clone()).await?;
        }
    }
    // The new file is written beside the old one, on the disk: in memory it would have no bound.
    let vacuum = "PRAGMA temp_store = FILE; VACUUM; PRAGMA temp_store = MEMORY";
    source.execute(sql(vacuum)).await?;
    // The first column says whether a reader was in the way.
    let busy = source.count(sql("PRAGMA wal_checkpoint(TRUNCATE)")).await?;
    Ok(busy == 0)
}

/// Fresh statistics too: old ones keep samples of what was there. And of every index, where few rows
/// went: else their entries stay in it.
async fn vacuum(source: &Source, table: &SqlName) -> Result<bool, SourceError> {
    let owned = "SELECT (count(*) FILTER (WHERE pg_has_role(relowner, 'USAGE')))::text
                 FROM pg_class WHERE oid = to_regclass($1)";
    let mut owned = Sql::new(Dialect::Postgres, owned);
    owned.values.push(Value::Text(quoted_table(table)));
    if source.count(owned).await? == 0 {
        return Ok(false);
    }
    let mut vacuum = Sql::new(Dialect::Postgres, "VACUUM (ANALYZE, INDEX_CLEANUP ON) ");
    vacuum.table(table);
    source.execute(vacuum).await?;
    Ok(true)
}
