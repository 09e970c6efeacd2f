//! Reading people.

use std::collections::HashMap;

use consentry_address::EmailAddress;
use consentry_domain::{ConsentEvent, PersonState, Subject, SubjectId, TopicState};
use consentry_policy::ControllerId;
use consentry_service::ports::{Candidates, Confirmations, Filter, Outlived, StoreError};
use jiff::Timestamp;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
    sea_query::{Expr, ExprTrait, Query},
};

use tracing::error;

use crate::bounded::Bounded;
use crate::{
    entity::{consent_event, subject, subscription},
    error::store_error,
    holds::Kept,
    rows::{self, ROWS, padded},
    vault::Vault,
};

/// A person as read, beside the row they were read from.
pub(crate) struct Held {
    pub(crate) row: subject::Model,
    pub(crate) subject: Subject,
}

/// Where every query of people starts.
pub(crate) fn of(controller: &ControllerId) -> Select<subject::Entity> {
    subject::Entity::find().filter(subject::Column::Controller.eq(controller.as_str()))
}

/// The records with these numbers, erased ones included.
pub(crate) fn with_ids(controller: &ControllerId, ids: &[SubjectId]) -> Select<subject::Entity> {
    let ids = ids.iter().map(|id| id.0.cast_signed());
    of(controller).filter(subject::Column::Id.is_in(padded(ids)))
}

/// The live records of these addresses.
pub(crate) fn with_addresses(
    vault: &Vault,
    controller: &ControllerId,
    addresses: &[EmailAddress],
) -> Select<subject::Entity> {
    let indexes = addresses
        .iter()
        .flat_map(|address| vault.indexes(controller, address));
    of(controller)
        .filter(subject::Column::ErasedAt.is_null())
        .filter(subject::Column::AddressIndex.is_in(padded(indexes)))
}

/// The live records that a filter lets through, by number.
pub(crate) fn listed(
    controller: &ControllerId,
    filter: &Filter,
    after: Option<SubjectId>,
    limit: u64,
) -> Select<subject::Entity> {
    let open = [TopicState::Pending, TopicState::Confirmed].map(TopicState::as_str);
    of(controller)
        .filter(subject::Column::ErasedAt.is_null())
        .apply_if(filter.state, |query, state| {
            query.filter(subject::Column::State.eq(state.as_str()))
        })
        .apply_if(filter.topic.as_ref(), |query, topic| {
            let holders = Query::select()
                .column(subscription::Column::SubjectId)
                .from(subscription::Entity)
                // Correlated: a page of a long list must not look at the whole list.
                .and_where(
                    Expr::col((subscription::Entity, subscription::Column::SubjectId))
                        .equals((subject::Entity, subject::Column::Id)),
                )
                .and_where(Expr::col(subscription::Column::Topic).eq(topic.as_str()))
                .and_where(
                    Expr::col((subscription::Entity, subscription::Column::State)).is_in(open),
                )
                .take();
            query.filter(Expr::exists(holders))
        })
        .apply_if(after, |query, after| {
            query.filter(subject::Column::Id.gt(after.0.cast_signed()))
        })
        .order_by_asc(subject::Column::Id)
        .limit(limit)
}

/// Those whose turn it is, and the column of their clock; nobody is purged whom a hold keeps.
pub(crate) fn due(
    controller: &ControllerId,
    candidates: Candidates,
    kept: &Kept,
) -> (Select<subject::Entity>, subject::Column) {
    let (query, clock) = in_turn(controller, candidates);
    match candidates {
        Candidates::ToRemind(_) | Candidates::ToTell { .. } => (query, clock),
        _ => (kept.without(query), clock),
    }
}

