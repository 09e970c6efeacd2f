//! The story of one person, a promise at a time.

use consentry_address::EmailAddress;
use consentry_domain::{
    Action, Channel, Choice, Confirmation, Effects, LetterKind, NothingToConfirm, PersonState,
    TopicState,
};
use consentry_policy::{LegalBasis, Policy};

use crate::{at, confirmed, minutes_later, pending, request, topic};

const NOON: &str = "2026-11-22T12:00:00Z";

/// S0-26, S0-28: a sign-up is pending until the mailbox's owner confirms.
#[test]
fn sign_up_is_pending_and_owes_one_confirmation() {
    let (anna, effects) = pending(at(NOON));
    assert_eq!(anna.state(), PersonState::Pending);
    assert_eq!(effects.letters, [LetterKind::Confirmation]);
    assert_eq!(effects.evidence.len(), 1);
}

/// S0-25: the basis of a first subscription is the policy's, and it is written down.
#[test]
fn first_subscription_rests_on_the_basis_of_the_policy() {
    let (anna, effects) = pending(at(NOON));
    assert_eq!(anna.subscriptions[0].basis, LegalBasis::LegitimateInterest);
    assert_eq!(
        effects.evidence[0].basis,
        Some(LegalBasis::LegitimateInterest)
    );
}

#[test]
fn fifty_sign_ups_within_the_cool_down_owe_one_letter_and_leave_one_trace() {
    let (mut anna, first) = pending(at(NOON));
    let (mut letters, mut traces) = (first.letters.len(), first.evidence.len());
    for second in 1..50 {
        let now = at(&format!("2026-11-22T12:00:{second:02}Z"));
        let effects = anna.sign_up(&request(&["newsletter"]), &Policy::demo(), now);
        letters += effects.letters.len();
        traces += effects.evidence.len();
    }
    assert_eq!((letters, traces), (1, 1));
}

#[test]
fn asking_again_after_the_cool_down_sends_a_new_confirmation_and_moves_no_clock() {
    let (mut anna, _) = pending(at(NOON));
    let later = minutes_later(at(NOON), 60);
    let effects = anna.sign_up(&request(&["newsletter"]), &Policy::demo(), later);
    assert_eq!(effects.letters, [LetterKind::Confirmation]);
    assert_eq!(anna.first_submitted_at, at(NOON));
    assert_eq!(
        anna.generation, 0,
        "an earlier link of a pending request lives on"
    );
}

#[test]
fn confirming_twice_is_friendly() {
    let policy = Policy::demo();
    let (mut anna, _) = pending(at(NOON));
    let (first, effects) = anna.confirm(&policy, at(NOON)).unwrap();
    assert_eq!(first, Confirmation::Confirmed);
    assert!(effects.cancelled.contains(&LetterKind::Reminder));
    let (second, effects) = anna.confirm(&policy, at(NOON)).unwrap();
    assert_eq!(second, Confirmation::AlreadyConfirmed);
    assert!(
        effects.evidence.is_empty(),
        "a second confirmation is no event"
    );
}

/// S0-56: what was waiting when the person left is no longer there to confirm.
#[test]
fn old_confirmation_link_is_dead_after_unsubscribe() {
    let policy = Policy::demo();
    let (mut anna, _) = pending(at(NOON));
    anna.unsubscribe_all(Channel::OneClick, &policy, at(NOON));
    assert_eq!(anna.confirm(&policy, at(NOON)), Err(NothingToConfirm));
    assert_eq!(anna.state(), PersonState::Unsubscribed);
}

