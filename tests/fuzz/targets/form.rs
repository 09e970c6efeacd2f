//! Forms and JSON documents as they arrive: no request is answered by our fault, none by a panic.
#![no_main]

use std::{path::Path, sync::LazyLock};

use axum::{
    Router,
    body::Body,
    http::{Request, header::CONTENT_TYPE},
};
use consentry::{Consentry, Policy, sea_orm};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

struct Site {
    runtime: Runtime,
    pages: Router,
    _folder: TempDir,
}

static SITE: LazyLock<Site> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let pages = runtime.block_on(pages(folder.path()));
    Site {
        runtime,
        pages,
        _folder: folder,
    }
});

async fn pages(folder: &Path) -> Router {
    let url = format!("sqlite://{}?mode=rwc", folder.join("fuzz.db").display());
    let database = sea_orm::Database::connect(url).await.expect("a database");
    let public_url = "http://127.0.0.1:8080".parse().expect("a URL");
    let consentry = Consentry::builder(Policy::demo(), public_url, database)
        .keys_file(folder.join("keys.toml"))
        .mailbox(folder.join("mailbox"))
        .build()
        .await
        .expect("an installation");
    consentry.migrate().await.expect("a schema");
    let options = consentry.options();
    consentry.router(options)
}

const KINDS: [&str; 4] = [
    "application/x-www-form-urlencoded",
    "application/json",
    "multipart/form-data; boundary=b",
    "",
];

const DOORS: [&str; 5] = [
    "/subscribe",
    "/preferences",
    "/confirm/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "/preferences/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "/unsubscribe/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
];

fuzz_target!(|input: (u8, u8, &[u8])| {
    let (kind, door, body) = input;
    let mut request = Request::post(DOORS[usize::from(door) % DOORS.len()]);
    let kind = KINDS[usize::from(kind) % KINDS.len()];
    if !kind.is_empty() {
        request = request.header(CONTENT_TYPE, kind);
    }
    let request = request.body(Body::from(body.to_vec())).expect("a request");
    let answer = SITE.runtime.block_on(SITE.pages.clone().oneshot(request));
    let status = answer.expect("the router cannot fail").status();
    assert!(!status.is_server_error(), "{status}");
});
