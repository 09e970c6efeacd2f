//! Subscriptions, links, limits and mail that contradict themselves.

super::broken! {
    a_policy_without_a_default_topic_is_refused: [("default = true\n", "default = false\n")],
    /// S0-31, S0-32: the reminder goes to an address that is still there.
    a_reminder_after_the_address_is_gone_is_refused: [("reminder = \"7 days\"", "reminder = \"1 year\"")],
    links_that_outlive_what_they_are_for_are_refused: [
        ("confirmation = \"30 days\"", "confirmation = \"2 years\""),
        ("sensitive = \"24 hours\"", "sensitive = \"13 months\""),
    ],
    a_hand_over_repeated_too_soon_is_refused: [
        ("uncertain_after = \"30 minutes\"", "uncertain_after = \"5 minutes\""),
    ],
    a_hand_over_repeated_after_the_letter_is_given_up_is_refused: [
        ("retry_for = \"5 days\"", "retry_for = \"20 minutes\""),
    ],
    a_breaker_that_could_judge_nobody_is_refused: [("settle = \"15 minutes\"", "settle = \"2 hours\"")],
}
