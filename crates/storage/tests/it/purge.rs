//! Purging: rows, what hangs on them, and their bytes.

use consentry_domain::{Action, LetterKind, Subject};
use consentry_service::ports::{Change, HandOver, PurgeReason, Store};
use consentry_storage::SeaOrmStore;

use crate::{
    fixtures::{acme, change, event, insert, letter, now, other, pending, save, worker},
    sealed::found,
    support::{TestDatabase, on_sqlite},
};

on_both! {
    a_purge_removes_everything_that_hangs_on_a_record,
    a_tombstone_links_to_nobody,
    a_purge_stays_within_its_controller,
    a_purged_letter_is_neither_handed_over_nor_settled,
    cleaning_is_done_once_for_each_purge,
}

const HANGING: [&str; 4] = [
    "consentry_subjects",
    "consentry_subscriptions",
    "consentry_consent_events",
    "consentry_letters",
];

async fn a_purge_removes_everything_that_hangs_on_a_record(database: &TestDatabase) {
    let store = database.store().await;
    let gone = insert_with_everything(&store, "anna@example.org").await;
    insert_with_everything(&store, "ben@example.org").await;
    purge(&store, &gone).await;
    for table in HANGING {
        assert_eq!(database.count(table).await, 1, "{table}");
    }
    assert_eq!(store.subject(&acme(), gone.id).await.unwrap(), None);
    assert_eq!(store.events(&acme(), gone.id).await.unwrap(), []);
}

/// S0-63: what remains says which rule removed a record on which day, of whom it does not say.
async fn a_tombstone_links_to_nobody(database: &TestDatabase) {
    let store = database.store().await;
    let gone = insert_with_everything(&store, "anna@example.org").await;
    purge(&store, &gone).await;
    let column = async |name: &str| {
        let sql = format!("SELECT {name} FROM consentry_tombstones");
        database.column::<String>(&sql).await
    };
    assert_eq!(column("controller").await, ["acme"]);
    assert_eq!(column("reason").await, ["erased"]);
    assert_eq!(column("purged_on").await, ["2026-11-22"]);
    let numbers = database
        .column::<i64>("SELECT id FROM consentry_tombstones")
        .await;
    assert_ne!(numbers, [gone.id.0.cast_signed()]);
}

async fn a_purge_stays_within_its_controller(database: &TestDatabase) {
    let store = database.store().await;
    let person = insert_with_everything(&store, "anna@example.org").await;
    let mut unit = store.begin().await.unwrap();
    unit.purge(&other(), &[person.id], PurgeReason::Erased, now())
        .await
        .unwrap();
    unit.commit().await.unwrap();
    assert_eq!(database.count("consentry_subjects").await, 1);
    assert_eq!(database.count("consentry_tombstones").await, 0);
}

async fn a_purged_letter_is_neither_handed_over_nor_settled(database: &TestDatabase) {
    let store = database.store().await;
    let person = insert_with_everything(&store, "anna@example.org").await;
    let a = worker("a");
    let leased = store.lease_letters(&acme(), &a, now(), 9).await.unwrap();
    purge(&store, &person).await;
    let begun = store.begin_hand_overs(&acme(), &a, &[leased[0].id]).await;
    assert_eq!(begun.unwrap(), [HandOver::LeaseLost]);
    assert_eq!(database.count("consentry_letters").await, 0);
}

async fn cleaning_is_done_once_for_each_purge(database: &TestDatabase) {
    let pending_cleaning = "SELECT purged - cleaned FROM consentry_purges";
    let store = database.store().await;
    for typed in ["anna@example.org", "ben@example.org"] {
        let person = insert_with_everything(&store, typed).await;
        purge(&store, &person).await;
        assert_eq!(database.column::<i64>(pending_cleaning).await, [1]);
        assert!(store.clean_purged_bytes().await.unwrap());
        assert_eq!(database.column::<i64>(pending_cleaning).await, [0]);
        assert!(store.clean_purged_bytes().await.unwrap(), "nothing is left");
    }
    insert_with_everything(&store, "cleo@example.org").await;
}

