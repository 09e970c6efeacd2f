//! Nothing tells an outsider who is in the list, and nothing is taken from a visitor but the address.

use consentry_tests::{
    database::Engine,
    http::{Answer, Client},
};
use serde_json::json;

use crate::steps::{PUBLIC_URL, Stage, on_each_engine, site};

on_each_engine!(
    every_address_gets_the_same_answer,
    fifty_sign_ups_send_one_letter,
    only_the_address_is_taken,
    every_answer_carries_the_headers_and_no_cookie,
    links_come_from_the_configuration_alone,
);

/// What an outsider can compare.
fn seen(answer: &Answer) -> (u16, Vec<String>, &str) {
    let mut headers: Vec<String> = answer
        .headers
        .iter()
        .filter(|(name, _)| *name != "date")
        .map(|(name, value)| format!("{name}: {value:?}"))
        .collect();
    headers.sort();
    (answer.status, headers, &answer.body)
}

/// S0-30, S0-55: the same status, headers and body for a new, pending, confirmed, unsubscribed,
/// restricted or erased address; by form, by JSON and on "mail me my link"; and the same again for
/// an address in a cool-down.
fn every_address_gets_the_same_answer(engine: Engine) {
    let stage = Stage::open(site(engine));
    let people = [
        "nobody",
        "pending",
        "confirmed",
        "left",
        "restricted",
        "erased",
    ]
    .map(|name| format!("{name}@kunde.example"));
    let [_, pending, confirmed, left, restricted, erased] = &people;
    stage.sign_up(pending);
    stage.only_letter();
    stage.subscribe(confirmed);
    let letter = stage.subscribe(left);
    stage.one_click(&letter);
    stage.subscribe(restricted);
    stage.admin(&["subscriber", "restrict", restricted]);
    stage.subscribe(erased);
    stage.admin(&["subscriber", "erase", erased, "--yes"]);
    stage.pass();

    let by_form = |address: &String| {
        let fields = [("email", address.as_str()), ("lang", "fr")];
        stage.client.post_form("/subscribe", &fields)
    };
    let by_json = |address: &String| {
        stage
            .client
            .post_json("/subscribe", &json!({ "email": address }))
    };
    let by_link = |address: &String| {
        stage
            .client
            .post_form("/preferences", &[("email", address.as_str())])
    };
    let doors: [&dyn Fn(&String) -> Answer; 3] = [&by_link, &by_form, &by_json];
    for (door, status) in doors.into_iter().zip([303, 303, 202]) {
        let first = door(&people[0]);
        assert_eq!(first.status, status);
        for address in people.iter().chain(&people) {
            let answer = door(address);
            assert_eq!(seen(&answer), seen(&first), "{address} is told apart");
        }
    }
    assert_eq!(by_json(pending).body, r#"{"status":"accepted"}"#);
    let location = by_form(pending).header("location").map(str::to_owned);
    let page = stage
        .client
        .get(location.as_deref().expect("a redirect has a target"));
    assert_eq!(page.status, 200);
    assert!(!page.body.contains("kunde"), "the page repeats the address");
}

/// S0-30, S0-31: no stranger can flood a mailbox: one letter within the cool-down, whatever is pressed
/// how often.
fn fifty_sign_ups_send_one_letter(engine: Engine) {
    let stage = Stage::open(site(engine));
    for round in 0..25 {
        stage.sign_up("anna@kunde.example");
        let document = json!({ "email": "Anna@Kunde.example", "topic": ["demo"] });
        assert_eq!(stage.client.post_json("/subscribe", &document).status, 202);
        if round % 5 == 0 {
            stage
                .client
                .post_form("/preferences", &[("email", "anna@kunde.example")]);
        }
    }
    let letter = stage.only_letter();
    assert!(
        letter.subject.starts_with("Please confirm"),
        "{}",
        letter.subject
    );
    stage.no_letter();
    let list = stage
        .site
        .admin(&["subscriber", "list", "--format", "json"])
        .json();
    assert_eq!(list.as_array().map(Vec::len), Some(1));
}

/// S0-19, S0-20: one visible field; every other is dropped unread, also one that names a column; a
/// program that fills the field nobody sees gets the same answer and no record.
fn only_the_address_is_taken(engine: Engine) {
    let stage = Stage::open(site(engine));
    let home = stage.client.get("/").body;
    assert_eq!(
        home.matches("type=\"email\"").count(),
        1,
        "one field for an address"
    );
    let extra = [
        ("name", "Zaphodia Beeblebroxson"),
        ("phone", "+33 1 99 87 65 43"),
        ("state", "confirmed"),
        ("confirmed_at", "2001-02-03T04:05:06Z"),
    ];
    let neutral = stage.sign_up_for("anna@kunde.example", &extra);
    let document = json!({
        "email": "berta@kunde.example", "name": "Zaphodia Beeblebroxson", "state": "confirmed",
    });
    assert_eq!(stage.client.post_json("/subscribe", &document).status, 202);
    for address in ["anna@kunde.example", "berta@kunde.example"] {
        assert_eq!(stage.record(address).state(), "pending");
        let record = stage.record(address).0.to_string();
        assert!(!record.contains("Beeblebroxson") && !record.contains("2001-02-03"));
    }
    let needles = ["Zaphodia Beeblebroxson", "+33 1 99 87 65 43"];
    assert_eq!(stage.site.residue(&needles), []);

    let robot = stage.sign_up_for(
        "robot@kunde.example",
        &[("homepage", "https://spam.example")],
    );
    assert_eq!(seen(&robot), seen(&neutral));
    assert!(!stage.is_visible("robot@kunde.example"));
}

/// The recipe of the security headers (S0-21, S0-36, S0-37).
fn assert_recipe(path: &str, answer: &Answer) {
    let demand = |name: &str, value: &str| {
        assert_eq!(answer.header(name), Some(value), "{name} on {path}");
    };
    demand("x-content-type-options", "nosniff");
    demand("referrer-policy", "no-referrer");
    demand("cross-origin-opener-policy", "same-origin");
    demand("cross-origin-resource-policy", "same-origin");
    demand(
        "strict-transport-security",
        "max-age=63072000; includeSubDomains",
    );
    demand(
        "permissions-policy",
        "geolocation=(), camera=(), microphone=()",
    );
    let policy = answer.header("content-security-policy").unwrap_or_default();
    for rule in [
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "object-src 'none'",
    ] {
        assert!(policy.contains(rule), "{rule} on {path}: {policy}");
    }
    assert!(
        !policy.contains("script") && !policy.contains("unsafe"),
        "{path}: {policy}"
    );
    assert_eq!(answer.header("set-cookie"), None, "a cookie on {path}");
    assert_eq!(answer.header("server"), None, "{path} says what serves it");
}

/// S0-11, S0-21, S0-36, S0-37: the recipe on every page, also on errors; no cookie, nothing from other
/// origins; pages with a token are neither cached nor indexed, and lead nowhere with it.
fn every_answer_carries_the_headers_and_no_cookie(engine: Engine) {
    let stage = Stage::open(site(engine));
    let letter = stage.subscribe("anna@kunde.example");
    let [confirm, preferences] = ["/confirm/", "/preferences/"].map(|path| letter.path(path));
    let unsubscribe = letter.one_click_path();

    for path in [
        "/",
        "/subscribe/thanks",
        "/preferences",
        "/preferences/sent",
        "/privacy",
    ] {
        for language in ["en", "fr"] {
            let answer = stage.client.get(&format!("{path}?lang={language}"));
            assert_eq!(answer.status, 200, "{path}");
            assert_recipe(path, &answer);
            assert_page(path, &answer, language);
        }
    }
    for path in [&confirm, &preferences, &unsubscribe] {
        let answer = stage.client.get(path);
        assert_recipe(path, &answer);
        assert_page(path, &answer, "en");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("x-robots-tag"), Some("noindex"));
    }
    for path in ["/healthz", "/readyz", "/dev/mailbox"] {
        assert_recipe(path, &stage.client.get(path));
    }
    for (path, status) in [("/no-such-page", 404), ("/confirm/forged", 404)] {
        let answer = stage.client.get(path);
        assert_eq!(answer.status, status);
        assert_recipe(path, &answer);
    }
    let answers = [
        (
            stage
                .client
                .post_form("/subscribe", &[("email", "no address")]),
            422,
        ),
        (
            stage
                .client
                .post_json("/subscribe", &json!({ "email": "no address" })),
            422,
        ),
        (
            stage
                .client
                .post_json("/subscribe", &json!({ "email": "b@kunde.example" })),
            202,
        ),
        (stage.client.post_form(&confirm, &[]), 200),
        (
            stage
                .client
                .post_form(&preferences, &[("topic", "newsletter")]),
            200,
        ),
        (
            stage
                .client
                .post_form(&unsubscribe, &[("List-Unsubscribe", "One-Click")]),
            200,
        ),
        (stage.client.request("DELETE", "/subscribe", None, &[]), 405),
    ];
    for (answer, status) in answers {
        assert_eq!(answer.status, status, "{}", answer.body);
        assert_recipe("an answer to a form", &answer);
    }
}

