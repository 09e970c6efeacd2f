//! The journal: what happened after a backup, repeated on the record as the backup has it.

use consentry_address::EmailAddress;
use consentry_domain::{
    Channel, ConsentEvent, Effects, JournalEntry, Journaled, LetterKind, Receipt, Subject,
    TopicState,
};
use consentry_policy::Policy;
use jiff::Timestamp;

use crate::{at, confirmed, minutes_later, pending, request, topic};

const NOON: &str = "2026-11-22T12:00:00Z";

/// A record that moves on, and the journal of it.
struct History {
    now: Timestamp,
    person: Subject,
    entries: Vec<JournalEntry>,
}

impl History {
    fn of(person: &Subject) -> Self {
        Self {
            now: at(NOON),
            person: person.clone(),
            entries: Vec::new(),
        }
    }

    /// Decides an hour later and writes what the decision owes.
    fn then(&mut self, decide: impl FnOnce(&mut Subject, &Policy, Timestamp) -> Effects) {
        self.now = minutes_later(self.now, 60);
        let before = self.person.clone();
        let effects = decide(&mut self.person, &Policy::demo(), self.now);
        let events: Vec<_> = effects.evidence.into_iter().map(event).collect();
        let entries = JournalEntry::of(&before, &self.person, &events);
        self.entries.extend(entries);
    }

    fn kinds(&self) -> Vec<&'static str> {
        self.entries
            .iter()
            .map(|entry| entry.what.as_str())
            .collect()
    }

    /// The same on an older copy of the record, and the kinds of letters cancelled.
    fn repeated_on(&self, copy: &Subject) -> (Subject, Vec<LetterKind>) {
        let mut copy = copy.clone();
        let mut cancelled = Vec::new();
        for entry in &self.entries {
            let effects = copy.replay(entry, &Policy::demo());
            assert!(effects.letters.is_empty(), "a restore sends nothing");
            for evidence in &effects.evidence {
                assert_eq!(evidence.channel, Channel::Restore);
                assert_eq!(evidence.at, entry.at, "the original instant");
            }
            cancelled.extend(effects.cancelled);
        }
        (copy, cancelled)
    }
}

fn event(evidence: consentry_domain::Evidence) -> ConsentEvent {
    ConsentEvent {
        receipt: Receipt::from_random([0; 16]),
        evidence,
    }
}

/// S0-65: an erasure that the backup does not hold hides the record from the instant at which it was
/// asked for.
#[test]
fn an_erasure_is_repeated_with_its_instant() {
    let anna = confirmed(at(NOON));
    let mut history = History::of(&anna);
    history.then(|one, policy, now| one.request_erasure(Channel::Link, policy, now));
    assert_eq!(history.kinds(), ["erased"]);
    let (restored, cancelled) = history.repeated_on(&anna);
    assert_eq!(restored.erased_at, history.person.erased_at);
    assert_eq!(cancelled, LetterKind::ALL);
}

/// S0-50, S0-53: whoever left stays away, whichever way they left.
#[test]
fn departures_are_repeated_with_their_instants() {
    let mut anna = confirmed(at(NOON));
    anna.sign_up(&request(&["demo"]), &Policy::demo(), at(NOON));
    let mut history = History::of(&anna);
    history.then(|one, policy, now| one.choose(&[topic("demo")], true, policy, now).1);
    assert_eq!(history.kinds(), ["left"]);
    history.then(|one, policy, now| one.unsubscribe_all(Channel::OneClick, policy, now));
    assert_eq!(history.kinds(), ["left", "left"]);
    let (restored, _) = history.repeated_on(&anna);
    assert_eq!(restored.subscriptions, history.person.subscriptions);
    assert_eq!(restored.objected_at, history.person.objected_at);
    let is_left = |name| restored.subscription(&topic(name)).unwrap().state;
    assert_eq!(is_left("newsletter"), TopicState::Unsubscribed);
    assert_eq!(is_left("demo"), TopicState::Unsubscribed);
}

