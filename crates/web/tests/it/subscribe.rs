//! The sign-up.

use std::convert::Infallible;

use axum::{
    body::Body,
    http::{StatusCode, header::CONTENT_TYPE},
};
use consentry_domain::{Channel, LetterKind, PersonState};
use consentry_policy::Language;
use consentry_token::Purpose;
use serde_json::json;

use crate::site::{ANNA, FORM, Settings, Site, request};

const JSON: &str = "application/json";

/// S0-26, S0-29: a pending record and one confirmation letter, in the same commit.
#[tokio::test]
async fn a_sign_up_is_recorded_and_owes_a_confirmation_letter() {
    let site = Site::new();
    let answer = site.post("/subscribe", "email=anna%40example.org").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.header("location"), "/subscribe/thanks");
    assert_eq!(site.person().state(), PersonState::Pending);
    assert_eq!(site.person().address.expose(), "anna@example.org");
    assert_eq!(site.letters(), [LetterKind::Confirmation]);
    assert_eq!(site.rows().events[0].1.evidence.channel, Channel::Form);
}

/// S0-30: nothing tells a new address from a pending, confirmed, unsubscribed or erased one.
#[tokio::test]
async fn every_state_of_an_address_gets_the_same_answer() {
    let site = Site::new();
    let body = "email=anna%40example.org&lang=en";
    let mut answers = Vec::new();
    let mut ask = async |site: &Site| {
        let json = json!({ "email": "anna@example.org" }).to_string();
        for (kind, body) in [(FORM, body), (JSON, &json)] {
            let answer = site.post_as("/subscribe", kind, body).await;
            answers.push((answer.status, answer.headers, answer.body));
        }
    };
    ask(&site).await; // new
    ask(&site).await; // pending, within the cool-down
    site.wait(1);
    ask(&site).await; // pending
    site.post(&site.link(Purpose::Confirm), "").await;
    ask(&site).await; // confirmed
    site.post(
        &site.link(Purpose::Unsubscribe),
        "List-Unsubscribe=One-Click",
    )
    .await;
    ask(&site).await; // unsubscribed
    site.post(&site.link(Purpose::Preferences), "action=erase")
        .await;
    assert!(site.person().erased_at.is_some());
    ask(&site).await; // erased
    for pair in answers.chunks(2) {
        assert_eq!(pair[0], answers[0]);
        assert_eq!(pair[1], answers[1]);
    }
}

/// S0-19, S0-20: only the address and the choice are read; what else is sent is dropped.
#[tokio::test]
async fn unknown_fields_are_never_stored() {
    let site = Site::new();
    site.post(
        "/subscribe",
        "email=a%40example.org&name=Anna+Berg&phone=0123",
    )
    .await;
    let json = json!({ "email": "b@example.org", "name": "Berta Berg", "nested": { "x": 1 } });
    let answer = site.post_as("/subscribe", JSON, &json.to_string()).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let stored = format!("{:?}", site.rows());
    assert!(!stored.contains("Berg") && !stored.contains("0123"));
}

#[tokio::test]
async fn json_in_is_json_out() {
    let site = Site::new();
    let json = json!({ "email": "a@example.org", "topic": ["demo", "newsletter"], "lang": "fr" });
    let answer = site.post_as("/subscribe", JSON, &json.to_string()).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    assert_eq!(answer.json(), json!({ "status": "accepted" }));
    let person = site.person();
    assert_eq!(person.language, Language::Fr);
    assert_eq!(person.subscriptions.len(), 2);
    assert_eq!(site.rows().events[0].1.evidence.channel, Channel::Json);
}

#[tokio::test]
async fn a_multipart_form_is_a_form() {
    let site = Site::new();
    let body = "--x\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\n\
        anna@example.org\r\n--x--\r\n";
    let kind = "multipart/form-data; boundary=x";
    let answer = site.post_as("/subscribe", kind, body).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(site.person().address.expose(), "anna@example.org");
}

#[tokio::test]
async fn topics_can_be_chosen_and_default_to_those_of_the_policy() {
    let site = Site::new();
    site.post("/subscribe", "email=anna%40example.org").await;
    let topics = |site: &Site| -> Vec<String> {
        let held = site.person().subscriptions;
        held.iter().map(|one| one.topic.to_string()).collect()
    };
    assert_eq!(topics(&site), ["newsletter"]);
    let site = Site::new();
    site.post("/subscribe", "email=a%40example.org&topic=demo&topic=demo")
        .await;
    assert_eq!(topics(&site), ["demo"]);
}

/// S0-19: the message is in the form, next to the field, and what was typed is kept.
#[tokio::test]
async fn a_malformed_address_is_explained_next_to_the_field() {
    let site = Site::new();
    let answer = site
        .post(
            "/subscribe?lang=en",
            "email=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        )
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!answer.body.contains("<script"));
    assert!(answer.body.contains("id=\"email-error\""));
    assert!(
        answer
            .body
            .contains("aria-describedby=\"email-error email-hint\"")
    );
    assert!(answer.body.contains("value=\"&#34;&#62;&#60;script"));
    assert!(site.rows().people.is_empty());
}

