//! The outbox of webhooks: queued in the commit of the change, leased, settled, given up.
//!
//! A message has `due_at` for as long as a try is owed. What was delivered is deleted. Leases run by
//! the clock of the database; what is due is judged by the time that is passed in.

use std::collections::BTreeSet;

use consentry_domain::SubjectId;
use consentry_policy::ControllerId;
use consentry_service::ports::{
    DeliveryRecord, DeliverySettlement, DeliveryState, EventKind, LeasedDelivery, MessageId,
    Notice, StoreError, WebhookId, WorkerId,
};
use jiff::Timestamp;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult,
    InsertMany, IntoActiveModel, NotSet, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Set,
    Statement,
    sea_query::{Expr, ExprTrait},
};

use crate::bounded::Bounded;
use crate::{
    entity::{
        webhook,
        webhook_delivery::{self as delivery, Column},
    },
    error::store_error,
    outbox::{LEASE, clock},
    rows::{self, ROWS},
    vault::Vault,
    webhooks::endpoint,
};

/// Whose change is told of.
pub(crate) struct Told<'a> {
    pub(crate) controller: &'a str,
    pub(crate) subject: SubjectId,
    pub(crate) notice: Notice,
}

/// Queues what the endpoints want to be told of.
pub(crate) async fn enqueue(
    db: &Bounded,
    vault: &Vault,
    told: &[Told<'_>],
) -> Result<(), StoreError> {
    if told.is_empty() {
        return Ok(());
    }
    let controllers: BTreeSet<_> = told.iter().map(|told| told.controller).collect();
    let endpoints = webhook::Entity::find()
        .filter(webhook::Column::Controller.is_in(controllers))
        .order_by_asc(webhook::Column::Id)
        .all(db)
        .await
        .map_err(store_error)?;
    let mut queued = Vec::new();
    for row in &endpoints {
        let endpoint = endpoint(row)?;
        queued.extend(
            told.iter()
                .filter(|told| {
                    told.controller == row.controller && endpoint.wants(told.notice.kind)
                })
                .map(|told| delivery::ActiveModel {
                    id: NotSet,
                    webhook_id: Set(row.id),
                    controller: Set(row.controller.clone()),
                    message: Set(vault.number()),
                    subject_id: Set(told.subject.0.cast_signed()),
                    event: Set(told.notice.kind.to_string()),
                    topics: Set(rows::words(&told.notice.topics)),
                    at: Set(told.notice.at.as_microsecond()),
                    due_at: Set(Some(told.notice.at.as_microsecond())),
                    attempts: Set(0),
                    worker: Set(None),
                    leased_until: Set(None),
                    status: Set(None),
                    dead_at: Set(None),
                }),
        );
    }
    for queued in queued.chunks(ROWS) {
        InsertMany::many(queued.iter().cloned())
            .exec_without_returning(db)
            .await
            .map_err(store_error)?;
    }
    Ok(())
}

/// Removes what waits about purged people, and queues that they are gone.
pub(crate) async fn purge(
    db: &Bounded,
    vault: &Vault,
    controller: &ControllerId,
    ids: &[SubjectId],
    now: Timestamp,
) -> Result<(), StoreError> {
    for ids in ids.chunks(ROWS) {
        let subjects = ids.iter().map(|id| id.0.cast_signed());
        delivery::Entity::delete_many()
            .filter(Column::Controller.eq(controller.as_str()))
            .filter(Column::SubjectId.is_in(subjects))
            .exec(db)
            .await
            .map_err(store_error)?;
    }
    let told: Vec<_> = ids
        .iter()
        .map(|id| Told {
            controller: controller.as_str(),
            subject: *id,
            notice: Notice {
                kind: EventKind::Purged,
                topics: Vec::new(),
                at: now,
            },
        })
        .collect();
    enqueue(db, vault, &told).await
}

/// Due, free, and first in line: an earlier message of the same person to the same endpoint that is
/// still owed goes before. The endpoint is not paused.
const READY: &str = "d.due_at <= $1
    AND (d.leased_until IS NULL OR d.leased_until <= $2)
    AND NOT EXISTS (
        SELECT 1 FROM consentry_webhook_deliveries e
        WHERE e.webhook_id = d.webhook_id AND e.subject_id = d.subject_id
          AND e.id < d.id AND e.due_at IS NOT NULL)";

/// The endpoints for which something is ready.
pub(crate) async fn due(
    db: &Bounded,
    controller: &ControllerId,
    now: Timestamp,
) -> Result<Vec<WebhookId>, StoreError> {
    let sql = format!(
        "SELECT w.id FROM consentry_webhooks w
         WHERE w.controller = $3 AND (w.paused_until IS NULL OR w.paused_until <= $1)
           AND EXISTS (SELECT 1 FROM consentry_webhook_deliveries d
                       WHERE d.webhook_id = w.id AND {READY})
         ORDER BY w.id"
    );
    let values = [
        now.as_microsecond().into(),
        clock(db).await?.into(),
        controller.as_str().into(),
    ];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    let found = db.query_all_raw(statement).await.map_err(store_error)?;
    found
        .iter()
        .map(|row| {
            let id: i64 = row.try_get_by_index(0).map_err(store_error)?;
            Ok(WebhookId(id.cast_unsigned()))
        })
        .collect()
}

/// Takes what is ready for an endpoint, which the caller has locked.
pub(crate) async fn lease(
    db: &Bounded,
    webhook: &webhook::Model,
    worker: &WorkerId,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<LeasedDelivery>, StoreError> {
    let now = now.as_microsecond();
    if webhook.paused_until.is_some_and(|until| now < until) {
        return Ok(Vec::new());
    }
    let clock = clock(db).await?;
    let backend = db.get_database_backend();
    let lock = match backend {
        DbBackend::Sqlite => "",
        _ => "FOR UPDATE OF d SKIP LOCKED",
    };
    let sql = format!(
        "SELECT d.* FROM consentry_webhook_deliveries d
         WHERE d.webhook_id = $3 AND {READY} ORDER BY d.due_at, d.id LIMIT $4 {lock}"
    );
    let values = [
        now.into(),
        clock.into(),
        webhook.id.into(),
        limit.cast_signed().into(),
    ];
    let statement = Statement::from_sql_and_values(backend, sql, values);
    let found = delivery::Model::find_by_statement(statement)
        .all(db)
        .await
        .map_err(store_error)?;
    if !found.is_empty() {
        delivery::Entity::update_many()
            .filter(Column::Id.is_in(found.iter().map(|row| row.id)))
            .col_expr(Column::Worker, Expr::value(worker.0.as_str()))
            .col_expr(Column::LeasedUntil, Expr::value(clock + LEASE))
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
            .exec(db)
            .await
            .map_err(store_error)?;
    }
    found
        .iter()
        .map(|row| {
            let before: u32 = rows::number(row.attempts, "attempts")?;
            Ok(LeasedDelivery {
                message: MessageId(row.message.cast_unsigned()),
                subject: SubjectId(row.subject_id.cast_unsigned()),
                notice: notice(row)?,
                attempts: before + 1,
            })
        })
        .collect()
}

/// Writes how a try ended, for the message and for its endpoint.
pub(crate) async fn settle(
    db: &Bounded,
    controller: &ControllerId,
    worker: &WorkerId,
    message: MessageId,
    settlement: DeliverySettlement,
    now: Timestamp,
) -> Result<(), StoreError> {
    let held = delivery::Entity::find()
        .filter(Column::Controller.eq(controller.as_str()))
        .filter(Column::Message.eq(message.0.cast_signed()))
        .filter(Column::Worker.eq(worker.0.as_str()))
        .lock_exclusive()
        .one(db)
        .await
        .map_err(store_error)?;
    let Some(held) = held else { return Ok(()) };
    let (webhook, is_delivered) = (held.webhook_id, settlement == DeliverySettlement::Delivered);
    let (due_at, dead_at, status) = match settlement {
        DeliverySettlement::Delivered => (None, None, None),
        DeliverySettlement::Retry { at, status, .. } => (Some(at), None, status),
        DeliverySettlement::Dead { status } => (None, Some(now), status),
    };
    if is_delivered {
        delivery::Entity::delete_by_id(held.id)
            .exec(db)
            .await
            .map_err(store_error)?;
    } else {
        let row = delivery::Model {
            due_at: rows::micros(due_at),
            dead_at: rows::micros(dead_at),
            status: status.map(i32::from),
            worker: None,
            leased_until: None,
            ..held
        };
        let row = row.into_active_model().reset_all();
        row.update(db).await.map_err(store_error)?;
    }
    let pause_until = match settlement {
        DeliverySettlement::Retry { pause_until, .. } => pause_until,
        _ => None,
    };
    webhook::Entity::update_many()
        .filter(webhook::Column::Id.eq(webhook))
        .col_expr(
            webhook::Column::PausedUntil,
            Expr::value(rows::micros(pause_until)),
        )
        .apply_if(is_delivered.then_some(now), |update, now| {
            update.col_expr(
                webhook::Column::DeliveredAt,
                Expr::value(now.as_microsecond()),
            )
        })
        .exec(db)
        .await
        .map_err(store_error)?;
    Ok(())
}

/// What waits or was given up, oldest first.
pub(crate) async fn list(
    db: &impl ConnectionTrait,
    controller: &ControllerId,
    state: Option<DeliveryState>,
    limit: u64,
) -> Result<Vec<DeliveryRecord>, StoreError> {
    let found = delivery::Entity::find()
        .filter(Column::Controller.eq(controller.as_str()))
        .apply_if(state, |query, state| {
            query.filter(match state {
                DeliveryState::Queued => Column::DueAt.is_not_null(),
                DeliveryState::Dead => Column::DueAt.is_null(),
            })
        })
        .order_by_asc(Column::Id)
        .limit(limit)
        .all(db)
        .await
        .map_err(store_error)?;
    found
        .iter()
        .map(|row| {
            let status = row.status.map(|status| rows::number(status, "status"));
            Ok(DeliveryRecord {
                message: MessageId(row.message.cast_unsigned()),
                webhook: WebhookId(row.webhook_id.cast_unsigned()),
                subject: SubjectId(row.subject_id.cast_unsigned()),
                notice: notice(row)?,
                state: match row.due_at {
                    Some(_) => DeliveryState::Queued,
                    None => DeliveryState::Dead,
                },
                attempts: rows::number(row.attempts, "attempts")?,
                due_at: rows::instant(row.due_at)?,
                status: status.transpose()?,
            })
        })
        .collect()
}

/// Queues again what was given up, with all its tries.
pub(crate) async fn requeue(
    db: &Bounded,
    controller: &ControllerId,
    message: Option<MessageId>,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let queued = delivery::Entity::update_many()
        .filter(Column::Controller.eq(controller.as_str()))
        .filter(Column::DueAt.is_null())
        .apply_if(message, |update, message| {
            update.filter(Column::Message.eq(message.0.cast_signed()))
        })
        .col_expr(Column::DueAt, Expr::value(now.as_microsecond()))
        .col_expr(Column::DeadAt, Expr::value(None::<i64>))
        .col_expr(Column::Attempts, Expr::value(0))
        .exec(db)
        .await
        .map_err(store_error)?;
    Ok(queued.rows_affected)
}

/// Removes what was given up at or before an instant.
pub(crate) async fn forget_dead(
    db: &Bounded,
    controller: &ControllerId,
    before: Timestamp,
) -> Result<u64, StoreError> {
    let forgotten = delivery::Entity::delete_many()
        .filter(Column::Controller.eq(controller.as_str()))
        .filter(Column::DueAt.is_null())
        .filter(Column::DeadAt.lte(before.as_microsecond()))
        .exec(db)
        .await
        .map_err(store_error)?;
    Ok(forgotten.rows_affected)
}

fn notice(row: &delivery::Model) -> Result<Notice, StoreError> {
    Ok(Notice {
        kind: rows::word(&row.event, "event")?,
        topics: rows::read_words(&row.topics, "topics")?,
        at: rows::at(row.at)?,
    })
}
