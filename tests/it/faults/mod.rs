//! A relay that misbehaves, in every way that is known of relays: where the letter stands
//! afterwards, how often its reader gets it in the end, and what the operator is told.

mod letters;
mod relay;
mod session;

use consentry_tests::{
    database::Engine,
    mail::Letter,
    site::Output,
    smtp::{Options, Outcome, Sink},
};
use serde_json::Value;

use crate::steps::{Stage, site};

/// Short enough to wait for; an operator may set them too.
const TIMERS: &str = "step_timeout=2&dot_timeout=3";

/// A site at nine on a Monday whose relay has little patience.
fn open(engine: Engine, options: Options) -> Stage {
    let site = site(engine).at("2027-01-04T09:00:00Z");
    let sink = Sink::start(options);
    let url = format!("{}?{TIMERS}", sink.url());
    Stage::with_relay_at(site, sink, &url)
}

/// `letters list`, in the order in which the letters were queued.
fn listed(stage: &Stage, arguments: &[&str]) -> Vec<Value> {
    let arguments = [&["letters", "list", "--format", "json"], arguments].concat();
    let mut letters = array(stage.site.admin(&arguments));
    letters.sort_by_key(|letter| letter["queued_at"].to_string());
    letters
}

fn array(output: Output) -> Vec<Value> {
    match output.json() {
        Value::Array(items) => items,
        other => panic!("not an array: {other}"),
    }
}

/// What `doctor` says about one thing.
fn doctor(stage: &Stage, check: &str) -> String {
    let report = stage.site.admin(&["doctor", "--format", "json"]).stdout;
    let report: Value = serde_json::from_str(&report).expect("JSON alone on stdout");
    let findings = report.as_array().expect("a report is an array").iter();
    let lines = findings
        .filter(|finding| finding["check"] == check)
        .map(|finding| format!("{}: {}", finding["result"], finding["finding"]));
    lines.collect::<Vec<_>>().join("\n")
}

/// How often a message came for this address, and how often the relay took it over. Every copy is
/// recognisable as the same message.
fn copies(stage: &Stage, address: &str) -> (usize, usize) {
    let mut messages = stage.relay().messages();
    messages.retain(|message| message.to[0].address == address);
    let mut ids: Vec<_> = messages
        .iter()
        .map(|message| Letter::parse(&message.bytes).header("Message-ID"))
        .collect();
    ids.dedup();
    assert!(
        ids.len() <= 1,
        "{address} has different Message-IDs: {ids:?}"
    );
    let taken = messages
        .iter()
        .filter(|message| message.outcome == Outcome::Accepted)
        .count();
    (messages.len(), taken)
}

/// Nobody is named in what the operator reads.
fn names_nobody(text: &str) {
    assert!(!text.contains("kunde.example"), "{text}");
}
