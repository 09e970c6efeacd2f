//! Units of work: all or nothing, one at a time for each person, sets at once.

use consentry_domain::{Action, LetterKind, Subject};
use consentry_service::ports::{Change, Store, StoreError};
use consentry_storage::SeaOrmStore;

use crate::{
    fixtures::{
        acme, address, change, event, insert, letter, now, other, pending, save, topic, update,
    },
    support::{TestDatabase, on_postgres},
};

on_both! {
    state_evidence_and_letter_are_committed_together,
    a_unit_that_is_dropped_leaves_nothing,
    a_second_living_record_of_one_address_is_a_conflict,
    of_two_sign_ups_of_one_address_at_once_one_record_comes,
    changing_to_an_address_in_use_is_a_conflict,
    a_person_who_was_not_read_cannot_be_changed,
    what_is_read_is_locked_until_the_end,
    thousands_of_changes_are_saved_as_one_set,
    evidence_is_read_in_the_order_in_which_it_was_written,
}

/// S0-29: the address, its evidence and the letter are in the database before the answer.
async fn state_evidence_and_letter_are_committed_together(database: &TestDatabase) {
    let store = database.store().await;
    let person = pending("anna@example.org");
    let requested = event(Action::Requested);
    let sign_up = Change {
        events: vec![requested.clone()],
        letters: vec![letter(LetterKind::Confirmation)],
        ..change(person.clone(), true)
    };
    save(&store, &[sign_up]).await.unwrap();
    store.close().await.unwrap();

    let store = database.store().await;
    assert_eq!(store.events(&acme(), person.id).await.unwrap(), [requested]);
    assert_eq!(store.events(&other(), person.id).await.unwrap(), []);
    assert_eq!(database.count("consentry_letters").await, 1);
}

async fn a_unit_that_is_dropped_leaves_nothing(database: &TestDatabase) {
    let store = database.store().await;
    let mut unit = store.begin().await.unwrap();
    let sign_up = Change {
        events: vec![event(Action::Requested)],
        letters: vec![letter(LetterKind::Confirmation)],
        ..change(pending("anna@example.org"), true)
    };
    unit.save(&[sign_up]).await.unwrap();
    drop(unit);
    // The next unit waits for the end of the one that was dropped.
    insert(&store, &pending("anna@example.org")).await;
    assert_eq!(database.count("consentry_subjects").await, 1);
    assert_eq!(database.count("consentry_consent_events").await, 0);
    assert_eq!(database.count("consentry_letters").await, 0);
}

async fn a_second_living_record_of_one_address_is_a_conflict(database: &TestDatabase) {
    let store = database.store().await;
    insert(&store, &pending("anna@example.org")).await;
    let second = change(pending("ANNA@example.org"), true);
    let first_of_ben = change(pending("ben@example.org"), true);
    let saved = save(&store, &[first_of_ben, second]).await;
    assert!(matches!(saved, Err(StoreError::Conflict)));
    assert_eq!(database.count("consentry_subjects").await, 1);
}

async fn of_two_sign_ups_of_one_address_at_once_one_record_comes(database: &TestDatabase) {
    let store = database.store().await;
    let sign_up = async || -> Result<bool, StoreError> {
        let mut unit = store.begin().await?;
        let addresses = [address("anna@example.org")];
        if unit.live_by_address(&acme(), &addresses).await?[0].is_some() {
            return Ok(false);
        }
        let new = change(pending("anna@example.org"), true);
        unit.save(&[new]).await?;
        unit.commit().await?;
        Ok(true)
    };
    let (one, two) = tokio::join!(sign_up(), sign_up());
    let is_first = |ended: &Result<bool, _>| matches!(ended, Ok(true));
    let is_second =
        |ended: &Result<bool, _>| matches!(ended, Ok(false) | Err(StoreError::Conflict));
    assert!(is_first(&one) && is_second(&two) || is_first(&two) && is_second(&one));
    assert_eq!(database.count("consentry_subjects").await, 1);
}

async fn changing_to_an_address_in_use_is_a_conflict(database: &TestDatabase) {
    let store = database.store().await;
    let mut anna = pending("anna@example.org");
    insert(&store, &anna).await;
    insert(&store, &pending("ben@example.org")).await;
    anna.address = address("ben@example.org");
    let saved = save(&store, &[change(anna, false)]).await;
    assert!(matches!(saved, Err(StoreError::Conflict)));
}

