//! Holds on our own subscribers: whose record no period ends (S3-26).

use consentry_address::EmailAddress;
use consentry_policy::{ControllerId, OwnDataset};
use consentry_service::ports::StoreError;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, Select};

use crate::bounded::Bounded;
use crate::{
    entity::{hold, subject},
    error::store_error,
    identities, people,
    rows::{ROWS, padded},
    vault::Vault,
};

/// Whose records holds keep.
#[derive(Debug)]
pub(crate) enum Kept {
    /// Everybody's.
    Everybody,
    /// Those of these numbers.
    These(Vec<i64>),
}

impl Kept {
    /// Whom the holds in force keep, whatever the state of their records.
    pub(crate) async fn of(
        db: &Bounded,
        vault: &Vault,
        controller: &ControllerId,
    ) -> Result<Self, StoreError> {
        let holds: Vec<Option<i64>> = hold::Entity::find()
            .filter(hold::Column::Controller.eq(controller.as_str()))
            .filter(hold::Column::Dataset.eq(OwnDataset::Subscribers.as_str()))
            .filter(hold::Column::LiftedAt.is_null())
            .select_only()
            .column(hold::Column::IdentityId)
            .into_tuple()
            .all(db)
            .await
            .map_err(store_error)?;
        let Some(identities) = holds.into_iter().collect::<Option<Vec<i64>>>() else {
            return Ok(Self::Everybody);
        };
        let named = identities::open(db, vault, identities).await?;
        let addresses = named
            .values()
            .filter_map(|one| EmailAddress::parse(one.expose()).ok());
        let indexes: Vec<Vec<u8>> = addresses
            .flat_map(|address| vault.indexes(controller, &address))
            .collect();
        let mut kept = Vec::new();
        for indexes in indexes.chunks(ROWS) {
            let found: Vec<i64> = people::of(controller)
                .filter(subject::Column::AddressIndex.is_in(padded(indexes.iter().cloned())))
                .select_only()
                .column(subject::Column::Id)
                .into_tuple()
                .all(db)
                .await
                .map_err(store_error)?;
            kept.extend(found);
        }
        Ok(Self::These(kept))
    }

    /// Whether the record of that number stays.
    pub(crate) fn covers(&self, id: i64) -> bool {
        match self {
            Self::Everybody => true,
            Self::These(ids) => ids.contains(&id),
        }
    }

    /// Leaves those out who stay.
    pub(crate) fn without(&self, query: Select<subject::Entity>) -> Select<subject::Entity> {
        match self {
            Self::These(ids) if ids.is_empty() => query,
            Self::These(ids) => {
                query.filter(subject::Column::Id.is_not_in(padded(ids.iter().copied())))
            }
            Self::Everybody => query.filter(subject::Column::Id.is_null()),
        }
    }
}
