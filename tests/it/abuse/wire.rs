//! Malformed and ambiguous requests, octet by octet.

use consentry_tests::{
    database::Engine,
    raw::{Raw, Reply},
    site::{Site, Web},
};

/// What came back for one request on a connection of its own, and whether the server hung up.
fn ask(web: &Web, request: impl AsRef<[u8]>) -> Reply {
    let mut raw = Raw::connect(web.url());
    raw.send(request);
    raw.reply().expect("an answer")
}

fn post(lines: &str, body: &str) -> String {
    format!("POST /subscribe HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n{body}")
}

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";
const JSON: &str = "Content-Type: application/json\r\n";

fn with_length(kind: &str, body: &str) -> String {
    post(&format!("{kind}Content-Length: {}\r\n", body.len()), body)
}

fn web() -> (Site, Web) {
    let site = Site::new(Engine::Sqlite)
        .with("CONSENTRY_EMBEDDED_WORKER", "false")
        .with("CONSENTRY_LIMIT_PER_CLIENT", "off");
    let web = site.web();
    (site, web)
}

/// RFC 9112 sections 3.2, 5 and 6: what two readers could read differently is refused, and the
/// connection closed, so that nothing that follows is taken for another request.
#[test]
fn an_ambiguous_request_is_refused_and_the_connection_closed() {
    let (site, web) = web();
    let body = "email=smuggled@kunde.example";
    let length = body.len();
    let smuggled = with_length(FORM, body);
    for lines in [
        format!("Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n"),
        format!("Transfer-Encoding: chunked\r\nContent-Length: {length}\r\n"),
        format!("Content-Length: {length}\r\nContent-Length: 5\r\n"),
        format!("Content-Length: {length}\r\nContent-Length: {length}\r\n"),
        format!("Content-Length: {length}, {length}\r\n"),
        format!("Content-Length: +{length}\r\n"),
        "Content-Length: -1\r\n".to_owned(),
        "Content-Length: 99999999999999999999\r\n".to_owned(),
        "Transfer-Encoding: gzip\r\n".to_owned(),
        "Transfer-Encoding: chunked, identity\r\n".to_owned(),
        "Transfer-Encoding : chunked\r\n".to_owned(),
        "Host: evil.example\r\n".to_owned(),
        "X-Folded: a\r\n b\r\n".to_owned(),
        "X-Null: a\0b\r\n".to_owned(),
        "No colon\r\n".to_owned(),
    ] {
        let mut raw = Raw::connect(web.url());
        raw.send(post(&format!("{FORM}{lines}"), body) + &smuggled);
        let (answers, _) = raw.until_closed();
        assert!(answers.starts_with("HTTP/1.1 400"), "{lines:?}: {answers}");
        assert_eq!(
            answers.matches("HTTP/1.1").count(),
            1,
            "{lines:?}: {answers}"
        );
    }
    for request in [
        "GET / HTTP/1.1\r\n\r\n",
        "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n",
        "\0\r\n\r\n",
    ] {
        let mut raw = Raw::connect(web.url());
        raw.send(request);
        let (answer, _) = raw.until_closed();
        assert!(answer.starts_with("HTTP/1.1 400"), "{request:?}: {answer}");
    }
    // A chunked body is fine by itself; nothing follows it on its connection.
    let mut raw = Raw::connect(web.url());
    let chunks = format!("{length:x}\r\n{body}\r\n0\r\n\r\n");
    raw.send(post(&format!("{FORM}Transfer-Encoding: chunked\r\n"), &chunks) + &smuggled);
    let (answers, _) = raw.until_closed();
    assert!(answers.starts_with("HTTP/1.1 303"), "{answers}");
    assert_eq!(answers.matches("HTTP/1.1").count(), 1, "{answers}");
    let list = site
        .admin(&["subscriber", "list", "--format", "json"])
        .json();
    assert_eq!(list.as_array().map(Vec::len), Some(1), "{list}");
}

/// Requests on one connection follow each other, with bodies or without.
#[test]
fn a_connection_serves_many_requests() {
    let (_site, web) = web();
    let mut raw = Raw::connect(web.url());
    let both = with_length(FORM, "email=anna%40kunde.example")
        + "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for _ in 0..3 {
        raw.send(&both);
        assert_eq!(raw.reply().map(|reply| reply.status), Some(303));
        assert_eq!(raw.reply().map(|reply| reply.status), Some(200));
    }
}