/// S0-47, S0-48, S0-49: one topic is left, the others stay.
#[test]
fn leaving_one_topic_keeps_the_others() {
    let policy = Policy::demo();
    let mut anna = confirmed(at(NOON));
    let all = ["newsletter", "demo", "sales-follow-up"].map(topic);
    anna.choose(&all, true, &policy, at(NOON));
    for left in &all {
        let keep: Vec<_> = all.iter().filter(|one| *one != left).cloned().collect();
        let mut person = anna.clone();
        let (choice, effects) = person.choose(&keep, true, &policy, at(NOON));
        assert_eq!(choice, Choice::Saved);
        assert_eq!(effects.evidence.len(), 1);
        assert_eq!(effects.evidence[0].action, Action::Objected);
        assert_eq!(effects.evidence[0].topic.as_ref(), Some(left));
        for topic in &all {
            let state = person.subscription(topic).unwrap().state;
            assert_eq!(state == TopicState::Unsubscribed, topic == left);
        }
    }
}

/// S0-50, S0-51: leaving everything covers every topic and is written down once (S0-54).
#[test]
fn leaving_everything_is_global_and_idempotent() {
    let policy = Policy::demo();
    let mut anna = confirmed(at(NOON));
    anna.choose(
        &[topic("newsletter"), topic("demo")],
        true,
        &policy,
        at(NOON),
    );
    let effects = anna.unsubscribe_all(Channel::OneClick, &policy, at(NOON));
    assert_eq!(effects.evidence[0].action, Action::Objected);
    assert_eq!(effects.evidence[0].channel, Channel::OneClick);
    assert_eq!(effects.evidence[0].topic, None, "the scope is everything");
    assert_eq!(anna.state(), PersonState::Unsubscribed);
    let again = anna.unsubscribe_all(Channel::OneClick, &policy, minutes_later(at(NOON), 1));
    assert!(again.evidence.is_empty());
    assert_eq!(anna.objected_at, Some(at(NOON)));
}

/// S0-55, S0-56, S0-57, S0-58: coming back is a fresh consent and keeps the earlier date.
#[test]
fn coming_back_needs_a_fresh_confirmation_and_becomes_consent() {
    let policy = Policy::demo();
    let mut anna = confirmed(at(NOON));
    let left = minutes_later(at(NOON), 1);
    anna.unsubscribe_all(Channel::Link, &policy, left);

    let back = minutes_later(at(NOON), 2);
    let effects = anna.sign_up(&request(&["newsletter"]), &policy, back);
    assert_eq!(effects.letters, [LetterKind::Confirmation]);
    assert_eq!(effects.evidence[0].action, Action::RequestedAgain);
    assert_eq!(effects.evidence[0].basis, Some(LegalBasis::Consent));
    assert_eq!(anna.generation, 1, "every older link is dead");
    assert_eq!(anna.state(), PersonState::Unsubscribed, "until confirmed");

    anna.confirm(&policy, minutes_later(at(NOON), 3)).unwrap();
    let newsletter = &anna.subscriptions[0];
    assert_eq!(newsletter.state, TopicState::Confirmed);
    assert_eq!(newsletter.basis, LegalBasis::Consent);
    assert_eq!(
        newsletter.unsubscribed_at,
        Some(left),
        "the earlier date is kept"
    );
    assert_eq!(anna.objected_at, None);
}

#[test]
fn sign_ups_in_a_row_do_not_kill_the_link_that_was_just_mailed() {
    let policy = Policy::demo();
    let mut anna = confirmed(at(NOON));
    anna.unsubscribe_all(Channel::Link, &policy, at(NOON));
    anna.sign_up(&request(&["newsletter"]), &policy, at(NOON));
    let mailed = anna.generation;
    anna.sign_up(
        &request(&["newsletter"]),
        &policy,
        minutes_later(at(NOON), 1),
    );
    assert_eq!(anna.generation, mailed);
}

#[test]
fn coming_back_through_the_preference_centre_is_confirmed_afresh() {
    let policy = Policy::demo();
    let mut anna = confirmed(at(NOON));
    anna.unsubscribe_all(Channel::Link, &policy, at(NOON));
    let (choice, effects) = anna.choose(&[topic("newsletter")], true, &policy, at(NOON));
    assert_eq!(choice, Choice::ConfirmationMailed);
    assert_eq!(effects.letters, [LetterKind::Confirmation]);
    assert_eq!(anna.state(), PersonState::Unsubscribed);
}

