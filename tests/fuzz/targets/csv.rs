//! CSV files of people: no input panics, every line is one row at most, and whatever is read and
//! written again is read as it was.
#![no_main]

use std::{io::BufReader, sync::LazyLock};

use consentry::{
    Language, Policy,
    domain::{Import, Imported, Standing, SubjectId},
    policy::{LegalBasis, NoticeVersion},
    transfer::{Ground, Reader, Row, Rules, Writer},
};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

static POLICY: LazyLock<Policy> = LazyLock::new(Policy::demo);

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).expect("a time")
}

fn rules(delimiter: u8) -> Rules {
    Rules {
        topics: POLICY.default_topics().map(|one| one.id.clone()).collect(),
        language: Language::En,
        ground: Ground::Proven {
            basis: LegalBasis::Consent,
            agreed_at: Some(Timestamp::UNIX_EPOCH),
            notice: NoticeVersion::held_elsewhere("fuzz").expect("a version"),
            source: "a fuzzer".parse().expect("a source"),
        },
        now: now(),
        delimiter,
        ignored: vec!["ignored".to_owned()],
    }
}

fn people(file: &[u8], delimiter: u8) -> Option<Vec<Import>> {
    // A buffer that is smaller than a line, as buffers may be.
    let input = BufReader::with_capacity(13, file);
    let mut reader = Reader::new(input, rules(delimiter), &POLICY).ok()?;
    let (mut people, mut rows, mut last) = (Vec::new(), 0, 1);
    while let Some(row) = reader.read().expect("memory can be read") {
        rows += 1;
        assert!(reader.line() > last, "two rows on one line");
        last = reader.line();
        match row {
            Row::Person(person) => people.push(person),
            Row::Unsubscribed => {}
            Row::Refused(refusal) => assert!(!refusal.code().is_empty()),
        }
    }
    assert_eq!(reader.bytes(), file.len() as u64);
    assert!(rows <= file.split(|byte| *byte == b'\n').count());
    Some(people)
}

fuzz_target!(|file: &[u8]| {
    for delimiter in *b",;\t" {
        let Some(people) = people(file, delimiter) else {
            continue;
        };
        let mut writer = Writer::new(Vec::new()).expect("memory can be written");
        let mut entered = Vec::new();
        for mut person in people {
            // A record has each topic once.
            let mut seen = Vec::new();
            person.topics.retain(|topic| {
                let is_new = !seen.contains(topic);
                seen.push(topic.clone());
                is_new
            });
            let decided = person.decide(SubjectId(1), None, false, &POLICY, now(), now());
            let Imported::Entered(subject, _) = decided else {
                panic!("a new person is not entered");
            };
            writer.write(&subject).expect("memory can be written");
            assert!(matches!(person.standing, Standing::Proven { .. }));
            entered.push(person);
        }
        let written = writer.finish().expect("memory can be written");
        assert_eq!(self::people(&written, b','), Some(entered));
    }
});
