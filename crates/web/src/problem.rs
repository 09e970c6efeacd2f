//! What can go wrong with a request, as a page for people and as RFC 9457 for programs.

use std::time::Duration;

use askama::Template;
use axum::{
    Extension, Json,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_LANGUAGE, CONTENT_TYPE, RETRY_AFTER, VARY},
    },
    response::{IntoResponse, Response},
};
use consentry_policy::Period;
use consentry_service::{Error, LinkError, WorkError, ports::StoreError};
use serde::Serialize;
use tracing::error;

use crate::{
    app::App,
    layout::{self, Layout},
    visitor::Visitor,
};

/// The media type of problem documents (RFC 9457).
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// Why a request got no other answer. A handler returns it; the outermost layer writes it out in
/// the language and the format that the visitor reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// The request cannot be read.
    Malformed,
    /// Nothing is here.
    NotFound,
    /// Nothing here does that.
    MethodNotAllowed,
    /// The body did not arrive in time.
    TooSlow,
    /// The body is larger than any form.
    TooLarge,
    /// The body is neither a form nor, where it is offered, JSON.
    UnsupportedType,
    /// A field is wrong.
    Invalid(FieldError),
    /// The work before a sign-up was not done, or not so that it counts.
    NoEffort(Option<WorkError>),
    /// A limit is reached for this long.
    TooMany(Duration),
    /// Our fault.
    Internal,
    /// The database does not answer, or a use case took too long.
    Unavailable,
    /// Not one of our links, or nobody's any more.
    UnknownLink,
    /// The request behind the link was withdrawn or replaced.
    SupersededLink,
    /// The link is too old; a button on the page mails a new one.
    ExpiredLink {
        /// The text that says how long such a link works.
        text: &'static str,
        /// How long that is.
        period: Period,
    },
}

/// What is wrong with a field. Never repeats what was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FieldError {
    /// The field of the form or of the JSON document.
    pub(crate) field: &'static str,
    /// What is wrong, as a code that programs can rely on.
    pub(crate) code: &'static str,
}

impl FieldError {
    /// An address that is not accepted.
    pub(crate) const fn address(code: &'static str) -> Self {
        Self {
            field: "email",
            code,
        }
    }

    /// A topic that the policy does not have.
    pub(crate) const UNKNOWN_TOPIC: Self = Self {
        field: "topic",
        code: "unknown",
    };

    /// A form of choices without a choice.
    pub(crate) const NOTHING_CHOSEN: Self = Self {
        field: "action",
        code: "missing",
    };

    /// Work that was not done, or not so that it counts.
    const fn effort(lacking: Option<WorkError>) -> Self {
        let code = match lacking {
            None => "missing",
            Some(WorkError::Unknown) => "unknown",
            Some(WorkError::Expired) => "expired",
            Some(WorkError::Wrong) => "wrong",
            Some(WorkError::Spent) => "spent",
            Some(WorkError::TooEarly) => "too-early",
        };
        Self {
            field: "solution",
            code,
        }
    }

    /// What is wrong, in words.
    pub(crate) fn words(self, layout: &Layout) -> String {
        match self {
            Self::UNKNOWN_TOPIC => layout.say("topics-unknown"),
            Self::NOTHING_CHOSEN => layout.say("preferences-nothing-chosen"),
            Self {
                field: "solution", ..
            } => layout.say("effort-missing"),
            Self { code, .. } => layout.say(&format!("address-{code}")),
        }
    }
}

impl Problem {
    fn status(&self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::NotFound | Self::UnknownLink => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Invalid(_) | Self::NoEffort(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::SupersededLink | Self::ExpiredLink { .. } => StatusCode::GONE,
        }
    }

    /// The problem that a bare status stands for: an answer of the router or of the file server.
    /// `None` for the file server's word to a program about a range or a condition (RFC 9110
    /// sections 15.5.13 and 15.5.17).
    fn of_status(status: StatusCode) -> Option<Self> {
        match status {
            StatusCode::PRECONDITION_FAILED | StatusCode::RANGE_NOT_SATISFIABLE => None,
            StatusCode::NOT_FOUND => Some(Self::NotFound),
            StatusCode::METHOD_NOT_ALLOWED => Some(Self::MethodNotAllowed),
            StatusCode::SERVICE_UNAVAILABLE => Some(Self::Unavailable),
            status if status.is_server_error() => Some(Self::Internal),
            _ => Some(Self::Malformed),
        }
    }

    fn title(&self, layout: &Layout) -> String {
        match self {
            Self::UnknownLink => layout.say("link-unknown-title"),
            Self::SupersededLink => layout.say("link-superseded-title"),
            Self::ExpiredLink { .. } => layout.say("link-expired-title"),
            other => layout.say(&format!("error-{}-title", other.status().as_u16())),
        }
    }

