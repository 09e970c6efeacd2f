//! What is called anonymous.

finds! {
    /// S2-17, S2-19; GDPR recital 26.
    an_identity_column_is_reduced: [("methods = { phone = \"drop\", transcript", "methods = { transcript")];

    /// S2-19: free text tells who wrote it.
    what_people_said_is_reduced: [(", transcript = \"constant(removed)\" }", " }")];

    /// S2-19: however a column is written.
    what_people_said_is_recognised_by_its_name: [
        ("id = \"transcript\"", "id = \"callTranscript\""),
        (", transcript = \"constant(removed)\" }", " }"),
    ];

    /// S2-19: a column that is no field is left as it is.
    an_identity_column_is_a_field: [("identity = \"phone\"", "identity = \"caller_id\"")];

    /// S2-19: a client's number leads to whoever has it elsewhere.
    what_joins_a_row_with_another_is_reduced: [(
        "key = [\"id\"]\nidentity = \"phone\"",
        "key = [\"id\"]\nidentity = \"phone\"\n\
         dependants = [{ table = \"orders\", on = { call_id = \"id\" } }]",
    )];

    /// S2-19: of rows that no dataset knows nobody can say whom they tell of.
    what_belongs_to_a_row_is_known: [(
        "key = [\"id\"]\nidentity = \"phone\"",
        "key = [\"id\"]\nidentity = \"phone\"\n\
         dependants = [{ table = \"recordings\", on = { call_id = \"id\" } }]",
    )];

    /// S4-15.
    what_is_anonymised_at_collection_is_reduced_at_once: [("at_write = \"network-prefix\"\n", "")];

    /// S2-17: a text for each person is no constant.
    a_constant_is_the_same_for_everybody: [("constant(removed)", "constant(user-{id})")];

    /// S2-10, S2-17.
    a_method_reduces_its_own_kind: [("at_write = \"year\"", "at_write = \"domain\"")];

    /// S2-19.
    small_groups_are_left_out: [("[subscription]", "[engine]\nsmallest_group = 2\n\n[subscription]")];
}
