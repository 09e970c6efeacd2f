//! A change of the policy, from the file to the letters, on the real binaries.

use std::fs;

use consentry_tests::{
    binaries::root,
    database::Engine,
    mail::Letter,
    smtp::{Options, Sink},
};

use crate::steps::{Stage, on_each_engine, site};

on_each_engine!(
    a_substantial_change_is_told_once_to_everybody_who_is_held,
    a_longer_period_does_not_reach_back,
    what_must_not_be_published_is_refused,
);

fn demo() -> String {
    fs::read_to_string(root().join("crates/policy/policies/saas-portal.toml"))
        .expect("the demo policy can be read")
}

/// The demo policy's next version: unconfirmed addresses stay for 18 months.
fn longer() -> String {
    let changed = demo()
        .replacen("version = \"2026-11-01\"", "version = \"2027-02-01\"", 1)
        .replacen("after = \"12 months\"", "after = \"18 months\"", 1);
    let change = "[change]\nreason = \"service\"\nannounce = [\"mail\", \"banner\"]\n\
                  summary = { en = \"We wait longer.\", fr = \"Nous attendons plus longtemps.\" }\n\n";
    let at = changed.find("[[purposes]]").expect("purposes are there");
    format!("{}{change}{}", &changed[..at], &changed[at..])
}

fn open(engine: Engine) -> Stage {
    let sink = Sink::start(Options::default());
    let site = site(engine).with_policy(&demo()).at("2027-01-04T09:00:00Z");
    Stage::with_relay(site, sink)
}

/// Writes a file beside the policy, and gives its path.
fn file(stage: &Stage, name: &str, text: &str) -> String {
    let path = stage.site.folder().join(name);
    fs::write(&path, text).expect("a file can be written");
    path.to_str()
        .expect("temporary folders are UTF-8")
        .to_owned()
}

/// Publishes the longer version, puts it in the place of the old one, and starts the server again.
fn change(stage: Stage) -> Stage {
    let new = file(&stage, "next.toml", &longer());
    stage.admin(&["policy", "publish", &new, "--yes"]);
    stage.restart(|site| site.with_policy(&longer()))
}

/// S2-06, S2-61, S4-05 to S4-08: the difference is named in words, everybody who is held gets one
/// letter, also whoever unsubscribed or never confirmed, nobody who is erased or comes later; both
/// versions can be read, and the pages say that there is a new one.
fn a_substantial_change_is_told_once_to_everybody_who_is_held(engine: Engine) {
    let mut stage = open(engine);
    stage.subscribe("anna@kunde.example");
    let left = stage.subscribe("ben@kunde.example");
    stage.one_click(&left);
    stage.subscribe("carla@kunde.example");
    stage.admin(&["subscriber", "erase", "carla@kunde.example", "--yes"]);
    stage.sign_up("dora@kunde.example");
    assert_eq!(stage.pass().len(), 2, "an answer and a confirmation");

    stage.travel("2027-02-01T09:00:00Z");
    let (old, new) = (
        file(&stage, "old.toml", &demo()),
        file(&stage, "new.toml", &longer()),
    );
    let diff = stage.site.admin(&["policy", "diff", &old, &new]).succeed();
    assert!(diff.contains("18 months"), "{diff}");
    let diff = stage
        .site
        .admin(&["policy", "diff", &old, &new, "--format", "json"]);
    assert_eq!(diff.json()["substantial"], true);
    let mut stage = change(stage);
    stage.sign_up("emma@kunde.example");

    let letters = stage.pass();
    let told: Vec<&Letter> = letters
        .iter()
        .filter(|letter| letter.subject.contains("privacy notice"))
        .collect();
    let mut to: Vec<&str> = told.iter().map(|letter| letter.to.as_str()).collect();
    to.sort_unstable();
    assert_eq!(
        to,
        [
            "anna@kunde.example",
            "ben@kunde.example",
            "dora@kunde.example"
        ]
    );
    for letter in told {
        for said in ["We wait longer.", "18 months"] {
            assert!(letter.text.contains(said), "{}", letter.text);
        }
        assert_eq!(
            letter.header("List-Unsubscribe-Post"),
            "List-Unsubscribe=One-Click"
        );
    }
    stage.travel("2027-02-02T09:00:00Z");
    stage.no_letter();

    let first = stage.client.get("/privacy/2026-11-01").body;
    assert!(first.contains("12\u{a0}months"), "{first}");
    let current = stage.client.get("/privacy").body;
    assert!(!current.contains("12\u{a0}months"), "{current}");
    assert!(current.contains("18\u{a0}months") && current.contains("We wait longer."));
    assert!(stage.client.get("/").body.contains("1 February 2027"));
}

/// S0-32: whoever signed up while 12 months were promised goes after 12 months; whoever came later, after
/// 18 (of the calendar: from winter time to summer time).
fn a_longer_period_does_not_reach_back(engine: Engine) {
    let mut stage = open(engine);
    stage.sign_up("anna@kunde.example");
    stage.pass();
    stage.travel("2027-02-01T09:00:00Z");
    let mut stage = change(stage);
    stage.sign_up("ben@kunde.example");
    stage.pass();

    stage.travel("2028-01-04T08:55:00Z");
    stage.pass();
    assert_eq!(stage.records(), 2);
    stage.travel("2028-01-04T09:05:00Z");
    stage.pass();
    assert_eq!(stage.records(), 1, "as it was promised");
    stage.travel("2028-08-01T07:55:00Z");
    stage.pass();
    assert!(stage.is_visible("ben@kunde.example"));
    stage.travel("2028-08-01T08:05:00Z");
    stage.pass();
    assert_eq!(stage.records(), 0);
}

/// An error of the lint, a version with other content, a change that is not announced: each is
/// refused with a reason, and nothing is stored.
fn what_must_not_be_published_is_refused(engine: Engine) {
    let stage = open(engine);
    let versions = || {
        let shown = stage.site.admin(&["policy", "show", "--format", "json"]);
        shown.json()["versions"]
            .as_array()
            .expect("versions are a list")
            .len()
    };
    assert_eq!(versions(), 1, "the first one is published by itself");
    let unannounced = longer().replacen("[\"mail\", \"banner\"]", "[\"banner\"]", 1);
    let same_version = longer().replacen("\"2027-02-01\"", "\"2026-11-01\"", 1);
    let placeholder = longer().replacen("\"Velmarin Logiciels\"", "\"[company]\"", 1);
    for (text, reason) in [
        (unannounced, "mail"),
        (same_version, "2026-11-01"),
        (placeholder, "placeholder"),
    ] {
        let path = file(&stage, "refused.toml", &text);
        let refused = stage.site.admin(&["policy", "publish", &path, "--yes"]);
        assert_eq!(refused.code, Some(1), "{reason}: {}", refused.stderr);
        let said = format!("{}{}", refused.stdout, refused.stderr);
        assert!(said.contains(reason), "{said}");
    }
    assert_eq!(versions(), 1);
    let checked = stage
        .site
        .admin(&["policy", "check", &file(&stage, "old.toml", &demo())]);
    assert_eq!(checked.code, Some(0), "{}", checked.stderr);
    let path = file(
        &stage,
        "placeholder.toml",
        &demo().replacen("\"Velmarin Logiciels\"", "\"[company]\"", 1),
    );
    let checked = stage
        .site
        .admin(&["policy", "check", &path, "--format", "json"]);
    assert_eq!(checked.code, Some(1), "{}", checked.stderr);
}
