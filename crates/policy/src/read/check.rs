//! What must hold between the values of a policy, or it cannot be executed.

mod dataset;

use std::collections::BTreeSet;
use std::fmt::Display;

use jiff::SignedDuration;
use toml::de::DeTable;

use super::place::place_of;
use super::words::suggest;
use crate::finding::Fault;
use crate::{NoticeSection, Policy, Weekday};

/// Relays may answer for this long after the final dot (RFC 5321 §4.5.3.2.6 asks for 10 minutes):
/// to repeat a hand-over sooner would produce second copies.
const SHORTEST_REST: SignedDuration = SignedDuration::from_mins(15);

pub(super) fn policy(policy: &Policy, table: &DeTable<'_>) -> Vec<Fault> {
    let mut check = Check {
        policy,
        table,
        faults: Vec::new(),
    };
    check.languages();
    check.names();
    check.references();
    check.hosts();
    check.working_time();
    check.topics();
    check.subscription();
    check.links();
    check.mail();
    for (index, dataset) in policy.datasets.iter().enumerate() {
        dataset::check(&mut check, &format!("datasets[{index}]"), dataset);
    }
    dataset::subscribers(&mut check);
    check.faults
}

struct Check<'a> {
    policy: &'a Policy,
    table: &'a DeTable<'a>,
    faults: Vec<Fault>,
}

impl<'a> Check<'a> {
    /// Objects to what stands at `path`, such as `topics[1].purpose`.
    fn object(
        &mut self,
        code: &'static str,
        path: impl Into<String>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let key = path.into();
        self.faults.push(Fault {
            code,
            place: place_of(self.table, &key),
            key,
            message: message.into(),
            help: Some(help.into()),
        });
    }

    /// Every name is there once.
    fn once<T: Ord + Display>(
        &mut self,
        names: impl IntoIterator<Item = T>,
        path: impl Fn(usize) -> String,
    ) {
        let mut seen = BTreeSet::new();
        for (index, name) in names.into_iter().enumerate() {
            let message = format!("`{name}` is there twice");
            if !seen.insert(name) {
                let help = "remove one of the two, or rename it";
                self.object("repeated-name", path(index), message, help);
            }
        }
    }

    /// What is named is there.
    fn known(&mut self, what: &str, path: String, name: &str, known: &[&str]) {
        if !known.contains(&name) {
            let message = format!("no {what} has the id `{name}`");
            self.object("unknown-name", path, message, suggest(name, known));
        }
    }

    fn all_known<T: AsRef<str>>(&mut self, what: &str, path: &str, names: &[T], known: &[&str]) {
        for (index, name) in names.iter().enumerate() {
            self.known(what, format!("{path}[{index}]"), name.as_ref(), known);
        }
    }

    fn languages(&mut self) {
        let languages = &self.policy.languages;
        if !languages.offered.contains(&languages.default) {
            let default = languages.default;
            self.object(
                "default-language-not-offered",
                "languages.default",
                format!("the default language `{default}` is not offered"),
                format!("add \"{default}\" to `languages.offered`"),
            );
        }
        self.once(&languages.offered, |index| {
            format!("languages.offered[{index}]")
        });
    }

    fn names(&mut self) {
        let policy = self.policy;
        macro_rules! once {
            ($($list:ident),+) => {$(
                self.once(policy.$list.iter().map(|one| &one.id), |index| {
                    format!(concat!(stringify!($list), "[{}].id"), index)
                });
            )+};
        }
        once!(
            purposes, topics, recipients, teams, categories, datasets, events, hosts, holds,
            safeguards, clauses
        );
        for (index, clause) in policy.clauses.iter().enumerate() {
            let is_section = |section: &NoticeSection| section.as_str() == clause.id.as_str();
            if NoticeSection::ALL.iter().any(is_section) {
                self.object(
                    "repeated-name",
                    format!("clauses[{index}].id"),
                    format!("`{}` is a section of the notice", clause.id),
                    "rename the clause",
                );
            }
        }
        if let Some(cookies) = &policy.cookies {
            self.once(cookies.categories.iter().map(|one| &one.id), |index| {
                format!("cookies.categories[{index}].id")
            });
            let cookie_names = cookies
                .register
                .iter()
                .map(|one| format!("{} of {}", one.name, one.domain));
            self.once(cookie_names, |index| {
                format!("cookies.register[{index}].name")
            });
        }
        if let Some(terms) = &policy.processor {
            self.once(terms.parties.iter().map(|one| &one.id), |index| {
                format!("processor.parties[{index}].id")
            });
            self.once(terms.duties.iter().map(|one| &one.id), |index| {
                format!("processor.duties[{index}].id")
            });
        }
    }

