//! Who receives data, and what protects them there.

use consentry_address::EmailAddress;

use super::controller::Reference;
use crate::read::{ADDRESS, COUNTRY, DATE, FLAG, TEXT, choice, choices, named, tables};
use crate::{Country, Localized, PurposeId, RecipientId};

choices! {
    /// What a recipient is to the controller.
    pub enum RecipientKind {
        /// Acts on instructions (GDPR art. 28).
        Processor = "processor",
        /// A company of the same group (S1-31).
        Subsidiary = "subsidiary",
        /// Decides with the controller, or for itself.
        Partner = "partner",
        /// Receives data for its own account (S1-90).
        OwnAccount = "own-account",
        /// A public authority, a court, an auditor (S1-32, S3-42).
        Authority = "authority",
    }

    /// Why a transfer outside the European Economic Area is lawful (GDPR chapter V).
    pub enum Mechanism {
        /// A decision of the Commission (art. 45; S1-36).
        Adequacy = "adequacy",
        /// Standard contractual clauses (art. 46(2)(c); S1-37).
        StandardClauses = "scc",
        /// Binding corporate rules (art. 47).
        BindingRules = "bcr",
        /// Another recognised safeguard (art. 46; S4-43).
        Other = "other",
        /// A derogation of art. 49, which needs a document (S3-154).
        Derogation = "art-49",
    }

    /// Where a recipient stands (S3-118 to S3-124).
    pub enum RecipientStatus {
        /// Receives data.
        Active = "active",
        /// Announced; receives nothing yet.
        Proposed = "proposed",
    }

    /// Which way data go.
    pub enum Direction {
        /// To the recipient.
        Out = "out",
        /// From it.
        In = "in",
        /// Both ways (S1-31).
        Both = "both",
    }
}

tables! {
    /// A recipient or a kind of recipients (GDPR art. 13(1)(e)).
    pub struct Recipient {
        /// Named by purposes and cookies.
        pub id: RecipientId => required(&named("\"hosting\"")),
        /// The name, or the category.
        pub name: Localized => localized,
        /// What it is to the controller.
        pub kind: RecipientKind => required(&choice("\"processor\"")),
        /// Why it receives data (S1-28).
        pub reason: Localized => localized,
        /// What it receives data for, and nothing else (S4-30).
        pub purposes: Vec<PurposeId> => optional_list(&named("\"product-news\"")),
        /// Where it processes data; left out for a category whose members are in the European
        /// Economic Area.
        pub countries: Vec<Country> => optional_list(&COUNTRY),
        /// What protects data in a country outside the European Economic Area.
        pub transfer: Option<Transfer> => optional_section,
        /// The contract that binds it (GDPR art. 28(3); S1-40, S4-02).
        pub contract: Option<Reference> => optional_section,
        /// Its guarantees (S3-120).
        pub guarantee: Option<Reference> => optional_section,
        /// What it does for the controller (S3-118).
        pub activity: Option<Localized> => optional_localized,
        /// Who it is, where the name is a category (S3-122).
        pub identity: Option<String> => optional(&TEXT),
        /// Where to reach it.
        pub contact: Option<EmailAddress> => optional(&ADDRESS),
        /// Whether it receives data already.
        pub status: RecipientStatus => default(&choice("\"active\""), "\"active\""),
        /// Which way data go.
        pub direction: Direction => default(&choice("\"out\""), "\"out\""),
        /// Whether a person must agree expressly before it receives anything (S4-37).
        pub express_consent: bool => default(&FLAG, "false"),
        /// Whether it receives anonymised data alone (S4-33).
        pub anonymised_only: bool => default(&FLAG, "false"),
        /// Whether it holds data on its servers: its countries then count for `region`.
        pub stores: bool => default(&FLAG, "false"),
    }

    /// The safeguard of a transfer (S1-35).
    pub struct Transfer {
        /// Which safeguard.
        pub mechanism: Mechanism => required(&choice("\"scc\"")),
        /// The decision, the clauses, the rules; the document that art. 49 needs.
        pub document: Option<Reference> => optional_section,
        /// Since when it applies.
        pub since: Option<jiff::civil::Date> => optional(&DATE),
    }
}
