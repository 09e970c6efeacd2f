//! The outermost layer: bounds, the last resort, the headers and one line of log per request.

use std::{
    collections::HashSet,
    panic::AssertUnwindSafe,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::header::{CONTENT_LENGTH, TRANSFER_ENCODING},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use futures_util::FutureExt as _;
use tokio::time::timeout;
use tracing::{Instrument as _, error, info, info_span};
use url::form_urlencoded;

use crate::{
    app::App,
    counted, headers,
    problem::{self, Problem},
    visitor::Visitor,
};

/// How long any request may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Joins the lines of one request. It counts the requests of this process, and is not told to the
/// client: answers must not differ from one another, and what a client sends is not logged.
static NUMBER: AtomicU64 = AtomicU64::new(1);

pub(crate) async fn frame(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let method = counted::method_label(request.method());
    // The template of the path: the path itself may carry a token.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("unmatched", MatchedPath::as_str)
        .to_owned();
    let visitor = Visitor::of(&app, &request);
    request.extensions_mut().insert(visitor.clone());
    let span = info_span!("request", number, method, route);
    async {
        let served = async {
            match check(&request) {
                Ok(()) => next.run(request).await,
                Err(problem) => problem.into_response(),
            }
        };
        let served = AssertUnwindSafe(served).catch_unwind();
        let response = match timeout(PATIENCE, served).await {
            Ok(Ok(response)) => response,
            Ok(Err(_panic)) => {
                error!("a handler panicked");
                Problem::Internal.into_response()
            }
            Err(_elapsed) => {
                error!("a handler took too long");
                Problem::Unavailable.into_response()
            }
        };
        let mut response = problem::write(&app, &visitor, response);
        headers::complete(
            response.headers_mut(),
            app.service().public_url().is_https(),
        );
        let took = started.elapsed();
        counted::answered(&route, method, response.status(), took);
        info!(
            status = response.status().as_u16(),
            milliseconds = took.as_secs_f64() * 1000.0,
            "answered"
        );
        response
    }
    .instrument(span)
    .await
}

/// Refuses what one reader would read in this way and another one in that: a body of two lengths
/// (RFC 9112 section 6.1, where the server has let it through), and a key that stands twice in the
/// query.
fn check(request: &Request) -> Result<(), Problem> {
    let headers = request.headers();
    if headers.contains_key(TRANSFER_ENCODING) && headers.contains_key(CONTENT_LENGTH) {
        return Err(Problem::Malformed);
    }
    let mut seen = HashSet::new();
    let query = request.uri().query().unwrap_or_default();
    let mut keys = form_urlencoded::parse(query.as_bytes());
    if keys.all(|(key, _)| seen.insert(key)) {
        Ok(())
    } else {
        Err(Problem::Malformed)
    }
}
