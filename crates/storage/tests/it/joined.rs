//! Units of work inside a transaction of somebody else's: theirs decides, and ours fails alone.

use std::time::Duration;

use consentry_domain::{Action, LetterKind};
use consentry_service::ports::{Change, PurgeReason, Store, StoreError};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};

use crate::{
    fixtures::{acme, address, change, event, insert, letter, now, pending, save},
    support::{TestDatabase, on_postgres, ring},
};

on_both! {
    what_is_joined_lasts_when_the_outer_transaction_commits,
    what_is_joined_is_undone_with_the_outer_transaction,
    a_unit_that_fails_leaves_the_outer_transaction_usable,
    a_deferred_transaction_waits_for_a_writer_of_ours,
    of_two_outer_transactions_the_second_sees_what_the_first_committed,
}

/// The application's own connection, and a table of its own.
async fn application(database: &TestDatabase) -> DatabaseConnection {
    let connection = sea_orm::Database::connect(&database.url).await.unwrap();
    let table = "CREATE TABLE accounts (email TEXT PRIMARY KEY)";
    connection.execute_unprepared(table).await.unwrap();
    connection
}

#[expect(clippy::disallowed_methods, reason = "the application's own")]
async fn begin(connection: &DatabaseConnection, database: &TestDatabase) -> DatabaseTransaction {
    let immediate = SqliteTransactionMode::Immediate;
    let options = TransactionOptions {
        sqlite_transaction_mode: database.is_sqlite().then_some(immediate),
        ..TransactionOptions::default()
    };
    connection.begin_with_options(options).await.unwrap()
}

async fn create_account(transaction: &DatabaseTransaction, email: &str) {
    let insert = format!("INSERT INTO accounts VALUES ('{email}')");
    transaction.execute_unprepared(&insert).await.unwrap();
}

fn sign_up(email: &str) -> Change {
    Change {
        events: vec![event(Action::Requested)],
        letters: vec![letter(LetterKind::Confirmation)],
        ..change(pending(email), true)
    }
}

async fn what_is_joined_lasts_when_the_outer_transaction_commits(database: &TestDatabase) {
    let store = database.store().await;
    let application = application(database).await;
    let transaction = begin(&application, database).await;
    create_account(&transaction, "anna").await;
    let mut unit = store.join(&transaction).await.unwrap();
    unit.save(&[sign_up("anna@example.org")]).await.unwrap();
    unit.commit().await.unwrap();
    assert_eq!(database.count("consentry_subjects").await, 0, "not yet");
    transaction.commit().await.unwrap();
    assert_eq!(database.count("accounts").await, 1);
    assert_eq!(database.count("consentry_letters").await, 1);
    let anna = address("anna@example.org");
    let found = store.subject_by_address(&acme(), &anna).await.unwrap();
    assert!(found.is_some());
}

async fn what_is_joined_is_undone_with_the_outer_transaction(database: &TestDatabase) {
    let store = database.store().await;
    let application = application(database).await;
    let transaction = begin(&application, database).await;
    let mut unit = store.join(&transaction).await.unwrap();
    unit.save(&[sign_up("anna@example.org")]).await.unwrap();
    unit.commit().await.unwrap();
    create_account(&transaction, "anna").await;
    drop(transaction);
    // The next writer waits for the end of the one that was dropped.
    insert(&store, &pending("carl@example.org")).await;
    assert_eq!(database.count("accounts").await, 0);
    assert_eq!(database.count("consentry_subjects").await, 1);
    assert_eq!(database.count("consentry_letters").await, 0);
}

/// A conflict, and a unit that is dropped, undo what the unit did and nothing else; on PostgreSQL an
/// error would end the whole transaction without its savepoint.
async fn a_unit_that_fails_leaves_the_outer_transaction_usable(database: &TestDatabase) {
    let store = database.store().await;
    let application = application(database).await;
    insert(&store, &pending("anna@example.org")).await;
    let transaction = begin(&application, database).await;
    create_account(&transaction, "anna").await;

    let mut unit = store.join(&transaction).await.unwrap();
    let conflict = unit
        .save(&[sign_up("bert@example.org"), sign_up("anna@example.org")])
        .await;
    assert_eq!(conflict, Err(StoreError::Conflict));
    drop(unit);
    let mut unit = store.join(&transaction).await.unwrap();
    unit.save(&[sign_up("bert@example.org")]).await.unwrap();
    drop(unit);

    let mut unit = store.join(&transaction).await.unwrap();
    unit.save(&[sign_up("carl@example.org")]).await.unwrap();
    unit.commit().await.unwrap();
    create_account(&transaction, "carl").await;
    transaction.commit().await.unwrap();
    assert_eq!(database.count("accounts").await, 2);
    assert_eq!(database.count("consentry_subjects").await, 2);
    assert_eq!(database.count("consentry_letters").await, 1);
}

