//! What a database says of its own tables: columns, indexes, foreign keys.

use std::collections::{BTreeMap, BTreeSet};

use consentry_policy::SqlName;

use crate::error::SourceError;
use crate::source::{Row, Source};
use crate::sql::{Dialect, Sql, Value, quoted_table};

/// What a column holds, as far as rules care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Integer,
    Number,
    Flag,
    Date,
    /// A point in time; PostgreSQL has one with a zone and one without.
    Timestamp,
    Network,
    Other,
}

#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) nullable: bool,
    /// The type that a text is cast to, on PostgreSQL.
    pub(crate) cast: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Index {
    /// In order; an expression has no name.
    pub(crate) columns: Vec<String>,
    pub(crate) unique: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// The same for one table under any name.
    pub(crate) id: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) indexes: Vec<Index>,
}

/// What happens to a row when the one that it refers to is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnDelete {
    /// The deletion fails.
    Refuse,
    /// It goes too.
    Cascade,
    /// It forgets.
    Forget,
}

/// A foreign key: rows of `child` refer to rows of `parent`.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) child: String,
    /// As a person writes it, and as a statement does.
    pub(crate) child_name: SqlName,
    pub(crate) parent: String,
    /// Columns of the child, and those of the parent that they name.
    pub(crate) columns: Vec<(String, String)>,
    pub(crate) on_delete: OnDelete,
}

/// The tables of a database that the policy names, and every foreign key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalogue {
    tables: BTreeMap<SqlName, Table>,
    pub(crate) links: Vec<Link>,
}

impl Catalogue {
    pub(crate) async fn read(
        source: &Source,
        names: impl IntoIterator<Item = &SqlName>,
    ) -> Result<Self, SourceError> {
        let names: BTreeSet<&SqlName> = names.into_iter().collect();
        let names: Vec<&SqlName> = names.into_iter().collect();
        let dialect = source.dialect();
        let found = tables(source, &names).await?;
        let there = names.into_iter().filter_map(|name| {
            let table = found.get(&asked(dialect, name))?;
            Some((name.clone(), table.clone()))
        });
        Ok(Self {
            tables: there.collect(),
            links: links(source).await?,
        })
    }

    pub(crate) fn table(&self, name: &SqlName) -> Option<&Table> {
        self.tables.get(name)
    }

    pub(crate) fn column(&self, table: &SqlName, column: &str) -> Option<&Column> {
        self.table(table)?.column(column)
    }
}

impl Table {
    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Whether these columns together name one row.
    pub(crate) fn is_unique(&self, columns: &[SqlName]) -> bool {
        let named = |name: &String| columns.iter().any(|column| column.as_str() == name);
        let mut unique = self.indexes.iter().filter(|index| index.unique);
        unique.any(|index| index.columns.iter().all(named))
    }
}

fn texts(row: Row) -> Vec<String> {
    let texts = row.into_iter().map(Value::into_text);
    texts.map(Option::unwrap_or_default).collect()
}

async fn ask(source: &Source, sql: Sql) -> Result<Vec<Vec<String>>, SourceError> {
    let rows = source.fetch(sql).await?;
    Ok(rows.into_iter().map(texts).collect())
}

/// How the catalogue is asked for a table. SQLite's knows no `main.`.
fn asked(dialect: Dialect, table: &SqlName) -> String {
    let name = table.as_str();
    let base = || name.rsplit_once('.').map_or(name, |(_, base)| base);
    match dialect {
        Dialect::Postgres => quoted_table(table),
        Dialect::Sqlite => base().to_owned(),
    }
}

/// A query about all the tables at once: `select`, from their names as `n (name)`, and the `rest`.
fn about(dialect: Dialect, names: &[&SqlName], select: &str, rest: &str) -> Sql {
    let mut sql = Sql::new(dialect, select);
    let names = names.iter().map(|name| asked(dialect, name));
    if dialect == Dialect::Postgres {
        sql.push(" FROM unnest(");
        sql.bind_all(names.map(Some).collect(), "text");
        sql.push(") AS n (name)").push(rest);
        return sql;
    }
    sql.push(" FROM (SELECT column1 AS name FROM (VALUES ");
    for (place, name) in names.enumerate() {
        sql.push(if place > 0 { ", (" } else { "(" });
        sql.bind(Value::Text(name), "").push(")");
    }
    sql.push(")) AS n").push(rest);
    sql
}