fn in_turn(
    controller: &ControllerId,
    candidates: Candidates,
) -> (Select<subject::Entity>, subject::Column) {
    let pending = |clock: Timestamp| {
        of(controller)
            .filter(subject::Column::State.eq(PersonState::Pending.as_str()))
            .filter(subject::Column::ErasedAt.is_null())
            .filter(subject::Column::RestrictedAt.is_null())
            .filter(subject::Column::FirstSubmittedAt.lte(clock.as_microsecond()))
    };
    match candidates {
        Candidates::ToRemind(clock) => (
            pending(clock).filter(subject::Column::RemindedAt.is_null()),
            subject::Column::FirstSubmittedAt,
        ),
        Candidates::ToTell {
            after,
            submitted_before,
        } => (
            of(controller)
                .filter(subject::Column::ErasedAt.is_null())
                .filter(subject::Column::FirstSubmittedAt.lt(submitted_before.as_microsecond()))
                .apply_if(after, |query, after| {
                    query.filter(subject::Column::Id.gt(after.0.cast_signed()))
                }),
            subject::Column::Id,
        ),
        Candidates::UnconfirmedSince(outlived) => (
            submitted(pending(outlived.clock), outlived),
            subject::Column::FirstSubmittedAt,
        ),
        Candidates::UnsubscribedSince(outlived) => {
            let clock = outlived.clock;
            // By the number of each person: a list of everybody who left later may be long.
            let later = Query::select()
                .expr(Expr::value(1))
                .from(subscription::Entity)
                .and_where(
                    Expr::col((subscription::Entity, subscription::Column::SubjectId))
                        .equals((subject::Entity, subject::Column::Id)),
                )
                .and_where(
                    Expr::col(subscription::Column::UnsubscribedAt).gt(clock.as_microsecond()),
                )
                .take();
            let left = of(controller)
                // As the index says it: with parameters a planner may not see that they are the same.
                .filter(Expr::cust("state = 'unsubscribed'"))
                .filter(subject::Column::ErasedAt.is_null())
                .filter(subject::Column::RestrictedAt.is_null())
                .filter(subject::Column::FirstSubmittedAt.lte(clock.as_microsecond()))
                .filter(
                    Condition::any()
                        .add(subject::Column::ObjectedAt.is_null())
                        .add(subject::Column::ObjectedAt.lte(clock.as_microsecond())),
                )
                .filter(Expr::exists(later).not());
            (submitted(left, outlived), subject::Column::FirstSubmittedAt)
        }
        Candidates::ErasedSince(outlived) => {
            let erased = of(controller)
                .filter(subject::Column::ErasedAt.lte(outlived.clock.as_microsecond()));
            (submitted(erased, outlived), subject::Column::ErasedAt)
        }
        Candidates::InactiveSince(outlived) => {
            let inactive = of(controller)
                // As the index says it.
                .filter(Expr::cust("state = 'confirmed'"))
                .filter(subject::Column::ErasedAt.is_null())
                .filter(subject::Column::RestrictedAt.is_null())
                .filter(subject::Column::LastInteractionAt.lte(outlived.clock.as_microsecond()));
            (
                submitted(inactive, outlived),
                subject::Column::LastInteractionAt,
            )
        }
    }
}

/// Of those to whom the same was promised.
fn submitted(query: Select<subject::Entity>, outlived: Outlived) -> Select<subject::Entity> {
    let from = Some(outlived.submitted_from).filter(|from| *from != Timestamp::MIN);
    query
        .apply_if(from, |query, from| {
            query.filter(subject::Column::FirstSubmittedAt.gte(from.as_microsecond()))
        })
        .apply_if(outlived.submitted_before, |query, before| {
            query.filter(subject::Column::FirstSubmittedAt.lt(before.as_microsecond()))
        })
}

/// The numbers of those whose turn it is, oldest clock first.
pub(crate) async fn candidates(
    db: &Bounded,
    vault: &Vault,
    controller: &ControllerId,
    candidates: Candidates,
    limit: u64,
) -> Result<Vec<SubjectId>, StoreError> {
    let kept = Kept::of(db, vault, controller).await?;
    let (due, clock) = due(controller, candidates, &kept);
    let ids: Vec<i64> = due
        .order_by_asc(clock)
        .select_only()
        .column(subject::Column::Id)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await
        .map_err(store_error)?;
    Ok(ids
        .into_iter()
        .map(|id| SubjectId(id.cast_unsigned()))
        .collect())
}