#[test]
fn topic_added_by_a_confirmed_person_rests_on_consent() {
    let policy = Policy::demo();
    let mut anna = confirmed(at(NOON));
    let keep = [topic("newsletter"), topic("demo")];
    let (choice, effects) = anna.choose(&keep, true, &policy, at(NOON));
    assert_eq!(choice, Choice::Saved);
    for evidence in &effects.evidence {
        assert_eq!(evidence.basis, Some(LegalBasis::Consent));
    }
    let demo = anna.subscription(&topic("demo")).unwrap();
    assert_eq!(
        (demo.state, demo.basis),
        (TopicState::Confirmed, LegalBasis::Consent)
    );
}

/// S0-56: the link of the first subscription does not bring back a topic that was left since.
#[test]
fn coming_back_to_one_topic_kills_older_links_too() {
    let policy = Policy::demo();
    let mut anna = confirmed(at(NOON));
    anna.choose(
        &[topic("newsletter"), topic("demo")],
        true,
        &policy,
        at(NOON),
    );
    anna.choose(&[topic("newsletter")], true, &policy, at(NOON));
    assert_eq!(anna.generation, 0);
    anna.sign_up(&request(&["demo"]), &policy, at(NOON));
    assert_eq!(anna.generation, 1);
    assert_eq!(anna.state(), PersonState::Confirmed);
}

#[test]
fn a_stranger_cannot_confirm_a_topic_for_a_subscriber() {
    let policy = Policy::demo();
    let mut anna = confirmed(at(NOON));
    let effects = anna.sign_up(&request(&["demo"]), &policy, at(NOON));
    assert_eq!(effects.letters, [LetterKind::Confirmation]);
    let demo = anna.subscription(&topic("demo")).unwrap();
    assert_eq!(demo.state, TopicState::Pending);
}

#[test]
fn a_subscriber_who_signs_up_again_is_told_so_by_mail_only() {
    let mut anna = confirmed(at(NOON));
    let effects = anna.sign_up(&request(&["newsletter"]), &Policy::demo(), at(NOON));
    assert_eq!(effects.letters, [LetterKind::AlreadySubscribed]);
    assert!(effects.evidence.is_empty());
}

/// S0-60, S0-62: an erased person is hidden, and owed the answer alone.
#[test]
fn erased_person_is_owed_the_answer_and_nothing_else() {
    let policy = Policy::demo();
    let mut anna = confirmed(at(NOON));
    let effects = anna.request_erasure(Channel::Link, &policy, at(NOON));
    assert_eq!(effects.letters, [LetterKind::ErasureAnswer]);
    assert_eq!(effects.cancelled, LetterKind::ALL);
    assert!(!anna.is_visible(&policy, at(NOON)));
    for kind in LetterKind::ALL {
        assert_eq!(kind.is_owed_to(&anna), *kind == LetterKind::ErasureAnswer);
    }
}

/// S0-42: a restricted person is not reminded.
#[test]
fn restriction_stops_the_reminder_and_can_be_lifted() {
    let policy = Policy::demo();
    let (mut anna, _) = pending(at(NOON));
    assert!(anna.restrict(&policy, at(NOON)).is_some());
    assert!(anna.restrict(&policy, at(NOON)).is_none());
    let in_a_month = at("2026-12-22T12:00:00Z");
    assert!(anna.remind(&policy, in_a_month).is_none());
    assert!(anna.lift_restriction(&policy, in_a_month).is_some());
    assert!(anna.remind(&policy, in_a_month).is_some());
}

