//! The policy as types.

use consentry_address::EmailAddress;
use jiff::tz::TimeZone;

use crate::{
    ControllerId, Languages, LegalBasis, Localized, NoticeVersion, Period, PolicyErrors, PurposeId,
    Rate, TopicId, Warning, read, warning,
};

/// What one controller promises, as the engine executes it and the notice prints it.
///
/// Made by [`Policy::parse`] alone, so that a policy in hand has passed every check.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Policy {
    /// The version that the controller declares, such as `2026-11-01`.
    pub version: String,
    /// Who is responsible.
    pub controller: Controller,
    /// Where the data lie.
    pub hosting: Hosting,
    /// In which languages.
    pub languages: Languages,
    /// The zone in which periods are counted and times are shown.
    pub time_zone: TimeZone,
    /// What data are used for, in the order of the file.
    pub purposes: Vec<Purpose>,
    /// What a person can subscribe to and leave on its own, in the order of the file.
    pub topics: Vec<Topic>,
    /// How a subscription comes about.
    pub subscription: Subscription,
    /// How long things are kept.
    pub retention: Retention,
    /// How long mailed links work.
    pub links: Links,
    /// How many requests are accepted that have a letter sent.
    pub limits: Limits,
    /// How letters are sent.
    pub mail: Mail,
    pub(crate) notice_version: NoticeVersion,
}

impl Policy {
    /// Reads a policy file; `file_name` only appears in messages.
    ///
    /// The reading is strict: every key is known, every required key is there, nothing is guessed.
    ///
    /// # Errors
    ///
    /// All problems that can be found in one reading, each with its key, place and remedy.
    pub fn parse(source: &str, file_name: &str) -> Result<Self, PolicyErrors> {
        read::policy(source).map_err(|faults| PolicyErrors::new(source, file_name, faults))
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

    /// What is allowed but probably not meant: silences of the notice and risky figures.
    pub fn warnings(&self) -> Vec<Warning> {
        warning::of(self)
    }

    /// The topic of that name.
    pub fn topic(&self, id: &TopicId) -> Option<&Topic> {
        self.topics.iter().find(|topic| topic.id == *id)
    }

    /// The purpose of that name.
    pub fn purpose(&self, id: &PurposeId) -> Option<&Purpose> {
        self.purposes.iter().find(|purpose| purpose.id == *id)
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
}

/// The controller: who is responsible and how to reach them (GDPR art. 13(1)(a)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Controller {
    /// Names the controller in the database.
    pub id: ControllerId,
    /// The legal entity (S0-01).
    pub name: String,
    /// What the public knows the product by; not the legal name (S0-05).
    pub brand: String,
    /// The postal address, line by line, without the country (S0-01).
    pub address: Vec<String>,
    /// The country of the address (S0-01).
    pub country: Localized,
    /// Where people write (S0-01, S0-67); takes the place of an undeclared officer (S0-100).
    pub contact: EmailAddress,
    /// The public site, an `http` or `https` URL.
    pub website: Option<String>,
    /// The legal form, such as `SAS` (S0-02).
    pub legal_form: Option<String>,
    /// The share capital (S0-02).
    pub capital: Option<Capital>,
    /// The number in the trade register, as written there (S0-03).
    pub registry_number: Option<String>,
    /// The VAT number (S0-04).
    pub vat_number: Option<String>,
    /// The data protection officer, where one is declared (S0-100; GDPR art. 37).
    pub dpo: Option<Dpo>,
}

/// A share capital (S0-02).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capital {
    /// In whole units of the currency.
    pub amount: u64,
    /// ISO 4217 code, such as `EUR`.
    pub currency: String,
}

/// A data protection officer (GDPR art. 37(7)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dpo {
    /// The officer's name or office.
    pub name: String,
    /// Where to write.
    pub contact: EmailAddress,
}

/// The host of the data (S0-06, S0-34).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosting {
    /// The hosting company.
    pub name: String,
    /// The city where the data lie (S0-34).
    pub city: String,
    /// The country where the data lie (S0-34).
    pub country: Localized,
    /// The legal form of the host.
    pub legal_form: Option<String>,
    /// The share capital of the host.
    pub capital: Option<Capital>,
    /// The number of the host in the trade register.
    pub registry_number: Option<String>,
    /// The code of the host's main activity, such as `63.11Z`.
    pub activity_code: Option<String>,
    /// The VAT number of the host.
    pub vat_number: Option<String>,
    /// The seat of the host, line by line; empty when not stated.
    pub seat: Vec<String>,
    /// The telephone number of the host.
    pub phone: Option<String>,
}

/// What data are used for (GDPR art. 5(1)(b)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purpose {
    /// The name in the database.
    pub id: PurposeId,
    /// The name on pages.
    pub name: Localized,
}

