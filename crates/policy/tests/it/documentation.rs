//! The examples of `docs/policy.md`.

use consentry_policy::Policy;

use crate::edit::DEMO;

/// What the documentation shows can be written so: all of it together, below the demo policy.
#[test]
fn the_examples_of_the_documentation_are_read() {
    let page = include_str!("../../../../docs/policy.md");
    let examples = page.split("```toml\n").skip(1);
    let examples: Vec<&str> = examples
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert!(examples.len() > 5, "{} examples", examples.len());
    let source = format!("{DEMO}\n{}", examples.concat());
    if let Err(errors) = Policy::parse(&source, "policy.toml") {
        panic!("{errors}");
    }
}
