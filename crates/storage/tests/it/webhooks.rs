//! Webhooks: messages in the commit of the change, one worker at a time, one person in order.

use consentry_domain::{Action, SubjectId};
use consentry_keys::{KeyId, KeyRing, KeyUse};
use consentry_service::ports::{
    Change, DeliverySettlement, DeliveryState, EventKind, LeasedBatch, LeasedDelivery, PurgeReason,
    Random, Store, StoreError, Webhook, WebhookId, WebhookSecret, WebhookStore, WebhookUrl,
};
use consentry_storage::SeaOrmStore;
use jiff::Timestamp;

use crate::{
    fixtures::{acme, change, event, insert, minutes, now, other, pending, save, worker},
    sealed::found,
    support::{Numbers, TestDatabase, number, on_sqlite, ring, ring_of},
};

on_both! {
    a_change_and_its_messages_are_one_commit,
    an_endpoint_is_told_what_it_wants_and_of_its_own_controller,
    one_change_is_one_message_of_each_kind,
    a_message_is_leased_by_one_worker_only,
    messages_about_one_person_go_in_order,
    a_message_of_a_dead_worker_is_taken_over,
    a_failed_try_waits_and_pauses_the_endpoint,
    what_was_given_up_is_listed_and_can_be_queued_again,
    a_purge_removes_what_waits_and_tells_that_the_record_is_gone,
    a_rotated_secret_signs_beside_the_former_one_for_a_while,
    an_endpoint_that_is_removed_takes_its_messages_along,
    a_renewal_brings_secrets_under_the_active_key,
    a_secret_that_no_key_opens_can_be_replaced,
}

fn endpoint(events: &[EventKind]) -> Webhook {
    Webhook {
        id: WebhookId(number() | 1 << 63),
        url: WebhookUrl::parse("https://hooks.example/consentry").unwrap(),
        events: events.to_vec(),
        created_at: now(),
        former_until: None,
        delivered_at: None,
        paused_until: None,
    }
}

const SECRET: [u8; 32] = *b"the secret of an endpoint, 32 B.";

async fn added(store: &SeaOrmStore, events: &[EventKind]) -> WebhookId {
    let webhook = endpoint(events);
    let secret = WebhookSecret::new(SECRET);
    store.add_webhook(&acme(), &webhook, &secret).await.unwrap();
    webhook.id
}

/// Somebody new to whom these things happened.
fn told(actions: &[Action]) -> Change {
    Change {
        events: actions.iter().map(|action| event(*action)).collect(),
        ..change(pending(&format!("anna{}@example.org", number())), true)
    }
}

async fn happen(store: &SeaOrmStore, actions: &[Action]) -> SubjectId {
    let change = told(actions);
    save(store, std::slice::from_ref(&change)).await.unwrap();
    change.subject.id
}

/// The same to somebody who is held.
async fn happen_to(store: &SeaOrmStore, id: SubjectId, action: Action) {
    let mut unit = store.begin().await.unwrap();
    let person = unit.by_id(&acme(), &[id]).await.unwrap().remove(0).unwrap();
    let change = Change {
        events: vec![event(action)],
        ..change(person, false)
    };
    unit.save(&[change]).await.unwrap();
    unit.commit().await.unwrap();
}

async fn lease_at(
    store: &SeaOrmStore,
    name: &str,
    webhook: WebhookId,
    at: Timestamp,
) -> Vec<LeasedDelivery> {
    let batch: Option<LeasedBatch> = store
        .lease_deliveries(&acme(), &worker(name), webhook, at, 100)
        .await
        .unwrap();
    batch.map(|batch| batch.deliveries).unwrap_or_default()
}

async fn lease(store: &SeaOrmStore, name: &str, webhook: WebhookId) -> Vec<LeasedDelivery> {
    lease_at(store, name, webhook, now()).await
}

