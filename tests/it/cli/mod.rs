//! The operator's command line: what it does for people, and how it answers.

mod settings;
mod tables;

use consentry_tests::database::Engine;
use serde_json::Value;

use crate::steps::{Stage, on_each_engine, site};

on_each_engine!(
    lists_and_records_have_the_fields_of_the_contract,
    lists_are_narrowed_by_topic_and_state,
    nobody_hidden_or_unknown_is_printed,
    an_address_changes_when_its_new_owner_confirms,
    a_restriction_holds_until_it_is_lifted,
    dangerous_verbs_ask_first,
);

fn keys(value: &Value) -> Vec<&str> {
    let object = value.as_object().expect("an object");
    object.keys().map(String::as_str).collect()
}

fn assert_keys(value: &Value, wanted: &[&str]) {
    let found = keys(value);
    for key in wanted {
        assert!(found.contains(key), "no {key} in {value}");
    }
}

/// What `list --format json` prints for some arguments: the addresses.
fn listed(stage: &Stage, arguments: &[&str]) -> Vec<String> {
    let all = [&["subscriber", "list", "--format", "json"], arguments].concat();
    let list = stage.site.admin(&all).json();
    let people = list.as_array().expect("a list is an array");
    let mut emails: Vec<String> = people
        .iter()
        .map(|person| person["email"].as_str().expect("an address").to_owned())
        .collect();
    emails.sort();
    emails
}

/// S0-38, S0-54, S0-57: the shapes that other programs rely on.
fn lists_and_records_have_the_fields_of_the_contract(engine: Engine) {
    let stage = Stage::open(site(engine).at("2027-01-04T09:00:00Z"));
    let letter = stage.subscribe("Anna@kunde.example");
    stage.one_click(&letter);
    let list = stage
        .site
        .admin(&["subscriber", "list", "--format", "json"])
        .json();
    assert_eq!(list[0]["email"], "Anna@kunde.example");
    assert_eq!(list[0]["state"], "unsubscribed");

    // In whatever case it is asked for, it is shown as it was typed.
    let record = stage.record("anna@KUNDE.example").0;
    assert_keys(&record, &["email", "state", "topics", "history", "events"]);
    assert_eq!(record["email"], "Anna@kunde.example");
    for topic in record["topics"].as_array().expect("topics") {
        let fields = [
            "topic",
            "state",
            "basis",
            "requested_at",
            "confirmed_at",
            "unsubscribed_at",
        ];
        assert_keys(topic, &fields);
    }
    let events = record["events"].as_array().expect("events");
    for event in events {
        assert_keys(
            event,
            &["at", "action", "basis", "notice_version", "receipt"],
        );
    }
    let actions: Vec<_> = events
        .iter()
        .map(|event| event["action"].as_str())
        .collect();
    assert_eq!(
        actions,
        [Some("requested"), Some("confirmed"), Some("objected")]
    );
    let history = record["history"].as_array().expect("history");
    let states: Vec<_> = history
        .iter()
        .map(|change| change["state"].as_str())
        .collect();
    assert_eq!(
        states,
        [Some("pending"), Some("confirmed"), Some("unsubscribed")]
    );
    for change in history {
        let at = change["at"].as_str().expect("a time");
        assert!(at.starts_with("2027-01-04T09:0"), "{at}");
    }
}

/// `--topic` and `--state`; a topic that does not exist is wrong usage.
fn lists_are_narrowed_by_topic_and_state(engine: Engine) {
    let stage = Stage::open(site(engine));
    stage.subscribe("confirmed@kunde.example");
    let letter = stage.subscribe("left@kunde.example");
    stage.one_click(&letter);
    stage.sign_up_for("demo@kunde.example", &[("topic", "demo")]);
    let all = [
        "confirmed@kunde.example",
        "demo@kunde.example",
        "left@kunde.example",
    ];
    assert_eq!(listed(&stage, &[]), all);
    assert_eq!(listed(&stage, &["--topic", "demo"]), ["demo@kunde.example"]);
    assert_eq!(
        listed(&stage, &["--topic", "newsletter"]),
        ["confirmed@kunde.example"]
    );
    for (state, address) in [
        ("confirmed", all[0]),
        ("pending", all[1]),
        ("unsubscribed", all[2]),
    ] {
        assert_eq!(listed(&stage, &["--state", state]), [address]);
    }
    let both = ["--state", "confirmed", "--topic", "demo"];
    assert!(listed(&stage, &both).is_empty());
    let wrong = stage
        .site
        .admin(&["subscriber", "list", "--topic", "nonsense"]);
    assert_eq!(wrong.code, Some(2));
    assert!(
        wrong.stderr.contains("newsletter"),
        "it names the topics: {}",
        wrong.stderr
    );
    assert_eq!(
        stage
            .site
            .admin(&["subscriber", "list", "--state", "gone"])
            .code,
        Some(2)
    );
}

