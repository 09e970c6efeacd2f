//! The preference centre and the links that lead to it: what each may do, and for how long.

use std::fs;

use consentry_tests::{binaries::root, database::Engine};

use crate::steps::{Stage, on_each_engine, site};

on_each_engine!(
    coming_back_through_the_centre_needs_a_fresh_confirmation,
    what_is_sensitive_needs_a_fresh_link,
    an_address_is_changed_from_the_centre,
    an_expired_confirmation_link_offers_a_new_one,
    a_link_opens_one_door_only,
    another_policy_rewrites_nothing_that_was_agreed,
);

const ANNA: &str = "anna@kunde.example";

fn open(engine: Engine) -> Stage {
    Stage::open(site(engine).at("2027-01-04T09:00:00Z"))
}

/// S0-55 to S0-57: ticking a box after leaving everything mails a confirmation; the page says so; until
/// it is pressed the person has left.
fn coming_back_through_the_centre_needs_a_fresh_confirmation(engine: Engine) {
    let stage = open(engine);
    let first = stage.subscribe(ANNA);
    let preferences = first.path("/preferences/");
    stage.press(&preferences, &[("action", "unsubscribe-all")]);
    assert_eq!(stage.record(ANNA).state(), "unsubscribed");
    let page = stage.press(&preferences, &[("topic", "demo"), ("action", "save")]);
    assert!(
        page.body.contains("We have mailed you a link"),
        "{}",
        page.body
    );
    assert_eq!(stage.record(ANNA).state(), "unsubscribed");

    let second = stage.only_letter();
    assert_eq!(stage.client.get(&first.path("/confirm/")).status, 410);
    stage.press(&second.path("/confirm/"), &[]);
    let record = stage.record(ANNA);
    assert_eq!(record.topic_state("demo"), "confirmed");
    assert_eq!(record.topic("demo")["basis"], "consent");
    assert_eq!(
        record.topic_state("newsletter"),
        "unsubscribed",
        "only what was ticked"
    );
}

/// S0-40, S0-41: whoever finds an old mail can neither read, nor take along, nor erase; a fresh link
/// goes to the mailbox. The mail program's button is not a door to data at all.
fn what_is_sensitive_needs_a_fresh_link(engine: Engine) {
    let mut stage = open(engine);
    let old = stage.subscribe(ANNA);
    stage.travel("2027-01-05T09:05:00Z");
    let before = stage.record(ANNA);
    let page = stage.press(&old.path("/preferences/"), &[("action", "erase")]);
    assert!(page.body.contains("fresh link"), "{}", page.body);
    assert!(!page.body.contains(ANNA));
    let fresh = stage.only_letter();
    for action in ["export", "change-address"] {
        let page = stage.press(
            &old.path("/preferences/"),
            &[("action", action), ("email", "b@kunde.example")],
        );
        assert!(page.body.contains("fresh link"), "{action}: {}", page.body);
        let page = stage.press(
            &fresh.one_click_path(),
            &[("action", action), ("email", "b@kunde.example")],
        );
        assert!(page.body.contains("fresh link"), "{action}: {}", page.body);
    }
    assert_eq!(stage.record(ANNA), before);
    stage.no_letter();

    let centre = stage.client.get(&fresh.one_click_path()).body;
    assert!(
        !centre.contains("kunde"),
        "the button's page shows who it is: {centre}"
    );
    stage.press(
        &old.path("/preferences/"),
        &[("topic", "newsletter"), ("topic", "demo")],
    );
    assert_eq!(
        stage.record(ANNA).topic_state("demo"),
        "confirmed",
        "choices need no fresh link"
    );
    stage.press(&fresh.path("/preferences/"), &[("action", "erase")]);
    assert!(!stage.is_visible(ANNA));
}

/// S0-39: a second thought replaces the first; only the address asked for last can be confirmed.
fn an_address_is_changed_from_the_centre(engine: Engine) {
    let mut stage = open(engine);
    let first = stage.subscribe(ANNA);
    let change = |stage: &Stage, email| {
        let fields = [("action", "change-address"), ("email", email)];
        let page = stage.press(&first.path("/preferences/"), &fields);
        assert!(page.body.contains("Nearly done"), "{}", page.body);
        let letters = stage.pass();
        assert_eq!(letters.len(), 2);
        let asked = letters.into_iter().find(|letter| letter.to == email);
        let asked = asked.expect("the new mailbox is asked");
        // Nobody has proven that the new mailbox is hers: its letter opens nothing of the record.
        assert!(!asked.text.contains("/preferences/"), "{}", asked.text);
        asked.path("/confirm/")
    };
    let wrong = change(&stage, "anan@kunde.example");
    stage.travel("2027-01-04T09:30:00Z");
    let right = change(&stage, "anna.berger@kunde.example");
    assert_eq!(stage.client.post_form(&wrong, &[]).status, 410);
    stage.press(&right, &[]);
    assert!(!stage.is_visible(ANNA) && stage.is_visible("anna.berger@kunde.example"));
}

