//! Errors of the API: problem documents (RFC 9457) in English.

use std::time::Duration;

use axum::{
    Json,
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_LANGUAGE, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use consentry_service::{Error, ports::Scope};
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

use crate::problem::{PROBLEM_JSON, Problem};

/// Why an operation was not done.
#[derive(Debug)]
pub(crate) enum ApiProblem {
    Malformed,
    Unauthorized,
    Forbidden(Scope),
    UnknownPerson,
    NotFound,
    MethodNotAllowed,
    TooSlow,
    TooLarge,
    UnsupportedType,
    Invalid(FieldProblem),
    TooMany(Duration),
    Internal,
    Unavailable,
}

/// What is wrong with a part of the document. Never repeats what was sent.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldProblem {
    /// Where: a JSON pointer as a URI fragment (RFC 6901).
    #[schema(example = "#/email")]
    pub(super) pointer: String,
    /// What, as a code that programs can rely on.
    #[schema(example = "address-missing-at")]
    pub(super) code: String,
    /// What is known, where something unknown was named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    known: Vec<String>,
}

impl FieldProblem {
    pub(super) fn new(pointer: String, code: &str) -> Self {
        Self {
            pointer,
            code: code.to_owned(),
            known: Vec::new(),
        }
    }

    /// With the names that would have been accepted.
    pub(super) fn among(self, known: Vec<String>) -> Self {
        Self { known, ..self }
    }
}

/// A problem document (RFC 9457). `type` is always `about:blank`: the status says what kind it is.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(title = "Problem")]
pub(crate) struct ProblemDocument {
    #[schema(example = "about:blank")]
    r#type: &'static str,
    /// The status in words.
    #[schema(example = "Unprocessable Content")]
    title: &'static str,
    /// The status in digits.
    #[schema(example = 422)]
    status: u16,
    /// What happened, for people.
    detail: &'static str,
    /// What is wrong with which part of the document.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldProblem>,
    /// The scope that the key lacks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "subscribers:read")]
    scope: Option<&'static str>,
}

impl ApiProblem {
    fn status(&self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::UnknownPerson | Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn detail(&self) -> &'static str {
        match self {
            Self::Malformed => "The body is not a JSON document.",
            Self::Unauthorized => {
                "Send `Authorization: Bearer` with a token that is neither expired nor revoked."
            }
            Self::Forbidden(_) => "The key does not have the scope that this operation needs.",
            Self::UnknownPerson => "Nobody is held under this address.",
            Self::NotFound => "There is no such operation.",
            Self::MethodNotAllowed => "The operation has another method; see `Allow`.",
            Self::TooSlow => "The body did not arrive in time.",
            Self::TooLarge => "The body is larger than any document of this API.",
            Self::UnsupportedType => "The body must be `application/json`.",
            Self::Invalid(_) => {
                "The document is not accepted; `errors` says what is wrong with it."
            }
            Self::TooMany(_) => "A limit is reached; `Retry-After` says for how long.",
            Self::Internal => "Something is wrong on our side.",
            Self::Unavailable => "The service is not available at the moment.",
        }
    }
}

impl IntoResponse for ApiProblem {
    fn into_response(self) -> Response {
        let status = self.status();
        let retry_after = match self {
            // Rounded up: who waits that long is not sent away again.
            Self::TooMany(wait) => Some(wait.as_secs() + 1),
            Self::Unavailable => Some(10),
            _ => None,
        };
        let challenge = match self {
            Self::Unauthorized => Some("Bearer".to_owned()),
            // RFC 6750 section 3.1.
            Self::Forbidden(scope) => Some(format!(
                "Bearer error=\"insufficient_scope\", scope=\"{scope}\""
            )),
            _ => None,
        };
        let document = ProblemDocument {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            detail: self.detail(),
            scope: match self {
                Self::Forbidden(scope) => Some(scope.as_str()),
                _ => None,
            },
            errors: match self {
                Self::Invalid(field) => vec![field],
                _ => Vec::new(),
            },
        };
        let mut response = (status, Json(document)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static("en"));
        if let Some(seconds) = retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(challenge) = challenge.and_then(|text| text.parse().ok()) {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// What reading a request or a use case of the pages can end with, as far as it concerns the API.
impl From<Problem> for ApiProblem {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::TooSlow => Self::TooSlow,
            Problem::TooLarge => Self::TooLarge,
            Problem::UnsupportedType => Self::UnsupportedType,
            Problem::TooMany(wait) => Self::TooMany(wait),
            Problem::Unavailable => Self::Unavailable,
            Problem::NotFound => Self::NotFound,
            Problem::MethodNotAllowed => Self::MethodNotAllowed,
            Problem::Malformed => Self::Malformed,
            _ => Self::Internal,
        }
    }
}

impl From<Error> for ApiProblem {
    fn from(error: Error) -> Self {
        let invalid =
            |pointer: &str, code| Self::Invalid(FieldProblem::new(pointer.to_owned(), code));
        match error {
            Error::RefusedDomain => invalid("#/email", "refused-domain"),
            Error::UnknownTopic => invalid("#/topics", "unknown-topic"),
            Error::UnknownPerson => Self::UnknownPerson,
            error => Problem::from(error).into(),
        }
    }
}

/// What every operation can end with.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "a description")]
pub(super) enum Common {
    /// The request cannot be read: a body that is no JSON, a key that stands twice in the query
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(ProblemDocument),
    /// No token, or one that opens nothing
    #[response(
        status = 401,
        content_type = "application/problem+json",
        headers(("WWW-Authenticate" = String, description = "`Bearer` (RFC 6750)"))
    )]
    Unauthorized(ProblemDocument),
    /// The key lacks the scope; `scope` names it
    #[response(
        status = 403,
        content_type = "application/problem+json",
        headers(("WWW-Authenticate" = String, description = "`Bearer` with the scope (RFC 6750)"))
    )]
    Forbidden(ProblemDocument),
    /// A limit is reached
    #[response(
        status = 429,
        content_type = "application/problem+json",
        headers(("Retry-After" = u64, description = "In seconds"))
    )]
    TooMany(ProblemDocument),
    /// Something is wrong on our side
    #[response(status = 500, content_type = "application/problem+json")]
    Internal(ProblemDocument),
    /// The database does not answer
    #[response(
        status = 503,
        content_type = "application/problem+json",
        headers(("Retry-After" = u64, description = "In seconds"))
    )]
    Unavailable(ProblemDocument),
}

/// What an operation with a body can end with besides.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "a description")]
pub(super) enum WithBody {
    /// The body did not arrive in time
    #[response(status = 408, content_type = "application/problem+json")]
    TooSlow(ProblemDocument),
    /// The body is larger than 16 KiB
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(ProblemDocument),
    /// The body is not `application/json`
    #[response(status = 415, content_type = "application/problem+json")]
    UnsupportedType(ProblemDocument),
    /// The document is not accepted; `errors` says what is wrong with it
    #[response(status = 422, content_type = "application/problem+json")]
    Invalid(ProblemDocument),
}

/// Nobody is held under the address.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "a description")]
pub(super) enum Unknown {
    /// Nobody is held under this address, or not any more
    #[response(status = 404, content_type = "application/problem+json")]
    UnknownPerson(ProblemDocument),
}
