//! What is left of purged people, and whom a hold keeps.

use consentry_domain::{Subject, TopicState};
use consentry_policy::ControllerId;
use consentry_service::ports::{
    Candidates, Group, HoldId, Identity, LegalHold, Outlived, PurgeReason, RetentionStore, Store,
};
use consentry_storage::SeaOrmStore;
use jiff::Timestamp;

use crate::{
    fixtures::{acme, change, insert, now, other, pending, save, topic},
    support::TestDatabase,
};

on_both! {
    a_purge_leaves_totals_and_nothing_else,
    restricted_people_are_not_counted,
    whom_a_hold_keeps_is_no_candidate_and_is_not_purged,
    a_hold_on_everybody_keeps_everybody,
    a_hold_of_another_controller_or_dataset_keeps_nobody,
}

fn group(month: &str, state: TopicState, people: u64) -> Group {
    Group {
        month: month.to_owned(),
        topic: topic("newsletter"),
        state,
        people,
    }
}

fn asked_for(typed: &str, at: &str) -> Subject {
    let mut person = pending(typed);
    person.subscriptions.truncate(1);
    person.subscriptions[0].topic = topic("newsletter");
    person.subscriptions[0].requested_at = at.parse().unwrap();
    person
}

async fn purge(store: &SeaOrmStore, people: &[&Subject]) {
    let mut unit = store.begin().await.unwrap();
    let ids: Vec<_> = people.iter().map(|person| person.id).collect();
    unit.purge(&acme(), &ids, PurgeReason::Unconfirmed, now())
        .await
        .unwrap();
    unit.commit().await.unwrap();
}

/// S2-18: the counts by month, topic and state are the same before a purge and after it.
async fn a_purge_leaves_totals_and_nothing_else(database: &TestDatabase) {
    let store = database.store().await;
    let people = [
        asked_for("anna@example.org", "2026-10-31T23:59:59Z"),
        asked_for("ben@example.org", "2026-11-01T00:00:00Z"),
        asked_for("cleo@example.org", "2026-11-30T12:00:00Z"),
        asked_for("dora@example.org", "2026-11-30T12:00:00Z"),
    ];
    for person in &people {
        insert(&store, person).await;
    }
    let groups = [
        group("2026-10", TopicState::Pending, 1),
        group("2026-11", TopicState::Pending, 3),
    ];
    assert_eq!(store.groups(&acme()).await.unwrap(), groups);
    purge(&store, &[&people[0], &people[1]]).await;
    assert_eq!(store.groups(&acme()).await.unwrap(), groups);
    purge(&store, &[&people[2]]).await;
    assert_eq!(store.groups(&acme()).await.unwrap(), groups);
    assert_eq!(store.groups(&other()).await.unwrap(), []);
    let columns = "SELECT controller || month || topic || state || CAST(people AS TEXT) \
                   FROM consentry_totals ORDER BY month";
    let left = database.column::<String>(columns).await;
    assert_eq!(
        left,
        [
            "acme2026-10newsletterpending1",
            "acme2026-11newsletterpending2"
        ]
    );
}

/// GDPR art. 18(2).
async fn restricted_people_are_not_counted(database: &TestDatabase) {
    let store = database.store().await;
    let mut person = asked_for("anna@example.org", "2026-11-01T00:00:00Z");
    person.restricted_at = Some(now());
    insert(&store, &person).await;
    assert_eq!(store.groups(&acme()).await.unwrap(), []);
}

async fn hold(store: &SeaOrmStore, controller: &ControllerId, on: &str, whose: Option<&str>) {
    let hold = LegalHold {
        id: if on == "subscribers" {
            HoldId(7)
        } else {
            HoldId(8)
        },
        dataset: on.parse().unwrap(),
        identity: whose.map(Identity::new),
        field: None,
        kind: "litigation".parse().unwrap(),
        case: "2026/17".to_owned(),
        author: "legal".to_owned(),
        since: now(),
        review_at: now(),
        lifted_at: None,
    };
    store.set_hold(controller, &hold).await.unwrap();
}

async fn outlived(store: &SeaOrmStore) -> usize {
    let candidates = Candidates::UnconfirmedSince(Outlived {
        clock: now(),
        submitted_from: Timestamp::MIN,
        submitted_before: None,
    });
    let census = store.census(&acme(), &[candidates], now()).await.unwrap();
    let found = store.candidates(&acme(), candidates, 9).await.unwrap();
    assert_eq!(census.candidates, [found.len() as u64], "counted alike");
    found.len()
}

/// S3-26: also an erased record, also when another purge has chosen it before.
async fn whom_a_hold_keeps_is_no_candidate_and_is_not_purged(database: &TestDatabase) {
    let store = database.store().await;
    let (anna, ben) = (pending("anna@example.org"), pending("ben@example.org"));
    let mut erased = pending("Anna@example.org");
    erased.erased_at = Some(now());
    save(&store, &[change(erased.clone(), true)]).await.unwrap();
    for person in [&anna, &ben] {
        insert(&store, person).await;
    }
    assert_eq!(outlived(&store).await, 2);
    hold(&store, &acme(), "subscribers", Some(" ANNA@example.org")).await;
    assert_eq!(outlived(&store).await, 1);
    purge(&store, &[&anna, &ben, &erased]).await;
    let ours = acme();
    let left = |id| store.subject(&ours, id);
    assert_eq!(left(ben.id).await.unwrap(), None);
    assert_eq!(left(erased.id).await.unwrap(), Some(erased.clone()));
    let kept = left(anna.id).await.unwrap().unwrap();
    assert_eq!(kept.erased_at, Some(now()), "hidden");
    assert_eq!(database.count("consentry_tombstones").await, 1);
    store.lift_hold(&acme(), HoldId(7), now()).await.unwrap();
    purge(&store, &[&anna, &erased]).await;
    assert_eq!(database.count("consentry_subjects").await, 0);
}

async fn a_hold_on_everybody_keeps_everybody(database: &TestDatabase) {
    let store = database.store().await;
    let anna = pending("anna@example.org");
    insert(&store, &anna).await;
    hold(&store, &acme(), "subscribers", None).await;
    assert_eq!(outlived(&store).await, 0);
    purge(&store, &[&anna]).await;
    assert_eq!(database.count("consentry_subjects").await, 1);
}

async fn a_hold_of_another_controller_or_dataset_keeps_nobody(database: &TestDatabase) {
    let store = database.store().await;
    insert(&store, &pending("anna@example.org")).await;
    hold(&store, &other(), "subscribers", None).await;
    assert_eq!(outlived(&store).await, 1);
    hold(&store, &acme(), "clients", Some("anna@example.org")).await;
    assert_eq!(outlived(&store).await, 1);
}
