//! What goes wrong, for people and for programs.

use std::convert::Infallible;

use axum::{
    body::Body,
    http::{
        StatusCode,
        header::{ACCEPT, CONTENT_TYPE},
    },
};
use consentry_domain::PersonState;
use consentry_token::Purpose;
use futures_util::stream;

use crate::{
    fakes::Health,
    site::{FORM, Site, request},
};

#[tokio::test]
async fn a_missing_page_is_a_page_for_people_and_a_document_for_programs() {
    let site = Site::new();
    let answer = site.get("/nowhere?lang=fr").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(answer.body.contains("Cette page n’existe pas"));
    assert!(answer.body.contains("<html lang=\"fr\">"));
    for accept in ["application/json", "application/problem+json"] {
        let request = request("GET", "/nowhere").header(ACCEPT, accept);
        let answer = site.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(answer.json()["status"], 404);
        assert_eq!(answer.json()["title"], "Not Found");
    }
}

#[tokio::test]
async fn a_method_that_is_not_allowed_names_those_that_are() {
    let site = Site::new();
    for (method, path, allowed) in [
        ("GET", "/subscribe", "POST"),
        ("DELETE", "/", "GET,HEAD"),
        ("PUT", "/confirm/x", "GET,HEAD,POST"),
    ] {
        let answer = site
            .send(request(method, path).body(Body::empty()).unwrap())
            .await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(answer.header("allow"), allowed);
        assert!(answer.body.contains("<h1>"));
    }
}

/// Nothing is claimed that was not stored.
#[tokio::test]
async fn without_the_database_nothing_is_claimed() {
    let site = Site::new();
    site.sign_up(&["newsletter"]).await;
    let link = site.link(Purpose::Confirm);
    let preferences = site.link(Purpose::Preferences);
    let unsubscribe = site.link(Purpose::Unsubscribe);
    site.store.becomes(Health::Down);
    for (path, body) in [
        ("/subscribe", "email=b%40example.org"),
        ("/preferences", "email=b%40example.org"),
        (&link, ""),
        (&preferences, "action=erase"),
        (&unsubscribe, "List-Unsubscribe=One-Click"),
    ] {
        let answer = site.post(path, body).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.header("retry-after"), "10");
        assert!(answer.body.contains("We are not available just now"));
    }
    assert_eq!(site.person().state(), PersonState::Pending);
}

#[tokio::test]
async fn an_error_speaks_the_language_of_the_form() {
    let site = Site::new();
    site.store.becomes(Health::Down);
    let answer = site
        .post("/subscribe", "email=b%40example.org&lang=fr")
        .await;
    assert_eq!(answer.header("content-language"), "fr");
    assert!(answer.body.contains("momentanément indisponibles"));
}

/// S0-37: neither the page nor the document of an error repeats what was sent.
#[tokio::test]
async fn an_error_repeats_neither_token_nor_address() {
    let site = Site::new();
    let token = "Zm9yZ2VkLXRva2VuLXRoYXQtaXMtbm90LW91cnM";
    let request = request("GET", &format!("/confirm/{token}")).header(ACCEPT, "application/json");
    let answer = site.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(!answer.body.contains(token));
    let json = "{\"email\":\"anna@example\"}";
    let answer = site.post_as("/subscribe", "application/json", json).await;
    assert!(!answer.body.contains("anna"));
}

#[tokio::test]
async fn a_defect_is_a_page_and_not_a_lost_connection() {
    let site = Site::new();
    site.store.becomes(Health::Panics);
    let answer = site.get("/readyz").await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(answer.body.contains("Something went wrong on our side"));
    assert!(!answer.body.contains("a defect"));
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
}

#[tokio::test(start_paused = true)]
async fn no_request_waits_for_ever() {
    let site = Site::new();
    site.store.becomes(Health::Silent);
    let answer = site.get("/readyz").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    let endless = Body::from_stream(stream::pending::<Result<String, Infallible>>());
    let request = request("POST", "/subscribe").header(CONTENT_TYPE, FORM);
    let answer = site.send(request.body(endless).unwrap()).await;
    assert_eq!(answer.status, StatusCode::REQUEST_TIMEOUT);
    assert!(answer.body.contains("That took too long"));
}
