//! Nobody can flood a mailbox through us (standards of double opt-in: at most so many letters a day,
//! so many until confirmed).

use consentry_address::EmailAddress;
use consentry_domain::{Channel, Effects, LetterKind, Subject};
use consentry_policy::Policy;
use jiff::Timestamp;

use crate::{at, confirmed, minutes_later, pending, request};

const NOON: &str = "2026-11-22T12:00:00Z";

/// Presses the form every quarter of an hour, from the instant on; when the letters came.
fn besiege(anna: &mut Subject, from: Timestamp, hours: i64) -> Vec<Timestamp> {
    let policy = Policy::demo();
    (0..hours * 4)
        .map(|turn| minutes_later(from, turn * 15))
        .filter(|now| {
            let effects = anna.sign_up(&request(&["newsletter"]), &policy, *now);
            !effects.letters.is_empty()
        })
        .collect()
}

fn letters(effects: &Effects) -> usize {
    effects.letters.len()
}

#[test]
fn an_address_gets_three_letters_in_any_24_hours() {
    let policy = Policy::demo();
    let mut anna = confirmed(at(NOON));
    let from = minutes_later(at(NOON), 60);
    let mut letters = besiege(&mut anna, from, 24 * 10);
    assert!(
        letters.len() >= 10,
        "it is a pause, not an end: {letters:?}"
    );
    while letters.len() > 3 {
        let hours = letters[3].duration_since(letters[0]).as_hours();
        assert!(hours >= 24, "four letters within {hours} hours");
        letters.remove(0);
    }
    // "Mail me my link" draws on the same count.
    let last = minutes_later(*letters.last().unwrap(), 30);
    assert_eq!(anna.prompts.in_a_row, 3);
    assert!(anna.ask_for_link(&policy, last).letters.is_empty());
}

#[test]
fn an_address_that_nobody_confirms_gets_five_letters_and_rests() {
    let (mut anna, first) = pending(at(NOON));
    assert_eq!(letters(&first), 1);
    let from = minutes_later(at(NOON), 15);
    let letters = besiege(&mut anna, from, 24 * 60);
    assert_eq!(letters.len(), 4, "{letters:?}");
    let rest = Policy::demo().subscription.rest.unwrap();
    let zone = Policy::demo().calendar;
    let rested = rest.after(*letters.last().unwrap(), &zone);
    assert_eq!(besiege(&mut anna, minutes_later(rested, -60), 1), []);
    assert_eq!(besiege(&mut anna, rested, 24 * 10).len(), 5);
}

#[test]
fn without_a_rest_the_count_begins_anew_with_a_confirmation_alone() {
    let mut policy = Policy::demo();
    policy.subscription.rest = None;
    let (mut anna, _) = pending(at(NOON));
    anna.prompts.unconfirmed = 5;
    anna.unsubscribe_all(Channel::OneClick, &policy, at(NOON));
    let years_later = minutes_later(at(NOON), 60 * 24 * 365 * 3);
    let effects = anna.sign_up(&request(&["newsletter"]), &policy, years_later);
    assert!(effects.letters.is_empty(), "leaving is no confirmation");
    anna.confirm(&policy, years_later).unwrap();
    assert_eq!(anna.prompts.unconfirmed, 0);
}

/// Somebody else used up the letters: the owner's way back is any link that was mailed.
#[test]
fn whoever_holds_a_link_gets_another_one() {
    let policy = Policy::demo();
    let (mut anna, _) = pending(at(NOON));
    besiege(&mut anna, minutes_later(at(NOON), 15), 24 * 5);
    let later = minutes_later(at(NOON), 60 * 24 * 40);
    assert!(anna.ask_for_link(&policy, later).letters.is_empty());
    let effects = anna.ask_for_confirmation(&policy, later);
    assert_eq!(effects.letters, [LetterKind::Confirmation]);
    let later = minutes_later(later, 60);
    let effects = anna.ask_for_fresh_link(&policy, later);
    assert_eq!(effects.letters, [LetterKind::PreferencesLink]);
}

/// Leaving ends the cool-down, so that one may come back at once; it does not refill the count.
#[test]
fn leaving_and_coming_back_refills_nothing() {
    let policy = Policy::demo();
    let mut now = at(NOON);
    let (mut anna, first) = pending(now);
    let mut sent = letters(&first);
    for _ in 0..20 {
        now = minutes_later(now, 20);
        anna.unsubscribe_all(Channel::OneClick, &policy, now);
        sent += letters(&anna.sign_up(&request(&["newsletter"]), &policy, now));
    }
    assert_eq!(sent, 3);
}

/// S0-39: letters to new addresses go to mailboxes that may be anybody's.
#[test]
fn a_person_has_three_letters_a_day_sent_to_new_addresses() {
    let policy = Policy::demo();
    let mut anna = confirmed(at(NOON));
    let mut changes = 0;
    for turn in 0..40 {
        let new = EmailAddress::parse(&format!("victim{turn}@example.net")).unwrap();
        let now = minutes_later(at(NOON), turn * 30);
        let effects = anna.request_address(new, Channel::Link, &policy, now);
        changes += usize::from(effects.letters.contains(&LetterKind::AddressConfirmation));
    }
    assert_eq!(changes, 3);
    // The operator acts on a request that was proven elsewhere.
    let new = EmailAddress::parse("anna@example.net").unwrap();
    let now = minutes_later(at(NOON), 40 * 30);
    let effects = anna.request_address(new, Channel::Admin, &policy, now);
    assert!(!effects.letters.is_empty());
}
