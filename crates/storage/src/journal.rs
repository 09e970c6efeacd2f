//! The journal of what a restore repeats: written with each change, read by those who keep a copy
//! of it, repeated after a load.

use base64::{Engine, prelude::BASE64_STANDARD};
use consentry_domain::{JournalEntry, Journaled, SubjectId};
use consentry_policy::ControllerId;
use consentry_service::ports::StoreError;
use jiff::Timestamp;
use sea_orm::{
    ActiveValue::NotSet,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, InsertMany, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Set,
    sea_query::{Expr, ExprTrait, OnConflict},
};
use serde::{Deserialize, Serialize};

use crate::bounded::Bounded;
use crate::{
    entity::{
        journal::{self, Column},
        subject,
    },
    error::{store_error, unreadable},
    people,
    rows::{self, ROWS},
    vault::Vault,
};

/// One entry of the journal as a line of a file: sealed like its row, and meaningless without the
/// key ring and the record that it names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalRecord {
    id: i64,
    controller: String,
    subject: i64,
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    topic: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sealed_address: Option<String>,
    generation: i32,
    at: i64,
    written_at: i64,
}

impl JournalRecord {
    /// Its number: random, and the same in every copy.
    pub fn id(&self) -> i64 {
        self.id
    }

    /// Whose record it is about.
    pub fn controller(&self) -> &str {
        &self.controller
    }

    /// When it was decided, in microseconds since 1970.
    pub fn at(&self) -> i64 {
        self.at
    }

    /// When it was written down, by the clock of the database, in microseconds since 1970.
    pub fn written_at(&self) -> i64 {
        self.written_at
    }

    fn of(row: journal::Model) -> Self {
        Self {
            id: row.id,
            controller: row.controller,
            subject: row.subject,
            kind: row.kind,
            topic: row.topic,
            sealed_address: row
                .sealed_address
                .map(|bytes| BASE64_STANDARD.encode(bytes)),
            generation: row.generation,
            at: row.at,
            written_at: row.written_at,
        }
    }

    fn into_row(self) -> Result<journal::ActiveModel, StoreError> {
        let sealed = self.sealed_address.map(|text| BASE64_STANDARD.decode(text));
        let sealed = sealed.transpose();
        let sealed_address = sealed.map_err(|_| unreadable("a journal entry is damaged"))?;
        Ok(journal::ActiveModel {
            id: Set(self.id),
            controller: Set(self.controller),
            subject: Set(self.subject),
            kind: Set(self.kind),
            topic: Set(self.topic),
            sealed_address: Set(sealed_address),
            generation: Set(self.generation),
            at: Set(self.at),
            written_at: Set(self.written_at),
            to_replay: Set(true),
        })
    }
}

/// The row of an entry; `sealed_address` is that of a new address.
pub(crate) fn row(
    vault: &Vault,
    entry: &JournalEntry,
    sealed_address: Option<Vec<u8>>,
) -> journal::ActiveModel {
    let topic = match &entry.what {
        Journaled::Left(topic) => topic.as_ref().map(ToString::to_string),
        _ => None,
    };
    journal::ActiveModel {
        id: Set(vault.number()),
        controller: Set(entry.controller.to_string()),
        subject: Set(entry.subject.0.cast_signed()),
        kind: Set(entry.what.as_str().to_owned()),
        topic: Set(topic),
        sealed_address: Set(sealed_address),
        generation: Set(entry.generation.into()),
        at: Set(entry.at.as_microsecond()),
        written_at: NotSet,
        to_replay: Set(false),
    }
}

/// When entries were written since an instant of the database's clock, and their numbers, in that
/// order, after the one that the caller saw last.
pub(crate) async fn since(
    db: &impl ConnectionTrait,
    written_at: i64,
    after: Option<(i64, i64)>,
    limit: u64,
) -> Result<Vec<(i64, i64)>, StoreError> {
    journal::Entity::find()
        .select_only()
        .columns([Column::WrittenAt, Column::Id])
        .filter(Column::WrittenAt.gte(written_at))
        .apply_if(after, |query, last| {
            let order = [Column::WrittenAt, Column::Id].map(Expr::col);
            let last = <[i64; 2]>::from(last).map(Expr::value);
            query.filter(Expr::tuple(order).gt(Expr::tuple(last)))
        })
        .order_by_asc(Column::WrittenAt)
        .order_by_asc(Column::Id)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await
        .map_err(store_error)
}

/// The entries with these numbers, in the order in which they were written.
pub(crate) async fn records(
    db: &impl ConnectionTrait,
    ids: &[i64],
) -> Result<Vec<JournalRecord>, StoreError> {
    let found = journal::Entity::find()
        .filter(Column::Id.is_in(ids.iter().copied()))
        .order_by_asc(Column::WrittenAt)
        .order_by_asc(Column::Id)
        .all(db)
        .await
        .map_err(store_error)?;
    Ok(found.into_iter().map(JournalRecord::of).collect())
}

