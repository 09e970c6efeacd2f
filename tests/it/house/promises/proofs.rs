//! Which tests name which promises in their doc comments.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use consentry_tests::binaries::root;

use super::ids;

/// A test that names a promise.
pub(super) struct Proof {
    /// The file and the function.
    pub(super) name: String,
    /// Whether it shows the software at work on what it holds.
    pub(super) keeps: bool,
}

/// Tests of the policy files, which state and do nothing, and rules on tables that stand in for records
/// which are not kept yet.
const STATING: [&str; 2] = [
    "crates/policy/tests",
    "crates/simulation/tests/it/rehearsed.rs",
];

/// For each promise, the tests that name it, by file and function.
pub(super) fn all() -> BTreeMap<String, Vec<Proof>> {
    let mut files = Vec::new();
    for folder in ["bins", "crates", "tests"] {
        collect(&root().join(folder), &mut files);
    }
    files.sort();
    let mut proofs = BTreeMap::<String, Vec<Proof>>::new();
    for path in files {
        let source = fs::read_to_string(root().join(&path)).expect("the source can be read");
        for (function, promises) in documented_tests(&path, &source) {
            for id in promises {
                proofs.entry(id).or_default().push(Proof {
                    name: format!("{path}::{function}"),
                    keeps: !STATING.iter().any(|stating| path.starts_with(stating)),
                });
            }
        }
    }
    proofs
}

fn collect(folder: &Path, files: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("the checkout can be read") {
        let path = entry.expect("the checkout can be read").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let path = path.strip_prefix(root()).expect("below the top");
            files.push(path.to_str().expect("paths are UTF-8").to_owned());
        }
    }
}

/// Functions with the promises in their doc comments: all of a folder of tests, those behind
/// `#[cfg(test)]` elsewhere. A test of both engines has no attribute, nor has a step of a longer one.
fn documented_tests(path: &str, source: &str) -> Vec<(String, Vec<String>)> {
    let mut is_test = path.starts_with("tests/it/") || path.contains("/tests/");
    let mut found = Vec::new();
    let mut documentation = String::new();
    for line in source.lines().map(str::trim) {
        is_test |= line == "#[cfg(test)]";
        if let Some(text) = line.strip_prefix("///") {
            documentation += text;
            documentation.push(' ');
        } else if !line.starts_with("#[") {
            let function = line.split_once("fn ").filter(|_| is_test);
            if let Some((_, rest)) = function {
                let name = rest.split(['(', '<']).next().unwrap_or_default();
                found.push((name.to_owned(), ids(&documentation)));
            }
            documentation.clear();
        }
    }
    found
}
