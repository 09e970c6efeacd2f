//! For whoever watches over the server.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse as _, Response},
};

use crate::{app::App, problem::Problem};

/// Says that the process is about to end, so that nobody sends it new work: `GET /readyz` answers
/// 503 from then on, while requests are still served. Clones are one and the same.
#[derive(Debug, Clone, Default)]
pub struct Draining(Arc<AtomicBool>);

impl Draining {
    /// Begins; there is no way back.
    pub fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it has begun.
    pub fn has_begun(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// `GET /healthz`: the process answers.
pub(crate) async fn live() -> Response {
    text(StatusCode::OK, "ok\n")
}

/// `GET /readyz`: the database answers, its schema is current, and the process means to stay.
pub(crate) async fn ready(State(app): State<App>) -> Result<Response, Problem> {
    if app.is_draining() {
        return Ok(text(StatusCode::SERVICE_UNAVAILABLE, "draining\n"));
    }
    app.service().check().await?;
    Ok(text(StatusCode::OK, "ready\n"))
}

fn text(status: StatusCode, words: &'static str) -> Response {
    let kind = [(CONTENT_TYPE, "text/plain; charset=utf-8")];
    (status, kind, words).into_response()
}
