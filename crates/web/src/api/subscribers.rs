//! What a program does on behalf of people.

use axum::{Json, extract::State as Shared, http::StatusCode};
use consentry_policy::Language;
use consentry_service::{
    SignUpOutcome,
    record::{HoldRecord, PersonalData, SubscriberRecord},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    State,
    auth::{Caller, SubscribersErase, SubscribersExport, SubscribersRead, SubscribersWrite},
    body::{self, Document},
    problem::{ApiProblem, Common, FieldProblem, Unknown, WithBody},
    schemas::{HoldSchema, PersonalDataSchema, SubscriberSchema},
};
use crate::limits::Cause;

/// Whom an operation is about.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(title = "Address")]
pub(super) struct AddressDocument {
    /// The address, in any case of letters.
    #[schema(format = Email, example = "anna@example.org")]
    email: String,
}

/// Whom to erase.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(title = "Erase")]
pub(super) struct EraseDocument {
    /// The address, in any case of letters.
    // Another example than the others': whoever tries them all erases nobody whom the rest needs.
    #[schema(format = Email, example = "clara@example.org")]
    email: String,
}

/// A request to be subscribed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(title = "Subscribe")]
pub(super) struct SubscribeDocument {
    /// The address, as the person typed it.
    #[schema(format = Email, example = "anna@example.org")]
    email: String,
    /// The topics; the default ones if absent.
    #[schema(min_items = 1, example = json!(null))]
    topics: Option<Vec<String>>,
    /// The language of the letters; the policy's default if absent.
    #[schema(example = "en")]
    language: Option<String>,
}

/// A request to leave.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(title = "Unsubscribe")]
pub(super) struct UnsubscribeDocument {
    /// The address, in any case of letters.
    #[schema(format = Email, example = "berta@example.org")]
    email: String,
    /// The topics to leave; everything if absent.
    #[schema(min_items = 1, example = json!(null))]
    topics: Option<Vec<String>>,
}

/// The same answer for everybody.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(title = "Accepted")]
pub(super) struct AcceptedDocument {
    #[schema(example = "accepted")]
    status: &'static str,
}

impl AcceptedDocument {
    pub(super) const fn new() -> Self {
        Self { status: "accepted" }
    }
}

/// What becomes of an erased person.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(title = "Erasure")]
pub(super) struct ErasureDocument {
    #[schema(example = "accepted")]
    status: &'static str,
    /// From when on the record is purged for good.
    #[schema(format = DateTime, example = "2026-12-23T10:00:00Z")]
    purged_after: String,
    /// What keeps the record beyond that, for as long as it lasts: tell the person.
    #[schema(value_type = Vec<HoldSchema>)]
    holds: Vec<HoldRecord>,
}

/// Asks for a subscription: a letter asks the owner of the mailbox to confirm it.
///
/// The answer is the same whatever is known of the address. Asking again within the policy's
/// cool-down sends no second letter. The evidence says that the request came through this API.
#[utoipa::path(
    post,
    path = "/subscribers",
    operation_id = "subscribe",
    tag = "subscribers",
    security(("key" = ["subscribers:write"])),
    request_body = SubscribeDocument,
    responses(
        (status = 202, description = "Accepted, whoever it is", body = AcceptedDocument),
        Common, WithBody
    )
)]
pub(super) async fn subscribe(
    _: Caller<SubscribersWrite>,
    Shared(state): Shared<State>,
    Document(request): Document<SubscribeDocument>,
) -> Result<(StatusCode, Json<AcceptedDocument>), ApiProblem> {
    let address = body::address(&request.email).inspect_err(|_| SignUpOutcome::Invalid.count())?;
    let topics = body::topics(request.topics)?;
    let language = language(&state, request.language.as_deref())?;
    // The client is the program, not the visitor: every other limit counts.
    let admitted = state.app.admit_on_behalf(Cause::SignUp(&address)).await;
    admitted.map_err(|wait| {
        SignUpOutcome::Limited.count();
        ApiProblem::TooMany(wait)
    })?;
    state.api.subscribe(address, topics, language).await?;
    Ok((StatusCode::ACCEPTED, Json(AcceptedDocument::new())))
}