#[tokio::test]
async fn a_malformed_address_is_a_problem_document_for_programs() {
    let site = Site::new();
    for (json, field, code) in [
        (json!({ "email": "anna" }), "email", "missing-at"),
        (json!({}), "email", "empty"),
        (json!({ "email": 5 }), "email", "malformed"),
        (
            json!({ "email": "a@example.org\r\nBcc: b@example.org" }),
            "email",
            "control-character",
        ),
        (
            json!({ "email": "a@example.org", "topic": "spam" }),
            "topic",
            "unknown",
        ),
        (
            json!({ "email": "a@example.org", "topic": [1] }),
            "topic",
            "unknown",
        ),
        (
            json!({ "email": "a@example.org", "topic": "SPAM !" }),
            "topic",
            "unknown",
        ),
    ] {
        let answer = site.post_as("/subscribe", JSON, &json.to_string()).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let problem = answer.json();
        assert_eq!(problem["status"], 422);
        assert_eq!(problem["type"], "about:blank");
        assert_eq!(problem["errors"][0]["field"], field);
        assert_eq!(problem["errors"][0]["code"], code);
        assert!(problem["detail"].as_str().unwrap().len() > 10);
    }
    assert!(site.rows().people.is_empty());
}

#[tokio::test]
async fn an_unknown_topic_or_no_address_is_refused_in_the_form() {
    let site = Site::new();
    for body in [
        "email=a%40example.org&topic=spam",
        "topic=newsletter",
        "email=",
        "",
    ] {
        let answer = site.post("/subscribe", body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert!(answer.body.contains("class=\"error\""));
    }
    assert!(site.rows().people.is_empty());
}

/// S0-14: the policy may refuse providers of private mailboxes.
#[tokio::test]
async fn an_address_of_a_refused_domain_is_told_why() {
    let site = Site::with(Settings {
        policy: vec![(
            "refused_domains = []",
            "refused_domains = [\"freemail.example\"]",
        )],
        ..Settings::default()
    });
    let answer = site.post("/subscribe", "email=a%40FreeMail.example").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("Please use your business address"));
    assert!(site.rows().people.is_empty());
}

#[tokio::test]
async fn a_program_that_fills_the_hidden_field_is_thanked_and_forgotten() {
    let site = Site::new();
    let answer = site
        .post(
            "/subscribe",
            "email=a%40example.org&homepage=https%3A%2F%2Fspam.example",
        )
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.header("location"), "/subscribe/thanks");
    assert!(site.rows().people.is_empty());
}

#[tokio::test]
async fn the_language_of_the_form_is_the_language_of_the_letters() {
    let site = Site::new();
    let answer = site
        .post("/subscribe", "email=a%40example.org&lang=fr")
        .await;
    assert_eq!(answer.header("location"), "/subscribe/thanks?lang=fr");
    assert_eq!(site.person().language, Language::Fr);
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_refused_by_its_fault() {
    let site = Site::new();
    let large = format!("email={}", "a".repeat(17_000));
    for (kind, body, status) in [
        (FORM, "email=a%40example.org&email=b%40example.org", 400),
        (FORM, "email=a%40example.org&lang=en&lang=fr", 400),
        (FORM, "email=%ff%40example.org", 400),
        (
            JSON,
            "{\"email\":\"a@example.org\",\"email\":\"b@example.org\"}",
            400,
        ),
        (JSON, "{\"email\":", 400),
        ("multipart/form-data", "", 400),
        ("text/plain", "email=a@example.org", 415),
        ("application/xml", "<email/>", 415),
        (FORM, &large, 413),
        (JSON, &large, 413),
    ] {
        let answer = site.post_as("/subscribe", kind, body).await;
        assert_eq!(answer.status.as_u16(), status, "{kind}");
        let is_json = answer.header("content-type") == "application/problem+json";
        assert_eq!(is_json, kind == JSON);
    }
    let pieces = (0..64).map(|_| Ok::<_, Infallible>("email=a&".repeat(64)));
    let chunked = Body::from_stream(futures_util::stream::iter(pieces));
    let request = request("POST", "/subscribe").header(CONTENT_TYPE, FORM);
    let answer = site.send(request.body(chunked).unwrap()).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(site.rows().people.is_empty());
}

/// S0-55, S0-56: coming back is a sign-up like any other; until it is confirmed nothing holds.
#[tokio::test]
async fn coming_back_needs_a_fresh_confirmation_and_kills_older_links() {
    let site = Site::new();
    site.subscribed(&["newsletter"]).await;
    let old = site.link(Purpose::Confirm);
    site.post(&site.link(Purpose::Preferences), "action=unsubscribe-all")
        .await;
    site.wait(1);
    site.sign_up(&["newsletter"]).await;
    assert_eq!(site.person().state(), PersonState::Unsubscribed);
    assert_eq!(site.post(&old, "").await.status, StatusCode::GONE);
    assert_eq!(site.person().state(), PersonState::Unsubscribed);
    let answer = site.post(&site.link(Purpose::Confirm), "").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(site.person().state(), PersonState::Confirmed);
}

#[tokio::test]
async fn the_address_is_kept_as_it_was_typed() {
    let site = Site::new();
    site.sign_up(&[]).await;
    assert_eq!(site.person().address.expose(), ANNA);
}
