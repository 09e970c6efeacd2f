//! The page behind a confirmation link: a button, because opening a link is no human act (S0-27).

use askama::Template;
use axum::{
    Extension,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use consentry_service::{AwaitedTopic, ConfirmationView, Error, LinkError};

use crate::{
    app::App,
    input::Form,
    layout::{self, Layout, TopicWords},
    limits::Cause,
    pages::message::MessagePage,
    problem::{Problem, spoken},
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
    let visitor = visitor.with_form(&app, &form)?;
    let answer = pressed(&app, &visitor, &token, &form).await;
    Ok(spoken(visitor, answer))
}

async fn pressed(
    app: &App,
    visitor: &Visitor,
    token: &str,
    form: &Form,
) -> Result<Response, Problem> {
    if form.one("action")? == Some("renew") {
        app.admit(visitor.client, Cause::FreshLink).await?;
        app.service().renew_confirmation(token).await?;
        return Ok(renewed(Layout::new(app, visitor)));
    }
    let view = app.service().confirm(token).await;
    let view = view.map_err(|error| refusal(app, error))?;
    Ok(answer(app, visitor, view, true))
}

fn renewed(layout: Layout) -> Response {
    let cool_down = layout.period(layout.policy().subscription.cool_down);
    let intro = layout.say("link-renewed-text");
    let more = vec![layout.tell("lost-sent-missing", "cool_down", cool_down)];
    MessagePage::mailed(layout, intro, more).page()
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

/// The topics, each with the basis that the confirmation records (S0-25, S0-57).
fn words(layout: &Layout, topics: &[AwaitedTopic]) -> Vec<TopicWords> {
    topics
        .iter()
        .filter_map(|awaited| {
            let topic = layout.policy().topic(&awaited.topic)?;
            Some(TopicWords {
                basis: layout.basis(awaited.basis),
                ..layout.topic(topic)
            })
        })
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
