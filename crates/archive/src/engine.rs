//! What the retention engine asks of the archive.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use consentry_keys::{KeyRing, KeyUse};
use consentry_policy::{DatasetId, Slug};
use consentry_retention::{Archive, Archived, Residue, RetentionError, Sealable, Wanted};
use jiff::Timestamp;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, InsertMany,
    IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait, Query},
};

use crate::{
    SealedArchive,
    archive::{ROWS, at},
    entity::{moment, record},
    error::ArchiveError,
    subjects::Unlocked,
};

/// Where a record is sealed for.
pub(crate) const SEALED: &str = "consentry_archive_records.sealed";

const ROW_CONTEXT: &str = "archived row v1";

#[async_trait]
impl Archive for SealedArchive {
    async fn take(
        &self,
        dataset: &DatasetId,
        stage: &Slug,
        now: Timestamp,
        records: Vec<Sealable>,
    ) -> Result<(), RetentionError> {
        Ok(self.seal(dataset, stage, now, records).await?)
    }

    async fn page(&self, wanted: Wanted<'_>, limit: u32) -> Result<Vec<Archived>, RetentionError> {
        Ok(self.find(wanted, u64::from(limit)).await?)
    }

    async fn size(&self, dataset: &DatasetId, limit: u64) -> Result<u64, RetentionError> {
        Ok(self.count(dataset, limit).await?)
    }

    async fn purge(&self, now: Timestamp, records: &[u64]) -> Result<u64, RetentionError> {
        Ok(self.delete(now, records).await?)
    }

    async fn clean(&self) -> Vec<Residue> {
        self.clean_files().await
    }
}

impl SealedArchive {
    /// New keys are kept after their records: what is cut off in between leaves records that nobody
    /// can read, and the same rows, which are still in the source, replace them.
    async fn seal(
        &self,
        dataset: &DatasetId,
        stage: &Slug,
        now: Timestamp,
        records: Vec<Sealable>,
    ) -> Result<(), ArchiveError> {
        let db = self.database.write().await?;
        let ring = self.ring();
        let people = records.iter().filter_map(|one| one.subject.clone());
        let people: HashSet<String> = people.collect();
        let names: Vec<String> = people.iter().cloned().collect();
        let mut keys: HashMap<String, Unlocked> = HashMap::new();
        for known in self.keys_of(&names).await? {
            // An address with other capitals is somebody's other name, and has a key of its own.
            if let Some(subject) = known.subject.clone().filter(|one| people.contains(one)) {
                keys.entry(subject).or_insert(known);
            }
        }
        let mut made = Vec::new();
        let mut rows = Vec::with_capacity(records.len());
        let mut moments = Vec::new();
        let mut replaced = Vec::new();
        let (mut number, mut key_number) = (self.numbers(), self.numbers());
        for taken in records {
            let id = number();
            let mut new = |subject: Option<&str>| {
                let (unlocked, kept) = self.new_key(key_number(), subject);
                made.push(kept);
                unlocked
            };
            let nobodys;
            let unlocked: &Unlocked = if let Some(subject) = &taken.subject {
                let known = keys.entry(subject.clone());
                known.or_insert_with(|| new(Some(subject)))
            } else {
                nobodys = new(None);
                &nobodys
            };
            replaced.extend(row_indexes(&ring, &self.controller, dataset, &taken));
            let mut random = |buffer: &mut [u8]| (self.random)(buffer);
            let sealed = unlocked.key.seal(
                taken.record.as_bytes(),
                &self.place(id, SEALED),
                &mut random,
            );
            rows.push(record::Model {
                id: id.cast_signed(),
                controller: self.controller.clone(),
                dataset: dataset.to_string(),
                stage: stage.to_string(),
                state: taken.state.as_ref().map(ToString::to_string),
                row_index: row_index(
                    ring.current(KeyUse::Index),
                    &self.controller,
                    dataset,
                    &taken,
                ),
                key_id: unlocked.id.cast_signed(),
                taken_at: now.as_microsecond(),
                sealed,
            });
            moments.extend(taken.clocks.iter().map(|(clock, at)| moment::Model {
                record_id: id.cast_signed(),
                clock: clock.to_string(),
                controller: self.controller.clone(),
                dataset: dataset.to_string(),
                at: at.as_microsecond(),
            }));
        }
        let former = self.replace(&db, replaced).await?;
        insert::<_, record::ActiveModel>(&db, rows).await?;
        insert::<_, moment::ActiveModel>(&db, moments).await?;
        self.destroy_unused(&db, former, now).await?;
        db.commit().await?;
        self.subjects.add(made).await
    }

