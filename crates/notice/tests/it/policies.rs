//! Every policy file of the repository.

use std::fs;
use std::path::Path;

use consentry_notice::{Document, Places, legal, privacy};
use consentry_policy::{Language, Policy};

/// Name and text of each.
pub(crate) fn files() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policy/policies");
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("a test file that is well formed")
        .map(|entry| entry.expect("a test file that is well formed").path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "toml"))
        .map(|path| {
            let name = path
                .file_stem()
                .expect("a test file that is well formed")
                .to_string_lossy()
                .into_owned();
            (
                name,
                fs::read_to_string(&path).expect("a test file that is well formed"),
            )
        })
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

pub(crate) fn parsed(source: &str) -> Policy {
    Policy::parse(source, "policy.toml").unwrap_or_else(|errors| panic!("{errors}"))
}

/// Notice and legal page in every language that the policy offers.
pub(crate) fn documents(policy: &Policy) -> Vec<(Language, Document)> {
    let places = Places::default();
    let offered = policy.languages.offered.iter();
    offered
        .flat_map(|&language| {
            [
                (language, privacy(policy, language, &places, &[])),
                (language, legal(policy, language, &places)),
            ]
        })
        .collect()
}
