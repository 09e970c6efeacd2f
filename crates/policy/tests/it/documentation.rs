//! The examples of `docs/policy.md`.

use consentry_policy::Policy;
use toml::{Table, Value};

use crate::edit::DEMO;

/// What the documentation shows can be written so: all of it together, in the demo policy.
#[test]
fn the_examples_of_the_documentation_are_read() {
    let page = include_str!("../../../../docs/policy.md");
    let examples = page.split("```toml\n").skip(1);
    let examples: Vec<&str> = examples
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert!(examples.len() > 5, "{} examples", examples.len());
    let examples: Table = examples.concat().parse().expect("TOML");
    let mut policy: Table = DEMO.parse().expect("TOML");
    for (key, value) in examples {
        match (policy.get_mut(&key), value) {
            (Some(Value::Array(found)), Value::Array(more)) if key == "datasets" => {
                found.extend(more);
            }
            (_, value) => drop(policy.insert(key, value)),
        }
    }
    if let Err(errors) = Policy::parse(&policy.to_string(), "policy.toml") {
        panic!("{errors}");
    }
}
