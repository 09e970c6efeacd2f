//! What a row means.

use consentry_domain::Standing;
use consentry_policy::{Language, LegalBasis, Policy};
use consentry_transfer::{Ground, Row, Rules, moment};

use crate::{asked, lines, proven, read, source, told};

#[test]
fn a_row_says_topics_and_language_or_the_defaults_hold() {
    let file = "email,topics,language\na@b.example,demo|Newsletter,fr-CA\nc@d.example,,\n";
    let rows = read(file, asked()).unwrap();
    let people: Vec<_> = rows
        .iter()
        .map(|(_, row)| match row {
            Row::Person(person) => person,
            other => panic!("{other:?}"),
        })
        .collect();
    let topics =
        |place: usize| -> Vec<&str> { people[place].topics.iter().map(AsRef::as_ref).collect() };
    assert_eq!(topics(0), ["demo", "newsletter"]);
    assert_eq!(people[0].language, Language::Fr);
    assert_eq!(topics(1), ["newsletter"]);
    assert_eq!(people[1].language, Language::En);
    assert_eq!(people[0].standing, Standing::Unproven { source: None });
}

#[test]
fn a_row_that_cannot_be_used_says_why() {
    let file = "email,topics,language,state\n\
                anna.example.org,,,\n\
                a b@example.org,,,\n\
                ,demo,,\n\
                a@b.example,weather,,\n\
                a@b.example,,de,\n\
                a@b.example,,,gone\n\
                a@b.example,,,unsubscribed\n\
                a@b.example,,,Confirmed\n";
    assert_eq!(
        lines(&told(file, asked())),
        [
            (2, "missing-at"),
            (3, "space"),
            (4, "empty"),
            (5, "unknown-topic"),
            (6, "unknown-language"),
            (7, "unknown-state"),
            (8, "left"),
            (9, "a@b.example"),
        ]
    );
}

/// GDPR art. 7(1): who is entered as confirmed without a time of the agreement is entered without
/// proof.
#[test]
fn nobody_is_confirmed_without_a_time_of_the_agreement() {
    let file = "email,confirmed_at,basis,state\n\
                a@b.example,2024-05-31T09:30:00Z,,\n\
                a@b.example,,,\n\
                a@b.example,last year,,\n\
                a@b.example,2026-11-22T10:00:01Z,,\n\
                a@b.example,2024-05-31,Legitimate_Interest,\n\
                a@b.example,2024-05-31,because,\n\
                a@b.example,2024-05-31,,pending\n";
    assert_eq!(
        lines(&told(file, proven())),
        [
            (2, "a@b.example"),
            (3, "not-confirmed"),
            (4, "unreadable-time"),
            (5, "future-time"),
            (6, "a@b.example"),
            (7, "unknown-basis"),
            (8, "not-confirmed"),
        ]
    );
    let rows = read(file, proven()).unwrap();
    let Row::Person(second) = &rows[4].1 else {
        panic!()
    };
    let Standing::Proven {
        basis,
        agreed_at,
        notice,
        source: from,
    } = &second.standing
    else {
        panic!()
    };
    assert_eq!(*basis, LegalBasis::LegitimateInterest);
    // Midnight in the policy's zone, Paris.
    assert_eq!(agreed_at.to_string(), "2024-05-30T22:00:00Z");
    assert_eq!(notice.as_str(), "2024-01+00000000");
    assert_eq!(*from, source());
}

#[test]
fn the_file_as_a_whole_may_have_a_time() {
    let rules = match proven() {
        Rules {
            ground:
                Ground::Proven {
                    basis,
                    notice,
                    source,
                    ..
                },
            ..
        } => Rules {
            ground: Ground::Proven {
                basis,
                agreed_at: Some("2020-02-02T00:00:00Z".parse().unwrap()),
                notice,
                source,
            },
            ..asked()
        },
        _ => unreachable!(),
    };
    assert_eq!(
        lines(&told("email\na@b.example\n", rules)),
        [(2, "a@b.example")]
    );
}

#[test]
fn a_moment_is_written_in_several_ways() {
    let zone = Policy::demo().time_zone;
    for (text, wanted) in [
        ("2024-05-31T09:30:00Z", "2024-05-31T09:30:00Z"),
        ("2024-05-31 09:30:00+02:00", "2024-05-31T07:30:00Z"),
        ("2024-05-31 09:30:00", "2024-05-31T07:30:00Z"),
        ("2024-05-31T09:30", "2024-05-31T07:30:00Z"),
        (
            "2024-05-31T09:30:00.1234567Z",
            "2024-05-31T09:30:00.123456Z",
        ),
    ] {
        assert_eq!(moment(text, &zone).unwrap().to_string(), wanted, "{text}");
    }
    for text in ["", "0000-00-00", "31.05.2024", "1717147800", "05/31/2024"] {
        assert!(moment(text, &zone).is_err(), "{text}");
    }
}