/// One message, and what signs it.
async fn batch_at(store: &SeaOrmStore, webhook: WebhookId, at: Timestamp) -> LeasedBatch {
    store
        .lease_deliveries(&acme(), &worker("a"), webhook, at, 1)
        .await
        .unwrap()
        .unwrap()
}

async fn settle(store: &SeaOrmStore, name: &str, one: &LeasedDelivery, how: DeliverySettlement) {
    store
        .settle_delivery(&acme(), &worker(name), one.message, how, now())
        .await
        .unwrap();
}

fn kinds(leased: &[LeasedDelivery]) -> Vec<EventKind> {
    leased.iter().map(|one| one.notice.kind).collect()
}

async fn a_change_and_its_messages_are_one_commit(database: &TestDatabase) {
    let store = database.store().await;
    added(&store, &[]).await;
    let mut unit = store.begin().await.unwrap();
    unit.save(&[told(&[Action::Confirmed])]).await.unwrap();
    drop(unit);
    assert_eq!(database.count("consentry_webhook_deliveries").await, 0);
    assert_eq!(database.count("consentry_subjects").await, 0);
    happen(&store, &[Action::Confirmed]).await;
    assert_eq!(database.count("consentry_webhook_deliveries").await, 1);
}

/// Nothing personal waits: the row names a person by number, and neither an address nor a sealed
/// one is in it.
async fn an_endpoint_is_told_what_it_wants_and_of_its_own_controller(database: &TestDatabase) {
    let store = database.store().await;
    let all = added(&store, &[]).await;
    let some = added(&store, &[EventKind::Erased]).await;
    let foreign = endpoint(&[]);
    let secret = WebhookSecret::new(SECRET);
    store
        .add_webhook(&other(), &foreign, &secret)
        .await
        .unwrap();

    // A request that nobody confirmed is nobody's business.
    happen(
        &store,
        &[Action::Requested, Action::Reminded, Action::Exported],
    )
    .await;
    assert_eq!(store.due_webhooks(&acme(), now()).await.unwrap(), []);
    let anna = happen(&store, &[Action::Requested, Action::Confirmed]).await;
    let ben = happen(&store, &[Action::ErasureRequested]).await;
    let told = lease(&store, "a", all).await;
    assert_eq!(kinds(&told), [EventKind::Confirmed, EventKind::Erased]);
    assert_eq!([told[0].subject, told[1].subject], [anna, ben]);
    assert_eq!(kinds(&lease(&store, "a", some).await), [EventKind::Erased]);
    assert_eq!(store.due_webhooks(&other(), now()).await.unwrap(), []);
    assert_eq!(store.webhooks(&acme()).await.unwrap().len(), 2);
}

async fn one_change_is_one_message_of_each_kind(database: &TestDatabase) {
    let store = database.store().await;
    let webhook = added(&store, &[]).await;
    happen(&store, &[Action::Confirmed, Action::Confirmed]).await;
    let told = lease(&store, "a", webhook).await;
    assert_eq!(kinds(&told), [EventKind::Confirmed]);
    assert_eq!(told[0].notice.topics.len(), 2);
    assert_eq!((told[0].notice.at, told[0].attempts), (now(), 1));
}

async fn a_message_is_leased_by_one_worker_only(database: &TestDatabase) {
    let store = database.store().await;
    let webhook = added(&store, &[]).await;
    for _ in 0..20 {
        happen(&store, &[Action::Confirmed]).await;
    }
    assert_eq!(store.due_webhooks(&acme(), now()).await.unwrap(), [webhook]);
    assert_eq!(lease_at(&store, "a", webhook, minutes(-1)).await, []);
    let (a, b) = tokio::join!(lease(&store, "a", webhook), lease(&store, "b", webhook));
    assert_eq!(a.len() + b.len(), 20);
    assert!(a.iter().all(|one| !b.contains(one)));
    assert_eq!(store.due_webhooks(&acme(), now()).await.unwrap(), []);

    // Only who holds a message settles it.
    let held = a.first().or(b.first()).unwrap();
    settle(&store, "c", held, DeliverySettlement::Delivered).await;
    assert_eq!(database.count("consentry_webhook_deliveries").await, 20);
    let holder = if a.is_empty() { "b" } else { "a" };
    settle(&store, holder, held, DeliverySettlement::Delivered).await;
    assert_eq!(
        database.count("consentry_webhook_deliveries").await,
        19,
        "what was delivered is not kept"
    );
    let endpoint = store.webhooks(&acme()).await.unwrap().remove(0);
    assert_eq!(endpoint.delivered_at, Some(now()));
}

