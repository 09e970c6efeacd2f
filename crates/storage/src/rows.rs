//! Between rows and domain types.

use std::str::FromStr;

use consentry_domain::{
    ConsentEvent, Evidence, Prompts, Provenance, Receipt, RequestedAddress, Subject, SubjectId,
    Subscription,
};
use consentry_service::ports::{LetterState, NewLetter, StoreError};
use jiff::Timestamp;
use sea_orm::{NotSet, Set};

use crate::{
    entity::{consent_event, letter, subject, subscription},
    error::{unreadable, unreadable_column},
    vault::{Opened, Sealed},
};

/// Rows in one statement. The widest table has 21 columns and SQLite takes 32,766 parameters.
pub(crate) const ROWS: usize = 1_000;

/// The values of a list to look for, the last one again and again up to a power of two:
/// PostgreSQL keeps what it understood of a statement by its text, and that must not change with
/// every number of values.
pub(crate) fn padded<T: Clone>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.into_iter().collect();
    if let Some(last) = values.last().cloned() {
        values.resize(values.len().next_power_of_two(), last);
    }
    values
}

/// A person's row.
pub(crate) fn subject_row(person: &Subject, sealed: Sealed) -> subject::Model {
    subject::Model {
        id: person.id.0.cast_signed(),
        controller: person.controller.to_string(),
        address_index: sealed.address_index,
        address_index_key: sealed.address_index_key,
        wrapped_key: sealed.wrapped_key,
        sealed_address: sealed.address,
        sealed_requested_address: sealed.requested_address,
        requested_address_at: person
            .requested_address
            .as_ref()
            .map(|requested| requested.at.as_microsecond()),
        language: person.language.to_string(),
        generation: person.generation.into(),
        state: person.state().to_string(),
        first_submitted_at: person.first_submitted_at.as_microsecond(),
        last_interaction_at: person.last_interaction_at.as_microsecond(),
        imported: person.is_imported,
        last_prompted_at: micros(person.last_prompted_at),
        prompted_at: micros(person.prompts.last_at),
        prompted_in_a_row: person.prompts.in_a_row.into(),
        prompted_unconfirmed: person.prompts.unconfirmed.into(),
        reminded_at: micros(person.reminded_at),
        objected_at: micros(person.objected_at),
        restricted_at: micros(person.restricted_at),
        erased_at: micros(person.erased_at),
    }
}

/// A person, from their row, their opened addresses and the rows of their topics in order.
pub(crate) fn subject(
    row: &subject::Model,
    opened: Opened,
    topics: &[subscription::Model],
) -> Result<Subject, StoreError> {
    let requested_address = match (opened.requested_address, instant(row.requested_address_at)?) {
        (Some(address), Some(at)) => Some(RequestedAddress { address, at }),
        (None, None) => None,
        _ => return Err(unreadable("`requested_address_at` and its address differ")),
    };
    Ok(Subject {
        id: SubjectId(row.id.cast_unsigned()),
        controller: word(&row.controller, "controller")?,
        address: opened.address,
        language: word(&row.language, "language")?,
        generation: number(row.generation, "generation")?,
        subscriptions: topics.iter().map(subscription).collect::<Result<_, _>>()?,
        first_submitted_at: at(row.first_submitted_at)?,
        last_interaction_at: at(row.last_interaction_at)?,
        is_imported: row.imported,
        last_prompted_at: instant(row.last_prompted_at)?,
        prompts: Prompts {
            last_at: instant(row.prompted_at)?,
            in_a_row: number(row.prompted_in_a_row, "prompted_in_a_row")?,
            unconfirmed: number(row.prompted_unconfirmed, "prompted_unconfirmed")?,
        },
        reminded_at: instant(row.reminded_at)?,
        objected_at: instant(row.objected_at)?,
        restricted_at: instant(row.restricted_at)?,
        requested_address,
        erased_at: instant(row.erased_at)?,
    })
}

/// The rows of a person's topics.
pub(crate) fn subscription_rows(person: &Subject) -> impl Iterator<Item = subscription::Model> {
    (0..)
        .zip(&person.subscriptions)
        .map(|(position, held)| subscription::Model {
            subject_id: person.id.0.cast_signed(),
            topic: held.topic.to_string(),
            controller: person.controller.to_string(),
            position,
            state: held.state.to_string(),
            basis: held.basis.as_str().to_owned(),
            notice: held.notice.to_string(),
            requested_at: held.requested_at.as_microsecond(),
            confirmed_at: micros(held.confirmed_at),
            unsubscribed_at: micros(held.unsubscribed_at),
            requested_again_at: micros(held.requested_again_at),
        })
}