/// S0-61: exit code 1, a message, and nothing on stdout, for every verb that names a person.
fn nobody_hidden_or_unknown_is_printed(engine: Engine) {
    let stage = Stage::open(site(engine));
    stage.subscribe("hidden@kunde.example");
    stage.admin(&["subscriber", "erase", "hidden@kunde.example", "--yes"]);
    for address in ["hidden@kunde.example", "unknown@kunde.example"] {
        for arguments in [
            &["show", address][..],
            &["show", address, "--format", "json"],
            &["export", address],
            &["erase", address, "--yes"],
            &["restrict", address],
            &["lift", address],
            &["rectify", address, "--email", "new@kunde.example"],
        ] {
            let output = stage.site.admin(&[&["subscriber"], arguments].concat());
            assert_eq!(output.code, Some(1), "{arguments:?}: {}", output.stderr);
            assert_eq!(output.stdout, "", "{arguments:?}");
            assert!(output.stderr.contains("no subscriber"), "{}", output.stderr);
            assert!(
                !output.stderr.contains("kunde"),
                "the message repeats the address"
            );
        }
    }
    assert!(listed(&stage, &[]).is_empty());
    stage.sign_up("hidden@kunde.example");
    assert!(
        stage.is_visible("hidden@kunde.example"),
        "and somebody new is seen"
    );
}

/// S0-39: the new mailbox confirms, the old one is told and nothing more; then no link that was mailed
/// to it works, but for leaving; the record goes on.
fn an_address_changes_when_its_new_owner_confirms(engine: Engine) {
    let stage = Stage::open(site(engine));
    let [old, new] = ["old@kunde.example", "new@kunde.example"];
    let first = stage.subscribe(old);
    stage.subscribe("taken@kunde.example");
    let taken = [
        "subscriber",
        "rectify",
        old,
        "--email",
        "taken@kunde.example",
    ];
    assert_eq!(stage.site.admin(&taken).code, Some(1));
    let malformed = ["subscriber", "rectify", old, "--email", "no address"];
    assert_eq!(stage.site.admin(&malformed).code, Some(2));

    stage.admin(&["subscriber", "rectify", old, "--email", new]);
    let letters = stage.pass();
    assert_eq!(letters.len(), 2);
    let to = |address| {
        letters
            .iter()
            .find(|letter| letter.to == address)
            .expect("a letter")
    };
    let told = String::from_utf8_lossy(&to(old).raw).into_owned();
    assert!(
        !told.contains(new),
        "the old mailbox learns the new address"
    );
    assert!(
        to(old)
            .links()
            .iter()
            .all(|link| !link.contains("/confirm/"))
    );
    assert_eq!(stage.record(old).0["requested_email"], new);
    assert!(!stage.is_visible(new), "not yet");

    let confirm = to(new).path("/confirm/");
    assert_eq!(stage.client.get(&confirm).status, 200);
    assert!(!stage.is_visible(new), "looking changes nothing");
    stage.press(&confirm, &[]);
    assert!(!stage.is_visible(old));
    let record = stage.record(new);
    assert_eq!(record.state(), "confirmed");
    assert_eq!(record.events("rectification-requested").len(), 1);
    assert_eq!(record.events("rectified").len(), 1);
    for path in [
        &confirm,
        &first.path("/confirm/"),
        &first.path("/preferences/"),
    ] {
        assert_eq!(stage.client.get(path).status, 410);
    }
    stage.no_letter();
    stage.one_click(&first);
    assert_eq!(
        stage.record(new).state(),
        "unsubscribed",
        "whoever left, left"
    );
}

/// S0-42: a restriction is shown, survives, and ends when it is lifted.
fn a_restriction_holds_until_it_is_lifted(engine: Engine) {
    let stage = Stage::open(site(engine));
    stage.subscribe("anna@kunde.example");
    let since = |stage: &Stage| stage.record("anna@kunde.example").0["restricted_at"].clone();
    assert!(since(&stage).is_null());
    for _ in 0..2 {
        stage.admin(&["subscriber", "restrict", "anna@kunde.example"]);
    }
    assert!(since(&stage).is_string());
    let table = stage.admin(&["subscriber", "list"]);
    assert!(table.contains("confirmed, restricted"), "{table}");
    for _ in 0..2 {
        stage.admin(&["subscriber", "lift", "anna@kunde.example"]);
    }
    assert!(since(&stage).is_null());
    let record = stage.record("anna@kunde.example");
    assert_eq!(record.events("restricted").len(), 1);
    assert_eq!(record.events("restriction-lifted").len(), 1);
}

/// Without an answer and without `--yes`, nothing is erased.
fn dangerous_verbs_ask_first(engine: Engine) {
    let stage = Stage::open(site(engine));
    stage.subscribe("anna@kunde.example");
    let unanswered = stage
        .site
        .admin(&["subscriber", "erase", "anna@kunde.example"]);
    assert_eq!(unanswered.code, Some(2));
    assert!(unanswered.stderr.contains("--yes"), "{}", unanswered.stderr);
    assert!(stage.is_visible("anna@kunde.example"));
}
