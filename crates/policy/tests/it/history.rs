//! Which period binds data that were collected under an earlier version.

use consentry_policy::{Policy, Promised, SubscriberState};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use crate::edit::{Edits, SMALL, replaced};

fn edited(edits: Edits<'_>) -> Policy {
    let source = replaced(SMALL, edits);
    Policy::parse(&source, "policy.toml").unwrap_or_else(|errors| panic!("{errors}"))
}

/// A version whose unconfirmed addresses stay so many days.
fn version(days: u32, reaches_back: bool) -> Policy {
    let period = format!("after = \"{days} days\"");
    let engine = format!("[engine]\nlonger_reaches_back = {reaches_back}\n[mail]\n");
    let zone = ("time_zone = \"Europe/Paris\"", "time_zone = \"UTC\"");
    let edits = [
        ("after = \"12 months\"", &*period),
        ("[mail]\n", &*engine),
        zone,
    ];
    edited(&edits)
}

fn day(number: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * number)
}

fn promised(policy: &Policy, collected: Timestamp) -> Option<&Promised> {
    policy.subscriber_promise(SubscriberState::Pending, collected)
}

/// The end of an address, by the policy and its history.
fn ends(policy: &Policy, collected: Timestamp) -> Timestamp {
    let promised = promised(policy, collected).expect("a period");
    promised.after(collected, &policy.calendar)
}

/// Issue 4: a longer period never reaches back to data collected under a shorter promise.
#[test]
fn a_longer_period_does_not_reach_back() {
    let policy = version(60, false).following(vec![(day(0), version(30, false))], day(100));
    assert_eq!(ends(&policy, day(99)), day(129));
    assert_eq!(ends(&policy, day(100)), day(160));
}

/// Issue 4: … unless the file says so.
#[test]
fn a_longer_period_reaches_back_when_the_file_says_so() {
    let policy = version(60, true).following(vec![(day(0), version(30, false))], day(100));
    assert_eq!(ends(&policy, day(99)), day(159));
}

#[test]
fn a_shorter_period_binds_at_once() {
    let policy = version(30, false).following(vec![(day(0), version(60, false))], day(100));
    assert_eq!(ends(&policy, day(99)), day(129));
}

/// What was promised binds although the rule is gone, and although it has another name now.
#[test]
fn a_rule_that_is_gone_binds_what_was_collected_under_it() {
    let gone = "[[datasets.stages]]\nid = \"purge-unsubscribed\"\naction = \"purge\"\nstate = \"unsubscribed\"\nclock = \"last-departure\"\nafter = \"3 years\"\n";
    let policy = edited(&[(gone, "")]);
    let left = |policy: &Policy, collected| {
        let promise = policy.subscriber_promise(SubscriberState::Unsubscribed, collected);
        promise.cloned()
    };
    assert_eq!(left(&policy, day(50)), None);
    let policy = policy.following(vec![(day(0), edited(&[]))], day(100));
    let promise = Promised::only("3 years".parse().expect("a period"));
    assert_eq!(left(&policy, day(50)), Some(promise));
    assert_eq!(left(&policy, day(100)), None);

    let renamed = edited(&[
        ("\"purge-unconfirmed\"", "\"another-name\""),
        ("\"12 months\"", "\"2 years\""),
    ]);
    let renamed = renamed.following(vec![(day(0), edited(&[]))], day(100));
    assert_eq!(
        promised(&renamed, day(50)).map(|one| one.periods().len()),
        Some(2)
    );
}

proptest! {
    /// Issue 4, against a naive reading: whoever reads the versions day by day and never lets a
    /// promise grow, but where a version says that it may, comes to the same day.
    #[test]
    fn what_binds_is_what_a_patient_reader_finds(
        days in prop::collection::vec((31..400_u32, any::<bool>(), 1..200_i64), 1..5),
        collected in 0..600_i64,
    ) {
        let mut since = 0;
        let mut versions = Vec::new();
        for (period, reaches_back, lasts) in days {
            versions.push((since, period, reaches_back));
            since += lasts;
        }
        let mut in_force: Vec<_> = versions
            .iter()
            .map(|(since, period, back)| (day(*since), version(*period, *back)))
            .collect();
        let (since, newest) = in_force.pop().expect("a version");
        let policy = newest.following(in_force, since);

        let mut bound: Option<u32> = None;
        for today in collected..=collected.max(1_000) {
            let of_today = versions.iter().rev().find(|(since, ..)| *since <= today);
            let (since, period, reaches_back) = *of_today.expect("a version");
            let may_grow = bound.is_none() || (since == today && reaches_back);
            bound = bound.filter(|_| !may_grow).map_or(Some(period), |bound| Some(bound.min(period)));
        }
        let expected = day(collected + i64::from(bound.expect("a period")));
        prop_assert_eq!(ends(&policy, day(collected)), expected);

        // The eras say the same, without gaps.
        let eras = policy.subscriber_eras(SubscriberState::Pending);
        let era = eras.iter().rfind(|era| era.from <= day(collected)).expect("an era");
        prop_assert!(era.until.is_none_or(|until| day(collected) < until));
        prop_assert_eq!(era.promised.as_ref(), promised(&policy, day(collected)));
        prop_assert!(eras.windows(2).all(|two| two[0].until == Some(two[1].from)));
    }
}
