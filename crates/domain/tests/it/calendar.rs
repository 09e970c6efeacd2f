//! The calendar: reminder, twelve months, thirty days.

use consentry_domain::{Channel, LetterKind};
use consentry_policy::Policy;
use jiff::ToSpan;

use crate::{at, confirmed, pending};

/// S0-31: one reminder at the policy's delay, never a second, none before.
#[test]
fn one_reminder_on_its_day_and_never_a_second() {
    let policy = Policy::demo();
    let submitted = at("2026-11-22T12:00:00Z");
    let due = policy
        .subscription
        .reminder
        .unwrap()
        .after(submitted, &policy.calendar);
    let (mut anna, _) = pending(submitted);
    let just_before = due.checked_sub(1.microsecond()).unwrap();
    assert!(anna.remind(&policy, just_before).is_none());
    let effects = anna.remind(&policy, due).unwrap();
    assert_eq!(effects.letters, [LetterKind::Reminder]);
    assert!(anna.remind(&policy, due).is_none());
}

/// S0-31: none once confirmed, unsubscribed or erased.
#[test]
fn nobody_else_is_reminded() {
    let policy = Policy::demo();
    let submitted = at("2026-11-22T12:00:00Z");
    let later = at("2027-01-22T12:00:00Z");
    let mut people = [
        confirmed(submitted),
        pending(submitted).0,
        pending(submitted).0,
    ];
    people[1].unsubscribe_all(Channel::OneClick, &policy, submitted);
    people[2].request_erasure(Channel::Link, &policy, submitted);
    for person in &mut people {
        assert!(person.remind(&policy, later).is_none());
    }
}

/// S0-32: twelve calendar months from the first submission, to the instant, in the policy's
/// zone; a leap day ends on the last of February.
#[test]
fn pending_record_ends_after_twelve_calendar_months() {
    let policy = Policy::demo();
    for (submitted, ends) in [
        ("2026-11-22T12:00:00Z", "2027-11-22T12:00:00Z"),
        ("2024-02-29T09:00:00Z", "2025-02-28T09:00:00Z"),
        // Submitted in winter time, ends in winter time; the zone's night is another UTC day.
        ("2026-12-31T23:30:00Z", "2027-12-31T23:30:00Z"),
    ] {
        let (anna, _) = pending(at(submitted));
        let just_before = at(ends).checked_sub(1.microsecond()).unwrap();
        assert!(anna.is_visible(&policy, just_before));
        assert!(!anna.is_due_for_purge(&policy, just_before));
        assert!(!anna.is_visible(&policy, at(ends)));
        assert!(anna.is_due_for_purge(&policy, at(ends)));
    }
}

/// S0-33: confirming stops the twelve months.
#[test]
fn twelve_months_end_for_pending_people_only() {
    let policy = Policy::demo();
    let submitted = at("2026-11-22T12:00:00Z");
    let years_later = at("2036-11-22T12:00:00Z");
    assert!(!confirmed(submitted).is_due_for_purge(&policy, years_later));
}

/// S0-59: the kept date of an unsubscription has the end that the policy states.
#[test]
fn record_of_somebody_who_left_ends_when_the_policy_says() {
    let policy = Policy::demo();
    let mut anna = confirmed(at("2026-11-22T12:00:00Z"));
    anna.unsubscribe_all(Channel::OneClick, &policy, at("2027-02-01T12:00:00Z"));
    assert!(!anna.is_due_for_purge(&policy, at("2030-02-01T11:59:59Z")));
    assert!(anna.is_due_for_purge(&policy, at("2030-02-01T12:00:00Z")));
    anna.restrict(&policy, at("2029-01-01T00:00:00Z"));
    assert!(!anna.is_due_for_purge(&policy, at("2030-02-01T12:00:00Z")));
}

/// S0-63: thirty days after the request, not earlier.
#[test]
fn erased_record_ends_after_thirty_days() {
    let policy = Policy::demo();
    let mut anna = confirmed(at("2026-11-22T12:00:00Z"));
    anna.request_erasure(Channel::Admin, &policy, at("2026-12-01T08:00:00Z"));
    assert!(!anna.is_due_for_purge(&policy, at("2026-12-31T07:59:59Z")));
    assert!(anna.is_due_for_purge(&policy, at("2026-12-31T08:00:00Z")));
}
