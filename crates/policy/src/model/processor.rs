//! The agreement with those for whom data are processed (GDPR art. 28).

use crate::read::{COUNT, FLAG, PERIOD, PROMISE, choice, choices, named, tables};
use crate::{Localized, Period, PromiseId, Region, Slug};

choices! {
    /// What becomes of data when a contract ends (S3-145 to S3-147).
    pub enum ContractEnd {
        /// They are destroyed.
        Destroy = "destroy",
        /// They are returned to the controller.
        Return = "return",
        /// They are handed to another processor that the controller names.
        HandOver = "hand-over",
    }
}

tables! {
    /// Processing on behalf of others: the annex of the notice.
    pub struct ProcessorTerms {
        /// What the annex is called.
        pub title: Localized => localized,
        /// What is done with the data (S3-100).
        pub operations: Vec<Localized> => localized_list,
        /// What for (S3-101).
        pub purpose: Localized => localized,
        /// About whom, and which data (S3-102 to S3-105).
        pub subjects: Vec<SubjectCategory> => sections,
        /// How long processing lasts (S3-107).
        pub duration: Localized => localized,
        /// Where the data stay as far as possible (S3-109).
        pub region: Option<Region> => optional(&choice("\"EU\"")),
        /// Who has which duty towards whom.
        pub parties: Vec<Party> => sections,
        /// Duties (S3-106 to S3-149).
        pub duties: Vec<Duty> => optional_sections,
        /// How long a controller may object to a new processor, from the announcement's receipt
        /// (S3-123).
        pub objection: Option<Period> => optional(&PERIOD),
        /// How long after its discovery a breach is told to the controller, at the latest; without
        /// undue delay when left out (S3-142).
        pub breach_notice: Option<Period> => optional(&PERIOD),
        /// How many audits a year (S3-156).
        pub audits_per_year: Option<u32> => optional(&COUNT),
        /// How long before an audit it is announced (S3-157).
        pub audit_notice: Option<Period> => optional(&PERIOD),
        /// Whether the controller pays for an audit (S3-159).
        pub audit_at_controllers_cost: bool => default(&FLAG, "false"),
        /// What a controller may choose at the end of the contract.
        pub at_end: Vec<ContractEnd> => optional_list(&choice("\"destroy\"")),
        /// Whether a certificate of destruction is issued on request (S3-150).
        pub certificate: bool => default(&FLAG, "false"),
        /// Promises of the notice that it carries.
        pub promises: Vec<PromiseId> => optional_list(&PROMISE),
    }

    /// A kind of people, and which data about them are processed.
    pub struct SubjectCategory {
        /// Who they are.
        pub name: Localized => localized,
        /// Which data.
        pub data: Vec<Localized> => localized_list,
    }

    /// A party of the agreement.
    pub struct Party {
        /// Named by duties.
        pub id: Slug => required(&named("\"controller\"")),
        /// What it is called in the annex.
        pub name: Localized => localized,
    }

    /// A duty of one party towards another (S3-162).
    pub struct Duty {
        /// Names the duty.
        pub id: Slug => required(&named("\"instructions\"")),
        /// Who has it.
        pub debtor: Slug => required(&named("\"processor\"")),
        /// Towards whom.
        pub beneficiary: Slug => required(&named("\"controller\"")),
        /// What it is.
        pub text: Localized => prose,
        /// Promises of the notice that it carries.
        pub promises: Vec<PromiseId> => optional_list(&PROMISE),
    }
}