async fn messages_about_one_person_go_in_order(database: &TestDatabase) {
    let store = database.store().await;
    let webhook = added(&store, &[]).await;
    let quick = added(&store, &[]).await;
    let anna = happen(&store, &[Action::Confirmed]).await;
    happen_to(&store, anna, Action::Objected).await;
    happen_to(&store, anna, Action::ErasureRequested).await;
    let ben = happen(&store, &[Action::Confirmed]).await;

    let first = lease(&store, "a", webhook).await;
    assert_eq!(kinds(&first), [EventKind::Confirmed; 2]);
    assert_eq!([first[0].subject, first[1].subject], [anna, ben]);
    assert_eq!(
        lease(&store, "b", webhook).await,
        [],
        "Anna's second one waits"
    );
    assert_eq!(
        lease(&store, "b", quick).await.len(),
        2,
        "each endpoint on its own"
    );

    let later = DeliverySettlement::Retry {
        at: minutes(5),
        pause_until: None,
        status: Some(400),
    };
    settle(&store, "a", &first[0], later).await;
    assert_eq!(lease(&store, "a", webhook).await, []);
    let again = lease_at(&store, "a", webhook, minutes(5)).await;
    assert_eq!(
        (again.len(), again[0].message, again[0].attempts),
        (1, first[0].message, 2)
    );
    settle(&store, "a", &again[0], DeliverySettlement::Delivered).await;
    let second = lease(&store, "a", webhook).await;
    assert_eq!(kinds(&second), [EventKind::TopicLeft]);

    // What was given up holds up nothing.
    let dead = DeliverySettlement::Dead { status: None };
    settle(&store, "a", &second[0], dead).await;
    assert_eq!(
        kinds(&lease(&store, "a", webhook).await),
        [EventKind::Erased]
    );
}

async fn a_message_of_a_dead_worker_is_taken_over(database: &TestDatabase) {
    let store = database.store().await;
    let webhook = added(&store, &[]).await;
    happen(&store, &[Action::Confirmed]).await;
    let dead = lease(&store, "dead", webhook).await;
    assert_eq!(lease(&store, "heir", webhook).await, []);
    database
        .execute("UPDATE consentry_webhook_deliveries SET leased_until = 0")
        .await;
    let heir = lease(&store, "heir", webhook).await;
    assert_eq!(
        heir[0].message, dead[0].message,
        "a repeat can be told as one"
    );
    settle(&store, "dead", &dead[0], DeliverySettlement::Delivered).await;
    assert_eq!(database.count("consentry_webhook_deliveries").await, 1);
}

