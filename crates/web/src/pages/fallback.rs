//! Where the site has no page: a public file of the operator, or nothing.

use std::{io, path::Path};

use axum::{
    body::Body,
    extract::{Request, State},
    http::{Method, Uri, header::CACHE_CONTROL},
    response::Response,
};
use percent_encoding::percent_decode_str;
use tokio::fs::canonicalize;
use tower::ServiceExt as _;
use tower_http::services::ServeDir;

use crate::{app::App, headers, problem::Problem};

pub(crate) async fn serve(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let is_reading = matches!(*request.method(), Method::GET | Method::HEAD);
    let folder = app.static_dir().filter(|_| is_reading);
    let folder = folder.ok_or(Problem::NotFound)?;
    let path = decoded(request.uri()).ok_or(Problem::NotFound)?;
    if is_hidden(&path) || !is_inside(folder, &path).await.unwrap_or(false) {
        return Err(Problem::NotFound);
    }
    let Ok(served) = ServeDir::new(folder).oneshot(request).await;
    let mut response = served.map(Body::new);
    if response.status().is_success() {
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, headers::PUBLIC);
    }
    Ok(response)
}

/// The path below the folder, as the file server reads it.
fn decoded(uri: &Uri) -> Option<String> {
    let path = uri.path().trim_start_matches('/');
    let path = percent_decode_str(path).decode_utf8().ok()?;
    Some(path.into_owned())
}

/// Files whose name begins with a dot are nobody's business, except the well-known ones
/// (RFC 8615). An encoded dot counts as a dot.
fn is_hidden(path: &str) -> bool {
    path.split(['/', '\\'])
        .any(|segment| segment.starts_with('.') && segment != ".well-known")
}

/// Whether the file lies in the folder once every symbolic link is followed: a link that leads out
/// of the folder publishes nothing (S0-35). An absolute path is outside.
async fn is_inside(folder: &Path, path: &str) -> io::Result<bool> {
    let root = canonicalize(folder).await?;
    let mut file = canonicalize(root.join(path)).await?;
    if file.is_dir() {
        // The page that the file server shows for a folder.
        file = canonicalize(file.join("index.html")).await?;
    }
    Ok(file.starts_with(&root))
}