/// S0-64: neither the file nor its WAL holds a byte of what was sealed, of the key that opens it
/// or of the index.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn purged_bytes_are_in_no_sqlite_file() {
    on_sqlite(async |database: &TestDatabase| {
        let store = database.store().await;
        // Many of them, changed and read, so that pages split and copies are made.
        let people: Vec<_> = (0..400)
            .map(|number| pending(&format!("p{number}@example.org")))
            .collect();
        let sign_ups: Vec<_> = people
            .iter()
            .map(|person| with_everything(person.clone()))
            .collect();
        for sign_ups in sign_ups.chunks(7) {
            save(&store, sign_ups).await.unwrap();
        }
        // Statistics keep samples of what is indexed.
        database.execute("ANALYZE").await;
        let mut secrets: Vec<Vec<u8>> = Vec::new();
        for column in ["sealed_address", "wrapped_key", "address_index"] {
            let sql = format!("SELECT {column} FROM consentry_subjects");
            secrets.extend(database.column::<Vec<u8>>(&sql).await);
        }
        let receipts = database
            .column::<String>("SELECT receipt FROM consentry_consent_events")
            .await;
        secrets.extend(receipts.into_iter().map(String::into_bytes));
        let folder = database.folder.as_ref().unwrap().path();
        let lingering = |secrets: &[Vec<u8>]| found(folder, secrets);
        assert_eq!(lingering(&secrets), secrets.len(), "the search finds them");

        let ids: Vec<_> = people.iter().map(|person| person.id).collect();
        let mut unit = store.begin().await.unwrap();
        unit.purge(&acme(), &ids, PurgeReason::Unconfirmed, now())
            .await
            .unwrap();
        unit.commit().await.unwrap();
        assert!(store.clean_purged_bytes().await.unwrap());
        assert_eq!(lingering(&secrets), 0);
        let numbers: Vec<_> = people
            .iter()
            .map(|person| person.id.0.to_be_bytes().to_vec())
            .collect();
        // The journal alone names the record, for as long as a backup may hold it.
        assert_eq!(store.prune_journal(&acme(), now()).await.unwrap(), 400);
        let later = insert_with_everything(&store, "later@example.org").await;
        purge(&store, &later).await;
        assert!(store.clean_purged_bytes().await.unwrap());
        assert_eq!(lingering(&numbers), 0);
    })
    .await;
}

/// A reader keeps old pages alive: cleaning says so and is repeated.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cleaning_beside_a_reader_is_put_off() {
    use sea_orm::ConnectionTrait;
    on_sqlite(async |database: &TestDatabase| {
        let store = database.store().await;
        let person = insert_with_everything(&store, "anna@example.org").await;
        let reader = database.raw().await;
        reader
            .execute_unprepared("BEGIN; SELECT count(*) FROM consentry_subjects")
            .await
            .unwrap();
        purge(&store, &person).await;
        assert!(!store.clean_purged_bytes().await.unwrap());
        reader.execute_unprepared("COMMIT").await.unwrap();
        assert!(store.clean_purged_bytes().await.unwrap());
        assert_eq!(
            database
                .column::<i64>("SELECT purged - cleaned FROM consentry_purges")
                .await,
            [0]
        );
    })
    .await;
}

fn with_everything(person: Subject) -> Change {
    Change {
        events: vec![event(Action::Requested)],
        letters: vec![letter(LetterKind::Confirmation)],
        ..change(person, true)
    }
}

async fn insert_with_everything(store: &SeaOrmStore, typed: &str) -> Subject {
    let person = pending(typed);
    save(store, &[with_everything(person.clone())])
        .await
        .unwrap();
    person
}

async fn purge(store: &SeaOrmStore, person: &Subject) {
    let mut unit = store.begin().await.unwrap();
    let reason = PurgeReason::Erased;
    unit.purge(&acme(), &[person.id], reason, now())
        .await
        .unwrap();
    unit.commit().await.unwrap();
}

/// Somebody whose period has ended makes room for a new record of the same address in one commit.
mod in_one_unit {
    use super::{PurgeReason, Store, TestDatabase, acme, change, insert, now, pending};

    on_both! { a_purge_and_a_new_record_of_the_same_address_go_together, }

    async fn a_purge_and_a_new_record_of_the_same_address_go_together(database: &TestDatabase) {
        let store = database.store().await;
        let old = pending("anna@example.org");
        insert(&store, &old).await;
        let mut unit = store.begin().await.unwrap();
        let addresses = [old.address.clone()];
        unit.live_by_address(&acme(), &addresses).await.unwrap();
        unit.purge(&acme(), &[old.id], PurgeReason::Unconfirmed, now())
            .await
            .unwrap();
        let new = pending("anna@example.org");
        unit.save(&[change(new.clone(), true)]).await.unwrap();
        unit.commit().await.unwrap();
        let found = store.subject_by_address(&acme(), &old.address).await;
        assert_eq!(found.unwrap(), Some(new));
    }
}
