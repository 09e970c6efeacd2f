//! "Mail me my link".

use axum::http::StatusCode;
use consentry_domain::LetterKind;

use crate::site::Site;

/// S0-30: the answer does not say whether the address is held.
#[tokio::test]
async fn asking_for_a_link_says_nothing_about_who_is_held() {
    let site = Site::new();
    site.post("/subscribe", "email=anna%40example.org").await;
    site.wait(1);
    let known = site.post("/preferences", "email=anna%40example.org").await;
    let unknown = site.post("/preferences", "email=berta%40example.org").await;
    assert_eq!(known.status, StatusCode::SEE_OTHER);
    assert_eq!(known.header("location"), "/preferences/sent");
    assert_eq!(
        (known.status, known.headers, known.body),
        (unknown.status, unknown.headers, unknown.body)
    );
    assert!(site.letters().contains(&LetterKind::PreferencesLink));
    assert_eq!(site.rows().people.len(), 1);
}

#[tokio::test]
async fn a_mistyped_address_is_explained() {
    let site = Site::new();
    let answer = site.post("/preferences?lang=fr", "email=anna").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("contient un @"));
    assert!(answer.body.contains("value=\"anna\""));
}

#[tokio::test]
async fn the_page_is_linked_from_home_and_from_dead_links() {
    let site = Site::new();
    for path in ["/", "/confirm/x", "/preferences/x", "/unsubscribe/x"] {
        assert!(
            site.get(path).await.body.contains("href=\"/preferences\""),
            "{path}"
        );
    }
    assert_eq!(site.get("/preferences").await.status, StatusCode::OK);
    assert_eq!(site.get("/preferences/sent").await.status, StatusCode::OK);
}
