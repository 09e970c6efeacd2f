//! How many people asked for each topic in each month: those who are held, and those who were.

use std::collections::BTreeMap;

use consentry_domain::{SubjectId, TopicState};
use consentry_policy::ControllerId;
use consentry_service::ports::{Group, StoreError};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QuerySelect, Select,
    sea_query::{Expr, ExprTrait, OnConflict, Query},
};

use crate::bounded::Bounded;
use crate::{
    entity::{subject, subscription, total},
    error::store_error,
    insert::insert,
    rows::{self, padded},
    transaction::Database,
};

/// Month, topic, state.
type Key = (String, String, String);

/// Adds the topics of people who are about to be purged: their counts, and nothing else.
pub(crate) async fn add(
    db: &Bounded,
    controller: &ControllerId,
    ids: &[SubjectId],
) -> Result<(), StoreError> {
    use total::Column;
    let ids = padded(ids.iter().map(|id| id.0.cast_signed()));
    let of_them = of(controller).filter(subscription::Column::SubjectId.is_in(ids));
    // In one order, so that two purges wait for each other instead of for ever.
    let counted = counted(db, of_them).await?.into_iter();
    let added = counted.map(|((month, topic, state), people)| total::Model {
        controller: controller.to_string(),
        month,
        topic,
        state,
        people,
    });
    let mut again = OnConflict::columns([
        Column::Controller,
        Column::Month,
        Column::Topic,
        Column::State,
    ]);
    again.value(
        Column::People,
        Expr::col((total::Entity, Column::People)).add(Expr::cust("excluded.people")),
    );
    insert::<_, total::ActiveModel>(db, added.collect(), Some(again)).await?;
    Ok(())
}

/// Every group with anybody in it, by month, topic and state. Restricted people are not counted
/// while they are held (GDPR art. 18(2)).
pub(crate) async fn groups(
    database: &Database,
    controller: &ControllerId,
) -> Result<Vec<Group>, StoreError> {
    let snapshot = database.snapshot().await?;
    let db = &snapshot.inner;
    let restricted = Query::select()
        .column(subject::Column::Id)
        .from(subject::Entity)
        .and_where(subject::Column::Controller.eq(controller.as_str()))
        .and_where(subject::Column::RestrictedAt.is_not_null())
        .take();
    let held = of(controller).filter(subscription::Column::SubjectId.not_in_subquery(restricted));
    let mut people = counted(db, held).await?;
    let former = total::Entity::find()
        .filter(total::Column::Controller.eq(controller.as_str()))
        .all(db)
        .await
        .map_err(store_error)?;
    snapshot.commit().await?;
    for row in former {
        *people.entry((row.month, row.topic, row.state)).or_default() += row.people;
    }
    let group = |((month, topic, state), people): (Key, i64)| {
        Ok(Group {
            month: rows::word(&month, "month")?,
            topic: rows::word(&topic, "topic")?,
            state: rows::word::<TopicState>(&state, "state")?,
            people: people.cast_unsigned(),
        })
    };
    people.into_iter().map(group).collect()
}

fn of(controller: &ControllerId) -> Select<subscription::Entity> {
    subscription::Entity::find().filter(subscription::Column::Controller.eq(controller.as_str()))
}

async fn counted(
    db: &Bounded,
    query: Select<subscription::Entity>,
) -> Result<BTreeMap<Key, i64>, StoreError> {
    use subscription::Column;
    // Months of UTC; times are microseconds.
    let month = Expr::cust(match db.get_database_backend() {
        DbBackend::Sqlite => "strftime('%Y-%m', requested_at / 1000000, 'unixepoch')",
        _ => "to_char(to_timestamp(requested_at / 1000000) AT TIME ZONE 'UTC', 'YYYY-MM')",
    });
    let counted: Vec<(String, String, String, i64)> = query
        .select_only()
        .expr_as(month.clone(), "month")
        .column(Column::Topic)
        .column(Column::State)
        .expr_as(Expr::cust("COUNT(*)"), "people")
        .group_by(month)
        .group_by(Column::Topic)
        .group_by(Column::State)
        .into_tuple()
        .all(db)
        .await
        .map_err(store_error)?;
    let entry = |(month, topic, state, people)| ((month, topic, state), people);
    Ok(counted.into_iter().map(entry).collect())
}
