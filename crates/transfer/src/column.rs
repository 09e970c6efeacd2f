//! The columns that an import knows and an export writes.

/// A column, by its name in the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// The address; the one that must be there.
    Email,
    /// The person's state: `confirmed`, `pending` or `unsubscribed`. An import leaves out who is
    /// unsubscribed, and enters nobody as confirmed who is pending.
    State,
    /// The topics in that state, separated by spaces.
    Topics,
    /// The language of the letters.
    Language,
    /// The legal basis of the topics.
    Basis,
    /// When the person agreed to the last of the topics.
    ConfirmedAt,
}

impl Column {
    /// Every column, in the order of an export.
    pub const ALL: [Self; 6] = [
        Self::Email,
        Self::State,
        Self::Topics,
        Self::Language,
        Self::Basis,
        Self::ConfirmedAt,
    ];

    /// The name in the header.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::State => "state",
            Self::Topics => "topics",
            Self::Language => "language",
            Self::Basis => "basis",
            Self::ConfirmedAt => "confirmed_at",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        let is_called = |column: &Self| column.name().eq_ignore_ascii_case(name);
        Self::ALL.into_iter().find(is_called)
    }

    /// What a name that is none of ours probably means.
    pub(crate) fn like(name: &str) -> Option<Self> {
        let name = name.to_lowercase().replace(['-', ' '], "_");
        let means =
            |(words, column): &(&[&str], Self)| words.contains(&name.as_str()).then_some(*column);
        OTHER_WORDS.iter().find_map(means).or_else(|| {
            Self::ALL
                .into_iter()
                .map(|column| (strsim::damerau_levenshtein(&name, column.name()), column))
                .filter(|(distance, column)| *distance <= column.name().len() / 3)
                .min_by_key(|(distance, _)| *distance)
                .map(|(_, column)| column)
        })
    }
}

/// What other systems call the same.
const OTHER_WORDS: [(&[&str], Column); 6] = [
    (
        &[
            "e_mail",
            "mail",
            "address",
            "email_address",
            "e_mail_address",
            "adresse",
            "courriel",
        ],
        Column::Email,
    ),
    (&["status"], Column::State),
    (
        &["topic", "list", "lists", "tags", "segments"],
        Column::Topics,
    ),
    (
        &["lang", "locale", "langue", "language_code"],
        Column::Language,
    ),
    (&["legal_basis", "lawful_basis"], Column::Basis),
    (
        &[
            "confirmed",
            "confirm_time",
            "confirmation_time",
            "optin_time",
            "opt_in_date",
            "consent_date",
            "consented_at",
            "subscribed_at",
            "date",
            "created_at",
        ],
        Column::ConfirmedAt,
    ),
];
