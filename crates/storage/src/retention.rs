//! Holds, events, runs and plans of the retention engine.

use std::collections::HashMap;

use async_trait::async_trait;
use consentry_policy::ControllerId;
use consentry_service::ports::{
    Happening, HoldId, Identity, LegalHold, RetentionRun, RetentionStore, RunOutcome, StoreError,
};
use jiff::Timestamp;
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
    sea_query::{Expr, ExprTrait, OnConflict, Query, SimpleExpr},
};

use crate::{
    SeaOrmStore,
    entity::{event, event_settlement, hold, retention_plan, retention_run},
    error::{store_error, unreadable},
    identities,
    insert::insert,
    rows::{self, ROWS},
};

#[async_trait]
impl RetentionStore for SeaOrmStore {
    async fn set_hold(
        &self,
        controller: &ControllerId,
        hold: &LegalHold,
    ) -> Result<(), StoreError> {
        let transaction = self.database().write().await?;
        let db = &transaction.inner;
        let identity_id = match &hold.identity {
            Some(person) => Some(identities::number(db, self.vault(), controller, person).await?),
            None => None,
        };
        let row = hold::Model {
            id: hold.id.0.cast_signed(),
            controller: controller.to_string(),
            dataset: hold.dataset.to_string(),
            identity_id,
            field: hold.field.as_ref().map(ToString::to_string),
            kind: hold.kind.to_string(),
            matter: hold.case.clone(),
            author: hold.author.clone(),
            set_at: hold.since.as_microsecond(),
            review_at: hold.review_at.as_microsecond(),
            lifted_at: rows::micros(hold.lifted_at),
        };
        insert::<_, hold::ActiveModel>(db, vec![row], None).await?;
        transaction.commit().await
    }

