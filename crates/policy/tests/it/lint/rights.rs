//! Rights, deadlines, addresses.

finds! {
    /// S4-101; GDPR art. 13(2)(d).
    an_authority_is_named: [(
        "[authority]\nname = \"Data Protection Commission\"\nwebsite = \"https://authority.example\"\n\
         complaint_form = \"https://authority.example/complaints\"\n",
        "",
    )];

    /// S4-102.
    a_complaint_has_a_form: [("complaint_form = \"https://authority.example/complaints\"\n", "")];

    /// S2-08: an address.
    a_contact_can_be_reached: [("email = \"list@osprey.example\"", "addressee = { en = \"Legal\" }")];

    /// S2-08: two addresses for one purpose.
    a_purpose_has_one_address: [(
        "purpose = \"processors\"",
        "purpose = \"privacy\"\nemail = \"rights@osprey.example\"\n\n[[contacts]]\npurpose = \"processors\"",
    )];

    /// S2-08: and a channel is not a third.
    a_channel_has_the_address_of_its_contact: [(
        "kind = \"online\"",
        "kind = \"email\"\nemail = \"desk@osprey.example\"",
    )];

    /// S2-51, S3-137, S4-99; GDPR art. 12(3).
    an_answer_is_due_within_a_month: [("answer = \"1 month\"", "answer = \"6 weeks\"")];

    /// Working days are more days than they count.
    working_days_of_an_answer_are_added_up: [("answer = \"1 month\"", "answer = \"25 working days\"")];

    /// S4-100; GDPR art. 12(3).
    an_extension_is_two_months_at_most: [("extension = \"2 months\"", "extension = \"3 months\"")];

    /// S2-51: an alarm goes off in between.
    an_alarm_goes_off_after_the_receipt: [("alarm = \"7 days\"", "alarm = \"5 weeks\"")];

    /// S0-42, S1-49 to S1-55; GDPR art. 7(3), 20.
    required_rights_are_offered: [(
        "offered = [\"access\", \"rectify\", \"erase\", \"restrict\", \"port\", \"object\", \"withdraw-consent\", ",
        "offered = [\"access\", \"rectify\", \"erase\", \"restrict\", \"object\", ",
    )];

    /// GDPR art. 12(2).
    every_right_has_a_channel: [
        ("kind = \"online\"", "kind = \"online\"\nrights = [\"access\", \"port\", \"object\"]"),
        ("kind = \"post\"", "kind = \"post\"\nrights = [\"rectify\", \"erase\", \"withdraw-consent\", \"processor-list\"]"),
    ];

    /// S0-15, S0-16; GDPR recital 59.
    requests_can_be_made_without_a_letter: [("[[rights.channels]]\nkind = \"online\"\n\n", "")];

    /// S3-60.
    identity_is_not_proved_twice: [("kind = \"post\"", "kind = \"online\"")];

    /// S3-61, S4-96; GDPR art. 12(5).
    rights_are_free: [("answer = \"1 month\"", "answer = \"1 month\"\nfree = false")];

    /// S3-62, S4-96.
    a_fee_has_its_key: [("A letter is enough.", "A further copy costs 5 EUR.")];

    /// S3-83; GDPR art. 8(1).
    a_child_is_below_sixteen_at_most: [("child_age = 16", "child_age = 18")];

    /// S4-84.
    a_ground_about_children_has_an_age: [("child_age = 16\n", "")];

    /// S4-34.
    a_list_of_processors_can_be_asked_for: [(
        "[[contacts]]\npurpose = \"processors\"\nemail = \"list@osprey.example\"\n",
        "",
    )];
}

/// S0-42, S4-57 to S4-62; GDPR art. 13(2)(b).
#[test]
fn rights_are_told() {
    let (before, rest) = super::BASE.split_once("[rights]\n").expect("rights");
    let (_, after) = rest.split_once("[processor]\n").expect("the next section");
    let text = "Your rights are under {#rights}.";
    let source = format!("{before}[processor]\n{after}").replace(text, "You have rights.");
    insta::assert_snapshot!(
        consentry_policy::check(&source, "policy.toml")
            .findings
            .to_string()
    );
}
