//! Names that are there twice, and names of nothing.

super::broken! {
    two_topics_of_one_name_are_refused: [
        (
            "[[recipients]]",
            "[[topics]]\nid = \"letter\"\nname = { en = \"A\", fr = \"A\" }\n\
             description = { en = \"A\", fr = \"A\" }\npurpose = \"news\"\ndefault = false\n\n[[recipients]]",
        ),
    ],
    one_language_offered_twice_is_refused: [("offered = [\"en\", \"fr\"]", "offered = [\"en\", \"fr\", \"fr\"]")],
    a_default_language_that_is_not_offered_is_refused: [("offered = [\"en\", \"fr\"]", "offered = [\"fr\"]")],
    /// S1-124: name and domain together tell cookies apart.
    one_cookie_listed_twice_is_refused: [
        (
            "[[cookies.links]]",
            "[[cookies.register]]\nname = \"_count\"\ndomain = \"ORME.example\"\ncategory = \"statistics\"\n\
             lifetime = \"1 day\"\ndescription = { en = \"A\", fr = \"A\" }\n\n[[cookies.links]]",
        ),
    ],
    two_fields_of_one_column_are_refused: [
        (
            "[[datasets.states]]",
            "[[datasets.fields]]\nid = \"email\"\nname = { en = \"A\", fr = \"A\" }\n\n[[datasets.states]]",
        ),
    ],
    two_stages_of_one_name_are_refused: [("id = \"reduce-former\"", "id = \"archive-former\"")],
    two_datasets_of_one_name_are_refused: [("id = \"clients\"", "id = \"subscribers\"")],
    /// S0-24: a topic without its purpose would be processing without a reason.
    a_topic_with_an_unknown_purpose_is_refused: [
        ("purpose = \"news\"", "purpose = \"new\""),
    ],
    a_purpose_with_an_unknown_recipient_is_refused: [
        ("recipients = [\"analytics\"]", "recipients = [\"printing-house\"]"),
    ],
    a_recipient_with_an_unknown_purpose_is_refused: [
        (
            "reason = { en = \"To count visits\", fr = \"Compter les visites\" }\npurposes = [\"news\"]",
            "reason = { en = \"To count visits\", fr = \"Compter les visites\" }\npurposes = [\"news\", \"sales\"]",
        ),
    ],
    a_dataset_that_names_what_is_not_there_is_refused: [
        (
            "purposes = [\"news\"]\nhosts = [\"main\"]\nteams = [\"sales\"]",
            "purposes = [\"sales\"]\nhosts = [\"mian\"]\nteams = [\"support\"]",
        ),
    ],
    a_field_that_names_what_is_not_there_is_refused: [
        ("category = \"identity\"", "category = \"identities\""),
        ("at_write = \"domain\"\nteams = [\"sales\"]", "at_write = \"domain\"\nteams = [\"legal\"]"),
        ("max_length = 254\npurposes = [\"news\"]", "max_length = 254\npurposes = [\"olds\"]"),
    ],
    a_cookie_of_an_unknown_category_is_refused: [
        ("category = \"statistics\"\nrecipient = \"analytics\"", "category = \"advertising\"\nrecipient = \"us\""),
    ],
    a_category_of_cookies_with_an_unknown_purpose_is_refused: [
        ("basis = \"consent\"\npurposes = [\"news\"]", "basis = \"consent\"\npurposes = [\"statistics\"]"),
    ],
    a_duty_of_nobody_is_refused: [
        ("debtor = \"processor\"\nbeneficiary = \"processor\"", "debtor = \"we\"\nbeneficiary = \"you\""),
    ],
    a_host_without_a_name_is_refused: [
        ("name = \"Hébergement du Pré\"\n", ""),
        (
            "[hosts.document]\nname = { en = \"Contract\", fr = \"Contrat\" }\nurl = \"https://orme.example/hosting\"\ndate = 2026-01-01\n",
            "",
        ),
    ],
    a_week_without_a_working_day_is_refused: [
        (
            "weekend = [\"saturday\", \"sunday\"]",
            "weekend = [\"monday\", \"tuesday\", \"wednesday\", \"thursday\", \"friday\", \"saturday\", \"sunday\"]",
        ),
    ],
}
