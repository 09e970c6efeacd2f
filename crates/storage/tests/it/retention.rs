//! What the retention engine has to remember: holds, events, runs and plans.

use consentry_keys::KeyUse;
use consentry_service::ports::{
    Happening, HoldId, Identity, LegalHold, RetentionRun, RetentionStore, RunOutcome,
};
use consentry_storage::SeaOrmStore;
use jiff::{SignedDuration, Timestamp};

use crate::{
    fixtures::{acme, minutes, now, other},
    keys::{FIRST, copy, rotate},
    support::{TestDatabase, number, ring},
};

on_both! {
    a_hold_is_kept_until_it_is_lifted_and_forgets_whose_it_was,
    no_identity_is_readable_in_the_tables,
    the_same_event_twice_is_one,
    events_come_in_their_order_a_page_at_a_time,
    a_settled_event_is_pending_for_other_stages_alone,
    a_settled_event_is_forgotten_with_its_person,
    a_renewal_frees_the_former_keys_of_identities,
    a_run_is_written_down_as_it_goes_on,
    a_plan_can_be_had_until_it_expires,
}

const ANNA: &str = "anna@kunde.example";

fn hold(identity: Option<&str>) -> LegalHold {
    LegalHold {
        id: HoldId(number()),
        dataset: "clients".parse().unwrap(),
        identity: identity.map(Identity::new),
        field: Some("iban".parse().unwrap()),
        kind: "litigation".parse().unwrap(),
        case: "2026/17".to_owned(),
        author: "legal".to_owned(),
        since: now(),
        review_at: minutes(60),
        lifted_at: None,
    }
}

fn happened(identity: &str, at: Timestamp) -> Happening {
    let identity = Identity::new(identity);
    Happening { at, identity }
}

async fn note(store: &SeaOrmStore, identity: &str, at: Timestamp) -> bool {
    let happening = happened(identity, at);
    let acme = acme();
    let noted = store.note_event(&acme, "left", &happening, minutes(9));
    noted.await.unwrap()
}

async fn pending(store: &SeaOrmStore, stage: Option<&str>) -> Vec<Happening> {
    let acme = acme();
    let found = store.happenings(&acme, "left", stage, minutes(99), None, 10);
    found.await.unwrap()
}

/// S3-26.
async fn a_hold_is_kept_until_it_is_lifted_and_forgets_whose_it_was(database: &TestDatabase) {
    let store = database.store().await;
    let (annas, everybodys) = (hold(Some(ANNA)), hold(None));
    for hold in [&annas, &everybodys] {
        store.set_hold(&acme(), hold).await.unwrap();
    }
    let mut holds = store.legal_holds(&acme()).await.unwrap();
    holds.sort_by_key(|hold| hold.identity.is_none());
    assert_eq!(holds, [annas.clone(), everybodys]);
    assert_eq!(store.legal_holds(&other()).await.unwrap(), []);

    assert!(!store.lift_hold(&other(), annas.id, now()).await.unwrap());
    assert!(
        store
            .lift_hold(&acme(), annas.id, minutes(1))
            .await
            .unwrap()
    );
    assert!(
        !store
            .lift_hold(&acme(), annas.id, minutes(2))
            .await
            .unwrap()
    );
    let holds = store.legal_holds(&acme()).await.unwrap();
    let lifted = holds.iter().find(|hold| hold.id == annas.id).unwrap();
    assert_eq!(lifted.lifted_at, Some(minutes(1)));
    assert_eq!(lifted.identity, None);
    assert_eq!(database.count("consentry_identities").await, 0);
}

/// A dump of the database names nobody.
async fn no_identity_is_readable_in_the_tables(database: &TestDatabase) {
    let store = database.store().await;
    store.set_hold(&acme(), &hold(Some(ANNA))).await.unwrap();
    note(&store, ANNA, now()).await;
    assert_eq!(
        database.count("consentry_identities").await,
        1,
        "one for both"
    );
    let sealed: Vec<Vec<u8>> = database
        .column("SELECT sealed_identity FROM consentry_identities")
        .await;
    let needle = ANNA.as_bytes();
    assert!(
        !sealed[0]
            .windows(needle.len())
            .any(|window| window == needle)
    );
}

async fn the_same_event_twice_is_one(database: &TestDatabase) {
    let store = database.store().await;
    assert!(note(&store, ANNA, minutes(1)).await);
    assert!(!note(&store, ANNA, minutes(1)).await);
    assert!(!note(&store, ANNA, now()).await, "an earlier one came late");
    assert_eq!(
        pending(&store, None).await,
        [happened(ANNA, minutes(1))].to_vec()
    );
    assert!(note(&store, ANNA, minutes(2)).await);
    assert_eq!(
        pending(&store, None).await,
        [happened(ANNA, minutes(2))].to_vec()
    );
    assert_eq!(database.count("consentry_events").await, 1);
}

