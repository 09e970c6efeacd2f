//! What the operations do to people, and what they tell of them.

use consentry_domain::{Channel, LetterKind, PersonState};
use serde_json::{Value, json};

use super::assert_problem;
use crate::{
    fakes::Health,
    site::{ANNA, Settings, Site},
};

fn anna() -> Value {
    json!({ "email": ANNA })
}

/// S0-26, S0-30: double opt-in like the form, the same answer for everybody, one letter within the
/// cool-down, and the evidence says through which door.
#[tokio::test]
async fn subscribing_is_the_double_opt_in_of_the_form() {
    let site = Site::new();
    let mut answers = Vec::new();
    for _ in 0..2 {
        answers.push(site.ask("/subscribers", &anna()).await);
    }
    assert_eq!(site.person().state(), PersonState::Pending);
    assert_eq!(site.letters(), [LetterKind::Confirmation]);
    let channels: Vec<_> = site
        .rows()
        .events
        .iter()
        .map(|(_, event)| event.evidence.channel)
        .collect();
    assert!(channels.iter().all(|channel| *channel == Channel::Api) && !channels.is_empty());

    let confirm = site.link(consentry_token::Purpose::Confirm);
    assert_eq!(site.post(&confirm, "").await.status, 200);
    site.wait(24);
    answers.push(site.ask("/subscribers", &anna()).await);
    site.ask("/subscribers/unsubscribe", &anna()).await;
    answers.push(site.ask("/subscribers", &anna()).await);
    site.ask("/subscribers/erase", &anna()).await;
    answers.push(site.ask("/subscribers", &anna()).await);
    for answer in &answers {
        assert_eq!(answer.status, 202);
        assert_eq!(answer.json(), json!({ "status": "accepted" }));
        assert_eq!(answer.headers, answers[0].headers);
    }
}

#[tokio::test]
async fn the_language_and_the_topics_are_those_that_were_asked_for() {
    let site = Site::new();
    let request = json!({"email": ANNA, "topics": ["demo", "demo"], "language": "fr"});
    site.ask("/subscribers", &request).await;
    let person = site.person();
    assert_eq!(person.language.as_str(), "fr");
    let topics: Vec<_> = person
        .subscriptions
        .iter()
        .map(|held| held.topic.as_str().to_owned())
        .collect();
    assert_eq!(topics, ["demo"]);
}

#[tokio::test]
async fn the_state_of_a_person_is_told_by_any_spelling_of_the_address() {
    let site = Site::new();
    site.subscribed(&["newsletter"]).await;
    let shouted = json!({ "email": ANNA.to_uppercase() });
    let answer = site.ask("/subscribers/lookup", &shouted).await;
    assert_eq!(answer.status, 200);
    let person = answer.json();
    assert_eq!(person["email"], ANNA);
    assert_eq!(person["state"], "confirmed");
    assert_eq!(person["subject"], site.person().id.to_string());
    assert_eq!(person["topics"][0]["topic"], "newsletter");
    assert_eq!(person["restricted_at"], Value::Null);
}

/// S0-47 to S0-51.
#[tokio::test]
async fn leaving_is_immediate_and_the_answer_says_nothing() {
    let site = Site::new();
    let unknown = site.ask("/subscribers/unsubscribe", &anna()).await;
    assert_eq!(unknown.status, 204);
    site.subscribed(&["newsletter", "demo"]).await;

    let one = json!({"email": ANNA, "topics": ["demo"]});
    for _ in 0..2 {
        let left = site.ask("/subscribers/unsubscribe", &one).await;
        assert_eq!((left.status, &left.body), (unknown.status, &unknown.body));
        assert_eq!(left.headers, unknown.headers);
    }
    assert_eq!(site.topics(), ["newsletter"]);
    let events = site.rows().events.len();
    for _ in 0..2 {
        assert_eq!(
            site.ask("/subscribers/unsubscribe", &anna()).await.status,
            204
        );
    }
    assert_eq!(site.person().state(), PersonState::Unsubscribed);
    assert_eq!(
        site.rows().events.len(),
        events + 1,
        "the second time is no news"
    );
}

/// S0-60, S0-61: who was erased is answered like who was never known. S3-26: the answer names the
/// hold.
#[tokio::test]
async fn an_erased_person_is_unknown() {
    let site = Site::new();
    let other = json!({ "email": "nobody.ever@example.org" });
    site.subscribed(&["newsletter"]).await;
    let erased = site.ask("/subscribers/erase", &anna()).await;
    assert_eq!(erased.status, 202);
    assert_eq!(erased.json()["purged_after"], "2026-12-22T10:00:00Z");
    assert_eq!(erased.json()["holds"][0]["kind"], "litigation");
    assert!(site.person().erased_at.is_some());
    assert_eq!(site.letters(), [LetterKind::ErasureAnswer]);
    for path in ["lookup", "export", "erase"] {
        let path = format!("/subscribers/{path}");
        let (hidden, unknown) = (
            site.ask(&path, &anna()).await,
            site.ask(&path, &other).await,
        );
        assert_problem(&hidden, 404);
        assert_eq!(
            (hidden.body, hidden.headers),
            (unknown.body, unknown.headers)
        );
    }
}

/// S0-38, S0-41: the copy is whole, and that it was handed over is noted.
#[tokio::test]
async fn a_copy_is_handed_over_and_noted() {
    let site = Site::new();
    site.subscribed(&["newsletter"]).await;
    let answer = site.ask("/subscribers/export", &anna()).await;
    assert_eq!(answer.status, 200);
    let copy = answer.json();
    assert_eq!(copy["person"]["email"], ANNA);
    let last = copy["person"]["events"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    assert_eq!(
        (&last["action"], &last["channel"]),
        (&json!("exported"), &json!("api"))
    );
}

/// GDPR art. 18: what is restricted is told as such, and a request changes nothing.
#[tokio::test]
async fn a_restriction_is_told_and_respected() {
    let site = Site::new();
    site.subscribed(&["newsletter"]).await;
    let address = consentry_address::EmailAddress::parse(ANNA).unwrap();
    site.service.restrict(&address).await.unwrap();
    let before = site.person();
    let request = json!({"email": ANNA, "topics": ["demo"]});
    assert_eq!(site.ask("/subscribers", &request).await.status, 202);
    assert_eq!(site.person(), before);
    let answer = site.ask("/subscribers/lookup", &anna()).await;
    assert_eq!(answer.json()["restricted_at"], "2026-11-22T10:00:00Z");
}

/// The program is the client of everybody: its sign-ups count in all, not as one visitor's.
#[tokio::test]
async fn sign_ups_through_a_program_count_towards_the_total() {
    let mut options = consentry_web::Options::default();
    options.limits.per_client = "1/hour".parse().ok();
    options.limits.total = "2/hour".parse().ok();
    let site = Site::with(Settings {
        options,
        ..Settings::default()
    });
    for _ in 0..2 {
        assert_eq!(site.ask("/subscribers", &anna()).await.status, 202);
    }
    let limited = site.ask("/subscribers", &anna()).await;
    assert_problem(&limited, 429);
    assert!(!limited.header("retry-after").is_empty());
}

#[tokio::test]
async fn without_a_database_nothing_is_accepted() {
    let site = Site::new();
    site.store.becomes(Health::Down);
    let answer = site.ask("/subscribers", &anna()).await;
    assert_problem(&answer, 503);
    assert_eq!(answer.header("retry-after"), "10");
    site.store.becomes(Health::Panics);
    assert_problem(&site.ask("/subscribers/lookup", &anna()).await, 500);
}
