//! The outbox as the operator sees it: counted, listed, requeued, tidied.

use consentry_domain::LetterKind;
use consentry_policy::ControllerId;
use consentry_service::ports::{
    LetterChoice, LetterId, LetterRecord, LetterState, OutboxStatus, Reason, Reply, StoreError,
    Trouble, TroubleCount,
};
use jiff::Timestamp;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait, Func},
};

use crate::bounded::Bounded;
use crate::{
    entity::letter::{self, Column},
    error::{store_error, unreadable_column},
    outbox::of,
    rows,
};

/// How many letters stand where and why, and since when the oldest is due.
pub(crate) async fn status(
    db: &Bounded,
    controller: &ControllerId,
    now: Timestamp,
) -> Result<OutboxStatus, StoreError> {
    let counts: Vec<(String, i64)> = of(controller)
        .select_only()
        .column(Column::State)
        .column_as(Column::Id.count(), "letters")
        .group_by(Column::State)
        .order_by_asc(Column::State)
        .into_tuple()
        .all(db)
        .await
        .map_err(store_error)?;
    let counts = counts
        .into_iter()
        .map(|(state, count)| Ok((rows::word(&state, "state")?, count.cast_unsigned())));
    let oldest: Option<Option<i64>> = of(controller)
        .filter(Column::DueAt.lte(now.as_microsecond()))
        .filter(Column::State.ne(LetterState::Sending.as_str()))
        .select_only()
        .column_as(Column::DueAt.min(), "oldest")
        .into_tuple()
        .one(db)
        .await
        .map_err(store_error)?;
    Ok(OutboxStatus {
        counts: counts.collect::<Result<_, StoreError>>()?,
        oldest_due: rows::instant(oldest.flatten())?,
        troubles: troubles(db, controller).await?,
    })
}

/// How many letters stand where for one reason.
type Counted = (String, String, Option<i32>, Option<String>, i64);

async fn troubles(
    db: &Bounded,
    controller: &ControllerId,
) -> Result<Vec<TroubleCount>, StoreError> {
    let looked_at = [
        LetterState::Queued,
        LetterState::Failed,
        LetterState::Uncertain,
    ];
    let found: Vec<Counted> = of(controller)
        .filter(Column::State.is_in(looked_at.map(LetterState::as_str)))
        .filter(Column::Reason.is_not_null())
        .select_only()
        .columns([
            Column::State,
            Column::Reason,
            Column::ReplyCode,
            Column::ReplyStatus,
        ])
        .column_as(Column::Id.count(), "letters")
        .group_by(Column::State)
        .group_by(Column::Reason)
        .group_by(Column::ReplyCode)
        .group_by(Column::ReplyStatus)
        .into_tuple()
        .all(db)
        .await
        .map_err(store_error)?;
    let troubles = found
        .into_iter()
        .map(|(state, why, code, status, letters)| {
            Ok(TroubleCount {
                state: rows::word(&state, "state")?,
                trouble: Trouble {
                    reason: rows::word(&why, "reason")?,
                    reply: reply(code, status.as_deref())?,
                },
                letters: letters.cast_unsigned(),
            })
        });
    let mut troubles: Vec<_> = troubles.collect::<Result<_, StoreError>>()?;
    troubles.sort_by_key(|counted| (u64::MAX - counted.letters, counted.state, counted.trouble));
    Ok(troubles)
}

/// Letters by number.
pub(crate) async fn list(
    db: &Bounded,
    controller: &ControllerId,
    state: Option<LetterState>,
    after: Option<LetterId>,
    limit: u64,
) -> Result<Vec<LetterRecord>, StoreError> {
    let found = of(controller)
        .apply_if(state, |query, state| {
            query.filter(Column::State.eq(state.as_str()))
        })
        .apply_if(after, |query, after| {
            query.filter(Column::Id.gt(after.0.cast_signed()))
        })
        .order_by_asc(Column::Id)
        .limit(limit)
        .all(db)
        .await
        .map_err(store_error)?;
    found.into_iter().map(record).collect()
}

