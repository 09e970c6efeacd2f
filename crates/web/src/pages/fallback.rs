//! Where the site has no page: a public file of the operator, or nothing.

use axum::{
    body::Body,
    extract::{Request, State},
    http::{Method, header::CACHE_CONTROL},
    response::Response,
};
use tower::ServiceExt as _;

use crate::{app::App, headers, problem::Problem};

pub(crate) async fn serve(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let is_reading = matches!(*request.method(), Method::GET | Method::HEAD);
    let files = app.files().filter(|_| is_reading && !is_hidden(&request));
    let files = files.ok_or(Problem::NotFound)?;
    let Ok(served) = files.oneshot(request).await;
    let mut response = served.map(Body::new);
    if response.status().is_success() {
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, headers::PUBLIC);
    }
    Ok(response)
}

/// Files whose name begins with a dot are nobody's business, except the well-known ones
/// (RFC 8615). An encoded dot counts as a dot.
fn is_hidden(request: &Request) -> bool {
    let path = percent_encoding::percent_decode_str(request.uri().path()).decode_utf8_lossy();
    path.split(['/', '\\'])
        .any(|segment| segment.starts_with('.') && segment != ".well-known")
}
