//! What is written is read again; and whatever is read, nothing breaks.

use consentry_address::EmailAddress;
use consentry_domain::{Import, Imported, Standing, Subject, SubjectId};
use consentry_policy::{Language, LegalBasis, NoticeVersion, TopicId};
use consentry_transfer::{MAX_LINE, Row, Writer};
use jiff::Timestamp;
use proptest::prelude::*;

use crate::{asked, now, policy, proven, read, source};

fn written(people: &[Subject]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new()).unwrap();
    for person in people {
        writer.write(person).unwrap();
    }
    writer.finish().unwrap()
}

fn entered(import: &Import) -> Subject {
    match import.decide(SubjectId(1), None, false, policy(), now(), now()) {
        Imported::Entered(person, _) => *person,
        other => panic!("{other:?}"),
    }
}

/// Addresses with every sign that a formula may begin with, and those that CSV minds.
fn address() -> impl Strategy<Value = EmailAddress> {
    "[=+'-]{0,3}[a-z'|/éß=+-]{1,12}".prop_filter_map("no address", |local| {
        EmailAddress::parse(&format!("{local}@example.org")).ok()
    })
}

fn import() -> impl Strategy<Value = Import> {
    let topics: Vec<TopicId> = policy().topics.iter().map(|one| one.id.clone()).collect();
    (
        address(),
        prop::sample::subsequence(topics, 1..=3),
        prop::sample::select(&Language::ALL[..]),
        prop::sample::select(&LegalBasis::ALL[..]),
        0..now().as_microsecond(),
        any::<bool>(),
    )
        .prop_map(|(address, topics, language, basis, at, is_proven)| Import {
            address,
            topics,
            language,
            standing: if is_proven {
                Standing::Proven {
                    basis,
                    agreed_at: Timestamp::from_microsecond(at).unwrap(),
                    notice: NoticeVersion::held_elsewhere("2024-01").unwrap(),
                    source: source(),
                }
            } else {
                Standing::Unproven { source: None }
            },
        })
}

proptest! {
    /// An export that is imported again enters the same people with the same claims.
    #[test]
    fn an_export_is_read_back_as_it_was(people in prop::collection::vec(import(), 0..20)) {
        let file = written(&people.iter().map(entered).collect::<Vec<_>>());
        let (confirmed, pending): (Vec<_>, Vec<_>) = people
            .into_iter()
            .partition(|one| matches!(one.standing, Standing::Proven { .. }));
        let people_of = |rules| -> Vec<Import> {
            let rows = read(&file, rules).unwrap().into_iter();
            rows.filter_map(|(_, row)| match row {
                Row::Person(person) => Some(person),
                _ => None,
            })
            .collect()
        };
        prop_assert_eq!(people_of(proven()), confirmed);
        let asked: Vec<_> = people_of(asked())
            .into_iter()
            .filter(|one| pending.iter().any(|other| other == one))
            .collect();
        prop_assert!(pending.iter().all(|one| asked.contains(one)));
    }

    /// No cell of an export is calculated by a spreadsheet.
    #[test]
    fn no_cell_begins_a_formula(people in prop::collection::vec(import(), 0..20)) {
        let file = written(&people.iter().map(entered).collect::<Vec<_>>());
        for line in std::str::from_utf8(&file).unwrap().lines() {
            for cell in line.split(',') {
                let text = cell.trim_start_matches('"');
                prop_assert!(!text.starts_with(['=', '+', '-', '@']), "{}", line);
            }
        }
    }

    /// Any bytes after any header: no panic, and never more than a line in memory.
    #[test]
    fn any_bytes_are_rows_or_refused(
        header in "(email|email,topics|state,email,confirmed_at)\n",
        rest in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let file = [header.as_bytes(), &rest].concat();
        let rows = read(&file, proven()).unwrap();
        prop_assert!(rows.len() <= rest.split(|byte| *byte == b'\n').count());
    }

    #[test]
    fn any_bytes_are_a_file_or_refused(file in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&file, asked());
    }

    /// CSV of any shape, quotes and delimiters in wrong places included.
    #[test]
    fn any_signs_of_csv_are_rows_or_refused(rest in "([\",;\r\na@.'=]|é){0,200}") {
        read(format!("email,topics\n{rest}"), asked()).unwrap();
    }

    /// However long the lines are, every other one is read.
    #[test]
    fn long_lines_are_skipped_as_a_whole(lengths in prop::collection::vec(0..MAX_LINE * 2, 0..6)) {
        let mut file = String::from("email\n");
        for length in &lengths {
            file.push_str(&"x".repeat(*length));
            file.push_str("\nanna@example.org\n");
        }
        let rows = read(file, asked()).unwrap();
        let people = rows.iter().filter(|(_, row)| matches!(row, Row::Person(_)));
        prop_assert_eq!(people.count(), lengths.len());
    }
}

/// Who left one topic and waits for another is shown with what they receive.
#[test]
fn a_line_shows_a_person_in_their_state() {
    let policy = policy();
    let topics: Vec<TopicId> = policy.topics.iter().map(|one| one.id.clone()).collect();
    let mut person = entered(&Import {
        address: EmailAddress::parse("=anna,b@example.org")
            .unwrap_or_else(|_| EmailAddress::parse("=anna@example.org").unwrap()),
        topics: topics.clone(),
        language: Language::Fr,
        standing: Standing::Unproven { source: None },
    });
    person.confirm(policy, now()).unwrap();
    person.choose(&topics[..2], true, policy, now());
    let file = String::from_utf8(written(std::slice::from_ref(&person))).unwrap();
    assert_eq!(
        file,
        "email,state,topics,language,basis,confirmed_at\n\
         '=anna@example.org,confirmed,newsletter demo,fr,legitimate-interest,2026-11-22T10:00:00Z\n"
    );
    person.unsubscribe_all(consentry_domain::Channel::Link, policy, now());
    let file = String::from_utf8(written(&[person])).unwrap();
    assert!(
        file.ends_with("\n'=anna@example.org,unsubscribed,,fr,,\n"),
        "{file}"
    );
}
