//! "Mail me my link", for whoever lost every mail of ours.

use std::time::Duration;

use askama::Template;
use axum::{
    Extension,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use tokio::time::{Instant, sleep_until};

use crate::{
    app::App,
    input::Form,
    layout::{self, Layout},
    limits::Cause,
    pages::{home::parse_address, message::MessagePage},
    problem::{Problem, spoken},
    visitor::Visitor,
};

/// The answer comes no sooner than this after the question: a look-up that finds nobody is faster than one
/// that queues a letter, and the difference would tell who is held (S0-30).
const ANSWER_TIME: Duration = Duration::from_millis(300);

/// `GET /preferences`
pub(crate) async fn show(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
) -> Response {
    let page = LostPage {
        typed: String::new(),
        error: None,
        layout: Layout::new(&app, &visitor),
    };
    layout::public(visitor.language, &page)
}

/// `POST /preferences`: the same answer whether the address is held or not (S0-30).
pub(crate) async fn ask(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    form: Form,
) -> Result<Response, Problem> {
    let visitor = visitor.with_form(&app, &form)?;
    let answer = mail_link(&app, &visitor, &form).await;
    Ok(spoken(visitor, answer))
}

async fn mail_link(app: &App, visitor: &Visitor, form: &Form) -> Result<Response, Problem> {
    let typed = form.one("email")?;
    let layout = Layout::new(app, visitor);
    let address = match parse_address(typed) {
        Ok(address) => address,
        Err(Problem::Invalid(wrong)) => {
            let page = LostPage {
                typed: typed.unwrap_or_default().to_owned(),
                error: Some(wrong.words(&layout)),
                layout,
            };
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return Ok(layout::page(status, visitor.language, &page));
        }
        Err(problem) => return Err(problem),
    };
    app.admit(visitor.client, Cause::Link(&address)).await?;
    let answer_at = app.pace().stroke(Instant::now() + ANSWER_TIME);
    let asked = app.service().mail_link(&address).await;
    sleep_until(answer_at).await;
    asked?;
    Ok(Redirect::to(&layout.href("/preferences/sent")).into_response())
}

/// `GET /preferences/sent`
pub(crate) async fn sent(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
) -> Response {
    let layout = Layout::new(&app, &visitor);
    let cool_down = layout.period(layout.policy().subscription.cool_down);
    let intro = layout.say("lost-sent-text");
    let more = vec![layout.tell("lost-sent-missing", "cool_down", cool_down)];
    MessagePage::mailed(layout, intro, more).public()
}

#[derive(Template)]
#[template(path = "lost.html")]
struct LostPage {
    typed: String,
    error: Option<String>,
    layout: Layout,
}
