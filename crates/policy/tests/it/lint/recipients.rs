//! Recipients, hosts, transfers.

const CLAUSES: &str = "transfer = { mechanism = \"scc\", document = { name = { en = \"Clauses with carriers\" } } }\n";

finds! {
    /// S1-35, S4-40; GDPR art. 44.
    a_transfer_has_a_mechanism: [(CLAUSES, "")];

    /// S1-36: a transfer goes to a country.
    a_transfer_goes_to_a_country: [("countries = [\"IE\", \"US\"]", "countries = [\"IE\"]")];

    /// S3-45, S4-41; GDPR art. 45.
    adequacy_is_decided: [
        ("mechanism = \"scc\"", "mechanism = \"adequacy\""),
        ("countries = [\"IE\", \"US\"]", "countries = [\"IE\", \"IN\"]"),
    ];

    /// S1-37, S4-42; GDPR art. 13(1)(f).
    clauses_have_a_document: [(CLAUSES, "transfer = { mechanism = \"scc\" }\n")];

    /// S1-36: the decision is named.
    an_adequacy_decision_is_named: [
        (CLAUSES, "transfer = { mechanism = \"adequacy\" }\n"),
        ("countries = [\"IE\", \"US\"]", "countries = [\"IE\", \"JP\"]"),
    ];

    /// S3-154; GDPR art. 49(6).
    a_derogation_is_documented: [(CLAUSES, "transfer = { mechanism = \"art-49\" }\n")];

    /// S1-40, S4-02; GDPR art. 28(3).
    a_processor_has_a_contract: [(
        "contract = { name = { en = \"Agreement with the answering service\" }, date = \"2026-01-15\" }\n",
        "",
    )];

    /// S1-40: the reference has its date.
    a_contract_has_a_date: [(", date = \"2026-01-15\"", "")];

    /// S4-37.
    an_express_consent_is_asked_for: [(
        "express_consent = true\npurposes = [\"news\"]",
        "express_consent = true\npurposes = [\"orders\"]",
    )];

    /// S1-90, S4-37.
    nobody_receives_data_for_its_own_account_unasked: [("express_consent = true\n", "")];

    /// S3-118, S3-120, S3-122; GDPR art. 28(2), 28(4).
    a_processor_of_a_processor_is_identified: [(
        "guarantee = { name = { en = \"ISO 27001 certificate\" } }\nactivity = { en = \"Takes calls\" }\n",
        "",
    )];

    /// S3-40, S4-30; GDPR art. 13(1)(e).
    a_recipient_has_a_purpose: [
        ("express_consent = true\npurposes = [\"news\"]", "express_consent = true"),
        ("recipient = \"meter\"", "recipient = \"answers\""),
    ];

    /// S4-30, S4-38.
    a_recipient_serves_what_it_says: [(
        "recipients = [\"answers\"]",
        "recipients = [\"answers\", \"carrier\"]",
    )];

    /// S1-33, S3-44: the region holds for every host.
    a_host_is_in_the_region_claimed: [("country = \"IE\"\n\n[[contacts]]", "country = \"GB\"\n\n[[contacts]]"),
        ("countries = [\"IE\", \"US\"]", "countries = [\"IE\", \"GB\"]")];

    /// S4-39: and for recipients that store.
    a_storing_recipient_is_in_the_region_claimed: [
        ("region = \"EEA\"", "region = \"EU\""),
        ("countries = [\"FR\"]\nstores", "countries = [\"FR\", \"NO\"]\nstores"),
    ];

    /// S3-109: as far as possible.
    a_promise_of_a_region_to_controllers_is_compared: [
        ("region = \"EEA\"\n", ""),
        ("operations = [", "region = \"EU\"\noperations = ["),
        ("countries = [\"FR\"]\nstores", "countries = [\"NO\"]\nstores"),
    ];

    /// S1-35: a host abroad is a recipient abroad.
    a_host_abroad_has_a_mechanism: [
        ("region = \"EEA\"\n", ""),
        ("country = \"IE\"\n\n[[contacts]]", "country = \"GB\"\n\n[[contacts]]"),
    ];

    /// S3-43: one main host.
    one_host_is_the_main_one: [("id = \"racks\"", "id = \"racks\"\nrole = \"partner\"")];
}
