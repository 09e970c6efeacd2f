//! Published versions of the policy.

use consentry_domain::SubjectId;
use consentry_policy::{Announcement, ChangeReason, Class, ControllerId};
use consentry_service::ports::{AnnouncementStep, OpenAnnouncement, Publication, StoreError};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Select,
    sea_query::{Expr, OnConflict},
};

use crate::{
    bounded::Bounded,
    entity::policy_version::{self, Column},
    error::{store_error, unreadable, unreadable_column},
    insert::insert,
    rows,
};

/// Those after a number, in their order.
pub(crate) async fn after(
    db: &Bounded,
    controller: &ControllerId,
    number: u32,
) -> Result<Vec<Publication>, StoreError> {
    let found = of(controller)
        .filter(Column::Number.gt(i64::from(number)))
        .order_by_asc(Column::Number)
        .all(db)
        .await
        .map_err(store_error)?;
    found.into_iter().map(publication).collect()
}

/// Adds one; a number or a version that is taken is a conflict.
pub(crate) async fn add(
    db: &Bounded,
    controller: &ControllerId,
    publication: &Publication,
) -> Result<(), StoreError> {
    let row = policy_version::Model {
        controller: controller.to_string(),
        number: publication.number.into(),
        version: publication.version.clone(),
        fingerprint: publication.fingerprint.clone(),
        source: publication.source.clone(),
        published_at: publication.published_at.as_microsecond(),
        in_force_from: publication.in_force_from.as_microsecond(),
        reason: publication.reason.to_string(),
        announce: rows::words(&publication.announce),
        substantial: publication.substantial,
        classes: rows::words(&publication.classes),
        told_to: None,
        told_at: None,
    };
    let mut skip = OnConflict::new();
    skip.do_nothing();
    let inserted = insert::<_, policy_version::ActiveModel>(db, vec![row], Some(skip));
    match inserted.await? {
        0 => Err(StoreError::Conflict),
        _ => Ok(()),
    }
}

/// The oldest one whose letters are not all queued.
pub(crate) async fn open(
    db: &Bounded,
    controller: &ControllerId,
) -> Result<Option<OpenAnnouncement>, StoreError> {
    let found = of(controller)
        .filter(Column::Substantial.eq(true))
        .filter(Column::ToldAt.is_null())
        .order_by_asc(Column::Number)
        .one(db)
        .await
        .map_err(store_error)?;
    found
        .map(|row| {
            Ok(OpenAnnouncement {
                number: number(row.number)?,
                published_at: rows::at(row.published_at)?,
                told_to: row.told_to.map(|id| SubjectId(id.cast_unsigned())),
            })
        })
        .transpose()
}

/// Notes how far the letters are queued, unless somebody else has gone on with them.
pub(crate) async fn advance(
    db: &Bounded,
    controller: &ControllerId,
    from: &OpenAnnouncement,
    to: AnnouncementStep,
) -> Result<(), StoreError> {
    let told_to = from.told_to.map(|id| id.0.cast_signed());
    let is_there = match told_to {
        Some(id) => Column::ToldTo.eq(id),
        None => Column::ToldTo.is_null(),
    };
    let (column, value) = match to {
        AnnouncementStep::Told(id) => (Column::ToldTo, id.0.cast_signed()),
        AnnouncementStep::Ended(at) => (Column::ToldAt, at.as_microsecond()),
    };
    let advanced = policy_version::Entity::update_many()
        .filter(Column::Controller.eq(controller.as_str()))
        .filter(Column::Number.eq(i64::from(from.number)))
        .filter(Column::ToldAt.is_null())
        .filter(is_there)
        .col_expr(column, Expr::value(value))
        .exec(db)
        .await
        .map_err(store_error)?;
    match advanced.rows_affected {
        0 => Err(StoreError::Conflict),
        _ => Ok(()),
    }
}

fn of(controller: &ControllerId) -> Select<policy_version::Entity> {
    policy_version::Entity::find().filter(Column::Controller.eq(controller.as_str()))
}

fn number(number: i64) -> Result<u32, StoreError> {
    u32::try_from(number).map_err(unreadable_column("number"))
}

fn publication(row: policy_version::Model) -> Result<Publication, StoreError> {
    Ok(Publication {
        number: number(row.number)?,
        published_at: rows::at(row.published_at)?,
        in_force_from: rows::at(row.in_force_from)?,
        reason: known(&row.reason, ChangeReason::ALL, ChangeReason::as_str)?,
        announce: listed(&row.announce, Announcement::ALL, Announcement::as_str)?,
        classes: listed(&row.classes, Class::ALL, Class::as_str)?,
        version: row.version,
        fingerprint: row.fingerprint,
        source: row.source,
        substantial: row.substantial,
    })
}

fn listed<T: Copy>(
    words: &str,
    all: &[T],
    as_str: fn(T) -> &'static str,
) -> Result<Vec<T>, StoreError> {
    let words = words.split_whitespace();
    words.map(|word| known(word, all, as_str)).collect()
}

fn known<T: Copy>(word: &str, all: &[T], as_str: fn(T) -> &'static str) -> Result<T, StoreError> {
    let found = all.iter().copied().find(|one| as_str(*one) == word);
    found.ok_or_else(|| unreadable("a published version holds an unknown word"))
}
