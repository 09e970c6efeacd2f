//! The headers of every answer.

use axum::{body::Body, http::header::CONTENT_TYPE};
use consentry_token::Purpose;

use crate::site::{Answer, FORM, Settings, Site, request};

async fn answers(site: &Site) -> Vec<(String, Answer)> {
    site.subscribed(&["newsletter"]).await;
    let mut answers = Vec::new();
    let links =
        [Purpose::Confirm, Purpose::Preferences, Purpose::Unsubscribe].map(|p| site.link(p));
    let paths = [
        "/",
        "/privacy",
        "/privacy.json",
        "/legal",
        "/subscribe",
        "/preferences",
        "/healthz",
        "/readyz",
        "/nowhere",
    ];
    for path in paths.iter().map(ToString::to_string).chain(links) {
        for method in ["GET", "HEAD", "POST", "DELETE", "OPTIONS"] {
            let request = request(method, &path).header(CONTENT_TYPE, FORM);
            let answer = site.send(request.body(Body::from("email=b%40b.example")).unwrap());
            answers.push((format!("{method} {path}"), answer.await));
        }
    }
    answers
}

/// S0-21, S0-36, S0-37: no cookie, nothing from elsewhere, no referrer.
#[tokio::test]
async fn every_answer_carries_the_security_headers_and_no_cookie() {
    for (what, answer) in answers(&Site::new()).await {
        let header = |name| answer.header(name);
        assert!(!answer.headers.contains_key("set-cookie"), "{what}");
        assert!(
            header("content-security-policy").contains("default-src 'none'"),
            "{what}"
        );
        assert!(header("content-security-policy").contains("frame-ancestors 'none'"));
        assert_eq!(header("x-content-type-options"), "nosniff", "{what}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{what}");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(header("cross-origin-resource-policy"), "same-origin");
        assert!(header("permissions-policy").contains("camera=()"));
        assert!(header("strict-transport-security").starts_with("max-age=63072000"));
        assert!(!answer.headers.contains_key("access-control-allow-origin"));
    }
}

#[tokio::test]
async fn transport_security_is_not_claimed_without_https() {
    let site = Site::with(Settings {
        public_url: "http://localhost:8080",
        ..Settings::default()
    });
    assert!(
        site.get("/")
            .await
            .header("strict-transport-security")
            .is_empty()
    );
}

/// S0-37: pages behind links are neither cached nor indexed; public ones may be.
#[tokio::test]
async fn only_public_pages_may_be_kept_and_found() {
    for (what, answer) in answers(&Site::new()).await {
        let public = [
            "GET /",
            "HEAD /",
            "GET /privacy",
            "HEAD /privacy",
            "GET /privacy.json",
            "HEAD /privacy.json",
            "GET /legal",
            "HEAD /legal",
            "GET /preferences",
            "HEAD /preferences",
        ];
        if public.contains(&what.as_str()) {
            assert_eq!(answer.header("cache-control"), "no-cache", "{what}");
            assert!(answer.header("x-robots-tag").is_empty());
        } else {
            assert_eq!(answer.header("cache-control"), "no-store", "{what}");
            assert_eq!(answer.header("x-robots-tag"), "noindex", "{what}");
        }
    }
}

/// S0-22, S0-36: no script, and nothing that a page loads comes from elsewhere.
#[tokio::test]
async fn pages_load_one_style_sheet_and_no_script() {
    for (what, answer) in answers(&Site::new()).await {
        let page = &answer.body;
        assert!(
            !page.contains("<script") && !page.contains(" style=\""),
            "{what}"
        );
        for loaded in ["src=\"", "@import", "url("] {
            assert!(!page.contains(loaded), "{what}: {loaded}");
        }
        for link in page.split("<link ").skip(1) {
            assert!(link.contains("href=\"/assets/"), "{what}");
        }
    }
}

#[tokio::test]
async fn the_style_sheet_is_cached_for_good_under_the_name_of_its_content() {
    let site = Site::new();
    let page = site.get("/").await.body;
    for (extension, kind) in [("css", "text/css"), ("svg", "image/svg+xml")] {
        let path = page
            .split('"')
            .find(|part| part.starts_with("/assets/") && part.ends_with(extension))
            .unwrap();
        let answer = site.get(path).await;
        assert!(answer.header("content-type").starts_with(kind));
        assert_eq!(
            answer.header("cache-control"),
            "public, max-age=31536000, immutable"
        );
        assert!(answer.body.len() > 100);
    }
    assert_eq!(site.get("/assets/style.css").await.status.as_u16(), 404);
}

#[tokio::test]
async fn a_host_header_changes_no_link() {
    let site = Site::new();
    let request = request("GET", "/")
        .header("host", "evil.example")
        .header("x-forwarded-host", "evil.example");
    let answer = site.send(request.body(Body::empty()).unwrap()).await;
    assert!(!answer.body.contains("evil.example"));
    let answer = site.get("//evil.example/x").await;
    assert!(!answer.body.contains("\"//evil.example"));
}
