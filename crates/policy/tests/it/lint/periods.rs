//! How long.

const END_OF_VISITS: &str = "[[datasets.stages]]\nid = \"purge-visits\"\naction = \"purge\"\nclock = \
                             \"seen\"\nafter = \"5 working days\"\n";
const END_OF_OTHERS: &str = "[[datasets.stages]]\nid = \"purge-other\"\naction = \"purge\"\nclock = \
                             \"last-contact\"\nafter = \"10 years\"\n";

finds! {
    /// S3-52.
    an_event_is_waited_for: [(
        "[subscription]",
        "[[events]]\nid = \"moved-out\"\nname = { en = \"the move\" }\n\n[subscription]",
    )];

    /// S2-14, S3-47; GDPR art. 5(1)(e).
    a_dataset_has_a_period: [(
        "action = \"purge\"\nclock = \"seen\"",
        "action = \"hide\"\nclock = \"seen\"",
    )];

    /// S3-54: pending candidates have no clock.
    a_state_has_a_period: [
        (END_OF_OTHERS, ""),
        ("action = \"review\"", "action = \"restrict\""),
        ("id = \"last-contact\"", "id = \"last-letter\""),
    ];

    /// S3-55: a catch-all covers what no rule names, when somebody looks at it.
    a_catch_all_is_bounded: [(
        END_OF_VISITS,
        "[[datasets.stages]]\nid = \"review-visits\"\naction = \"review\"\nclock = \"seen\"\n\n\
         [catch_all]\ndescription = { en = \"The rest\" }\n",
    )];

    /// S4-48 to S4-50; GDPR art. 5(1)(e).
    an_archive_is_emptied: [("within = \"archive\"\n", "")];

    /// S2-32: an archive that nothing enters.
    an_archive_is_filled: [("action = \"archive\"", "action = \"hide\"")];

    /// S2-24: first the archive, then the purge.
    an_archive_is_filled_before_it_is_emptied: [
        ("after = \"2 years\"\nreason", "after = \"7 years\"\nreason"),
    ];

    /// S2-24, S4-49.
    an_archive_has_a_reason: [
        ("reason = { en = \"Proof of the sale\" }\n", ""),
        ("[[datasets.minima]]\nid = \"books\"\nclock = \"invoiced\"\nperiod = \"6 years\"\nreason = \"law\"\n\
          basis = { en = \"Companies Act 2014, section 285\" }\nstate = \"sent\"\n", ""),
    ];

    /// The shortest maximum wins, so the longer one never runs.
    a_stage_comes_before_the_end: [(
        END_OF_VISITS,
        "[[datasets.stages]]\nid = \"purge-visits\"\naction = \"purge\"\nclock = \"seen\"\nafter = \"2 \
         weeks\"\n\n[[datasets.stages]]\nid = \"hide-visits\"\naction = \"hide\"\nclock = \
         \"seen\"\nafter = \"1 month\"\n",
    )];

    /// S3-49, S4-47: from the same moment, one of the two is wrong.
    a_minimum_is_below_the_maximum: [("period = \"6 years\"", "period = \"8 years\"")];

    /// S3-48: from another moment, it may be.
    a_minimum_of_another_clock_is_compared: [
        ("after = \"10 years\"", "after = \"5 years\""),
    ];

    /// S3-55, S4-47; GDPR art. 17(3)(b).
    a_minimum_by_law_names_the_law: [(
        "basis = { en = \"Companies Act 2014, section 285\" }",
        "basis = { en = \"We must keep books\" }",
    )];

    /// S3-54: a clock was meant for a rule.
    a_clock_is_used: [("clock = \"last-contact\"", "clock = \"ordered\"")];

    /// S3-54: and so was a state.
    a_state_is_used: [("state = \"open\"\nclock", "clock")];

    /// S1-48: what an interaction is.
    an_interaction_is_defined: [(
        "counts = [{ en = \"an order\" }, { en = \"a letter from you\" }]\n",
        "",
    )];
}
