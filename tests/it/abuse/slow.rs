//! Clients that dawdle.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use consentry_tests::{database::Engine, http::Client, raw::Raw, site::Site};
use rcgen::generate_simple_self_signed;

use super::{is_long, tell};

/// Nobody holds a connection for longer who sends nothing, or too little. The server's patience is
/// 10 seconds; the rest is for a machine under load.
const LIMIT: Duration = Duration::from_secs(15);

const REQUEST: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
const HEAD: &str = "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";
const BODY: &str = "POST /subscribe HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\
                    Content-Type: application/x-www-form-urlencoded\r\n\r\nemail=";
const CHUNKS: &str = "POST /subscribe HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\
                      Content-Type: application/json\r\n\r\n1\r\n{\r\n";

/// In silence, in the header, in a body of either kind, and idle after an answer; also when an octet
/// comes now and then.
#[test]
fn slow_clients_are_let_go_within_15_seconds() {
    let site = Site::new(Engine::Sqlite);
    let web = site.web();
    thread::scope(|scope| {
        for begun in ["", "\r\n", HEAD, BODY, CHUNKS, REQUEST] {
            for drips in [false, true] {
                let url = web.url();
                scope.spawn(move || {
                    let mut raw = Raw::connect(url);
                    raw.send(begun);
                    if begun == REQUEST {
                        assert_eq!(raw.reply().map(|reply| reply.status), Some(200));
                    }
                    let since = Instant::now();
                    let mut drip = raw.share();
                    let dripping = thread::spawn(move || {
                        while drips && since.elapsed() < LIMIT {
                            drip.send("x");
                            thread::sleep(Duration::from_secs(2));
                        }
                    });
                    let (answer, _) = raw.until_closed();
                    let held = since.elapsed();
                    assert!(held < LIMIT, "{begun:?}: {held:?}");
                    assert!(!answer.starts_with("HTTP/1.1 2"), "{begun:?}: {answer}");
                    dripping.join().expect("dripping never fails");
                });
            }
        }
    });
}

/// Whoever opens a connection to a server with TLS and never speaks, or does not get to the end.
#[test]
fn a_tls_handshake_that_does_not_end_is_given_up() {
    let site = Site::new(Engine::Sqlite);
    let made = generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let [certificate, key] = ["certificate.pem", "key.pem"].map(|name| site.folder().join(name));
    fs::write(&certificate, made.cert.pem()).expect("a file can be written");
    fs::write(&key, made.signing_key.serialize_pem()).expect("a file can be written");
    let text = |path: &std::path::Path| path.to_str().expect("paths are UTF-8").to_owned();
    let site = site
        .with("CONSENTRY_TLS_CERT_FILE", text(&certificate))
        .with("CONSENTRY_TLS_KEY_FILE", text(&key));
    let web = site.web();
    thread::scope(|scope| {
        // Nothing, and the beginning of a record (RFC 8446 section 5.1).
        for begun in [&b""[..], &[0x16, 0x03, 0x01, 0x02, 0x00, 0x01][..]] {
            let url = web.url();
            scope.spawn(move || {
                let mut raw = Raw::connect(url);
                raw.send(begun);
                let (_, held) = raw.until_closed();
                assert!(held < LIMIT, "{begun:?}: {held:?}");
            });
        }
    });
}

/// Thousands of slow connections leave the others served: 5,000 in the long run, 300 otherwise.
#[test]
fn slow_connections_leave_the_others_served() {
    let count = if is_long() { 5_000 } else { 300 };
    let site = Site::new(Engine::Sqlite)
        .with("CONSENTRY_LIMIT_PER_CLIENT", "off")
        .with("CONSENTRY_EMBEDDED_WORKER", "false");
    let web = site.web();
    let mut slow: Vec<Raw> = (0..count)
        .map(|number| {
            let mut raw = Raw::connect(web.url());
            raw.send([HEAD, BODY, CHUNKS, ""][number % 4]);
            raw
        })
        .collect();
    let client = Client::new(web.url());
    let mut longest = Duration::ZERO;
    for turn in 0..50 {
        let begun = Instant::now();
        let email = format!("person{turn}@kunde.example");
        let answer = client.post_form("/subscribe", &[("email", &email)]);
        assert_eq!(answer.status, 303);
        longest = longest.max(begun.elapsed());
    }
    tell(&format!(
        "{count} slow connections: the longest sign-up took {longest:?}"
    ));
    assert!(longest < Duration::from_secs(5), "{longest:?}");
    let since = Instant::now();
    for raw in &mut slow {
        raw.until_closed();
    }
    assert!(since.elapsed() < LIMIT, "{:?}", since.elapsed());
}
