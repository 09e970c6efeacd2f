//! Reports of named events.

use consentry_service::ports::Scope;
use serde_json::json;

use super::{document, operations};
use crate::site::{Settings, Site};

fn site() -> Site {
    let declared = "[[events]]\nid = \"contract-ended\"\nname = { en = \"the end\", fr = \"la fin\" }\n\n[[holds]]";
    Site::with(Settings {
        policy: vec![("[[holds]]", declared)],
        ..Settings::default()
    })
}

/// S3-52: the answer is the same for what was known, and tells nothing of who is.
#[tokio::test]
async fn a_report_is_accepted_and_can_be_replayed() {
    let site = site();
    let report = json!({
        "event": "contract-ended", "subject": "anna@example.org", "at": "2026-11-20T10:00:00Z",
    });
    for _ in 0..2 {
        let answer = site.ask("/events", &report).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()),
            (202, json!({ "status": "accepted" }))
        );
    }
}

/// What is wrong is named, with the events that there are; who it is about is not repeated.
#[tokio::test]
async fn a_report_that_cannot_be_is_refused() {
    let site = site();
    let report = |event: &str, subject: &str, at: &str| json!({ "event": event, "subject": subject, "at": at });
    let now = "2026-11-20T10:00:00Z";
    let long = "x".repeat(321);
    for (report, pointer, code) in [
        (
            report("contract-begun", "anna", now),
            "#/event",
            "unknown-event",
        ),
        (report("contract-ended", " ", now), "#/subject", "empty"),
        (
            report("contract-ended", &long, now),
            "#/subject",
            "too-long",
        ),
        (
            report("contract-ended", "anna", "yesterday"),
            "#/at",
            "not-a-time",
        ),
    ] {
        let answer = site.ask("/events", &report).await;
        assert_eq!(answer.status, 422, "{}", answer.body);
        let wrong = &answer.json()["errors"][0];
        assert_eq!(
            (&wrong["pointer"], &wrong["code"]),
            (&json!(pointer), &json!(code))
        );
        assert!(!answer.body.contains("anna"), "{}", answer.body);
        let known = (code == "unknown-event").then(|| json!(["contract-ended"]));
        assert_eq!(wrong.get("known"), known.as_ref());
    }
}

#[tokio::test]
async fn the_document_names_the_events_and_a_scope_of_their_own() {
    let site = site();
    let operations = operations(&site).await;
    let operation = operations
        .iter()
        .find(|one| one.path == "/api/v1/events")
        .unwrap();
    assert_eq!(operation.scope, Scope::EventsWrite);
    let document = document(&site).await;
    let schema = &document["components"]["schemas"]["ReportDocument"];
    assert_eq!(
        schema["properties"]["event"]["enum"],
        json!(["contract-ended"])
    );
    let token = site.token(&[Scope::EventsWrite]).await;
    let answer = site.call(operation, Some(&token), None).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    let reader = site.token(&[Scope::SubscribersWrite]).await;
    assert_eq!(site.call(operation, Some(&reader), None).await.status, 403);
}

/// A policy that waits for no event has no operation for them.
#[tokio::test]
async fn without_events_there_is_nothing_to_report() {
    let site = Site::new();
    let report = json!({ "event": "x", "subject": "y", "at": "2026-11-20T10:00:00Z" });
    assert_eq!(site.ask("/events", &report).await.status, 404);
}
