//! The outbox: one worker at a time, no letter lost, none sent that is no longer owed.

use consentry_domain::{LetterKind, TopicState};
use consentry_policy::ControllerId;
use consentry_service::ports::{
    Change, EndedHandOver, HandOver, LeasedLetter, LetterId, LetterState, Reason, Reply,
    Settlement, Store, StoreError, Trouble, WorkerId,
};
use consentry_storage::SeaOrmStore;

use crate::{
    fixtures::{
        acme, change, insert_with_letters, lease, letter, minutes, now, other, save, update, worker,
    },
    support::TestDatabase,
};

on_both! {
    a_letter_is_leased_when_it_is_due_and_by_one_worker_only,
    two_workers_share_the_letters_and_lease_none_twice,
    another_controllers_letters_are_left_alone,
    cancelling_comes_before_queueing,
    a_cancelled_letter_is_not_handed_over_although_it_was_leased,
    the_person_is_read_again_when_the_hand_over_begins,
    a_letter_of_a_dead_worker_is_taken_over,
    a_lease_that_is_renewed_is_not_taken_over,
    a_worker_that_stops_gives_back_what_it_did_not_begin,
    a_hand_over_that_was_cut_off_is_reported_once,
    a_deferred_letter_waits_for_its_next_try,
    a_letter_that_was_cancelled_in_mid_air_is_not_tried_again,
    an_uncertain_letter_is_repeated_when_its_time_comes,
    what_may_have_arrived_stays_uncertain_when_its_repeat_is_cancelled,
    a_row_that_cannot_be_read_is_set_aside_and_holds_up_nobody,
    the_status_counts_letters_and_names_the_oldest_that_is_due,
}

const CONFIRMATION: [LetterKind; 1] = [LetterKind::Confirmation];

async fn a_letter_is_leased_when_it_is_due_and_by_one_worker_only(database: &TestDatabase) {
    let store = database.store().await;
    let person = insert_with_letters(&store, "anna@example.org", &CONFIRMATION).await;
    let early = store
        .lease_letters(&acme(), &worker("a"), minutes(-1), 9)
        .await;
    assert_eq!(early.unwrap(), []);

    let leased = lease(&store, &worker("a")).await;
    let [leased] = leased.as_slice() else {
        panic!("one letter is due")
    };
    assert_eq!(leased.subject, person.id);
    assert_eq!(leased.kind, LetterKind::Confirmation);
    assert_eq!(leased.queued_at, now());
    assert_eq!((leased.attempts, leased.uncertain), (0, 0));
    assert_eq!(lease(&store, &worker("b")).await, []);
}

async fn two_workers_share_the_letters_and_lease_none_twice(database: &TestDatabase) {
    let store = database.store().await;
    for number in 0..20 {
        let typed = format!("p{number}@example.org");
        insert_with_letters(&store, &typed, &CONFIRMATION).await;
    }
    let take_all = async |worker: WorkerId| {
        let mut taken = Vec::new();
        loop {
            let leased = store
                .lease_letters(&acme(), &worker, now(), 3)
                .await
                .unwrap();
            if leased.is_empty() {
                return taken;
            }
            taken.extend(leased.into_iter().map(|letter| letter.id));
        }
    };
    let (mut one, two) = tokio::join!(take_all(worker("a")), take_all(worker("b")));
    one.extend(two);
    one.sort_unstable();
    one.dedup();
    assert_eq!(one.len(), 20);
}

async fn another_controllers_letters_are_left_alone(database: &TestDatabase) {
    let store = database.store().await;
    insert_with_letters(&store, "anna@example.org", &CONFIRMATION).await;
    let a = worker("a");
    let leased = store.lease_letters(&other(), &a, now(), 9).await;
    assert_eq!(leased.unwrap(), []);
    let letter = lease(&store, &a).await.remove(0).id;
    let begun = begin(&store, &other(), &a, letter).await;
    assert_eq!(begun.unwrap(), HandOver::LeaseLost);
    let status = store.outbox_status(&other(), now()).await.unwrap();
    assert_eq!(status.counts, []);
}

