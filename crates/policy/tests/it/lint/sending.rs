//! Subscriptions, backups, limits, letters.

finds! {
    /// S0-59.
    a_departure_is_not_proved_for_ever: [(
        "[[datasets.stages]]\nid = \"purge-unsubscribed\"\naction = \"purge\"\nstate = \"unsubscribed\"\n\
         clock = \"last-departure\"\nafter = \"3 years\"\n",
        "",
    )];

    /// S0-63; GDPR art. 12(3).
    an_erasure_is_over_within_a_month: [(
        "clock = \"erasure-request\"\nafter = \"1 month\"",
        "clock = \"erasure-request\"\nafter = \"90 days\"",
    )];

    /// S0-65.
    backups_end: [("keep = \"90 days\"\n", "")];

    /// Nobody signs up other people without limit.
    clients_and_domains_are_limited: [
        ("per_client = \"60/minute\"", "per_client = \"off\""),
        ("per_domain = \"600/hour\"", "per_domain = \"off\""),
    ];

    /// Sign-ups that nobody confirms slow down.
    sign_ups_have_a_breaker: [(
        "[limits.breaker]\nwindow = \"2 hours\"\nsettle = \"15 minutes\"\nleast = 100\nshare = 10\n\
         trickle = \"60/hour\"\n",
        "",
    )];

    /// S0-44; RFC 2919 section 3.
    a_list_has_a_name_of_its_owner: [("list_id = \"news.osprey.example\"", "list_id = \"news.heron.example\"")];
}
