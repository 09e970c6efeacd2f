//! Processing for others.

finds! {
    /// S2-34, S3-163; GDPR art. 28(3).
    an_agreement_has_data: [("role = \"processor\"\n", "")];

    /// S3-100; GDPR art. 28(3).
    an_agreement_says_what_is_done: [("operations = [{ en = \"store\" }]\n", "")];

    /// S3-104, S3-105.
    an_agreement_names_the_data: [("data = [{ en = \"Telephone number\" }]\n", "")];

    /// S3-145; GDPR art. 28(3)(g).
    an_agreement_says_what_becomes_of_the_data: [("at_end = [\"destroy\"]\n", "")];

    /// S3-123; GDPR art. 28(2).
    a_controller_has_time_to_object: [("objection = \"8 days\"\n", "")];

    /// S3-142, S3-143; GDPR art. 33.
    a_breach_is_told_in_time: [("breach_notice = \"48 hours\"", "breach_notice = \"5 days\"")];

    /// S3-162.
    a_duty_binds_two: [("debtor = \"processor\"", "debtor = \"controller\"")];

    /// S3-162: the roles are swapped.
    a_duty_is_that_of_its_debtor: [("Osprey acts on", "The client supplies")];

    /// S3-162.
    a_party_has_a_duty: [(
        "[[processor.duties]]",
        "[[processor.parties]]\nid = \"auditor\"\nname = { en = \"Auditor\" }\n\n[[processor.duties]]",
    )];
}

/// S2-34, S3-99; GDPR art. 28(3).
#[test]
fn whoever_processes_for_others_has_an_agreement() {
    let (before, rest) = super::BASE
        .split_once("[processor]\n")
        .expect("an agreement");
    let (_, after) = rest
        .split_once("[[safeguards]]\n")
        .expect("the next section");
    let source = format!("{before}[[safeguards]]\n{after}");
    insta::assert_snapshot!(
        consentry_policy::check(&source, "policy.toml")
            .findings
            .to_string()
    );
}