async fn a_failed_try_waits_and_pauses_the_endpoint(database: &TestDatabase) {
    let store = database.store().await;
    let webhook = added(&store, &[]).await;
    happen(&store, &[Action::Confirmed]).await;
    let tried = lease(&store, "a", webhook).await;
    happen(&store, &[Action::Confirmed]).await;
    let failed = DeliverySettlement::Retry {
        at: minutes(5),
        pause_until: Some(minutes(1)),
        status: Some(500),
    };
    settle(&store, "a", &tried[0], failed).await;
    assert_eq!(store.due_webhooks(&acme(), now()).await.unwrap(), []);
    assert_eq!(
        lease(&store, "a", webhook).await,
        [],
        "left alone for a minute"
    );
    let due = store.due_webhooks(&acme(), minutes(1)).await.unwrap();
    assert_eq!(due, [webhook]);
    let next = lease_at(&store, "a", webhook, minutes(1)).await;
    assert_ne!(next[0].message, tried[0].message, "the other one's turn");
    settle(&store, "a", &next[0], DeliverySettlement::Delivered).await;
    let endpoint = store.webhooks(&acme()).await.unwrap().remove(0);
    assert_eq!(endpoint.paused_until, None, "a success ends the pause");
    let waiting = store.deliveries(&acme(), None, 10).await.unwrap();
    assert_eq!(waiting.len(), 1);
    assert_eq!(
        (waiting[0].status, waiting[0].due_at),
        (Some(500), Some(minutes(5)))
    );
}

async fn what_was_given_up_is_listed_and_can_be_queued_again(database: &TestDatabase) {
    let store = database.store().await;
    let webhook = added(&store, &[]).await;
    for _ in 0..2 {
        happen(&store, &[Action::Confirmed]).await;
    }
    let tried = lease(&store, "a", webhook).await;
    for one in &tried {
        let dead = DeliverySettlement::Dead { status: Some(410) };
        settle(&store, "a", one, dead).await;
    }
    assert_eq!(
        store.due_webhooks(&acme(), minutes(9000)).await.unwrap(),
        []
    );
    let dead = async || {
        let state = Some(DeliveryState::Dead);
        store.deliveries(&acme(), state, 10).await.unwrap()
    };
    assert_eq!(dead().await.len(), 2);
    assert_eq!(
        (dead().await[0].status, dead().await[0].due_at),
        (Some(410), None)
    );
    assert_eq!(store.deliveries(&other(), None, 10).await.unwrap(), []);

    let one = Some(tried[0].message);
    assert_eq!(
        store
            .requeue_deliveries(&other(), one, now())
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        store.requeue_deliveries(&acme(), one, now()).await.unwrap(),
        1
    );
    assert_eq!(
        store.requeue_deliveries(&acme(), one, now()).await.unwrap(),
        0
    );
    let again = lease(&store, "a", webhook).await;
    assert_eq!((again[0].message, again[0].attempts), (tried[0].message, 1));

    let forget = async |before| store.forget_dead_deliveries(&acme(), before).await.unwrap();
    assert_eq!(forget(minutes(-1)).await, 0);
    assert_eq!(forget(now()).await, 1);
    assert_eq!(dead().await, []);
    assert_eq!(database.count("consentry_webhook_deliveries").await, 1);
}

/// S0-63: after the purge, what remains is one message without a name, until it is delivered.
async fn a_purge_removes_what_waits_and_tells_that_the_record_is_gone(database: &TestDatabase) {
    let store = database.store().await;
    let webhook = added(&store, &[]).await;
    added(&store, &[EventKind::Confirmed]).await;
    let anna = happen(&store, &[Action::Confirmed, Action::ErasureRequested]).await;
    let mut unit = store.begin().await.unwrap();
    unit.purge(&acme(), &[anna], PurgeReason::Erased, now())
        .await
        .unwrap();
    unit.commit().await.unwrap();
    let told = lease(&store, "a", webhook).await;
    assert_eq!(kinds(&told), [EventKind::Purged]);
    assert_eq!(told[0].subject, anna);
    settle(&store, "a", &told[0], DeliverySettlement::Delivered).await;
    assert_eq!(database.count("consentry_webhook_deliveries").await, 0);
}

async fn a_rotated_secret_signs_beside_the_former_one_for_a_while(database: &TestDatabase) {
    let store = database.store().await;
    let webhook = added(&store, &[]).await;
    let new = WebhookSecret::new([9; 32]);
    let rotate = async |controller, secret| {
        store
            .rotate_webhook(&controller, webhook, secret, minutes(10))
            .await
            .unwrap()
    };
    assert!(!rotate(other(), &new).await);
    assert!(rotate(acme(), &new).await);
    let secrets = async |at| {
        happen(&store, &[Action::Confirmed]).await;
        batch_at(&store, webhook, at).await.secrets
    };
    let former = WebhookSecret::new(SECRET);
    assert_eq!(secrets(minutes(9)).await, [new.clone(), former]);
    assert_eq!(secrets(minutes(10)).await, [new]);
}

