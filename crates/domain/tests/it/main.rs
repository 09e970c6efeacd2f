//! What the state machines promise, by example and for random histories.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod calendar;
mod flood;
mod histories;
mod imports;
mod journal;
mod story;

use consentry_address::EmailAddress;
use consentry_domain::{Channel, Effects, SignUp, Subject, SubjectId};
use consentry_policy::{Language, Policy, TopicId};
use jiff::{Timestamp, ToSpan};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn topic(name: &str) -> TopicId {
    name.parse().unwrap()
}

fn request(topics: &[&str]) -> SignUp {
    SignUp {
        address: EmailAddress::parse("anna@example.org").unwrap(),
        topics: topics.iter().map(|name| topic(name)).collect(),
        language: Language::En,
        channel: Channel::Form,
    }
}

fn pending(now: Timestamp) -> (Subject, Effects) {
    Subject::first_sign_up(
        SubjectId(1),
        &request(&["newsletter"]),
        &Policy::demo(),
        now,
    )
}

fn confirmed(now: Timestamp) -> Subject {
    let (mut anna, _) = pending(now);
    anna.confirm(&Policy::demo(), now).unwrap();
    anna
}

fn minutes_later(now: Timestamp, minutes: i64) -> Timestamp {
    now.checked_add(minutes.minutes()).unwrap()
}
