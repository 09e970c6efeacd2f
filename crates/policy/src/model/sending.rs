//! How a subscription comes about, how links and letters work, and what is limited.

use consentry_address::EmailAddress;

use crate::read::{COUNT, DOMAIN, FLAG, LIMIT, PERCENT, PERIOD, RATE, SENDER, TEXT, tables};
use crate::{Period, Rate};

tables! {
    /// How a subscription comes about.
    ///
    /// No IP address and no user agent is ever stored with it (S0-19), so nothing here offers that.
    pub struct Subscription {
        /// How long after a confirmation letter none is sent to the same address.
        pub cool_down: Period => required(&PERIOD),
        /// How many letters anybody can have sent to one address before it is left alone for 24 hours.
        pub letters_per_day: u32 => default(&COUNT, "3"),
        /// How many letters anybody can have sent to one address before its owner confirms; then none
        /// for `rest`. Whoever has one of our links still gets another.
        pub letters_until_confirmed: u32 => default(&COUNT, "5"),
        /// How long after the last of these letters the count begins anew; never when left out (S0-55).
        pub rest: Option<Period> => optional(&PERIOD),
        /// Whether the form asks for a business address (S0-14).
        pub business_only: bool => required(&FLAG),
        /// Domains whose addresses are refused (S0-14).
        pub refused_domains: Vec<String> => optional_list(&DOMAIN),
        /// When the one reminder goes out, counted from the first submission; none when left out
        /// (S0-31).
        pub reminder: Option<Period> => optional(&PERIOD),
    }

    /// Backups of the database (S0-65).
    pub struct Backups {
        /// How long they are kept: an older one is not restored, and what a restore repeats is
        /// remembered for as long. Without end when left out, with a warning.
        pub keep: Option<Period> => optional(&PERIOD),
    }

    /// How long mailed links work, from the letter that carried them.
    pub struct Links {
        /// The confirmation link (S0-26); no longer than an unconfirmed address stays.
        pub confirmation: Period => required(&PERIOD),
        /// The link to the preference centre; as long as the address is held when left out (S0-46).
        /// One-click unsubscription never expires (S0-52).
        pub preferences: Option<Period> => optional(&PERIOD),
        /// How old a link may be for erasure, export and rectification (S0-39 to S0-41).
        pub sensitive: Period => required(&PERIOD),
    }

    /// How many sign-ups, and other requests that have a letter sent, are accepted.
    pub struct Limits {
        /// For each client: an IPv4 address, an IPv6 /64; eight times as many per IPv4 /24 and IPv6
        /// /48.
        pub per_client: Option<Rate> => required(&LIMIT),
        /// In all.
        pub total: Option<Rate> => required(&LIMIT),
        /// For each domain that letters would go to; without one, with a warning.
        pub per_domain: Option<Rate> => default(&LIMIT, "\"off\""),
        /// Domains of providers, home to very many people.
        pub large_domains: Vec<String> => optional_list(&DOMAIN),
        /// For each of the large domains, in place of `per_domain`; without one, with a warning.
        pub per_large_domain: Option<Rate> => default(&LIMIT, "\"off\""),
        /// What happens when hardly anybody confirms; nothing when left out, with a warning.
        pub breaker: Option<Breaker> => optional_section,
    }

    /// Slows sign-ups down while hardly anybody confirms: somebody is signing up strangers.
    pub struct Breaker {
        /// Which sign-ups are judged: those first made within this period.
        pub window: Period => required(&PERIOD),
        /// How long people have to confirm before they are judged; shorter than the window.
        pub settle: Period => required(&PERIOD),
        /// Fewer sign-ups than this say nothing.
        pub least: u32 => required(&COUNT),
        /// The share that has to confirm, in percent.
        pub share: u32 => required(&PERCENT),
        /// How many sign-ups are accepted meanwhile. At `window` times this rate above `least`, the
        /// breaker stays tripped as long as an attack lasts.
        pub trickle: Rate => required(&RATE),
    }

    /// How letters are sent.
    pub struct Mail {
        /// The display name of the sender (S0-05).
        pub from_name: String => required(&TEXT),
        /// The sender; ASCII before the at sign (S0-43).
        pub from: EmailAddress => required(&SENDER),
        /// Where answers go, when not to the sender; ASCII before the at sign.
        pub reply_to: Option<EmailAddress> => optional(&SENDER),
        /// The `List-Id` (RFC 2919), below the sender's domain (S0-44).
        pub list_id: String => required(&DOMAIN),
        /// How long a letter that the relay does not take is tried again (S0-29).
        pub retry_for: Period => required(&PERIOD),
        /// How long an unanswered hand-over rests before its one repetition; at least 15 minutes.
        pub uncertain_after: Period => required(&PERIOD),
        /// How long a letter that is no longer owed stays in the outbox, from its last hand-over:
        /// long enough to find and requeue what was given up.
        pub keep_settled: Period => default(&PERIOD, "\"30 days\""),
    }
}

impl Subscription {
    /// Whether the policy refuses addresses of this domain (S0-14).
    pub fn refuses(&self, address: &EmailAddress) -> bool {
        self.refused_domains
            .iter()
            .any(|domain| domain == address.ascii_domain())
    }
}

/// Without any limit.
impl Default for Limits {
    fn default() -> Self {
        Self {
            per_client: None,
            total: None,
            per_domain: None,
            large_domains: Vec::new(),
            per_large_domain: None,
            breaker: None,
        }
    }
}

impl Limits {
    /// Whether a domain, as a lower-case A-label, is home to very many people.
    pub fn is_large(&self, domain: &str) -> bool {
        self.large_domains.iter().any(|large| large == domain)
    }
}

impl Breaker {
    /// Whether so few confirmed that sign-ups are slowed down.
    pub fn trips(&self, confirmed: u64, unconfirmed: u64) -> bool {
        let all = confirmed.saturating_add(unconfirmed);
        let wanted = u128::from(all) * u128::from(self.share);
        all >= u64::from(self.least) && u128::from(confirmed) * 100 < wanted
    }
}
