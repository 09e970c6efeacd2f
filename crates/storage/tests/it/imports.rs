//! Imports: progress that is written with what it counts, and who must not be revived.

use consentry_domain::{Action, ConsentEvent, Evidence, Provenance};
use consentry_policy::ControllerId;
use consentry_service::ports::{Change, ImportProgress, Store, StoreError};
use consentry_storage::SeaOrmStore;

use crate::{
    fixtures::{acme, address, change, event, insert, minutes, now, other, pending, save, update},
    support::{TestDatabase, number},
};

on_both! {
    progress_is_committed_with_the_people_or_not_at_all,
    an_import_is_known_by_its_controller_and_name,
    of_two_imports_of_one_name_at_once_one_begins,
    an_import_is_forgotten_by_number_or_age,
    no_name_of_an_import_is_readable,
    erased_people_are_found_by_their_address_until_they_are_purged,
    where_a_person_comes_from_is_kept,
}

fn begun() -> ImportProgress {
    ImportProgress {
        id: number() | 1 << 63,
        started_at: now(),
        rows: 0,
        accepted: 0,
        already_there: 0,
        left_out: 0,
        duplicates: 0,
        finished: false,
    }
}

fn reached(import: &ImportProgress) -> ImportProgress {
    ImportProgress {
        rows: 1_000,
        accepted: 1,
        already_there: 2,
        left_out: 3,
        duplicates: 4,
        finished: true,
        ..import.clone()
    }
}

async fn write(
    store: &SeaOrmStore,
    name: &str,
    progress: &ImportProgress,
) -> Result<(), StoreError> {
    let mut unit = store.begin().await?;
    unit.imports()
        .save_import(&acme(), name, progress, now())
        .await?;
    unit.commit().await
}

async fn read(
    store: &SeaOrmStore,
    controller: &ControllerId,
    name: &str,
) -> Option<ImportProgress> {
    let mut unit = store.begin().await.unwrap();
    unit.imports().import(controller, name).await.unwrap()
}

async fn progress_is_committed_with_the_people_or_not_at_all(database: &TestDatabase) {
    let store = database.store().await;
    let begun = begun();
    write(&store, "file", &begun).await.unwrap();
    for is_committed in [false, true] {
        let mut unit = store.begin().await.unwrap();
        assert_eq!(
            unit.imports().import(&acme(), "file").await.unwrap(),
            Some(begun.clone())
        );
        unit.save(&[change(pending("anna@example.org"), true)])
            .await
            .unwrap();
        unit.imports()
            .save_import(&acme(), "file", &reached(&begun), now())
            .await
            .unwrap();
        if is_committed {
            unit.commit().await.unwrap();
        } else {
            drop(unit);
        }
        let (people, progress) = if is_committed {
            (1, reached(&begun))
        } else {
            (0, begun.clone())
        };
        assert_eq!(read(&store, &acme(), "file").await, Some(progress));
        assert_eq!(database.count("consentry_subjects").await, people);
    }
}

async fn an_import_is_known_by_its_controller_and_name(database: &TestDatabase) {
    let store = database.store().await;
    let begun = begun();
    write(&store, "file", &begun).await.unwrap();
    assert_eq!(read(&store, &acme(), "file").await, Some(begun));
    assert_eq!(read(&store, &acme(), "another").await, None);
    assert_eq!(read(&store, &other(), "file").await, None);
}

async fn of_two_imports_of_one_name_at_once_one_begins(database: &TestDatabase) {
    let store = database.store().await;
    let (one, two) = (begun(), begun());
    write(&store, "file", &one).await.unwrap();
    let second = write(&store, "file", &two).await;
    assert!(matches!(second, Err(StoreError::Conflict)));
    assert_eq!(read(&store, &acme(), "file").await, Some(one));
}

async fn an_import_is_forgotten_by_number_or_age(database: &TestDatabase) {
    let store = database.store().await;
    let (one, two) = (begun(), begun());
    write(&store, "one", &one).await.unwrap();
    write(&store, "two", &two).await.unwrap();
    let mut unit = store.begin().await.unwrap();
    unit.imports()
        .forget_import(&other(), one.id)
        .await
        .unwrap();
    assert_eq!(
        unit.imports()
            .forget_imports(&other(), minutes(1))
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        unit.imports()
            .forget_imports(&acme(), minutes(-1))
            .await
            .unwrap(),
        0
    );
    assert!(
        unit.imports()
            .import(&acme(), "one")
            .await
            .unwrap()
            .is_some()
    );
    unit.imports().forget_import(&acme(), one.id).await.unwrap();
    assert!(
        unit.imports()
            .import(&acme(), "one")
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(
        unit.imports().forget_imports(&acme(), now()).await.unwrap(),
        1
    );
    unit.commit().await.unwrap();
    assert_eq!(database.count("consentry_imports").await, 0);
}

/// The name of an import is made from its file, and a file may hold one address: a plain digest
/// of it could be guessed.
async fn no_name_of_an_import_is_readable(database: &TestDatabase) {
    let store = database.store().await;
    write(&store, "0123456789abcdef", &begun()).await.unwrap();
    let names: Vec<Vec<u8>> = database
        .column("SELECT name_index FROM consentry_imports")
        .await;
    assert_eq!(names[0].len(), 32);
    assert!(!names[0].windows(4).any(|part| part == b"0123"));
}

/// S0-101: whoever asked for erasure is found as long as anything is held of them.
async fn erased_people_are_found_by_their_address_until_they_are_purged(database: &TestDatabase) {
    let store = database.store().await;
    let mut anna = pending("Anna@example.org");
    insert(&store, &anna).await;
    let asked = ["ben@example.org", "anna@EXAMPLE.org"].map(address);
    let erased = async |controller: ControllerId| {
        let mut unit = store.begin().await.unwrap();
        unit.imports().erased(&controller, &asked).await.unwrap()
    };
    assert_eq!(erased(acme()).await, [false, false], "she lives");
    anna.erased_at = Some(now());
    update(&store, &anna).await;
    assert_eq!(erased(acme()).await, [false, true]);
    assert_eq!(erased(other()).await, [false, false]);
    // A new record of the same address changes nothing about the old one.
    insert(&store, &pending("anna@example.org")).await;
    assert_eq!(erased(acme()).await, [false, true]);

    let mut unit = store.begin().await.unwrap();
    let reason = consentry_service::ports::PurgeReason::Erased;
    unit.purge(&acme(), &[anna.id], reason, now())
        .await
        .unwrap();
    unit.commit().await.unwrap();
    assert_eq!(erased(acme()).await, [false, false]);
}

/// S3-76: the source of data that did not come from the person.
async fn where_a_person_comes_from_is_kept(database: &TestDatabase) {
    let store = database.store().await;
    let person = pending("anna@example.org");
    let from = |agreed_at| {
        let plain = event(Action::Imported);
        ConsentEvent {
            evidence: Evidence {
                provenance: Some(Provenance {
                    source: "CRM export of October".parse().unwrap(),
                    agreed_at,
                }),
                ..plain.evidence
            },
            receipt: plain.receipt,
        }
    };
    let events = vec![
        from(Some(minutes(-9))),
        from(None),
        event(Action::Confirmed),
    ];
    let entered = Change {
        events: events.clone(),
        ..change(person.clone(), true)
    };
    save(&store, &[entered]).await.unwrap();
    assert_eq!(store.events(&acme(), person.id).await.unwrap(), events);
}
