//! What the black-box tests stand on. Nothing here knows the crates of Consentry: it starts the three
//! binaries as an operator would, and looks at what comes out of them.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`binaries`] | the built programs |
//! | [`clock`] | the date that they believe in |
//! | [`database`] | a fresh SQLite or PostgreSQL database |
//! | [`cluster`] | a PostgreSQL server that a test may crash |
//! | [`proxy`] | the network to the database, which can be cut |
//! | [`trouble`] | system calls that fail |
//! | [`site`] | one installation: data directory, settings, policy, date |
//! | [`process`] | a running program: its log, its end |
//! | [`raw`] | octets on a connection, as no client sends them |
//! | [`http`] | a client that follows nothing and hides nothing |
//! | [`smtp`] | an SMTP server double that records, and misbehaves on demand |
//! | [`mail`] | a received message, parsed |
//! | [`dkim`] | two independent verifiers of signatures |
//! | [`receiver`] | an endpoint of webhooks that records, verifies, and misbehaves on demand |
//! | [`residue`] | the search for bytes that should be gone |
//!
//! ```no_run
//! use consentry_tests::{database::Engine, http::Client, site::Site};
//!
//! let site = Site::new(Engine::Sqlite);
//! let web = site.web();
//! let answer = Client::new(web.url()).post_form("/subscribe", &[("email", "anna@example.org")]);
//! assert_eq!(answer.status, 303);
//! assert_eq!(site.mailbox().len(), 1);
//! ```
//!
//! Everything panics when it cannot do its work: a test has no better use for an error.
#![expect(
    clippy::missing_panics_doc,
    reason = "see above: a failed step is a failed test"
)]

pub mod binaries;
pub mod clock;
pub mod cluster;
pub mod database;
pub mod dkim;
pub mod http;
pub mod mail;
pub mod process;
pub mod proxy;
pub mod raw;
pub mod receiver;
pub mod residue;
pub mod site;
pub mod smtp;
pub mod trouble;

use std::{
    thread,
    time::{Duration, Instant},
};

/// Whether the long variants are wanted (`just soak`): what takes minutes, and more of everything.
#[expect(
    clippy::disallowed_methods,
    reason = "how long the tests may take is the runner's to say"
)]
pub fn is_long_run() -> bool {
    std::env::var_os("CONSENTRY_TEST_LONG").is_some_and(|value| value == "1")
}

/// Asks again, every 20 milliseconds, until there is an answer.
///
/// # Panics
/// When `limit` has passed without one; `what` says what was awaited.
pub fn wait_for<T>(what: &str, limit: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < limit, "no {what} within {limit:?}");
        thread::sleep(Duration::from_millis(20));
    }
}