/// 413, 414 or 431, 415, 405: bounded in every dimension, with the words for people and programs.
#[test]
fn what_is_too_large_or_of_another_kind_is_refused() {
    let (_site, web) = web();
    let large = "x".repeat(17 * 1024);
    assert_eq!(ask(&web, with_length(FORM, &large)).status, 413);
    // Announced, and never sent.
    let announced = post(&format!("{JSON}Content-Length: 1000000000\r\n"), "");
    let refused = ask(&web, announced);
    assert_eq!(refused.status, 413);
    assert_eq!(
        refused.header("content-type"),
        Some("application/problem+json")
    );
    let chunk = format!("4400\r\n{large}\r\n0\r\n\r\n");
    let chunked = post(&format!("{FORM}Transfer-Encoding: chunked\r\n"), &chunk);
    assert_eq!(ask(&web, chunked).status, 413);

    let long = format!("GET /{large} HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(matches!(ask(&web, long).status, 414 | 431));
    let wide = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {large}\r\n\r\n");
    assert_eq!(ask(&web, wide).status, 431);
    let lines = "X: y\r\n".repeat(200);
    let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{lines}\r\n");
    assert_eq!(ask(&web, many).status, 431);

    for kind in [
        "text/plain",
        "application/xml",
        "application/json-patch+json",
    ] {
        let lines = format!("Content-Type: {kind}\r\n");
        assert_eq!(
            ask(&web, with_length(&lines, "email=a@b.example")).status,
            415,
            "{kind}"
        );
    }
    for (method, path, allow) in [
        ("PUT", "/", "GET"),
        ("GET", "/subscribe", "POST"),
        ("DELETE", "/subscribe", "POST"),
        ("TRACE", "/", "GET"),
        ("OPTIONS", "/", "GET"),
        ("BREW", "/preferences", "POST"),
    ] {
        let request = format!("{method} {path} HTTP/1.1\r\nHost: a\r\n\r\n");
        let refused = ask(&web, request);
        assert_eq!(refused.status, 405, "{method} {path}");
        let allowed = refused.header("allow").unwrap_or_default();
        assert!(allowed.contains(allow), "{method} {path}: {allowed}");
    }
}

/// A key that stands twice means one thing to one reader and another thing to the next; what cannot
/// be decoded means nothing. None of it is stored.
#[test]
fn repeated_keys_and_undecodable_text_are_refused() {
    let (site, web) = web();
    for body in [
        "email=a%40kunde.example&email=b%40kunde.example",
        "email=a%40kunde.example&lang=en&lang=fr",
        "email=%ff%40kunde.example",
        "email=a%40kunde.example&topic=%c3%28",
        "email=\u{0}",
    ] {
        let status = ask(&web, with_length(FORM, body)).status;
        assert!(matches!(status, 400 | 422), "{body:?}: {status}");
    }
    let deep = |name: &str| {
        let (opened, closed) = ("[".repeat(5000), "]".repeat(5000));
        format!("{{\"{name}\":{opened}{closed}}}")
    };
    for body in [
        r#"{"email":"a@kunde.example","email":"b@kunde.example"}"#,
        r#"{"email":"a@kunde.example","lang":"en","lang":"fr"}"#,
        r#"{"email":"a@kunde.example""#,
        r#"["a@kunde.example"]"#,
        r#"{"email":"a@kunde.example"} {}"#,
        &deep("email"),
        "",
    ] {
        assert_eq!(ask(&web, with_length(JSON, body)).status, 400, "{body:.80}");
    }
    for body in [
        r#"{"email":"a\u0000@kunde.example"}"#,
        r#"{"email":["a@kunde.example"]}"#,
        // A member that nobody reads is skipped, however deep it is.
        &deep("unknown"),
    ] {
        assert_eq!(ask(&web, with_length(JSON, body)).status, 422, "{body}");
    }
    let raw = [
        with_length(JSON, "")
            .replace("Content-Length: 0", "Content-Length: 4")
            .into_bytes(),
        vec![b'"', 0xff, 0xfe, b'"'],
    ];
    assert_eq!(ask(&web, raw.concat()).status, 400);
    for query in ["?lang=en&lang=fr", "?a=1&b=2&a=3", "?lang=en&l%61ng=fr"] {
        let request = format!("GET /{query} HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(ask(&web, request).status, 400, "{query}");
    }
    let list = site
        .admin(&["subscriber", "list", "--format", "json"])
        .json();
    assert_eq!(list.as_array().map(Vec::len), Some(0), "{list}");
}

/// A path has one spelling: what would need tidying up leads nowhere, and never to a page.
#[test]
fn a_path_that_is_not_written_plainly_leads_nowhere() {
    let (_site, web) = web();
    for path in [
        "//subscribe",
        "/./subscribe/thanks",
        "/x/../privacy",
        "/%2e%2e/privacy",
        "/privacy/",
        "/privacy%00",
        "/PRIVACY",
        "/privacy;x=y",
        "/confirm/%00",
        "/confirm/%ff",
        "/confirm/a%2fb",
        "/unsubscribe/..%2f..%2fprivacy",
    ] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
        let status = ask(&web, request).status;
        assert!(matches!(status, 400 | 404), "{path}: {status}");
    }
}

/// RFC 9110 section 9.3.2: the same headers without the body, on a connection that goes on.
#[test]
fn head_is_get_without_a_body() {
    let (_site, web) = web();
    let mut raw = Raw::connect(web.url());
    for path in ["/", "/privacy", "/preferences", "/healthz", "/nowhere"] {
        let request = |method: &str| format!("{method} {path} HTTP/1.1\r\nHost: a\r\n\r\n");
        let head = |reply: &Reply| {
            let lines = reply.head.lines();
            let lines = lines.filter(|line| !line.to_lowercase().starts_with("date:"));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        raw.send(request("HEAD"));
        let short = raw.reply_without_body().expect("an answer");
        raw.send(request("GET"));
        let full = raw.reply().expect("an answer");
        assert_eq!(head(&short), head(&full), "{path}");
    }
}
