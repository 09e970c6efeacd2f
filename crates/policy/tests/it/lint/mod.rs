//! Holes and contradictions are found: one edit of a policy that is in order, one finding.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use consentry_policy::check;

/// Tests that show what is found in the base policy with each first text replaced by the second.
macro_rules! finds {
    ($($(#[$doc:meta])+ $name:ident: [$(($from:expr, $to:expr $(,)?)),+ $(,)?];)+) => {$(
        $(#[$doc])+
        #[test]
        fn $name() {
            insta::assert_snapshot!(crate::lint::found(&[$(($from, $to)),+]));
        }
    )+};
}

mod anonymity;
mod cookies;
mod data;
mod document;
mod periods;
mod processor;
mod purposes;
mod recipients;
mod rights;
mod sending;
mod wording;

const BASE: &str = include_str!("base.toml");

fn found(edits: &[(&str, &str)]) -> String {
    let mut source = BASE.to_owned();
    for (from, to) in edits {
        assert!(source.contains(from), "not in the base policy: {from}");
        source = source.replacen(from, to, 1);
    }
    check(&source, "policy.toml").findings.to_string()
}

/// A complete policy is published without a word.
#[test]
fn nothing_is_found_in_a_policy_in_order() {
    assert_eq!(found(&[]), "");
}

/// S0-99: nor in the policy that everybody starts from.
#[test]
fn nothing_is_found_in_the_demo_policy() {
    let source = include_str!("../../../policies/saas-portal.toml");
    assert_eq!(check(source, "saas-portal.toml").findings.to_string(), "");
}

/// A rule objects to what is wrong, and to nothing beside it.
#[test]
fn what_is_allowed_is_not_found() {
    for edits in [
        // S2-51: 30 days; the earlier of the law and the promise binds.
        &[("answer = \"1 month\"", "answer = \"30 days\"")][..],
        // S2-59, S3-51: a cookie that stays as long as the consent.
        &[
            (
                "consent_validity = \"6 months\"\nrefusal_validity = \"6 months\"",
                "consent_validity = \"13 months\"",
            ),
            ("lifetime = \"30 days\"", "lifetime = \"13 months\""),
            (
                "clock = \"given\"\nafter = \"6 months\"",
                "clock = \"given\"\nafter = \"13 months\"",
            ),
        ],
        // S3-54: states that leave out no row, each with its end.
        &[
            (
                "when = { status = \"open\" }",
                "when = { sent_at = { null = true } }",
            ),
            (
                "when = { status = { not = \"open\" } }",
                "when = { sent_at = { null = false } }",
            ),
            (
                "clock = \"last-contact\"\nafter",
                "state = \"sent\"\nclock = \"last-contact\"\nafter",
            ),
        ],
        // S3-55: what no rule names is looked at.
        &[
            (
                "action = \"purge\"\nclock = \"seen\"",
                "action = \"hide\"\nclock = \"seen\"",
            ),
            (
                "[subscription]",
                "[catch_all]\nreview = \"2027-06-30\"\ndescription = { en = \"The rest\" }\n\n\
                 [subscription]",
            ),
        ],
        // S1-36: a decision, with its document.
        &[
            (
                "countries = [\"IE\", \"US\"]",
                "countries = [\"IE\", \"JP\"]",
            ),
            ("mechanism = \"scc\"", "mechanism = \"adequacy\""),
        ],
    ] {
        assert_eq!(found(edits), "", "{edits:?}");
    }
}

/// Every rule is seen at work: its code is in a snapshot.
#[test]
fn every_rule_is_shown() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shown: String = texts(&root.join("tests/it/lint/snapshots")).concat();
    let silent: BTreeSet<String> = texts(&root.join("src/lint"))
        .iter()
        .flat_map(|source| codes(source))
        .filter(|code| !shown.contains(&format!("[{code}]")))
        .collect();
    assert_eq!(silent, BTreeSet::new());
}

/// The files of a folder and of the folders in it.
fn texts(folder: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            texts.extend(self::texts(&path));
        } else {
            texts.push(fs::read_to_string(&path).expect("a text"));
        }
    }
    texts
}

/// Codes are the first argument of what reports them: words joined by hyphens.
fn codes(source: &str) -> BTreeSet<String> {
    let pieces: Vec<&str> = source.split('"').collect();
    pieces
        .windows(3)
        .filter(|around| around[0].trim_end().ends_with('(') && around[2].starts_with(','))
        .map(|around| around[1])
        .filter(|word| word.contains('-'))
        .filter(|word| {
            word.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
        })
        .map(str::to_owned)
        .collect()
}

/// The cost follows the size of the file: every dataset of 500 is looked at once.
#[test]
fn a_hole_in_each_of_many_datasets_is_found() {
    use std::fmt::Write as _;

    let mut source = BASE.to_owned();
    for index in 0..500 {
        write!(
            source,
            "\n[[datasets]]\nid = \"more-{index}\"\nname = {{ en = \"More\" }}\n\
             people = {{ en = \"Clients\" }}\npurposes = [\"orders\"]\n\
             source = {{ database = \"shop\", table = \"more_{index}\", key = [\"id\"] }}\n\
             fields = [{{ id = \"size\", name = {{ en = \"Size\" }}, justification = {{ en = \"To \
             fit\" }} }}]\n",
        )
        .expect("a text");
    }
    let findings = check(&source, "policy.toml").findings;
    assert_eq!(findings.errors().count(), 500);
    assert!(
        findings
            .all()
            .iter()
            .all(|finding| finding.code == "dataset-without-end")
    );
}
