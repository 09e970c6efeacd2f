//! Loading a backup: everything in one transaction, or nothing.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use consentry_domain::LetterKind;
use consentry_keys::{KeyId, KeyUse};
use consentry_service::ports::{LetterState, Reason, StoreError};
use jiff::Timestamp;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityName, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, Statement, Value,
    sea_query::{Expr, ExprTrait},
};
use serde_json::Value as Json;

use super::{
    BackupError, BackupFile, PAGE, TableHead,
    error::damaged,
    file::Line,
    tables::{self, Kind, Table, quoted},
    write::place,
};
use crate::bounded::Bounded;
use crate::{
    archive_keys,
    entity::{archive_key, installation, job, journal, letter, subject},
    error::store_error,
    journal::{self as entries, JournalRecord},
    residue,
    transaction::Database,
    vault::Vault,
};

/// Parameters in one statement; SQLite takes 32,766.
const PARAMETERS: usize = 30_000;

/// What was loaded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loaded {
    /// Records, those of erased people included.
    pub people: u64,
    /// Records that the key ring cannot open any more: they were left out.
    pub unreadable: u64,
    /// Letters that waited when the backup was taken and count as uncertain now.
    pub letters_in_doubt: u64,
}

/// What goes with a backup.
pub(crate) struct Plan<'a> {
    /// Entries of copies of the journal.
    pub(crate) journal: &'a mut dyn Iterator<Item = Result<JournalRecord, BackupError>>,
    /// The backup was too young to hold entries up to here.
    pub(crate) spare_up_to: Option<Timestamp>,
    /// Whether no letter was sent since.
    pub(crate) nothing_was_sent: bool,
    pub(crate) now: Timestamp,
}

/// Puts a backup in the place of everything that is there but the journal, whose entries that the
/// backup does not hold are marked to be repeated. From the commit on the database is one that
/// nobody serves, until the restore is complete.
pub(crate) async fn load(
    database: &Database,
    vault: &Vault,
    backup: &mut BackupFile,
    plan: Plan<'_>,
) -> Result<Loaded, BackupError> {
    let held = backup.manifest().seal_keys();
    let missing: Vec<_> = held
        .filter(|id| vault.ring().get(KeyUse::Seal, *id).is_none())
        .collect();
    let seal_keys: Vec<_> = backup.manifest().seal_keys().collect();
    let people = backup.manifest().rows().get(subject::Entity.table_name());
    let people = people.copied().unwrap_or_default();
    if people > 0 && missing.len() == seal_keys.len() {
        return Err(no_key(people, &missing));
    }
    let transaction = database.write().await?;
    let db = &transaction.inner;
    installation::Entity::update_many()
        .col_expr(
            installation::Column::RestoringSince,
            Expr::value(plan.now.as_microsecond()),
        )
        .exec(db)
        .await
        .map_err(store_error)?;
    entries::mark_all(db, true).await?;
    load_rows(db, backup).await?;
    let mut batch = Vec::new();
    for record in plan.journal {
        batch.push(record?);
        if batch.len() == PAGE {
            entries::add(db, std::mem::take(&mut batch)).await?;
        }
    }
    entries::add(db, batch).await?;
    archive_keys::repeat_ends(db).await?;
    if let Some(until) = plan.spare_up_to {
        entries::spare_up_to(db, until).await?;
    }
    let unreadable = leave_out_unreadable(db, vault).await?;
    if people > 0 && unreadable == people {
        return Err(no_key(people, &seal_keys));
    }
    let letters_in_doubt = if plan.nothing_was_sent {
        0
    } else {
        doubt(db, plan.now).await?
    };
    free_jobs(db).await?;
    // Whatever was there before is overwritten in the files too.
    residue::note(db, 1).await?;
    transaction.commit().await?;
    Ok(Loaded {
        people: people - unreadable,
        unreadable,
        letters_in_doubt,
    })
}

fn no_key(records: u64, keys: &[KeyId]) -> BackupError {
    let keys: Vec<_> = keys.iter().map(ToString::to_string).collect();
    BackupError::NoKey {
        records,
        keys: keys.join(", "),
    }
}

/// Puts the rows of a backup in the place of those that are there; the journal keeps both, and so do
/// the keys of the archive, which goes on from where it is.
pub(crate) async fn load_rows(db: &Bounded, backup: &mut BackupFile) -> Result<(), BackupError> {
    let tables = tables::all(db).await?;
    wipe(db, &tables).await?;
    let expected = backup.manifest().rows().clone();
    let mut current: Option<Load<'_>> = None;
    for line in backup.lines()? {
        match line? {
            Line::Table(head) => {
                let next = Load::new(&tables, &expected, head)?;
                if let Some(done) = current.replace(next) {
                    done.finish(db).await?;
                }
            }
            Line::Row(cells) => {
                let load = current
                    .as_mut()
                    .ok_or_else(|| damaged("a row has no table"))?;
                load.add(db, cells).await?;
            }
        }
    }
    if let Some(done) = current {
        done.finish(db).await?;
    }
    Ok(())
}