/// A damaged row is shown as far as it can be read.
fn record(row: letter::Model) -> Result<LetterRecord, StoreError> {
    Ok(LetterRecord {
        id: LetterId(row.id.cast_unsigned()),
        kind: row.kind,
        state: rows::word(&row.state, "state")?,
        queued_at: rows::at(row.queued_at)?,
        due_at: rows::instant(row.due_at)?,
        attempts: row.attempts.try_into().unwrap_or_default(),
        uncertain: row.uncertain.try_into().unwrap_or_default(),
        reason: row.reason.and_then(|reason| reason.parse().ok()),
        reply: reply(row.reply_code, row.reply_status.as_deref())?,
        settled_at: rows::instant(row.settled_at)?,
    })
}

fn reply(code: Option<i32>, status: Option<&str>) -> Result<Option<Reply>, StoreError> {
    let Some(code) = code else { return Ok(None) };
    Ok(Some(Reply {
        code: code.try_into().map_err(unreadable_column("reply_code"))?,
        status: status
            .map(|status| rows::word(status, "reply_status"))
            .transpose()?,
    }))
}

/// Makes letters due now; a dead letter becomes a waiting one.
pub(crate) async fn retry(
    db: &Bounded,
    controller: &ControllerId,
    choice: &LetterChoice,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let waits = [LetterState::Queued, LetterState::Failed].map(LetterState::as_str);
    let once = LetterKind::ALL
        .iter()
        .filter(|kind| !kind.repeats_when_uncertain())
        .map(|kind| kind.as_str());
    let chosen = match choice {
        LetterChoice::These(letters) => Condition::all()
            .add(Column::Id.is_in(letters.iter().map(|letter| letter.0.cast_signed())))
            .add(
                Condition::any().add(Column::State.is_in(waits)).add(
                    Condition::all()
                        .add(Column::State.eq(LetterState::Uncertain.as_str()))
                        .add(Column::Kind.is_not_in(once)),
                ),
            ),
        LetterChoice::AllMended => {
            let refused = [Reason::Recipient, Reason::Content, Reason::NoSmtpUtf8];
            let refused = refused.map(Reason::as_str);
            Condition::all().add(Column::State.is_in(waits)).add(
                Condition::any()
                    .add(Column::Reason.is_null())
                    .add(Column::Reason.is_not_in(refused)),
            )
        }
    };
    let retried = letter::Entity::update_many()
        .filter(Column::Controller.eq(controller.as_str()))
        .filter(chosen)
        .col_expr(
            Column::State,
            // What may have arrived stays uncertain until its repeat is settled.
            Expr::case(
                Expr::col(Column::Uncertain).gt(0),
                LetterState::Uncertain.as_str(),
            )
            .finally(LetterState::Queued.as_str())
            .into(),
        )
        .col_expr(Column::DueAt, Expr::value(now.as_microsecond()))
        .col_expr(Column::QueuedAt, Expr::value(now.as_microsecond()))
        .col_expr(Column::SettledAt, Expr::value(None::<i64>))
        .exec(db)
        .await
        .map_err(store_error)?;
    Ok(retried.rows_affected)
}

/// Removes letters that are no longer owed and that nobody is handing over.
pub(crate) async fn remove_settled(
    db: &Bounded,
    controller: &ControllerId,
    before: Timestamp,
    limit: u64,
) -> Result<u64, StoreError> {
    let settled_at = Func::coalesce([Expr::col(Column::SettledAt), Expr::col(Column::QueuedAt)]);
    let settled: Vec<i64> = of(controller)
        .filter(Column::DueAt.is_null())
        .filter(Column::LeasedUntil.is_null())
        .filter(Expr::expr(settled_at).lte(before.as_microsecond()))
        .select_only()
        .column(Column::Id)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await
        .map_err(store_error)?;
    if settled.is_empty() {
        return Ok(0);
    }
    let removed = letter::Entity::delete_many()
        .filter(Column::Id.is_in(settled))
        .exec(db)
        .await
        .map_err(store_error)?;
    Ok(removed.rows_affected)
}
