//! How many sign-ups are accepted.

use axum::{
    body::Body,
    http::{StatusCode, header::CONTENT_TYPE},
};
use consentry_policy::{Limits, Policy};
use consentry_token::Purpose;
use consentry_web::Options;

use crate::site::{Answer, FORM, Settings, Site, request_from};

fn limits_of(change: impl FnOnce(&mut Limits)) -> Options {
    let mut limits = Limits::default();
    change(&mut limits);
    Options {
        limits,
        ..Options::default()
    }
}

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
    let site = limited(limits_of(|limits| {
        limits.per_client = "2/hour".parse().ok();
    }));
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
    let site = limited(limits_of(|limits| limits.total = "1/hour".parse().ok()));
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
    let site = limited(limits_of(|limits| {
        limits.per_client = "1/hour".parse().ok();
    }));
    site.post("/preferences", "email=a%40example.org").await;
    let answer = site.post("/preferences", "email=a%40example.org").await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_typing_error_is_not_counted() {
    let site = limited(limits_of(|limits| {
        limits.per_client = "1/hour".parse().ok();
    }));
    for _ in 0..3 {
        site.post("/subscribe", "email=anna").await;
    }
    let answer = site.post("/subscribe", "email=anna%40example.org").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn only_a_trusted_proxy_names_the_client() {
    let options = || Options {
        trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
        ..limits_of(|limits| limits.per_client = "1/hour".parse().ok())
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

/// The same answer on every door that has a letter sent, whether the address is known or not: a
/// page or a document, with the seconds to wait.
#[tokio::test]
async fn a_domain_over_its_limit_is_refused_on_every_door() {
    let site = limited(limits_of(|limits| {
        limits.per_domain = "2/hour".parse().ok();
    }));
    let known = site.post("/subscribe", "email=anna%40example.org").await;
    assert_eq!(known.status, StatusCode::SEE_OTHER);
    let link = site
        .post("/preferences", "email=nobody%40EXAMPLE.org")
        .await;
    assert_eq!(link.status, StatusCode::SEE_OTHER);
    let mut refused = Vec::new();
    for who in ["anna", "nobody"] {
        let form = format!("email={who}%40example.org");
        let json = format!("{{\"email\":\"{who}@example.org\"}}");
        for answer in [
            site.post("/subscribe", &form).await,
            site.post("/preferences", &form).await,
            site.post_as("/subscribe", "application/json", &json).await,
        ] {
            assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
            let seconds: u64 = answer.header("retry-after").parse().unwrap();
            assert!((1..=1801).contains(&seconds), "{seconds}");
            refused.push(answer.body);
        }
    }
    let (known, unknown) = refused.split_at(3);
    assert_eq!(known, unknown);
    let elsewhere = site.post("/subscribe", "email=anna%40example.net").await;
    assert_eq!(elsewhere.status, StatusCode::SEE_OTHER);
}

/// S0-39: letters to new addresses count like sign-ups: nobody writes to strangers without a budget.
#[tokio::test]
async fn a_change_of_address_counts_for_the_domain_of_the_new_one() {
    let site = limited(limits_of(|limits| {
        limits.per_domain = "1/hour".parse().ok();
    }));
    site.post("/subscribe", "email=anna%40example.org").await;
    site.post(&site.link(Purpose::Confirm), "").await;
    let centre = site.link(Purpose::Preferences);
    let body = "action=change-address&email=victim%40example.net";
    assert_eq!(site.post(&centre, body).await.status, StatusCode::OK);
    let answer = site.post(&centre, body).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(!answer.header("retry-after").is_empty());
}

/// Nobody confirms: somebody signs up strangers. The trickle is the same for everybody, and it ends
/// by itself.
#[tokio::test]
async fn sign_ups_slow_down_while_hardly_anybody_confirms() {
    let policy = [
        ("least = 100 ", "least = 5 "),
        ("trickle = \"60/hour\"", "trickle = \"2/hour\""),
    ];
    let mut options = Options::default();
    let mut breaker = Policy::demo().limits.breaker.unwrap();
    breaker.trickle = "2/hour".parse().unwrap();
    options.limits.breaker = Some(breaker);
    let site = Site::with(Settings {
        policy: policy.to_vec(),
        options,
        ..Settings::default()
    });
    let sign_up = async |number: u32| {
        let body = format!("email=person{number}%40example.org");
        site.post("/subscribe", &body).await.status
    };
    for number in 0..7 {
        assert_eq!(sign_up(number).await, StatusCode::SEE_OTHER);
    }
    // They have had time to confirm, and did not.
    site.wait(1);
    let mut answers = Vec::new();
    for number in [100, 0, 101, 1] {
        answers.push(sign_up(number).await.as_u16());
    }
    assert_eq!(answers, [303, 303, 429, 429], "known and unknown alike");
    let link = site
        .post("/preferences", "email=person0%40example.org")
        .await;
    assert_eq!(
        link.status,
        StatusCode::SEE_OTHER,
        "no letter to a stranger"
    );
    site.wait(3);
    for number in 200..210 {
        assert_eq!(sign_up(number).await, StatusCode::SEE_OTHER);
    }
}