async fn wipe(db: &Bounded, tables: &[Table]) -> Result<(), StoreError> {
    let kept = [
        journal::Entity.table_name(),
        archive_key::Entity.table_name(),
    ];
    let mut names: Vec<_> = tables
        .iter()
        .filter(|table| !kept.contains(&&*table.name))
        .map(|table| quoted(&table.name))
        .collect();
    names.reverse();
    let statements = match db.get_database_backend() {
        DbBackend::Sqlite => names
            .iter()
            .map(|name| format!("DELETE FROM {name}"))
            .collect(),
        _ => vec![format!("TRUNCATE {}", names.join(", "))],
    };
    for statement in statements {
        db.execute_unprepared(&statement)
            .await
            .map_err(store_error)?;
    }
    Ok(())
}

/// A table that is being loaded.
struct Load<'a> {
    table: &'a Table,
    /// For each cell of a row: where it goes.
    head: TableHead,
    waiting: Vec<Vec<Json>>,
    loaded: u64,
    expected: u64,
}

impl<'a> Load<'a> {
    fn new(
        tables: &'a [Table],
        expected: &std::collections::BTreeMap<String, u64>,
        head: TableHead,
    ) -> Result<Self, BackupError> {
        let unknown = || damaged(format!("`{}` is not as in this schema", head.table));
        let table = tables.iter().find(|table| table.name == head.table);
        let table = table.ok_or_else(unknown)?;
        let fits = head.columns.len() == table.columns.len()
            && head.kinds.len() == table.columns.len()
            && table.columns.iter().all(|column| {
                let place = head.columns.iter().position(|name| *name == column.name);
                place.is_some_and(|place| head.kinds[place] == column.kind)
            });
        if !fits {
            return Err(unknown());
        }
        Ok(Self {
            table,
            expected: expected.get(&head.table).copied().unwrap_or_default(),
            head,
            waiting: Vec::new(),
            loaded: 0,
        })
    }

    async fn add(&mut self, db: &Bounded, cells: Vec<Json>) -> Result<(), BackupError> {
        if cells.len() != self.head.columns.len() {
            return Err(damaged(format!("a row of `{}`", self.head.table)));
        }
        self.waiting.push(cells);
        self.loaded += 1;
        if self.waiting.len() == PAGE.min(PARAMETERS / self.head.columns.len()) {
            self.flush(db).await?;
        }
        Ok(())
    }

    async fn finish(mut self, db: &Bounded) -> Result<(), BackupError> {
        self.flush(db).await?;
        if self.loaded != self.expected {
            return Err(damaged(format!(
                "rows of `{}` are missing",
                self.head.table
            )));
        }
        let (Some(counter), DbBackend::Postgres) = (&self.table.counter, db.get_database_backend())
        else {
            return Ok(());
        };
        let (name, column) = (quoted(&self.table.name), quoted(counter));
        let sql = format!(
            "SELECT setval(pg_get_serial_sequence('{name}', '{counter}'), \
             COALESCE(max({column}), 0) + 1, false) FROM {name}"
        );
        db.execute_unprepared(&sql).await.map_err(store_error)?;
        Ok(())
    }

    async fn flush(&mut self, db: &Bounded) -> Result<(), BackupError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let backend = db.get_database_backend();
        let mut values = Vec::new();
        let mut rows = Vec::new();
        for cells in std::mem::take(&mut self.waiting) {
            let mut places = Vec::with_capacity(cells.len());
            for (index, cell) in cells.into_iter().enumerate() {
                let value = value(cell, self.head.kinds[index]);
                values.push(value.ok_or_else(|| {
                    let column = &self.head.columns[index];
                    damaged(format!("a row of `{}.{column}`", self.head.table))
                })?);
                let place = place(backend, values.len());
                places.push(if self.is_boolean(index) && backend != DbBackend::Sqlite {
                    format!("({place} <> 0)")
                } else {
                    place
                });
            }
            rows.push(format!("({})", places.join(", ")));
        }
        let columns: Vec<_> = self.head.columns.iter().map(|name| quoted(name)).collect();
        let numbered = if self.table.counter.is_some() {
            "OVERRIDING SYSTEM VALUE"
        } else {
            ""
        };
        // The backup holds what it holds: that need not be repeated.
        let known = if self.head.table == journal::Entity.table_name() {
            "ON CONFLICT (id) DO UPDATE SET to_replay = FALSE"
        } else if self.head.table == archive_key::Entity.table_name() {
            "ON CONFLICT (id) DO NOTHING"
        } else {
            ""
        };
        let sql = format!(
            "INSERT INTO {} ({}) {numbered} VALUES {} {known}",
            quoted(&self.head.table),
            columns.join(", "),
            rows.join(", "),
        );
        let statement = Statement::from_sql_and_values(backend, sql, values);
        db.execute_raw(statement).await.map_err(store_error)?;
        Ok(())
    }

    fn is_boolean(&self, index: usize) -> bool {
        let name = &self.head.columns[index];
        let mut columns = self.table.columns.iter();
        columns.any(|column| column.is_boolean && &column.name == name)
    }
}