async fn cancelling_comes_before_queueing(database: &TestDatabase) {
    let store = database.store().await;
    let kinds = [LetterKind::Confirmation, LetterKind::PreferencesLink];
    let person = insert_with_letters(&store, "anna@example.org", &kinds).await;
    let fresh = letter(LetterKind::Confirmation);
    let again = Change {
        cancelled: CONFIRMATION.to_vec(),
        letters: vec![fresh.clone()],
        ..change(person, false)
    };
    save(&store, &[again]).await.unwrap();

    let leased = lease(&store, &worker("a")).await;
    let confirmations: Vec<_> = leased
        .iter()
        .filter(|letter| letter.kind == LetterKind::Confirmation)
        .map(|letter| letter.id)
        .collect();
    assert_eq!(confirmations, [fresh.id]);
    assert_eq!(leased.len(), 2);
}

/// S0-53: what waits for its hand-over is cancelled with the state that owed it.
async fn a_cancelled_letter_is_not_handed_over_although_it_was_leased(database: &TestDatabase) {
    let store = database.store().await;
    let person = insert_with_letters(&store, "anna@example.org", &CONFIRMATION).await;
    let a = worker("a");
    let leased = lease(&store, &a).await.remove(0);
    cancel(&store, person).await;
    let begun = begin(&store, &acme(), &a, leased.id).await;
    assert_eq!(begun.unwrap(), HandOver::LeaseLost);
    assert_eq!(states(&store).await, [(LetterState::Cancelled, 1)]);
}

/// S0-53: an unsubscription that is committed before the hand-over is seen by it.
async fn the_person_is_read_again_when_the_hand_over_begins(database: &TestDatabase) {
    let store = database.store().await;
    let mut person = insert_with_letters(&store, "anna@example.org", &CONFIRMATION).await;
    let a = worker("a");
    let leased = lease(&store, &a).await.remove(0);
    person.objected_at = Some(now());
    person.subscriptions[0].state = TopicState::Unsubscribed;
    update(&store, &person).await;

    let begun = begin(&store, &acme(), &a, leased.id).await;
    assert_eq!(begun.unwrap(), HandOver::Begun(Box::new(person)));
    assert_eq!(states(&store).await, [(LetterState::Sending, 1)]);
    settle(&store, &a, &leased, Settlement::Cancelled).await;
    assert_eq!(states(&store).await, [(LetterState::Cancelled, 1)]);
}

async fn a_letter_of_a_dead_worker_is_taken_over(database: &TestDatabase) {
    let store = database.store().await;
    insert_with_letters(&store, "anna@example.org", &CONFIRMATION).await;
    let (dead, heir) = (worker("dead"), worker("heir"));
    let leased = lease(&store, &dead).await.remove(0);
    database.expire_leases().await;
    assert_eq!(lease(&store, &heir).await, std::slice::from_ref(&leased));

    let begun = begin(&store, &acme(), &dead, leased.id).await;
    assert_eq!(begun.unwrap(), HandOver::LeaseLost);
    settle(&store, &dead, &leased, Settlement::Sent).await;
    assert_eq!(states(&store).await, [(LetterState::Leased, 1)]);
    let begun = begin(&store, &acme(), &heir, leased.id).await;
    assert!(matches!(begun.unwrap(), HandOver::Begun(_)));
}

async fn a_lease_that_is_renewed_is_not_taken_over(database: &TestDatabase) {
    let store = database.store().await;
    insert_with_letters(&store, "anna@example.org", &CONFIRMATION).await;
    let a = worker("a");
    let leased = lease(&store, &a).await.remove(0);
    database.expire_leases().await;
    let begun = begin(&store, &acme(), &a, leased.id).await;
    assert_eq!(
        begun.unwrap(),
        HandOver::LeaseLost,
        "an expired lease begins nothing"
    );
    store.renew_letters(&acme(), &a, &[]).await.unwrap();
    let begun = begin(&store, &acme(), &a, leased.id).await;
    assert_eq!(
        begun.unwrap(),
        HandOver::LeaseLost,
        "what is not named is not renewed"
    );
    let held = [leased.id];
    store.renew_letters(&acme(), &a, &held).await.unwrap();
    assert_eq!(lease(&store, &worker("b")).await, []);
    let begun = begin(&store, &acme(), &a, leased.id).await;
    assert!(matches!(begun.unwrap(), HandOver::Begun(_)));
}

