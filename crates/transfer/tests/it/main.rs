//! What is read from a file and written to one.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod files;
mod round_trip;
mod rows;

use std::{io::BufReader, sync::LazyLock};

use consentry_domain::Source;
use consentry_policy::{Language, LegalBasis, NoticeVersion, Policy};
use consentry_transfer::{FileError, Ground, Reader, Row, Rules};
use jiff::Timestamp;

/// Read once: the property tests ask for it thousands of times.
fn policy() -> &'static Policy {
    static POLICY: LazyLock<Policy> = LazyLock::new(Policy::demo);
    &POLICY
}

fn now() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

fn source() -> Source {
    "CRM export of October".parse().unwrap()
}

fn asked() -> Rules {
    Rules {
        topics: policy()
            .default_topics()
            .map(|one| one.id.clone())
            .collect(),
        language: Language::En,
        ground: Ground::Unproven { source: None },
        now: now(),
        delimiter: b',',
        ignored: Vec::new(),
    }
}

fn proven() -> Rules {
    Rules {
        ground: Ground::Proven {
            basis: LegalBasis::Consent,
            agreed_at: None,
            notice: NoticeVersion::held_elsewhere("2024-01").unwrap(),
            source: source(),
        },
        ..asked()
    }
}

/// Every row with the number of its line. The buffer is smaller than a line, as buffers may be.
fn read(file: impl AsRef<[u8]>, rules: Rules) -> Result<Vec<(u64, Row)>, FileError> {
    let input = BufReader::with_capacity(7, file.as_ref());
    let mut reader = Reader::new(input, rules, policy())?;
    let mut rows = Vec::new();
    while let Some(row) = reader.read()? {
        rows.push((reader.line(), row));
    }
    Ok(rows)
}

/// The same in short: addresses, codes of refusals, `left`.
fn told(file: impl AsRef<[u8]>, rules: Rules) -> Vec<(u64, String)> {
    let tell = |(line, row)| {
        let what = match row {
            Row::Person(person) => person.address.expose().to_owned(),
            Row::Unsubscribed => "left".to_owned(),
            Row::Refused(refusal) => refusal.code().to_owned(),
        };
        (line, what)
    };
    read(file, rules).unwrap().into_iter().map(tell).collect()
}

fn lines(told: &[(u64, String)]) -> Vec<(u64, &str)> {
    told.iter().map(|(line, what)| (*line, &**what)).collect()
}
