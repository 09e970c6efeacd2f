//! The JSON API from outside: a key of the operator, a program, and a fuzzer.

use std::{fs, process::Command};

use consentry_tests::{binaries::root, database::Engine, http::Client, site::Site};
use serde_json::{Value, json};

use crate::steps::{Stage, on_each_engine, site};

on_each_engine!(
    a_program_subscribes_looks_up_and_erases,
    a_key_is_shown_once_and_opens_nothing_when_it_was_revoked,
);

const ANNA: &str = "anna.sentinel@kunde.example";
const SCOPES: [&str; 6] = [
    "topics:read",
    "subscribers:read",
    "subscribers:write",
    "subscribers:export",
    "subscribers:erase",
    "events:write",
];

/// Makes a key; its id and its token.
fn key(site: &Site, scopes: &[&str]) -> (String, String) {
    let mut arguments = vec![
        "api-key", "create", "--name", "the shop", "--format", "json",
    ];
    for scope in scopes {
        arguments.extend(["--scope", scope]);
    }
    let made = site.admin(&arguments).json();
    let text = |name: &str| made[name].as_str().expect("a text").to_owned();
    (text("id"), text("token"))
}

fn program(stage: &Stage, token: &str) -> Client {
    Client::new(stage.web.url()).with_header("authorization", &format!("Bearer {token}"))
}

fn a_program_subscribes_looks_up_and_erases(engine: Engine) {
    let stage = Stage::open(site(engine));
    let (_, token) = key(&stage.site, &SCOPES);
    let program = program(&stage, &token);
    let ask = |path: &str, document: &Value| {
        program.post_json(&format!("/api/v1/subscribers{path}"), document)
    };
    let anna = json!({ "email": ANNA });
    let topics = program.get("/api/v1/topics").json();
    assert_eq!(topics["topics"][0]["id"], "newsletter");

    let answer = ask("", &json!({ "email": ANNA, "language": "fr" }));
    assert_eq!(
        (answer.status, answer.json()),
        (202, json!({ "status": "accepted" }))
    );
    let letter = stage.only_letter();
    assert!(
        letter.subject.starts_with("Confirmez"),
        "{}",
        letter.subject
    );
    assert_eq!(ask("", &anna).status, 202);
    stage.no_letter();
    assert_eq!(ask("/lookup", &anna).json()["state"], "pending");
    stage.press(&letter.path("/confirm/"), &[]);
    assert_eq!(ask("/lookup", &anna).json()["state"], "confirmed");
    let record = stage
        .site
        .admin(&["subscriber", "show", ANNA, "--format", "json"])
        .json();
    assert_eq!(record["events"][0]["channel"], "api");

    for _ in 0..2 {
        assert_eq!(ask("/unsubscribe", &anna).status, 204);
    }
    assert_eq!(ask("/lookup", &anna).json()["state"], "unsubscribed");
    assert_eq!(ask("/export", &anna).json()["person"]["email"], ANNA);
    assert_eq!(ask("/erase", &anna).status, 202);
    let hidden = ask("/lookup", &anna);
    let unknown = ask("/lookup", &json!({ "email": "nobody@kunde.example" }));
    assert_eq!((hidden.status, &hidden.body), (404, &unknown.body));
    let log = stage.log();
    assert!(
        !log.contains("sentinel") && !log.contains(&token[4..]),
        "{log}"
    );
}

fn a_key_is_shown_once_and_opens_nothing_when_it_was_revoked(engine: Engine) {
    let stage = Stage::open(site(engine));
    let (id, token) = key(&stage.site, &["topics:read"]);
    let list = || stage.site.admin(&["api-key", "list", "--format", "json"]);
    let listed = list().succeed();
    let (_, secret) = token.rsplit_once('_').expect("a token has two parts");
    assert!(!listed.contains(secret));
    let residue = stage.site.residue(&[secret]);
    assert!(residue.is_empty(), "the token is stored: {residue:?}");

    let program = program(&stage, &token);
    assert_eq!(program.get("/api/v1/topics").status, 200);
    assert_eq!(list().json()[0]["state"], "valid");
    assert!(list().json()[0]["last_used_on"].is_string());
    let denied = program.post_json("/api/v1/subscribers/lookup", &json!({ "email": ANNA }));
    assert_eq!(
        (denied.status, denied.json()["scope"].as_str()),
        (403, Some("subscribers:read"))
    );

    stage.admin(&["api-key", "revoke", &id]);
    assert_eq!(program.get("/api/v1/topics").status, 401);
    assert_eq!(list().json()[0]["state"], "revoked");
    assert_eq!(stage.site.admin(&["api-key", "revoke", "00"]).code, Some(1));
    let wrong = ["api-key", "create", "--name", "x", "--scope", "everything"];
    assert_eq!(stage.site.admin(&wrong).code, Some(2));
    let endless = [
        "api-key",
        "create",
        "--name",
        "x",
        "--scope",
        "topics:read",
        "--expires",
        "soon",
    ];
    assert_eq!(stage.site.admin(&endless).code, Some(2));
}

/// Every check of schemathesis: shortened, or at length with `CONSENTRY_TEST_LONG=1` (`just fuzz-api`).
#[test]
fn schemathesis_finds_nothing() {
    #[expect(clippy::disallowed_methods, reason = "a setting of the tests")]
    let is_long = std::env::var("CONSENTRY_TEST_LONG").is_ok_and(|value| value == "1");
    let policy = root().join("crates/policy/policies/saas-portal.toml");
    let policy = fs::read_to_string(policy).expect("the demo policy is there");
    let event = "id = \"left\"\nname = { en = \"the departure\", fr = \"le départ\" }";
    let site = site(Engine::Sqlite)
        .with("CONSENTRY_LOG", "warn")
        .with_policy(&format!("{policy}\n[[events]]\n{event}\n"));
    let stage = Stage::open(site);
    let (_, token) = key(&stage.site, &SCOPES);
    // The people of the document's examples are there.
    for name in ["anna", "berta", "clara"] {
        stage.subscribe(&format!("{name}@example.org"));
    }
    let examples = if is_long { "1000" } else { "25" };
    let run = Command::new(root().join("tests/schemathesis"))
        .args([stage.web.url(), &token])
        .args(["--max-examples", examples, "--seed", "1", "--workers", "2"])
        .output()
        .expect("bash can be started");
    assert!(
        run.status.success(),
        "{}{}",
        String::from_utf8_lossy(&run.stdout),
        String::from_utf8_lossy(&run.stderr)
    );
}
