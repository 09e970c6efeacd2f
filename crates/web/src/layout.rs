//! What every page has around its content, and the words of its language.

use std::borrow::Borrow;

use askama::Template;
use axum::{
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_TYPE, VARY},
    },
    response::{IntoResponse as _, Response},
};
use consentry_i18n::{Arg, Messages};
use consentry_notice::Places;
use consentry_policy::{Language, LegalBasis, Period, Policy, Topic};
use jiff::Timestamp;
use tracing::error;

use crate::{app::App, assets, headers, problem::Problem, visitor::Visitor};

const HTML: &str = "text/html; charset=utf-8";

/// The frame of a page, as its template sees it.
pub(crate) struct Layout {
    app: App,
    visitor: Visitor,
}

/// One entry of the language switch.
pub(crate) struct LanguageLink {
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    pub(crate) href: String,
    pub(crate) is_current: bool,
}

/// A topic, with why the address is used for it.
pub(crate) struct TopicWords {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) purpose: String,
    pub(crate) basis: String,
}

impl Layout {
    pub(crate) fn new(app: &App, visitor: &Visitor) -> Self {
        Self {
            app: app.clone(),
            visitor: visitor.clone(),
        }
    }

    pub(crate) fn language(&self) -> Language {
        self.visitor.language
    }

    pub(crate) fn app(&self) -> &App {
        &self.app
    }

    pub(crate) fn policy(&self) -> &Policy {
        self.app.policy()
    }

    /// A text without values.
    pub(crate) fn say(&self, id: &str) -> String {
        self.words(id, &[])
    }

    /// A text with one value.
    pub(crate) fn tell(&self, id: &str, name: &str, value: impl AsRef<str>) -> String {
        self.words(id, &[(name, value.as_ref().into())])
    }

    /// A text with several values.
    pub(crate) fn words(&self, id: &str, values: &[(&str, Arg<'_>)]) -> String {
        Messages::embedded().text(self.language(), id, values)
    }

    /// `12 months`
    pub(crate) fn period(&self, period: impl Borrow<Period>) -> String {
        Messages::embedded().period(self.language(), *period.borrow())
    }

    /// The day of an instant, in the policy's time zone.
    pub(crate) fn date(&self, at: impl Borrow<Timestamp>) -> String {
        Messages::embedded().date(self.language(), *at.borrow(), self.policy().calendar.zone())
    }

    /// Day and time of an instant, in the policy's time zone.
    pub(crate) fn date_time(&self, at: impl Borrow<Timestamp>) -> String {
        Messages::embedded().date_time(self.language(), *at.borrow(), self.policy().calendar.zone())
    }

    /// A link to a page of the site, in the language that was asked for.
    pub(crate) fn href(&self, page: &str) -> String {
        let path = self.app.path(page);
        match self.visitor.asked {
            Some(language) => format!("{path}?lang={language}"),
            None => path,
        }
    }

    /// A link to a letter in the local mailbox, or to a part of it.
    pub(crate) fn letter_href(&self, name: &str, part: &str) -> String {
        self.href(&format!("/dev/mailbox/{name}{part}"))
    }

    /// Where printed documents find the pages of this site.
    pub(crate) fn places(&self) -> Places {
        let asked = self.visitor.asked;
        Places {
            base: self.app.path(""),
            query: asked.map_or_else(String::new, |language| format!("?lang={language}")),
        }
    }

    /// That the notice has changed, for as long as the policy says so (S2-06).
    pub(crate) fn change(&self) -> Option<String> {
        let service = self.app.service();
        let version = service.shown_change(service.now())?;
        let from = self.date(version.publication.in_force_from);
        Some(self.tell("notice-changed", "date", from))
    }

    pub(crate) fn languages(&self) -> Vec<LanguageLink> {
        let offered = &self.policy().languages.offered;
        let path = self.app.path(&self.visitor.path);
        offered
            .iter()
            .map(|&language| LanguageLink {
                code: language.as_str(),
                name: match language {
                    Language::En => "English",
                    Language::Fr => "Français",
                },
                href: format!("{path}?lang={language}"),
                is_current: language == self.language(),
            })
            .collect()
    }

    pub(crate) fn style(&self) -> String {
        self.app.path(&format!("/assets/{}", assets::STYLE.name))
    }

    pub(crate) fn icon(&self) -> String {
        self.app.path(&format!("/assets/{}", assets::ICON.name))
    }

    pub(crate) fn script(&self) -> String {
        self.app.path(&format!("/assets/{}", assets::WORK.name))
    }

    /// Where the script gets a challenge; `None` where no work is asked for.
    pub(crate) fn challenge(&self) -> Option<String> {
        let bits = self.app.proof_of_work();
        bits.map(|_| self.app.path("/subscribe/challenge"))
    }

    /// A ticket for somebody who waits instead of working.
    pub(crate) fn ticket(&self) -> String {
        self.app.service().ticket()
    }

    pub(crate) fn sees_mailbox(&self) -> bool {
        self.visitor.sees_mailbox
    }

    /// `{brand} is published by {name}, {country}.`
    pub(crate) fn operator(&self) -> String {
        let controller = &self.policy().controller;
        self.words(
            "footer-operator",
            &[
                ("brand", (&controller.brand).into()),
                ("name", (&controller.name).into()),
                ("country", controller.country.name(self.language()).into()),
            ],
        )
    }

    pub(crate) fn topic(&self, topic: &Topic) -> TopicWords {
        let purpose = self.policy().purpose(&topic.purpose);
        let language = self.language();
        TopicWords {
            id: topic.id.to_string(),
            name: topic.name.get(language).to_owned(),
            description: topic.description.get(language).to_owned(),
            purpose: purpose
                .map_or_else(String::new, |purpose| purpose.name.get(language).to_owned()),
            basis: self.basis(topic.basis),
        }
    }

    /// `Your consent, Article 6(1)(a) GDPR`
    pub(crate) fn basis(&self, basis: LegalBasis) -> String {
        let name = self.say(&format!("basis-{}", basis.as_str()));
        let values = [
            ("basis", (&name).into()),
            ("article", basis.article().into()),
        ];
        self.words("basis-text", &values)
    }
}

/// A page for one visitor: never cached, never indexed.
pub(crate) fn page(status: StatusCode, language: Language, page: &impl Template) -> Response {
    let html = match page.render() {
        Ok(html) => html,
        Err(error) => {
            error!(%error, "a page cannot be rendered");
            return Problem::Internal.into_response();
        }
    };
    let mut response = (status, html).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(HTML));
    let language = HeaderValue::from_static(language.as_str());
    headers.insert(CONTENT_LANGUAGE, language);
    headers.insert(VARY, HeaderValue::from_name(ACCEPT_LANGUAGE));
    response
}

/// A page that is the same for everybody.
pub(crate) fn public(language: Language, content: &impl Template) -> Response {
    let mut response = page(StatusCode::OK, language, content);
    response
        .headers_mut()
        .insert(CACHE_CONTROL, headers::PUBLIC);
    response
}

/// Whether an answer is a page already.
pub(crate) fn is_page(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|kind| kind == HTML)
}
