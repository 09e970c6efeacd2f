//! The key ring behind the rows: rotation, retirement, the wrong ring.

use consentry_domain::RequestedAddress;
use consentry_keys::KeyUse;
use consentry_service::ports::{Random, Store, StoreError};
use jiff::Timestamp;

use crate::{
    fixtures::{acme, address, insert, now, pending, update},
    support::{Numbers, TestDatabase, ring, ring_of},
};

on_both! {
    after_a_rotation_everybody_is_still_found_and_read,
    without_its_seal_key_a_row_cannot_be_read,
    an_unchanged_address_is_not_sealed_again,
    a_changed_address_is_found_under_the_new_one_alone,
    a_sealed_value_that_was_moved_to_another_row_does_not_open,
}

async fn after_a_rotation_everybody_is_still_found_and_read(database: &TestDatabase) {
    let store = database.store().await;
    let old = pending("anna@example.org");
    insert(&store, &old).await;

    let mut ring = ring();
    for key_use in KeyUse::ALL {
        let mut random = |buffer: &mut [u8]| Numbers.fill(buffer);
        ring.rotate(key_use, &mut random, Timestamp::UNIX_EPOCH)
            .unwrap();
    }
    let store = database.store_with(ring).await;
    let new = pending("ben@example.org");
    insert(&store, &new).await;
    for person in [old, new] {
        let found = store.subject_by_address(&acme(), &person.address).await;
        assert_eq!(found.unwrap().as_ref(), Some(&person));
        let mut unit = store.begin().await.unwrap();
        let addresses = [person.address.clone()];
        let found = unit.live_by_address(&acme(), &addresses).await.unwrap();
        assert_eq!(found, [Some(person)]);
    }
}

/// S0-64: once the seal key is destroyed, what lingers anywhere is unreadable.
async fn without_its_seal_key_a_row_cannot_be_read(database: &TestDatabase) {
    let store = database.store().await;
    let person = pending("anna@example.org");
    insert(&store, &person).await;
    let stranger = database.store_with(ring_of(2)).await;
    let read = stranger.subject(&acme(), person.id).await;
    assert!(matches!(read, Err(StoreError::Unreadable { .. })));
    let found = stranger.subject_by_address(&acme(), &person.address).await;
    assert_eq!(found.unwrap(), None, "another index key finds nobody");
}

async fn an_unchanged_address_is_not_sealed_again(database: &TestDatabase) {
    let sealed = async || {
        let sql = "SELECT sealed_address FROM subjects";
        database.column::<Vec<u8>>(sql).await
    };
    let store = database.store().await;
    let mut person = pending("anna@example.org");
    insert(&store, &person).await;
    let before = sealed().await;
    person.generation += 1;
    person.requested_address = Some(RequestedAddress {
        address: address("new@example.org"),
        at: now(),
    });
    update(&store, &person).await;
    assert_eq!(sealed().await, before);
    let read = store.subject(&acme(), person.id).await.unwrap();
    assert_eq!(read, Some(person));
}

/// S0-39: the old address is not kept.
async fn a_changed_address_is_found_under_the_new_one_alone(database: &TestDatabase) {
    let store = database.store().await;
    let mut person = pending("old@example.org");
    insert(&store, &person).await;
    person.address = address("new@example.org");
    update(&store, &person).await;
    let by_address = async |typed| {
        let found = store.subject_by_address(&acme(), &address(typed)).await;
        found.unwrap()
    };
    assert_eq!(by_address("old@example.org").await, None);
    assert_eq!(by_address("new@example.org").await, Some(person));
}

async fn a_sealed_value_that_was_moved_to_another_row_does_not_open(database: &TestDatabase) {
    let store = database.store().await;
    let (anna, ben) = (pending("anna@example.org"), pending("ben@example.org"));
    insert(&store, &anna).await;
    insert(&store, &ben).await;
    let [from, to] = [anna.id, ben.id].map(|id| id.0.cast_signed());
    let sql = format!(
        "UPDATE subjects SET
            wrapped_key = (SELECT wrapped_key FROM subjects WHERE id = {from}),
            sealed_address = (SELECT sealed_address FROM subjects WHERE id = {from})
         WHERE id = {to}"
    );
    database.execute(&sql).await;
    let read = store.subject(&acme(), ben.id).await;
    assert!(matches!(read, Err(StoreError::Unreadable { .. })));
}
