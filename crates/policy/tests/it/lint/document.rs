//! The document, the calendar, the engine.

finds! {
    /// S4-103: the same section, printed twice.
    a_section_is_printed_once: [(
        "[[clauses]]",
        "[[clauses]]\nid = \"again\"\nplace = \"security\"\ntitle = { en = \"Again\" }\ntext = { en = \
         \"Addresses are encrypted in the database\" }\n\n[[clauses]]",
    )];

    /// S4-103: the same paragraph within a section.
    a_paragraph_is_printed_once: [(
        "Whoever brings the parcel sees the address.",
        "Whoever brings the parcel sees the address.\\n\\nWhoever brings the parcel sees the address.\\n\\n",
    )];

    /// S2-06, S4-08.
    a_substantial_change_is_mailed: [("announce = [\"banner\", \"mail\"]", "announce = [\"banner\"]")];

    /// S2-61.
    a_correction_is_not_substantial: [("reason = \"service\"", "reason = \"correction\"")];

    /// S3-157.
    working_days_know_holidays: [("holidays = [\"01-01\", \"easter+1\", \"12-25\"]\n", "")];

    /// S3-49.
    a_financial_year_has_an_end: [("financial_year_ends = \"12-31\"\n", "")];

    /// S3-158.
    business_hours_are_two_times_of_day: [("\"09:00-17:00\"", "\"from nine to five\"")];

    /// A longer period never reaches back unless the file says so, and then it is told.
    a_longer_period_that_reaches_back_is_told: [(
        "[subscription]",
        "[engine]\nlonger_reaches_back = true\n\n[subscription]",
    )];

    /// A rule that takes everything asks first.
    a_rule_has_a_brake: [("[subscription]", "[engine]\nbrake = 100\n\n[subscription]")];
}
