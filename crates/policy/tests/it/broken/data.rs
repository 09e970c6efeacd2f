//! Datasets whose rules cannot be executed.

/// A second purpose.
const SALES: (&str, &str) = (
    "[[topics]]\n",
    "[[purposes]]\nid = \"sales\"\nname = { en = \"Sales\", fr = \"Ventes\" }\n\
     description = { en = \"Selling paper.\", fr = \"Vendre du papier.\" }\nbasis = \"contract\"\n\n\
     [[topics]]\n",
);

super::broken! {
    a_dataset_without_a_table_is_refused: [
        (
            "[datasets.source]\ndatabase = \"crm\"\ntable = \"shop.clients\"\nkey = [\"id\"]\nidentity = \"email\"\n\
             rows = { kind = \"client\" }\nhidden = \"hidden_at\"\nrestricted = \"is_restricted\"\ntime_format = \"timestamp\"\n\n\
             [[datasets.source.dependants]]\ntable = \"notes\"\non = { client_id = \"id\" }\n",
            "",
        ),
    ],
    a_dataset_of_ours_with_a_table_is_refused: [("id = \"clients\"", "id = \"events\"")],
    a_state_without_a_condition_is_refused: [
        ("when = { status = [\"closed\", \"left\"], debt = { null = true }, rank = { not = 1 } }\n", ""),
    ],
    rows_that_belong_to_nothing_are_refused: [
        ("table = \"notes\"\non = { client_id = \"id\" }", "table = \"notes\""),
        ("table = \"orders\"\non = { client_id = \"id\" }", "table = \"orders\""),
    ],
    a_clock_that_counts_from_nothing_is_refused: [("event = \"contract-ended\"\n", "")],
    a_clock_that_counts_from_a_column_and_an_event_is_refused: [
        ("event = \"contract-ended\"\n", "event = \"contract-ended\"\ncolumns = [\"ended_at\"]\n"),
    ],
    a_stage_of_an_unknown_state_is_refused: [("state = \"former\"", "state = \"formre\"")],
    a_stage_of_an_unknown_clock_is_refused: [
        ("clock = \"last-order\"\nafter = \"3 years\"", "clock = \"first-order\"\nafter = \"3 years\""),
    ],
    a_stage_of_an_unknown_purpose_is_refused: [
        ("fields = []\npurpose = \"news\"", "fields = []\npurpose = \"nothing\""),
    ],
    a_stage_of_a_field_that_is_not_collected_is_refused: [
        ("methods = { email = \"domain\" }", "methods = { phone = \"drop\" }"),
    ],
    /// S3-52: what waits for an event that nobody can report would never happen.
    rules_that_wait_for_an_unknown_event_are_refused: [
        ("on = \"left\"", "on = \"gone\""),
        ("event = \"contract-ended\"", "event = \"contract-end\""),
    ],
    a_stage_that_never_happens_is_refused: [("on = \"left\"\n", "")],
    a_stage_by_a_clock_and_on_an_event_is_refused: [
        ("on = \"left\"\n", "on = \"left\"\nclock = \"last-order\"\n"),
    ],
    a_period_without_a_clock_is_refused: [("on = \"left\"\n", "on = \"left\"\nafter = \"1 year\"\n")],
    a_purge_with_methods_is_refused: [("action = \"anonymise\"", "action = \"purge\"")],
    an_anonymisation_without_methods_is_refused: [("methods = { email = \"domain\" }\n", "")],
    an_anonymisation_of_listed_fields_is_refused: [
        ("methods = { email = \"domain\" }\n", "methods = { email = \"domain\" }\nfields = [\"email\"]\n"),
    ],
    a_change_within_the_archive_is_refused: [("on = \"left\"\n", "on = \"left\"\nwithin = \"archive\"\n")],
    a_row_archived_in_part_is_refused: [("fields = []\npurpose", "fields = [\"email\"]\npurpose")],
    a_row_hidden_in_part_is_refused: [
        ("action = \"archive\"", "action = \"hide\""),
        ("fields = []\npurpose", "fields = [\"email\"]\npurpose"),
    ],
    /// S1-41: what serves another purpose too does not go with one of them.
    a_purge_of_what_another_purpose_needs_is_refused: [
        SALES,
        ("action = \"archive\"", "action = \"purge\""),
        ("fields = []\npurpose", "fields = [\"email\"]\npurpose"),
        ("max_length = 254\npurposes = [\"news\"]", "max_length = 254\npurposes = [\"news\", \"sales\"]"),
    ],
    /// S1-41.
    a_purge_at_the_end_of_a_purpose_that_takes_nothing_is_refused: [
        SALES,
        ("action = \"archive\"", "action = \"purge\""),
        ("max_length = 254\npurposes = [\"news\"]", "max_length = 254\npurposes = [\"news\", \"sales\"]"),
    ],
    a_row_hidden_at_the_end_of_one_purpose_of_several_is_refused: [
        SALES,
        ("action = \"archive\"", "action = \"hide\""),
        ("max_length = 254\npurposes = [\"news\"]", "max_length = 254\npurposes = [\"news\", \"sales\"]"),
    ],
    a_minimum_of_what_is_not_there_is_refused: [
        (
            "clock = \"last-order\"\nperiod = \"10 years\"\nfields = [\"email\"]",
            "clock = \"invoice\"\nperiod = \"10 years\"\nfields = [\"invoice\"]",
        ),
        ("state = \"former\"\npromises = [\"S4-47\"]", "state = \"closed\"\npromises = [\"S4-47\"]"),
    ],
}