    async fn lift_hold(
        &self,
        controller: &ControllerId,
        id: HoldId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        use hold::Column;
        let transaction = self.database().write().await?;
        let db = &transaction.inner;
        let found = holds(controller)
            .filter(Column::Id.eq(id.0.cast_signed()))
            .filter(Column::LiftedAt.is_null())
            .lock_exclusive()
            .one(db)
            .await
            .map_err(store_error)?;
        let Some(found) = found else {
            return Ok(false);
        };
        hold::Entity::update_many()
            .filter(Column::Id.eq(found.id))
            .col_expr(Column::LiftedAt, Expr::value(now.as_microsecond()))
            .col_expr(Column::IdentityId, Expr::value(None::<i64>))
            .exec(db)
            .await
            .map_err(store_error)?;
        if found.identity_id.is_some() {
            identities::forget_unused(db, controller, found.identity_id).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    async fn legal_holds(&self, controller: &ControllerId) -> Result<Vec<LegalHold>, StoreError> {
        let snapshot = self.database().snapshot().await?;
        let db = &snapshot.inner;
        let found = holds(controller)
            .order_by_asc(hold::Column::SetAt)
            .order_by_asc(hold::Column::Id)
            .all(db)
            .await
            .map_err(store_error)?;
        let people = found.iter().filter_map(|row| row.identity_id);
        let people = identities::open(db, self.vault(), people).await?;
        snapshot.commit().await?;
        let legal = |row: hold::Model| {
            Ok(LegalHold {
                id: HoldId(row.id.cast_unsigned()),
                dataset: rows::word(&row.dataset, "dataset")?,
                identity: row.identity_id.and_then(|id| people.get(&id).cloned()),
                field: row
                    .field
                    .map(|field| rows::word(&field, "field"))
                    .transpose()?,
                kind: rows::word(&row.kind, "kind")?,
                case: row.matter,
                author: row.author,
                since: rows::at(row.set_at)?,
                review_at: rows::at(row.review_at)?,
                lifted_at: rows::instant(row.lifted_at)?,
            })
        };
        found.into_iter().map(legal).collect()
    }

    async fn note_event(
        &self,
        controller: &ControllerId,
        event: &str,
        happening: &Happening,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        use event::Column;
        let transaction = self.database().write().await?;
        let db = &transaction.inner;
        let person = &happening.identity;
        let row = event::Model {
            identity_id: identities::number(db, self.vault(), controller, person).await?,
            name: event.to_owned(),
            controller: controller.to_string(),
            at: happening.at.as_microsecond(),
            received_at: now.as_microsecond(),
        };
        let mut later = OnConflict::columns([Column::IdentityId, Column::Name]);
        later
            .update_columns([Column::At, Column::ReceivedAt])
            .action_and_where(
                Expr::col((event::Entity, Column::At)).lt(happening.at.as_microsecond()),
            );
        let noted = insert::<_, event::ActiveModel>(db, vec![row], Some(later)).await?;
        transaction.commit().await?;
        Ok(noted > 0)
    }

    async fn happenings(
        &self,
        controller: &ControllerId,
        event: &str,
        stage: Option<&str>,
        until: Timestamp,
        after: Option<&Happening>,
        limit: u64,
    ) -> Result<Vec<Happening>, StoreError> {
        use event::Column;
        let snapshot = self.database().snapshot().await?;
        let db = &snapshot.inner;
        let mut found = events(controller, event)
            .filter(Column::At.lte(until.as_microsecond()))
            .apply_if(stage, |query, stage| query.filter(settled(stage).not()));
        if let Some(after) = after {
            let people = std::slice::from_ref(&after.identity);
            let known = identities::known(db, self.vault(), controller, people).await?;
            let last = known.into_iter().flatten().max().unwrap_or(i64::MAX);
            let order = [Column::At, Column::IdentityId].map(Expr::col);
            let last = [after.at.as_microsecond(), last].map(Expr::value);
            found = found.filter(Expr::tuple(order).gt(Expr::tuple(last)));
        }
        let found = found
            .order_by_asc(Column::At)
            .order_by_asc(Column::IdentityId)
            .limit(limit)
            .all(db)
            .await
            .map_err(store_error)?;
        let ids = found.iter().map(|row| row.identity_id);
        let people = identities::open(db, self.vault(), ids).await?;
        snapshot.commit().await?;
        let happening = |row: event::Model| {
            let identity = people.get(&row.identity_id).cloned();
            Ok(Happening {
                at: rows::at(row.at)?,
                identity: identity.ok_or_else(|| unreadable("an event happened to nobody"))?,
            })
        };
        found.into_iter().map(happening).collect()
    }

    async fn last_happened(
        &self,
        controller: &ControllerId,
        event: &str,
        stage: Option<&str>,
        people: &[Identity],
    ) -> Result<Vec<Option<Timestamp>>, StoreError> {
        use event::Column;
        let snapshot = self.database().snapshot().await?;
        let db = &snapshot.inner;
        // Most events are rare, and many never happen: then nobody has to be looked for.
        let first = events(controller, event).limit(1).one(db).await;
        if first.map_err(store_error)?.is_none() {
            snapshot.commit().await?;
            return Ok(vec![None; people.len()]);
        }
        let numbers = identities::known(db, self.vault(), controller, people).await?;
        let ids: Vec<i64> = numbers.iter().flatten().copied().collect();
        let mut latest: HashMap<i64, i64> = HashMap::new();
        for ids in ids.chunks(ROWS) {
            let found: Vec<(i64, i64)> = events(controller, event)
                .filter(Column::IdentityId.is_in(rows::padded(ids.iter().copied())))
                .apply_if(stage, |query, stage| query.filter(settled(stage).not()))
                .select_only()
                .column(Column::IdentityId)
                .column(Column::At)
                .into_tuple()
                .all(db)
                .await
                .map_err(store_error)?;
            latest.extend(found);
        }
        snapshot.commit().await?;
        let last = |ids: &Vec<i64>| {
            let moments = ids.iter().filter_map(|id| latest.get(id));
            rows::instant(moments.max().copied())
        };
        numbers.iter().map(last).collect()
    }

    async fn settle_events(
        &self,
        controller: &ControllerId,
        event: &str,
        stage: &str,
        done: &[Happening],
    ) -> Result<(), StoreError> {
        use event_settlement::Column;
        let transaction = self.database().write().await?;
        let db = &transaction.inner;
        let people: Vec<Identity> = done.iter().map(|one| one.identity.clone()).collect();
        let numbers = identities::known(db, self.vault(), controller, &people).await?;
        let mut latest: HashMap<i64, i64> = HashMap::new();
        for (one, ids) in done.iter().zip(numbers) {
            for id in ids {
                let at = latest.entry(id).or_insert(i64::MIN);
                *at = Ord::max(*at, one.at.as_microsecond());
            }
        }
        let rows = latest
            .into_iter()
            .map(|(identity_id, settled_to)| event_settlement::Model {
                identity_id,
                name: event.to_owned(),
                stage: stage.to_owned(),
                settled_to,
            });
        let mut again = OnConflict::columns([Column::IdentityId, Column::Name, Column::Stage]);
        again.update_column(Column::SettledTo);
        insert::<_, event_settlement::ActiveModel>(db, rows.collect(), Some(again)).await?;
        transaction.commit().await
    }

    async fn forget_events(
        &self,
        controller: &ControllerId,
        event: &str,
        stages: &[&str],
        reported_before: Timestamp,
    ) -> Result<u64, StoreError> {
        use event::Column;
        let transaction = self.database().write().await?;
        let db = &transaction.inner;
        let mut forgotten = event::Entity::delete_many()
            .filter(Column::Controller.eq(controller.as_str()))
            .filter(Column::Name.eq(event))
            .filter(Column::ReceivedAt.lt(reported_before.as_microsecond()));
        for stage in stages {
            forgotten = forgotten.filter(settled(stage));
        }
        let forgotten = forgotten.exec(db).await.map_err(store_error)?.rows_affected;
        if forgotten > 0 {
            let known = Query::select()
                .expr(Expr::val(1))
                .from(event::Entity)
                .and_where(same(
                    event::Column::IdentityId,
                    event_settlement::Column::IdentityId,
                ))
                .and_where(same(event::Column::Name, event_settlement::Column::Name))
                .take();
            event_settlement::Entity::delete_many()
                .filter(event_settlement::Column::Name.eq(event))
                .filter(Expr::exists(known).not())
                .exec(db)
                .await
                .map_err(store_error)?;
            identities::forget_unused(db, controller, None).await?;
        }
        transaction.commit().await?;
        Ok(forgotten)
    }

    async fn save_run(
        &self,
        controller: &ControllerId,
        run: &RetentionRun,
    ) -> Result<(), StoreError> {
        use retention_run::Column;
        let transaction = self.database().write().await?;
        let row = retention_run::Model {
            id: run.id.cast_signed(),
            controller: controller.to_string(),
            started_at: run.started_at.as_microsecond(),
            ended_at: rows::micros(run.ended_at),
            outcome: run.outcome.to_string(),
            acted: run.acted.cast_signed(),
            held: run.held.cast_signed(),
            plan: run.plan.clone(),
            report: run.report.clone(),
        };
        let mut replace = OnConflict::column(Column::Id);
        replace.update_columns([
            Column::EndedAt,
            Column::Outcome,
            Column::Acted,
            Column::Held,
            Column::Report,
        ]);
        let db = &transaction.inner;
        insert::<_, retention_run::ActiveModel>(db, vec![row], Some(replace)).await?;
        transaction.commit().await
    }

    async fn last_runs(
        &self,
        controller: &ControllerId,
        until: Timestamp,
        limit: u64,
    ) -> Result<Vec<RetentionRun>, StoreError> {
        use retention_run::Column;
        let found = retention_run::Entity::find()
            .filter(Column::Controller.eq(controller.as_str()))
            .filter(Column::StartedAt.lte(until.as_microsecond()))
            .order_by_desc(Column::StartedAt)
            .order_by_desc(Column::Id)
            .limit(limit)
            .all(&self.database().connection)
            .await
            .map_err(store_error)?;
        found.into_iter().map(run).collect()
    }

    async fn save_plan(
        &self,
        controller: &ControllerId,
        hash: &str,
        plan: &str,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        use retention_plan::Column;
        let transaction = self.database().write().await?;
        let db = &transaction.inner;
        retention_plan::Entity::delete_many()
            .filter(Column::Controller.eq(controller.as_str()))
            .filter(Column::ExpiresAt.lte(now.as_microsecond()))
            .exec(db)
            .await
            .map_err(store_error)?;
        let row = retention_plan::Model {
            controller: controller.to_string(),
            hash: hash.to_owned(),
            plan: plan.to_owned(),
            expires_at: expires_at.as_microsecond(),
        };
        let mut again = OnConflict::columns([Column::Controller, Column::Hash]);
        again.update_column(Column::ExpiresAt);
        insert::<_, retention_plan::ActiveModel>(db, vec![row], Some(again)).await?;
        transaction.commit().await
    }

    async fn saved_plan(
        &self,
        controller: &ControllerId,
        hash: &str,
        now: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        use retention_plan::Column;
        retention_plan::Entity::find()
            .filter(Column::Controller.eq(controller.as_str()))
            .filter(Column::Hash.eq(hash))
            .filter(Column::ExpiresAt.gt(now.as_microsecond()))
            .select_only()
            .column(Column::Plan)
            .into_tuple()
            .one(&self.database().connection)
            .await
            .map_err(store_error)
    }
}

fn holds(controller: &ControllerId) -> Select<hold::Entity> {
    hold::Entity::find().filter(hold::Column::Controller.eq(controller.as_str()))
}

fn events(controller: &ControllerId, name: &str) -> Select<event::Entity> {
    event::Entity::find()
        .filter(event::Column::Controller.eq(controller.as_str()))
        .filter(event::Column::Name.eq(name))
}

/// Whether a stage has done its work on an event.
fn settled(stage: &str) -> SimpleExpr {
    use event_settlement::{Column, Entity};
    let settlement = Query::select()
        .expr(Expr::val(1))
        .from(Entity)
        .and_where(same(event::Column::IdentityId, Column::IdentityId))
        .and_where(same(event::Column::Name, Column::Name))
        .and_where(Expr::col((Entity, Column::Stage)).eq(stage))
        .and_where(
            Expr::col((Entity, Column::SettledTo))
                .gte(Expr::col((event::Entity, event::Column::At))),
        )
        .take();
    Expr::exists(settlement)
}

fn same(ours: event::Column, theirs: event_settlement::Column) -> SimpleExpr {
    Expr::col((event::Entity, ours)).equals((event_settlement::Entity, theirs))
}

fn run(row: retention_run::Model) -> Result<RetentionRun, StoreError> {
    let outcome = RunOutcome::ALL
        .into_iter()
        .find(|known| known.as_str() == row.outcome);
    Ok(RetentionRun {
        id: row.id.cast_unsigned(),
        started_at: rows::at(row.started_at)?,
        ended_at: rows::instant(row.ended_at)?,
        outcome: outcome.ok_or_else(|| unreadable("`outcome` holds no known value"))?,
        acted: row.acted.cast_unsigned(),
        held: row.held.cast_unsigned(),
        plan: row.plan,
        report: row.report,
    })
}