    fn text(&self, layout: &Layout) -> String {
        match self {
            Self::UnknownLink => layout.say("link-unknown-text"),
            Self::SupersededLink => layout.say("link-superseded-text"),
            Self::ExpiredLink { text, period } => {
                layout.tell(text, "period", layout.period(*period))
            }
            Self::Invalid(wrong) => wrong.words(layout),
            Self::NoEffort(lacking) => FieldError::effort(*lacking).words(layout),
            other => layout.say(&format!("error-{}-text", other.status().as_u16())),
        }
    }

    /// What else people should know.
    fn more(&self, layout: &Layout) -> Option<String> {
        // The links of the answer to an erasure end here too. The page is the same for every
        // unknown link, so it tells nobody who was erased.
        matches!(self, Self::UnknownLink).then(|| layout.say("link-unknown-erased"))
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            // Rounded up: who waits that long is not sent away again.
            Self::TooMany(wait) => Some(wait.as_secs() + 1),
            Self::Unavailable => Some(10),
            _ => None,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// How to answer when a form field chose the language.
#[derive(Clone)]
struct Spoken(Visitor);

/// An answer to a form. A problem in it is written out for this visitor.
pub(crate) fn spoken(visitor: Visitor, answer: impl IntoResponse) -> Response {
    (Extension(Spoken(visitor)), answer).into_response()
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Address(reason) => Self::Invalid(FieldError::address(reason.code())),
            Error::RefusedDomain => Self::Invalid(FieldError::address("refused-domain")),
            Error::UnknownTopic => Self::Invalid(FieldError::UNKNOWN_TOPIC),
            Error::UnknownPerson | Error::Link(LinkError::Unknown) => Self::UnknownLink,
            Error::Link(_) => Self::SupersededLink,
            Error::Store(error) => error.into(),
            // Nothing else comes from what visitors can do.
            _ => {
                error!(%error, "a use case failed");
                Self::Internal
            }
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        error!(%error, "the store failed");
        match error {
            StoreError::Unreadable { .. } => Self::Internal,
            _ => Self::Unavailable,
        }
    }
}

/// Writes a problem out; any other answer passes unchanged.
pub(crate) fn write(app: &App, visitor: &Visitor, mut response: Response) -> Response {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let problem = response.extensions_mut().remove::<Problem>();
    // A page that a handler wrote for an error of its own, such as a form with a message.
    let is_written = problem.is_none()
        && (layout::is_page(response.headers()) || is_document(response.headers()));
    if !is_error || is_written {
        return response;
    }
    let Some(problem) = problem.or_else(|| Problem::of_status(status)) else {
        return response;
    };
    let spoken = response.extensions().get::<Spoken>();
    let visitor = spoken.map_or(visitor, |Spoken(visitor)| visitor);
    let layout = Layout::new(app, visitor);
    let mut written = if visitor.wants_json {
        problem.document(&layout)
    } else {
        problem.page(layout)
    };
    copy_allow(response.headers(), written.headers_mut());
    written
}

/// Whether an answer is a problem document already: the API writes its own.
fn is_document(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE);
    kind.is_some_and(|kind| kind == PROBLEM_JSON)
}

/// The methods that the router allows (RFC 9110 section 15.5.6).
fn copy_allow(from: &HeaderMap, to: &mut HeaderMap) {
    if let Some(allow) = from.get(axum::http::header::ALLOW) {
        to.insert(axum::http::header::ALLOW, allow.clone());
    }
}

impl Problem {
    fn page(&self, layout: Layout) -> Response {
        let page = ProblemPage {
            title: self.title(&layout),
            text: self.text(&layout),
            more: self.more(&layout),
            renew: matches!(self, Self::ExpiredLink { .. }),
            mail_link: matches!(self, Self::UnknownLink | Self::SupersededLink),
            layout,
        };
        let language = page.layout.language();
        let mut response = layout::page(self.status(), language, &page);
        self.headers(response.headers_mut());
        response
    }

    fn document(&self, layout: &Layout) -> Response {
        let wrong = match self {
            Self::Invalid(wrong) => Some(*wrong),
            Self::NoEffort(lacking) => Some(FieldError::effort(*lacking)),
            _ => None,
        };
        let errors = wrong.map(|wrong| DocumentError {
            field: wrong.field,
            code: wrong.code,
            detail: wrong.words(layout),
        });
        let status = self.status();
        let document = Document {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            detail: self.text(layout),
            errors: errors.into_iter().collect(),
        };
        let mut response = (status, Json(document)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        let language = layout.language().as_str();
        headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(language));
        self.headers(headers);
        response
    }

    fn headers(&self, headers: &mut HeaderMap) {
        headers.insert(VARY, HeaderValue::from_name(ACCEPT));
        headers.append(VARY, HeaderValue::from_name(ACCEPT_LANGUAGE));
        if let Some(seconds) = self.retry_after() {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
    }
}

/// A problem document (RFC 9457). `about:blank`: the status says what kind it is, `errors` what is
/// wrong with which field.
#[derive(Serialize)]
struct Document {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<DocumentError>,
}

#[derive(Serialize)]
struct DocumentError {
    field: &'static str,
    code: &'static str,
    detail: String,
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    layout: Layout,
    title: String,
    text: String,
    more: Option<String>,
    renew: bool,
    mail_link: bool,
}