/// SQLite refuses at once whoever has read and then wants to write after somebody else did; a unit
/// therefore takes the write lock before it reads.
async fn a_deferred_transaction_waits_for_a_writer_of_ours(database: &TestDatabase) {
    let store = database.store().await;
    let application = application(database).await;
    let writer = {
        let mut unit = store.begin().await.unwrap();
        unit.save(&[sign_up("anna@example.org")]).await.unwrap();
        unit
    };
    let joined = async {
        #[expect(clippy::disallowed_methods, reason = "the application's own")]
        let transaction = application.begin().await.unwrap();
        let mut unit = store.join(&transaction).await.unwrap();
        let bert = [address("bert@example.org")];
        let known = unit.live_by_address(&acme(), &bert).await.unwrap();
        assert!(known[0].is_none());
        unit.save(&[sign_up("bert@example.org")]).await.unwrap();
        unit.commit().await.unwrap();
        transaction.commit().await.unwrap();
    };
    let ours = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        writer.commit().await.unwrap();
    };
    tokio::join!(joined, ours);
    assert_eq!(database.count("consentry_subjects").await, 2);
}

async fn of_two_outer_transactions_the_second_sees_what_the_first_committed(
    database: &TestDatabase,
) {
    let store = database.store().await;
    let application = application(database).await;
    let anna = [address("anna@example.org")];
    let first = begin(&application, database).await;
    let mut unit = store.join(&first).await.unwrap();
    unit.save(&[sign_up("anna@example.org")]).await.unwrap();
    unit.commit().await.unwrap();
    let second = async {
        let second = begin(&application, database).await;
        let seen = async || {
            let mut unit = store.join(&second).await.unwrap();
            let known = unit.live_by_address(&acme(), &anna).await.unwrap();
            if known[0].is_none() {
                // PostgreSQL: nobody is seen yet, and the insert waits for the first to end.
                let lost = unit.save(&[sign_up("anna@example.org")]).await;
                assert_eq!(lost, Err(StoreError::Conflict));
            }
            known[0].is_some()
        };
        assert!(seen().await || seen().await, "in the same transaction");
        second.commit().await.unwrap();
    };
    let commit = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        first.commit().await.unwrap();
    };
    tokio::join!(second, commit);
    assert_eq!(database.count("consentry_subjects").await, 1);
    // Nothing is left locked.
    save(&store, &[sign_up("bert@example.org")]).await.unwrap();
}

/// On PostgreSQL our tables may lie in a schema of their own, and both sides still share a
/// transaction: ours is made on a connection with that search path, the application has both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schema_of_its_own_is_enough() {
    on_postgres(async |database| {
        database.execute("CREATE SCHEMA privacy").await;
        let with_path = |path: &str| TestDatabase {
            url: format!("{}?options=-csearch_path%3D{path}", database.url),
            folder: None,
        };
        let alone = with_path("privacy");
        alone.store().await.close().await.unwrap();
        assert_eq!(database.count("privacy.consentry_subjects").await, 0);

        let both = with_path("public,privacy");
        let store = both.store_with(ring()).await;
        store.check().await.unwrap();
        let application = application(&both).await;
        let transaction = begin(&application, &both).await;
        create_account(&transaction, "anna").await;
        let mut unit = store.join(&transaction).await.unwrap();
        unit.save(&[sign_up("anna@example.org")]).await.unwrap();
        unit.commit().await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(database.count("public.accounts").await, 1);
        assert_eq!(database.count("privacy.consentry_subjects").await, 1);

        let mut unit = store.begin().await.unwrap();
        let person = unit
            .live_by_address(&acme(), &[address("anna@example.org")])
            .await
            .unwrap();
        let ids = [person[0].as_ref().unwrap().id];
        unit.purge(&acme(), &ids, PurgeReason::Unconfirmed, now())
            .await
            .unwrap();
        unit.commit().await.unwrap();
        assert!(store.clean_purged_bytes().await.unwrap());
        assert_eq!(database.count("privacy.consentry_subjects").await, 0);
    })
    .await;
}
