//! The preference centre, behind the link at the bottom of every mail (S0-46) and behind the
//! address of the mail program's button (RFC 8058; S0-51, S0-52).

use askama::Template;
use axum::{
    Extension, Json,
    extract::{Path, State},
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    },
    response::{IntoResponse as _, Redirect, Response},
};
use consentry_address::EmailAddress;
use consentry_domain::{PersonState, TopicState};
use consentry_service::{
    Chosen, Door, Error, LinkError, PreferencesView,
    record::{Erasure, PersonalData},
};

use crate::{
    app::App,
    input::Form,
    layout::{self, Layout, TopicWords},
    limits::Cause,
    pages::{home::parse_topics, message::MessagePage},
    problem::{FieldError, Problem, spoken},
    visitor::Visitor,
};

/// One request to the preference centre.
struct Visit {
    app: App,
    visitor: Visitor,
    door: Door,
    token: String,
}

/// `GET /preferences/{token}`
pub(crate) async fn show(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(token): Path<String>,
) -> Result<Response, Problem> {
    let visit = Visit::new(app, visitor, Door::Preferences, token);
    visit.centre(StatusCode::OK, Said::Nothing).await
}

/// `POST /preferences/{token}`
pub(crate) async fn act(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(token): Path<String>,
    form: Form,
) -> Result<Response, Problem> {
    let visitor = visitor.with_form(&app, &form)?;
    let visit = Visit::new(app, visitor, Door::Preferences, token);
    let answer = visit.act(&form).await;
    Ok(spoken(visit.visitor, answer))
}

/// `GET /unsubscribe/{token}`. In a letter to an address that is not proven yet, the same place
/// withdraws the request that named it.
pub(crate) async fn show_unsubscribe(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(token): Path<String>,
) -> Result<Response, Problem> {
    let visit = Visit::new(app, visitor, Door::Unsubscribe, token);
    match visit.centre(StatusCode::OK, Said::Nothing).await {
        Err(Problem::UnknownLink) => visit.address_request().await,
        answer => answer,
    }
}

/// `POST /unsubscribe/{token}`: the mail program's button when the body says so (RFC 8058 section
/// 3.1: no redirect, no cookie), otherwise the form of the page.
pub(crate) async fn unsubscribe(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(token): Path<String>,
    form: Form,
) -> Result<Response, Problem> {
    let visitor = visitor.with_form(&app, &form)?;
    let visit = Visit::new(app, visitor, Door::Unsubscribe, token);
    let answer = visit.unsubscribe(&form).await;
    Ok(spoken(visit.visitor, answer))
}

fn is_one_click(form: &Form) -> bool {
    form.all("List-Unsubscribe")
        .any(|value| value.trim() == "One-Click")
}

/// What the page says about what was just done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Said {
    Nothing,
    Done(&'static str),
    Wrong(FieldError),
}

impl Visit {
    fn new(app: App, visitor: Visitor, door: Door, token: String) -> Self {
        Self {
            app,
            visitor,
            door,
            token,
        }
    }

    async fn unsubscribe(&self, form: &Form) -> Result<Response, Problem> {
        if !is_one_click(form) {
            return self.act(form).await;
        }
        self.app.service().one_click(&self.token).await?;
        let text = self.layout().say("one-click-text") + "\n";
        let headers = [(CONTENT_TYPE, "text/plain; charset=utf-8")];
        Ok((headers, text).into_response())
    }

    /// The page of somebody whose address another person may have typed.
    async fn address_request(&self) -> Result<Response, Problem> {
        self.app.service().address_request(&self.token).await?;
        let page = WithdrawPage {
            layout: self.layout(),
        };
        Ok(layout::page(StatusCode::OK, self.visitor.language, &page))
    }

