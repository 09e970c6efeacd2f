//! Webhooks from outside: what endpoints are told, in which order, and what their failures cost.

use std::time::Duration;

use consentry_tests::{
    database::{Database, Engine},
    receiver::{Receiver, Reply},
    wait_for,
};
use serde_json::Value;

use crate::steps::{Stage, on_each_engine, site};

on_each_engine!(
    an_endpoint_is_told_of_a_life_in_order,
    what_fails_is_tried_again_and_what_is_given_up_can_be_queued_again,
    what_a_killed_worker_held_is_told_by_another,
    an_endpoint_that_hangs_holds_up_nobody_else,
);

const ANNA: &str = "anna.sentinel@kunde.example";
const PATIENCE: Duration = Duration::from_mins(1);

/// Registers an endpoint; its id and its secret.
fn register(stage: &Stage, receiver: &Receiver, more: &[&str]) -> (String, String) {
    let url = receiver.url();
    let arguments = [&["webhook", "add", "--url", &url, "--format", "json"], more].concat();
    let added: Value = serde_json::from_str(&stage.admin(&arguments)).expect("JSON");
    let text = |name: &str| added[name].as_str().expect("a text").to_owned();
    (text("id"), text("secret"))
}

fn deliveries(stage: &Stage, more: &[&str]) -> Vec<Value> {
    let arguments = [&["webhook", "deliveries", "--format", "json"], more].concat();
    serde_json::from_str(&stage.admin(&arguments)).expect("JSON")
}

/// S0-60, S0-63 and GDPR art. 19: from the confirmation to the purge, in order, signed; the address
/// only while it may be told, and nothing of it in the outbox at any time.
fn an_endpoint_is_told_of_a_life_in_order(engine: Engine) {
    let mut stage = Stage::open(site(engine).at("2027-01-04T09:00:00Z"));
    let receiver = Receiver::start();
    let (_, secret) = register(&stage, &receiver, &[]);
    let erasures = Receiver::start();
    register(&stage, &erasures, &["--event", "subscriber.erased"]);

    stage.sign_up(ANNA);
    let letter = stage.only_letter();
    assert!(
        receiver.received().is_empty(),
        "an unproven address is nobody's business"
    );
    stage.press(&letter.path("/confirm/"), &[]);
    // Committed with the change, not sent yet; and no address waits, not even a sealed one.
    assert_eq!(deliveries(&stage, &[]).len(), 1);
    let residue = stage.site.residue(&[ANNA, "anna.sentinel", &secret]);
    assert!(residue.is_empty(), "{residue:?}");
    stage.pass();
    let letter = {
        stage.one_click(&letter);
        stage.pass();
        letter
    };
    stage.admin(&["subscriber", "erase", ANNA, "--yes"]);
    stage.pass();
    stage.travel("2027-02-05T09:00:00Z");
    stage.pass();
    drop(letter);

    let messages = receiver.received();
    assert_eq!(
        receiver.taken(),
        ["confirmed", "unsubscribed", "erased", "purged"].map(|name| format!("subscriber.{name}"))
    );
    assert_eq!(erasures.taken(), ["subscriber.erased"]);
    let subject = &messages[0].json()["data"]["subject"];
    for (one, state) in messages.iter().zip(["confirmed", "unsubscribed", "", ""]) {
        assert!(one.is_signed_with(&secret), "{one:?}");
        assert!(!one.is_signed_with("whsec_bm90IHRoZSBzZWNyZXQ="));
        let data = &one.json()["data"];
        assert_eq!(&data["subject"], subject);
        if state.is_empty() {
            assert!(data["subscriber"].is_null(), "{data}");
            assert!(!one.body.contains("sentinel"), "{}", one.body);
        } else {
            assert_eq!(data["subscriber"]["state"], state);
            assert_eq!(data["subscriber"]["email"], ANNA);
        }
    }
    assert_eq!(messages[0].json()["data"]["topics"][0], "newsletter");
    // What was delivered is not kept, and no log tells whom it was about.
    assert_eq!(
        stage
            .site
            .query("SELECT count(*) FROM consentry_webhook_deliveries")
            .trim(),
        "0"
    );
    let log = stage.log();
    for word in [
        "sentinel",
        "/hooks/",
        subject.as_str().expect("a text"),
        &secret[6..],
    ] {
        assert!(!log.contains(word), "{word} is in a log");
    }
}

