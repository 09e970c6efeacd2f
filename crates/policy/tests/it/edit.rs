//! Variations of policies.

use consentry_policy::{Findings, Policy};

/// The demo policy.
pub(crate) const DEMO: &str = include_str!("../../policies/saas-portal.toml");
/// A policy with something under every key.
pub(crate) const COMPLETE: &str = include_str!("complete.toml");

/// A policy with little more than what has to be there.
pub(crate) const SMALL: &str = include_str!("small.toml");

/// Texts and what takes their place.
pub(crate) type Edits<'a> = &'a [(&'a str, &'a str)];

/// A source with the first occurrence of each first text replaced by the second.
pub(crate) fn replaced(source: &str, edits: Edits<'_>) -> String {
    let mut source = source.to_owned();
    for (from, to) in edits {
        assert!(source.contains(from), "not in the policy: {from}");
        source = source.replacen(from, to, 1);
    }
    source
}

/// The demo policy with edits.
pub(crate) fn edited(edits: Edits<'_>) -> Result<Policy, Findings> {
    Policy::parse(&replaced(DEMO, edits), "policy.toml")
}

/// The text of a stage of the demo policy.
pub(crate) fn stage(id: &str) -> &'static str {
    let head = format!("[[datasets.stages]]\nid = \"{id}\"\n");
    let rest = DEMO.split_once(&head).expect("the stage is there").1;
    let end = DEMO.len() - rest.len() + rest.find("\n\n").expect("something follows");
    &DEMO[DEMO.len() - rest.len() - head.len()..end]
}
