//! Random histories: what holds whatever people, strangers and the calendar do.

use consentry_domain::{Channel, Effects, LetterKind, PersonState, Subject, TopicState};
use consentry_policy::{Policy, TopicId};
use jiff::Timestamp;
use proptest::prelude::*;

use crate::{at, minutes_later, pending, request, topic};

#[derive(Debug, Clone)]
enum Step {
    SignUp(Vec<&'static str>),
    Confirm,
    Choose(Vec<&'static str>),
    UnsubscribeAll,
    Remind,
    Restrict,
    Lift,
    Wait(i64),
    Erase,
}

fn topics() -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::subsequence(vec!["newsletter", "demo", "sales-follow-up"], 0..=3)
}

/// A sign-up names at least one topic.
fn asked() -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::subsequence(vec!["newsletter", "demo", "sales-follow-up"], 1..=3)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => asked().prop_map(Step::SignUp),
        3 => Just(Step::Confirm),
        3 => topics().prop_map(Step::Choose),
        2 => Just(Step::UnsubscribeAll),
        2 => Just(Step::Remind),
        1 => Just(Step::Restrict),
        1 => Just(Step::Lift),
        4 => (1_i64..60 * 24 * 40).prop_map(Step::Wait),
        1 => Just(Step::Erase),
    ]
}

fn run(anna: &mut Subject, step: &Step, policy: &Policy, now: &mut Timestamp) -> Effects {
    let named = |names: &[&str]| -> Vec<TopicId> { names.iter().map(|name| topic(name)).collect() };
    match step {
        Step::SignUp(asked) => anna.sign_up(&request(asked), policy, *now),
        Step::Confirm => anna
            .confirm(policy, *now)
            .map(|(_, effects)| effects)
            .unwrap_or_default(),
        Step::Choose(keep) => anna.choose(&named(keep), true, policy, *now).1,
        Step::UnsubscribeAll => anna.unsubscribe_all(Channel::Link, policy, *now),
        Step::Remind => anna.remind(policy, *now).unwrap_or_default(),
        Step::Restrict => anna.restrict(policy, *now).unwrap_or_default(),
        Step::Lift => anna.lift_restriction(policy, *now).unwrap_or_default(),
        Step::Wait(minutes) => {
            *now = minutes_later(*now, *minutes);
            Effects::default()
        }
        Step::Erase => anna.request_erasure(Channel::Link, policy, *now),
    }
}

proptest! {
    /// S0-26, S0-31, S0-32, S0-53, S0-58, S0-62.
    #[test]
    fn promises_hold_in_every_history(steps in prop::collection::vec(step(), 1..40)) {
        let policy = Policy::demo();
        let start = at("2024-02-29T12:00:00Z");
        let mut now = start;
        let (mut anna, first) = pending(start);
        let mut reminders = 0;
        let mut prompts = vec![start];
        prop_assert_eq!(first.letters, [LetterKind::Confirmation]);
        for step in &steps {
            if anna.erased_at.is_some() {
                break;
            }
            let before = anna.clone();
            let effects = run(&mut anna, step, &policy, &mut now);
            reminders += effects.letters.iter().filter(|kind| **kind == LetterKind::Reminder).count();

            // The clock of the twelve months never moves, the one reminder stays one.
            prop_assert_eq!(anna.first_submitted_at, start);
            prop_assert!(reminders <= 1);

            // Nobody but the owner of the mailbox confirms anything.
            for held in &anna.subscriptions {
                let was = before.subscription(&held.topic).map(|held| held.state);
                if held.state == TopicState::Confirmed && was != Some(TopicState::Confirmed) {
                    let owner_acts = matches!(step, Step::Confirm | Step::Choose(_));
                    prop_assert!(owner_acts);
                }
                // An earlier unsubscribe date is never forgotten.
                let date = before.subscription(&held.topic).and_then(|held| held.unsubscribed_at);
                prop_assert!(held.unsubscribed_at >= date);
            }

            // A state that changed has left evidence.
            if anna.subscriptions != before.subscriptions {
                prop_assert!(!effects.evidence.is_empty());
            }

            // Strangers cannot make us write twice within the cool-down.
            if matches!(step, Step::SignUp(_)) && !effects.letters.is_empty() {
                let earliest = policy.subscription.cool_down.after(*prompts.last().unwrap(), &policy.calendar);
                prop_assert!(before.last_prompted_at.is_none() || now >= earliest);
            }
            if anna.last_prompted_at == Some(now) {
                prompts.push(now);
            }

            // Leaving everything leaves nothing to confirm, and nothing confirmed.
            if matches!(step, Step::UnsubscribeAll) {
                prop_assert_eq!(anna.state(), PersonState::Unsubscribed);
                prop_assert!(!anna.awaits_confirmation());
            }

            // Whatever is queued was owed when it was queued.
            for kind in &effects.letters {
                prop_assert!(kind.is_owed_to(&anna));
            }
        }
    }
}
