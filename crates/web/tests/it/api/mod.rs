//! `/api/v1`, as programs see it.

mod access;
mod bodies;
mod described;
mod events;
mod people;

use axum::{
    body::Body,
    http::header::{AUTHORIZATION, CONTENT_TYPE},
};
use consentry_service::{Api, ports::Scope};
use serde_json::{Map, Value};

use crate::site::{Answer, Site, request};

/// An operation, read out of the OpenAPI document.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) scope: Scope,
    /// A body that it accepts; `None` for one without a body.
    pub(crate) body: Option<Value>,
    pub(crate) statuses: Vec<u16>,
}

pub(crate) async fn document(site: &Site) -> Value {
    let answer = site.get("/api/openapi.json").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/json");
    answer.json()
}

/// Every operation there is.
pub(crate) async fn operations(site: &Site) -> Vec<Operation> {
    let document = document(site).await;
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, described) in item.as_object().unwrap() {
            let scopes = described["security"][0]["key"].as_array();
            let scopes = scopes.unwrap_or_else(|| panic!("{path} says no scope"));
            assert_eq!(scopes.len(), 1, "{path} needs one scope");
            let body = described.get("requestBody");
            let responses = described["responses"].as_object().unwrap();
            operations.push(Operation {
                method: method.to_uppercase(),
                path: format!("/api/v1{path}"),
                scope: scopes[0].as_str().unwrap().parse().unwrap(),
                body: body.map(|body| example(&document, body)),
                statuses: responses.keys().map(|code| code.parse().unwrap()).collect(),
            });
        }
    }
    assert!(operations.len() >= 6, "the document lists the operations");
    operations
}

/// The example of a body: its own, or that of each field.
fn example(document: &Value, body: &Value) -> Value {
    let media = &body["content"]["application/json"];
    if let Some(example) = media.get("example") {
        return example.clone();
    }
    let reference = media["schema"]["$ref"].as_str().unwrap();
    let schema = document.pointer(reference.trim_start_matches('#')).unwrap();
    let fields = schema["properties"].as_object().unwrap();
    let fields: Map<_, _> = fields
        .iter()
        .map(|(name, field)| (name.clone(), field["example"].clone()))
        .collect();
    fields.into()
}

impl Site {
    pub(crate) fn api(&self) -> Api {
        self.service.api().unwrap()
    }

    /// The token of a new key with these scopes.
    pub(crate) async fn token(&self, scopes: &[Scope]) -> String {
        let scopes = scopes.iter().copied().collect();
        let (_, token) = self.api().create_key("a test", scopes, None).await.unwrap();
        token.expose().to_owned()
    }

    /// Calls an operation with its own example, or with another body.
    pub(crate) async fn call(
        &self,
        operation: &Operation,
        token: Option<&str>,
        body: Option<&str>,
    ) -> Answer {
        let mut call = request(&operation.method, &operation.path);
        if let Some(token) = token {
            call = call.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let example = operation.body.as_ref().map(Value::to_string);
        let body = match body.map(str::to_owned).or(example) {
            None => Body::empty(),
            Some(text) => {
                call = call.header(CONTENT_TYPE, "application/json");
                Body::from(text)
            }
        };
        self.send(call.body(body).unwrap()).await
    }

    /// `POST`s a document with a key of all scopes.
    pub(crate) async fn ask(&self, path: &str, document: &Value) -> Answer {
        let token = self.token(&Scope::ALL).await;
        let call = request("POST", &format!("/api/v1{path}"))
            .header(AUTHORIZATION, format!("Bearer {token}"))
            .header(CONTENT_TYPE, "application/json");
        self.send(call.body(document.to_string().into()).unwrap())
            .await
    }
}

/// A problem document of this status, and nothing personal or cacheable about it.
pub(crate) fn assert_problem(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.header("cache-control"), "no-store");
    let problem = answer.json();
    assert_eq!(problem["status"], status);
    assert_eq!(problem["type"], "about:blank");
    assert!(!answer.body.contains('@'), "{}", answer.body);
}
