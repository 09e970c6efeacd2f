//! Whether the time of an answer tells who is in the list.
//!
//! A rank statistic needs no model: the share of pairs in which the answer to the one kind of
//! address took longer than that to the other (AUC). One half is chance; 1 and 0 tell them apart.

use std::{
    thread,
    time::{Duration, Instant},
};

use consentry_tests::{database::Engine, raw::Raw};

use super::{is_long, tell};
use crate::steps::{Stage, on_each_engine, site};

on_each_engine!(
    the_time_of_a_sign_up_tells_nobody_who_is_held,
    the_time_of_a_mailed_link_tells_nobody_who_is_held,
);

/// The share of pairs in which `one` is longer; a tie counts half.
fn auc(one: &[Duration], other: &[Duration]) -> f64 {
    let mut all: Vec<(Duration, bool)> = one.iter().map(|time| (*time, true)).collect();
    all.extend(other.iter().map(|time| (*time, false)));
    all.sort();
    let mut ranks = 0.0;
    for tie in all.chunk_by(|a, b| a.0 == b.0) {
        let before = all.partition_point(|entry| entry.0 < tie[0].0);
        let mean = count(before) + f64::midpoint(count(tie.len()), 1.0);
        ranks += mean * count(tie.iter().filter(|entry| entry.1).count());
    }
    let (n, m) = (count(one.len()), count(other.len()));
    (ranks - n * (n + 1.0) / 2.0) / (n * m)
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).expect("samples are few"))
}

#[test]
fn the_classifier_tells_what_can_be_told() {
    let times = |from: u64| -> Vec<_> { (from..from + 100).map(Duration::from_micros).collect() };
    assert!((auc(&times(0), &times(0)) - 0.5).abs() < 1e-9);
    assert!(auc(&times(200), &times(0)) > 0.999);
    assert!(auc(&times(0), &times(200)) < 0.001);
    assert!(auc(&times(25), &times(0)) > 0.6);
}

/// How long one sign-up takes, on a connection that is open already.
fn time_of(client: &mut Raw, address: &str) -> Duration {
    let body = format!("{{\"email\":\"{address}\"}}");
    ask(client, "/subscribe", "application/json", &body, 202)
}

/// How long "mail me my link" takes.
fn time_of_link(client: &mut Raw, address: &str) -> Duration {
    let body = format!("email={address}");
    let kind = "application/x-www-form-urlencoded";
    ask(client, "/preferences", kind, &body, 303)
}

fn ask(client: &mut Raw, path: &str, kind: &str, body: &str, status: u16) -> Duration {
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let begun = Instant::now();
    client.send(request);
    let reply = client.reply().expect("an answer");
    let took = begun.elapsed();
    assert_eq!(reply.status, status, "{}", reply.body);
    took
}

/// S0-30: new addresses against one that is pending, confirmed or unsubscribed, in turns. 2 x 2,000
/// in the long run, where the classifier stays within 0.05 of chance; fewer, with the error that
/// goes with them, otherwise.
fn the_time_of_a_sign_up_tells_nobody_who_is_held(engine: Engine) {
    let (samples, error) = if is_long() {
        (2_000, 0.05)
    } else {
        (100, 0.17)
    };
    let stage = Stage::open(site(engine));
    let [pending, confirmed, left] = ["pending", "confirmed", "left"].map(|who| {
        let address = format!("{who}@kunde.example");
        if who != "pending" {
            let letter = stage.subscribe(&address);
            if who == "left" {
                stage.one_click(&letter);
            }
        }
        stage.sign_up(&address);
        stage.pass();
        address
    });
    let mut client = Raw::connect(stage.web.url());
    for warm in 0..50 {
        time_of(&mut client, &format!("warm{warm}@kunde.example"));
    }
    for (number, known) in [&pending, &confirmed, &left].into_iter().enumerate() {
        let (mut new_times, mut known_times) = (Vec::new(), Vec::new());
        for sample in 0..samples {
            // As long as the known one, and never heard of.
            let new = format!("n{number}{sample:06}@kunde.example");
            let mut ask = |is_known: bool| {
                let (address, times) = if is_known {
                    (known.as_str(), &mut known_times)
                } else {
                    (new.as_str(), &mut new_times)
                };
                times.push(time_of(&mut client, address));
            };
            ask(sample % 2 == 0);
            ask(sample % 2 == 1);
        }
        let share = auc(&known_times, &new_times);
        tell(&format!("{known}: AUC {share:.3} over 2 x {samples}"));
        assert!(
            (share - 0.5).abs() <= error,
            "{known} is told apart: AUC {share:.3}"
        );
    }
}

/// The same for "mail me my link", by several connections at once: its answers take their time.
fn the_time_of_a_mailed_link_tells_nobody_who_is_held(engine: Engine) {
    let (connections, turns, error) = if is_long() {
        (25, 80, 0.05)
    } else {
        (25, 16, 0.1)
    };
    let stage = Stage::open(site(engine));
    stage.subscribe("confirmed@kunde.example");
    let url = stage.web.url();
    let asked = thread::scope(|scope| {
        let asking: Vec<_> = (0..connections)
            .map(|connection| {
                scope.spawn(move || {
                    let mut client = Raw::connect(url);
                    let mut times = Vec::new();
                    for turn in 0..turns {
                        let new = format!("n{connection:03}{turn:05}@kunde.example");
                        let known = || "confirmed@kunde.example".to_owned();
                        let is_known = [turn % 2 == 0, turn % 2 == 1];
                        for is_known in is_known {
                            let address = if is_known { known() } else { new.clone() };
                            times.push((is_known, time_of_link(&mut client, &address)));
                        }
                    }
                    times
                })
            })
            .collect();
        let times = asking
            .into_iter()
            .flat_map(|one| one.join().expect("an answer"));
        times.collect::<Vec<_>>()
    });
    let of = |is_known: bool| -> Vec<Duration> {
        let times = asked.iter().filter(|(known, _)| *known == is_known);
        times.map(|(_, time)| *time).collect()
    };
    let share = auc(&of(true), &of(false));
    let samples = connections * turns;
    tell(&format!("mailed links: AUC {share:.3} over 2 x {samples}"));
    assert!((share - 0.5).abs() <= error, "told apart: AUC {share:.3}");
}
