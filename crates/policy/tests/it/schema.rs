//! The JSON Schema, judged by somebody else's reading of the standard.

use std::fs;

use boon::{Compiler, Draft, SchemaIndex, Schemas};
use consentry_policy::{Policy, schema};
use proptest::prelude::*;
use proptest::sample::Index;
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

fn value_of(line: &str) -> Option<&str> {
    line.split_once(" = ").map(|(_, value)| value)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Whatever value stands under whatever key.
    #[test]
    fn every_policy_that_is_read_after_a_change_meets_the_schema(
        line in any::<Index>(),
        value in any::<Index>(),
    ) {
        thread_local!(static JUDGE: Judge = Judge::new());
        let lines: Vec<&str> = COMPLETE.lines().collect();
        let values: Vec<&str> = lines.iter().copied().filter_map(value_of).chain(ODD).collect();
        let places: Vec<usize> = (0..lines.len()).filter(|at| value_of(lines[*at]).is_some()).collect();
        let at = places[line.index(places.len())];
        let (key, _) = lines[at].split_once(" = ").expect("a key");
        let changed = format!("{key} = {}", values[value.index(values.len())]);
        let mut lines = lines;
        lines[at] = &changed;
        let source = lines.join("\n");
        if Policy::parse(&source, "policy.toml").is_ok() {
            let verdict = JUDGE.with(|judge| judge.judge(&source));
            prop_assert_eq!(verdict, Ok(()), "{}", changed);
        }
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
