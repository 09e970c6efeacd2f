//! The policy as a whole: made by [`Policy::parse`] alone, so that a policy in hand can be executed.

use jiff::tz::TimeZone;

use crate::content::Content;
use crate::history::History;
use crate::model::{
    calendar::WorkingTime,
    controller::{Authority, Contact, Controller, Host, Region},
    cookies::Cookies,
    dataset::{Category, Dataset},
    document::{Change, Clause, Notice, Safeguard},
    own::OwnDataset,
    processor::ProcessorTerms,
    purpose::{Purpose, Team, Topic},
    recipient::Recipient,
    rights::Rights,
    rule::{Action, CatchAll, Engine, HoldKind, NamedEvent, Stage},
    sending::{Backups, Limits, Links, Mail, Subscription},
};
use crate::published::Published;
use crate::read::{self, DATE, VERSION, ZONE, choice, tables};
use crate::{
    Calendar, Findings, Languages, NoticeVersion, Period, PurposeId, RecipientId, TopicId, finding,
};

tables! {
    /// What one controller promises, as the engine executes it and the notice prints it.
    pub struct Policy {
        /// What the controller calls this state of the policy, such as `2026-11-01`; consent events
        /// record it with a fingerprint of all values (S0-57, S0-83).
        pub version: String => required(&VERSION),
        /// Since when it is in force; since its publication when left out (S4-05).
        pub effective: Option<jiff::civil::Date> => optional(&DATE),
        /// Where periods are counted and times shown (S0-32, S0-63).
        pub time_zone: TimeZone => required(&ZONE),
        /// Languages of pages and letters.
        pub languages: Languages => languages,
        /// The calendar that periods are counted on.
        pub calendar: Calendar => computed(Calendar::default()),
        /// Who is responsible.
        pub controller: Controller => section,
        /// Working days and holidays.
        pub working_time: Option<WorkingTime> => optional_section,
        /// Where the data lie; the first of the role `main` is where everything lies that names no
        /// other.
        pub hosts: Vec<Host> => sections,
        /// Where the servers are, as the notice claims; checked against every country (S1-33, S3-44,
        /// S4-39).
        pub region: Option<Region> => optional(&choice("\"EU\"")),
        /// Further addresses, by purpose.
        pub contacts: Vec<Contact> => optional_sections,
        /// The authority that people may complain to.
        pub authority: Option<Authority> => optional_section,
        /// The notice as a document.
        pub notice: Option<Notice> => optional_section,
        /// What differs from the version before.
        pub change: Option<Change> => optional_section,
        /// What data are used for, in the order of the file.
        pub purposes: Vec<Purpose> => sections,
        /// What a person can subscribe to and leave on its own, in the order of the file.
        pub topics: Vec<Topic> => sections,
        /// Who receives data.
        pub recipients: Vec<Recipient> => optional_sections,
        /// Teams of the controller.
        pub teams: Vec<Team> => optional_sections,
        /// Categories of data.
        pub categories: Vec<Category> => optional_sections,
        /// What is held, and the rules that end it.
        pub datasets: Vec<Dataset> => sections,
        /// What pages call the named events that stages and clocks wait for.
        pub events: Vec<NamedEvent> => optional_sections,
        /// What becomes of data that no rule names.
        pub catch_all: Option<CatchAll> => optional_section,
        /// What may stop every rule.
        pub holds: Vec<HoldKind> => optional_sections,
        /// How the engine runs.
        pub engine: Engine => section_or_default,
        /// Cookies.
        pub cookies: Option<Cookies> => optional_section,
        /// The rights desk.
        pub rights: Option<Rights> => optional_section,
        /// Processing for others.
        pub processor: Option<ProcessorTerms> => optional_section,
        /// Security measures.
        pub safeguards: Vec<Safeguard> => optional_sections,
        /// Texts without effect on the engine.
        pub clauses: Vec<Clause> => optional_sections,
        /// How a subscription comes about.
        pub subscription: Subscription => section,
        /// Backups of the database.
        pub backups: Backups => section_or_default,
        /// How long mailed links work.
        pub links: Links => section,
        /// How many requests are accepted that have a letter sent.
        pub limits: Limits => section,
        /// How letters are sent.
        pub mail: Mail => section,
        pub(crate) notice_version: NoticeVersion => computed(NoticeVersion::default()),
        pub(crate) published: Published => computed(Published::default()),
        pub(crate) content: Content => computed(Content::default()),
        pub(crate) history: History => computed(History::default()),
    }
}

