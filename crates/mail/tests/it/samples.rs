//! Letters as the service composes them.

use std::sync::Arc;

use consentry_address::EmailAddress;
use consentry_domain::{LetterKind, SubjectId};
use consentry_mail::{LetterRenderer, Message};
use consentry_policy::{Announcement, ChangeReason, Class, Language, Policy, diff};
use consentry_service::{
    Version,
    ports::{Letter, LetterId, Publication, SecretUrl},
    record::Erasure,
};
use jiff::Timestamp;

/// The source of the demo policy.
pub(crate) const DEMO: &str = include_str!("../../../policy/policies/saas-portal.toml");

pub(crate) fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

fn url(path: &str) -> SecretUrl {
    let token = "k1.3q2-7wAAAAAAAAAqAAAAAGkhZ0ABq83vEjRWeJq83vEjRWeJq83vEjRWeJo";
    SecretUrl::new(format!("https://portal.velmarin.example/{path}/{token}"))
}

pub(crate) fn letter(kind: LetterKind, language: Language) -> Letter {
    let asks = matches!(
        kind,
        LetterKind::Confirmation | LetterKind::Reminder | LetterKind::AddressConfirmation
    );
    let names_topics = matches!(
        kind,
        LetterKind::Confirmation | LetterKind::Reminder | LetterKind::AlreadySubscribed
    );
    let topics = ["newsletter", "demo"].map(|topic| topic.parse().unwrap());
    Letter {
        id: LetterId(0x00c0_ffee_0123_4567),
        kind,
        subject: SubjectId(0x00a1_b2c3_d4e5_f607),
        to: address("anna.berg@bücher.example"),
        language,
        date: instant("2026-11-22T13:05:00Z"),
        topics: if names_topics {
            topics.to_vec()
        } else {
            Vec::new()
        },
        confirm_url: asks.then(|| url("confirm")),
        confirm_until: asks.then(|| instant("2026-12-22T13:05:00Z")),
        preferences_url: url("preferences"),
        unsubscribe_url: url("unsubscribe"),
        home_url: "https://portal.velmarin.example/".to_owned(),
        erasure: (kind == LetterKind::ErasureAnswer).then(|| Erasure {
            asked_at: instant("2026-11-22T13:05:00Z"),
            purged_after: instant("2026-12-22T13:05:00Z"),
            holds: Vec::new(),
        }),
        change: (kind == LetterKind::NoticeChange).then(|| Arc::new(version())),
    }
}

/// A version that keeps unconfirmed addresses for longer.
fn version() -> Version {
    let change = "[change]\nreason = \"service\"\nannounce = [\"mail\"]\n\
                  summary = { en = \"We need more time.\", fr = \"Il nous faut plus de temps.\" }\n[mail]";
    let source = DEMO
        .replacen("2026-11-01", "2026-12-01", 1)
        .replacen("\"12 months\"", "\"24 months\"", 1)
        .replacen("[mail]", change, 1);
    let policy = Policy::parse(&source, "policy.toml").unwrap();
    let differences = diff(&Policy::demo(), &policy);
    Version {
        publication: Publication {
            number: 2,
            version: policy.version.clone(),
            fingerprint: policy.fingerprint(),
            source,
            published_at: instant("2026-11-22T13:00:00Z"),
            in_force_from: instant("2026-11-30T23:00:00Z"),
            reason: ChangeReason::Service,
            announce: vec![Announcement::Mail],
            substantial: true,
            classes: vec![Class::Longer],
        },
        policy,
        differences,
    }
}

/// One letter of every kind in every language.
pub(crate) fn every_letter() -> Vec<Letter> {
    Language::ALL
        .into_iter()
        .flat_map(|language| {
            LetterKind::ALL
                .iter()
                .map(move |kind| letter(*kind, language))
        })
        .collect()
}

pub(crate) fn renderer(policy: Policy) -> LetterRenderer {
    let sender = policy.mail.from.clone();
    LetterRenderer::new(Arc::new(policy), sender).unwrap()
}

pub(crate) fn message(letter: &Letter) -> Message {
    renderer(Policy::demo()).message(letter).unwrap()
}

pub(crate) fn confirmation() -> Message {
    message(&letter(LetterKind::Confirmation, Language::En))
}

/// The header section, as text.
pub(crate) fn headers(message: &[u8]) -> String {
    let text = String::from_utf8(message.to_vec()).unwrap();
    text.split_once("\r\n\r\n").unwrap().0.to_owned()
}
