//! Reading people back: whole, in one controller's scope, hidden when they asked for it.

use consentry_domain::{PersonState, Subject, SubjectId, TopicState};
use consentry_service::ports::{Candidates, Confirmations, Filter, Store};
use consentry_storage::SeaOrmStore;

use crate::{
    fixtures::{acme, address, full, insert, minutes, now, other, pending, topic, update},
    support::TestDatabase,
};

on_both! {
    every_field_survives_the_round_trip,
    an_address_is_found_however_it_is_written,
    an_erased_person_is_hidden_from_every_look_up_and_list,
    a_sign_up_during_the_grace_is_a_new_record_beside_the_old_one,
    another_controller_never_sees_a_row,
    a_list_is_narrowed_and_paged,
    candidates_are_those_whose_clock_has_run_oldest_first,
    the_breaker_counts_who_signed_up_in_its_window,
}

async fn every_field_survives_the_round_trip(database: &TestDatabase) {
    let store = database.store().await;
    let mut person = full("Anna.Berg+news@Example.org");
    insert(&store, &person).await;
    let read = store.subject(&acme(), person.id).await.unwrap();
    assert_eq!(read.as_ref(), Some(&person));

    person.requested_address = None;
    person.erased_at = None;
    person.reminded_at = None;
    person.subscriptions[0].state = TopicState::Confirmed;
    person.subscriptions[0].requested_again_at = None;
    update(&store, &person).await;
    let read = store.subject(&acme(), person.id).await.unwrap();
    assert_eq!(read, Some(person));
}

async fn an_address_is_found_however_it_is_written(database: &TestDatabase) {
    let store = database.store().await;
    let person = pending("Anna@Bücher.example");
    insert(&store, &person).await;
    for typed in ["anna@xn--bcher-kva.example", "ANNA@BÜCHER.EXAMPLE"] {
        let found = by_address(&store, typed).await;
        assert_eq!(found.as_ref(), Some(&person), "{typed}");
    }
    assert_eq!(by_address(&store, "anna+x@bücher.example").await, None);
}

/// S0-60, S0-61: hidden at once from every look-up by address and every list.
async fn an_erased_person_is_hidden_from_every_look_up_and_list(database: &TestDatabase) {
    let store = database.store().await;
    let mut person = pending("anna@example.org");
    insert(&store, &person).await;
    person.erased_at = Some(now());
    update(&store, &person).await;

    assert_eq!(by_address(&store, "anna@example.org").await, None);
    assert_eq!(list(&store, &Filter::default()).await, []);
    let mut unit = store.begin().await.unwrap();
    let found = unit
        .live_by_address(&acme(), &[address("anna@example.org")])
        .await;
    assert_eq!(found.unwrap(), [None]);
}

/// S0-66: no resurrection of the hidden row; uniqueness holds among living rows only.
async fn a_sign_up_during_the_grace_is_a_new_record_beside_the_old_one(database: &TestDatabase) {
    let store = database.store().await;
    let mut old = pending("anna@example.org");
    insert(&store, &old).await;
    old.erased_at = Some(now());
    update(&store, &old).await;

    let new = pending("anna@example.org");
    insert(&store, &new).await;
    let found = by_address(&store, "anna@example.org").await;
    assert_eq!(found.as_ref(), Some(&new));
    assert_eq!(store.subject(&acme(), old.id).await.unwrap(), Some(old));
}

async fn another_controller_never_sees_a_row(database: &TestDatabase) {
    let store = database.store().await;
    let here = pending("anna@example.org");
    let there = Subject {
        controller: other(),
        ..pending("anna@example.org")
    };
    insert(&store, &here).await;
    insert(&store, &there).await;

    assert_eq!(store.subject(&other(), here.id).await.unwrap(), None);
    let found = store
        .subject_by_address(&other(), &address("anna@example.org"))
        .await;
    assert_eq!(found.unwrap().as_ref(), Some(&there));
    assert_eq!(list(&store, &Filter::default()).await, [here.id]);
    let mut unit = store.begin().await.unwrap();
    let found = unit.by_id(&acme(), &[there.id, here.id]).await.unwrap();
    assert_eq!(found, [None, Some(here)]);
}

async fn a_list_is_narrowed_and_paged(database: &TestDatabase) {
    let store = database.store().await;
    let waiting = pending("anna@example.org");
    let mut gone = pending("ben@example.org");
    gone.subscriptions[0].state = TopicState::Unsubscribed;
    let mut active = pending("cleo@example.org");
    active.subscriptions[0].state = TopicState::Confirmed;
    active.subscriptions[0].topic = topic("demo");
    for person in [&waiting, &gone, &active] {
        insert(&store, person).await;
    }

    let in_state = |state| Filter {
        state: Some(state),
        topic: None,
    };
    let of_topic = |name| Filter {
        state: None,
        topic: Some(topic(name)),
    };
    assert_eq!(
        list(&store, &in_state(PersonState::Unsubscribed)).await,
        [gone.id]
    );
    assert_eq!(list(&store, &of_topic("newsletter")).await, [waiting.id]);
    assert_eq!(list(&store, &of_topic("demo")).await, [active.id]);

    let all = list(&store, &Filter::default()).await;
    assert_eq!(all.len(), 3);
    let first = store.list(&acme(), &Filter::default(), None, 2).await;
    assert_eq!(ids(&first.unwrap()), all[..2]);
    let rest = store
        .list(&acme(), &Filter::default(), Some(all[1]), 2)
        .await;
    assert_eq!(ids(&rest.unwrap()), all[2..]);
}

