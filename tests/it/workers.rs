//! Several workers side by side, killed and stopped in the middle.

use std::{collections::BTreeMap, thread, time::Duration};

use consentry_tests::{
    database::{Database, Engine},
    http::Client,
    smtp::{Fault, Message, Options, Sink, Stage as Step},
    wait_for,
};

use crate::steps::{Stage, on_each_engine, site};

on_each_engine!(
    workers_side_by_side_send_each_letter_once,
    a_stopped_worker_leaves_nothing_half_done,
    what_a_killed_worker_held_is_sent_by_another,
);

const LETTERS: usize = 200;

/// A site on which this many people wait for their confirmation letter.
fn crowded(engine: Engine) -> Stage {
    let site = site(engine).at("2027-01-04T09:00:00Z");
    let stage = Stage::with_relay(site, Sink::start(Options::default()));
    thread::scope(|scope| {
        for lane in 0..4 {
            let url = stage.web.url();
            scope.spawn(move || {
                let client = Client::new(url);
                for number in (lane..LETTERS).step_by(4) {
                    let email = format!("person{number}@kunde.example");
                    let answer = client.post_form("/subscribe", &[("email", &email)]);
                    assert_eq!(answer.status, 303);
                }
            });
        }
    });
    stage
}

/// How often each person was written to.
fn copies(messages: &[Message]) -> BTreeMap<&str, usize> {
    let mut copies = BTreeMap::new();
    for message in messages {
        *copies.entry(message.to[0].address.as_str()).or_default() += 1;
    }
    copies
}

fn wait_for_letters(stage: &Stage, count: usize) {
    wait_for(&format!("{count} letters"), Duration::from_mins(1), || {
        (stage.relay().messages().len() >= count).then_some(())
    });
}

/// Lets the leases of a worker that is gone run out. They follow the database's clock, which is that of
/// the site for the embedded one; a PostgreSQL server has its own, so its leases are aged instead.
fn a_minute_passes(stage: &mut Stage) {
    match stage.site.database() {
        Database::Sqlite => stage.travel("2027-01-04T09:05:00Z"),
        Database::Postgres(database) => {
            database.query("UPDATE consentry_letters SET leased_until = leased_until - 61000000");
        }
    }
}

/// S0-102: two workers and the server's own send 200 letters, each exactly once.
fn workers_side_by_side_send_each_letter_once(engine: Engine) {
    let mut stage = crowded(engine);
    let workers = [stage.site.worker(), stage.site.worker()];
    stage.site = stage.site.with("CONSENTRY_EMBEDDED_WORKER", "true");
    let embedded = stage.site.web();
    wait_for_letters(&stage, LETTERS);
    stage.site.worker_once().succeed();
    for worker in workers {
        assert_eq!(worker.stop().code(), Some(0));
    }
    assert_eq!(embedded.stop().code(), Some(0));
    let messages = stage.relay().messages();
    assert_eq!(messages.len(), LETTERS);
    assert!(copies(&messages).values().all(|count| *count == 1));
}

/// SIGTERM in the middle of the work: the worker ends well, what it was handing over is settled, and
/// another sends the rest within a minute, nothing twice.
fn a_stopped_worker_leaves_nothing_half_done(engine: Engine) {
    let mut stage = crowded(engine);
    let worker = stage.site.worker();
    wait_for_letters(&stage, 20);
    assert_eq!(worker.stop().code(), Some(0));
    let sent = stage.relay().messages().len();
    assert!(
        sent < LETTERS,
        "the worker was stopped too late to show anything"
    );
    a_minute_passes(&mut stage);
    stage.pass();
    stage.travel("2027-01-04T10:00:00Z");
    stage.pass();
    let messages = stage.relay().messages();
    assert_eq!(messages.len(), LETTERS);
    assert!(copies(&messages).values().all(|count| *count == 1));
}

/// A worker that is killed in the middle of hand-overs: within a minute another one takes over what it
/// held; what was being handed over counts as uncertain and is repeated once, half an hour later.
fn what_a_killed_worker_held_is_sent_by_another(engine: Engine) {
    let mut stage = crowded(engine);
    // The relay falls silent on one letter, so that the worker dies in the middle of it.
    stage.relay().once(Step::Dot, Fault::Hang);
    let worker = stage.site.worker();
    wait_for_letters(&stage, 20);
    worker.kill();
    let before = stage.relay().messages();
    assert!(
        before.len() < LETTERS,
        "the worker was killed too late to show anything"
    );

    a_minute_passes(&mut stage);
    stage.pass();
    let taken_over = stage.relay().messages();
    assert!(
        taken_over.len() > before.len(),
        "another worker takes over within a minute"
    );
    stage.travel("2027-01-04T10:00:00Z");
    stage.pass();
    stage.travel("2027-01-04T11:00:00Z");
    stage.pass();
    let messages = stage.relay().messages();
    let copies = copies(&messages);
    assert_eq!(copies.len(), LETTERS, "everybody has a letter");
    assert!(
        copies.values().all(|count| *count <= 2),
        "one repeat at most: {copies:?}"
    );
    let twice = copies.values().filter(|count| **count == 2).count();
    // At most what was taken and not stored yet at the moment of the kill: two letters for each of the
    // 8 connections, since a connection goes on while the end of the letter before is stored.
    assert!((1..=16).contains(&twice), "{twice} letters were repeated");
}
