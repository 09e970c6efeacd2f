//! What the notice says beside what follows from the rules.

use super::controller::Reference;
use crate::read::{DATE, FLAG, PERIOD, PROMISE, TEXT, choice, choices, named, tables};
use crate::{Localized, Period, PromiseId, Slug};

choices! {
    /// Why a version differs from the one before (S2-61).
    pub enum ChangeReason {
        /// It is the first.
        First = "first",
        /// The law changed.
        Law = "law",
        /// The service changed.
        Service = "service",
        /// A mistake was mended.
        Correction = "correction",
    }

    /// How a change is announced (S2-06).
    pub enum Announcement {
        /// On the site.
        Banner = "banner",
        /// By e-mail to everybody concerned.
        Mail = "mail",
    }

    /// Where in the notice a clause stands.
    pub enum Place {
        /// At the beginning.
        Introduction = "introduction",
        /// With the purposes.
        Purposes = "purposes",
        /// With the recipients.
        Recipients = "recipients",
        /// With the periods.
        Periods = "periods",
        /// With the rights.
        Rights = "rights",
        /// With the cookies.
        Cookies = "cookies",
        /// With the security measures.
        Security = "security",
        /// With the versions.
        Versions = "versions",
        /// On the legal page.
        Legal = "legal",
    }

    /// A section of the printed notice, which `{#anchor}` refers to (S0-23, S1-18).
    pub enum NoticeSection {
        /// The purposes in plain words.
        Summary = "summary",
        /// Who is responsible.
        Controller = "controller",
        /// Which data are used.
        Data = "data",
        /// What for, and why that is lawful.
        Purposes = "purposes",
        /// Who receives data.
        Recipients = "recipients",
        /// Where data lie, and where they go.
        Places = "places",
        /// How long.
        Periods = "periods",
        /// The rights, and how to use them.
        Rights = "rights",
        /// Cookies.
        Cookies = "cookies",
        /// Where to complain.
        Complaint = "complaint",
        /// The security measures.
        Security = "security",
        /// Processing for others: the annex.
        Processing = "processing",
        /// The versions, and what changed.
        Versions = "versions",
    }
}

tables! {
    /// The notice as a document.
    pub struct Notice {
        /// What it is called; "Privacy notice" when left out.
        pub title: Option<Localized> => optional_localized,
        /// What it applies to (S1-01, S4-04).
        pub scope: Vec<Localized> => localized_list,
        /// Whom it is for (S1-02, S2-02).
        pub audience: Vec<Localized> => localized_list,
        /// The laws it refers to (S2-04, S4-03).
        pub legal_references: Vec<Localized> => localized_list,
        /// The law that governs it (S0-07).
        pub applicable_law: Option<Localized> => optional_localized,
        /// Whose courts are competent (S0-07).
        pub jurisdiction: Option<Localized> => optional_localized,
        /// Who made the site (S0-10).
        pub credits: Option<String> => optional(&TEXT),
        /// The date by which somebody looks at the policy again (S4-10).
        pub review: Option<jiff::civil::Date> => optional(&DATE),
        /// How often the notice is updated at least (S2-05).
        pub review_every: Option<Period> => optional(&PERIOD),
        /// Whether a summary of the purposes in plain words stands at the beginning (S3-97).
        pub summary: bool => default(&FLAG, "true"),
        /// Documents elsewhere.
        pub documents: Vec<Reference> => optional_sections,
        /// Whether it warns of links to other sites (S0-08).
        pub warns_of_links: bool => default(&FLAG, "false"),
        /// Promises of the notice that it carries.
        pub promises: Vec<PromiseId> => optional_list(&PROMISE),
    }

    /// A text without effect on the engine, marked as informational (S0-09).
    pub struct Clause {
        /// The anchor; not that of a section of the notice.
        pub id: Slug => required(&named("\"links-to-us\"")),
        /// Where it stands.
        pub place: Place => required(&choice("\"legal\"")),
        /// Its title.
        pub title: Localized => localized,
        /// Its text; `{#anchor}` refers to a section or another clause (S0-23, S1-11, S1-18).
        pub text: Localized => prose,
        /// Promises of the notice that it carries.
        pub promises: Vec<PromiseId> => optional_list(&PROMISE),
    }

    /// What differs from the version before (S2-61, S4-08).
    pub struct Change {
        /// Why it differs.
        pub reason: ChangeReason => required(&choice("\"service\"")),
        /// How it is announced.
        pub announce: Vec<Announcement> => list(&choice("\"banner\"")),
        /// How long pages show a banner about it, from when it is in force.
        pub banner_for: Period => default(&PERIOD, "\"30 days\""),
        /// Whether it is substantial, so that everybody concerned is told; what the comparison with
        /// the version before says when left out.
        pub substantial: Option<bool> => optional(&FLAG),
        /// What changed, for people.
        pub summary: Option<Localized> => optional_prose,
    }

    /// A security measure that the notice names (S1-38, S4-51).
    pub struct Safeguard {
        /// Names it.
        pub id: Slug => required(&named("\"encryption\"")),
        /// What is done.
        pub text: Localized => localized,
        /// Promises of the notice that it carries.
        pub promises: Vec<PromiseId> => optional_list(&PROMISE),
    }
}