async fn candidates_are_those_whose_clock_has_run_oldest_first(database: &TestDatabase) {
    let store = database.store().await;
    let since = |typed: &str, age: i64| Subject {
        first_submitted_at: minutes(-age),
        ..pending(typed)
    };
    let young = since("young@example.org", 1);
    let old = since("old@example.org", 20);
    let older = since("older@example.org", 30);
    let reminded = Subject {
        reminded_at: Some(now()),
        ..since("reminded@example.org", 40)
    };
    let restricted = Subject {
        restricted_at: Some(now()),
        ..since("restricted@example.org", 50)
    };
    let erased = Subject {
        erased_at: Some(minutes(-10)),
        ..since("erased@example.org", 60)
    };
    let mut confirmed = since("confirmed@example.org", 70);
    confirmed.subscriptions[0].state = TopicState::Confirmed;
    confirmed.last_interaction_at = minutes(-30);
    let mut active = since("active@example.org", 70);
    active.subscriptions[0].state = TopicState::Confirmed;
    active.last_interaction_at = minutes(-10);
    let everybody = [
        &active,
        &young,
        &old,
        &older,
        &reminded,
        &restricted,
        &erased,
        &confirmed,
    ];
    for person in everybody {
        insert(&store, person).await;
    }

    let due = async |candidates, limit| {
        let found = store.candidates(&acme(), candidates, limit).await;
        found.unwrap()
    };
    let cutoff = minutes(-20);
    assert_eq!(
        due(Candidates::ToRemind(cutoff), 9).await,
        [older.id, old.id]
    );
    assert_eq!(due(Candidates::ToRemind(cutoff), 1).await, [older.id]);
    let unconfirmed = due(Candidates::UnconfirmedSince(cutoff.into()), 9).await;
    assert_eq!(unconfirmed, [reminded.id, older.id, old.id]);
    let inactive = due(Candidates::InactiveSince(cutoff.into()), 9).await;
    assert_eq!(inactive, [confirmed.id]);
    assert_eq!(
        due(Candidates::ErasedSince(minutes(-10).into()), 9).await,
        [erased.id]
    );
    assert_eq!(
        due(Candidates::ErasedSince(minutes(-11).into()), 9).await,
        []
    );
}

async fn by_address(store: &SeaOrmStore, typed: &str) -> Option<Subject> {
    let found = store.subject_by_address(&acme(), &address(typed)).await;
    found.unwrap()
}

async fn list(store: &SeaOrmStore, filter: &Filter) -> Vec<SubjectId> {
    ids(&store.list(&acme(), filter, None, 100).await.unwrap())
}

fn ids(people: &[Subject]) -> Vec<SubjectId> {
    people.iter().map(|person| person.id).collect()
}

/// What the breaker judges by: whoever confirmed and whoever did not, first submitted after the one
/// instant and up to the other, of this controller; nobody who left or asked for erasure.
async fn the_breaker_counts_who_signed_up_in_its_window(database: &TestDatabase) {
    let store = database.store().await;
    let signed_up = async |number: u32, minute: i64, state: Option<TopicState>| {
        let mut person = pending(&format!("person{number}@example.org"));
        person.first_submitted_at = minutes(minute);
        match state {
            Some(state) => person.subscriptions[0].state = state,
            None => person.erased_at = Some(now()),
        }
        if number == 9 {
            person.controller = other();
        }
        insert(&store, &person).await;
    };
    signed_up(1, 0, Some(TopicState::Pending)).await;
    signed_up(2, 1, Some(TopicState::Pending)).await;
    signed_up(3, 2, Some(TopicState::Confirmed)).await;
    signed_up(4, 3, Some(TopicState::Pending)).await;
    signed_up(5, 3, Some(TopicState::Unsubscribed)).await;
    signed_up(6, 3, None).await;
    signed_up(7, 4, Some(TopicState::Confirmed)).await;
    signed_up(9, 2, Some(TopicState::Pending)).await;
    let found = store.confirmations(&acme(), minutes(0), minutes(3)).await;
    let expected = Confirmations {
        confirmed: 1,
        unconfirmed: 2,
    };
    assert_eq!(found, Ok(expected));
    let none = store.confirmations(&acme(), minutes(5), minutes(9)).await;
    assert_eq!(none, Ok(Confirmations::default()));
}
