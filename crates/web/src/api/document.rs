//! The OpenAPI document: what the operations say of themselves, and what only the policy knows.

use serde_json::{Value, json};
use utoipa::OpenApi;

use super::problem::{FieldProblem, ProblemDocument};
use crate::app::App;

/// What no operation names itself.
#[derive(OpenApi)]
#[openapi(components(schemas(FieldProblem, ProblemDocument)))]
pub(super) struct Base;

const DESCRIPTION: &str = "Subscriptions for programs in any language. Make a key with \
    `consentry-admin api-key create`. Addresses travel in bodies, never in URLs. Errors are problem \
    documents (RFC 9457). Who is hidden, because they were erased, is answered like who was never \
    known.";

/// The document, as JSON text.
pub(super) fn complete(described: utoipa::openapi::OpenApi, app: &App) -> String {
    let mut document = serde_json::to_value(described).unwrap_or_default();
    document["info"] = json!({
        "title": "Consentry",
        "description": DESCRIPTION,
        "version": "1",
        "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
    });
    document["servers"] = json!([{ "url": app.service().public_url().join("/api/v1") }]);
    document["components"]["securitySchemes"] = json!({
        "key": {
            "type": "http",
            "scheme": "bearer",
            "description": "A token of `consentry-admin api-key create`; the roles of an operation \
                are the scope that its key needs.",
        }
    });
    let policy = app.policy();
    let topics: Vec<_> = policy
        .topics
        .iter()
        .map(|topic| topic.id.as_str())
        .collect();
    let languages = policy.languages.offered.iter();
    let languages: Vec<_> = languages.map(|language| language.as_str()).collect();
    let schemas = &mut document["components"]["schemas"];
    for name in ["SubscribeDocument", "UnsubscribeDocument"] {
        schemas[name]["properties"]["topics"]["items"]["enum"] = json!(topics);
        schemas[name]["properties"]["topics"]["maxItems"] = json!(super::body::TOPICS);
    }
    if let Some(report) = schemas.get_mut("ReportDocument") {
        let events: Vec<_> = policy
            .events
            .iter()
            .map(|event| event.id.as_str())
            .collect();
        report["properties"]["event"]["example"] = json!(events.first());
        report["properties"]["event"]["enum"] = json!(events);
    }
    // `null` is a value of the enumeration too: the field may be left out or be null.
    let nullable = languages.iter().map(|code| json!(code));
    let nullable: Vec<Value> = nullable.chain([Value::Null]).collect();
    schemas["SubscribeDocument"]["properties"]["language"]["enum"] = json!(nullable);
    document.to_string()
}
