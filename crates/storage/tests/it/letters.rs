//! The outbox as the operator sees it: listed, requeued, tidied.

use consentry_domain::LetterKind;
use consentry_service::ports::{
    EndedHandOver, HandOver, LetterChoice, LetterId, LetterState, Reason, Reply, Settlement, Store,
    Trouble,
};
use consentry_storage::SeaOrmStore;

use crate::{
    fixtures::{acme, insert_with_letters, lease, minutes, now, other, worker},
    support::TestDatabase,
};

on_both! {
    a_list_goes_on_where_the_page_before_ended,
    a_letter_that_was_given_up_is_tried_again_when_the_operator_says_so,
    all_that_is_mended_leaves_out_what_was_refused_for_good,
    the_reminder_is_never_sent_twice_not_even_for_the_operator,
    what_is_no_longer_owed_goes_when_its_time_is_over,
}

const KINDS: [LetterKind; 1] = [LetterKind::Confirmation];

/// Puts a letter of this kind into the outbox and ends its hand-over so.
async fn settled(
    store: &SeaOrmStore,
    name: &str,
    kind: LetterKind,
    settlement: Settlement,
    reason: Reason,
) -> LetterId {
    insert_with_letters(store, &format!("{name}@example.org"), &[kind]).await;
    let a = worker("a");
    let letter = lease(store, &a).await.remove(0).id;
    let begun = store.begin_hand_overs(&acme(), &a, &[letter]).await;
    assert!(matches!(begun.unwrap()[..], [HandOver::Begun(_)]));
    let reply = Reply {
        code: 550,
        status: "5.7.26".parse().ok(),
    };
    let trouble = Trouble {
        reason,
        reply: Some(reply),
    };
    let ended = EndedHandOver {
        letter,
        settlement,
        trouble: Some(trouble),
    };
    store.settle(&acme(), &a, &[ended], now()).await.unwrap();
    letter
}

async fn states(store: &SeaOrmStore) -> Vec<(LetterState, u64)> {
    store.outbox_status(&acme(), now()).await.unwrap().counts
}

async fn a_list_goes_on_where_the_page_before_ended(database: &TestDatabase) {
    let store = database.store().await;
    for number in 0..5 {
        insert_with_letters(&store, &format!("p{number}@example.org"), &KINDS).await;
    }
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = store.list_letters(&acme(), None, after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        seen.extend(page.into_iter().map(|letter| letter.id));
    }
    let count = seen.len();
    seen.dedup();
    assert_eq!((count, seen.len()), (5, 5));
    let sent = Some(LetterState::Sent);
    let sent = store.list_letters(&acme(), sent, None, 9).await;
    assert_eq!(sent.unwrap(), []);
    let others = store.list_letters(&other(), None, None, 9).await;
    assert_eq!(others.unwrap(), []);
}

async fn a_letter_that_was_given_up_is_tried_again_when_the_operator_says_so(
    database: &TestDatabase,
) {
    let store = database.store().await;
    let kind = LetterKind::Confirmation;
    let letter = settled(&store, "anna", kind, Settlement::Failed, Reason::Content).await;
    let listed = store.list_letters(&acme(), None, None, 9).await.unwrap();
    let listed = &listed[0];
    assert_eq!((listed.id, listed.attempts), (letter, 1));
    assert_eq!(listed.reason, Some(Reason::Content));
    assert_eq!(
        listed.reply.map(|reply| reply.to_string()),
        Some("550 5.7.26".to_owned())
    );
    assert_eq!(listed.settled_at, Some(now()));
    assert_eq!(listed.due_at, None);
    assert_eq!(lease(&store, &worker("a")).await, []);

    let choice = LetterChoice::These(vec![letter]);
    let elsewhere = store.retry_letters(&other(), &choice, minutes(5)).await;
    assert_eq!(elsewhere.unwrap(), 0);
    let retried = store.retry_letters(&acme(), &choice, minutes(5)).await;
    assert_eq!(retried.unwrap(), 1);
    let again = store
        .lease_letters(&acme(), &worker("b"), minutes(5), 9)
        .await;
    let again = again.unwrap().remove(0);
    assert_eq!((again.id, again.attempts), (letter, 1));
    assert_eq!(
        again.queued_at,
        minutes(5),
        "the time for retries begins anew"
    );
    let retried = store.retry_letters(&acme(), &choice, minutes(5)).await;
    assert_eq!(retried.unwrap(), 0, "a letter under way is left alone");
}

async fn all_that_is_mended_leaves_out_what_was_refused_for_good(database: &TestDatabase) {
    let store = database.store().await;
    let kind = LetterKind::Confirmation;
    let waits = Settlement::Retry(minutes(60));
    settled(&store, "anna", kind, waits, Reason::Sender).await;
    settled(&store, "ben", kind, Settlement::Failed, Reason::Recipient).await;
    settled(&store, "carl", kind, Settlement::Failed, Reason::Unwritable).await;
    settled(
        &store,
        "dora",
        kind,
        Settlement::Uncertain(None),
        Reason::Unanswered,
    )
    .await;
    settled(&store, "emil", kind, Settlement::Sent, Reason::Deferred).await;
    let retried = store
        .retry_letters(&acme(), &LetterChoice::AllMended, now())
        .await;
    assert_eq!(retried.unwrap(), 2);
    assert_eq!(lease(&store, &worker("a")).await.len(), 2);
}

/// S0-31.
async fn the_reminder_is_never_sent_twice_not_even_for_the_operator(database: &TestDatabase) {
    let store = database.store().await;
    let unknown = Settlement::Uncertain(None);
    let reminder = LetterKind::Reminder;
    let once = settled(
        &store,
        "anna",
        reminder,
        unknown.clone(),
        Reason::Unanswered,
    )
    .await;
    let other = LetterKind::Confirmation;
    let twice = settled(&store, "ben", other, unknown, Reason::Unanswered).await;
    let choice = LetterChoice::These(vec![once, twice]);
    let retried = store.retry_letters(&acme(), &choice, now()).await;
    assert_eq!(retried.unwrap(), 1);
    let leased = lease(&store, &worker("a")).await;
    assert_eq!(
        (leased.len(), leased[0].id, leased[0].uncertain),
        (1, twice, 1)
    );
}

async fn what_is_no_longer_owed_goes_when_its_time_is_over(database: &TestDatabase) {
    let store = database.store().await;
    let kind = LetterKind::Confirmation;
    settled(&store, "anna", kind, Settlement::Sent, Reason::Deferred).await;
    settled(&store, "ben", kind, Settlement::Failed, Reason::Content).await;
    settled(
        &store,
        "carl",
        kind,
        Settlement::Retry(minutes(9)),
        Reason::Deferred,
    )
    .await;
    insert_with_letters(&store, "dora@example.org", &KINDS).await;
    let removed = store.remove_settled_letters(&acme(), minutes(-1), 9).await;
    assert_eq!(removed.unwrap(), 0);
    let removed = store.remove_settled_letters(&other(), minutes(1), 9).await;
    assert_eq!(removed.unwrap(), 0);
    let removed = store.remove_settled_letters(&acme(), minutes(1), 1).await;
    assert_eq!(removed.unwrap(), 1);
    let removed = store.remove_settled_letters(&acme(), minutes(1), 9).await;
    assert_eq!(removed.unwrap(), 1);
    assert_eq!(states(&store).await, [(LetterState::Queued, 2)]);
}