/// Whoever left and came back, both after the backup, has left: a restore forgets a consent rather
/// than a departure. Older links stay dead (S0-56).
#[test]
fn a_return_is_lost_and_the_links_that_it_killed_stay_dead() {
    let anna = confirmed(at(NOON));
    let mut history = History::of(&anna);
    history.then(|one, policy, now| one.unsubscribe_all(Channel::OneClick, policy, now));
    history.then(|one, policy, now| one.sign_up(&request(&["newsletter"]), policy, now));
    history.then(|one, policy, now| one.confirm(policy, now).unwrap().1);
    assert_eq!(history.kinds(), ["left", "links-renewed"]);
    let (restored, _) = history.repeated_on(&anna);
    assert_eq!(restored.subscriptions[0].state, TopicState::Unsubscribed);
    assert!(restored.generation > anna.generation);
    assert_eq!(restored.generation, history.person.generation);
}

/// GDPR art. 18: a restriction, and its end.
#[test]
fn restrictions_are_repeated_and_so_is_their_end() {
    let anna = confirmed(at(NOON));
    let mut history = History::of(&anna);
    history.then(|one, policy, now| one.restrict(policy, now).unwrap());
    let (restored, _) = history.repeated_on(&anna);
    assert_eq!(restored.restricted_at, history.person.restricted_at);
    assert!(restored.restricted_at.is_some());
    history.then(|one, policy, now| one.lift_restriction(policy, now).unwrap());
    let (restored, _) = history.repeated_on(&anna);
    assert_eq!(restored.restricted_at, None);
}

/// S0-39: the address in use is the new one, and an address that its owner did not want is not there
/// again.
#[test]
fn changes_of_address_are_repeated() {
    let new = EmailAddress::parse("new@example.org").unwrap();
    let anna = confirmed(at(NOON));
    let mut history = History::of(&anna);
    history.then(|one, policy, now| one.request_address(new.clone(), Channel::Link, policy, now));
    assert_eq!(history.kinds(), [""; 0], "nothing to repeat: it is lost");
    let waiting = history.person.clone();
    history.then(|one, policy, now| one.confirm_address(policy, now).unwrap());
    assert_eq!(history.entries[0].what, Journaled::Moved(new.clone()));
    for copy in [&anna, &waiting] {
        let (restored, _) = history.repeated_on(copy);
        assert_eq!(restored.address, new);
        assert_eq!(restored.requested_address, None);
        assert_eq!(restored.generation, history.person.generation);
    }

    let mut history = History::of(&waiting);
    history.then(|one, policy, now| one.withdraw_address(policy, now).unwrap());
    let (restored, cancelled) = history.repeated_on(&waiting);
    assert_eq!(restored.requested_address, None);
    assert!(cancelled.contains(&LetterKind::AddressConfirmation));
}

/// What people ask for that a restore may lose writes nothing.
#[test]
fn sign_ups_and_confirmations_are_not_journaled() {
    let (anna, _) = pending(at(NOON));
    let mut history = History::of(&anna);
    history.then(|one, policy, now| one.sign_up(&request(&["demo"]), policy, now));
    history.then(|one, policy, now| one.confirm(policy, now).unwrap().1);
    history.then(|one, policy, now| one.note_export(Channel::Link, policy, now));
    assert_eq!(history.entries, []);
}

/// Entries that the record has lived through already change nothing more.
#[test]
fn repeating_twice_changes_nothing_more() {
    let anna = confirmed(at(NOON));
    let mut history = History::of(&anna);
    history.then(|one, policy, now| one.unsubscribe_all(Channel::OneClick, policy, now));
    history.then(|one, policy, now| one.restrict(policy, now).unwrap());
    history.then(|one, policy, now| one.request_erasure(Channel::Admin, policy, now));
    let (once, _) = history.repeated_on(&anna);
    let (twice, cancelled) = history.repeated_on(&once);
    assert_eq!(once, twice);
    assert_eq!(cancelled, []);
}

/// S0-31: a reminder that fell due since the backup counts as sent.
#[test]
fn a_reminder_that_may_have_been_sent_is_not_sent_again() {
    let policy = Policy::demo();
    let (mut anna, _) = pending(at(NOON));
    assert!(!anna.forgo_reminder(&policy, at(NOON)), "not due yet");
    let later = at("2026-12-22T12:00:00Z");
    assert!(anna.forgo_reminder(&policy, later));
    assert!(anna.remind(&policy, later).is_none());
}
