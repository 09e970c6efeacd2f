//! Coming in with a file.

use consentry_address::EmailAddress;
use consentry_domain::{
    Action, Channel, Effects, Import, Imported, LetterKind, PersonState, Source, Standing, Subject,
    SubjectId,
};
use consentry_policy::{Language, LegalBasis, NoticeVersion, Policy};
use proptest::prelude::*;

use crate::{at, confirmed, minutes_later, pending, request, topic};

const NOON: &str = "2026-11-22T12:00:00Z";
const EARLIER: &str = "2024-05-31T09:30:00Z";

fn source() -> Source {
    "CRM export of October".parse().unwrap()
}

fn proven() -> Standing {
    Standing::Proven {
        basis: LegalBasis::Consent,
        agreed_at: at(EARLIER),
        notice: NoticeVersion::held_elsewhere("2024-01").unwrap(),
        source: source(),
    }
}

fn import(topics: &[&str], standing: Standing) -> Import {
    Import {
        address: EmailAddress::parse("anna@example.org").unwrap(),
        topics: topics.iter().map(|name| topic(name)).collect(),
        language: Language::Fr,
        standing,
    }
}

fn decide(import: &Import, held: Option<&Subject>, is_erased: bool) -> Imported {
    let (policy, now) = (Policy::demo(), at("2026-11-22T12:00:05Z"));
    import.decide(SubjectId(9), held, is_erased, &policy, at(NOON), now)
}

fn entered(import: &Import) -> (Subject, Effects) {
    match decide(import, None, false) {
        Imported::Entered(person, effects) => (*person, effects),
        other => panic!("{other:?}"),
    }
}

/// S0-26, S0-28: without a proof nobody is confirmed by a file; the owner of the mailbox is asked.
#[test]
fn without_a_proof_people_are_asked() {
    let standing = Standing::Unproven {
        source: Some(source()),
    };
    let (mut anna, effects) = entered(&import(&["newsletter", "demo"], standing));
    assert_eq!(anna.state(), PersonState::Pending);
    assert_eq!(effects.letters, [LetterKind::Confirmation]);
    assert_eq!(anna.first_submitted_at, at(NOON), "the clock of S0-32");
    assert_eq!(anna.subscriptions[0].basis, LegalBasis::LegitimateInterest);
    for evidence in &effects.evidence {
        assert_eq!(evidence.action, Action::Imported);
        assert_eq!(evidence.channel, Channel::Import);
        assert_eq!(&evidence.notice, Policy::demo().notice_version());
        let provenance = evidence.provenance.as_ref().unwrap();
        assert_eq!(
            (provenance.source.clone(), provenance.agreed_at),
            (source(), None)
        );
    }
    let later = minutes_later(at(NOON), 60);
    anna.confirm(&Policy::demo(), later).unwrap();
    assert_eq!(anna.state(), PersonState::Confirmed);
}

/// GDPR art. 7(1): what the operator can show is written down, and nothing that it cannot: the
/// notice is one that is not held here.
#[test]
fn with_a_proof_people_are_confirmed_and_the_proof_is_kept() {
    let (anna, effects) = entered(&import(&["demo"], proven()));
    assert_eq!(anna.state(), PersonState::Confirmed);
    assert_eq!(effects.letters, []);
    let held = &anna.subscriptions[0];
    assert_eq!(
        (held.basis, held.confirmed_at),
        (LegalBasis::Consent, Some(at(EARLIER)))
    );
    let [evidence] = &effects.evidence[..] else {
        panic!("{:?}", effects.evidence)
    };
    assert_eq!(
        evidence.at,
        at("2026-11-22T12:00:05Z"),
        "when it was imported"
    );
    assert_eq!(evidence.basis, Some(LegalBasis::Consent));
    assert_eq!(evidence.notice.as_str(), "2024-01+00000000");
    let provenance = evidence.provenance.as_ref().unwrap();
    assert_eq!(provenance.agreed_at, Some(at(EARLIER)));
    assert_eq!(provenance.source, source());
}

#[test]
fn a_topic_that_is_named_twice_is_one() {
    let (anna, effects) = entered(&import(&["demo", "demo"], proven()));
    assert_eq!((anna.subscriptions.len(), effects.evidence.len()), (1, 1));
}

/// Somebody who waits for a confirmation is not made confirmed behind their back.
#[test]
fn whoever_is_known_stays_as_they_are() {
    for held in [pending(at(NOON)).0, confirmed(at(NOON))] {
        for topics in [&["newsletter"][..], &["demo"]] {
            let decided = decide(&import(topics, proven()), Some(&held), false);
            assert_eq!(decided, Imported::AlreadyThere);
        }
    }
}

