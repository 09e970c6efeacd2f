//! Subscribers, whom Consentry keeps itself.

const PENDING: &str = "state = \"pending\"\nclock = \"first-submission\"";

super::broken! {
    a_policy_without_subscribers_is_refused: [
        ("id = \"subscribers\"", "id = \"readers\"\nenabled = false"),
    ],
    /// S0-32: an unconfirmed address does not stay for ever.
    pending_subscribers_without_an_end_are_refused: [
        (PENDING, "state = \"confirmed\"\nclock = \"last-interaction\""),
    ],
    a_stage_of_subscribers_in_any_state_is_refused: [(PENDING, "clock = \"first-submission\"")],
    a_state_of_subscribers_that_there_is_not_is_refused: [
        (PENDING, "state = \"waiting\"\nclock = \"first-submission\""),
    ],
    subscribers_counted_from_another_clock_are_refused: [
        (PENDING, "state = \"pending\"\nclock = \"last-interaction\""),
    ],
    subscribers_ended_at_once_are_refused: [("after = \"30 days\"\n", "")],
    anonymous_subscribers_are_refused: [("action = \"purge\"\nstate = \"erased\"", "action = \"hide\"\nstate = \"erased\"")],
    subscribers_purged_in_part_are_refused: [
        (
            "\nid = \"purge-erased\"\n",
            "\nid = \"purge-erased\"\nwithin = \"archive\"\n",
        ),
    ],
    a_state_of_subscribers_ended_twice_is_refused: [
        (
            "[[datasets]]\nid = \"clients\"",
            "[[datasets.stages]]\nid = \"purge-again\"\naction = \"purge\"\nstate = \"erased\"\n\
             clock = \"erasure-request\"\nafter = \"1 year\"\n\n[[datasets]]\nid = \"clients\"",
        ),
    ],
}
