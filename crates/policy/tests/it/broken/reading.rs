//! Files that cannot be read.

super::broken! {
    text_that_is_not_toml_is_shown_with_its_place: [
        ("name = \"Orme Papeterie\"", "name = Orme Papeterie"),
    ],
    a_key_written_twice_is_refused: [("reminder = \"7 days\"", "rest = \"7 days\"")],
    a_table_written_twice_is_refused: [("[backups]", "[links]")],
    a_text_that_is_not_closed_is_refused: [("brand = \"Orme\"", "brand = \"Orme")],
    a_misspelt_key_is_shown_with_the_right_one: [("answer = \"1 month\"", "anwser = \"1 month\"")],
    a_misspelt_section_is_shown_with_the_right_one: [("[subscription]", "[subscripton]")],
    a_misspelt_key_of_a_nested_table_is_shown: [("financial_year_ends", "financial_year_end")],
    a_key_of_no_table_is_shown_with_those_there_are: [
        ("review = \"6 months\"", "review = \"6 months\"\ncolour = \"blue\""),
    ],
    a_key_missing_in_an_entry_is_shown_at_the_entry: [
        ("basis = \"legitimate-interest\"\n", ""),
    ],
    a_missing_section_is_shown_with_how_to_write_it: [
        ("[links]\nconfirmation = \"30 days\"\npreferences = \"1 year\"\nsensitive = \"24 hours\"\n", ""),
    ],
    /// S0-01: who is responsible has to be stated.
    a_controller_without_a_name_is_refused: [("name = \"Orme Papeterie\"\n", "")],
    a_section_written_as_a_value_is_refused: [
        ("\n[backups]\nkeep = \"90 days\"\n", ""),
        ("region = \"EU\"\n", "region = \"EU\"\nbackups = \"90 days\"\n"),
    ],
    a_list_of_sections_written_as_a_section_is_refused: [("[[teams]]", "[teams]")],
    a_section_written_as_a_list_of_sections_is_refused: [("[engine]", "[[engine]]")],
    sections_written_as_texts_are_refused: [
        ("documents = [{ name = { en = \"Terms\", fr = \"Conditions\" } }]", "documents = [\"Terms\"]"),
    ],
    a_text_in_one_language_alone_is_refused: [
        ("{ en = \"News\", fr = \"Actualités\" }", "{ en = \"News\" }"),
    ],
    a_text_in_a_language_that_is_not_spoken_is_refused: [
        ("{ en = \"News\", fr = \"Actualités\" }", "{ en = \"News\", fr = \"Actualités\", de = \"Neues\" }"),
    ],
    a_text_without_languages_is_refused: [("{ en = \"News\", fr = \"Actualités\" }", "\"News\"")],
    a_blank_text_is_refused: [("name = \"Orme Papeterie\"", "name = \" \"")],
    blank_prose_is_refused: [("\"Few letters.\"", "\"\"\"\n\n\"\"\"")],
    a_name_of_two_lines_is_refused: [("brand = \"Orme\"", "brand = \"Orme\\nDijon\"")],
    an_empty_list_is_refused: [("address = [\"1 rue du Pré\", \"21000 Dijon\"]", "address = []")],
    an_empty_list_of_choices_is_refused: [("weekend = [\"saturday\", \"sunday\"]", "weekend = []")],
    a_value_in_place_of_a_list_is_refused: [("offered = [\"en\", \"fr\"]", "offered = \"en\"")],
    all_faults_are_told_at_once_in_the_order_of_the_file: [
        ("Europe/Paris\"", "Europe/Pariss\""),
        ("privacy@orme.example", "privacy@orme"),
        ("after = \"30 days\"", "after = \"thirty days\""),
        ("total = \"off\"", "total = \"many\""),
        ("retry_for = \"5 days\"", "retry_for = 5"),
    ],
    a_zero_period_and_an_endless_one_are_refused: [
        ("after = \"12 months\"", "after = \"0 months\""),
        ("after = \"30 days\"", "after = \"10000 years\""),
    ],
    a_period_of_another_unit_is_refused: [("cool_down = \"10 minutes\"", "cool_down = \"1 fortnight\"")],
    an_unknown_legal_basis_is_shown_with_those_there_are: [
        ("basis = \"legitimate-interest\"", "basis = \"habit\""),
    ],
    a_misspelt_choice_is_shown_with_the_right_one: [("action = \"anonymise\"", "action = \"anonymize\"")],
    an_id_in_capitals_is_refused: [("id = \"analytics\"", "id = \"Analytics\"")],
    a_url_without_a_scheme_is_refused: [("https://orme.example\"", "orme.example\"")],
    an_amount_without_a_currency_is_refused: [("\"368029.68 EUR\"", "\"368029.68 euros\"")],
    a_country_that_there_is_not_is_refused: [("country = \"FR\"", "country = \"XX\"")],
    a_day_that_there_is_not_is_refused: [("effective = 2026-11-02", "effective = \"2026-02-30\"")],
    a_holiday_that_there_is_not_is_refused: [("\"easter+1\"", "\"pentecost\"")],
    the_end_of_a_year_on_no_day_is_refused: [("\"06-30\"", "\"06-31\"")],
    a_time_of_day_without_minutes_is_refused: [("daily_at = \"03:00\"", "daily_at = \"3\"")],
    a_number_out_of_range_is_refused: [
        ("brake = 20", "brake = 101"),
        ("smallest_group = 5", "smallest_group = 0"),
        ("least = 100", "least = -1"),
        ("letters_per_day = 3", "letters_per_day = 4294967296"),
    ],
    a_rate_of_nothing_is_refused: [("trickle = \"60/hour\"", "trickle = \"0/hour\"")],
    a_sender_that_some_relays_refuse_is_refused: [("from = \"news@", "from = \"actualités@")],
    a_domain_of_one_word_is_refused: [("list_id = \"news.orme.example\"", "list_id = \"news\"")],
    a_version_with_a_space_is_refused: [("version = \"2026-11-01\"", "version = \"November 2026\"")],
    a_promise_without_a_number_is_refused: [("promises = [\"S0-01\"]", "promises = [\"S0\"]")],
    a_method_that_there_is_not_is_refused: [("methods = { email = \"domain\" }", "methods = { email = \"hash\" }")],
    a_lifetime_that_is_no_period_is_refused: [("lifetime = \"session\"", "lifetime = \"forever\"")],
    a_column_that_no_database_can_have_is_refused: [
        ("column = \"placed_at\"", "column = \"a.b.c\""),
        ("rows = { paid = true }", "rows = { \"\" = true }"),
    ],
    a_condition_of_two_kinds_is_refused: [
        ("debt = { null = true }", "debt = { null = true, not = 0 }"),
    ],
    a_condition_that_nothing_meets_is_refused: [("[\"closed\", \"left\"]", "[]")],
    a_condition_on_a_fraction_is_refused: [("rank = { not = 1 }", "rank = { not = 0.5 }")],
    a_condition_on_nothing_that_is_neither_is_refused: [
        ("debt = { null = true }", "debt = { null = \"yes\" }"),
    ],
}
