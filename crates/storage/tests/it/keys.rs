//! The key ring behind the rows: rotation, retirement, the wrong ring.

use consentry_domain::{RequestedAddress, Subject};
use consentry_keys::{KeyId, KeyRing, KeyUse};
use consentry_service::ports::{Random, Store, StoreError};
use jiff::Timestamp;

use crate::{
    fixtures::{acme, address, change, full, insert, now, other, pending, save, update},
    sealed::found,
    support::{Numbers, TestDatabase, on_sqlite, ring, ring_of},
};

on_both! {
    after_a_rotation_everybody_is_still_found_and_read,
    a_renewal_frees_the_former_keys_and_changes_nothing_else,
    an_interrupted_renewal_goes_on_and_a_finished_one_does_nothing,
    an_address_that_is_held_under_a_former_index_key_is_a_conflict,
    processes_that_differ_on_the_active_key_make_one_record_of_an_address,
    without_its_seal_key_a_row_cannot_be_read,
    an_unchanged_address_is_not_sealed_again,
    a_changed_address_is_found_under_the_new_one_alone,
    a_sealed_value_that_was_moved_to_another_row_does_not_open,
}

pub(crate) fn rotate(ring: &mut KeyRing) {
    for key_use in KeyUse::ALL {
        let mut random = |buffer: &mut [u8]| Numbers.fill(buffer);
        ring.rotate(key_use, &mut random, Timestamp::UNIX_EPOCH)
            .unwrap();
    }
}

/// The same ring, as another process has it.
pub(crate) fn copy(ring: &KeyRing) -> KeyRing {
    KeyRing::parse(&ring.to_toml()).unwrap()
}

pub(crate) const FIRST: KeyId = KeyId::from_byte(1);
const SECOND: KeyId = KeyId::from_byte(2);

