//! Which language a page speaks.

use axum::{
    body::Body,
    http::header::{ACCEPT_LANGUAGE, CONTENT_TYPE},
};
use consentry_policy::Language;
use consentry_token::Purpose;

use crate::site::{FORM, Settings, Site, request};

async fn language(site: &Site, path: &str, accepted: &str) -> String {
    let request = request("GET", path).header(ACCEPT_LANGUAGE, accepted);
    let answer = site.send(request.body(Body::empty()).unwrap()).await;
    let language = answer.header("content-language").to_owned();
    assert!(answer.body.contains(&format!("<html lang=\"{language}\">")));
    assert!(answer.header("vary").contains("accept-language"));
    language
}

#[tokio::test]
async fn the_url_counts_before_the_browser() {
    let site = Site::new();
    assert_eq!(language(&site, "/", "fr-CA,fr;q=0.9").await, "fr");
    assert_eq!(language(&site, "/?lang=en", "fr").await, "en");
    assert_eq!(language(&site, "/?lang=fr", "en").await, "fr");
    assert_eq!(language(&site, "/?lang=xx", "fr").await, "fr");
    assert_eq!(language(&site, "/privacy", "de").await, "en");
}

#[tokio::test]
async fn a_language_that_the_policy_does_not_offer_is_not_spoken() {
    let site = Site::with(Settings {
        policy: vec![("offered = [\"en\", \"fr\"]", "offered = [\"en\"]")],
        ..Settings::default()
    });
    assert_eq!(language(&site, "/?lang=fr", "fr").await, "en");
    assert!(!site.get("/").await.body.contains("hreflang"));
}

#[tokio::test]
async fn the_field_counts_after_the_url_and_before_the_browser() {
    for (path, accepted, expected) in [
        ("/subscribe", "en", Language::Fr),
        ("/subscribe?lang=en", "fr", Language::En),
    ] {
        let site = Site::new();
        let request = request("POST", path)
            .header(CONTENT_TYPE, FORM)
            .header(ACCEPT_LANGUAGE, accepted);
        let body = Body::from("email=a%40example.org&lang=fr");
        site.send(request.body(body).unwrap()).await;
        assert_eq!(site.person().language, expected);
    }
}

#[tokio::test]
async fn the_switch_stays_on_the_page() {
    let site = Site::new();
    let page = site.get("/privacy").await.body;
    assert!(page.contains("href=\"/privacy?lang=fr\" lang=\"fr\" hreflang=\"fr\""));
    assert!(page.contains("hreflang=\"en\" aria-current=\"true\""));
    // The page of a refused form lies where only a form can go; the switch leads to the form.
    let page = site.post("/subscribe", "email=x").await.body;
    assert!(page.contains("href=\"/?lang=fr\" lang=\"fr\""));
}

/// The contract: `?lang=`, then the `lang` field, then `Accept-Language`, on every form.
#[tokio::test]
async fn the_field_counts_on_every_form() {
    let site = Site::new();
    site.sign_up(&["newsletter"]).await;
    let confirm = site.link(Purpose::Confirm);
    let centre = site.link(Purpose::Preferences);
    let button = site.link(Purpose::Unsubscribe);
    for (path, fields) in [
        ("/preferences", "email=x"),
        (&confirm, ""),
        ("/confirm/forged", ""),
        (&centre, "action=save&topic=newsletter"),
        (&centre, "action=explode"),
        (&button, "action=save&topic=newsletter"),
        ("/unsubscribe/forged", "List-Unsubscribe=One-Click"),
    ] {
        for (query, expected) in [("", "fr"), ("?lang=en", "en")] {
            let request = request("POST", &format!("{path}{query}"))
                .header(CONTENT_TYPE, FORM)
                .header(ACCEPT_LANGUAGE, "en");
            let body = Body::from(format!("{fields}&lang=fr"));
            let answer = site.send(request.body(body).unwrap()).await;
            assert_eq!(answer.header("content-language"), expected, "{path}");
        }
    }
    let answer = site
        .post("/preferences", "email=a%40example.org&lang=fr")
        .await;
    assert_eq!(answer.header("location"), "/preferences/sent?lang=fr");
}
