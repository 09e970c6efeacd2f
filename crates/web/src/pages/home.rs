//! The home page with its form, and the sign-up as form and as JSON.

use askama::Template;
use axum::{
    Extension, Json,
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use consentry_address::EmailAddress;
use consentry_domain::SignUp;
use consentry_policy::TopicId;
use consentry_service::SignUpOutcome;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use crate::{
    app::App,
    input::{Form, Input},
    layout::{self, Layout, TopicWords},
    limits::Cause,
    pages::{
        message::MessagePage,
        work::{self, Effort},
    },
    problem::{FieldError, Problem, spoken},
    visitor::Visitor,
};

/// A field that people do not see and that programs fill.
const HONEYPOT: &str = "homepage";

/// `GET /`: the form with its one visible field, and what is said where data are collected
/// (GDPR art. 13; S0-14, S0-18, S0-19, S0-24).
pub(crate) async fn show(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
) -> Response {
    let page = HomePage::new(Layout::new(&app, &visitor));
    work::with_script(&app, layout::public(visitor.language, &page))
}

/// `GET /subscribe/thanks`: what everybody sees after the form (S0-30).
pub(crate) async fn thanks(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
) -> Response {
    let layout = Layout::new(&app, &visitor);
    let policy = layout.policy();
    let pending = layout.period(policy.retention().pending);
    let cool_down = layout.period(policy.subscription.cool_down);
    let intro = layout.say("thanks-text");
    let more = vec![
        layout.tell("thanks-ignored", "pending", pending),
        layout.tell("thanks-missing", "cool_down", cool_down),
    ];
    MessagePage::mailed(layout, intro, more).public()
}

/// `POST /subscribe`: the same answer whatever is known of the address (S0-30).
pub(crate) async fn subscribe(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    input: Input,
) -> Response {
    match input {
        Input::Form(form) => by_form(&app, &visitor, &form).await,
        Input::Json(bytes) => by_json(&app, &visitor, &bytes).await,
    }
}

async fn by_form(app: &App, visitor: &Visitor, form: &Form) -> Response {
    let visitor = match visitor.with_form(app, form) {
        Ok(visitor) => visitor,
        Err(problem) => return problem.into_response(),
    };
    let outcome = async {
        let typed = form.one("email")?;
        if form.all(HONEYPOT).any(|value| !value.is_empty()) {
            return Ok(());
        }
        let topics: Vec<_> = form.all("topic").collect();
        let effort = Effort::of_form(form)?;
        accept(app, &visitor, typed, &topics, effort).await
    };
    match outcome.await {
        Ok(()) => {
            let thanks = Layout::new(app, &visitor).href("/subscribe/thanks");
            Redirect::to(&thanks).into_response()
        }
        Err(Problem::Invalid(wrong)) => {
            let layout = Layout::new(app, &visitor.at("/"));
            let page = HomePage {
                typed: form.one("email").ok().flatten().unwrap_or("").to_owned(),
                error: Some(wrong.words(&layout)),
                ..HomePage::new(layout)
            };
            let page = layout::page(StatusCode::UNPROCESSABLE_ENTITY, visitor.language, &page);
            work::with_script(app, page)
        }
        // The page stays usable without the script: patience takes the place of work.
        Err(Problem::NoEffort(lacking)) => {
            let layout = Layout::new(app, &visitor.at("/"));
            work::wait(layout, form, lacking)
        }
        Err(problem) => spoken(visitor, problem),
    }
}

/// The JSON form of the same fields; other members are dropped unread (S0-20).
#[derive(Deserialize)]
struct Document {
    email: Option<Value>,
    topic: Option<Value>,
    lang: Option<Value>,
    challenge: Option<Value>,
    solution: Option<Value>,
}

async fn by_json(app: &App, visitor: &Visitor, bytes: &Bytes) -> Response {
    let Ok(document) = serde_json::from_slice::<Document>(bytes) else {
        return Problem::Malformed.into_response();
    };
    let lang = document.lang.as_ref().and_then(Value::as_str);
    let visitor = visitor.with_field(app, lang);
    let outcome = async {
        let typed = match &document.email {
            None | Some(Value::Null) => None,
            Some(Value::String(typed)) => Some(typed.as_str()),
            Some(_) => return Err(Problem::Invalid(FieldError::address("malformed"))),
        };
        let topics = match &document.topic {
            None | Some(Value::Null) => Some(Vec::new()),
            Some(Value::String(topic)) => Some(vec![topic.as_str()]),
            Some(Value::Array(topics)) => topics.iter().map(Value::as_str).collect(),
            Some(_) => None,
        };
        let topics = topics.ok_or(Problem::Invalid(FieldError::UNKNOWN_TOPIC))?;
        let text =
            |member: &Option<Value>| member.as_ref().and_then(Value::as_str).map(str::to_owned);
        let effort = Effort::of_document(text(&document.challenge), text(&document.solution));
        accept(app, &visitor, typed, &topics, effort).await
    };
    match outcome.await {
        Ok(()) => (StatusCode::ACCEPTED, Json(json!({ "status": "accepted" }))).into_response(),
        Err(problem) => spoken(visitor, problem),
    }
}

/// Checks what was sent, counts it and hands it to the use case.
async fn accept(
    app: &App,
    visitor: &Visitor,
    typed: Option<&str>,
    topics: &[&str],
    effort: Effort,
) -> Result<(), Problem> {
    let began = Instant::now();
    let invalid = |_: &Problem| SignUpOutcome::Invalid.count();
    let address = parse_address(typed).inspect_err(invalid)?;
    let topics = if topics.is_empty() {
        let defaults = app.policy().default_topics();
        defaults.map(|topic| topic.id.clone()).collect()
    } else {
        parse_topics(topics.iter().copied()).inspect_err(invalid)?
    };
    let channel = effort.channel();
    let limited = |_: &Problem| SignUpOutcome::Limited.count();
    let proof = effort.check(app, visitor)?;
    app.admit(visitor.client, Cause::SignUp(&address))
        .await
        .inspect_err(limited)?;
    if let Some(proof) = proof {
        let spent = app.service().spend(&proof);
        spent.map_err(|lacking| Problem::NoEffort(Some(lacking)))?;
    }
    let request = SignUp {
        address,
        topics,
        language: visitor.language,
        channel,
    };
    app.service().sign_up(request).await?;
    sleep_until(app.pace().answer_at(began)).await;
    Ok(())
}

/// The address in a form.
pub(crate) fn parse_address(typed: Option<&str>) -> Result<EmailAddress, Problem> {
    EmailAddress::parse(typed.unwrap_or_default())
        .map_err(|reason| Problem::Invalid(FieldError::address(reason.code())))
}

/// The topics in a form, each once. Whether the policy has them is for the use case to say.
pub(crate) fn parse_topics<'a>(
    topics: impl Iterator<Item = &'a str>,
) -> Result<Vec<TopicId>, Problem> {
    let mut parsed = Vec::new();
    for topic in topics {
        let topic = topic
            .parse()
            .map_err(|_| Problem::Invalid(FieldError::UNKNOWN_TOPIC))?;
        if !parsed.contains(&topic) {
            parsed.push(topic);
        }
    }
    Ok(parsed)
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    topics: Vec<TopicWords>,
    typed: String,
    error: Option<String>,
    layout: Layout,
}

impl HomePage {
    fn new(layout: Layout) -> Self {
        let defaults = layout.policy().default_topics();
        Self {
            topics: defaults.map(|topic| layout.topic(topic)).collect(),
            typed: String::new(),
            error: None,
            layout,
        }
    }

    /// Where the script gets the work from that goes before a sign-up.
    fn challenge(&self) -> Option<String> {
        self.layout.challenge()
    }

    /// The label of the one field (S0-14).
    fn label(&self) -> String {
        self.layout
            .say(if self.layout.policy().subscription.business_only {
                "email-label-business"
            } else {
                "email-label"
            })
    }
}