    /// Does what the form says. What only a fresh link may do mails one when this link is old.
    async fn act(&self, form: &Form) -> Result<Response, Problem> {
        let service = self.app.service();
        let token = self.token.as_str();
        let action = match form.one("action")? {
            None if form.all("topic").next().is_some() => "save",
            None => return self.wrong(FieldError::NOTHING_CHOSEN).await,
            Some(action) => action,
        };
        let email = form.one("email")?.unwrap_or_default();
        let done = match (action, self.door) {
            ("save", _) => self.save(form).await,
            ("unsubscribe-all", _) => {
                let view = service.unsubscribe_all(self.door, token).await;
                view.map(|view| self.page(view, "preferences-unsubscribed"))
            }
            ("renew", _) => return self.renew().await,
            ("erase", Door::Preferences) => service
                .erase(token)
                .await
                .map(|erasure| self.erased(&erasure)),
            ("export", Door::Preferences) => service.export(token).await.map(attachment),
            ("change-address", Door::Preferences) => match EmailAddress::parse(email) {
                Ok(new) => {
                    let cause = Cause::NewAddress(&new);
                    self.app.admit(self.visitor.client, cause).await?;
                    self.change_address(new).await
                }
                Err(reason) => Err(reason.into()),
            },
            ("erase" | "export" | "change-address", Door::Unsubscribe) => {
                Err(LinkError::NotFresh.into())
            }
            _ => return self.wrong(FieldError::NOTHING_CHOSEN).await,
        };
        match done {
            Ok(response) => Ok(response),
            Err(Error::Link(LinkError::NotFresh)) => self.mail_fresh_link().await,
            Err(error) => match self.refusal(error) {
                Problem::Invalid(wrong) => self.wrong(wrong).await,
                problem => Err(problem),
            },
        }
    }

    async fn save(&self, form: &Form) -> Result<Response, Error> {
        let Ok(keep) = parse_topics(form.all("topic")) else {
            return Err(Error::UnknownTopic);
        };
        let service = self.app.service();
        match service.choose(self.door, &self.token, &keep).await? {
            Chosen::Saved(view) if view.state == PersonState::Unsubscribed => {
                Ok(self.page(view, "preferences-saved-left"))
            }
            Chosen::Saved(view) => Ok(self.page(view, "preferences-saved")),
            // The letter ends this link (S0-56): the page cannot show the choices any more.
            Chosen::ConfirmationMailed => {
                let layout = self.layout();
                let intro = layout.say("preferences-confirmation-mailed");
                let cool_down = layout.period(layout.policy().subscription.cool_down);
                let more = vec![
                    layout.say("preferences-confirmation-until"),
                    layout.tell("lost-sent-missing", "cool_down", cool_down),
                ];
                Ok(MessagePage::mailed(layout, intro, more).page())
            }
        }
    }

    async fn change_address(&self, new: EmailAddress) -> Result<Response, Error> {
        let service = self.app.service();
        service.change_address(&self.token, new).await?;
        let layout = self.layout();
        let page = MessagePage {
            title: layout.say("preferences-address-requested-title"),
            intro: layout.say("preferences-address-requested"),
            more: vec![layout.say("preferences-address-told")],
            is_mailed: true,
            layout,
        };
        Ok(page.page())
    }

    /// The button of an expired link, and of an old one that may not do what needs a fresh one.
    async fn renew(&self) -> Result<Response, Problem> {
        self.app
            .admit(self.visitor.client, Cause::FreshLink)
            .await?;
        let service = self.app.service();
        service.mail_fresh_link(self.door, &self.token).await?;
        let sent = self.layout().href("/preferences/sent");
        Ok(Redirect::to(&sent).into_response())
    }

    async fn mail_fresh_link(&self) -> Result<Response, Problem> {
        self.app
            .admit(self.visitor.client, Cause::FreshLink)
            .await?;
        let service = self.app.service();
        service.mail_fresh_link(self.door, &self.token).await?;
        let layout = self.layout();
        let policy = layout.policy();
        let sensitive = layout.period(policy.links.sensitive);
        let cool_down = layout.period(policy.subscription.cool_down);
        let page = MessagePage {
            title: layout.say("fresh-title"),
            intro: layout.tell("fresh-text", "period", sensitive),
            more: vec![layout.tell("fresh-missing", "cool_down", cool_down)],
            is_mailed: true,
            layout,
        };
        Ok(page.page())
    }

