//! Opening: the one way to what records say, and the book that is kept of it.

use std::fmt;

use consentry_policy::DatasetId;
use jiff::Timestamp;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
    sea_query::{Expr, ExprTrait},
};

use crate::{
    SealedArchive,
    archive::{ROWS, at},
    engine::SEALED,
    entity::{
        opening,
        record::{self, Column},
    },
    error::ArchiveError,
    subjects::opened,
};

/// Why somebody looks at sealed records, or ends them.
#[derive(Clone, Copy, Debug)]
pub struct Reason<'a> {
    /// Who, on the operator's side.
    pub author: &'a str,
    /// Why, in words that name no person.
    pub reason: &'a str,
    /// The case that it is for.
    pub case: Option<&'a str>,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Records were opened.
    Opened,
    /// Records were ended before their time.
    Erased,
}

impl Act {
    /// Its name in the book.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Erased => "erased",
        }
    }
}

/// A line of the book: it names nobody whose records they were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// When.
    pub at: Timestamp,
    /// What was done.
    pub act: Act,
    /// Who did it.
    pub author: String,
    /// Why.
    pub reason: String,
    /// The case that it was for.
    pub case: Option<String>,
    /// Of which dataset; of every one when nothing is said.
    pub dataset: Option<String>,
    /// With how many records.
    pub records: u64,
}

/// A record that was opened. [`Debug`](fmt::Debug) does not show what it says.
#[derive(Clone)]
pub struct Opened {
    /// The dataset that it came from.
    pub dataset: String,
    /// The stage that moved it.
    pub stage: String,
    /// When.
    pub taken_at: Timestamp,
    /// The row as it was, with what belonged to it: a JSON object.
    pub record: String,
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Opened");
        shown
            .field("dataset", &self.dataset)
            .finish_non_exhaustive()
    }
}

/// How much is kept of a dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The dataset.
    pub dataset: String,
    /// How many records.
    pub records: u64,
    /// When the one was taken in that is there for the longest.
    pub oldest: Timestamp,
}

impl SealedArchive {
    /// Opens the records of a person, of one dataset or of all, oldest first. Who does it, when, why
    /// and with how many records is written down before: what cannot be written down is not opened
    /// (S2-23).
    pub async fn open(
        &self,
        person: &str,
        dataset: Option<&DatasetId>,
        reason: Reason<'_>,
        now: Timestamp,
    ) -> Result<Vec<Opened>, ArchiveError> {
        let keys = self.keys_of(&[person.to_owned()]).await?;
        let db = self.database.write().await?;
        let mut records = Vec::new();
        for key in &keys {
            let numbers = [key.id.cast_signed()];
            let under = self.sealed_under(&db, &numbers, dataset, None, i64::MAX.cast_unsigned());
            let ids = under.await?;
            self.write_down(
                &db,
                Act::Opened,
                dataset,
                Some(key.id),
                ids.len() as u64,
                reason,
                now,
            )
            .await?;
            records.push((key, ids));
        }
        if keys.is_empty() {
            self.write_down(&db, Act::Opened, dataset, None, 0, reason, now)
                .await?;
        }
        db.commit().await?;
        let snapshot = self.database.snapshot().await?;
        let mut all = Vec::new();
        for (key, ids) in records {
            for ids in ids.chunks(ROWS) {
                let ids = ids.iter().copied();
                let found = record::Entity::find().filter(Column::Id.is_in(ids));
                for row in found.all(&snapshot).await? {
                    let place = self.place(row.id.cast_unsigned(), SEALED);
                    all.push(Opened {
                        record: opened(&key.key, &row.sealed, &place)?,
                        taken_at: at(row.taken_at, "taken_at")?,
                        dataset: row.dataset,
                        stage: row.stage,
                    });
                }
            }
        }
        all.sort_by_key(|one| one.taken_at);
        Ok(all)
    }

    /// Writes down that records were ended before their time.
    pub async fn note_erasure(
        &self,
        records: u64,
        reason: Reason<'_>,
        now: Timestamp,
    ) -> Result<(), ArchiveError> {
        let db = self.database.write().await?;
        self.write_down(&db, Act::Erased, None, None, records, reason, now)
            .await?;
        Ok(db.commit().await?)
    }

    #[expect(clippy::too_many_arguments, reason = "the columns of one row")]
    async fn write_down(
        &self,
        db: &DatabaseTransaction,
        act: Act,
        dataset: Option<&DatasetId>,
        key: Option<u64>,
        records: u64,
        reason: Reason<'_>,
        now: Timestamp,
    ) -> Result<(), ArchiveError> {
        let row = opening::Model {
            id: self.number().cast_signed(),
            controller: self.controller.clone(),
            at: now.as_microsecond(),
            act: act.as_str().to_owned(),
            author: reason.author.to_owned(),
            reason: reason.reason.to_owned(),
            matter: reason.case.map(str::to_owned),
            dataset: dataset.map(ToString::to_string),
            key_id: key.map(u64::cast_signed),
            records: records.cast_signed(),
        };
        let row = opening::Entity::insert(row.into_active_model());
        row.exec_without_returning(db).await?;
        Ok(())
    }

    /// The book, the latest first.
    pub async fn openings(&self) -> Result<Vec<Opening>, ArchiveError> {
        let snapshot = self.database.snapshot().await?;
        let rows = opening::Entity::find()
            .filter(opening::Column::Controller.eq(&*self.controller))
            .order_by_desc(opening::Column::At)
            .order_by_desc(opening::Column::Id)
            .all(&snapshot)
            .await?;
        let line = |row: opening::Model| {
            let act = [Act::Opened, Act::Erased];
            let act = act.into_iter().find(|act| act.as_str() == row.act);
            Ok(Opening {
                at: at(row.at, "at")?,
                act: act.ok_or(ArchiveError::Unreadable("act"))?,
                author: row.author,
                reason: row.reason,
                case: row.matter,
                dataset: row.dataset,
                records: row.records.cast_unsigned(),
            })
        };
        rows.into_iter().map(line).collect()
    }

    /// How much is kept, by dataset.
    pub async fn status(&self) -> Result<Vec<Kept>, ArchiveError> {
        let snapshot = self.database.snapshot().await?;
        let rows: Vec<(String, i64, i64)> = record::Entity::find()
            .filter(Column::Controller.eq(&*self.controller))
            .select_only()
            .column(Column::Dataset)
            .column_as(Expr::col(Column::Id).count(), "records")
            .column_as(Expr::col(Column::TakenAt).min(), "oldest")
            .group_by(Column::Dataset)
            .order_by_asc(Column::Dataset)
            .into_tuple()
            .all(&snapshot)
            .await?;
        let kept = |(dataset, records, oldest): (String, i64, i64)| {
            Ok(Kept {
                dataset,
                records: records.cast_unsigned(),
                oldest: at(oldest, "taken_at")?,
            })
        };
        rows.into_iter().map(kept).collect()
    }
}
