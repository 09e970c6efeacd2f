//! What must hold between the values of a policy.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::section::{Section, suggest};
use crate::{Languages, Limits, Links, Mail, Purpose, Retention, Subscription, Topic};

/// Relays may answer for this long after the final dot (RFC 5321 §4.5.3.2.6 asks for 10 minutes):
/// to repeat a hand-over sooner would produce second copies.
const SHORTEST_REST: SignedDuration = SignedDuration::from_mins(15);

pub(super) fn languages(root: &Section<'_>, languages: &Languages) {
    let Languages { default, offered } = languages;
    if !offered.contains(default) {
        root.object(
            "languages.default",
            format!("the default language `{default}` is not offered"),
            format!("add \"{default}\" to `languages.offered`"),
        );
    }
    repeated(root, offered, |index| format!("languages.offered[{index}]"));
}

pub(super) fn purposes(root: &Section<'_>, purposes: &[Purpose]) {
    let ids = purposes.iter().map(|purpose| &purpose.id);
    repeated(root, ids, |index| format!("purposes[{index}].id"));
}

pub(super) fn topics(root: &Section<'_>, topics: &[Topic], purposes: Option<&[Purpose]>) {
    let ids = topics.iter().map(|topic| &topic.id);
    repeated(root, ids, |index| format!("topics[{index}].id"));
    if let Some(purposes) = purposes {
        let known: Vec<&str> = purposes.iter().map(|purpose| purpose.id.as_str()).collect();
        for (index, topic) in topics.iter().enumerate() {
            let purpose = topic.purpose.as_str();
            if !known.contains(&purpose) {
                root.object(
                    &format!("topics[{index}].purpose"),
                    format!("no purpose has the id `{purpose}`"),
                    suggest(purpose, &known),
                );
            }
        }
    }
    if !topics.iter().any(|topic| topic.default) {
        root.object(
            "topics[0].default",
            "no topic is a default: a form that names none would subscribe to nothing",
            "set `default = true` for at least one topic",
        );
    }
}

pub(super) fn reminder(root: &Section<'_>, subscription: &Subscription, retention: &Retention) {
    let Some(reminder) = subscription.reminder else {
        return;
    };
    if reminder.longest() >= retention.pending.shortest() {
        root.object(
            "subscription.reminder",
            format!(
                "the reminder after {reminder} comes when the address is gone: `retention.pending` is {}",
                retention.pending
            ),
            "choose a reminder shorter than `retention.pending`, or leave it out",
        );
    }
}

pub(super) fn links(root: &Section<'_>, links: &Links, retention: &Retention) {
    if links.confirmation.shortest() > retention.pending.longest() {
        root.object(
            "links.confirmation",
            format!(
                "the link outlives what it confirms: `retention.pending` is {}",
                retention.pending
            ),
            "choose a period no longer than `retention.pending`",
        );
    }
    if let Some(preferences) = links.preferences
        && links.sensitive.shortest() > preferences.longest()
    {
        root.object(
            "links.sensitive",
            format!("longer than the link lives: `links.preferences` is {preferences}"),
            "choose a period no longer than `links.preferences`",
        );
    }
}

pub(super) fn limits(root: &Section<'_>, limits: &Limits) {
    if let Some(breaker) = &limits.breaker
        && breaker.settle.longest() >= breaker.window.shortest()
    {
        root.object(
            "limits.breaker.settle",
            format!(
                "nobody is left to judge: `limits.breaker.window` is {}",
                breaker.window
            ),
            "choose a period shorter than `limits.breaker.window`",
        );
    }
}

pub(super) fn mail(root: &Section<'_>, mail: &Mail) {
    if mail.uncertain_after.shortest() < SHORTEST_REST {
        root.object(
            "mail.uncertain_after",
            "too soon: the relay may still be answering, and a second copy would go out",
            "choose at least `15 minutes`",
        );
    }
    if mail.retry_for.shortest() < mail.uncertain_after.longest() {
        root.object(
            "mail.retry_for",
            format!(
                "shorter than `mail.uncertain_after`, {}: nothing would be repeated",
                mail.uncertain_after
            ),
            "four to five days are usual, such as `5 days` (RFC 5321 section 4.5.4.1)",
        );
    }
}

fn repeated<T: Ord + std::fmt::Display>(
    root: &Section<'_>,
    names: impl IntoIterator<Item = T>,
    path: impl Fn(usize) -> String,
) {
    let mut seen = BTreeSet::new();
    for (index, name) in names.into_iter().enumerate() {
        let message = format!("`{name}` is there twice");
        if !seen.insert(name) {
            root.object(&path(index), message, "remove one of the two, or rename it");
        }
    }
}
