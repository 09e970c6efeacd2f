//! How many sign-ups are accepted.

use axum::{
    body::Body,
    http::{StatusCode, header::CONTENT_TYPE},
};
use consentry_web::Options;

use crate::site::{Answer, FORM, Settings, Site, request_from};

fn limited(options: Options) -> Site {
    Site::with(Settings {
        options,
        ..Settings::default()
    })
}

async fn sign_up(site: &Site, peer: &str, forwarded: &str, number: u32) -> Answer {
    let mut request = request_from(peer, "POST", "/subscribe").header(CONTENT_TYPE, FORM);
    if !forwarded.is_empty() {
        request = request.header("x-forwarded-for", forwarded);
    }
    let body = format!("email=person{number}%40example.org");
    site.send(request.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn a_client_over_the_limit_is_told_when_to_come_back() {
    let site = limited(Options {
        per_client: "2/hour".parse().ok(),
        ..Options::default()
    });
    for number in 0..2 {
        let answer = sign_up(&site, "192.0.2.1", "", number).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
    }
    let answer = sign_up(&site, "192.0.2.1", "", 2).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    let seconds: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=1801).contains(&seconds));
    assert!(answer.body.contains("Too many requests"));
    assert_eq!(site.rows().people.len(), 2);
    let answer = sign_up(&site, "192.0.2.2", "", 3).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_total_limit_is_a_document_for_programs() {
    let site = limited(Options {
        total: "1/hour".parse().ok(),
        ..Options::default()
    });
    sign_up(&site, "192.0.2.1", "", 0).await;
    let answer = site
        .post_as(
            "/subscribe",
            "application/json",
            "{\"email\":\"a@example.org\"}",
        )
        .await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.json()["status"], 429);
    assert!(!answer.header("retry-after").is_empty());
}

#[tokio::test]
async fn asking_for_links_counts_too() {
    let site = limited(Options {
        per_client: "1/hour".parse().ok(),
        ..Options::default()
    });
    site.post("/preferences", "email=a%40example.org").await;
    let answer = site.post("/preferences", "email=a%40example.org").await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_typing_error_is_not_counted() {
    let site = limited(Options {
        per_client: "1/hour".parse().ok(),
        ..Options::default()
    });
    for _ in 0..3 {
        site.post("/subscribe", "email=anna").await;
    }
    let answer = site.post("/subscribe", "email=anna%40example.org").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn only_a_trusted_proxy_names_the_client() {
    let options = || Options {
        per_client: "1/hour".parse().ok(),
        trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
        ..Options::default()
    };
    let site = limited(options());
    for (number, client) in ["192.0.2.1", "192.0.2.2"].into_iter().enumerate() {
        let answer = sign_up(&site, "10.0.0.1", client, u32::try_from(number).unwrap()).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
    }
    let site = limited(options());
    sign_up(&site, "203.0.113.9", "192.0.2.1", 0).await;
    let answer = sign_up(&site, "203.0.113.9", "192.0.2.2", 1).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
}