/// A page in the language asked for, with nothing from elsewhere and no script.
fn assert_page(path: &str, answer: &Answer, language: &str) {
    assert_eq!(
        answer.header("content-type"),
        Some("text/html; charset=utf-8"),
        "{path}"
    );
    let body = &answer.body;
    assert!(
        body.contains(&format!("<html lang=\"{language}\"")),
        "{path}: {body}"
    );
    assert!(
        !body.contains("<script") && !body.contains("style=\""),
        "{path}"
    );
    for loading in ["src=\"http", "src=\"//", "rel=\"stylesheet\" href=\"http"] {
        assert!(!body.contains(loading), "{path} loads from elsewhere");
    }
}

/// S0-37: neither `Host` nor a forwarding header reaches a link, in letters or on pages.
fn links_come_from_the_configuration_alone(engine: Engine) {
    let stage = Stage::open(site(engine));
    let poisoner = Client::new(stage.web.url())
        .with_header("host", "evil.example")
        .with_header("x-forwarded-host", "evil.example")
        .with_header("forwarded", "host=evil.example;proto=http")
        .with_header("x-forwarded-proto", "http");
    let answer = poisoner.post_form("/subscribe", &[("email", "anna@kunde.example")]);
    assert_eq!(answer.status, 303);
    let location = answer.header("location").unwrap_or_default();
    assert!(
        location.starts_with('/') || location.starts_with(PUBLIC_URL),
        "{location}"
    );
    let letter = stage.only_letter();
    let raw = String::from_utf8_lossy(&letter.raw);
    assert!(!raw.contains("evil"), "{raw}");
    assert!(letter.link("/confirm/").starts_with(PUBLIC_URL));
    for path in ["/", "/privacy", "/preferences", &letter.path("/confirm/")] {
        assert!(!poisoner.get(path).body.contains("evil.example"), "{path}");
    }
    // A foreign name that resolves to this machine is not this machine (DNS rebinding).
    assert_eq!(poisoner.get("/dev/mailbox").status, 404);
}