/// Those of the tables that there are, by how they were asked for.
async fn tables(
    source: &Source,
    names: &[&SqlName],
) -> Result<BTreeMap<String, Table>, SourceError> {
    let dialect = source.dialect();
    let [there, columns, indexes] = match dialect {
        Dialect::Postgres => POSTGRES,
        Dialect::Sqlite => SQLITE,
    }
    .map(|(select, rest)| about(dialect, names, select, rest));
    let mut tables = BTreeMap::new();
    for texts in ask(source, there).await? {
        if let Ok([asked, id]) = <[String; 2]>::try_from(texts) {
            let (columns, indexes) = (Vec::new(), Vec::new());
            tables.insert(
                asked,
                Table {
                    id,
                    columns,
                    indexes,
                },
            );
        }
    }
    let mut parts: BTreeMap<(String, String), Index> = BTreeMap::new();
    let mut part = |table: &str, index: String, unique: bool, column: String| {
        let index = parts.entry((table.to_owned(), index));
        let index = index.or_insert_with(|| Index {
            columns: Vec::new(),
            unique,
        });
        index.columns.push(column);
    };
    let mut keys = BTreeMap::new();
    for texts in ask(source, columns).await? {
        let Ok([asked, name, cast, nullable, kind, key]) = <[String; 6]>::try_from(texts) else {
            continue;
        };
        // SQLite has no index for a key of one number.
        if let Ok(place @ 1..) = key.parse::<u32>() {
            keys.insert((asked.clone(), place), name.clone());
        }
        if let Some(table) = tables.get_mut(&asked) {
            table.columns.push(Column {
                name,
                kind: match dialect {
                    Dialect::Postgres => postgres_kind(&kind),
                    Dialect::Sqlite => sqlite_kind(&kind),
                },
                nullable: nullable == "true",
                cast,
            });
        }
    }
    for ((asked, _), column) in keys {
        part(&asked, String::new(), true, column);
    }
    for texts in ask(source, indexes).await? {
        if let Ok([asked, name, unique, column]) = <[String; 4]>::try_from(texts) {
            part(&asked, name, unique == "true", column);
        }
    }
    for ((asked, _), index) in parts {
        if let Some(table) = tables.get_mut(&asked) {
            table.indexes.push(index);
        }
    }
    Ok(tables)
}

/// Beginnings and ends of queries: the tables that there are, their columns, their indexes.
const POSTGRES: [(&str, &str); 3] = [
    (
        "SELECT n.name, c.oid::text",
        " JOIN pg_class c ON c.oid = to_regclass(n.name) WHERE c.relkind IN ('r', 'p')",
    ),
    (
        "SELECT n.name, a.attname::text, quote_ident(s.nspname) || '.' || quote_ident(t.typname),
                (NOT a.attnotnull)::text, coalesce(b.typname, t.typname)::text, '0'",
        " JOIN pg_attribute a ON a.attrelid = to_regclass(n.name)
          JOIN pg_type t ON t.oid = a.atttypid
          JOIN pg_namespace s ON s.oid = t.typnamespace
          LEFT JOIN pg_type b ON b.oid = t.typbasetype
          WHERE a.attnum > 0 AND NOT a.attisdropped
          ORDER BY n.name, a.attnum",
    ),
    (
        "SELECT n.name, i.indexrelid::text, i.indisunique::text, coalesce(a.attname, '')::text",
        " JOIN pg_index i ON i.indrelid = to_regclass(n.name)
          CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, place)
          LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
          WHERE i.indisvalid AND i.indpred IS NULL AND k.place <= i.indnkeyatts
          ORDER BY i.indexrelid, k.place",
    ),
];

