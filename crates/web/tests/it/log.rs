//! What a request leaves in the log.

use std::{
    io,
    sync::{Arc, Mutex},
};

use axum::{body::Body, http::header::CONTENT_TYPE};
use consentry_token::Purpose;
use tracing_subscriber::fmt::MakeWriter;

use crate::{
    fakes::Health,
    site::{FORM, Site, request_from},
};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// S0-11, S0-37: a request is named by its route; no token, address, query or IP address.
#[tokio::test]
async fn a_request_is_logged_by_its_route_and_names_nobody() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    // For all threads: what the other tests log must keep the promise as well.
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let site = Site::new();
    site.sign_up(&["newsletter"]).await;
    let link = site.link(Purpose::Confirm);
    let post = async |path: &str, body: &'static str| {
        let request = request_from("192.0.2.77", "POST", path).header(CONTENT_TYPE, FORM);
        site.send(request.body(Body::from(body)).unwrap()).await
    };
    post("/subscribe?utm=secret-query", "email=berta%40example.org").await;
    post("/nowhere/anna@example.org", "").await;
    post(&link, "").await;
    site.store.becomes(Health::Down);
    post(&link, "").await;

    let written = log.0.lock().unwrap().clone();
    let log = String::from_utf8(written).unwrap();
    for line in [
        "/confirm/{token}",
        "POST",
        "status=303",
        "status=503",
        "unmatched",
    ] {
        assert!(log.contains(line), "{line} in:\n{log}");
    }
    let token = link.trim_start_matches("/confirm/");
    for secret in [
        token,
        "example.org",
        "berta",
        "secret-query",
        "192.0.2.77",
        "nowhere",
    ] {
        assert!(!log.contains(secret), "{secret} in:\n{log}");
    }
}
