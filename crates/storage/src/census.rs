//! Counting, at a cost that does not grow with those who are merely held: every count but that of
//! all people goes through an index over what is counted.

use consentry_policy::ControllerId;
use consentry_service::ports::{Candidates, Census, LetterState, OutboxStatus, StoreError};
use jiff::Timestamp;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, Select, sea_query::Expr};

use crate::bounded::Bounded;
use crate::holds::Kept;
use crate::{
    entity::{letter, subject},
    error::{store_error, unreadable},
    outbox, people, rows,
    vault::Vault,
};

/// How many people there are, how many candidates of each kind, and which letters did not go.
pub(crate) async fn census(
    db: &Bounded,
    vault: &Vault,
    controller: &ControllerId,
    candidates: &[Candidates],
    now: Timestamp,
) -> Result<Census, StoreError> {
    let kept = Kept::of(db, vault, controller).await?;
    let mut counts = Vec::with_capacity(candidates.len());
    for candidates in candidates {
        counts.push(count(db, people::due(controller, *candidates, &kept).0).await?);
    }
    let live = people::of(controller).filter(subject::Column::ErasedAt.is_null());
    let erased = people::of(controller).filter(subject::Column::ErasedAt.is_not_null());
    Ok(Census {
        clock: rows::at(outbox::clock(db).await?)?,
        held: count(db, live).await? + count(db, erased).await?,
        candidates: counts,
        letters: letters(db, controller, now).await?,
    })
}

async fn count(db: &Bounded, query: Select<subject::Entity>) -> Result<u64, StoreError> {
    let count: Option<i64> = query
        .select_only()
        .column_as(subject::Column::Id.count(), "people")
        .into_tuple()
        .one(db)
        .await
        .map_err(store_error)?;
    Ok(count.unwrap_or_default().cast_unsigned())
}

async fn letters(
    db: &Bounded,
    controller: &ControllerId,
    now: Timestamp,
) -> Result<OutboxStatus, StoreError> {
    let all = || letter::Entity::find().filter(letter::Column::Controller.eq(controller.as_str()));
    let owed = all().filter(letter::Column::DueAt.is_not_null());
    let troubled = all()
        .filter(letter::Column::DueAt.is_null())
        // As the index says it: with parameters a planner may not see that they are the same.
        .filter(Expr::cust("state IN ('failed', 'uncertain')"));
    let mut status = OutboxStatus::default();
    for query in [owed, troubled] {
        let counts: Vec<(String, i64)> = query
            .select_only()
            .column(letter::Column::State)
            .column_as(letter::Column::Id.count(), "letters")
            .group_by(letter::Column::State)
            .into_tuple()
            .all(db)
            .await
            .map_err(store_error)?;
        for (text, count) in counts {
            let state = LetterState::ALL
                .into_iter()
                .find(|state| state.as_str() == text);
            let state = state.ok_or_else(|| unreadable("`state` holds no known value"))?;
            let count = count.cast_unsigned();
            match status.counts.iter_mut().find(|(known, _)| *known == state) {
                Some((_, sum)) => *sum += count,
                None => status.counts.push((state, count)),
            }
        }
    }
    let oldest: Option<Option<i64>> = all()
        .filter(letter::Column::DueAt.lte(now.as_microsecond()))
        .filter(letter::Column::State.ne(LetterState::Sending.as_str()))
        .select_only()
        .column_as(letter::Column::DueAt.min(), "oldest")
        .into_tuple()
        .one(db)
        .await
        .map_err(store_error)?;
    status.oldest_due = rows::instant(oldest.flatten())?;
    Ok(status)
}