/// `None` for what is not of its kind.
fn value(cell: Json, kind: Kind) -> Option<Value> {
    Some(match (kind, cell) {
        (Kind::Integer, Json::Null) => Value::BigInt(None),
        (Kind::Text, Json::Null) => Value::String(None),
        (Kind::Bytes, Json::Null) => Value::Bytes(None),
        (Kind::Integer, cell) => Value::BigInt(Some(cell.as_i64()?)),
        (Kind::Text, Json::String(text)) => Value::String(Some(text)),
        (Kind::Bytes, Json::String(text)) => Value::Bytes(Some(BASE64_STANDARD.decode(text).ok()?)),
        _ => return None,
    })
}

/// Removes the records that no key of the ring opens, with everything that hangs on them. Nobody
/// can read them: whoever was purged after the backup, when its key was retired, stays gone.
async fn leave_out_unreadable(db: &Bounded, vault: &Vault) -> Result<u64, StoreError> {
    let mut after = None;
    let mut count = 0;
    loop {
        let page = subject::Entity::find()
            .apply_if(after, |query, after| {
                query.filter(subject::Column::Id.gt(after))
            })
            .order_by_asc(subject::Column::Id)
            .limit(PAGE as u64)
            .all(db)
            .await
            .map_err(store_error)?;
        let Some(last) = page.last() else {
            return Ok(count);
        };
        after = Some(last.id);
        let unreadable: Vec<_> = page
            .iter()
            .filter(|row| vault.open(row).is_err())
            .map(|row| row.id)
            .collect();
        if unreadable.is_empty() {
            continue;
        }
        count += unreadable.len() as u64;
        subject::Entity::delete_many()
            .filter(subject::Column::Id.is_in(unreadable))
            .exec(db)
            .await
            .map_err(store_error)?;
    }
}

/// Letters that waited when the backup was taken: most were sent right after it.
async fn doubt(db: &Bounded, now: Timestamp) -> Result<u64, StoreError> {
    let kinds = LetterKind::ALL
        .iter()
        .filter(|kind| !kind.is_sent_after_a_restore())
        .map(|kind| kind.as_str());
    let open = [LetterState::Leased, LetterState::Sending].map(LetterState::as_str);
    let is_open = Condition::any()
        .add(letter::Column::DueAt.is_not_null())
        .add(letter::Column::State.is_in(open));
    let doubted = letter::Entity::update_many()
        .filter(letter::Column::Kind.is_in(kinds))
        .filter(is_open)
        .col_expr(
            letter::Column::State,
            Expr::value(LetterState::Uncertain.as_str()),
        )
        .col_expr(
            letter::Column::Uncertain,
            Expr::col(letter::Column::Uncertain).add(1),
        )
        .col_expr(
            letter::Column::Reason,
            Expr::value(Reason::Restored.as_str()),
        )
        .col_expr(letter::Column::DueAt, Expr::value(None::<i64>))
        .col_expr(letter::Column::Worker, Expr::value(None::<String>))
        .col_expr(letter::Column::LeasedUntil, Expr::value(None::<i64>))
        .col_expr(letter::Column::SettledAt, Expr::value(now.as_microsecond()))
        .exec(db)
        .await
        .map_err(store_error)?;
    Ok(doubted.rows_affected)
}

/// Whoever ran a job when the backup was taken does not run it here.
async fn free_jobs(db: &Bounded) -> Result<(), StoreError> {
    job::Entity::update_many()
        .col_expr(job::Column::Worker, Expr::value(None::<String>))
        .col_expr(job::Column::LeasedUntil, Expr::value(None::<i64>))
        .exec(db)
        .await
        .map_err(store_error)?;
    Ok(())
}
