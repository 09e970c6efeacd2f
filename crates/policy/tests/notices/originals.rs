//! The notices as they were: each hole and contradiction that the files mend, put back.

use std::fmt::Write as _;

use consentry_policy::check;
use toml::{Table, Value};

use crate::files::{FILES, lines};

/// Edits of a file: `from` stands in it, and `to` in its place is what the notice said, together
/// `with` another edit where that one would hide it.
const ORIGINALS: [(&str, &str); 5] = [
    ("saas-portal", include_str!("originals/saas-portal.toml")),
    (
        "document-vendor",
        include_str!("originals/document-vendor.toml"),
    ),
    (
        "marketing-platform",
        include_str!("originals/marketing-platform.toml"),
    ),
    ("self-care", include_str!("originals/self-care.toml")),
    ("ai-platform", include_str!("originals/ai-platform.toml")),
];

/// S0-15, S0-23, S0-59, S1-09, S1-14, S1-17, S1-18, S1-21, S1-33, S1-35, S1-40, S1-73, S1-84, S1-129,
/// S2-08, S2-11, S2-14, S2-58, S3-10, S3-44, S3-46, S3-54, S3-55, S3-66, S3-120, S3-157, S3-161,
/// S3-162, S4-11, S4-27, S4-34, S4-39, S4-40, S4-44, S4-47, S4-48, S4-84, S4-102, S4-103: what a
/// notice leaves open or contradicts is found.
#[test]
fn every_hole_of_the_original_notices_is_found() {
    for (name, originals) in ORIGINALS {
        let file = FILES.iter().find(|file| file.name == name).expect(name);
        let published = lines(&check(file.source, name));
        let originals: Table = originals.parse().expect("the edits are TOML");
        let mut told = String::new();
        for (gap, edit) in &originals {
            let with = edit
                .get("with")
                .and_then(|one| originals.get(one.as_str()?));
            let mut source = file.source.to_owned();
            for edit in [Some(edit), with].into_iter().flatten() {
                let (from, to) = (text(edit, "from"), text(edit, "to"));
                assert_eq!(source.matches(from).count(), 1, "{name}, {gap}: {from}");
                source = source.replace(from, to);
            }
            let found = lines(&check(&source, name));
            let found: Vec<_> = found
                .iter()
                .filter(|one| !published.contains(one))
                .collect();
            assert!(!found.is_empty(), "{name}, {gap}: nothing is found");
            let _ = writeln!(told, "{gap}: {}", text(edit, "what"));
            for finding in found {
                let _ = writeln!(told, "  {finding}");
            }
        }
        insta::assert_snapshot!(name, told);
    }
}

fn text<'a>(edit: &'a Value, key: &str) -> &'a str {
    edit[key].as_str().expect("a text")
}
