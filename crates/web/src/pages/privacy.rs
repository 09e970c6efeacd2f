//! What is printed from the policy: the notice, the legal page, the policy for programs.
//!
//! These pages stay when the database and the worker are away (S4-07): only a version that this
//! process has not read yet is looked up.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
};

use askama::Template;
use axum::{
    Extension, Json,
    extract::{Path, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH, LAST_MODIFIED},
    },
    response::{IntoResponse as _, Response},
};
use consentry_i18n::Messages;
use consentry_notice::{Document, Edition};
use consentry_policy::Language;
use consentry_service::Version;
use jiff::{Timestamp, fmt::rfc2822};
use serde_json::json;

use crate::{app::App, headers, layout, layout::Layout, problem::Problem, visitor::Visitor};

/// `GET /privacy`: the notice of the version that this process executes (GDPR art. 13; S1-03, S4-07).
pub(crate) async fn show(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
) -> Response {
    let layout = Layout::new(&app, &visitor);
    let (language, places) = (layout.language(), layout.places());
    let versions = app.service().known_versions();
    let own = app.policy().fingerprint();
    let is_own = |version: &Arc<Version>| version.publication.fingerprint == own;
    let at = versions.iter().position(is_own).unwrap_or(versions.len());
    let earlier = editions(&versions[..at], language);
    let document = consentry_notice::privacy(layout.policy(), language, &places, &earlier);
    printed(layout, &document, true, &headers)
}

/// `GET /privacy/{version}`: the notice of a published version, at an address that stays (S1-03).
pub(crate) async fn version(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if name == app.policy().version {
        return Ok(show(State(app), Extension(visitor), headers).await);
    }
    let is_it = |version: &Arc<Version>| version.publication.version == name;
    let mut versions = app.service().known_versions();
    if !versions.iter().any(is_it) {
        versions = app.service().versions().await?;
    }
    let at = versions.iter().position(is_it).ok_or(Problem::NotFound)?;
    let layout = Layout::new(&app, &visitor);
    let (language, places) = (layout.language(), layout.places());
    let earlier = editions(&versions[..at], language);
    let document = consentry_notice::privacy(&versions[at].policy, language, &places, &earlier);
    Ok(printed(layout, &document, false, &headers))
}

/// Published versions, newest first.
fn editions(versions: &[Arc<Version>], language: Language) -> Vec<Edition> {
    let newest_first = versions.iter().rev();
    newest_first
        .map(|version| edition(version, language))
        .collect()
}

/// A published version as the list of versions tells of it (S2-05, S2-61).
fn edition(version: &Version, language: Language) -> Edition {
    let publication = &version.publication;
    let calendar = &version.policy.calendar;
    let summary = version
        .summary()
        .map(|summary| summary.get(language).to_owned());
    let differences = version.differences.iter();
    let told = differences.filter_map(|one| Messages::embedded().difference(language, one));
    Edition {
        version: publication.version.clone(),
        since: Some(
            calendar
                .zone()
                .to_datetime(publication.in_force_from)
                .date(),
        ),
        reason: Some(publication.reason),
        changes: summary.into_iter().chain(told).collect(),
    }
}

/// `GET /legal`: who publishes and hosts the site, and under which law (S0-01 to S0-10).
pub(crate) async fn legal(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
) -> Response {
    let layout = Layout::new(&app, &visitor);
    let document = consentry_notice::legal(layout.policy(), layout.language(), &layout.places());
    printed(layout, &document, true, &headers)
}

/// `GET /privacy.json`: the policy for programs, as `docs/policy.md` describes it.
pub(crate) async fn machine_readable(State(app): State<App>, headers: HeaderMap) -> Response {
    let policy = app.policy();
    let document = json!({
        "version": policy.version,
        "notice_version": policy.notice_version().as_str(),
        "policy": policy.published(),
    });
    let tag = tag(&document.to_string());
    let mut response = Json(document).into_response();
    let cache = response.headers_mut();
    cache.insert(CACHE_CONTROL, headers::PUBLIC);
    unchanged_or(response, &tag, &app, &headers)
}

#[derive(Template)]
#[template(path = "privacy.html")]
struct PrintedPage<'a> {
    document: &'a Document,
    printed: String,
    is_current: bool,
    layout: Layout,
}

fn printed(layout: Layout, document: &Document, is_current: bool, headers: &HeaderMap) -> Response {
    let app = layout.app().clone();
    let language = layout.language();
    let page = PrintedPage {
        printed: document.html(),
        document,
        is_current,
        layout,
    };
    // Everything that may differ is in the page: language, links, program, policy.
    let tag = tag(&page.render().unwrap_or_default());
    unchanged_or(layout::public(language, &page), &tag, &app, headers)
}

/// A strong entity tag of what is sent (RFC 9110 section 8.8.3).
fn tag(content: &str) -> String {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    format!("\"{:016x}\"", hasher.finish())
}

/// The answer, or that the visitor has it already (RFC 9110 section 13.1.2).
///
/// The day since which the policy is in force is told as well, for programs that look for changes
/// (S2-07); it is not compared, for the pages of a newer program differ on the same day.
fn unchanged_or(mut response: Response, tag: &str, app: &App, headers: &HeaderMap) -> Response {
    let known = headers.get_all(IF_NONE_MATCH).iter();
    let mut known = known.filter_map(|value| value.to_str().ok());
    let is_known = known.any(|tags| {
        let mut tags = tags.split(',').map(str::trim);
        tags.any(|known| known == "*" || known.trim_start_matches("W/") == tag)
    });
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = axum::body::Body::empty();
    }
    let to_send = response.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(tag) {
        to_send.insert(ETAG, tag);
    }
    if let Some(since) = in_force_since(app)
        && let Ok(since) = rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&since)
        && let Ok(since) = HeaderValue::from_str(&since)
    {
        to_send.insert(LAST_MODIFIED, since);
    }
    response
}

/// No date in the future (RFC 9110 section 8.8.2.1).
fn in_force_since(app: &App) -> Option<Timestamp> {
    let policy = app.policy();
    let day = policy.effective?.to_zoned(policy.time_zone.clone()).ok()?;
    let since = day.timestamp();
    (since <= app.service().now()).then_some(since)
}
