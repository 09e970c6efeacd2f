//! What a row means.

use std::io::BufRead;

use consentry_address::EmailAddress;
use consentry_domain::{Import, PersonState, Standing};
use consentry_policy::{Language, LegalBasis, Policy, TopicId};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use thiserror::Error;

use crate::{Column, Ground, Reader, Refusal, Row};

impl<R: BufRead> Reader<R> {
    pub(crate) fn person(&self) -> Result<Row, Refusal> {
        let address = EmailAddress::parse(self.cell(Column::Email)).map_err(Refusal::Address)?;
        if self.policy.subscription.refuses(&address) {
            return Err(Refusal::RefusedDomain);
        }
        let state = self.state()?;
        if state == Some(PersonState::Unsubscribed) {
            return Ok(Row::Unsubscribed);
        }
        let standing = self.standing()?;
        let is_proven = matches!(standing, Standing::Proven { .. });
        if is_proven && state == Some(PersonState::Pending) {
            return Err(Refusal::NotConfirmed);
        }
        Ok(Row::Person(Import {
            address,
            topics: self.topics()?,
            language: self.language()?,
            standing,
        }))
    }

    fn state(&self) -> Result<Option<PersonState>, Refusal> {
        match self.cell(Column::State) {
            "" => Ok(None),
            word => match word.to_ascii_lowercase().parse() {
                Ok(state) => Ok(Some(state)),
                Err(_) => Err(Refusal::UnknownState),
            },
        }
    }

    fn topics(&self) -> Result<Vec<TopicId>, Refusal> {
        let is_between = |sign: char| sign.is_whitespace() || matches!(sign, ',' | ';' | '|');
        let names = self.cell(Column::Topics).split(is_between);
        let mut topics = Vec::new();
        for name in names.filter(|name| !name.is_empty()) {
            topics.push(topic(name, &self.policy).ok_or(Refusal::UnknownTopic)?);
        }
        if topics.is_empty() {
            topics.clone_from(&self.rules.topics);
        }
        Ok(topics)
    }

    fn language(&self) -> Result<Language, Refusal> {
        let tag = self.cell(Column::Language);
        if tag.is_empty() {
            return Ok(self.rules.language);
        }
        let primary = tag.split(['-', '_']).next().unwrap_or(tag);
        let language: Result<Language, _> = primary.to_ascii_lowercase().parse();
        language
            .ok()
            .filter(|language| self.policy.languages.offered.contains(language))
            .ok_or(Refusal::UnknownLanguage)
    }

    fn standing(&self) -> Result<Standing, Refusal> {
        let (basis, agreed_at, notice, source) = match &self.rules.ground {
            Ground::Unproven { source } => {
                return Ok(Standing::Unproven {
                    source: source.clone(),
                });
            }
            Ground::Proven {
                basis,
                agreed_at,
                notice,
                source,
            } => (basis, agreed_at, notice, source),
        };
        let basis = match self.cell(Column::Basis) {
            "" => *basis,
            name => basis_named(name).ok_or(Refusal::UnknownBasis)?,
        };
        let agreed_at = match self.cell(Column::ConfirmedAt) {
            "" => agreed_at.ok_or(Refusal::NotConfirmed)?,
            text => {
                moment(text, self.policy.calendar.zone()).map_err(|_| Refusal::UnreadableTime)?
            }
        };
        if agreed_at > self.rules.now {
            return Err(Refusal::FutureTime);
        }
        Ok(Standing::Proven {
            basis,
            agreed_at,
            notice: notice.clone(),
            source: source.clone(),
        })
    }
}

fn topic(name: &str, policy: &Policy) -> Option<TopicId> {
    let id = name.to_ascii_lowercase().parse().ok()?;
    policy.topic(&id).map(|topic| topic.id.clone())
}

fn basis_named(name: &str) -> Option<LegalBasis> {
    name.to_ascii_lowercase().replace('_', "-").parse().ok()
}

/// A text is no date and no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected a date such as `2024-05-31` or a time such as `2024-05-31T09:30:00Z`")]
pub struct UnreadableTime;

/// Reads a moment: RFC 3339, or a date or a date and a time in `zone`. A date alone is its first
/// instant. Whole microseconds, as the store keeps them.
pub fn moment(text: &str, zone: &TimeZone) -> Result<Timestamp, UnreadableTime> {
    let text = text.trim();
    let instant = text.parse::<Timestamp>().or_else(|_| {
        let local: DateTime = text.parse()?;
        zone.to_timestamp(local)
    });
    let instant = instant.map_err(|_| UnreadableTime)?;
    Timestamp::from_microsecond(instant.as_microsecond()).map_err(|_| UnreadableTime)
}
