//! `/api/v1`: the JSON API for programs in any language, and its OpenAPI document.
//!
//! * A bearer key of the operator with the scope that the operation needs; nothing else opens it, no
//!   cookie and no origin.
//! * JSON in, JSON out; every error is a problem document (RFC 9457), in English.
//! * No address is ever in a URL: they travel in bodies.
//! * What is hidden (erased, past its period) is answered like what was never known (S0-61).

mod auth;
mod body;
mod document;
mod events;
mod problem;
mod schemas;
mod subscribers;
mod topics;

use axum::{
    Router,
    http::{
        HeaderValue,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::IntoResponse as _,
    routing::get,
};
use consentry_service::Api;
use utoipa::OpenApi as _;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{api::problem::ApiProblem, app::App, headers};

/// What the operations share.
#[derive(Clone)]
struct State {
    app: App,
    api: Api,
    failures: auth::Failures,
}

/// Everything below `/api`. Without keys there is no API.
pub(crate) fn router(app: &App) -> Router<App> {
    let Some(api) = app.service().api() else {
        return Router::new();
    };
    let state = State {
        app: app.clone(),
        api,
        failures: auth::Failures::default(),
    };
    let mut operations = OpenApiRouter::with_openapi(document::Base::openapi())
        .routes(routes!(topics::list))
        .routes(routes!(subscribers::subscribe))
        .routes(routes!(subscribers::lookup))
        .routes(routes!(subscribers::unsubscribe))
        .routes(routes!(subscribers::erase))
        .routes(routes!(subscribers::export));
    let waited_for = state.api.service().events();
    if waited_for.is_some_and(|events| events.known().next().is_some()) {
        operations = operations.routes(routes!(events::report));
    }
    let (operations, described) = operations.split_for_parts();
    let document = document::complete(described, app);
    Router::new()
        .nest("/v1", operations)
        .route("/openapi.json", get(async move || served(document)))
        .fallback(async || ApiProblem::NotFound)
        .method_not_allowed_fallback(async || ApiProblem::MethodNotAllowed)
        .with_state(state)
}

/// The document is the same for everybody.
fn served(document: String) -> axum::response::Response {
    let mut response = document.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, headers::PUBLIC);
    response
}
