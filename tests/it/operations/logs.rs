//! Logs for machines.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use consentry_tests::{database::Engine, http::Client, site::Site};
use jiff::Timestamp;
use serde_json::Value;

/// S0-11, S0-37: one object a line whatever is sent, the time in UTC, the lines of one request joined
/// by its number; nothing that a client wrote.
#[test]
fn a_line_is_an_object_whatever_is_sent() {
    let site = Site::new(Engine::Sqlite)
        .with("CONSENTRY_LOG_FORMAT", "json")
        .with("CONSENTRY_LOG", "debug");
    let web = site.web();
    let client = Client::new(web.url())
        .with_header("x-request-id", "anna-kunde-example")
        .with_header("user-agent", "\"}{\"level\":\"ERROR");
    client.post_form("/subscribe", &[("email", "anna@kunde.example")]);
    client.post_form(
        "/subscribe?email=anna@kunde.example",
        &[("email", "a\r\nb")],
    );
    client.get("/confirm/anna%0A%22kunde%22.example");
    let address = web.url().trim_start_matches("http://");
    for request in [
        "ANNA.KUNDE / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET /anna\u{1b}[31mkunde HTTP/1.1\r\n\r\n",
        "anna kunde\r\n\r\n",
        "\0\0\0\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(address).expect("the server listens");
        stream
            .write_all(request.as_bytes())
            .expect("the server reads");
        // Most are answered by the end of the connection.
        let _ = stream.read_to_string(&mut String::new());
    }
    let log = web.kill();
    let mut numbers = 0;
    for line in log.lines() {
        let entry: Value = serde_json::from_str(line).expect("a line is JSON");
        let time = entry["timestamp"].as_str().expect("a time");
        assert!(
            time.ends_with('Z') && time.parse::<Timestamp>().is_ok(),
            "{line}"
        );
        assert!(
            entry["level"].is_string() && entry["target"].is_string(),
            "{line}"
        );
        if entry["message"] == "answered" {
            assert!(entry["span"]["number"].is_u64(), "{line}");
            assert!(entry["status"].is_u64(), "{line}");
            numbers += 1;
        }
    }
    assert_eq!(numbers, 4, "{log}");
    for secret in ["anna", "ANNA", "kunde", "\u{1b}"] {
        assert!(!log.contains(secret), "{secret} in\n{log}");
    }
}
