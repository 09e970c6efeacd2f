//! Who may do what. The operations come from the OpenAPI document: a new one is in these tables
//! without anybody thinking of it.

use consentry_service::ports::Scope;

use super::{assert_problem, operations};
use crate::site::Site;

#[tokio::test]
async fn without_a_good_token_nothing_opens() {
    for operation in operations(&Site::new()).await {
        let site = Site::new();
        let api = site.api();
        let (revoked, revoked_token) = api
            .create_key("revoked", Scope::ALL.into(), None)
            .await
            .unwrap();
        api.revoke_key(revoked.id).await.unwrap();
        let period = Some("1 hours".parse().unwrap());
        let (_, expired) = api
            .create_key("expired", Scope::ALL.into(), period)
            .await
            .unwrap();
        let good = site.token(&Scope::ALL).await;
        site.wait(1);
        let forged = format!("{}{}", &good[..good.len() - 4], "0000");
        let tokens = [
            None,
            Some(""),
            Some("csk_"),
            Some(forged.as_str()),
            Some(revoked_token.expose()),
            Some(expired.expose()),
        ];
        let rows = site.rows();
        for token in tokens {
            let answer = site.call(&operation, token, None).await;
            assert_problem(&answer, 401);
            assert_eq!(answer.header("www-authenticate"), "Bearer");
            // Before anything of the body is looked at.
            if operation.body.is_some() {
                assert_problem(&site.call(&operation, token, Some("{")).await, 401);
            }
        }
        assert_eq!(site.rows(), rows, "nothing was done");
    }
}

#[tokio::test]
async fn every_operation_needs_its_own_scope_and_no_other() {
    for operation in operations(&Site::new()).await {
        let site = Site::new();
        let others: Vec<_> = Scope::ALL
            .into_iter()
            .filter(|scope| *scope != operation.scope)
            .collect();
        let token = site.token(&others).await;
        let rows = site.rows();
        for body in [None, operation.body.as_ref().map(|_| "{")] {
            let answer = site.call(&operation, Some(&token), body).await;
            assert_problem(&answer, 403);
            let scope = operation.scope.as_str();
            assert_eq!(answer.json()["scope"], scope, "{}", operation.path);
            assert_eq!(
                answer.header("www-authenticate"),
                format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"")
            );
        }
        assert_eq!(site.rows(), rows, "nothing was done");

        let token = site.token(&[operation.scope]).await;
        let answer = site.call(&operation, Some(&token), None).await;
        let status = answer.status.as_u16();
        assert!(
            answer.status.is_success() || status == 404,
            "{} {}: {}",
            operation.path,
            answer.status,
            answer.body
        );
        assert!(
            operation.statuses.contains(&status),
            "{status} is described"
        );
    }
}

#[tokio::test]
async fn failures_are_limited_and_a_good_token_is_not() {
    let site = Site::new();
    let operation = operations(&site).await.remove(0);
    let good = site.token(&[operation.scope]).await;
    for _ in 0..120 {
        assert_problem(&site.call(&operation, Some("csk_guess"), None).await, 401);
    }
    let limited = site.call(&operation, Some("csk_guess"), None).await;
    assert_problem(&limited, 429);
    let seconds: u64 = limited.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds));
    let answer = site.call(&operation, Some(&good), None).await;
    assert!(answer.status.is_success());
}

/// The day of the last use is kept, and nothing finer.
#[tokio::test]
async fn a_use_is_noted_by_the_day() {
    let site = Site::new();
    let operation = operations(&site).await.remove(0);
    let token = site.token(&[operation.scope]).await;
    let used = async || site.api().keys().await.unwrap().remove(0).last_used_on;
    assert_eq!(used().await, None);
    site.call(&operation, Some(&token), None).await;
    assert_eq!(used().await.unwrap().to_string(), "2026-11-22");
    site.wait(24);
    site.call(&operation, Some(&token), None).await;
    assert_eq!(used().await.unwrap().to_string(), "2026-11-23");
}

#[tokio::test]
async fn where_no_keys_are_kept_there_is_no_api() {
    let site = Site::with(crate::site::Settings {
        has_api: false,
        ..crate::site::Settings::default()
    });
    for path in ["/api/openapi.json", "/api/v1/topics"] {
        assert_problem(&site.get(path).await, 404);
    }
}