async fn an_endpoint_that_is_removed_takes_its_messages_along(database: &TestDatabase) {
    let store = database.store().await;
    let webhook = added(&store, &[]).await;
    happen(&store, &[Action::Confirmed]).await;
    let held = lease(&store, "a", webhook).await;
    assert!(!store.remove_webhook(&other(), webhook).await.unwrap());
    assert!(store.remove_webhook(&acme(), webhook).await.unwrap());
    assert_eq!(database.count("consentry_webhook_deliveries").await, 0);
    settle(&store, "a", &held[0], DeliverySettlement::Delivered).await;
    assert!(!store.remove_webhook(&acme(), webhook).await.unwrap());
}

async fn a_renewal_brings_secrets_under_the_active_key(database: &TestDatabase) {
    let store = database.store().await;
    let webhook = added(&store, &[]).await;
    let mut ring: KeyRing = ring();
    let mut random = |buffer: &mut [u8]| Numbers.fill(buffer);
    ring.rotate(KeyUse::Seal, &mut random, Timestamp::UNIX_EPOCH)
        .unwrap();
    let store = database.store_with(ring).await;
    let [first, second] = [1, 2].map(KeyId::from_byte);
    let under = async |id| store.records_under(KeyUse::Seal, id).await.unwrap();
    assert_eq!((under(first).await, under(second).await), (1, 0));
    assert_eq!(store.renew_keys().await.unwrap(), 1);
    assert_eq!((under(first).await, under(second).await), (0, 1));
    assert_eq!(store.renew_keys().await.unwrap(), 0);
    happen(&store, &[Action::Confirmed]).await;
    let batch = batch_at(&store, webhook, now()).await;
    assert_eq!(batch.secrets, [WebhookSecret::new(SECRET)]);
}

/// After a restore without the key of its time, an endpoint is told again once it has a new secret.
async fn a_secret_that_no_key_opens_can_be_replaced(database: &TestDatabase) {
    let store = database.store().await;
    let webhook = added(&store, &[]).await;
    let store = database.store_with(ring_of(2)).await;
    happen(&store, &[Action::Confirmed]).await;
    let (a, at) = (worker("a"), now());
    let sealed = store.lease_deliveries(&acme(), &a, webhook, at, 1).await;
    assert!(matches!(sealed, Err(StoreError::Unreadable { .. })));
    let new = WebhookSecret::new([9; 32]);
    let rotated = store
        .rotate_webhook(&acme(), webhook, &new, minutes(10))
        .await;
    assert!(rotated.unwrap());
    assert_eq!(batch_at(&store, webhook, now()).await.secrets, [new]);
}

/// Somebody with a copy of the database can sign nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_is_readable_in_no_file() {
    on_sqlite(async |database: &TestDatabase| {
        let store = database.store().await;
        let webhook = added(&store, &[]).await;
        let new = WebhookSecret::new(*b"another secret, 32 bytes long...");
        let until = minutes(10);
        let rotated = store.rotate_webhook(&acme(), webhook, &new, until).await;
        assert!(rotated.unwrap());
        insert(&store, &pending("anna@example.org")).await;
        let written = new.written().into_bytes();
        let needles = [SECRET.to_vec(), new.expose().to_vec(), written];
        let folder = database.folder.as_ref().unwrap().path();
        assert_eq!(found(folder, &needles), 0);
        let control = b"hooks.example".to_vec();
        assert_eq!(
            found(folder, &[control]),
            1,
            "the search finds what is there"
        );
    })
    .await;
}
