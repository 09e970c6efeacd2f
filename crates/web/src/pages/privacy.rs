//! The privacy notice, printed from the policy in force.

use askama::Template;
use axum::{Extension, extract::State, response::Response};
use consentry_policy::{Language, Money};

use crate::{
    app::App,
    layout::{self, Layout, TopicWords},
    visitor::Visitor,
};

/// `GET /privacy`: who, what, why, how long, where and which rights (GDPR art. 13).
pub(crate) async fn show(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
) -> Response {
    let layout = Layout::new(&app, &visitor);
    let policy = layout.policy();
    let page = PrivacyPage {
        topics: policy
            .topics
            .iter()
            .map(|topic| layout.topic(topic))
            .collect(),
        controller: controller(&layout),
        hosting: layout.words(
            "privacy-hosting-text",
            &[
                ("host", policy.host_name(policy.main_host()).into()),
                (
                    "city",
                    policy
                        .main_host()
                        .city
                        .as_deref()
                        .unwrap_or_default()
                        .into(),
                ),
                (
                    "country",
                    policy.main_host().country.name(visitor.language).into(),
                ),
            ],
        ),
        legal_form: legal_form(
            &layout,
            policy.controller.legal_form.as_ref(),
            policy.controller.capital.as_ref(),
        ),
        host_form: legal_form(
            &layout,
            policy.main_host().legal_form.as_ref(),
            policy.main_host().capital.as_ref(),
        ),
        layout,
    };
    layout::public(visitor.language, &page)
}

fn controller(layout: &Layout) -> String {
    let controller = &layout.policy().controller;
    let values = [
        ("name", (&controller.name).into()),
        ("brand", (&controller.brand).into()),
    ];
    layout.words("privacy-controller-text", &values)
}

/// `SAS, with a capital of 75,000 EUR` (S0-02, S0-06)
fn legal_form(layout: &Layout, form: Option<&String>, capital: Option<&Money>) -> Option<String> {
    let capital = capital.map(|capital| {
        let amount = grouped(capital, layout.language());
        let values = [
            ("amount", (&amount).into()),
            ("currency", (&capital.currency).into()),
        ];
        layout.words("privacy-capital", &values)
    });
    let parts: Vec<_> = form.cloned().into_iter().chain(capital).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// An amount in groups of three digits.
fn grouped(capital: &Money, language: Language) -> String {
    let separator = match language {
        Language::En => ",",
        Language::Fr => "\u{a0}",
    };
    let digits = (capital.hundredths / 100).to_string();
    let groups: Vec<_> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(String::from_utf8_lossy)
        .collect();
    groups.join(separator)
}

#[derive(Template)]
#[template(path = "privacy.html")]
struct PrivacyPage {
    topics: Vec<TopicWords>,
    controller: String,
    legal_form: Option<String>,
    hosting: String,
    host_form: Option<String>,
    layout: Layout,
}