/// S0-101: leaving holds against later imports, whatever they claim.
#[test]
fn whoever_left_stays_away() {
    let (policy, now) = (Policy::demo(), at(NOON));
    let left_everything = {
        let mut anna = confirmed(now);
        anna.unsubscribe_all(Channel::OneClick, &policy, now);
        anna
    };
    let asks_again = {
        let mut anna = left_everything.clone();
        anna.sign_up(&request(&["newsletter"]), &policy, minutes_later(now, 60));
        assert!(anna.awaits_confirmation());
        anna
    };
    let left_a_topic = {
        let mut anna = confirmed(now);
        anna.choose(&[topic("newsletter"), topic("demo")], true, &policy, now);
        anna.choose(&[topic("demo")], true, &policy, now);
        assert_eq!(anna.state(), PersonState::Confirmed);
        anna
    };
    let restricted = {
        let mut anna = confirmed(now);
        anna.restrict(&policy, now);
        anna
    };
    for standing in [proven(), Standing::Unproven { source: None }] {
        let both = import(&["demo", "newsletter"], standing.clone());
        for held in [&left_everything, &asks_again, &left_a_topic, &restricted] {
            assert_eq!(decide(&both, Some(held), false), Imported::LeftOut);
        }
        let other = import(&["sales-follow-up"], standing.clone());
        assert_eq!(
            decide(&other, Some(&left_everything), false),
            Imported::LeftOut
        );
        let kept = import(&["demo"], standing);
        assert_eq!(
            decide(&kept, Some(&left_a_topic), false),
            Imported::AlreadyThere
        );
        assert_eq!(
            decide(&kept, None, true),
            Imported::LeftOut,
            "erased, in the grace"
        );
    }
}

/// A person who came back after an erasure is known, and a record that is over is nobody.
#[test]
fn the_living_record_counts_while_its_period_lasts() {
    let after_erasure = confirmed(at(NOON));
    let newsletter = import(&["newsletter"], proven());
    let decided = decide(&newsletter, Some(&after_erasure), true);
    assert_eq!(decided, Imported::AlreadyThere);

    let (outlived, _) = pending(at("2025-11-01T12:00:00Z"));
    let decided = decide(&newsletter, Some(&outlived), false);
    assert!(matches!(decided, Imported::Entered(..)));
    assert_eq!(
        decide(&newsletter, Some(&outlived), true),
        Imported::LeftOut
    );

    // The end of the period after leaving does not bring anybody back: the purge has to come first.
    let long_ago = at("2020-01-01T12:00:00Z");
    let mut left = confirmed(long_ago);
    left.unsubscribe_all(Channel::Link, &Policy::demo(), long_ago);
    assert_eq!(decide(&newsletter, Some(&left), false), Imported::LeftOut);
}

#[test]
fn a_source_is_one_line_of_text() {
    for text in ["", "  ", "two\nlines", &"x".repeat(201)] {
        assert!(text.parse::<Source>().is_err(), "{text:?}");
    }
    let longest = "é".repeat(200);
    assert_eq!(
        format!(" {longest} ")
            .parse::<Source>()
            .unwrap()
            .to_string(),
        longest
    );
}

proptest! {
    /// Whatever a file claims, an import changes nobody who is held.
    #[test]
    fn an_import_enters_only_people_who_are_not_held(
        steps in prop::collection::vec(0..5_u8, 0..8),
        topics in prop::sample::subsequence(vec!["newsletter", "demo", "sales-follow-up"], 1..=3),
        is_erased: bool,
        is_proven: bool,
    ) {
        let policy = Policy::demo();
        let mut now = at("2026-11-22T11:00:00Z");
        let (mut anna, _) = pending(now);
        for step in steps {
            now = minutes_later(now, 5);
            match step {
                0 => drop(anna.confirm(&policy, now)),
                1 => drop(anna.unsubscribe_all(Channel::Link, &policy, now)),
                2 => drop(anna.sign_up(&request(&["demo"]), &policy, now)),
                3 => drop(anna.choose(&[topic("sales-follow-up")], true, &policy, now)),
                _ => drop(anna.restrict(&policy, now)),
            }
        }
        let standing = if is_proven { proven() } else { Standing::Unproven { source: None } };
        let decided = decide(&import(&topics, standing), Some(&anna), is_erased);
        prop_assert!(!matches!(decided, Imported::Entered(..)), "{:?}", decided);
        if anna.state() == PersonState::Unsubscribed || anna.restricted_at.is_some() {
            prop_assert_eq!(decided, Imported::LeftOut);
        }
    }
}
