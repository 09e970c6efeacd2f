//! Cookies.

finds! {
    /// S1-84; directive 2002/58/EC art. 5(3).
    advertising_is_never_exempt: [("exempt = true", "exempt = true\nadvertising = true")];

    /// S0-95, S1-90.
    an_exemption_has_a_reason: [("exemption = { en = \"Needed for what you ask for\" }\n", "")];

    /// S1-61, S1-78: necessary cookies serve necessary purposes.
    an_exempt_category_serves_nothing_else: [(
        "purposes = [\"orders\"]\n\n[[cookies.categories]]",
        "purposes = [\"orders\", \"news\"]\n\n[[cookies.categories]]",
    )];

    /// S1-62: an interest is no consent.
    cookies_that_are_not_exempt_need_consent: [(
        "exempt = false",
        "exempt = false\nbasis = \"legitimate-interest\"",
    )];

    /// S1-85, S1-87: least of all for advertising.
    advertising_needs_consent: [(
        "exempt = false",
        "exempt = false\nadvertising = true\nbasis = \"legitimate-interest\"",
    )];

    /// S1-75, S1-121.
    a_category_serves_purposes: [(
        "exempt = false\npurposes = [\"news\"]",
        "exempt = false",
    )];

    /// S1-78: is it exempt to recognise people?
    an_exempt_cookie_recognises_nobody: [("Keeps your choices", "Identifies you at your next visit")];

    /// S1-90: others set cookies for their own ends.
    an_exempt_cookie_is_ours: [(
        "lifetime = \"6 months\"",
        "party = \"partner\"\nrecipient = \"meter\"\nlifetime = \"6 months\"",
    )];

    /// S1-122, S2-59, S3-51.
    a_cookie_ends_with_the_consent: [("lifetime = \"30 days\"", "lifetime = \"399 days\"")];

    /// S1-58, S1-91.
    who_sets_a_cookie_is_named: [("recipient = \"meter\"\n", "")];

    /// S1-91: a register has rows.
    cookies_are_named: [
        ("[[cookies.register]]\nname = \"choices\"\ndomain = \"osprey.example\"\ncategory = \"necessary\"\n\
          lifetime = \"6 months\"\ndescription = { en = \"Keeps your choices\" }\n", ""),
        ("[[cookies.register]]\nname = \"meter\"\ndomain = \"meter.example\"\ncategory = \"statistics\"\n\
          recipient = \"meter\"\nparty = \"third\"\nlifetime = \"30 days\"\ndescription = { en = \"Counts \
          visits\" }\n", ""),
    ];

    /// S1-121: and so has a category; S1-83: the choice is among them.
    a_category_has_cookies_and_the_choice_is_one: [(
        "category = \"necessary\"",
        "category = \"statistics\"",
    )];

    /// S1-128.
    a_consent_is_not_valid_for_too_long: [
        ("consent_validity = \"6 months\"\nrefusal_validity = \"6 months\"", "consent_validity = \"2 years\""),
        ("clock = \"given\"\nafter = \"6 months\"", "clock = \"given\"\nafter = \"2 years\""),
    ];

    /// S1-71.
    a_refusal_is_remembered_as_long_as_a_consent: [(
        "refusal_validity = \"6 months\"",
        "refusal_validity = \"1 month\"",
    )];

    /// S1-71; GDPR art. 7(1).
    a_choice_is_kept_while_it_is_valid: [(
        "clock = \"given\"\nafter = \"6 months\"",
        "clock = \"given\"\nafter = \"30 days\"",
    )];
}
