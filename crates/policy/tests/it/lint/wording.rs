//! What texts say.

finds! {
    /// S4-11; GDPR art. 12(1).
    a_word_that_stands_for_a_text_is_found: [("name = \"Osprey Tools Ltd\"", "name = \"XXX\"")];

    /// S4-11: in the middle of a text.
    a_mark_that_stands_for_a_text_is_found: [("Whoever brings the parcel", "Whoever [...] the parcel")];

    /// S4-11: in brackets, in another language.
    a_phrase_in_brackets_that_stands_for_a_text_is_found: [("Needed for what you ask for", "Needed for (à compléter)")];

    /// S4-11: a dash is no name.
    a_text_without_a_letter_is_found: [("name = \"Data Protection Commission\"", "name = \"-\"")];

    /// S1-73: an address without its colon.
    an_address_that_leads_nowhere_is_found: [(
        "A letter is enough.",
        "Your browser helps: https//browser.example/cookies.",
    )];

    /// S1-126: an address that others can listen to.
    an_address_that_is_not_encrypted_is_found: [("website = \"https://authority.example\"", "website = \"http://authority.example\"")];

    /// S0-23, S1-11, S3-161: a section that is not printed.
    a_reference_leads_to_a_section: [("{#rights}", "{#cooky}")];

    /// S1-18: "see point 8", while rights are in point 9.
    a_section_is_not_numbered_by_hand: [("Your rights are under {#rights}.", "For your rights see point 8.")];

    /// S1-18: an article of the notice, not of a law.
    an_article_of_the_notice_is_not_numbered_by_hand: [("Your rights are under {#rights}.", "Pour vos droits, voir l’article 9.")];

    /// S1-09, S3-10: data that have no name.
    open_words_about_data_are_found: [("Name of the client", "Name and any other data")];

    /// S4-47: "other purposes" is none.
    other_purposes_are_an_error: [("Keeping our accounts", "Keeping our accounts and other purposes")];

    /// No sentence states a period that no rule executes.
    a_period_in_words_is_one_of_a_rule: [("Whoever brings the parcel sees the address.", "We keep the address for 4 years.")];

    /// GDPR art. 12(1).
    a_text_is_translated: [
        ("offered = [\"en\"]", "offered = [\"en\"]"),
        ("text = { en = \"Addresses are encrypted in the database\" }",
         "text = { en = \"Addresses are encrypted in the database\", fr = \"Addresses are encrypted in the database\" }"),
    ];
}

/// What names a law, a period of a rule, or a choice of the database is left alone.
#[test]
fn texts_that_are_in_order_are_left_alone() {
    let found = super::found(&[
        (
            "Whoever brings the parcel sees the address.",
            "Companies Act 2014, section 28, and article 15 of the GDPR; orders stay for 10 years \
             (https://osprey.example/orders).",
        ),
        (
            "when = { status = \"open\" }",
            "when = { status = \"XXX\" }",
        ),
        ("status = { not = \"open\" }", "status = { not = \"XXX\" }"),
    ]);
    assert_eq!(found, "");
}
