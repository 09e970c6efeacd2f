//! The pages and the JSON of Consentry as an axum router.
//!
//! [`router`] is everything a visitor sees: the subscription form, the pages behind mailed links,
//! the preference centre, the privacy notice and the health checks. It needs a
//! [`Service`] and [`Options`]; it keeps no global state.
//!
//! ```
//! use axum::Router;
//! use consentry_service::Service;
//! use consentry_web::{Options, router};
//!
//! fn site(service: Service) -> Router {
//!     let options = Options::of(service.policy());
//!     Router::new().merge(router(service, options))
//! }
//! ```
//!
//! With the keys of [`Service::with_api_keys`] it also serves the JSON API under `/api/v1`, and its
//! OpenAPI document at `/api/openapi.json`.
//!
//! # Mounting it
//!
//! * Serve it with `into_make_service_with_connect_info::<SocketAddr>()`. Without the peer address
//!   all visitors count as one client of the rate limit, and the local mailbox stays closed.
//! * Under a prefix, mount it with `Router::nest_service` and let the public URL end with the same
//!   prefix: links are made from the public URL alone, never from a request.
//! * Accepting connections, TLS and the time a client may take for its headers are the server's.
//!
//! # Architecture invariants
//!
//! * `GET` and `HEAD` change nothing; every change is the `POST` of a form or of a mail program
//!   (S0-27, S0-46, RFC 8058).
//! * No cookie, nothing from another origin, and no script but that of the optional proof of work
//!   (S0-21, S0-22, S0-36).
//! * No token, address or IP address is logged; a request is named by its route (S0-11, S0-37).
//! * Every body and every wait is bounded.

mod api;
mod app;
mod assets;
mod client;
mod counted;
mod frame;
mod headers;
mod input;
mod layout;
mod limits;
mod pace;
mod pages;
mod problem;
mod visitor;

use std::{fmt, path::PathBuf, sync::Arc};

use axum::{
    Router, middleware,
    routing::{get, post},
};
use consentry_policy::{Limits, Policy};
use consentry_service::{Service, ports::LocalMailbox};
use ipnet::IpNet;

pub use counted::describe_metrics;
pub use pages::health::Draining;

use crate::{
    app::App,
    pages::{confirm, fallback, health, home, lost, mailbox, preferences, privacy, work},
};

/// How the site is served. Write `..Options::of(policy)` at the end, always: fields are added in
/// minor versions.
///
/// ```
/// use consentry_policy::Policy;
/// use consentry_web::Options;
///
/// let options = Options {
///     trusted_proxies: vec!["10.0.0.0/8".parse()?],
///     ..Options::of(&Policy::demo())
/// };
/// # Ok::<(), ipnet::AddrParseError>(())
/// ```
#[derive(Clone, Default)]
pub struct Options {
    /// Proxies whose `X-Forwarded-For` (or, without one, `Forwarded`; RFC 7239) is believed. Let
    /// them remove or overwrite the header that they do not write themselves.
    pub trusted_proxies: Vec<IpNet>,
    /// How many requests are accepted that have a letter sent. No limit by default.
    pub limits: Limits,
    /// The work that a program does before a sign-up: so many leading zero bits of a SHA-256,
    /// [`MOST_BITS`](consentry_service::MOST_BITS) at most. None by default; 18 take a second or
    /// less.
    pub proof_of_work: Option<u8>,
    /// The local mailbox, readable at `/dev/mailbox` from this machine only.
    pub mailbox: Option<Arc<dyn LocalMailbox>>,
    /// A folder of public files, served where the site has no page of its own.
    pub static_dir: Option<PathBuf>,
    /// Whether the process is about to end; its owner says so.
    pub draining: Draining,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("trusted_proxies", &self.trusted_proxies)
            .field("limits", &self.limits)
            .field("proof_of_work", &self.proof_of_work)
            .field("mailbox", &self.mailbox.is_some())
            .field("static_dir", &self.static_dir)
            .field("draining", &self.draining)
            .finish()
    }
}

impl Options {
    /// The limits of the policy, and nothing else.
    pub fn of(policy: &Policy) -> Self {
        Self {
            limits: policy.limits.clone(),
            ..Self::default()
        }
    }
}

/// Every page and the JSON of one controller.
pub fn router(service: Service, options: Options) -> Router {
    let app = App::new(service, options);
    Router::new()
        .route("/", get(home::show))
        .route("/subscribe", post(home::subscribe))
        .route("/subscribe/thanks", get(home::thanks))
        .route("/subscribe/challenge", get(work::challenge))
        .route("/confirm/{token}", get(confirm::show).post(confirm::press))
        .route("/preferences", get(lost::show).post(lost::ask))
        .route("/preferences/sent", get(lost::sent))
        .route(
            "/preferences/{token}",
            get(preferences::show).post(preferences::act),
        )
        .route(
            "/unsubscribe/{token}",
            get(preferences::show_unsubscribe).post(preferences::unsubscribe),
        )
        .route("/privacy", get(privacy::show))
        .route("/privacy/{version}", get(privacy::version))
        .route("/privacy.json", get(privacy::machine_readable))
        .route("/legal", get(privacy::legal))
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/assets/{name}", get(assets::serve))
        .route("/dev/mailbox", get(mailbox::list))
        .route("/dev/mailbox/{name}", get(mailbox::letter))
        .route("/dev/mailbox/{name}/html", get(mailbox::html))
        .nest("/api", api::router(&app))
        .fallback(fallback::serve)
        .layer(middleware::from_fn_with_state(app.clone(), frame::frame))
        .with_state(app)
}
