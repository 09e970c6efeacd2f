//! The policy for other programs.

use consentry_policy::Policy;
use serde_json::{Value, json};

fn keys(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(table) => {
            for (key, value) in table {
                found.push(key.clone());
                keys(value, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| keys(item, found)),
        _ => {}
    }
}

/// S1-03: what is published is the file, value for value.
#[test]
fn every_table_is_published_as_it_is_written() {
    let policy = Policy::parse(include_str!("complete.toml"), "complete.toml").expect("a policy");
    let published = policy.published();
    assert_eq!(published["version"], policy.version);
    assert_eq!(published["effective"], "2026-11-02");
    assert_eq!(published["catch_all"]["after"], "5 years");
    assert_eq!(published["languages"]["offered"], json!(["en", "fr"]));
    let datasets = published["datasets"].as_array().expect("datasets");
    assert!(
        datasets
            .iter()
            .any(|one| one["fields"][0]["id"].is_string())
    );
    assert!(published["cookies"]["categories"][0]["exempt"].is_boolean());
    assert!(published["engine"]["brake"].is_i64());
}

/// Nobody outside needs the limits, or the tables of the controller's databases.
#[test]
fn what_helps_attackers_alone_is_kept_back() {
    let policy = Policy::parse(include_str!("complete.toml"), "complete.toml").expect("a policy");
    let mut found = Vec::new();
    keys(policy.published(), &mut found);
    for kept_back in ["limits", "joins", "table", "database", "breaker"] {
        assert!(!found.iter().any(|key| key == kept_back), "{kept_back}");
    }
    // A field tells its source by the same key.
    assert!(found.iter().any(|key| key == "source"));
}
