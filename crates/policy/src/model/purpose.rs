//! Why data are used, and what people can subscribe to.

use crate::read::{BASIS, FLAG, TEXT, choice, choices, named, tables};
use crate::{LegalBasis, Localized, PurposeId, RecipientId, TopicId};

choices! {
    /// Whose interest a processing serves (GDPR art. 6(1)(f); S3-37).
    pub enum InterestOf {
        /// The controller's own.
        Controller = "controller",
        /// Somebody else's.
        ThirdParty = "third-party",
    }

    /// A way to withdraw a consent (GDPR art. 7(3)).
    pub enum Withdrawal {
        /// A link or a page, as easy as giving it.
        Online = "online",
        /// An e-mail to the contact.
        Email = "email",
        /// A letter (S0-15).
        Post = "post",
    }
}

tables! {
    /// What data are used for (GDPR art. 5(1)(b), 13(1)(c)).
    pub struct Purpose {
        /// Named by topics, datasets, recipients and cookies (S0-13, S0-24).
        pub id: PurposeId => required(&named("\"product-news\"")),
        /// What data are used for.
        pub name: Localized => localized,
        /// More about it, in sentences.
        pub description: Option<Localized> => optional_prose,
        /// Why that is lawful (GDPR art. 6(1); S0-25).
        pub basis: LegalBasis => required(&BASIS),
        /// The law that requires it, for `legal-obligation` and `public-task`.
        pub law: Option<Localized> => optional_localized,
        /// The interest, for `legitimate-interest` (GDPR art. 13(1)(d)).
        pub interest: Option<Localized> => optional_localized,
        /// Whose interest it is (S3-37).
        pub interest_of: InterestOf => default(&choice("\"controller\""), "\"controller\""),
        /// How the interest was weighed against those of the people (S1-21).
        pub balancing: Option<Localized> => optional_prose,
        /// How a consent is withdrawn; GDPR art. 7(3) asks for a way as easy as giving it.
        pub withdrawal: Vec<Withdrawal> => optional_list(&choice("\"online\"")),
        /// Who receives data for it.
        pub recipients: Vec<RecipientId> => optional_list(&named("\"hosting\"")),
        /// What follows when data are refused (GDPR art. 13(2)(e); S3-65, S4-18).
        pub consequence: Option<Localized> => optional_localized,
        /// Whether decisions are made by machines alone (GDPR art. 22).
        pub automated_decisions: bool => default(&FLAG, "false"),
        /// The logic of such decisions and what follows from them (GDPR art. 13(2)(f)).
        pub logic: Option<Localized> => optional_prose,
    }

    /// A communication that a person can leave on its own (S0-47 to S0-49).
    pub struct Topic {
        /// The name in the database and in forms.
        pub id: TopicId => required(&named("\"newsletter\"")),
        /// The name on pages.
        pub name: Localized => localized,
        /// What a subscriber receives (S0-24).
        pub description: Localized => localized,
        /// What the data are used for; one of the policy's purposes, whose basis it rests on.
        pub purpose: PurposeId => required(&named("\"product-news\"")),
        /// Why that is lawful: the basis of its purpose (S0-25).
        pub basis: LegalBasis => computed(LegalBasis::Consent),
        /// Whether a form that names no topic subscribes to this one; true for at least one.
        pub default: bool => required(&FLAG),
    }

    /// A team of the controller whose members see data (S3-39, S0-86).
    pub struct Team {
        /// Named by datasets.
        pub id: crate::Slug => required(&named("\"sales\"")),
        /// The name on pages.
        pub name: Localized => localized,
        /// The role of operators who are in it, where it differs from the id.
        pub role: Option<String> => optional(&TEXT),
    }
}
