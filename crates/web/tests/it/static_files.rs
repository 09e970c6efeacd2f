//! Public files of the operator.

use std::fs;

use axum::{body::Body, http::StatusCode};
use consentry_web::Options;

use crate::site::{Settings, Site, request};

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

/// RFC 9110 section 15.5.17: a program that resumes a download learns where the file ends.
#[tokio::test]
async fn a_range_past_the_end_is_answered_as_such() {
    let public = tempfile::tempdir().unwrap();
    fs::write(public.path().join("hello.txt"), "hello").unwrap();
    let site = Site::with(Settings {
        options: Options {
            static_dir: Some(public.path().to_owned()),
            ..Options::default()
        },
        ..Settings::default()
    });
    let range = |range| {
        let request = request("GET", "/hello.txt").header("range", range);
        site.send(request.body(Body::empty()).unwrap())
    };
    let answer = range("bytes=1-3").await;
    assert_eq!(answer.status, StatusCode::PARTIAL_CONTENT);
    assert_eq!(answer.body, "ell");
    let answer = range("bytes=9-").await;
    assert_eq!(answer.status, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(answer.header("content-range"), "bytes */5");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
}

/// S0-35: a symbolic link is followed inside the folder, and never out of it.
#[cfg(unix)]
#[tokio::test]
async fn a_symbolic_link_that_leads_out_of_the_folder_publishes_nothing() {
    use std::os::unix::fs::symlink;

    let folder = tempfile::tempdir().unwrap();
    let (public, data) = (folder.path().join("public"), folder.path().join("data"));
    fs::create_dir_all(public.join("folder")).unwrap();
    fs::create_dir_all(&data).unwrap();
    fs::write(data.join("keys.toml"), "secret").unwrap();
    fs::write(public.join("hello.txt"), "hello").unwrap();
    symlink(&data, public.join("files")).unwrap();
    symlink(data.join("keys.toml"), public.join("keys.toml")).unwrap();
    symlink(data.join("keys.toml"), public.join("folder/index.html")).unwrap();
    symlink("hello.txt", public.join("greeting.txt")).unwrap();
    // The folder itself may be reached by a link.
    let entrance = folder.path().join("entrance");
    symlink(&public, &entrance).unwrap();
    let site = Site::with(Settings {
        options: Options {
            static_dir: Some(entrance),
            ..Options::default()
        },
        ..Settings::default()
    });
    for path in [
        "/files/keys.toml",
        "/files%2fkeys.toml",
        "/files/",
        "/keys.toml",
        "/folder/",
    ] {
        let answer = site.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_ne!(answer.body, "secret", "{path}");
    }
    assert_eq!(site.get("/greeting.txt").await.body, "hello");
}