async fn a_worker_that_stops_gives_back_what_it_did_not_begin(database: &TestDatabase) {
    let store = database.store().await;
    insert_with_letters(&store, "anna@example.org", &CONFIRMATION).await;
    insert_with_letters(&store, "bert@example.org", &CONFIRMATION).await;
    let (stopping, heir) = (worker("stopping"), worker("heir"));
    let leased = lease(&store, &stopping).await;
    let begun = begin(&store, &acme(), &stopping, leased[0].id).await;
    assert!(matches!(begun.unwrap(), HandOver::Begun(_)));
    store.release_letters(&acme(), &stopping).await.unwrap();
    let taken = lease(&store, &heir).await;
    assert_eq!(taken.len(), 1, "what was begun is not given back");
    assert_eq!(taken[0].id, leased[1].id);
}

async fn a_hand_over_that_was_cut_off_is_reported_once(database: &TestDatabase) {
    let store = database.store().await;
    insert_with_letters(&store, "anna@example.org", &CONFIRMATION).await;
    let (dead, heir) = (worker("dead"), worker("heir"));
    let leased = lease(&store, &dead).await.remove(0);
    begin(&store, &acme(), &dead, leased.id).await.unwrap();
    let abandoned = async |worker| {
        let found = store.abandoned_letters(&acme(), worker, 9).await;
        found.unwrap()
    };
    assert_eq!(abandoned(&heir).await, [], "the worker may still be alive");

    database.expire_leases().await;
    assert_eq!(
        lease(&store, &heir).await,
        [],
        "nobody knows whether it arrived"
    );
    let found = abandoned(&heir).await;
    assert_eq!(found[0].id, leased.id);
    assert_eq!(found[0].attempts, 1);
    assert_eq!(abandoned(&worker("third")).await, []);
    settle(&store, &heir, &found[0], Settlement::Uncertain(None)).await;
    assert_eq!(states(&store).await, [(LetterState::Uncertain, 1)]);
    assert_eq!(lease(&store, &heir).await, []);
}

async fn a_deferred_letter_waits_for_its_next_try(database: &TestDatabase) {
    let store = database.store().await;
    insert_with_letters(&store, "anna@example.org", &CONFIRMATION).await;
    let a = worker("a");
    let first = hand_over(&store, &a).await;
    let ended = EndedHandOver {
        letter: first.id,
        settlement: Settlement::Retry(minutes(10)),
        trouble: Some(Trouble {
            reason: Reason::Deferred,
            reply: Some(Reply {
                code: 451,
                status: "4.7.1".parse().ok(),
            }),
        }),
    };
    store.settle(&acme(), &a, &[ended], now()).await.unwrap();
    assert_eq!(
        database
            .column::<String>(
                "SELECT reason || ' ' || reply_code || ' ' || reply_status FROM consentry_letters"
            )
            .await,
        ["deferred 451 4.7.1"]
    );
    assert_eq!(lease(&store, &a).await, []);
    let again = store.lease_letters(&acme(), &a, minutes(10), 9).await;
    let again = again.unwrap().remove(0);
    assert_eq!(again.queued_at, first.queued_at);
    assert_eq!((again.attempts, again.uncertain), (1, 0));
}

async fn a_letter_that_was_cancelled_in_mid_air_is_not_tried_again(database: &TestDatabase) {
    let store = database.store().await;
    let person = insert_with_letters(&store, "anna@example.org", &CONFIRMATION).await;
    let a = worker("a");
    let letter = hand_over(&store, &a).await;
    cancel(&store, person).await;
    assert_eq!(states(&store).await, [(LetterState::Sending, 1)]);
    settle(&store, &a, &letter, Settlement::Retry(now())).await;
    assert_eq!(states(&store).await, [(LetterState::Cancelled, 1)]);
    assert_eq!(lease(&store, &a).await, []);
}

async fn an_uncertain_letter_is_repeated_when_its_time_comes(database: &TestDatabase) {
    let store = database.store().await;
    insert_with_letters(&store, "anna@example.org", &CONFIRMATION).await;
    let a = worker("a");
    let first = hand_over(&store, &a).await;
    settle(&store, &a, &first, Settlement::Uncertain(Some(minutes(15)))).await;
    assert_eq!(lease(&store, &a).await, []);
    let again = store.lease_letters(&acme(), &a, minutes(15), 9).await;
    let again = again.unwrap().remove(0);
    assert_eq!(
        again.id, first.id,
        "the same number, so the same Message-ID"
    );
    assert_eq!((again.attempts, again.uncertain), (1, 1));
}

