//! The JSON Schema, judged by somebody else's reading of the standard.

use std::collections::BTreeSet;
use std::fs;

use boon::{Compiler, Draft, SchemaIndex, Schemas};
use consentry_policy::{Policy, schema};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use crate::broken;
use crate::edit::{COMPLETE, replaced};

struct Judge {
    schemas: Schemas,
    policy: SchemaIndex,
}

impl Judge {
    fn new() -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.set_default_draft(Draft::V2020_12);
        let url = "https://policy.example/policy.schema.json";
        compiler
            .add_resource(url, schema())
            .expect("a JSON document");
        let policy = compiler.compile(url, &mut schemas).expect("a schema");
        Self { schemas, policy }
    }

    fn judge(&self, source: &str) -> Result<(), String> {
        let file: toml::Table = source.parse().expect("TOML");
        let file = json(toml::Value::Table(file));
        let verdict = self.schemas.validate(&file, self.policy);
        verdict.map_err(|error| error.to_string())
    }
}

/// As editors see TOML: dates are texts.
fn json(value: toml::Value) -> Value {
    match value {
        toml::Value::Datetime(date) => Value::String(date.to_string()),
        toml::Value::Array(items) => items.into_iter().map(json).collect(),
        toml::Value::Table(table) => table.into_iter().map(|(key, it)| (key, json(it))).collect(),
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(flag) => flag.into(),
    }
}

#[test]
fn every_policy_that_is_read_meets_the_schema() {
    let judge = Judge::new();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/policies");
    let files = fs::read_dir(folder).expect("a folder").map(|entry| {
        let path = entry.expect("an entry").path();
        fs::read_to_string(path).expect("a file")
    });
    for source in files.chain([COMPLETE.to_owned()]) {
        Policy::parse(&source, "policy.toml").unwrap_or_else(|errors| panic!("{errors}"));
        judge.judge(&source).expect("a valid document");
    }
}

/// Near to what is accepted, and mostly not.
const ODD: [&str; 12] = [
    "2026-11-01T10:00:00Z",
    "\"2026-11-01T10:00\"",
    "\"T0300\"",
    "\"+60/minute\"",
    "\"060/minute\"",
    "\"007 days\"",
    "\"1 working days\"",
    "\"1.5 EUR\"",
    "\"constant()\"",
    "\"easter+01\"",
    "0x10",
    "\"  spaced  \"",
];

/// The complete policy with another value under the first key of that name.
fn with(line: &str, value: &str) -> String {
    let (key, _) = line.split_once(" = ").expect("a key");
    replaced(
        COMPLETE,
        &[(&format!("\n{line}\n"), &format!("\n{key} = {value}\n"))],
    )
}

/// Lines that set a key, one for each name of a key.
fn lines() -> impl Iterator<Item = &'static str> {
    let mut seen = BTreeSet::new();
    COMPLETE.lines().filter(move |line| {
        let key = line.split_once(" = ").map(|(key, _)| key);
        key.is_some_and(|key| seen.insert(key))
    })
}

fn judged(judge: &Judge, source: &str) -> Result<(), String> {
    match Policy::parse(source, "policy.toml") {
        Ok(_) => judge.judge(source),
        Err(_) => Ok(()),
    }
}

/// The reading is no more generous than the schema.
#[test]
fn what_the_reading_takes_of_odd_values_meets_the_schema() {
    let judge = Judge::new();
    for line in lines() {
        for value in ODD {
            let verdict = judged(&judge, &with(line, value));
            verdict.unwrap_or_else(|error| panic!("{line} as {value}: {error}"));
        }
    }
}

proptest! {
    #[test]
    fn what_the_reading_takes_of_values_of_other_keys_meets_the_schema(
        (line, other) in (select(lines().collect::<Vec<_>>()), select(lines().collect::<Vec<_>>())),
    ) {
        thread_local!(static JUDGE: Judge = Judge::new());
        let (_, value) = other.split_once(" = ").expect("a value");
        let verdict = JUDGE.with(|judge| judged(judge, &with(line, value)));
        prop_assert_eq!(verdict, Ok(()), "{} as {}", line, value);
    }
}

/// What editors underline is what the reading refuses, as far as one value or one table tells.
#[test]
fn the_schema_refuses_what_is_wrong_in_itself() {
    let judge = Judge::new();
    let mut refused = 0;
    for (name, edits) in broken::all() {
        let source = replaced(COMPLETE, edits);
        let errors = Policy::parse(&source, "policy.toml").expect_err(name);
        let has = |codes: &[&str]| errors.all().iter().any(|one| codes.contains(&one.code));
        if has(&["not-toml"]) {
            continue;
        }
        if has(&["unknown-key", "wrong-type", "empty-list"]) {
            judge.judge(&source).expect_err(name);
            refused += 1;
        } else if !has(&["missing-key", "wrong-value"]) {
            judge.judge(&source).expect(name);
        }
    }
    assert!(refused > 8, "{refused} refused");
}
