//! Names of people in the tables of applications, each kept once and sealed under a key of its own.

use std::collections::HashMap;

use consentry_keys::{KeyId, KeyUse, seal::DataKey};
use consentry_policy::ControllerId;
use consentry_service::ports::{Identity, StoreError};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, InsertMany, IntoActiveModel, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait, OnConflict, Query, SimpleExpr},
};

use crate::bounded::Bounded;
use crate::{
    entity::{
        event, hold,
        identity::{self, Column},
    },
    error::{store_error, unreadable, unreadable_column},
    insert::insert,
    renewal::{self, BATCH},
    residue,
    rows::{self, ROWS},
    transaction::Database,
    vault::{Vault, row_place},
};

const WRAPPED_KEY: &str = "identities.wrapped_key";
const IDENTITY: &str = "identities.sealed_identity";

/// The numbers of these people, in their order: none of somebody unknown, and several where two
/// processes wrote a new one down at once.
pub(crate) async fn known(
    db: &Bounded,
    vault: &Vault,
    controller: &ControllerId,
    people: &[Identity],
) -> Result<Vec<Vec<i64>>, StoreError> {
    let mut numbers = Vec::with_capacity(people.len());
    for people in people.chunks(ROWS) {
        let indexes: Vec<Vec<Vec<u8>>> = people
            .iter()
            .map(|one| vault.identity_indexes(controller, one))
            .collect();
        let wanted = rows::padded(indexes.iter().flatten().cloned());
        let found: Vec<(Vec<u8>, i64)> = of(controller)
            .filter(Column::IdentityIndex.is_in(wanted))
            .select_only()
            .column(Column::IdentityIndex)
            .column(Column::Id)
            .into_tuple()
            .all(db)
            .await
            .map_err(store_error)?;
        let mut by_index: HashMap<Vec<u8>, Vec<i64>> = HashMap::new();
        for (index, id) in found {
            by_index.entry(index).or_default().push(id);
        }
        let ids = |indexes: &Vec<Vec<u8>>| {
            let found = indexes.iter().filter_map(|index| by_index.get(index));
            found.flatten().copied().collect()
        };
        numbers.extend(indexes.iter().map(ids));
    }
    Ok(numbers)
}

/// The number of a person, who is written down where nobody has done so.
pub(crate) async fn number(
    db: &Bounded,
    vault: &Vault,
    controller: &ControllerId,
    person: &Identity,
) -> Result<i64, StoreError> {
    let people = std::slice::from_ref(person);
    let known = known(db, vault, controller, people).await?;
    if let Some(id) = known.into_iter().flatten().next() {
        return Ok(id);
    }
    let id = vault.number();
    let key = DataKey::generate(&mut |buffer| vault.fill(buffer));
    let place = |column| row_place(controller.as_str(), id, column);
    let ring = vault.ring();
    let (identity_index, identity_index_key) = vault.identity_index(controller.as_str(), person);
    let row = identity::Model {
        id,
        controller: controller.to_string(),
        identity_index,
        identity_index_key,
        wrapped_key: ring.wrap(&key, &place(WRAPPED_KEY), &mut |buffer| vault.fill(buffer)),
        sealed_identity: key.seal(
            person.expose().as_bytes(),
            &place(IDENTITY),
            &mut |buffer| vault.fill(buffer),
        ),
    };
    insert::<_, identity::ActiveModel>(db, vec![row], None).await?;
    Ok(id)
}

/// Who has these numbers.
pub(crate) async fn open(
    db: &Bounded,
    vault: &Vault,
    ids: impl IntoIterator<Item = i64>,
) -> Result<HashMap<i64, Identity>, StoreError> {
    let ids: Vec<i64> = ids.into_iter().collect();
    let mut opened = HashMap::with_capacity(ids.len());
    for ids in ids.chunks(ROWS) {
        let found = identity::Entity::find()
            .filter(Column::Id.is_in(rows::padded(ids.iter().copied())))
            .all(db)
            .await
            .map_err(store_error)?;
        for row in found {
            opened.insert(row.id, open_one(vault, &row)?);
        }
    }
    Ok(opened)
}

fn open_one(vault: &Vault, row: &identity::Model) -> Result<Identity, StoreError> {
    let place = row_place(&row.controller, row.id, IDENTITY);
    let plain = data_key(vault, row)?
        .open(&row.sealed_identity, &place)
        .map_err(|error| unreadable(error.to_string()))?;
    let text = std::str::from_utf8(&plain).map_err(unreadable_column("sealed_identity"))?;
    Ok(Identity::new(text))
}

