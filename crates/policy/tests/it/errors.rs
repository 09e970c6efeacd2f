//! What a person reads when a policy file is wrong.

use consentry_policy::Policy;
use insta::assert_snapshot;

use crate::edit::edited;

fn refusal(edits: &[(&str, &str)]) -> String {
    edited(edits).expect_err("a refusal").to_string()
}

#[test]
fn a_misspelt_key_is_shown_with_the_right_one() {
    assert_snapshot!(refusal(&[("pending = \"12", "pendng = \"12")]));
}

#[test]
fn a_key_missing_in_an_entry_is_shown_at_the_entry() {
    assert_snapshot!(refusal(&[("basis = \"legitimate-interest\"\n", "")]));
}

#[test]
fn a_misspelt_section_is_shown_with_the_right_one() {
    assert_snapshot!(refusal(&[("[retention]", "[retenton]")]));
}

#[test]
fn all_problems_are_told_at_once_in_the_order_of_the_file() {
    assert_snapshot!(refusal(&[
        ("Europe/Paris\"", "Europe/Pariss\""),
        ("privacy@velmarin.example", "privacy@velmarin"),
        ("erased = \"30 days\"", "erased = \"thirty days\""),
        ("total = \"off\"", "total = \"many\""),
        ("retry_for = \"5 days\"", "retry_for = 5"),
    ]));
}

#[test]
fn text_that_is_not_toml_is_shown_with_its_place() {
    assert_snapshot!(refusal(&[(
        "name = \"Velmarin Logiciels\"",
        "name = Velmarin Logiciels"
    )]));
}

#[test]
fn a_key_written_twice_is_refused() {
    assert_snapshot!(refusal(&[("erased = ", "pending = ")]));
}

/// S0-24: a topic without its purpose would be processing without a reason.
#[test]
fn a_topic_with_an_unknown_purpose_is_refused() {
    assert_snapshot!(refusal(&[("purpose = \"sales\"", "purpose = \"sale\"")]));
}

#[test]
fn an_unknown_legal_basis_is_refused_with_those_there_are() {
    assert_snapshot!(refusal(&[(
        "basis = \"legitimate-interest\"",
        "basis = \"habit\""
    )]));
}

#[test]
fn two_topics_of_one_name_are_refused() {
    assert_snapshot!(refusal(&[("id = \"demo\"", "id = \"newsletter\"")]));
}

#[test]
fn a_policy_without_a_default_topic_is_refused() {
    assert_snapshot!(refusal(&[("default = true ", "default = false ")]));
}

/// S0-31, S0-32: the reminder goes to an address that is still there.
#[test]
fn a_reminder_after_the_address_is_gone_is_refused() {
    assert_snapshot!(refusal(&[(
        "reminder = \"7 days\"",
        "reminder = \"1 year\""
    )]));
}

#[test]
fn a_text_missing_in_an_offered_language_is_refused() {
    assert_snapshot!(refusal(&[(
        "name = { en = \"Newsletter\", fr = \"Lettre d’information\" }",
        "name = { en = \"Newsletter\", de = \"Rundbrief\" }"
    )]));
}

#[test]
fn a_default_language_that_is_not_offered_is_refused() {
    assert_snapshot!(refusal(&[(
        "offered = [\"en\", \"fr\"]",
        "offered = [\"fr\", \"fr\"]"
    )]));
}

#[test]
fn a_blank_name_and_a_bad_url_are_refused() {
    assert_snapshot!(refusal(&[
        ("name = \"Velmarin Logiciels\"", "name = \" \""),
        ("https://velmarin.example", "velmarin.example"),
        ("currency = \"EUR\"", "currency = \"Euro\""),
        ("amount = 75_000", "amount = -1"),
    ]));
}

#[test]
fn a_zero_period_and_an_endless_one_are_refused() {
    assert_snapshot!(refusal(&[
        ("pending = \"12 months\"", "pending = \"0 months\""),
        ("erased = \"30 days\"", "erased = \"10000 years\""),
    ]));
}

#[test]
fn links_that_outlive_what_they_are_for_are_refused() {
    assert_snapshot!(refusal(&[
        ("confirmation = \"30 days\"", "confirmation = \"2 years\""),
        (
            "sensitive = \"24 hours\"",
            "sensitive = \"2 weeks\"\npreferences = \"1 week\""
        ),
    ]));
}

#[test]
fn a_hand_over_repeated_too_soon_is_refused() {
    assert_snapshot!(refusal(&[
        (
            "uncertain_after = \"30 minutes\"",
            "uncertain_after = \"5 minutes\""
        ),
        ("from = \"news@", "from = \"actualités@"),
        ("list_id = \"news.velmarin.example\"", "list_id = \"news\""),
    ]));
}

#[test]
fn a_section_written_as_a_value_is_refused() {
    assert_snapshot!(refusal(&[
        (
            "capital = { amount = 75_000, currency = \"EUR\" }",
            "capital = 75_000"
        ),
        (
            "address = [\"4 quai des Tisserands\", \"59100 Roubaix\"]",
            "address = []"
        ),
    ]));
}

#[test]
fn an_empty_file_lists_what_a_policy_needs() {
    assert_snapshot!(
        Policy::parse("", "empty.toml")
            .expect_err("a refusal")
            .to_string()
    );
}

#[test]
fn a_problem_names_line_and_column_in_characters() {
    let source = "\n  languages = { default = \"é\", colour = 1 }\n";
    let errors = Policy::parse(source, "policy.toml").expect_err("a refusal");
    let problem = errors
        .problems()
        .iter()
        .find(|problem| problem.key == "languages.colour")
        .expect("a problem");
    assert_eq!((problem.line, problem.column), (2, 32));
}

/// A key that would steer the terminal is shown harmless.
#[test]
fn control_characters_of_the_file_do_not_reach_the_terminal() {
    let errors = Policy::parse("\"\\u001b[31m\" = 1\n", "policy.toml").expect_err("a refusal");
    assert!(!errors.to_string().contains('\u{1b}'));
}

/// Half a file, a doubled line, a stray character: a refusal, never a panic.
mod damaged {
    use consentry_policy::Policy;
    use proptest::prelude::*;

    use crate::edit::DEMO;

    fn cut(index: usize) -> usize {
        let index = index % DEMO.len();
        (0..=index)
            .rev()
            .find(|at| DEMO.is_char_boundary(*at))
            .unwrap_or(0)
    }

    proptest! {
        #[test]
        fn a_damaged_file_is_refused_with_problems_in_order(
            one in any::<usize>(),
            other in any::<usize>(),
            inserted in "\\PC{0,3}|[\\[\\]{}\"'=.,#\\n\\r]{1,3}",
        ) {
            let (from, to) = (cut(one), cut(other));
            let source = format!("{}{inserted}{}", &DEMO[..from], &DEMO[to..]);
            if let Err(errors) = Policy::parse(&source, "policy.toml") {
                let lines: Vec<usize> =
                    errors.problems().iter().map(|problem| problem.line).collect();
                prop_assert!(!lines.is_empty());
                prop_assert!(lines.is_sorted());
                prop_assert!(errors.to_string().contains("policy.toml"));
            }
        }

        #[test]
        fn no_text_makes_the_reader_panic(source in "\\PC*|(.|\\n)*") {
            let _ = Policy::parse(&source, "policy.toml");
        }
    }
}
