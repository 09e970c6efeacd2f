//! People and changes to write.

use consentry_address::EmailAddress;
use consentry_domain::{
    Action, Channel, ConsentEvent, Evidence, LetterKind, Prompts, Receipt, RequestedAddress,
    Subject, SubjectId, Subscription, TopicState,
};
use consentry_policy::{ControllerId, Language, LegalBasis, NoticeVersion, TopicId};
use consentry_service::ports::{
    Change, LeasedLetter, LetterId, NewLetter, Store, StoreError, WorkerId,
};
use consentry_storage::SeaOrmStore;
use jiff::{SignedDuration, Timestamp};

use crate::support::number;

/// Noon of a day in 2026, to the microsecond.
pub(crate) fn now() -> Timestamp {
    "2026-11-22T12:00:00.123456Z".parse().unwrap()
}

pub(crate) fn minutes(count: i64) -> Timestamp {
    now() + SignedDuration::from_mins(count)
}

pub(crate) fn acme() -> ControllerId {
    "acme".parse().unwrap()
}

pub(crate) fn other() -> ControllerId {
    "other".parse().unwrap()
}

pub(crate) fn topic(name: &str) -> TopicId {
    name.parse().unwrap()
}

pub(crate) fn address(typed: &str) -> EmailAddress {
    EmailAddress::parse(typed).unwrap()
}

pub(crate) fn notice() -> NoticeVersion {
    "2026-11-01+9f86d081".parse().unwrap()
}

pub(crate) fn worker(name: &str) -> WorkerId {
    WorkerId(name.to_owned())
}

/// Somebody who asked for the newsletter just now.
pub(crate) fn pending(typed: &str) -> Subject {
    Subject {
        id: SubjectId(number()),
        controller: acme(),
        address: address(typed),
        language: Language::En,
        generation: 0,
        subscriptions: vec![Subscription {
            topic: topic("newsletter"),
            state: TopicState::Pending,
            basis: LegalBasis::LegitimateInterest,
            notice: notice(),
            requested_at: now(),
            confirmed_at: None,
            unsubscribed_at: None,
            requested_again_at: None,
        }],
        first_submitted_at: now(),
        last_interaction_at: now(),
        is_imported: false,
        last_prompted_at: Some(now()),
        prompts: Prompts::default(),
        reminded_at: None,
        objected_at: None,
        restricted_at: None,
        requested_address: None,
        erased_at: None,
    }
}

/// Somebody of whom everything is known that can be, each value different from every other.
pub(crate) fn full(typed: &str) -> Subject {
    Subject {
        // The highest bit is set: it becomes a negative number in the row.
        id: SubjectId(number() | 1 << 63),
        language: Language::Fr,
        generation: u16::MAX,
        subscriptions: vec![
            Subscription {
                topic: topic("sales-follow-up"),
                state: TopicState::Unsubscribed,
                basis: LegalBasis::Consent,
                notice: "2025-01-01+00000000".parse().unwrap(),
                requested_at: minutes(1),
                confirmed_at: Some(minutes(2)),
                unsubscribed_at: Some(minutes(3)),
                requested_again_at: Some(minutes(4)),
            },
            Subscription {
                topic: topic("demo"),
                state: TopicState::Confirmed,
                basis: LegalBasis::Contract,
                notice: notice(),
                requested_at: minutes(5),
                confirmed_at: Some(minutes(6)),
                unsubscribed_at: None,
                requested_again_at: None,
            },
        ],
        first_submitted_at: minutes(7),
        last_interaction_at: minutes(7),
        is_imported: true,
        last_prompted_at: Some(minutes(8)),
        prompts: Prompts {
            last_at: Some(minutes(14)),
            in_a_row: 2,
            unconfirmed: u16::MAX,
        },
        reminded_at: Some(minutes(9)),
        objected_at: Some(minutes(10)),
        restricted_at: Some(minutes(11)),
        requested_address: Some(RequestedAddress {
            address: address("Neu@Bücher.example"),
            at: minutes(12),
        }),
        erased_at: Some(minutes(13)),
        ..pending(typed)
    }
}

pub(crate) fn change(subject: Subject, is_new: bool) -> Change {
    Change {
        subject,
        is_new,
        events: Vec::new(),
        cancelled: Vec::new(),
        letters: Vec::new(),
    }
}

pub(crate) fn event(action: Action) -> ConsentEvent {
    let [high, low] = [number(), number()].map(u64::to_be_bytes);
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&high);
    bytes[8..].copy_from_slice(&low);
    ConsentEvent {
        receipt: Receipt::from_random(bytes),
        evidence: Evidence {
            at: now(),
            action,
            channel: Channel::Form,
            topic: Some(topic("newsletter")),
            basis: Some(LegalBasis::Consent),
            notice: notice(),
            provenance: None,
        },
    }
}

pub(crate) fn letter(kind: LetterKind) -> NewLetter {
    NewLetter {
        id: LetterId(number()),
        kind,
        due_at: now(),
    }
}

/// Saves changes of people who are new or were not read before.
pub(crate) async fn save(store: &SeaOrmStore, changes: &[Change]) -> Result<(), StoreError> {
    let mut unit = store.begin().await?;
    for change in changes.iter().filter(|change| !change.is_new) {
        let person = &change.subject;
        unit.by_id(&person.controller, &[person.id]).await?;
    }
    unit.save(changes).await?;
    unit.commit().await
}

pub(crate) async fn insert(store: &SeaOrmStore, person: &Subject) {
    save(store, &[change(person.clone(), true)]).await.unwrap();
}

pub(crate) async fn update(store: &SeaOrmStore, person: &Subject) {
    save(store, &[change(person.clone(), false)]).await.unwrap();
}

/// Somebody new who is owed letters of these kinds.
pub(crate) async fn insert_with_letters(
    store: &SeaOrmStore,
    typed: &str,
    kinds: &[LetterKind],
) -> Subject {
    let person = pending(typed);
    let letters = kinds.iter().copied().map(letter).collect();
    let sign_up = Change {
        letters,
        ..change(person.clone(), true)
    };
    save(store, &[sign_up]).await.unwrap();
    person
}

pub(crate) async fn lease(store: &SeaOrmStore, worker: &WorkerId) -> Vec<LeasedLetter> {
    store
        .lease_letters(&acme(), worker, now(), 100)
        .await
        .unwrap()
}
