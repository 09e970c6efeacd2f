//! The optional proof of work before a sign-up: solved by a script in the background, replaced by a
//! short wait where there is none.

use askama::Template;
use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header::CONTENT_SECURITY_POLICY},
    response::Response,
};
use consentry_domain::Channel;
use consentry_service::{PATIENCE, Proof, WorkError};
use serde::Serialize;

use crate::{
    app::App,
    headers,
    input::Form,
    layout::{self, Layout},
    problem::Problem,
    visitor::Visitor,
};

/// What a sign-up brings along against mass sign-ups.
pub(crate) enum Effort {
    /// A form: the solved challenge, or the ticket of somebody who waited.
    Form {
        solved: Option<(String, String)>,
        ticket: Option<String>,
    },
    /// A program.
    Json { solved: Option<(String, String)> },
}

impl Effort {
    pub(crate) fn of_form(form: &Form) -> Result<Self, Problem> {
        let field = |name| Ok::<_, Problem>(form.one(name)?.map(str::to_owned));
        Ok(Self::Form {
            solved: field("challenge")?.zip(field("solution")?),
            ticket: field("ticket")?,
        })
    }

    pub(crate) fn of_document(challenge: Option<String>, solution: Option<String>) -> Self {
        Self::Json {
            solved: challenge.zip(solution),
        }
    }

    pub(crate) fn channel(&self) -> Channel {
        match self {
            Self::Form { .. } => Channel::Form,
            Self::Json { .. } => Channel::Json,
        }
    }

    /// The proof to spend; none where none is asked for.
    ///
    /// # Errors
    /// [`Problem::NoEffort`] when it does not hold, [`Problem::TooMany`] when too many waited
    /// instead of working.
    pub(crate) fn check(&self, app: &App, visitor: &Visitor) -> Result<Option<Proof>, Problem> {
        let Some(bits) = app.proof_of_work() else {
            return Ok(None);
        };
        let service = app.service();
        let proof = match self {
            Self::Form {
                solved: Some((challenge, solution)),
                ..
            }
            | Self::Json {
                solved: Some((challenge, solution)),
            } => service.check_work(challenge, solution, bits),
            Self::Form {
                ticket: Some(ticket),
                ..
            } => {
                let proof = service.check_ticket(ticket);
                if proof.is_ok() {
                    app.admit_ticket(visitor.client)?;
                }
                proof
            }
            _ => return Err(Problem::NoEffort(None)),
        };
        proof
            .map(Some)
            .map_err(|lacking| Problem::NoEffort(Some(lacking)))
    }
}

/// A challenge, for a program that signs people up.
#[derive(Serialize)]
struct Document {
    challenge: String,
    /// `solution` is a decimal number such that this hash of `challenge.solution` …
    algorithm: &'static str,
    /// … begins with so many zero bits.
    bits: u8,
    expires_at: String,
}

/// `GET /subscribe/challenge`. Nothing is stored, and nothing in it is about the visitor.
pub(crate) async fn challenge(State(app): State<App>) -> Result<Json<impl Serialize>, Problem> {
    let bits = app.proof_of_work().ok_or(Problem::NotFound)?;
    let issued = app.service().challenge(bits);
    Ok(Json(Document {
        challenge: issued.text,
        algorithm: "SHA-256",
        bits: issued.bits,
        expires_at: issued.expires_at.to_string(),
    }))
}

/// Lets a page run the script that does the work, and no other.
pub(crate) fn with_script(app: &App, mut page: Response) -> Response {
    if app.proof_of_work().is_some() {
        let policy = HeaderValue::from_static(headers::WORKING_PAGE_POLICY);
        page.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    page
}

/// The page that asks for patience: what was typed, a ticket, and a button.
pub(crate) fn wait(layout: Layout, form: &Form, lacking: Option<WorkError>) -> Response {
    let is_early = lacking == Some(WorkError::TooEarly);
    let held = form.one("ticket").ok().flatten().filter(|_| is_early);
    let ticket = held.map_or_else(|| layout.ticket(), str::to_owned);
    let page = WaitPage {
        email: form
            .one("email")
            .ok()
            .flatten()
            .unwrap_or_default()
            .to_owned(),
        topics: form.all("topic").map(str::to_owned).collect(),
        ticket,
        is_early,
        layout,
    };
    layout::page(StatusCode::OK, page.layout.language(), &page)
}

#[derive(Template)]
#[template(path = "wait.html")]
struct WaitPage {
    email: String,
    topics: Vec<String>,
    ticket: String,
    is_early: bool,
    layout: Layout,
}

impl WaitPage {
    fn text(&self) -> String {
        let seconds = PATIENCE.as_secs().to_string();
        let text = if self.is_early {
            "wait-early"
        } else {
            "wait-text"
        };
        self.layout.tell(text, "seconds", seconds)
    }
}