/// How long Consentry keeps its own subscribers: their dataset's stages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retention {
    /// An unconfirmed address, from its first submission (S0-32).
    pub pending: Period,
    /// A hidden person, from the erasure request to the purge (S0-63).
    pub erased: Period,
    /// A person who left every topic, from the last departure (S0-59); without end if absent.
    pub unsubscribed: Option<Period>,
    /// A confirmed person, from the last interaction (S1-42); as long as they stay if absent.
    pub confirmed: Option<Period>,
}

impl Policy {
    /// Reads a policy file; `file_name` only appears in messages.
    ///
    /// The reading is strict: every key is known, every required key is there, nothing is guessed,
    /// and no two values contradict each other. Whether the policy should be published is another
    /// question: [`check`](crate::check) answers it.
    ///
    /// # Errors
    ///
    /// All problems that can be found in one reading, each with its key, place and remedy.
    pub fn parse(source: &str, file_name: &str) -> Result<Self, Findings> {
        read::policy(source).map_err(|faults| finding::errors(source, file_name, faults))
    }

    /// The built-in policy of an invented company, with the figures of S0: what a fresh
    /// installation runs (S0-99: one policy among others).
    ///
    /// # Panics
    ///
    /// Never: a test parses the embedded file.
    pub fn demo() -> Self {
        Self::parse(
            include_str!("../policies/saas-portal.toml"),
            "saas-portal.toml",
        )
        .expect("the embedded policy is valid")
    }

    /// The topic of that name.
    pub fn topic(&self, id: &TopicId) -> Option<&Topic> {
        self.topics.iter().find(|topic| topic.id == *id)
    }

    /// The purpose of that name.
    pub fn purpose(&self, id: &PurposeId) -> Option<&Purpose> {
        self.purposes.iter().find(|purpose| purpose.id == *id)
    }

    /// The recipient of that name.
    pub fn recipient(&self, id: &RecipientId) -> Option<&Recipient> {
        self.recipients.iter().find(|recipient| recipient.id == *id)
    }

    /// The dataset of that name.
    pub fn dataset(&self, id: &str) -> Option<&Dataset> {
        self.datasets
            .iter()
            .find(|dataset| dataset.id.as_str() == id)
    }

    /// The host where everything lies that names no other.
    pub fn main_host(&self) -> &Host {
        use crate::model::controller::HostRole::Main;
        let main = self.hosts.iter().find(|host| host.role == Main);
        main.unwrap_or(&self.hosts[0])
    }

    /// The name of a host: its own, or the controller's who hosts itself (S2-62).
    pub fn host_name<'a>(&'a self, host: &'a Host) -> &'a str {
        host.name.as_deref().unwrap_or(&self.controller.name)
    }

    /// What a form subscribes to when it names no topic; never empty.
    pub fn default_topics(&self) -> impl Iterator<Item = &Topic> {
        self.topics.iter().filter(|topic| topic.default)
    }

    /// The version that a consent event pins: the declared version and a fingerprint of every
    /// value of the file. Comments, spacing and the order of keys do not count.
    pub fn notice_version(&self) -> &NoticeVersion {
        &self.notice_version
    }

    /// The tables of the file as JSON, for `/privacy.json`: keys and values as `docs/policy.md`
    /// describes them, those that were left out left out. Without `limits`, and without the
    /// `source` and the `joins` of datasets, which say nothing to people and much to attackers.
    pub fn published(&self) -> &serde_json::Value {
        &self.published.0
    }

    /// SHA-256 of the canonical form of every value of the file, in hexadecimal digits; the
    /// [notice version](Self::notice_version) ends with the first eight of them.
    pub fn fingerprint(&self) -> String {
        self.content.fingerprint()
    }

    /// The text of the file.
    pub fn source(&self) -> &str {
        &self.content.source
    }

    /// How long subscribers are kept.
    pub fn retention(&self) -> Retention {
        // The reading refuses a policy without the two that must be there.
        let longest = Period::THOUSAND_YEARS;
        Retention {
            pending: self.subscribers_purged("pending").unwrap_or(longest),
            erased: self.subscribers_purged("erased").unwrap_or(longest),
            unsubscribed: self.subscribers_purged("unsubscribed"),
            confirmed: self.subscribers_purged("confirmed"),
        }
    }

    pub(crate) fn subscribers_purged(&self, state: &str) -> Option<Period> {
        let dataset = self.dataset(OwnDataset::Subscribers.as_str())?;
        let is_it = |stage: &&Stage| {
            stage.action == Action::Purge
                && stage
                    .state
                    .as_ref()
                    .is_some_and(|named| named.as_str() == state)
        };
        dataset.stages.iter().find(is_it)?.after
    }
}
