//! Datasets and fields.

finds! {
    /// S1-129: recruitment is named, and nothing else is said about it.
    an_announced_dataset_is_told_completely: [(
        "purposes = [\"orders\"]\nenabled = false",
        "enabled = false",
    )];

    /// S2-11, S4-01.
    a_dataset_names_its_data: [(
        "[[datasets.fields]]\nid = \"choice\"\nname = { en = \"What was chosen\" }\nsource = \"use\"\n\
         justification = { en = \"Not to ask again\" }\n",
        "",
    )];

    /// S2-11, S3-36; GDPR art. 5(1)(b).
    a_dataset_has_a_purpose: [("purposes = [\"orders\", \"accounts\"]\n", "")];

    /// S2-11, S4-27.
    a_field_has_a_purpose: [
        ("purposes = [\"orders\", \"accounts\"]\n", ""),
        ("name = { en = \"Date of birth\" }", "name = { en = \"Date of birth\" }\npurposes = [\"orders\"]"),
        ("name = { en = \"Way to pay\" }", "name = { en = \"Way to pay\" }\npurposes = [\"accounts\"]"),
        ("name = { en = \"Name of the client\" }", "name = { en = \"Name of the client\" }\npurposes = [\"orders\"]"),
    ];

    /// S2-11; GDPR art. 5(1)(c).
    a_field_is_justified: [("justification = { en = \"To be paid\" }\n", "")];

    /// S3-65, S4-18; GDPR art. 13(2)(e).
    a_mandatory_field_has_a_consequence: [("consequence = { en = \"Without it there is no news\" }\n", "")];

    /// S1-09, S3-10, S3-14, S3-17: "any related data".
    a_field_is_definite: [(
        "name = { en = \"What was said\" }\njustification = { en = \"To answer\" }",
        "name = { en = \"Any related data\" }\nopen_ended = true",
    )];

    /// S3-03; GDPR art. 9(1).
    a_field_of_a_special_category_has_a_ground: [("id = \"payment\"", "id = \"health_insurer\"")];

    /// S3-03: the ground serves a purpose.
    a_special_ground_has_a_purpose: [("id = \"payment\"", "id = \"payment\"\nspecial = \"legal-claims\"")];

    /// S3-03; GDPR art. 9(2)(a).
    an_explicit_consent_is_asked_for: [(
        "id = \"payment\"",
        "id = \"payment\"\nspecial = \"explicit-consent\"\npurposes = [\"orders\"]",
    )];

    /// S0-70.
    a_choice_has_values: [("values = [\"card\", \"transfer\"]\n", "")];

    /// S0-59, S2-14, S3-66: what the software keeps has rules too.
    a_dataset_that_is_kept_is_declared: [(
        "[[datasets]]\nid = \"events\"\nname = { en = \"Evidence\" }\npeople = { en = \"People who \
         subscribe\" }\npurposes = [\"news\"]\n\n[[datasets.fields]]\nid = \"event\"\nname = { en = \"What \
         was agreed\" }\nsource = \"use\"\njustification = { en = \"To show that it was\" }\n\n\
         [[datasets.stages]]\nid = \"purge-events\"\naction = \"purge\"\nclock = \"subject-purged\"\n",
        "",
    )];

    /// S1-06.
    a_category_has_fields: [("category = \"contact\"\n", "")];

    /// S3-39.
    a_team_sees_something: [("teams = [\"desk\"]\n", "")];
}
