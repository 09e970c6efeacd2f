//! The local mailbox in the browser.

use std::sync::Arc;

use axum::{body::Body, http::StatusCode};
use consentry_web::Options;

use crate::{
    fakes::OneLetter,
    site::{Settings, Site, request, request_from},
};

pub(crate) fn site() -> Site {
    Site::with(Settings {
        options: Options {
            mailbox: Some(Arc::new(OneLetter)),
            trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
            ..Options::default()
        },
        ..Settings::default()
    })
}

#[tokio::test]
async fn letters_can_be_read_and_their_links_followed_on_this_machine() {
    let site = site();
    for peer in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
        let get = |path: &str| request_from(peer, "GET", path).body(Body::empty()).unwrap();
        let list = site.send(get("/dev/mailbox")).await;
        assert_eq!(list.status, StatusCode::OK);
        let path = format!("/dev/mailbox/{}", OneLetter::NAME);
        assert!(list.body.contains(&format!("href=\"{path}\"")));
        let letter = site.send(get(&path)).await;
        assert!(
            letter
                .body
                .contains("<a href=\"https://portal.example/confirm/abc\">")
        );
        assert!(letter.body.contains("&#60;now&#62;"));
        let html = site.send(get(&format!("{path}/html"))).await;
        assert!(html.body.contains("style=\"color:green\""));
        let policy = html.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("sandbox"));
        let missing = site.send(get("/dev/mailbox/other.eml")).await;
        assert_eq!(missing.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn nobody_else_sees_that_there_is_a_mailbox() {
    let site = site();
    let paths = [
        "/dev/mailbox".to_owned(),
        format!("/dev/mailbox/{}/html", OneLetter::NAME),
    ];
    for path in paths {
        let local = |name: &'static str, value: &'static str| {
            request_from("127.0.0.1", "GET", &path).header(name, value)
        };
        let rebound = request_from("127.0.0.1", "GET", &path);
        let rebound = rebound.body(Body::empty()).map(|mut request| {
            request
                .headers_mut()
                .insert("host", "evil.example".parse().unwrap());
            request
        });
        for request in [
            request_from("192.0.2.1", "GET", &path).body(Body::empty()),
            request("GET", &path).body(Body::empty()),
            local("x-forwarded-for", "127.0.0.1").body(Body::empty()),
            local("forwarded", "for=127.0.0.1").body(Body::empty()),
            rebound,
        ] {
            let answer = site.send(request.unwrap()).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND);
        }
    }
}

#[tokio::test]
async fn there_is_no_mailbox_where_a_relay_is_set() {
    let request = request_from("127.0.0.1", "GET", "/dev/mailbox");
    let answer = Site::new().send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}