/// What became of the sign-ups of some time; an import is none. Each of the two counts has an index of its own, whose
/// condition stands in the query word for word: a bound value would not show that it applies.
pub(crate) async fn confirmations(
    db: &Bounded,
    controller: &ControllerId,
    after: Timestamp,
    until: Timestamp,
) -> Result<Confirmations, StoreError> {
    let count = async |condition: &'static str| {
        let counted: Option<i64> = of(controller)
            .select_only()
            .expr(Expr::cust("COUNT(*)"))
            .filter(Expr::cust(condition))
            .filter(subject::Column::ErasedAt.is_null())
            .filter(Expr::cust("NOT imported"))
            .filter(subject::Column::FirstSubmittedAt.gt(after.as_microsecond()))
            .filter(subject::Column::FirstSubmittedAt.lte(until.as_microsecond()))
            .into_tuple()
            .one(db)
            .await
            .map_err(store_error)?;
        Ok::<_, StoreError>(counted.unwrap_or_default().cast_unsigned())
    };
    Ok(Confirmations {
        confirmed: count("state = 'confirmed'").await?,
        unconfirmed: count("state = 'pending'").await?,
    })
}

/// Reads what a query finds, with the topics. In a unit of work the rows are locked first, so the
/// topics that are read next belong to them.
pub(crate) async fn load(
    db: &Bounded,
    vault: &Vault,
    query: Select<subject::Entity>,
) -> Result<Vec<Held>, StoreError> {
    read(db, vault, query).await?.into_iter().collect()
}

/// The same, without the records that cannot be read: one damaged row must not stop what is owed to
/// everybody else.
pub(crate) async fn load_readable(
    db: &Bounded,
    vault: &Vault,
    query: Select<subject::Entity>,
) -> Result<Vec<Held>, StoreError> {
    let read = read(db, vault, query).await?;
    let readable = read.into_iter().filter_map(|held| {
        held.inspect_err(|error| error!(%error, "a record is left out"))
            .ok()
    });
    Ok(readable.collect())
}

async fn read(
    db: &Bounded,
    vault: &Vault,
    query: Select<subject::Entity>,
) -> Result<Vec<Result<Held, StoreError>>, StoreError> {
    let people = query.all(db).await.map_err(store_error)?;
    let mut topics_of: HashMap<i64, Vec<subscription::Model>> = HashMap::new();
    for people in people.chunks(ROWS) {
        let topics = subscription::Entity::find()
            .filter(subscription::Column::SubjectId.is_in(padded(people.iter().map(|row| row.id))))
            .order_by_asc(subscription::Column::SubjectId)
            .order_by_asc(subscription::Column::Position)
            .all(db)
            .await
            .map_err(store_error)?;
        for topic in topics {
            topics_of.entry(topic.subject_id).or_default().push(topic);
        }
    }
    let held = people.into_iter().map(|row| {
        let topics = topics_of.remove(&row.id).unwrap_or_default();
        let subject = rows::subject(&row, vault.open(&row)?, &topics)?;
        Ok(Held { row, subject })
    });
    Ok(held.collect())
}

/// The evidence of one person, oldest first.
pub(crate) async fn events(
    db: &Bounded,
    controller: &ControllerId,
    id: SubjectId,
) -> Result<Vec<ConsentEvent>, StoreError> {
    consent_event::Entity::find()
        .filter(consent_event::Column::Controller.eq(controller.as_str()))
        .filter(consent_event::Column::SubjectId.eq(id.0.cast_signed()))
        .order_by_asc(consent_event::Column::Id)
        .all(db)
        .await
        .map_err(store_error)?
        .into_iter()
        .map(rows::event)
        .collect()
}