fn language(state: &State, typed: Option<&str>) -> Result<Option<Language>, ApiProblem> {
    let Some(typed) = typed else { return Ok(None) };
    let offered = &state.app.policy().languages.offered;
    let language = typed.parse().ok();
    match language.filter(|language| offered.contains(language)) {
        Some(language) => Ok(Some(language)),
        None => Err(ApiProblem::Invalid(FieldProblem::new(
            "#/language".to_owned(),
            "not-offered",
        ))),
    }
}

/// The state of a person.
///
/// While `restricted_at` is set, keep what you have of the person and do nothing with it.
#[utoipa::path(
    post,
    path = "/subscribers/lookup",
    operation_id = "lookUpSubscriber",
    tag = "subscribers",
    security(("key" = ["subscribers:read"])),
    request_body = AddressDocument,
    responses(
        (status = 200, description = "The person", body = SubscriberSchema),
        Common, WithBody, Unknown
    )
)]
pub(super) async fn lookup(
    _: Caller<SubscribersRead>,
    Shared(state): Shared<State>,
    Document(request): Document<AddressDocument>,
) -> Result<Json<SubscriberRecord>, ApiProblem> {
    let address = body::address(&request.email)?;
    Ok(Json(state.api.subscriber(&address).await?))
}

/// Leaves topics, or everything, at once.
///
/// The answer is the same whether the person was there or not: after it, they are not.
#[utoipa::path(
    post,
    path = "/subscribers/unsubscribe",
    operation_id = "unsubscribe",
    tag = "subscribers",
    security(("key" = ["subscribers:write"])),
    request_body = UnsubscribeDocument,
    responses((status = 204, description = "Left, whoever it is"), Common, WithBody)
)]
pub(super) async fn unsubscribe(
    _: Caller<SubscribersWrite>,
    Shared(state): Shared<State>,
    Document(request): Document<UnsubscribeDocument>,
) -> Result<StatusCode, ApiProblem> {
    let address = body::address(&request.email)?;
    let topics = body::topics(request.topics)?;
    state.api.unsubscribe(&address, topics.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Hides a person at once; the record is purged after the policy's grace (GDPR art. 17).
///
/// The person is told by mail. A second time, the answer is that of an unknown address.
#[utoipa::path(
    post,
    path = "/subscribers/erase",
    operation_id = "eraseSubscriber",
    tag = "subscribers",
    security(("key" = ["subscribers:erase"])),
    request_body = EraseDocument,
    responses(
        (status = 202, description = "Hidden", body = ErasureDocument),
        Common, WithBody, Unknown
    )
)]
pub(super) async fn erase(
    _: Caller<SubscribersErase>,
    Shared(state): Shared<State>,
    Document(request): Document<EraseDocument>,
) -> Result<(StatusCode, Json<ErasureDocument>), ApiProblem> {
    let address = body::address(&request.email)?;
    let erasure = state.api.erase(&address).await?;
    let erasure = ErasureDocument {
        status: "accepted",
        purged_after: erasure.purged_after.to_string(),
        holds: erasure.holds,
    };
    Ok((StatusCode::ACCEPTED, Json(erasure)))
}

/// A copy of everything that is held of a person (GDPR art. 15 and 20).
///
/// Give it to nobody but the person. That it was handed over is noted in their record.
#[utoipa::path(
    post,
    path = "/subscribers/export",
    operation_id = "exportSubscriber",
    tag = "subscribers",
    security(("key" = ["subscribers:export"])),
    request_body = AddressDocument,
    responses(
        (status = 200, description = "The copy", body = PersonalDataSchema),
        Common, WithBody, Unknown
    )
)]
pub(super) async fn export(
    _: Caller<SubscribersExport>,
    Shared(state): Shared<State>,
    Document(request): Document<AddressDocument>,
) -> Result<Json<PersonalData>, ApiProblem> {
    let address = body::address(&request.email)?;
    Ok(Json(state.api.export(&address).await?))
}
