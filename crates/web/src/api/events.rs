//! What happens in applications, told by them: stages and clocks of the policy wait for it.

use axum::{Json, extract::State as Shared, http::StatusCode};
use consentry_service::{Error, ports::Identity};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    State,
    auth::{Caller, EventsWrite},
    body::Document,
    problem::{ApiProblem, Common, FieldProblem, WithBody},
    subscribers::AcceptedDocument,
};

/// The longest name of a person, in characters; an address has 254 at most.
const LONGEST_SUBJECT: usize = 320;

/// That a named event happened to somebody.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(title = "Report")]
pub(super) struct ReportDocument {
    /// The event, as the policy names it.
    event: String,
    /// To whom: the value of the identity column.
    #[schema(
        min_length = 1,
        max_length = 320,
        pattern = r"\S",
        example = "anna@example.org"
    )]
    subject: String,
    /// When it happened.
    #[schema(format = DateTime, example = "2026-11-22T09:30:00Z")]
    at: String,
}

/// Reports that an event happened to somebody.
///
/// The latest time counts. The same report again changes nothing, so that a feed can be replayed.
/// The answer is the same whether it was known or not.
#[utoipa::path(
    post,
    path = "/events",
    operation_id = "reportEvent",
    tag = "events",
    security(("key" = ["events:write"])),
    request_body = ReportDocument,
    responses(
        (status = 202, description = "Noted, or known already", body = AcceptedDocument),
        Common, WithBody
    )
)]
pub(super) async fn report(
    _: Caller<EventsWrite>,
    Shared(state): Shared<State>,
    Document(report): Document<ReportDocument>,
) -> Result<(StatusCode, Json<AcceptedDocument>), ApiProblem> {
    let events = state.api.service().events().ok_or(ApiProblem::NotFound)?;
    let subject = subject(&report.subject)?;
    let at: Timestamp = report
        .at
        .parse()
        .map_err(|_| invalid("#/at", "not-a-time"))?;
    match events.report(&report.event, subject, Some(at)).await {
        Ok(_) => Ok((StatusCode::ACCEPTED, Json(AcceptedDocument::new()))),
        Err(Error::UnknownEvent) => {
            let known = events.known().map(str::to_owned).collect();
            let unknown = FieldProblem::new("#/event".to_owned(), "unknown-event");
            Err(ApiProblem::Invalid(unknown.among(known)))
        }
        Err(error) => Err(error.into()),
    }
}

fn subject(typed: &str) -> Result<Identity, ApiProblem> {
    if typed.trim().is_empty() {
        return Err(invalid("#/subject", "empty"));
    }
    if typed.chars().count() > LONGEST_SUBJECT {
        return Err(invalid("#/subject", "too-long"));
    }
    Ok(Identity::new(typed))
}

fn invalid(pointer: &str, code: &str) -> ApiProblem {
    ApiProblem::Invalid(FieldProblem::new(pointer.to_owned(), code))
}