/// Ten tries over three days under one `webhook-id`, then the operator's turn.
fn what_fails_is_tried_again_and_what_is_given_up_can_be_queued_again(engine: Engine) {
    let mut stage = Stage::open(site(engine).at("2027-01-04T09:00:00Z"));
    let receiver = Receiver::start();
    let (id, secret) = register(&stage, &receiver, &[]);
    receiver.will(&[Reply::Status(500), Reply::Close, Reply::Status(302)]);
    receiver.will(&[Reply::Status(503); 7]);
    stage.subscribe(ANNA);
    stage.pass();
    assert_eq!(receiver.received().len(), 1);
    stage.pass();
    assert_eq!(receiver.received().len(), 1, "not at once again");
    for day in 5..20 {
        stage.travel(&format!("2027-01-{day:02}T12:00:00Z"));
        stage.pass();
    }
    let messages = receiver.received();
    assert_eq!(messages.len(), 10);
    assert!(messages.iter().all(|one| one.id == messages[0].id));
    assert!(messages.iter().all(|one| one.is_signed_with(&secret)));
    assert!(
        messages
            .windows(2)
            .all(|pair| pair[0].timestamp < pair[1].timestamp)
    );
    let dead = deliveries(&stage, &["--dead"]);
    assert_eq!(dead.len(), 1);
    assert_eq!(
        (&dead[0]["state"], &dead[0]["status"]),
        (&"dead".into(), &503.into())
    );
    assert_eq!(dead[0]["message"], messages[0].id);

    // A new secret, and a week in which both sign: time to bring it to the receiver.
    let rotated = stage.admin(&["webhook", "rotate", &id, "--format", "json"]);
    let rotated: Value = serde_json::from_str(&rotated).expect("JSON");
    let new = rotated["secret"].as_str().expect("a text");
    stage.admin(&["webhook", "requeue", &messages[0].id]);
    stage.pass();
    let last = receiver.received().pop().expect("it was sent again");
    assert_eq!(
        (&last.id, last.reply),
        (&messages[0].id, Reply::Status(200))
    );
    assert!(last.is_signed_with(&secret) && last.is_signed_with(new));
    assert!(deliveries(&stage, &[]).is_empty());
    assert_eq!(stage.site.admin(&["webhook", "requeue"]).code, Some(1));

    stage.admin(&["webhook", "remove", &id, "--yes"]);
    assert_eq!(
        stage.site.admin(&["webhook", "remove", &id, "--yes"]).code,
        Some(1)
    );
    let outside = ["webhook", "add", "--url", "http://hooks.example/"];
    assert_eq!(
        stage.site.admin(&outside).code,
        Some(2),
        "addresses never travel in the clear"
    );
}

/// A message is told at least once, and a repeat can be told as one.
fn what_a_killed_worker_held_is_told_by_another(engine: Engine) {
    let mut stage = Stage::open(site(engine).at("2027-01-04T09:00:00Z"));
    let receiver = Receiver::start();
    register(&stage, &receiver, &[]);
    receiver.will(&[Reply::Hang]);
    stage.sign_up(ANNA);
    let letter = stage.only_letter();
    let worker = stage.site.worker();
    stage.press(&letter.path("/confirm/"), &[]);
    wait_for("message", PATIENCE, || {
        (!receiver.received().is_empty()).then_some(())
    });
    worker.kill();
    stage.pass();
    assert_eq!(
        receiver.received().len(),
        1,
        "the lease of the dead worker holds for a minute"
    );
    match stage.site.database() {
        Database::Sqlite => stage.travel("2027-01-04T09:02:00Z"),
        Database::Postgres(database) => {
            database.query(
                "UPDATE consentry_webhook_deliveries SET leased_until = leased_until - 60000000",
            );
        }
    }
    stage.pass();
    let messages = receiver.received();
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[0].id, messages[1].id);
    assert_eq!(receiver.taken(), ["subscriber.confirmed"]);
}

/// Letters, housekeeping and other endpoints go on while one endpoint does not answer.
fn an_endpoint_that_hangs_holds_up_nobody_else(engine: Engine) {
    let stage = Stage::open(site(engine));
    let (silent, other) = (Receiver::start(), Receiver::start());
    register(&stage, &silent, &[]);
    register(&stage, &other, &[]);
    silent.will(&[Reply::Hang; 100]);
    stage.subscribe(ANNA);
    let worker = stage.site.worker();
    wait_for("message", PATIENCE, || {
        (!silent.received().is_empty()).then_some(())
    });
    // While that connection is open (15 s):
    stage.sign_up("ben@kunde.example");
    let letter = wait_for("letter", Duration::from_secs(12), || stage.unread().pop());
    stage.press(&letter.path("/confirm/"), &[]);
    wait_for("second message", Duration::from_secs(12), || {
        (other.taken().len() == 2).then_some(())
    });
    assert!(silent.taken().is_empty());
    worker.kill();
}