/// The page of an expired link says how long it worked, and has a button for a new one.
fn an_expired_confirmation_link_offers_a_new_one(engine: Engine) {
    let mut stage = open(engine);
    stage.sign_up(ANNA);
    let expired = stage.only_letter().path("/confirm/");
    stage.travel("2027-02-05T09:00:00Z");
    let page = stage.client.get(&expired);
    assert_eq!(page.status, 410);
    assert!(
        page.body.contains("30 days") && page.body.contains("value=\"renew\""),
        "{}",
        page.body
    );
    assert_eq!(stage.client.post_form(&expired, &[]).status, 410);
    assert_eq!(stage.record(ANNA).state(), "pending");
    stage.press(&expired, &[("action", "renew")]);
    let letters = stage.pass();
    let renewed = letters
        .iter()
        .find(|letter| letter.subject.starts_with("Please confirm"));
    stage.press(&renewed.expect("a new link").path("/confirm/"), &[]);
    assert_eq!(stage.record(ANNA).state(), "confirmed");
}

/// A token for one purpose is nothing anywhere else; a changed one is nothing at all.
fn a_link_opens_one_door_only(engine: Engine) {
    let stage = open(engine);
    stage.sign_up(ANNA);
    let letter = stage.only_letter();
    let doors = ["/confirm/", "/preferences/", "/unsubscribe/"];
    let paths = [
        letter.path(doors[0]),
        letter.path(doors[1]),
        letter.one_click_path(),
    ];
    for (own, path) in doors.iter().zip(&paths) {
        let token = path.trim_start_matches(own);
        for other in doors.iter().filter(|door| *door != own) {
            assert_eq!(stage.client.get(&format!("{other}{token}")).status, 404);
            let fields = [("List-Unsubscribe", "One-Click")];
            assert_eq!(
                stage
                    .client
                    .post_form(&format!("{other}{token}"), &fields)
                    .status,
                404
            );
        }
        let first = if token.starts_with('B') { "C" } else { "B" };
        let last = if token.ends_with('A') { "Q" } else { "A" };
        let forged = [
            format!("{first}{}", &token[1..]),
            format!("{}{last}", &token[..token.len() - 1]),
            token[1..].to_owned(),
            format!("{token}A"),
        ];
        for forged in forged {
            assert_eq!(
                stage.client.get(&format!("{own}{forged}")).status,
                404,
                "{own}"
            );
        }
    }
    assert_eq!(stage.record(ANNA).state(), "pending");
}

/// The demo policy with some lines changed.
fn policy(changes: &[(&str, &str)]) -> String {
    let path = root().join("crates/policy/policies/saas-portal.toml");
    let mut policy = fs::read_to_string(path).expect("the demo policy can be read");
    for (from, to) in changes {
        assert!(policy.contains(from), "the demo policy does not say {from}");
        policy = policy.replace(from, to);
    }
    policy
}

/// S0-25, S0-50, S0-99: figures and bases are the policy's; a new policy changes neither the basis of
/// what was agreed before nor the notice that was shown; whoever left everything has left a topic too
/// that comes later.
fn another_policy_rewrites_nothing_that_was_agreed(engine: Engine) {
    let stage = open(engine);
    stage.subscribe(ANNA);
    let letter = stage.subscribe("left@kunde.example");
    stage.one_click(&letter);
    stage.sign_up("pending@kunde.example");
    let before = stage.record(ANNA);
    let changed = policy(&[
        ("version = \"2026-11-01\"", "version = \"2027-01-05\""),
        ("basis = \"legitimate-interest\"", "basis = \"consent\""),
        ("id = \"demo\"", "id = \"webinar\""),
        ("default = false", "default = true"),
        ("after = \"12 months\"", "after = \"3 months\""),
        ("reminder = \"7 days\"", "reminder = \"2 days\""),
    ]);
    let mut stage = stage.restart(|site| site.with_policy(&changed));
    assert_eq!(stage.record(ANNA), before);
    assert_eq!(stage.record("left@kunde.example").state(), "unsubscribed");
    let page = stage.client.get(&letter.one_click_path()).body;
    assert!(
        page.contains("value=\"webinar\"") && !page.contains(" checked"),
        "{page}"
    );

    stage.sign_up("new@kunde.example");
    let record = stage.record("new@kunde.example");
    assert_eq!(record.topic("webinar")["basis"], "consent");
    let notice = record.events("requested")[0]["notice_version"].clone();
    assert_ne!(notice, before.events("requested")[0]["notice_version"]);

    stage.pass();
    stage.travel("2027-01-06T09:05:00Z");
    assert_eq!(stage.pass().len(), 2, "reminders after two days");
    stage.travel("2027-04-04T08:30:00Z");
    stage.pass();
    assert_eq!(stage.records(), 2, "three months, in summer time");
}
