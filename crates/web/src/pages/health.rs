//! For whoever watches over the server.

use axum::{
    extract::State,
    http::header::CONTENT_TYPE,
    response::{IntoResponse as _, Response},
};

use crate::{app::App, problem::Problem};

/// `GET /healthz`: the process answers.
pub(crate) async fn live() -> Response {
    text("ok\n")
}

/// `GET /readyz`: the database answers and its schema is current.
pub(crate) async fn ready(State(app): State<App>) -> Result<Response, Problem> {
    app.service().check().await?;
    Ok(text("ready\n"))
}

fn text(words: &'static str) -> Response {
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], words).into_response()
}
