//! The page behind a confirmation link: a button, because opening a link is no human act (S0-27).

use askama::Template;
use axum::{
    Extension,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use consentry_policy::TopicId;
use consentry_service::{ConfirmationView, Error, LinkError};

use crate::{
    app::App,
    input::Form,
    layout::{self, Layout, TopicWords},
    problem::Problem,
    visitor::Visitor,
};

/// `GET /confirm/{token}`: what is agreed to, and a button.
pub(crate) async fn show(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(token): Path<String>,
) -> Result<Response, Problem> {
    let view = app.service().confirmation(&token).await;
    let view = view.map_err(|error| refusal(&app, error))?;
    Ok(answer(&app, &visitor, view, false))
}

/// `POST /confirm/{token}`: the button (S0-26), or with `action=renew` the one that mails a new
/// link in place of an expired one.
pub(crate) async fn press(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(token): Path<String>,
    form: Form,
) -> Result<Response, Problem> {
    if form.one("action")? == Some("renew") {
        app.service().renew_confirmation(&token).await?;
        let thanks = Layout::new(&app, &visitor).href("/subscribe/thanks");
        return Ok(Redirect::to(&thanks).into_response());
    }
    let view = app.service().confirm(&token).await;
    let view = view.map_err(|error| refusal(&app, error))?;
    Ok(answer(&app, &visitor, view, true))
}

fn refusal(app: &App, error: Error) -> Problem {
    match error {
        Error::Link(LinkError::Expired) => Problem::ExpiredLink {
            text: "link-expired-confirm",
            period: app.policy().links.confirmation,
        },
        error => error.into(),
    }
}

fn answer(app: &App, visitor: &Visitor, view: ConfirmationView, is_done: bool) -> Response {
    let layout = Layout::new(app, visitor);
    let topics = match &view {
        ConfirmationView::Topics(topics) => words(&layout, topics),
        _ => Vec::new(),
    };
    let page = ConfirmPage {
        stage: match (view, is_done) {
            (ConfirmationView::AlreadyConfirmed, _) => Stage::AlreadyConfirmed,
            (ConfirmationView::Topics(_), false) => Stage::Asking,
            (ConfirmationView::Topics(_), true) => Stage::Confirmed,
            (ConfirmationView::Address, false) => Stage::AskingAddress,
            (ConfirmationView::Address, true) => Stage::AddressConfirmed,
        },
        topics,
        layout,
    };
    layout::page(StatusCode::OK, visitor.language, &page)
}

fn words(layout: &Layout, topics: &[TopicId]) -> Vec<TopicWords> {
    topics
        .iter()
        .filter_map(|topic| layout.policy().topic(topic))
        .map(|topic| layout.topic(topic))
        .collect()
}

enum Stage {
    Asking,
    Confirmed,
    AskingAddress,
    AddressConfirmed,
    AlreadyConfirmed,
}

impl Stage {
    fn title(&self) -> &'static str {
        match self {
            Self::Asking => "confirm-title",
            Self::Confirmed => "confirmed-title",
            Self::AskingAddress => "confirm-address-title",
            Self::AddressConfirmed => "confirmed-address-title",
            Self::AlreadyConfirmed => "confirmed-already-title",
        }
    }
}

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage {
    stage: Stage,
    topics: Vec<TopicWords>,
    layout: Layout,
}