async fn events_come_in_their_order_a_page_at_a_time(database: &TestDatabase) {
    let store = database.store().await;
    let people: Vec<String> = (0..7)
        .map(|number| format!("p{number}@kunde.example"))
        .collect();
    for (number, person) in (0..).zip(&people) {
        note(&store, person, minutes(number / 3)).await;
    }
    let mut seen: Vec<Happening> = Vec::new();
    loop {
        let page = store
            .happenings(&acme(), "left", None, minutes(1), seen.last(), 2)
            .await
            .unwrap();
        if page.is_empty() {
            break;
        }
        seen.extend(page);
    }
    let times: Vec<_> = seen.iter().map(|one| one.at).collect();
    assert!(times.is_sorted());
    let mut found: Vec<_> = seen.iter().map(|one| one.identity.expose()).collect();
    found.sort_unstable();
    assert_eq!(found, people[..6], "the seventh is later");
    let people = [Identity::new(&*people[6]), Identity::new("nobody")];
    let last = store
        .last_happened(&acme(), "left", None, &people)
        .await
        .unwrap();
    assert_eq!(last, [Some(minutes(2)), None]);
    let last = store.last_happened(&acme(), "joined", None, &people).await;
    assert_eq!(last.unwrap(), [None, None]);
}

async fn a_settled_event_is_pending_for_other_stages_alone(database: &TestDatabase) {
    let store = database.store().await;
    note(&store, ANNA, minutes(1)).await;
    let done = [happened(ANNA, minutes(1))];
    store
        .settle_events(&acme(), "left", "purge", &done)
        .await
        .unwrap();
    assert_eq!(pending(&store, Some("purge")).await, []);
    assert_eq!(pending(&store, Some("hide")).await, done);
    assert_eq!(pending(&store, None).await, done);
    let people = [Identity::new(ANNA)];
    let last = store
        .last_happened(&acme(), "left", Some("purge"), &people)
        .await;
    assert_eq!(last.unwrap(), [None]);
    // What happens later begins anew.
    note(&store, ANNA, minutes(2)).await;
    assert_eq!(
        pending(&store, Some("purge")).await,
        [happened(ANNA, minutes(2))]
    );
}

async fn a_settled_event_is_forgotten_with_its_person(database: &TestDatabase) {
    let store = database.store().await;
    note(&store, ANNA, minutes(1)).await;
    note(&store, "ben@kunde.example", minutes(1)).await;
    let done = [happened(ANNA, minutes(1))];
    store
        .settle_events(&acme(), "left", "purge", &done)
        .await
        .unwrap();
    let forget = async |until| {
        let forgotten = store
            .forget_events(&acme(), "left", &["purge"], until)
            .await;
        forgotten.unwrap()
    };
    assert_eq!(forget(minutes(9)).await, 0, "reported just now");
    assert_eq!(forget(minutes(10)).await, 1);
    for table in ["consentry_identities", "consentry_events"] {
        assert_eq!(database.count(table).await, 1, "{table}");
    }
    assert_eq!(database.count("consentry_event_settlements").await, 0);
}

async fn a_renewal_frees_the_former_keys_of_identities(database: &TestDatabase) {
    let mut ring = ring();
    let store = database.store().await;
    note(&store, ANNA, minutes(1)).await;
    rotate(&mut ring);
    let store = database.store_with(copy(&ring)).await;
    assert_eq!(store.records_under(KeyUse::Seal, FIRST).await.unwrap(), 1);
    assert!(!note(&store, ANNA, minutes(1)).await, "found by either key");
    assert_eq!(store.renew_keys().await.unwrap(), 1);
    for key_use in [KeyUse::Index, KeyUse::Seal] {
        assert_eq!(store.records_under(key_use, FIRST).await.unwrap(), 0);
    }
    assert_eq!(
        pending(&store, None).await,
        [happened(ANNA, minutes(1))].to_vec()
    );
    assert!(!note(&store, ANNA, minutes(1)).await);
}

async fn a_run_is_written_down_as_it_goes_on(database: &TestDatabase) {
    let store = database.store().await;
    let first = RetentionRun {
        id: number(),
        started_at: now(),
        ended_at: None,
        outcome: RunOutcome::Unfinished,
        acted: 0,
        held: 0,
        plan: Some("abc".to_owned()),
        report: "{}".to_owned(),
    };
    store.save_run(&acme(), &first).await.unwrap();
    let ended = RetentionRun {
        ended_at: Some(minutes(1)),
        outcome: RunOutcome::Held,
        acted: 3,
        held: 4,
        report: "{\"rules\":[]}".to_owned(),
        ..first
    };
    store.save_run(&acme(), &ended).await.unwrap();
    let later = RetentionRun {
        id: number(),
        started_at: minutes(5),
        plan: None,
        ..ended.clone()
    };
    store.save_run(&acme(), &later).await.unwrap();
    let runs = async |until, limit| store.last_runs(&acme(), until, limit).await.unwrap();
    assert_eq!(runs(minutes(5), 10).await, [later.clone(), ended.clone()]);
    assert_eq!(runs(minutes(5), 1).await, [later]);
    assert_eq!(runs(minutes(4), 1).await, [ended]);
}

async fn a_plan_can_be_had_until_it_expires(database: &TestDatabase) {
    let store = database.store().await;
    let week = SignedDuration::from_hours(7 * 24);
    let save = async |hash, at| {
        store
            .save_plan(&acme(), hash, "{}", at, at + week)
            .await
            .unwrap();
    };
    save("abc", now()).await;
    let had = async |at| store.saved_plan(&acme(), "abc", at).await.unwrap();
    assert_eq!(
        had(now() + week - SignedDuration::from_secs(1))
            .await
            .as_deref(),
        Some("{}")
    );
    assert_eq!(had(now() + week).await, None);
    save("def", now() + week).await;
    assert_eq!(database.count("consentry_retention_plans").await, 1);
}