/// A communication that a person can leave on its own (S0-47 to S0-49).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// The name in the database and in forms.
    pub id: TopicId,
    /// The name on pages.
    pub name: Localized,
    /// What a subscriber receives.
    pub description: Localized,
    /// What the data are used for (S0-24); one of the policy's purposes.
    pub purpose: PurposeId,
    /// Why that is lawful (S0-25).
    pub basis: LegalBasis,
    /// Whether a form that names no topic subscribes to this one.
    pub default: bool,
}

/// How a subscription comes about.
///
/// No IP address and no user agent is ever stored with it (S0-19), so nothing here offers that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// How long after a confirmation letter none is sent to the same address.
    pub cool_down: Period,
    /// How many letters anybody can have sent to one address before it is left alone for 24 hours.
    pub letters_per_day: u32,
    /// How many letters anybody can have sent to one address before its owner confirms.
    pub letters_until_confirmed: u32,
    /// How long after the last of these letters the count begins anew; never if absent.
    pub rest: Option<Period>,
    /// Whether the form asks for a business address (S0-14).
    pub business_only: bool,
    /// Domains whose addresses are refused (S0-14), as lower-case A-labels.
    pub refused_domains: Vec<String>,
    /// When the one reminder goes out, counted from the first submission (S0-31); none if absent.
    pub reminder: Option<Period>,
}

impl Subscription {
    /// Whether the policy refuses addresses of this domain (S0-14).
    pub fn refuses(&self, address: &EmailAddress) -> bool {
        self.refused_domains
            .iter()
            .any(|domain| domain == address.ascii_domain())
    }
}

/// How long things are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// An unconfirmed address, from its first submission (S0-32).
    pub pending: Period,
    /// A hidden person, from the erasure request to the purge (S0-63).
    pub erased: Period,
    /// A person who left every topic, from the last departure (S0-59); without end if absent.
    pub unsubscribed: Option<Period>,
    /// A backup of the database, and with it the journal of what a restore repeats (S0-65): an
    /// older backup is not restored. Without end if absent.
    pub backups: Option<Period>,
}

/// How long mailed links work, from the letter that carried them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Links {
    /// The confirmation link (S0-26).
    pub confirmation: Period,
    /// The link to the preference centre; as long as the address is held if absent. One-click
    /// unsubscription never expires (S0-52).
    pub preferences: Option<Period>,
    /// How old a link may be for erasure, export and rectification.
    pub sensitive: Period,
}

/// How many sign-ups, and other requests that have a letter sent, are accepted. Without any limit
/// by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// For each client address; no limit if absent.
    pub per_client: Option<Rate>,
    /// In all; no limit if absent.
    pub total: Option<Rate>,
    /// For each domain that letters would go to; no limit if absent.
    pub per_domain: Option<Rate>,
    /// Domains that are home to very many people, as lower-case A-labels.
    pub large_domains: Vec<String>,
    /// For each of the large domains, in place of `per_domain`; no limit if absent.
    pub per_large_domain: Option<Rate>,
    /// What happens when hardly anybody confirms; nothing if absent.
    pub breaker: Option<Breaker>,
}

impl Limits {
    /// Whether a domain, as a lower-case A-label, is home to very many people.
    pub fn is_large(&self, domain: &str) -> bool {
        self.large_domains.iter().any(|large| large == domain)
    }
}

/// Slows sign-ups down while hardly anybody confirms: somebody is signing up strangers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breaker {
    /// Which sign-ups are judged: those first made within this period.
    pub window: Period,
    /// How long people have to confirm before they are judged; shorter than the window.
    pub settle: Period,
    /// Fewer sign-ups than this say nothing.
    pub least: u32,
    /// The share that has to confirm, in percent.
    pub share: u32,
    /// How many sign-ups are accepted meanwhile.
    pub trickle: Rate,
}

impl Breaker {
    /// Whether so few confirmed that sign-ups are slowed down.
    pub fn trips(&self, confirmed: u64, unconfirmed: u64) -> bool {
        let all = confirmed.saturating_add(unconfirmed);
        let wanted = u128::from(all) * u128::from(self.share);
        all >= u64::from(self.least) && u128::from(confirmed) * 100 < wanted
    }
}

/// How letters are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The display name of the sender.
    pub from_name: String,
    /// The sender; its local part is ASCII.
    pub from: EmailAddress,
    /// Where answers go, when not to the sender; its local part is ASCII.
    pub reply_to: Option<EmailAddress>,
    /// The `List-Id` (RFC 2919), such as `news.example.org`.
    pub list_id: String,
    /// How long a letter that the relay does not take is tried again.
    pub retry_for: Period,
    /// How long an unanswered hand-over rests before its one repetition; at least 15 minutes.
    pub uncertain_after: Period,
    /// How long a letter that is no longer owed stays in the outbox, from its last hand-over.
    pub keep_settled: Period,
}