/// The same, and the place of each column in the key.
const SQLITE: [(&str, &str); 3] = [
    (
        "SELECT n.name, lower(m.name)",
        " JOIN sqlite_master m ON m.name = n.name COLLATE NOCASE WHERE m.type = 'table'",
    ),
    (
        "SELECT n.name, c.name, '', iif(c.\"notnull\" = 0 AND c.pk = 0, 'true', 'false'),
                upper(c.type), c.pk",
        ", pragma_table_xinfo(n.name) c WHERE c.hidden <> 1 ORDER BY n.name, c.cid",
    ),
    (
        "SELECT n.name, l.name, iif(l.\"unique\", 'true', 'false'), coalesce(i.name, '')",
        ", pragma_index_list(n.name) l, pragma_index_info(l.name) i WHERE l.partial = 0
          ORDER BY l.name, i.seqno",
    ),
];

async fn links(source: &Source) -> Result<Vec<Link>, SourceError> {
    let text = match source.dialect() {
        Dialect::Postgres => {
            "SELECT f.oid::text, f.conrelid::text, n.nspname || '.' || r.relname,
                    f.confrelid::text, f.confdeltype::text, c.attname::text, p.attname::text
             FROM pg_constraint f
             JOIN pg_class r ON r.oid = f.conrelid
             JOIN pg_namespace n ON n.oid = r.relnamespace
             CROSS JOIN LATERAL unnest(f.conkey, f.confkey) WITH ORDINALITY AS k (child, parent, place)
             JOIN pg_attribute c ON c.attrelid = f.conrelid AND c.attnum = k.child
             JOIN pg_attribute p ON p.attrelid = f.confrelid AND p.attnum = k.parent
             WHERE f.contype = 'f' AND f.conparentid = 0
             ORDER BY f.oid, k.place"
        }
        Dialect::Sqlite => {
            "SELECT m.name || '/' || f.id, lower(m.name), m.name, lower(f.\"table\"), f.on_delete,
                    f.\"from\",
                    coalesce(f.\"to\", (SELECT name FROM pragma_table_info(f.\"table\") WHERE pk = f.seq + 1))
             FROM sqlite_master m, pragma_foreign_key_list(m.name) f
             WHERE m.type = 'table'
             ORDER BY 1, f.seq"
        }
    };
    let mut by_id: BTreeMap<String, Link> = BTreeMap::new();
    for texts in ask(source, Sql::new(source.dialect(), text)).await? {
        let Ok([id, child, name, parent, on_delete, from, to]) = <[String; 7]>::try_from(texts)
        else {
            continue;
        };
        // A name that no policy could write is told apart all the same.
        let child_name = name.parse().or_else(|_| child.parse());
        let Ok(child_name) = child_name else { continue };
        let link = by_id.entry(id).or_insert_with(|| Link {
            child,
            child_name,
            parent,
            columns: Vec::new(),
            on_delete: match &*on_delete {
                "c" | "CASCADE" => OnDelete::Cascade,
                "n" | "d" | "SET NULL" | "SET DEFAULT" => OnDelete::Forget,
                _ => OnDelete::Refuse,
            },
        });
        link.columns.push((from, to));
    }
    Ok(by_id.into_values().collect())
}

fn postgres_kind(name: &str) -> Kind {
    match name {
        "text" | "varchar" | "bpchar" | "citext" => Kind::Text,
        "int2" | "int4" | "int8" => Kind::Integer,
        "numeric" | "float4" | "float8" => Kind::Number,
        "bool" => Kind::Flag,
        "date" => Kind::Date,
        "timestamp" | "timestamptz" => Kind::Timestamp,
        "inet" | "cidr" => Kind::Network,
        _ => Kind::Other,
    }
}

/// By the words that SQLite itself looks for, and those that people write for its lack of types.
fn sqlite_kind(declared: &str) -> Kind {
    let has = |words: &[&str]| words.iter().any(|word| declared.contains(word));
    if has(&["BOOL"]) {
        Kind::Flag
    } else if has(&["INT"]) {
        Kind::Integer
    } else if has(&["REAL", "FLOA", "DOUB", "NUM", "DEC"]) {
        Kind::Number
    } else if has(&["BLOB"]) {
        Kind::Other
    } else {
        Kind::Text
    }
}