    fn erased(&self, erasure: &Erasure) -> Response {
        let layout = self.layout();
        let purge = if erasure.holds.is_empty() {
            "erased-purge"
        } else {
            "erased-purge-earliest"
        };
        let mut more = vec![layout.tell(purge, "date", layout.date(erasure.purged_after))];
        more.extend(erasure.holds.iter().map(|hold| {
            let date = layout.date(hold.review_at);
            let words = [
                ("name", hold.name.as_str().into()),
                ("date", (&date).into()),
            ];
            layout.words("erased-kept", &words)
        }));
        more.push(layout.say("erased-answer"));
        let page = MessagePage {
            title: layout.say("erased-title"),
            intro: layout.say("erased-text"),
            more,
            is_mailed: false,
            layout,
        };
        page.page()
    }

    async fn wrong(&self, wrong: FieldError) -> Result<Response, Problem> {
        if self.visitor.wants_json {
            return Err(Problem::Invalid(wrong));
        }
        self.centre(StatusCode::UNPROCESSABLE_ENTITY, Said::Wrong(wrong))
            .await
    }

    /// The page as things stand.
    async fn centre(&self, status: StatusCode, said: Said) -> Result<Response, Problem> {
        let view = self.app.service().preferences(self.door, &self.token).await;
        let view = view.map_err(|error| self.refusal(error))?;
        let page = CentrePage::new(self.layout(), view, said);
        Ok(layout::page(status, self.visitor.language, &page))
    }

    fn page(&self, view: PreferencesView, done: &'static str) -> Response {
        let page = CentrePage::new(self.layout(), view, Said::Done(done));
        layout::page(StatusCode::OK, self.visitor.language, &page)
    }

    fn refusal(&self, error: Error) -> Problem {
        match (error, self.app.policy().links.preferences) {
            (Error::Link(LinkError::Expired), Some(period)) => Problem::ExpiredLink {
                text: "link-expired-preferences",
                period,
            },
            (error, _) => error.into(),
        }
    }

    fn layout(&self) -> Layout {
        Layout::new(&self.app, &self.visitor)
    }
}

#[derive(Template)]
#[template(path = "withdraw.html")]
struct WithdrawPage {
    layout: Layout,
}

/// A copy of the data as a file (GDPR art. 15 and 20; S0-38, S0-41).
fn attachment(data: PersonalData) -> Response {
    let mut response = Json(data).into_response();
    let name = HeaderValue::from_static("attachment; filename=\"consentry-export.json\"");
    response.headers_mut().insert(CONTENT_DISPOSITION, name);
    response
}

/// One checkbox.
struct Choice {
    topic: TopicWords,
    is_kept: bool,
    awaits_confirmation: bool,
}

#[derive(Template)]
#[template(path = "preferences.html")]
struct CentrePage {
    view: PreferencesView,
    choices: Vec<Choice>,
    done: Option<String>,
    wrong: Option<String>,
    wrong_address: Option<String>,
    layout: Layout,
}

impl CentrePage {
    fn new(layout: Layout, view: PreferencesView, said: Said) -> Self {
        let wrong = |is_address: bool| match said {
            Said::Wrong(wrong) if (wrong.field == "email") == is_address => {
                Some(wrong.words(&layout))
            }
            _ => None,
        };
        let (wrong_address, wrong) = (wrong(true), wrong(false));
        Self {
            choices: view
                .topics
                .iter()
                .filter_map(|held| {
                    let topic = layout.policy().topic(&held.topic)?;
                    let is_open = matches!(
                        held.state,
                        Some(TopicState::Pending | TopicState::Confirmed)
                    );
                    Some(Choice {
                        topic: layout.topic(topic),
                        is_kept: is_open || held.awaits_confirmation,
                        awaits_confirmation: held.awaits_confirmation,
                    })
                })
                .collect(),
            done: match said {
                Said::Done(id) => Some(layout.say(id)),
                _ => None,
            },
            wrong,
            wrong_address,
            view,
            layout,
        }
    }

    /// What becomes of the data after everything was left (S0-59). A restriction keeps them.
    fn deletion(&self) -> Option<String> {
        let period = self.layout.policy().retention().unsubscribed?;
        let period = self.layout.period(period);
        (!self.view.restricted).then(|| {
            let text = "preferences-leave-deleted";
            self.layout.tell(text, "unsubscribed", period)
        })
    }

    /// A link from before the last subscription or change of address: it can only leave.
    fn can_only_leave(&self) -> bool {
        self.view.topics.is_empty()
    }

    fn has_left(&self) -> bool {
        self.view.state == PersonState::Unsubscribed
    }
}
