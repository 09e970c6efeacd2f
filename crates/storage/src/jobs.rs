//! The jobs of the workers: one lease each, and how the last run ended.

use consentry_policy::ControllerId;
use consentry_service::ports::{JobStatus, StoreError, WorkerId};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, InsertMany, QueryFilter, QueryOrder, QueryTrait,
    UpdateMany, sea_query::Expr,
};

use crate::bounded::Bounded;
use crate::{
    entity::job::{self, Column},
    error::store_error,
    outbox::{LEASE, clock},
    rows,
};

/// Takes or renews the lease of a job; `false` when another worker holds it.
pub(crate) async fn lease(
    db: &Bounded,
    controller: &ControllerId,
    job: &str,
    worker: &WorkerId,
) -> Result<bool, StoreError> {
    ensure(db, controller, job).await?;
    let clock = clock(db).await?;
    let free = Condition::any()
        .add(Column::Worker.is_null())
        .add(Column::Worker.eq(worker.0.as_str()))
        .add(Column::LeasedUntil.lte(clock));
    let taken = only(controller, job)
        .filter(free)
        .col_expr(Column::Worker, Expr::value(worker.0.as_str()))
        .col_expr(Column::LeasedUntil, Expr::value(clock + LEASE))
        .exec(db)
        .await
        .map_err(store_error)?;
    Ok(taken.rows_affected == 1)
}

/// Writes how a run ended and gives the lease back where this worker holds it.
pub(crate) async fn finish(
    db: &Bounded,
    controller: &ControllerId,
    worker: &WorkerId,
    status: &JobStatus,
) -> Result<(), StoreError> {
    ensure(db, controller, &status.job).await?;
    only(controller, &status.job)
        .col_expr(
            Column::StartedAt,
            Expr::value(rows::micros(status.started_at)),
        )
        .col_expr(Column::Outcome, Expr::value(status.outcome.clone()))
        .col_expr(Column::Failed, Expr::value(status.failed))
        // A failure does not forget when it last went well.
        .apply_if(rows::micros(status.succeeded_at), |update, at| {
            update.col_expr(Column::SucceededAt, Expr::value(at))
        })
        .exec(db)
        .await
        .map_err(store_error)?;
    only(controller, &status.job)
        .filter(Column::Worker.eq(worker.0.as_str()))
        .col_expr(Column::Worker, Expr::value(None::<String>))
        .col_expr(Column::LeasedUntil, Expr::value(None::<i64>))
        .exec(db)
        .await
        .map_err(store_error)?;
    Ok(())
}

/// Every job that ever ran, by name.
pub(crate) async fn statuses(
    db: &Bounded,
    controller: &ControllerId,
) -> Result<Vec<JobStatus>, StoreError> {
    job::Entity::find()
        .filter(Column::Controller.eq(controller.as_str()))
        .filter(Column::StartedAt.is_not_null())
        .order_by_asc(Column::Job)
        .all(db)
        .await
        .map_err(store_error)?
        .into_iter()
        .map(|row| {
            Ok(JobStatus {
                started_at: rows::instant(row.started_at)?,
                succeeded_at: rows::instant(row.succeeded_at)?,
                job: row.job,
                outcome: row.outcome,
                failed: row.failed,
            })
        })
        .collect()
}

/// Makes the row of a job that never ran.
async fn ensure(db: &Bounded, controller: &ControllerId, job: &str) -> Result<(), StoreError> {
    let row = job::Model {
        controller: controller.to_string(),
        job: job.to_owned(),
        worker: None,
        leased_until: None,
        started_at: None,
        succeeded_at: None,
        outcome: None,
        failed: false,
    };
    InsertMany::<job::ActiveModel>::many([row])
        .on_conflict_do_nothing()
        .exec_without_returning(db)
        .await
        .map_err(store_error)?;
    Ok(())
}

fn only(controller: &ControllerId, job: &str) -> UpdateMany<job::Entity> {
    job::Entity::update_many()
        .filter(Column::Controller.eq(controller.as_str()))
        .filter(Column::Job.eq(job))
}
