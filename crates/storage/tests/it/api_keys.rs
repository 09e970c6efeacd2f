//! Keys of the JSON API: found by their id, kept without their token, revoked for good.

use consentry_service::ports::{ApiKey, ApiKeyId, ApiKeyStore, Scope, TokenHash};
use consentry_storage::SeaOrmStore;
use jiff::civil::date;

use crate::{
    fixtures::{acme, minutes, now, other},
    support::{TestDatabase, number},
};

on_both! {
    a_key_is_found_by_its_id_with_the_hash_of_its_token,
    a_key_belongs_to_its_controller,
    a_key_is_revoked_once_and_stays_in_the_list,
    the_day_of_a_use_is_kept_and_nothing_finer,
}

fn key() -> ApiKey {
    ApiKey {
        // The highest bit is set: it becomes a negative number in the row.
        id: ApiKeyId(number() | 1 << 63),
        name: "the shop".to_owned(),
        scopes: [Scope::SubscribersRead, Scope::TopicsRead].into(),
        created_at: now(),
        last_used_on: None,
        expires_at: Some(minutes(1)),
        revoked_at: None,
    }
}

const HASH: TokenHash = TokenHash([7; 32]);

async fn added(store: &SeaOrmStore) -> ApiKey {
    let key = key();
    store.add_api_key(&acme(), &key, &HASH).await.unwrap();
    key
}

async fn a_key_is_found_by_its_id_with_the_hash_of_its_token(database: &TestDatabase) {
    let store = database.store().await;
    let key = added(&store).await;
    added(&store).await;
    let found = store.api_key(&acme(), key.id).await.unwrap();
    assert_eq!(found, Some((key.clone(), HASH)));
    let unknown = store.api_key(&acme(), ApiKeyId(1)).await.unwrap();
    assert_eq!(unknown, None);
    assert_eq!(store.api_keys(&acme()).await.unwrap().len(), 2);
    assert!(!key.is_valid(minutes(1)) && key.is_valid(now()));
}

async fn a_key_belongs_to_its_controller(database: &TestDatabase) {
    let store = database.store().await;
    let key = added(&store).await;
    assert_eq!(store.api_key(&other(), key.id).await.unwrap(), None);
    assert_eq!(store.api_keys(&other()).await.unwrap(), []);
    let revoked = store.revoke_api_key(&other(), key.id, now()).await;
    assert!(!revoked.unwrap());
    assert_eq!(store.api_keys(&acme()).await.unwrap(), [key]);
}

async fn a_key_is_revoked_once_and_stays_in_the_list(database: &TestDatabase) {
    let store = database.store().await;
    let key = added(&store).await;
    for minute in [1, 2] {
        let at = minutes(minute);
        assert!(store.revoke_api_key(&acme(), key.id, at).await.unwrap());
    }
    let revoked = ApiKey {
        revoked_at: Some(minutes(1)),
        ..key
    };
    assert_eq!(store.api_keys(&acme()).await.unwrap(), [revoked]);
}

async fn the_day_of_a_use_is_kept_and_nothing_finer(database: &TestDatabase) {
    let store = database.store().await;
    let key = added(&store).await;
    for day in [date(2026, 11, 22), date(2026, 11, 22), date(2026, 11, 23)] {
        store.note_api_key_use(&acme(), key.id, day).await.unwrap();
        let (held, _) = store.api_key(&acme(), key.id).await.unwrap().unwrap();
        assert_eq!(held.last_used_on, Some(day));
    }
    let written = database
        .column::<String>("SELECT last_used_on FROM consentry_api_keys")
        .await;
    assert_eq!(written, ["2026-11-23"]);
}