async fn what_may_have_arrived_stays_uncertain_when_its_repeat_is_cancelled(
    database: &TestDatabase,
) {
    let store = database.store().await;
    let person = insert_with_letters(&store, "anna@example.org", &CONFIRMATION).await;
    let a = worker("a");
    let letter = hand_over(&store, &a).await;
    settle(&store, &a, &letter, Settlement::Uncertain(Some(now()))).await;
    cancel(&store, person).await;
    assert_eq!(lease(&store, &a).await, []);
    assert_eq!(states(&store).await, [(LetterState::Uncertain, 1)]);
}

/// A damaged row, or one of a newer version after a downgrade.
async fn a_row_that_cannot_be_read_is_set_aside_and_holds_up_nobody(database: &TestDatabase) {
    let store = database.store().await;
    for name in ["anna", "ben", "carl"] {
        let typed = format!("{name}@example.org");
        insert_with_letters(&store, &typed, &CONFIRMATION).await;
    }
    let damaged = "UPDATE consentry_letters SET kind = 'pigeon'
                   WHERE id = (SELECT min(id) FROM consentry_letters)";
    database.execute(damaged).await;
    let a = worker("a");
    assert_eq!(lease(&store, &a).await.len(), 2);
    let expected = [(LetterState::Failed, 1), (LetterState::Leased, 2)];
    let status = store.outbox_status(&acme(), now()).await.unwrap();
    assert_eq!(status.counts, expected);
    assert_eq!(status.troubles[0].trouble, Reason::Unreadable.into());
    let failed = Some(LetterState::Failed);
    let listed = store.list_letters(&acme(), failed, None, 9).await.unwrap();
    assert_eq!((listed.len(), listed[0].kind.as_str()), (1, "pigeon"));
}

async fn the_status_counts_letters_and_names_the_oldest_that_is_due(database: &TestDatabase) {
    let store = database.store().await;
    insert_with_letters(&store, "anna@example.org", &CONFIRMATION).await;
    let a = worker("a");
    let sent = hand_over(&store, &a).await;
    settle(&store, &a, &sent, Settlement::Sent).await;
    let early = store.outbox_status(&acme(), now()).await.unwrap();
    assert_eq!(early.oldest_due, None);

    let kinds = [LetterKind::Reminder, LetterKind::PreferencesLink];
    insert_with_letters(&store, "ben@example.org", &kinds).await;
    let early = store.outbox_status(&acme(), minutes(-1)).await.unwrap();
    assert_eq!(early.oldest_due, None);
    let late = store.outbox_status(&acme(), minutes(5)).await.unwrap();
    assert_eq!(late.oldest_due, Some(now()));
    let counts = [(LetterState::Queued, 2), (LetterState::Sent, 1)];
    assert_eq!(late.counts, counts);
}

async fn begin(
    store: &SeaOrmStore,
    controller: &ControllerId,
    worker: &WorkerId,
    letter: LetterId,
) -> Result<HandOver, StoreError> {
    let begun = store.begin_hand_overs(controller, worker, &[letter]).await;
    begun.map(|mut begun| begun.remove(0))
}

/// Leases the one letter that is due and begins its hand-over.
async fn hand_over(store: &SeaOrmStore, worker: &WorkerId) -> LeasedLetter {
    let letter = lease(store, worker).await.remove(0);
    let begun = begin(store, &acme(), worker, letter.id).await;
    assert!(matches!(begun.unwrap(), HandOver::Begun(_)));
    letter
}

async fn settle(
    store: &SeaOrmStore,
    worker: &WorkerId,
    letter: &LeasedLetter,
    settlement: Settlement,
) {
    let ended = EndedHandOver {
        letter: letter.id,
        settlement,
        trouble: None,
    };
    store
        .settle(&acme(), worker, &[ended], now())
        .await
        .unwrap();
}

async fn cancel(store: &SeaOrmStore, person: consentry_domain::Subject) {
    let cancelled = Change {
        cancelled: CONFIRMATION.to_vec(),
        ..change(person, false)
    };
    save(store, &[cancelled]).await.unwrap();
}

async fn states(store: &SeaOrmStore) -> Vec<(LetterState, u64)> {
    store.outbox_status(&acme(), now()).await.unwrap().counts
}