/// Forgets entries up to an instant.
pub(crate) async fn prune(
    db: &Bounded,
    controller: &ControllerId,
    until: Timestamp,
) -> Result<u64, StoreError> {
    let pruned = journal::Entity::delete_many()
        .filter(Column::Controller.eq(controller.as_str()))
        .filter(Column::At.lte(until.as_microsecond()))
        .filter(Column::ToReplay.eq(false))
        .exec(db)
        .await
        .map_err(store_error)?;
    Ok(pruned.rows_affected)
}

/// Puts entries of a copy beside what is there, all to be repeated.
pub(crate) async fn add(db: &Bounded, records: Vec<JournalRecord>) -> Result<(), StoreError> {
    let mut skip = OnConflict::column(Column::Id);
    skip.do_nothing();
    let mut records = records.into_iter().peekable();
    while records.peek().is_some() {
        let rows = records.by_ref().take(ROWS).map(JournalRecord::into_row);
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        InsertMany::<journal::ActiveModel>::many(rows)
            .on_conflict(skip.clone())
            .exec_without_returning(db)
            .await
            .map_err(store_error)?;
    }
    Ok(())
}

/// Says of every entry whether it is to be repeated.
pub(crate) async fn mark_all(db: &Bounded, to_replay: bool) -> Result<(), StoreError> {
    mark(db, Condition::all(), to_replay).await
}

/// What a backup of this instant no longer held, because it was too old, is not repeated.
pub(crate) async fn spare_up_to(db: &Bounded, until: Timestamp) -> Result<(), StoreError> {
    let old = Condition::all().add(Column::At.lte(until.as_microsecond()));
    mark(db, old, false).await
}

/// Says of some entries whether they are to be repeated.
pub(crate) async fn mark(
    db: &Bounded,
    which: Condition,
    to_replay: bool,
) -> Result<(), StoreError> {
    journal::Entity::update_many()
        .filter(which)
        .col_expr(Column::ToReplay, Expr::value(to_replay))
        .exec(db)
        .await
        .map_err(store_error)?;
    Ok(())
}

/// Takes the next entries to be repeated off the list. Those of records that are not there, or
/// cannot be read, are left out: there is nothing to repeat them on.
pub(crate) async fn take(
    db: &Bounded,
    vault: &Vault,
    controller: &ControllerId,
    limit: u64,
) -> Result<Vec<JournalEntry>, StoreError> {
    loop {
        let found = journal::Entity::find()
            .filter(Column::Controller.eq(controller.as_str()))
            .filter(Column::ToReplay.eq(true))
            .order_by_asc(Column::At)
            .order_by_asc(Column::Id)
            .limit(limit)
            .all(db)
            .await
            .map_err(store_error)?;
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let taken = Condition::all().add(Column::Id.is_in(found.iter().map(|row| row.id)));
        mark(db, taken, false).await?;
        let ids: Vec<_> = found
            .iter()
            .map(|row| SubjectId(row.subject.cast_unsigned()))
            .collect();
        let held = people::with_ids(controller, &ids);
        let held = held.all(db).await.map_err(store_error)?;
        let entries = found
            .iter()
            .filter_map(|row| {
                let person = held.iter().find(|person| person.id == row.subject)?;
                Some(entry(vault, row, person))
            })
            .collect::<Result<Vec<_>, _>>()?;
        if !entries.is_empty() {
            return Ok(entries);
        }
    }
}

fn entry(
    vault: &Vault,
    row: &journal::Model,
    person: &subject::Model,
) -> Result<JournalEntry, StoreError> {
    let what = match row.kind.as_str() {
        "erased" => Journaled::Erased,
        "purged" => Journaled::Purged,
        "left" => {
            let topic = row.topic.as_deref().map(|topic| rows::word(topic, "topic"));
            Journaled::Left(topic.transpose()?)
        }
        "restricted" => Journaled::Restricted,
        "restriction-lifted" => Journaled::RestrictionLifted,
        "moved" => {
            let sealed = row.sealed_address.as_deref();
            let sealed = sealed.ok_or_else(|| unreadable("a journal entry has no address"))?;
            Journaled::Moved(vault.open_address(person, sealed)?)
        }
        "address-withdrawn" => Journaled::AddressWithdrawn,
        "links-renewed" => Journaled::LinksRenewed,
        _ => return Err(unreadable("`kind` holds no known value")),
    };
    Ok(JournalEntry {
        controller: rows::word(&row.controller, "controller")?,
        subject: SubjectId(row.subject.cast_unsigned()),
        at: rows::at(row.at)?,
        generation: rows::number(row.generation, "generation")?,
        what,
    })
}