    /// Deletes what was taken before of the same rows; the keys that it was sealed under.
    async fn replace(
        &self,
        db: &DatabaseTransaction,
        indexes: Vec<Vec<u8>>,
    ) -> Result<Vec<i64>, ArchiveError> {
        use record::Column;
        let mut keys = Vec::new();
        for indexes in indexes.chunks(ROWS) {
            // The index says whose archive it is, too. A condition on the controller would have
            // PostgreSQL read all of its records, as long as it knows nothing of the table.
            let former: Vec<(i64, i64)> = record::Entity::find()
                .filter(Column::RowIndex.is_in(indexes.iter().cloned()))
                .select_only()
                .columns([Column::Id, Column::KeyId])
                .into_tuple()
                .all(db)
                .await?;
            if former.is_empty() {
                continue;
            }
            let ids = former.iter().map(|(id, _)| *id);
            let gone = record::Entity::delete_many().filter(Column::Id.is_in(ids));
            gone.exec(db).await?;
            keys.extend(former.into_iter().map(|(_, key)| key));
        }
        Ok(keys)
    }

    async fn count(&self, dataset: &DatasetId, limit: u64) -> Result<u64, ArchiveError> {
        let snapshot = self.database.snapshot().await?;
        let some = Query::select()
            .expr(Expr::val(1))
            .from(record::Entity)
            .and_where(Expr::col(record::Column::Controller).eq(&*self.controller))
            .and_where(Expr::col(record::Column::Dataset).eq(dataset.as_str()))
            .limit(limit)
            .take();
        let count = Query::select()
            .expr(Expr::cust("count(*)"))
            .from_subquery(some, "some")
            .take();
        let answer = snapshot.query_one(&count).await?;
        let count: Option<i64> = answer.and_then(|row| row.try_get_by_index(0).ok());
        Ok(count.unwrap_or_default().cast_unsigned())
    }

    async fn find(&self, wanted: Wanted<'_>, limit: u64) -> Result<Vec<Archived>, ArchiveError> {
        let snapshot = self.database.snapshot().await?;
        let ids = match wanted {
            Wanted::Until {
                dataset,
                clock,
                until,
                after,
            } => {
                use moment::Column;
                let later = after.map(|(at, id)| {
                    let order = [Column::At, Column::RecordId].map(Expr::col);
                    let last = [at.as_microsecond(), id.cast_signed()].map(Expr::value);
                    Expr::tuple(order).gt(Expr::tuple(last))
                });
                moment::Entity::find()
                    .filter(Column::Controller.eq(&*self.controller))
                    .filter(Column::Dataset.eq(dataset.as_str()))
                    .filter(Column::Clock.eq(clock.as_str()))
                    .filter(Column::At.lte(until.as_microsecond()))
                    .apply_if(later, QueryFilter::filter)
                    .order_by_asc(Column::At)
                    .order_by_asc(Column::RecordId)
                    .limit(limit)
                    .select_only()
                    .column(Column::RecordId)
                    .into_tuple::<i64>()
                    .all(&snapshot)
                    .await?
            }
            Wanted::Of {
                dataset,
                people,
                after,
            } => {
                let keys = self.keys_of(people).await?;
                let keys: Vec<i64> = keys.iter().map(|key| key.id.cast_signed()).collect();
                let mut ids = Vec::new();
                for keys in keys.chunks(ROWS) {
                    ids.extend(
                        self.sealed_under(&snapshot, keys, dataset, after, limit)
                            .await?,
                    );
                }
                ids.sort_unstable();
                ids.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
                ids
            }
        };
        self.known(&snapshot, &ids).await
    }