/// S0-39: the new address confirms, the old one is told and not kept.
#[test]
fn changed_address_is_confirmed_by_the_new_mailbox_and_the_old_one_forgotten() {
    let policy = Policy::demo();
    let mut anna = confirmed(at(NOON));
    let new = EmailAddress::parse("anna@example.net").unwrap();
    let effects = anna.request_address(new.clone(), Channel::Link, &policy, at(NOON));
    assert_eq!(
        effects.letters,
        [LetterKind::AddressConfirmation, LetterKind::AddressChange]
    );
    assert_eq!(LetterKind::AddressConfirmation.recipient(&anna), Some(&new));
    assert_ne!(LetterKind::AddressChange.recipient(&anna), Some(&new));
    let before = anna.generation;
    anna.confirm_address(&policy, at(NOON)).unwrap();
    assert_eq!(anna.address, new);
    assert_eq!(anna.requested_address, None);
    assert_ne!(
        anna.generation, before,
        "links mailed to the old address are dead"
    );
    assert!(anna.confirm_address(&policy, at(NOON)).is_none());
}

/// S0-39: a new link for the new address, once per cool-down, while the change is under way.
#[test]
fn a_new_link_for_a_new_address_is_mailed_once_per_cool_down() {
    let policy = Policy::demo();
    let mut anna = confirmed(at(NOON));
    let idle = anna.ask_for_address_confirmation(&policy, at(NOON));
    assert!(idle.letters.is_empty(), "no change is under way");
    assert_eq!(anna.last_prompted_at, None);

    let new = EmailAddress::parse("anna@example.net").unwrap();
    anna.request_address(new, Channel::Link, &policy, at(NOON));
    let generation = anna.generation;
    let effects = anna.ask_for_address_confirmation(&policy, at(NOON));
    assert_eq!(effects.letters, [LetterKind::AddressConfirmation]);
    assert_eq!(effects.cancelled, [LetterKind::AddressConfirmation]);
    assert!(effects.evidence.is_empty(), "nothing was decided");
    assert_eq!(anna.last_prompted_at, Some(at(NOON)));
    assert_eq!(anna.generation, generation, "no link in use is dead");

    let again = anna.ask_for_address_confirmation(&policy, minutes_later(at(NOON), 1));
    assert!(again.letters.is_empty());
    let later = anna.ask_for_address_confirmation(&policy, minutes_later(at(NOON), 60));
    assert_eq!(later.letters, [LetterKind::AddressConfirmation]);

    anna.confirm_address(&policy, at(NOON)).unwrap();
    let done = anna.ask_for_address_confirmation(&policy, minutes_later(at(NOON), 180));
    assert!(done.letters.is_empty());
}

/// S0-57: what a confirmation would record is known before, and is what it records.
#[test]
fn the_basis_of_a_confirmation_is_known_beforehand() {
    let policy = Policy::demo();
    let (mut anna, _) = pending(at(NOON));
    let first = anna.subscriptions[0].basis_once_confirmed();
    assert_eq!(first, LegalBasis::LegitimateInterest);
    let (_, effects) = anna.confirm(&policy, at(NOON)).unwrap();
    assert_eq!(effects.evidence[0].basis, Some(first));

    anna.unsubscribe_all(Channel::Link, &policy, at(NOON));
    anna.sign_up(&request(&["newsletter"]), &policy, at(NOON));
    let second = anna.subscriptions[0].basis_once_confirmed();
    assert_eq!(second, LegalBasis::Consent);
    let (_, effects) = anna.confirm(&policy, at(NOON)).unwrap();
    assert_eq!(effects.evidence[0].basis, Some(second));
}

#[test]
fn the_link_of_a_replaced_new_address_is_dead() {
    let policy = Policy::demo();
    let mut anna = confirmed(at(NOON));
    let ask = |address| EmailAddress::parse(address).unwrap();
    anna.request_address(ask("anna@example.net"), Channel::Link, &policy, at(NOON));
    let first = anna.generation;
    let hasty = anna.request_address(ask("b@example.com"), Channel::Link, &policy, at(NOON));
    assert_eq!(hasty, Effects::default(), "not twice within the cool-down");
    let later = minutes_later(at(NOON), 60);
    anna.request_address(ask("anna@example.com"), Channel::Link, &policy, later);
    assert_ne!(anna.generation, first);
}

