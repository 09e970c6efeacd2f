//! The outbox: letters leased, handed over, settled and cancelled.
//!
//! A letter has `due_at` for as long as a try is owed. Leases run by the clock of the database;
//! what is due is judged by the time that is passed in.

use std::collections::HashMap;

use consentry_domain::{LetterKind, SubjectId};
use consentry_policy::ControllerId;
use consentry_service::ports::{
    EndedHandOver, LeasedLetter, LetterId, LetterState, Reason, Settlement, StoreError, WorkerId,
};
use jiff::Timestamp;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait,
    IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select, Statement, UpdateMany,
    sea_query::{CaseStatement, Expr, ExprTrait, LockBehavior, LockType},
};
use tracing::error;

use crate::bounded::Bounded;
use crate::{
    entity::letter::{self, Column},
    error::store_error,
    rows::{self, padded},
};

/// How long a lease outlives a killed worker, in microseconds: somebody else has taken over before
/// a minute is over.
pub(crate) const LEASE: i64 = 54_000_000;

/// What a worker holds.
const HELD: [&str; 2] = [LetterState::Leased.as_str(), LetterState::Sending.as_str()];

/// The time of the database, in microseconds since 1970.
pub(crate) async fn clock(db: &Bounded) -> Result<i64, StoreError> {
    let backend = db.get_database_backend();
    let sql = match backend {
        DbBackend::Sqlite => "SELECT CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
        _ => "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)",
    };
    db.query_one_raw(Statement::from_string(backend, sql))
        .await
        .and_then(|row| row.map_or(Ok(0), |row| row.try_get_by_index(0)))
        .map_err(store_error)
}

