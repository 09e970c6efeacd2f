//! What a request says about the one who sent it, without naming anybody.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, Request},
    http::{
        HeaderMap,
        header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, HOST},
    },
};
use consentry_i18n::negotiate;
use consentry_policy::Language;
use url::{Host, Url, form_urlencoded};

use crate::{
    app::App,
    client::{self, Client},
    input::Form,
    problem::Problem,
};

/// How to answer a request. Put into its extensions by the outermost layer.
#[derive(Clone)]
pub(crate) struct Visitor {
    /// The language of the answer: `?lang=`, then the `lang` field of a form, then
    /// `Accept-Language`, then the policy's default.
    pub(crate) language: Language,
    /// The language that the URL or a form asks for, kept in the links of the page.
    pub(crate) asked: Option<Language>,
    /// Whether errors are `application/problem+json` (RFC 9457) instead of a page.
    pub(crate) wants_json: bool,
    /// Whom the rate limit counts.
    pub(crate) client: Client,
    /// Whether the local mailbox opens: from this machine, through no proxy.
    pub(crate) sees_mailbox: bool,
    /// The path of the request, where a language switch leads back to.
    pub(crate) path: String,
}

impl Visitor {
    pub(crate) fn of(app: &App, request: &Request) -> Self {
        let headers = request.headers();
        let languages = &app.policy().languages;
        let asked = request
            .uri()
            .query()
            .and_then(|query| {
                form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "lang")
            })
            .and_then(|(_, value)| offered(app, &value));
        let accepted = || {
            let header = text(headers, ACCEPT_LANGUAGE);
            negotiate(header, &languages.offered, languages.default)
        };
        let peer = request
            .extensions()
            .get::<ConnectInfo<SocketAddr>>()
            .map(|ConnectInfo(peer)| peer.ip().to_canonical());
        let address = client::address_of(peer, headers, app.trusted_proxies());
        Self {
            language: asked.unwrap_or_else(accepted),
            asked,
            wants_json: request.uri().path().starts_with("/api/") || wants_json(headers),
            client: Client::of(address),
            sees_mailbox: app.mailbox().is_some() && is_on_this_machine(peer, headers),
            // A path that begins with two slashes would be read as another host.
            path: format!("/{}", request.uri().path().trim_start_matches('/')),
        }
    }

    /// The same visitor, when a form has a `lang` field: it counts after the URL, and the next page
    /// speaks the language of the form.
    pub(crate) fn with_field(&self, app: &App, field: Option<&str>) -> Self {
        let field = || field.and_then(|value| offered(app, value));
        let asked = self.asked.or_else(field);
        Self {
            language: asked.unwrap_or(self.language),
            asked,
            ..self.clone()
        }
    }

    /// The same for a whole form.
    ///
    /// # Errors
    /// [`Problem::Malformed`] when it names several languages.
    pub(crate) fn with_form(&self, app: &App, form: &Form) -> Result<Self, Problem> {
        Ok(self.with_field(app, form.one("lang")?))
    }

    /// The same visitor, with links and language switch as on the page at `path`.
    pub(crate) fn at(&self, path: &str) -> Self {
        Self {
            path: path.to_owned(),
            ..self.clone()
        }
    }
}

fn offered(app: &App, code: &str) -> Option<Language> {
    let language = code.parse().ok()?;
    let offered = &app.policy().languages.offered;
    offered.contains(&language).then_some(language)
}

fn text(headers: &HeaderMap, name: axum::http::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn wants_json(headers: &HeaderMap) -> bool {
    let sends_json = text(headers, CONTENT_TYPE).is_some_and(|kind| kind.contains("json"));
    let accepts_json = text(headers, ACCEPT)
        .is_some_and(|kinds| kinds.contains("json") && !kinds.contains("text/html"));
    sends_json || accepts_json
}

/// Whether the connection comes from this machine, and the browser knows the site under a name of
/// this machine: a foreign name that resolves to it (DNS rebinding) does not count.
fn is_on_this_machine(peer: Option<IpAddr>, headers: &HeaderMap) -> bool {
    let is_local_name = text(headers, HOST)
        .and_then(|host| Url::parse(&format!("http://{host}/")).ok())
        .is_some_and(|url| match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        });
    peer.is_some_and(|peer| peer.is_loopback()) && is_local_name && !client::is_forwarded(headers)
}
