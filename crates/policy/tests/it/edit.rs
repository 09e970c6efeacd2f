//! Variations of the demo policy.

use consentry_policy::{Policy, PolicyErrors};

pub(crate) const DEMO: &str = include_str!("../../policies/saas-portal.toml");

/// The demo policy with each first text replaced by the second; every first one must be there.
pub(crate) fn edited(edits: &[(&str, &str)]) -> Result<Policy, PolicyErrors> {
    let mut source = DEMO.to_owned();
    for (from, to) in edits {
        assert!(source.contains(from), "not in the demo policy: {from}");
        source = source.replacen(from, to, 1);
    }
    Policy::parse(&source, "policy.toml")
}