/// Takes letters that are due: waiting ones, and leased ones whose worker is gone.
pub(crate) async fn lease(
    db: &Bounded,
    controller: &ControllerId,
    worker: &WorkerId,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<LeasedLetter>, StoreError> {
    let clock = clock(db).await?;
    let waiting = [LetterState::Queued, LetterState::Uncertain].map(LetterState::as_str);
    let free = Condition::any().add(Column::State.is_in(waiting)).add(
        Condition::all()
            .add(Column::State.eq(LetterState::Leased.as_str()))
            .add(Column::LeasedUntil.lte(clock)),
    );
    let due = of(controller)
        .filter(Column::DueAt.lte(now.as_microsecond()))
        .filter(free)
        .order_by_asc(Column::DueAt)
        .limit(limit);
    take(db, due, LetterState::Leased, worker, clock).await
}

/// Takes letters whose worker is gone since it began to hand them over.
pub(crate) async fn abandoned(
    db: &Bounded,
    controller: &ControllerId,
    worker: &WorkerId,
    limit: u64,
) -> Result<Vec<LeasedLetter>, StoreError> {
    let clock = clock(db).await?;
    let abandoned = of(controller)
        .filter(Column::State.eq(LetterState::Sending.as_str()))
        .filter(Column::LeasedUntil.lte(clock))
        .order_by_asc(Column::LeasedUntil)
        .limit(limit);
    take(db, abandoned, LetterState::Sending, worker, clock).await
}

/// Leases what a query finds and nobody else is just taking; what cannot be read is set aside.
async fn take(
    db: &Bounded,
    query: Select<letter::Entity>,
    state: LetterState,
    worker: &WorkerId,
    clock: i64,
) -> Result<Vec<LeasedLetter>, StoreError> {
    let found = query
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .all(db)
        .await
        .map_err(store_error)?;
    let mut taken = Vec::with_capacity(found.len());
    let mut damaged = Vec::new();
    for row in &found {
        match leased(row) {
            Ok(letter) => taken.push(letter),
            Err(error) => {
                error!(letter = %LetterId(row.id.cast_unsigned()), %error, "a letter is set aside");
                damaged.push(row.id);
            }
        }
    }
    let ids = padded(taken.iter().map(|letter| letter.id.0.cast_signed()));
    let lease = letter::Entity::update_many()
        .filter(Column::Id.is_in(ids))
        .col_expr(Column::State, Expr::value(state.as_str()))
        .col_expr(Column::Worker, Expr::value(worker.0.as_str()))
        .col_expr(Column::LeasedUntil, Expr::value(clock + LEASE));
    if !taken.is_empty() {
        lease.exec(db).await.map_err(store_error)?;
    }
    if !damaged.is_empty() {
        set_aside(db, &damaged).await?;
    }
    Ok(taken)
}

/// Letters whose row cannot be read: for the operator, and in nobody's way.
async fn set_aside(db: &Bounded, ids: &[i64]) -> Result<(), StoreError> {
    letter::Entity::update_many()
        .filter(Column::Id.is_in(ids.iter().copied()))
        .col_expr(Column::State, Expr::value(LetterState::Failed.as_str()))
        .col_expr(Column::Reason, Expr::value(Reason::Unreadable.as_str()))
        .col_expr(Column::DueAt, Expr::value(None::<i64>))
        .col_expr(Column::Worker, Expr::value(None::<String>))
        .col_expr(Column::LeasedUntil, Expr::value(None::<i64>))
        .exec(db)
        .await
        .map_err(store_error)?;
    Ok(())
}

fn leased(row: &letter::Model) -> Result<LeasedLetter, StoreError> {
    Ok(LeasedLetter {
        id: LetterId(row.id.cast_unsigned()),
        subject: SubjectId(row.subject_id.cast_unsigned()),
        kind: rows::word(&row.kind, "kind")?,
        queued_at: rows::at(row.queued_at)?,
        attempts: rows::number(row.attempts, "attempts")?,
        uncertain: rows::number(row.uncertain, "uncertain")?,
    })
}

/// Extends the leases of a worker's letters.
pub(crate) async fn renew(
    db: &Bounded,
    controller: &ControllerId,
    worker: &WorkerId,
    letters: &[LetterId],
) -> Result<(), StoreError> {
    let until = clock(db).await? + LEASE;
    let ids = letters.iter().map(|letter| letter.0.cast_signed());
    held_by(controller, worker)
        .filter(Column::Id.is_in(ids))
        .col_expr(Column::LeasedUntil, Expr::value(until))
        .exec(db)
        .await
        .map_err(store_error)?;
    Ok(())
}

/// Gives back what a worker leased and did not begin.
pub(crate) async fn release(
    db: &Bounded,
    controller: &ControllerId,
    worker: &WorkerId,
) -> Result<(), StoreError> {
    held_by(controller, worker)
        .filter(Column::State.eq(LetterState::Leased.as_str()))
        .col_expr(Column::State, Expr::value(LetterState::Queued.as_str()))
        .col_expr(Column::Worker, Expr::value(None::<String>))
        .col_expr(Column::LeasedUntil, Expr::value(None::<i64>))
        .exec(db)
        .await
        .map_err(store_error)?;
    Ok(())
}

/// Marks leased letters as being handed over; says whom each is for. Leaves out those whose lease
/// is lost.
pub(crate) async fn begin_hand_overs(
    db: &Bounded,
    controller: &ControllerId,
    worker: &WorkerId,
    letters: &[LetterId],
) -> Result<HashMap<LetterId, SubjectId>, StoreError> {
    let clock = clock(db).await?;
    let begun = held_by(controller, worker)
        .filter(Column::Id.is_in(numbers(letters)))
        .filter(Column::State.eq(LetterState::Leased.as_str()))
        .filter(Column::LeasedUntil.gt(clock))
        .col_expr(Column::State, Expr::value(LetterState::Sending.as_str()))
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .col_expr(Column::LeasedUntil, Expr::value(clock + LEASE))
        .exec_with_returning(db)
        .await
        .map_err(store_error)?;
    let begun = begun.iter().map(|letter| {
        let person = SubjectId(letter.subject_id.cast_unsigned());
        (LetterId(letter.id.cast_unsigned()), person)
    });
    Ok(begun.collect())
}

/// Writes how hand-overs ended, but for those whose lease was lost.
pub(crate) async fn settle(
    db: &Bounded,
    controller: &ControllerId,
    worker: &WorkerId,
    ended: &[EndedHandOver],
    now: Timestamp,
) -> Result<(), StoreError> {
    let (sent, others): (Vec<_>, Vec<_>) = ended
        .iter()
        .partition(|ended| ended.settlement == Settlement::Sent);
    let sent: Vec<_> = sent.into_iter().map(|ended| ended.letter).collect();
    // Nearly all of them, whatever they were before.
    if !sent.is_empty() {
        held_by(controller, worker)
            .filter(Column::Id.is_in(numbers(&sent)))
            .col_expr(Column::State, Expr::value(LetterState::Sent.as_str()))
            .col_expr(Column::DueAt, Expr::value(None::<i64>))
            .col_expr(Column::Worker, Expr::value(None::<String>))
            .col_expr(Column::LeasedUntil, Expr::value(None::<i64>))
            .col_expr(Column::Reason, Expr::value(None::<String>))
            .col_expr(Column::ReplyCode, Expr::value(None::<i32>))
            .col_expr(Column::ReplyStatus, Expr::value(None::<String>))
            .col_expr(Column::SettledAt, Expr::value(now.as_microsecond()))
            .exec(db)
            .await
            .map_err(store_error)?;
    }
    for ended in others {
        settle_one(db, controller, worker, ended, now).await?;
    }
    Ok(())
}

async fn settle_one(
    db: &Bounded,
    controller: &ControllerId,
    worker: &WorkerId,
    ended: &EndedHandOver,
    now: Timestamp,
) -> Result<(), StoreError> {
    let held = of(controller)
        .filter(Column::Id.eq(ended.letter.0.cast_signed()))
        .filter(Column::Worker.eq(worker.0.as_str()))
        .filter(Column::State.is_in(HELD))
        .lock_exclusive()
        .one(db)
        .await
        .map_err(store_error)?;
    if let Some(held) = held {
        let reply = ended.trouble.and_then(|trouble| trouble.reply);
        let (state, due_at) = settled(&held, &ended.settlement);
        let is_uncertain = matches!(ended.settlement, Settlement::Uncertain(_));
        let row = letter::Model {
            state: state.as_str().to_owned(),
            due_at,
            uncertain: held.uncertain + i32::from(is_uncertain),
            worker: None,
            leased_until: None,
            reason: ended.trouble.map(|trouble| trouble.reason.to_string()),
            reply_code: reply.map(|reply| reply.code.into()),
            reply_status: reply.and_then(|reply| Some(reply.status?.to_string())),
            settled_at: due_at.is_none().then_some(now.as_microsecond()),
            ..held
        };
        row.into_active_model()
            .reset_all()
            .update(db)
            .await
            .map_err(store_error)?;
    }
    Ok(())
}

fn numbers(letters: &[LetterId]) -> Vec<i64> {
    padded(letters.iter().map(|letter| letter.0.cast_signed()))
}

/// The state after a hand-over and when the next try is owed: never, when the letter was cancelled
/// meanwhile.
fn settled(held: &letter::Model, settlement: &Settlement) -> (LetterState, Option<i64>) {
    let is_owed = held.due_at.is_some();
    // What may have arrived stays uncertain, whatever becomes of its repeat.
    let cancelled = if held.uncertain > 0 {
        LetterState::Uncertain
    } else {
        LetterState::Cancelled
    };
    match settlement {
        Settlement::Sent => (LetterState::Sent, None),
        // A repeat that failed says nothing of the first hand-over.
        Settlement::Failed if held.uncertain > 0 => (LetterState::Uncertain, None),
        Settlement::Failed => (LetterState::Failed, None),
        Settlement::Retry(at) if is_owed => (LetterState::Queued, Some(at.as_microsecond())),
        Settlement::Retry(_) | Settlement::Cancelled => (cancelled, None),
        Settlement::Uncertain(repeat) => {
            let repeat = repeat.filter(|_| is_owed);
            (LetterState::Uncertain, rows::micros(repeat))
        }
    }
}

/// Cancels letters of these kinds that these people are still owed. A letter that is being handed
/// over cannot be called back; it is not tried again.
pub(crate) async fn cancel(
    db: &Bounded,
    people: &[i64],
    kinds: &[LetterKind],
) -> Result<(), StoreError> {
    let kinds = kinds.iter().map(|kind| kind.as_str());
    let sending = || Expr::col(Column::State).eq(LetterState::Sending.as_str());
    let state = CaseStatement::new()
        .case(sending(), LetterState::Sending.as_str())
        .case(
            Expr::col(Column::Uncertain).gt(0),
            LetterState::Uncertain.as_str(),
        )
        .finally(LetterState::Cancelled.as_str());
    let while_sending = |column: Column| CaseStatement::new().case(sending(), Expr::col(column));
    letter::Entity::update_many()
        .filter(Column::SubjectId.is_in(people.iter().copied()))
        .filter(Column::Kind.is_in(kinds))
        .filter(Column::DueAt.is_not_null())
        .col_expr(Column::State, state.into())
        .col_expr(Column::DueAt, Expr::value(None::<i64>))
        .col_expr(Column::Worker, while_sending(Column::Worker).into())
        .col_expr(
            Column::LeasedUntil,
            while_sending(Column::LeasedUntil).into(),
        )
        .exec(db)
        .await
        .map_err(store_error)?;
    Ok(())
}

pub(crate) fn of(controller: &ControllerId) -> Select<letter::Entity> {
    letter::Entity::find().filter(Column::Controller.eq(controller.as_str()))
}

fn held_by(controller: &ControllerId, worker: &WorkerId) -> UpdateMany<letter::Entity> {
    letter::Entity::update_many()
        .filter(Column::Controller.eq(controller.as_str()))
        .filter(Column::Worker.eq(worker.0.as_str()))
        .filter(Column::State.is_in(HELD))
}