/// The owner of the new address can do one thing before confirming: have it forgotten.
#[test]
fn an_address_that_its_owner_did_not_give_is_forgotten() {
    let policy = Policy::demo();
    let mut anna = confirmed(at(NOON));
    let new = EmailAddress::parse("bob@example.net").unwrap();
    anna.request_address(new, Channel::Link, &policy, at(NOON));
    let before = anna.generation;
    assert!(anna.withdraw_address(&policy, at(NOON)).is_some());
    assert_eq!(anna.requested_address, None);
    assert_ne!(anna.generation, before, "its links are dead");
    assert!(anna.withdraw_address(&policy, at(NOON)).is_none());
    assert_eq!(anna.state(), PersonState::Confirmed);
}

/// Saving the preference centre does not confirm what a stranger asked for.
#[test]
fn a_strangers_request_is_not_confirmed_by_saving_choices() {
    let policy = Policy::demo();
    let mut anna = confirmed(at(NOON));
    anna.sign_up(&request(&["demo"]), &policy, at(NOON));
    let keep = [topic("newsletter"), topic("demo")];
    let (choice, _) = anna.choose(&keep, true, &policy, at(NOON));
    assert_eq!(choice, Choice::Saved);
    let demo = anna.subscription(&topic("demo")).unwrap();
    assert_eq!(demo.state, TopicState::Pending);
}

/// A link that every relay on the way has seen leaves, and adds nothing by itself.
#[test]
fn a_link_that_proves_nothing_adds_nothing_without_a_confirmation() {
    let policy = Policy::demo();
    let mut anna = confirmed(at(NOON));
    let keep = [topic("newsletter"), topic("demo")];
    let (choice, effects) = anna.choose(&keep, false, &policy, at(NOON));
    assert_eq!(choice, Choice::ConfirmationMailed);
    assert_eq!(effects.letters, [LetterKind::Confirmation]);
    let demo = anna.subscription(&topic("demo")).unwrap();
    assert_eq!(demo.state, TopicState::Pending);
}

/// Leaving and coming back in a circle does not make us write each time.
#[test]
fn leaving_and_coming_back_in_a_circle_sends_no_flood() {
    let policy = Policy::demo();
    let (mut anna, _) = pending(at(NOON));
    let mut letters = 0;
    for second in 1..30 {
        let now = at(&format!("2026-11-22T12:00:{second:02}Z"));
        anna.unsubscribe_all(Channel::OneClick, &policy, now);
        letters += anna
            .sign_up(&request(&["newsletter"]), &policy, now)
            .letters
            .len();
        letters += anna
            .choose(&[topic("newsletter")], false, &policy, now)
            .1
            .letters
            .len();
    }
    assert_eq!(letters, 1);
}

/// S0-42: restricted data are not touched at a stranger's request.
#[test]
fn a_sign_up_leaves_a_restricted_record_alone() {
    let policy = Policy::demo();
    let mut anna = confirmed(at(NOON));
    anna.restrict(&policy, at(NOON));
    let before = anna.clone();
    assert_eq!(
        anna.sign_up(&request(&["demo"]), &policy, at(NOON)),
        Effects::default()
    );
    assert_eq!(anna, before);
}

/// S0-47 to S0-49: topics are left one by one, through whichever door; a second time is no news.
#[test]
fn topics_can_be_left_by_name() {
    let policy = Policy::demo();
    let mut anna = confirmed(at(NOON));
    anna.choose(
        &[topic("newsletter"), topic("demo")],
        true,
        &policy,
        at(NOON),
    );
    let demo = [topic("demo")];
    let effects = anna.leave_topics(&demo, Channel::Api, &policy, at(NOON));
    let channels: Vec<_> = effects.evidence.iter().map(|one| one.channel).collect();
    assert_eq!(channels, [Channel::Api]);
    assert_eq!(anna.state(), PersonState::Confirmed);
    let again = anna.leave_topics(&demo, Channel::Api, &policy, at(NOON));
    assert!(again.evidence.is_empty());
    assert_eq!(anna.objected_at, None);
}