/// PostgreSQL writes down what a statement that fails was about. Neither a sign-up nor a change of
/// address to one that somebody holds leaves its look-up index in the server's log.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conflict_writes_no_index_into_the_servers_log() {
    on_postgres(async |database: &TestDatabase| {
        let store = database.store().await;
        let mut anna = pending("anna@conflict.example");
        insert(&store, &anna).await;
        insert(&store, &pending("ben@conflict.example")).await;
        anna.address = address("ben@conflict.example");
        for change in [
            change(anna, false),
            change(pending("ben@conflict.example"), true),
        ] {
            let saved = save(&store, &[change]).await;
            assert!(matches!(saved, Err(StoreError::Conflict)));
        }
        let indexes = "SELECT encode(address_index, 'hex') FROM consentry_subjects";
        let indexes: Vec<String> = database.column(indexes).await;
        assert_eq!(indexes.len(), 2);
        // Beside the cluster, where tests/with-postgres lets it write.
        let log = "SELECT pg_read_file(current_setting('data_directory') || '/../server.log')";
        let log: String = database.column(log).await.remove(0);
        assert!(log.contains("ready to accept connections"), "not the log");
        assert!(!indexes.iter().any(|index| log.contains(index)));
    })
    .await;
}

async fn a_person_who_was_not_read_cannot_be_changed(database: &TestDatabase) {
    let store = database.store().await;
    let person = pending("anna@example.org");
    insert(&store, &person).await;
    let mut unit = store.begin().await.unwrap();
    let saved = unit.save(&[change(person, false)]).await;
    assert!(matches!(saved, Err(StoreError::Conflict)));
}

async fn what_is_read_is_locked_until_the_end(database: &TestDatabase) {
    const TURNS: u16 = 20;
    let store = database.store().await;
    let (one, two) = (pending("anna@example.org"), pending("ben@example.org"));
    insert(&store, &one).await;
    insert(&store, &two).await;
    // Each asks in another order; neither loses a turn, and nobody waits for ever.
    let there = count_up(&store, [&one, &two], TURNS);
    let back = count_up(&store, [&two, &one], TURNS);
    tokio::join!(there, back);
    for person in [one, two] {
        let read = store.subject(&acme(), person.id).await.unwrap().unwrap();
        assert_eq!(read.generation, 2 * TURNS);
    }
}

async fn count_up(store: &SeaOrmStore, people: [&Subject; 2], turns: u16) {
    for _ in 0..turns {
        let mut unit = store.begin().await.unwrap();
        let ids = people.map(|person| person.id);
        let read = unit.by_id(&acme(), &ids).await.unwrap();
        let changes: Vec<_> = read
            .into_iter()
            .flatten()
            .map(|mut person| {
                person.generation += 1;
                change(person, false)
            })
            .collect();
        unit.save(&changes).await.unwrap();
        unit.commit().await.unwrap();
    }
}

async fn thousands_of_changes_are_saved_as_one_set(database: &TestDatabase) {
    const PEOPLE: i64 = 2_100;
    let store = database.store().await;
    let sign_ups: Vec<_> = (0..PEOPLE)
        .map(|number| Change {
            events: vec![event(Action::Requested)],
            letters: vec![letter(LetterKind::Confirmation)],
            ..change(pending(&format!("p{number}@example.org")), true)
        })
        .collect();
    save(&store, &sign_ups).await.unwrap();

    let addresses: Vec<_> = sign_ups
        .iter()
        .map(|sign_up| sign_up.subject.address.clone())
        .collect();
    let mut unit = store.begin().await.unwrap();
    let read = unit.live_by_address(&acme(), &addresses).await.unwrap();
    let changes: Vec<_> = read
        .into_iter()
        .flatten()
        .zip(&sign_ups)
        .map(|(mut person, sign_up)| {
            assert_eq!(person, sign_up.subject);
            person.reminded_at = Some(now());
            Change {
                cancelled: vec![LetterKind::Confirmation],
                ..change(person, false)
            }
        })
        .collect();

    unit.save(&changes).await.unwrap();
    unit.commit().await.unwrap();

    for rows in [
        "consentry_subjects WHERE reminded_at IS NOT NULL",
        "consentry_subscriptions",
        "consentry_consent_events",
        "consentry_letters WHERE state = 'cancelled'",
    ] {
        assert_eq!(database.count(rows).await, PEOPLE, "{rows}");
    }
}

/// S0-58: what happened earlier stays, in order, whatever comes after.
async fn evidence_is_read_in_the_order_in_which_it_was_written(database: &TestDatabase) {
    let store = database.store().await;
    let mut person = pending("anna@example.org");
    let actions = [
        [Action::Requested, Action::Confirmed],
        [Action::Objected, Action::RequestedAgain],
    ];
    let mut written = Vec::new();
    for (round, actions) in actions.into_iter().enumerate() {
        let events = actions.map(event).to_vec();
        written.extend(events.clone());
        let happened = Change {
            events,
            ..change(person.clone(), round == 0)
        };
        save(&store, &[happened]).await.unwrap();
    }
    assert_eq!(store.events(&acme(), person.id).await.unwrap(), written);

    // A topic that is added later comes last, and the others stay.
    let mut added = person.subscriptions[0].clone();
    added.topic = topic("a-later-one");
    person.subscriptions.push(added);
    update(&store, &person).await;
    assert_eq!(
        store.subject(&acme(), person.id).await.unwrap(),
        Some(person)
    );
}
