//! Purposes, bases, topics.

finds! {
    /// S3-37; GDPR art. 13(1)(d).
    an_interest_is_named: [("interest = { en = \"To keep fraud away\" }\n", "")];

    /// S1-21; GDPR art. 6(1)(f).
    an_interest_is_weighed: [("balancing = { en = \"Few data, deleted soon\" }\n", "")];

    /// S1-17, S1-27; GDPR art. 6(3).
    a_duty_names_its_law: [(
        "basis = \"legal-obligation\"\nlaw = { en = \"Companies Act 2014, section 285\" }",
        "basis = \"legal-obligation\"",
    )];

    /// S1-17: one purpose, one basis.
    a_purpose_states_nothing_of_another_basis: [(
        "basis = \"contract\"\nrecipients = [\"carrier\"]",
        "basis = \"contract\"\nwithdrawal = [\"online\"]\nrecipients = [\"carrier\"]",
    )];

    /// S0-85, S1-55: people are told how a consent is withdrawn.
    a_consent_says_how_it_is_withdrawn: [("withdrawal = [\"online\", \"email\"]\n", "")];

    /// S0-15: a letter is harder than a button.
    a_withdrawal_is_no_harder_than_the_consent: [(
        "withdrawal = [\"online\", \"email\"]",
        "withdrawal = [\"post\"]",
    )];

    /// S3-77, S4-71; GDPR art. 13(2)(f), 22(2).
    a_decision_of_machines_is_explained_and_has_a_ground: [(
        "interest = { en = \"To keep fraud away\" }",
        "automated_decisions = true\ninterest = { en = \"To keep fraud away\" }",
    ), (
        "\"withdraw-consent\"",
        "\"withdraw-consent\", \"automated-decision\"",
    )];

    /// S1-20: a basis that nothing rests on.
    a_purpose_is_used: [("purposes = [\"safety\"]", "purposes = [\"orders\"]")];

    /// S0-13: people are not written to for what their data are not kept for.
    a_topic_has_data: [(
        "description = { en = \"What is cheaper.\" }\npurpose = \"news\"",
        "description = { en = \"What is cheaper.\" }\npurpose = \"safety\"",
    )];

    /// S1-14, S3-116; GDPR recital 32.
    no_second_topic_is_ticked_in_advance: [("default = false", "default = true")];

    /// S1-26: nobody is written to before the consent.
    no_reminder_goes_out_before_the_consent: [(
        "business_only = false",
        "business_only = false\nreminder = \"7 days\"",
    )];
}
