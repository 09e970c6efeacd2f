//! Public files of the operator.

use std::fs;

use axum::http::StatusCode;
use consentry_web::Options;

use crate::site::{Settings, Site};

/// S0-35: what lies in the folder is served, and nothing beside it.
#[tokio::test]
async fn public_files_are_served_and_nothing_beside_them() {
    let folder = tempfile::tempdir().unwrap();
    let public = folder.path().join("public");
    fs::create_dir_all(public.join(".well-known")).unwrap();
    fs::write(public.join("hello.txt"), "hello").unwrap();
    fs::write(public.join(".env"), "secret").unwrap();
    fs::write(public.join(".well-known/security.txt"), "contact").unwrap();
    fs::write(folder.path().join("secret.txt"), "secret").unwrap();
    let site = Site::with(Settings {
        options: Options {
            static_dir: Some(public),
            ..Options::default()
        },
        ..Settings::default()
    });
    let answer = site.get("/hello.txt").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.body, "hello");
    assert_eq!(answer.header("cache-control"), "no-cache");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(site.get("/.well-known/security.txt").await.body, "contact");
    for path in [
        "/.env",
        "/%2eenv",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e%2fsecret.txt",
        "/.well-known/../../secret.txt",
        "/nowhere.txt",
    ] {
        let answer = site.get(path).await;
        assert!(answer.status.is_client_error(), "{path}");
        assert!(
            !answer.body.contains("secret\n") && answer.body != "secret",
            "{path}"
        );
    }
    let page = site.get("/").await.body;
    assert!(page.contains("action=\"/subscribe\""), "pages come first");
}