    /// The first records under these keys, by number.
    pub(crate) async fn sealed_under(
        &self,
        db: &DatabaseTransaction,
        keys: &[i64],
        dataset: Option<&DatasetId>,
        after: Option<u64>,
        limit: u64,
    ) -> Result<Vec<i64>, ArchiveError> {
        use record::Column;
        let found = record::Entity::find()
            .filter(Column::KeyId.is_in(keys.iter().copied()))
            .apply_if(dataset, |query, dataset| {
                query.filter(Column::Dataset.eq(dataset.as_str()))
            })
            .apply_if(after, |query, after| {
                query.filter(Column::Id.gt(after.cast_signed()))
            })
            .order_by_asc(Column::Id)
            .limit(limit)
            .select_only()
            .column(Column::Id)
            .into_tuple()
            .all(db)
            .await?;
        Ok(found)
    }

    /// What is known of records, in the order of their numbers here.
    async fn known(
        &self,
        db: &DatabaseTransaction,
        ids: &[i64],
    ) -> Result<Vec<Archived>, ArchiveError> {
        use record::Column;
        let mut found: HashMap<i64, (Archived, u64)> = HashMap::new();
        for ids in ids.chunks(ROWS) {
            let rows: Vec<(i64, String, Option<String>, i64)> = record::Entity::find()
                .filter(Column::Id.is_in(ids.iter().copied()))
                .select_only()
                .columns([Column::Id, Column::Dataset, Column::State, Column::KeyId])
                .into_tuple()
                .all(db)
                .await?;
            for (id, dataset, state, key) in rows {
                let state = state.map(|state| word(&state, "state")).transpose()?;
                let archived = Archived {
                    id: id.cast_unsigned(),
                    dataset: word(&dataset, "dataset")?,
                    subject: None,
                    state,
                    clocks: Vec::new(),
                };
                found.insert(id, (archived, key.cast_unsigned()));
            }
            let moments = moment::Entity::find()
                .filter(moment::Column::RecordId.is_in(ids.iter().copied()))
                .all(db)
                .await?;
            for moment in moments {
                if let Some((archived, _)) = found.get_mut(&moment.record_id) {
                    let clock = word(&moment.clock, "clock")?;
                    archived.clocks.push((clock, at(moment.at, "at")?));
                }
            }
        }
        let mut keys: Vec<u64> = found.values().map(|(_, key)| *key).collect();
        keys.sort_unstable();
        keys.dedup();
        let keys = self.keys_with(&keys).await?;
        let known = ids.iter().filter_map(|id| {
            let (mut archived, key) = found.remove(id)?;
            archived.subject = keys.get(&key).and_then(|key| key.subject.clone());
            Some(archived)
        });
        Ok(known.collect())
    }
}

/// Under which value a row is found when it is taken again: until it is gone from its source, the
/// moments that it is judged by stay the same. A later row with its key is another one.
fn row_index(
    key: &consentry_keys::Key,
    controller: &str,
    dataset: &DatasetId,
    taken: &Sealable,
) -> Vec<u8> {
    let subject = taken.subject.as_deref().unwrap_or_default();
    let mut parts = vec![
        controller.to_owned(),
        dataset.to_string(),
        taken.key.clone(),
        subject.to_owned(),
    ];
    parts.extend(
        taken
            .clocks
            .iter()
            .map(|(clock, at)| format!("{clock} {at}")),
    );
    let parts: Vec<&[u8]> = parts.iter().map(String::as_bytes).collect();
    key.mac(ROW_CONTEXT, &parts).to_vec()
}

/// The same under every index key of the ring.
fn row_indexes(
    ring: &KeyRing,
    controller: &str,
    dataset: &DatasetId,
    taken: &Sealable,
) -> Vec<Vec<u8>> {
    let keys = ring.list().filter(|info| info.key_use == KeyUse::Index);
    let keys = keys.filter_map(|info| ring.get(KeyUse::Index, info.id));
    keys.map(|key| row_index(key, controller, dataset, taken))
        .collect()
}

async fn insert<M, A>(db: &DatabaseTransaction, rows: Vec<M>) -> Result<(), ArchiveError>
where
    M: IntoActiveModel<A>,
    A: ActiveModelTrait,
{
    let mut rows = rows.into_iter().map(M::into_active_model).peekable();
    while rows.peek().is_some() {
        let some = InsertMany::<A>::many(rows.by_ref().take(ROWS));
        some.exec_without_returning(db).await?;
    }
    Ok(())
}

fn word<T: std::str::FromStr>(text: &str, column: &'static str) -> Result<T, ArchiveError> {
    text.parse().map_err(|_| ArchiveError::Unreadable(column))
}
