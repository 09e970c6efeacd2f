//! The codes of findings: each explained, and each of those that refuse a policy shown at work.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use consentry_policy::check;

use crate::broken;
use crate::edit::{COMPLETE, replaced};

const DOCUMENTATION: &str = include_str!("../../../../docs/policy.md");

/// Whether a text is lower-case words joined by hyphens.
fn is_code(text: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    text.contains('-') && text.split('-').all(is_word)
}

/// Codes in Rust source: the literals that begin the arguments of a call, or that `code` is set to.
fn codes(source: &str) -> BTreeSet<String> {
    let literals = source.split('"').collect::<Vec<_>>();
    literals
        .windows(3)
        .filter(|around| {
            let (before, after) = (around[0].trim_end(), around[2]);
            let begins = before.ends_with('(') || before.ends_with("code:");
            begins && after.starts_with(',') && is_code(around[1])
        })
        .map(|around| around[1].to_owned())
        .collect()
}

fn codes_below(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(codes_below(&path));
        } else {
            found.extend(codes(&fs::read_to_string(&path).expect("a file")));
        }
    }
    found
}

fn of(module: &str) -> BTreeSet<String> {
    let source = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src");
    codes_below(&source.join(module))
}

/// Whoever meets a finding can look up what it means.
#[test]
fn every_code_of_a_finding_is_explained() {
    let source: BTreeSet<String> = of("read").union(&of("lint")).cloned().collect();
    let (_, findings) = DOCUMENTATION
        .split_once("\n## Findings\n")
        .expect("a chapter");
    let explained: BTreeSet<String> = findings
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` |"))
        .map(|(code, _)| code.to_owned())
        .collect();
    assert!(source.len() > 30, "{source:?}");
    assert_eq!(
        source, explained,
        "docs/policy.md explains other codes than there are"
    );
}

#[test]
fn every_code_that_refuses_a_policy_is_in_the_corpus() {
    let shown: BTreeSet<String> = broken::all()
        .flat_map(|(_, edits)| {
            let found = check(&replaced(COMPLETE, edits), "policy.toml").findings;
            found
                .all()
                .iter()
                .map(|finding| finding.code.to_owned())
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(
        of("read").difference(&shown).collect::<Vec<_>>(),
        Vec::<&String>::new()
    );
    assert!(
        broken::all().count() >= 60,
        "{} broken policies",
        broken::all().count()
    );
}