    fn references(&mut self) {
        let policy = self.policy;
        let purposes = self.purposes();
        let recipients: Vec<&str> = policy
            .recipients
            .iter()
            .map(|one| one.id.as_str())
            .collect();
        for (index, purpose) in policy.purposes.iter().enumerate() {
            let path = format!("purposes[{index}].recipients");
            self.all_known("recipient", &path, &purpose.recipients, &recipients);
        }
        for (index, recipient) in policy.recipients.iter().enumerate() {
            let path = format!("recipients[{index}].purposes");
            self.all_known("purpose", &path, &recipient.purposes, &purposes);
        }
        if let Some(cookies) = &policy.cookies {
            let categories: Vec<&str> = cookies
                .categories
                .iter()
                .map(|one| one.id.as_str())
                .collect();
            for (index, category) in cookies.categories.iter().enumerate() {
                let path = format!("cookies.categories[{index}].purposes");
                self.all_known("purpose", &path, &category.purposes, &purposes);
            }
            for (index, cookie) in cookies.register.iter().enumerate() {
                let path = format!("cookies.register[{index}]");
                let category = format!("{path}.category");
                self.known(
                    "category of cookies",
                    category,
                    cookie.category.as_str(),
                    &categories,
                );
                if let Some(recipient) = &cookie.recipient {
                    let path = format!("{path}.recipient");
                    self.known("recipient", path, recipient.as_str(), &recipients);
                }
            }
        }
        if let Some(terms) = &policy.processor {
            let parties: Vec<&str> = terms.parties.iter().map(|one| one.id.as_str()).collect();
            for (index, duty) in terms.duties.iter().enumerate() {
                let path = format!("processor.duties[{index}]");
                self.known(
                    "party",
                    format!("{path}.debtor"),
                    duty.debtor.as_str(),
                    &parties,
                );
                let beneficiary = duty.beneficiary.as_str();
                self.known(
                    "party",
                    format!("{path}.beneficiary"),
                    beneficiary,
                    &parties,
                );
            }
        }
    }

    fn purposes(&self) -> Vec<&'a str> {
        let purposes = self.policy.purposes.iter();
        purposes.map(|purpose| purpose.id.as_str()).collect()
    }

    fn hosts(&mut self) {
        for (index, host) in self.policy.hosts.iter().enumerate() {
            if host.name.is_none() && !host.is_controller && host.document.is_none() {
                self.object(
                    "unnamed-host",
                    format!("hosts[{index}].name"),
                    "the host is not named",
                    "add `name = \"…\"`, or `is_controller = true` when you host yourselves",
                );
            }
        }
    }

    fn working_time(&mut self) {
        let weekend = self
            .policy
            .working_time
            .iter()
            .flat_map(|time| &time.weekend);
        let days: BTreeSet<Weekday> = weekend.copied().collect();
        if days.len() == Weekday::ALL.len() {
            self.object(
                "no-working-day",
                "working_time.weekend",
                "nobody ever works: a period of working days would never end",
                "name the days of the weekend alone",
            );
        }
    }

    fn topics(&mut self) {
        let purposes = self.purposes();
        for (index, topic) in self.policy.topics.iter().enumerate() {
            let path = format!("topics[{index}].purpose");
            self.known("purpose", path, topic.purpose.as_str(), &purposes);
        }
        if !self.policy.topics.iter().any(|topic| topic.default) {
            self.object(
                "no-default-topic",
                "topics[0].default",
                "no topic is a default: a form that names none would subscribe to nothing",
                "set `default = true` for at least one topic",
            );
        }
    }

    fn subscription(&mut self) {
        let pending = self.policy.retention().pending;
        if let Some(reminder) = self.policy.subscription.reminder
            && reminder.longest() >= pending.shortest()
        {
            self.object(
                "reminder-too-late",
                "subscription.reminder",
                format!(
                    "the reminder after {reminder} comes when the address is gone: pending \
                     subscribers stay for {pending}"
                ),
                "choose a shorter reminder, or leave it out",
            );
        }
        if let Some(breaker) = &self.policy.limits.breaker
            && breaker.settle.longest() >= breaker.window.shortest()
        {
            self.object(
                "breaker-judges-nobody",
                "limits.breaker.settle",
                format!(
                    "nobody is left to judge: `limits.breaker.window` is {}",
                    breaker.window
                ),
                "choose a period shorter than `limits.breaker.window`",
            );
        }
    }

    fn links(&mut self) {
        let links = &self.policy.links;
        let pending = self.policy.retention().pending;
        if links.confirmation.shortest() > pending.longest() {
            self.object(
                "link-outlives-address",
                "links.confirmation",
                format!(
                    "the link outlives what it confirms: pending subscribers stay for {pending}"
                ),
                "choose a period no longer than that",
            );
        }
        if let Some(preferences) = links.preferences
            && links.sensitive.shortest() > preferences.longest()
        {
            self.object(
                "link-outlives-link",
                "links.sensitive",
                format!("longer than the link lives: `links.preferences` is {preferences}"),
                "choose a period no longer than `links.preferences`",
            );
        }
    }

    fn mail(&mut self) {
        let mail = &self.policy.mail;
        if mail.uncertain_after.shortest() < SHORTEST_REST {
            self.object(
                "repeated-too-soon",
                "mail.uncertain_after",
                "too soon: the relay may still be answering, and a second copy would go out",
                "choose at least `15 minutes`",
            );
        }
        if mail.retry_for.shortest() < mail.uncertain_after.longest() {
            self.object(
                "never-repeated",
                "mail.retry_for",
                format!(
                    "shorter than `mail.uncertain_after`, {}: nothing would be repeated",
                    mail.uncertain_after
                ),
                "four to five days are usual, such as `5 days` (RFC 5321 section 4.5.4.1)",
            );
        }
    }
}
