//! What a database says of its own tables: columns, indexes, foreign keys.

use std::collections::BTreeMap;

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
        let mut catalogue = Self::default();
        for name in names {
            if !catalogue.tables.contains_key(name)
                && let Some(table) = table(source, name).await?
            {
                catalogue.tables.insert(name.clone(), table);
            }
        }
        catalogue.links = links(source).await?;
        Ok(catalogue)
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

async fn ask(
    source: &Source,
    text: &str,
    table: Option<&SqlName>,
) -> Result<Vec<Vec<String>>, SourceError> {
    let mut sql = Sql::new(source.dialect(), text);
    if let Some(table) = table {
        let name = match source.dialect() {
            Dialect::Postgres => quoted_table(table),
            Dialect::Sqlite => base_name(table).to_owned(),
        };
        sql.values.push(Value::Text(name));
    }
    let rows = source.fetch(sql).await?;
    Ok(rows.into_iter().map(texts).collect())
}

/// SQLite's catalogue is asked by name alone, without `main.`.
fn base_name(table: &SqlName) -> &str {
    let name = table.as_str();
    name.rsplit_once('.').map_or(name, |(_, name)| name)
}

async fn table(source: &Source, name: &SqlName) -> Result<Option<Table>, SourceError> {
    let (exists, columns, indexes) = match source.dialect() {
        Dialect::Postgres => (
            "SELECT oid::text FROM pg_class WHERE oid = to_regclass($1) AND relkind IN ('r', 'p')",
            "SELECT a.attname::text,
                    quote_ident(n.nspname) || '.' || quote_ident(t.typname),
                    (NOT a.attnotnull)::text,
                    coalesce(b.typname, t.typname)::text
             FROM pg_attribute a
             JOIN pg_type t ON t.oid = a.atttypid
             JOIN pg_namespace n ON n.oid = t.typnamespace
             LEFT JOIN pg_type b ON b.oid = t.typbasetype
             WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
             ORDER BY a.attnum",
            "SELECT i.indexrelid::text, i.indisunique::text, coalesce(a.attname, '')::text
             FROM pg_index i
             CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, place)
             LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
             WHERE i.indrelid = to_regclass($1) AND i.indisvalid AND i.indpred IS NULL
                   AND k.place <= i.indnkeyatts
             ORDER BY i.indexrelid, k.place",
        ),
        Dialect::Sqlite => (
            "SELECT lower(name) FROM sqlite_master
             WHERE type = 'table' AND name = ?1 COLLATE NOCASE",
            "SELECT name, '', iif(\"notnull\" = 0 AND pk = 0, 'true', 'false'), upper(type)
             FROM pragma_table_xinfo(?1) WHERE hidden <> 1",
            "SELECT l.name, iif(l.\"unique\", 'true', 'false'), coalesce(i.name, '')
             FROM pragma_index_list(?1) l, pragma_index_info(l.name) i
             WHERE l.partial = 0
             UNION ALL
             SELECT '', 'true', name FROM pragma_table_info(?1) WHERE pk > 0",
        ),
    };
    let Some(id) = ask(source, exists, Some(name))
        .await?
        .into_iter()
        .flatten()
        .next()
    else {
        return Ok(None);
    };
    let dialect = source.dialect();
    let column = |texts: Vec<String>| {
        let [name, cast, nullable, kind] = <[String; 4]>::try_from(texts).ok()?;
        Some(Column {
            name,
            kind: match dialect {
                Dialect::Postgres => postgres_kind(&kind),
                Dialect::Sqlite => sqlite_kind(&kind),
            },
            nullable: nullable == "true",
            cast,
        })
    };
    let columns = ask(source, columns, Some(name)).await?;
    let mut by_name: BTreeMap<String, Index> = BTreeMap::new();
    for texts in ask(source, indexes, Some(name)).await? {
        if let Ok([name, unique, column]) = <[String; 3]>::try_from(texts) {
            let index = by_name.entry(name).or_insert_with(|| Index {
                columns: Vec::new(),
                unique: unique == "true",
            });
            index.columns.push(column);
        }
    }
    Ok(Some(Table {
        id,
        columns: columns.into_iter().filter_map(column).collect(),
        indexes: by_name.into_values().collect(),
    }))
}

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
    for texts in ask(source, text, None).await? {
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