fn data_key(vault: &Vault, row: &identity::Model) -> Result<DataKey, StoreError> {
    let place = row_place(&row.controller, row.id, WRAPPED_KEY);
    let unwrapped = vault.ring().unwrap(&row.wrapped_key, &place);
    unwrapped.map_err(|error| unreadable(error.to_string()))
}

/// Forgets whoever no hold and no event names any more.
pub(crate) async fn forget_unused(
    db: &Bounded,
    controller: &ControllerId,
    among: Option<i64>,
) -> Result<(), StoreError> {
    let named = |column: SimpleExpr| column.equals((identity::Entity, Column::Id));
    let held = Query::select()
        .expr(Expr::val(1))
        .from(hold::Entity)
        .and_where(named(Expr::col((hold::Entity, hold::Column::IdentityId))))
        .take();
    let concerned = Query::select()
        .expr(Expr::val(1))
        .from(event::Entity)
        .and_where(named(Expr::col((event::Entity, event::Column::IdentityId))))
        .take();
    let forgotten = identity::Entity::delete_many()
        .filter(Column::Controller.eq(controller.as_str()))
        .apply_if(among, |query, id| query.filter(Column::Id.eq(id)))
        .filter(Expr::exists(held).not())
        .filter(Expr::exists(concerned).not())
        .exec(db)
        .await
        .map_err(store_error)?;
    residue::note(db, forgotten.rows_affected).await
}

fn of(controller: &ControllerId) -> sea_orm::Select<identity::Entity> {
    identity::Entity::find().filter(Column::Controller.eq(controller.as_str()))
}

/// Wraps and indexes anew what was not made with the active keys, of all controllers; how many.
pub(crate) async fn renew(database: &Database, vault: &Vault) -> Result<u64, StoreError> {
    let mut renewed = 0;
    let mut after = None;
    loop {
        let ring = vault.ring();
        let [index, seal] = [KeyUse::Index, KeyUse::Seal].map(|one| ring.current(one).id());
        let outdated = Condition::any()
            .add(Column::IdentityIndexKey.ne(i16::from(index.as_byte())))
            .add(renewal::wrapped_by(Column::WrappedKey, seal).not());
        let transaction = database.write().await?;
        let db = &transaction.inner;
        let found = identity::Entity::find()
            .filter(outdated)
            .apply_if(after, |query, after| query.filter(Column::Id.gt(after)))
            .order_by_asc(Column::Id)
            .limit(BATCH)
            .lock_exclusive()
            .all(db)
            .await
            .map_err(store_error)?;
        let Some(last) = found.last() else {
            return Ok(renewed);
        };
        after = Some(last.id);
        let count = found.len() as u64;
        let rows = found
            .into_iter()
            .map(|row| renewed_row(vault, row).map(IntoActiveModel::into_active_model))
            .collect::<Result<Vec<identity::ActiveModel>, _>>()?;
        let mut replace = OnConflict::column(Column::Id);
        replace.update_columns([
            Column::IdentityIndex,
            Column::IdentityIndexKey,
            Column::WrappedKey,
        ]);
        InsertMany::many(rows)
            .on_conflict(replace)
            .exec_without_returning(db)
            .await
            .map_err(store_error)?;
        residue::note(db, count).await?;
        transaction.commit().await?;
        renewed += count;
    }
}

fn renewed_row(vault: &Vault, row: identity::Model) -> Result<identity::Model, StoreError> {
    let person = open_one(vault, &row)?;
    let key = data_key(vault, &row)?;
    let place = row_place(&row.controller, row.id, WRAPPED_KEY);
    let wrapped_key = vault
        .ring()
        .wrap(&key, &place, &mut |buffer| vault.fill(buffer));
    let (identity_index, identity_index_key) = vault.identity_index(&row.controller, &person);
    Ok(identity::Model {
        identity_index,
        identity_index_key,
        wrapped_key,
        ..row
    })
}

/// How many rows need a key.
pub(crate) async fn count(db: &Bounded, key_use: KeyUse, id: KeyId) -> Result<u64, StoreError> {
    let made_with = match key_use {
        KeyUse::Token => return Ok(0),
        KeyUse::Index => Column::IdentityIndexKey.eq(i16::from(id.as_byte())),
        KeyUse::Seal => renewal::wrapped_by(Column::WrappedKey, id),
    };
    let found = identity::Entity::find().filter(made_with).count(db).await;
    found.map_err(store_error)
}