async fn after_a_rotation_everybody_is_still_found_and_read(database: &TestDatabase) {
    let store = database.store().await;
    let old = pending("anna@example.org");
    insert(&store, &old).await;

    let mut ring = ring();
    rotate(&mut ring);
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

/// S3-132: two rotations later the first keys are needed by nobody, of whichever controller, hidden
/// or not; after their retirement everything is read and found as before.
async fn a_renewal_frees_the_former_keys_and_changes_nothing_else(database: &TestDatabase) {
    let store = database.store().await;
    let people = [
        pending("anna@example.org"),
        full("Ben@Bücher.example"),
        Subject {
            controller: other(),
            ..pending("anna@example.org")
        },
    ];
    for person in &people {
        insert(&store, person).await;
    }
    let mut ring = ring();
    for _ in 0..2 {
        rotate(&mut ring);
        let store = database.store_with(copy(&ring)).await;
        assert_eq!(store.renew_keys().await.unwrap(), 3);
    }
    let store = database.store_with(copy(&ring)).await;
    for key_use in [KeyUse::Index, KeyUse::Seal] {
        for (id, needed_by) in [(FIRST, 0), (SECOND, 0), (KeyId::from_byte(3), 3)] {
            let records = store.records_under(key_use, id).await.unwrap();
            assert_eq!(records, needed_by, "{key_use} key {id}");
        }
    }
    for key_use in KeyUse::ALL {
        ring.retire(key_use, FIRST).unwrap();
        ring.retire(key_use, SECOND).unwrap();
    }
    let store = database.store_with(ring).await;
    for person in people {
        let read = store.subject(&person.controller, person.id).await.unwrap();
        assert_eq!(read.as_ref(), Some(&person));
        if person.erased_at.is_none() {
            let found = store
                .subject_by_address(&person.controller, &person.address)
                .await;
            assert_eq!(found.unwrap(), Some(person));
        }
    }
}

async fn an_interrupted_renewal_goes_on_and_a_finished_one_does_nothing(database: &TestDatabase) {
    let store = database.store().await;
    let people: Vec<_> = (0..700)
        .map(|number| change(pending(&format!("p{number}@example.org")), true))
        .collect();
    save(&store, &people).await.unwrap();
    let mut ring = ring();
    rotate(&mut ring);
    let store = database.store_with(ring).await;
    // As an interrupted one leaves it: some are renewed already.
    let renewed_before = pending("new@example.org");
    insert(&store, &renewed_before).await;
    assert_eq!(store.records_under(KeyUse::Seal, FIRST).await.unwrap(), 700);
    assert_eq!(store.renew_keys().await.unwrap(), 700);
    assert_eq!(store.renew_keys().await.unwrap(), 0);
    assert_eq!(store.records_under(KeyUse::Seal, FIRST).await.unwrap(), 0);
    let purges = database.column::<i64>("SELECT purged - cleaned FROM consentry_purges");
    assert_eq!(purges.await, [700], "the former bytes are left to clean");
    assert!(store.clean_purged_bytes().await.unwrap());
}

/// The unique index of the database cannot see it: the port's promise holds all the same.
async fn an_address_that_is_held_under_a_former_index_key_is_a_conflict(database: &TestDatabase) {
    let store = database.store().await;
    let (anna, ben) = (pending("anna@example.org"), pending("ben@example.org"));
    insert(&store, &anna).await;
    insert(&store, &ben).await;
    let mut ring = ring();
    rotate(&mut ring);
    let store = database.store_with(ring).await;
    let again = save(&store, &[change(pending("ANNA@example.org"), true)]).await;
    assert!(matches!(again, Err(StoreError::Conflict)));
    let moved = Subject {
        address: address("anna@example.org"),
        ..ben.clone()
    };
    let moved = save(&store, &[change(moved, false)]).await;
    assert!(matches!(moved, Err(StoreError::Conflict)));
    update(&store, &anna).await;
    update(&store, &ben).await;
}

/// In the second in which a key becomes active, one process writes under the former index key and
/// another under the new one.
async fn processes_that_differ_on_the_active_key_make_one_record_of_an_address(
    database: &TestDatabase,
) {
    database.store().await;
    let mut prepared = ring();
    for key_use in KeyUse::ALL {
        let mut random = |buffer: &mut [u8]| Numbers.fill(buffer);
        prepared
            .prepare(key_use, &mut random, Timestamp::UNIX_EPOCH)
            .unwrap();
    }
    let mut activated = copy(&prepared);
    for key_use in KeyUse::ALL {
        activated.activate(key_use);
    }
    let late = database.store_with(prepared).await;
    let early = database.store_with(activated).await;
    for number in 0..20 {
        let typed = format!("p{number}@example.org");
        let sign_up = async |store| {
            let new = [change(pending(&typed), true)];
            save(store, &new).await.is_ok()
        };
        let made = tokio::join!(sign_up(&late), sign_up(&early));
        assert_ne!(made.0, made.1, "one of the two makes the record");
    }
    assert_eq!(database.count("consentry_subjects").await, 20);
}

/// S0-64: what the former seal key had wrapped is in no byte of the files after the cleaning.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn formerly_wrapped_keys_are_in_no_sqlite_file() {
    on_sqlite(async |database: &TestDatabase| {
        let store = database.store().await;
        let people: Vec<_> = (0..200)
            .map(|number| change(pending(&format!("p{number}@example.org")), true))
            .collect();
        save(&store, &people).await.unwrap();
        let mut former = Vec::new();
        for column in ["wrapped_key", "address_index"] {
            let sql = format!("SELECT {column} FROM consentry_subjects");
            former.extend(database.column::<Vec<u8>>(&sql).await);
        }
        let folder = database.folder.as_ref().unwrap().path();
        assert_eq!(
            found(folder, &former),
            former.len(),
            "the search finds them"
        );
        let mut ring = ring();
        rotate(&mut ring);
        let store = database.store_with(ring).await;
        assert_eq!(store.renew_keys().await.unwrap(), 200);
        assert!(store.clean_purged_bytes().await.unwrap());
        assert_eq!(found(folder, &former), 0);
    })
    .await;
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
        let sql = "SELECT sealed_address FROM consentry_subjects";
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
        "UPDATE consentry_subjects SET
            wrapped_key = (SELECT wrapped_key FROM consentry_subjects WHERE id = {from}),
            sealed_address = (SELECT sealed_address FROM consentry_subjects WHERE id = {from})
         WHERE id = {to}"
    );
    database.execute(&sql).await;
    let read = store.subject(&acme(), ben.id).await;
    assert!(matches!(read, Err(StoreError::Unreadable { .. })));
}
