//! JSON alone, bounded, and nothing in it that is not known.

use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use consentry_service::ports::Scope;
use serde_json::{Value, json};

use super::{assert_problem, operations};
use crate::site::{Site, request};

#[tokio::test]
async fn every_operation_with_a_body_is_strict_about_it() {
    let site = Site::new();
    let token = site.token(&Scope::ALL).await;
    for operation in operations(&site).await {
        let Some(example) = operation.body.clone() else {
            continue;
        };
        let large = format!("{{\"email\":\"{}\"}}", "a".repeat(17_000));
        let with = |name: &str, value: Value| {
            let mut body = example.clone();
            body[name] = value;
            body.to_string()
        };
        let cases = [
            ("", 400, None),
            ("{", 400, None),
            ("{\"email\":\"anna@example.org\"} {}", 400, None),
            (&large, 413, None),
            ("[]", 422, Some(("#", "wrong-type"))),
            ("{}", 422, Some(("#/email", "missing-field"))),
            (
                &with("mail", json!(1)),
                422,
                Some(("#/mail", "unknown-field")),
            ),
            (
                &with("email", json!(["a"])),
                422,
                Some(("#/email", "wrong-type")),
            ),
            (
                &with("email", json!("nobody")),
                422,
                Some(("#/email", "address-missing-at")),
            ),
            (
                "{\"email\":\"a@example.org\",\"email\":\"b@example.org\"}",
                422,
                Some(("#/email", "duplicate-field")),
            ),
        ];
        let rows = site.rows();
        for (body, status, wrong) in cases {
            let answer = site.call(&operation, Some(&token), Some(body)).await;
            assert_problem(&answer, status);
            assert!(
                operation.statuses.contains(&status),
                "{status} is described"
            );
            if let Some((pointer, code)) = wrong {
                let error = &answer.json()["errors"][0];
                assert_eq!(
                    (&error["pointer"], &error["code"]),
                    (&json!(pointer), &json!(code)),
                    "{}: {body}",
                    operation.path
                );
            }
        }
        for kind in [
            None,
            Some("application/x-www-form-urlencoded"),
            Some("text/plain"),
        ] {
            let mut call =
                request("POST", &operation.path).header(AUTHORIZATION, format!("Bearer {token}"));
            if let Some(kind) = kind {
                call = call.header(CONTENT_TYPE, kind);
            }
            let body = example.to_string().into();
            assert_problem(&site.send(call.body(body).unwrap()).await, 415);
        }
        assert_eq!(site.rows(), rows, "nothing was done");
    }
}

#[tokio::test]
async fn topics_and_languages_are_those_of_the_policy() {
    let site = Site::new();
    let email = "anna@example.org";
    let many = vec!["newsletter"; 101];
    for (body, pointer, code) in [
        (
            json!({"email": email, "topics": ["gossip"]}),
            "#/topics",
            "unknown-topic",
        ),
        (
            json!({"email": email, "topics": ["No Id"]}),
            "#/topics/0",
            "unknown-topic",
        ),
        (json!({"email": email, "topics": []}), "#/topics", "empty"),
        (
            json!({"email": email, "topics": many}),
            "#/topics",
            "too-many",
        ),
        (
            json!({"email": email, "language": "xx"}),
            "#/language",
            "not-offered",
        ),
    ] {
        let answer = site.ask("/subscribers", &body).await;
        assert_problem(&answer, 422);
        let error = &answer.json()["errors"][0];
        assert_eq!(
            (&error["pointer"], &error["code"]),
            (&json!(pointer), &json!(code))
        );
    }
    assert!(site.rows().people.is_empty());
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_document_too() {
    let site = Site::new();
    for path in [
        "/api",
        "/api/v1/gossip",
        "/api/v2/topics",
        "/api/v1/subscribers/anna",
    ] {
        assert_problem(&site.get(path).await, 404);
    }
    for operation in operations(&site).await {
        for method in ["DELETE", "PUT", "PATCH"] {
            let call = request(method, &operation.path);
            let answer = site.send(call.body(String::new().into()).unwrap()).await;
            assert_problem(&answer, 405);
            assert!(
                answer.header("allow").contains(&operation.method),
                "{}",
                answer.header("allow")
            );
        }
    }
}

#[tokio::test]
async fn a_query_that_can_be_read_in_two_ways_is_a_problem_document_too() {
    let site = Site::new();
    for operation in operations(&site).await {
        let path = format!("{}?a=1&a=2", operation.path);
        let call = request(&operation.method, &path);
        let answer = site.send(call.body(String::new().into()).unwrap()).await;
        assert_problem(&answer, 400);
        assert!(operation.statuses.contains(&400), "400 is described");
    }
}