fn subscription(row: &subscription::Model) -> Result<Subscription, StoreError> {
    Ok(Subscription {
        topic: word(&row.topic, "topic")?,
        state: word(&row.state, "state")?,
        basis: word(&row.basis, "basis")?,
        notice: word(&row.notice, "notice")?,
        requested_at: at(row.requested_at)?,
        confirmed_at: instant(row.confirmed_at)?,
        unsubscribed_at: instant(row.unsubscribed_at)?,
        requested_again_at: instant(row.requested_again_at)?,
    })
}

/// The row of a consent event; the database numbers it.
pub(crate) fn event_row(person: &Subject, event: &ConsentEvent) -> consent_event::ActiveModel {
    let evidence = &event.evidence;
    let provenance = evidence.provenance.as_ref();
    consent_event::ActiveModel {
        id: NotSet,
        subject_id: Set(person.id.0.cast_signed()),
        controller: Set(person.controller.to_string()),
        receipt: Set(event.receipt.to_string()),
        at: Set(evidence.at.as_microsecond()),
        action: Set(evidence.action.to_string()),
        channel: Set(evidence.channel.to_string()),
        topic: Set(evidence.topic.as_ref().map(ToString::to_string)),
        basis: Set(evidence.basis.map(|basis| basis.as_str().to_owned())),
        notice: Set(evidence.notice.to_string()),
        source: Set(provenance.map(|from| from.source.to_string())),
        agreed_at: Set(micros(provenance.and_then(|from| from.agreed_at))),
    }
}

pub(crate) fn event(row: consent_event::Model) -> Result<ConsentEvent, StoreError> {
    let optional = |text: Option<String>| text.as_deref().map(|text| word(text, "topic"));
    Ok(ConsentEvent {
        receipt: Receipt::stored(row.receipt),
        evidence: Evidence {
            at: at(row.at)?,
            action: word(&row.action, "action")?,
            channel: word(&row.channel, "channel")?,
            topic: optional(row.topic).transpose()?,
            basis: row
                .basis
                .as_deref()
                .map(|basis| word(basis, "basis"))
                .transpose()?,
            notice: word(&row.notice, "notice")?,
            provenance: provenance(row.source.as_deref(), row.agreed_at)?,
        },
    })
}

fn provenance(
    source: Option<&str>,
    agreed_at: Option<i64>,
) -> Result<Option<Provenance>, StoreError> {
    let Some(source) = source else {
        return Ok(None);
    };
    Ok(Some(Provenance {
        source: word(source, "source")?,
        agreed_at: instant(agreed_at)?,
    }))
}

/// The row of a letter that is queued now.
pub(crate) fn letter_row(person: &Subject, new: &NewLetter) -> letter::Model {
    letter::Model {
        id: new.id.0.cast_signed(),
        subject_id: person.id.0.cast_signed(),
        controller: person.controller.to_string(),
        kind: new.kind.to_string(),
        state: LetterState::Queued.as_str().to_owned(),
        queued_at: new.due_at.as_microsecond(),
        due_at: Some(new.due_at.as_microsecond()),
        attempts: 0,
        uncertain: 0,
        worker: None,
        leased_until: None,
        reason: None,
        reply_code: None,
        reply_status: None,
        settled_at: None,
    }
}

/// A word that this program wrote into a column.
pub(crate) fn word<T>(text: &str, column: &'static str) -> Result<T, StoreError>
where
    T: FromStr<Err: std::error::Error>,
{
    text.parse().map_err(unreadable_column(column))
}

/// Several words in one column, separated by spaces.
pub(crate) fn words<T: std::fmt::Display>(words: impl IntoIterator<Item = T>) -> String {
    let words: Vec<_> = words.into_iter().map(|word| word.to_string()).collect();
    words.join(" ")
}

/// The words that [`words`] wrote into a column.
pub(crate) fn read_words<T, C>(text: &str, column: &'static str) -> Result<C, StoreError>
where
    T: FromStr<Err: std::error::Error>,
    C: FromIterator<T>,
{
    text.split_ascii_whitespace()
        .map(|text| word(text, column))
        .collect()
}

/// A number that this program wrote into a column.
pub(crate) fn number<T>(number: i32, column: &'static str) -> Result<T, StoreError>
where
    T: TryFrom<i32, Error: std::error::Error>,
{
    number.try_into().map_err(unreadable_column(column))
}

pub(crate) fn at(microseconds: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(microseconds).map_err(unreadable_column("time"))
}

pub(crate) fn instant(microseconds: Option<i64>) -> Result<Option<Timestamp>, StoreError> {
    microseconds.map(at).transpose()
}

pub(crate) fn micros(time: Option<Timestamp>) -> Option<i64> {
    time.map(Timestamp::as_microsecond)
}
