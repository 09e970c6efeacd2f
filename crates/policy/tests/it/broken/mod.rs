//! Policies that are refused, each a change of the complete policy, and what a person then reads.

mod data;
mod reading;
mod references;
mod sending;
mod subscribers;

use consentry_policy::Policy;

use crate::edit::{COMPLETE, Edits, replaced};

/// `name: [edits]` is one broken policy and the test that its findings read as in the snapshot.
macro_rules! broken {
    ($($(#[doc = $doc:literal])* $name:ident: $edits:expr,)+) => {
        pub(super) const ALL: &[(&str, crate::edit::Edits<'static>)] =
            &[$((stringify!($name), &$edits)),+];

        $(
            $(#[doc = $doc])*
            #[test]
            fn $name() {
                insta::assert_snapshot!(stringify!($name), super::refusal(&$edits));
            }
        )+
    };
}

use broken;

/// Every broken policy, by name.
pub(crate) fn all() -> impl Iterator<Item = (&'static str, Edits<'static>)> {
    [
        reading::ALL,
        references::ALL,
        data::ALL,
        subscribers::ALL,
        sending::ALL,
    ]
    .into_iter()
    .flatten()
    .copied()
}

fn refusal(edits: Edits<'_>) -> String {
    let source = replaced(COMPLETE, edits);
    Policy::parse(&source, "policy.toml")
        .expect_err("a refusal")
        .to_string()
}

#[test]
fn an_empty_file_lists_what_a_policy_needs() {
    let errors = Policy::parse("", "empty.toml").expect_err("a refusal");
    insta::assert_snapshot!(errors.to_string());
}

#[test]
fn a_finding_names_line_and_column_in_characters() {
    let source = "\n  languages = { default = \"é\", colour = 1 }\n";
    let errors = Policy::parse(source, "policy.toml").expect_err("a refusal");
    let finding = errors
        .all()
        .iter()
        .find(|finding| finding.key == "languages.colour")
        .expect("a finding");
    assert_eq!((finding.line, finding.column), (2, 32));
}

/// A key that would steer the terminal is shown harmless.
#[test]
fn control_characters_of_the_file_do_not_reach_the_terminal() {
    let errors = Policy::parse("\"\\u001b[31m\" = 1\n", "policy.toml").expect_err("a refusal");
    assert!(!errors.to_string().contains('\u{1b}'));
}
