//! Cookies and other things that are stored on a terminal.

use crate::read::{
    BASIS, DOMAIN, FLAG, LIFETIME, PERIOD, PROMISE, TEXT, URL, choice, choices, named, tables,
};
use crate::{LegalBasis, Lifetime, Localized, Period, PromiseId, PurposeId, RecipientId, Slug};

choices! {
    /// What is stored or read (S1-57).
    pub enum TrackerKind {
        /// A cookie.
        Cookie = "cookie",
        /// Local or session storage.
        LocalStorage = "local-storage",
        /// A pixel.
        Pixel = "pixel",
        /// A fingerprint.
        Fingerprint = "fingerprint",
    }

    /// Who sets it (S1-58).
    pub enum CookieParty {
        /// The publisher.
        Own = "own",
        /// A provider of the publisher.
        Provider = "provider",
        /// A partner.
        Partner = "partner",
        /// Somebody else.
        Third = "third",
    }
}

tables! {
    /// Cookies: categories, register, and for how long a choice is valid.
    pub struct Cookies {
        /// How long a consent is valid, from the first choice (S1-70, S2-59, S3-51).
        pub consent_validity: Period => required(&PERIOD),
        /// How long a refusal is remembered; as long as a consent when left out (S1-71).
        pub refusal_validity: Option<Period> => optional(&PERIOD),
        /// What is told about cookies as a whole.
        pub introduction: Option<Localized> => optional_prose,
        /// Categories, each with a switch of its own unless it is exempt.
        pub categories: Vec<CookieCategory> => sections,
        /// Every single one (S1-91).
        pub register: Vec<Cookie> => optional_sections,
        /// How to set browsers, and where to opt out (S1-73, S1-125).
        pub links: Vec<CookieLink> => optional_sections,
        /// Promises of the notice that it carries.
        pub promises: Vec<PromiseId> => optional_list(&PROMISE),
    }

    /// A category of cookies.
    pub struct CookieCategory {
        /// Named by the register.
        pub id: Slug => required(&named("\"statistics\"")),
        /// The name on pages.
        pub name: Localized => localized,
        /// What they do.
        pub description: Localized => localized,
        /// Whether they are strictly necessary and so need no consent.
        pub exempt: bool => required(&FLAG),
        /// Why they are exempt.
        pub exemption: Option<Localized> => optional_localized,
        /// Why they are lawful, when they are not exempt.
        pub basis: LegalBasis => default(&BASIS, "\"consent\""),
        /// Purposes of the policy that they serve (S1-121).
        pub purposes: Vec<PurposeId> => optional_list(&named("\"audience-measurement\"")),
        /// Whether they serve advertising (S1-84).
        pub advertising: bool => default(&FLAG, "false"),
        /// What they do in detail (S1-86).
        pub details: Vec<Localized> => localized_list,
        /// Promises of the notice that it carries.
        pub promises: Vec<PromiseId> => optional_list(&PROMISE),
    }

    /// A single cookie; its name and domain together are unique (S1-124).
    pub struct Cookie {
        /// The name.
        pub name: String => required(&TEXT),
        /// The domain that it belongs to.
        pub domain: String => required(&DOMAIN),
        /// The category.
        pub category: Slug => required(&named("\"statistics\"")),
        /// Who receives what it holds, when it is not the controller.
        pub recipient: Option<RecipientId> => optional(&named("\"analytics\"")),
        /// What it is.
        pub kind: TrackerKind => default(&choice("\"cookie\""), "\"cookie\""),
        /// Who sets it.
        pub party: CookieParty => default(&choice("\"own\""), "\"own\""),
        /// How long it stays, at most (S1-92).
        pub lifetime: Lifetime => required(&LIFETIME),
        /// What it is for.
        pub description: Localized => localized,
        /// Promises of the notice that it carries.
        pub promises: Vec<PromiseId> => optional_list(&PROMISE),
    }

    /// A link that helps to refuse cookies elsewhere.
    pub struct CookieLink {
        /// What it leads to.
        pub name: Localized => localized,
        /// Where.
        pub url: String => required(&URL),
    }
}
