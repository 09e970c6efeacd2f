//! The OpenAPI document is true.

use consentry_service::ports::Scope;
use serde_json::{Value, json};

use super::{document, operations};
use crate::site::{ANNA, Site};

/// Every property that is served is described, and every one that is described is served.
fn assert_shape(document: &Value, schema: &Value, served: &Value, place: &str) {
    let schema = match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    };
    if let Some(items) = served.as_array() {
        assert!(!items.is_empty(), "{place} shows nothing to compare");
        for item in items {
            assert_shape(document, &schema["items"], item, place);
        }
    }
    let (Some(properties), Some(served)) = (schema["properties"].as_object(), served.as_object())
    else {
        return;
    };
    assert_eq!(schema["additionalProperties"], json!(false), "{place}");
    let described: Vec<_> = properties.keys().collect();
    let mut held: Vec<_> = served.keys().collect();
    held.sort();
    let mut sorted = described.clone();
    sorted.sort();
    assert_eq!(sorted, held, "{place}");
    for (name, property) in properties {
        assert_shape(
            document,
            property,
            &served[name],
            &format!("{place}.{name}"),
        );
    }
}

#[tokio::test]
async fn what_is_served_has_the_shape_that_is_described() {
    let site = Site::new();
    site.subscribed(&["newsletter"]).await;
    let described = document(&site).await;
    let schema = |path: &str, method: &str, status: &str| {
        let responses = &described["paths"][path][method]["responses"];
        responses[status]["content"]["application/json"]["schema"].clone()
    };
    let token = site.token(&Scope::ALL).await;
    let answers = operations(&site).await;
    let anna = json!({ "email": ANNA }).to_string();
    for (path, method, status) in [
        ("/topics", "get", "200"),
        ("/subscribers", "post", "202"),
        ("/subscribers/lookup", "post", "200"),
        ("/subscribers/export", "post", "200"),
        ("/subscribers/erase", "post", "202"),
    ] {
        let full = format!("/api/v1{path}");
        let operation = answers.iter().find(|one| one.path == full).unwrap();
        let body = operation.body.as_ref().map(|_| anna.as_str());
        let answer = site.call(operation, Some(&token), body).await;
        assert_eq!(answer.status.as_str(), status, "{}", answer.body);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_shape(
            &described,
            &schema(path, method, status),
            &answer.json(),
            path,
        );
    }
}

#[tokio::test]
async fn the_document_is_public_and_knows_the_policy() {
    let site = Site::new();
    let document = document(&site).await;
    assert_eq!(
        document["openapi"].as_str().unwrap().split('.').next(),
        Some("3")
    );
    assert_eq!(
        document["servers"][0]["url"],
        "https://portal.example/api/v1"
    );
    let scheme = &document["components"]["securitySchemes"]["key"];
    assert_eq!(
        (&scheme["type"], &scheme["scheme"]),
        (&json!("http"), &json!("bearer"))
    );
    let subscribe = &document["components"]["schemas"]["SubscribeDocument"]["properties"];
    let topics = subscribe["topics"]["items"]["enum"].as_array().unwrap();
    let known: Vec<_> = site
        .policy
        .topics
        .iter()
        .map(|topic| json!(topic.id.as_str()))
        .collect();
    assert_eq!(topics, &known);
    assert!(
        subscribe["language"]["enum"]
            .as_array()
            .unwrap()
            .contains(&json!("fr"))
    );
    // Under a prefix, programs find it under the prefix.
    let mounted = Site::with(crate::site::Settings {
        mount: "/privacy",
        public_url: "https://portal.example/privacy",
        ..crate::site::Settings::default()
    });
    let answer = mounted.get("/privacy/api/openapi.json").await;
    assert_eq!(
        answer.json()["servers"][0]["url"],
        "https://portal.example/privacy/api/v1"
    );
}

/// Every error that an operation can end with is a problem document of the described shape.
#[tokio::test]
async fn every_error_is_described_as_a_problem() {
    let site = Site::new();
    let document = document(&site).await;
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            let responses = operation["responses"].as_object().unwrap();
            for status in ["400", "401", "403", "429", "500", "503"] {
                assert!(responses.contains_key(status), "{status}");
            }
            for (status, response) in responses
                .iter()
                .filter(|(status, _)| status.as_str() > "399")
            {
                let schema = &response["content"]["application/problem+json"]["schema"];
                assert_eq!(
                    schema["$ref"], "#/components/schemas/ProblemDocument",
                    "{status}"
                );
            }
        }
    }
    let answer = site.ask("/subscribers", &json!({"email": "nobody"})).await;
    let schema = &document["components"]["schemas"]["ProblemDocument"];
    let mut served = answer.json();
    // Only a missing scope is told, and what is known only where something unknown was named.
    served["scope"] = json!("subscribers:read");
    served["errors"][0]["known"] = json!(["contract-ended"]);
    assert_shape(&document, schema, &served, "problem");
}
