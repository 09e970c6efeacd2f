//! A person's record as it is shown to the operator and handed to the person.
//!
//! The field names are the contract of `subscriber show --format json` and of the copy that a
//! person gets (GDPR art. 15 and 20): machine-readable, times in RFC 3339.

use std::fmt;

use consentry_domain::{Action, ConsentEvent, PersonState, Subject, TopicState};
use consentry_policy::{Language, LegalBasis, Localized, Policy};
use jiff::Timestamp;
use serde::Serialize;

use crate::{Error, Service, ports::LegalHold};

/// One person, as the operator sees them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PersonRecord {
    /// The address as it was typed.
    pub email: String,
    /// `pending`, `confirmed` or `unsubscribed`.
    pub state: &'static str,
    /// The language of the person's letters.
    pub language: &'static str,
    /// The topics.
    pub topics: Vec<TopicRecord>,
    /// Every past state change, oldest first.
    pub history: Vec<StateChange>,
    /// The consent events, oldest first.
    pub events: Vec<EventRecord>,
    /// The clock of the pending period.
    pub first_submitted_at: String,
    /// When the one reminder was queued.
    pub reminded_at: Option<String>,
    /// Since when a global objection holds.
    pub objected_at: Option<String>,
    /// Since when processing is restricted.
    pub restricted_at: Option<String>,
    /// A new address that waits for its confirmation.
    pub requested_email: Option<String>,
    /// What keeps the record whatever period is over.
    pub holds: Vec<HoldRecord>,
}

/// A hold on a record, as its person is told: neither the case nor who set it (S3-26).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HoldRecord {
    /// The kind of hold, in the policy.
    pub kind: String,
    /// Its name in the person's language.
    pub name: String,
    /// Since when.
    pub since: Timestamp,
    /// By when it is looked at again.
    pub review_at: Timestamp,
}

/// What becomes of somebody who asked for erasure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// When it was asked for: hidden since then (S0-60).
    pub asked_at: Timestamp,
    /// From when on the record is purged (S0-63).
    pub purged_after: Timestamp,
    /// What keeps the record beyond that, for as long as it lasts.
    pub holds: Vec<HoldRecord>,
}

/// A person as another program needs them: the JSON API and webhooks. `Debug` names nobody.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct SubscriberRecord {
    /// The record's number: random, and the same until the record is purged.
    pub subject: String,
    /// The address as it was typed.
    pub email: String,
    /// `pending`, `confirmed` or `unsubscribed`.
    pub state: &'static str,
    /// The language of the person's letters.
    pub language: &'static str,
    /// The topics.
    pub topics: Vec<TopicRecord>,
    /// Since when processing is restricted: keep what you have, and do nothing with it.
    pub restricted_at: Option<String>,
}

impl SubscriberRecord {
    /// Reads the record out of a person.
    pub fn new(person: &Subject) -> Self {
        Self {
            subject: person.id.to_string(),
            email: person.address.expose().to_owned(),
            state: person.state().as_str(),
            language: person.language.as_str(),
            topics: person.subscriptions.iter().map(topic_record).collect(),
            restricted_at: text(person.restricted_at),
        }
    }
}

impl fmt::Debug for SubscriberRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubscriberRecord")
            .field("subject", &self.subject)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// One topic of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TopicRecord {
    /// The topic.
    pub topic: String,
    /// Its state.
    pub state: &'static str,
    /// The legal basis.
    pub basis: &'static str,
    /// When it was first asked for.
    pub requested_at: String,
    /// When it was last confirmed.
    pub confirmed_at: Option<String>,
    /// When it was last left.
    pub unsubscribed_at: Option<String>,
    /// While unsubscribed: when it was asked for again.
    pub requested_again_at: Option<String>,
}

/// One change of state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StateChange {
    /// The state from here on.
    pub state: &'static str,
    /// The topic; `null` is everything.
    pub topic: Option<String>,
    /// When.
    pub at: String,
}

/// One consent event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventRecord {
    /// When.
    pub at: String,
    /// What.
    pub action: &'static str,
    /// Through which door.
    pub channel: &'static str,
    /// The topic; `null` is everything.
    pub topic: Option<String>,
    /// The legal basis.
    pub basis: Option<&'static str>,
    /// The notice that was shown.
    pub notice_version: String,
    /// The receipt.
    pub receipt: String,
    /// Where the record comes from, when not from the person (GDPR art. 15(1)(g)).
    pub source: Option<String>,
    /// When the person agreed there.
    pub agreed_at: Option<String>,
}

/// The copy that a person gets: the record and the information of GDPR art. 15(1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PersonalData {
    /// The name and version of this document's schema.
    pub schema: &'static str,
    /// When the copy was made.
    pub exported_at: String,
    /// Who holds the data.
    pub controller: ControllerRecord,
    /// The data.
    pub person: PersonRecord,
    /// Why the data are held.
    pub purposes: Vec<PurposeRecord>,
    /// For how long.
    pub retention: RetentionRecord,
    /// The notice in force.
    pub notice_version: String,
}

/// Who holds the data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ControllerRecord {
    /// The legal entity.
    pub name: String,
    /// Where to write to.
    pub contact: String,
    /// Who hosts the data, and where.
    pub hosting: String,
}

/// One purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PurposeRecord {
    /// Its name in the policy.
    pub id: String,
    /// Its name in the person's language.
    pub name: String,
}

/// How long records are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RetentionRecord {
    /// An address that is never confirmed, counted from its first submission.
    pub unconfirmed: String,
    /// A record after an erasure request, hidden meanwhile.
    pub erased: String,
    /// A record after everything was left; `null` when the policy states no end.
    pub unsubscribed: Option<String>,
}

impl PersonRecord {
    /// Reads the record out of a person and their evidence; whether holds keep it is for the store
    /// to say.
    pub fn new(person: &Subject, events: &[ConsentEvent]) -> Self {
        Self {
            email: person.address.expose().to_owned(),
            state: person.state().as_str(),
            language: person.language.as_str(),
            topics: person.subscriptions.iter().map(topic_record).collect(),
            history: history(events),
            events: events.iter().map(event_record).collect(),
            first_submitted_at: person.first_submitted_at.to_string(),
            reminded_at: text(person.reminded_at),
            objected_at: text(person.objected_at),
            restricted_at: text(person.restricted_at),
            requested_email: person
                .requested_address
                .as_ref()
                .map(|new| new.address.expose().to_owned()),
            holds: Vec::new(),
        }
    }
}

impl Service {
    pub(crate) async fn record(&self, person: &Subject) -> Result<PersonRecord, Error> {
        let events = self.store().events(self.controller(), person.id).await?;
        Ok(PersonRecord {
            holds: self.holds_told(person, &self.legal_holds().await?),
            ..PersonRecord::new(person, &events)
        })
    }

    /// What somebody who asked for erasure is told of it; none for everybody else.
    pub(crate) fn erasure(&self, person: &Subject, holds: &[LegalHold]) -> Option<Erasure> {
        let (asked_at, purged_after) = person.erased_at.zip(person.purged_from(self.policy()))?;
        Some(Erasure {
            asked_at,
            purged_after,
            holds: self.holds_told(person, holds),
        })
    }

    /// Those of the holds that keep the person's record.
    fn holds_told(&self, person: &Subject, holds: &[LegalHold]) -> Vec<HoldRecord> {
        let kinds = &self.policy().holds;
        let holds = holds.iter().filter(|hold| hold.keeps(&person.address));
        let told = holds.map(|hold| {
            let kind = kinds.iter().find(|kind| kind.id == hold.kind);
            let name = kind.map_or(hold.kind.as_str(), |kind| kind.name.get(person.language));
            HoldRecord {
                name: name.to_owned(),
                kind: hold.kind.to_string(),
                since: hold.since,
                review_at: hold.review_at,
            }
        });
        told.collect()
    }

    pub(crate) async fn personal_data(&self, person: Subject) -> Result<PersonalData, Error> {
        let policy: &Policy = self.policy();
        let name_of = |name: &Localized| name.get(person.language).to_owned();
        Ok(PersonalData {
            schema: "consentry-personal-data/1",
            exported_at: self.now().to_string(),
            controller: ControllerRecord {
                name: policy.controller.name.clone(),
                contact: policy.controller.contact.expose().to_owned(),
                hosting: place(policy, person.language),
            },
            purposes: policy
                .purposes
                .iter()
                .map(|purpose| PurposeRecord {
                    id: purpose.id.to_string(),
                    name: name_of(&purpose.name),
                })
                .collect(),
            retention: RetentionRecord {
                unconfirmed: policy.retention().pending.to_string(),
                erased: policy.retention().erased.to_string(),
                unsubscribed: policy
                    .retention()
                    .unsubscribed
                    .map(|period| period.to_string()),
            },
            notice_version: policy.notice_version().to_string(),
            person: self.record(&person).await?,
        })
    }
}

/// `Host, City, Country` (S0-34)
fn place(policy: &Policy, language: Language) -> String {
    let host = policy.main_host();
    let name = Some(policy.host_name(host));
    let parts = [
        name,
        host.city.as_deref(),
        Some(host.country.name(language)),
    ];
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    parts.join(", ")
}

fn text(at: Option<jiff::Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}

fn topic_record(held: &consentry_domain::Subscription) -> TopicRecord {
    TopicRecord {
        topic: held.topic.to_string(),
        state: held.state.as_str(),
        basis: held.basis.as_str(),
        requested_at: held.requested_at.to_string(),
        confirmed_at: text(held.confirmed_at),
        unsubscribed_at: text(held.unsubscribed_at),
        requested_again_at: text(held.requested_again_at),
    }
}

fn event_record(event: &ConsentEvent) -> EventRecord {
    let evidence = &event.evidence;
    let provenance = evidence.provenance.as_ref();
    EventRecord {
        at: evidence.at.to_string(),
        action: evidence.action.as_str(),
        channel: evidence.channel.as_str(),
        topic: evidence.topic.as_ref().map(ToString::to_string),
        basis: evidence.basis.map(LegalBasis::as_str),
        notice_version: evidence.notice.to_string(),
        receipt: event.receipt.to_string(),
        source: provenance.map(|from| from.source.to_string()),
        agreed_at: provenance.and_then(|from| text(from.agreed_at)),
    }
}

/// The changes of state: an event that leaves a topic as it was is none.
fn history(events: &[ConsentEvent]) -> Vec<StateChange> {
    let mut changes: Vec<StateChange> = Vec::new();
    for change in events.iter().filter_map(state_change) {
        let concerns = |past: &&StateChange| past.topic.is_none() || past.topic == change.topic;
        let last = changes.iter().rev().find(concerns);
        if last.is_none_or(|last| last.state != change.state) {
            changes.push(change);
        }
    }
    changes
}

fn state_change(event: &ConsentEvent) -> Option<StateChange> {
    let evidence = &event.evidence;
    let provenance = evidence.provenance.as_ref();
    let agreed_at = provenance.and_then(|from| from.agreed_at);
    let state = match evidence.action {
        Action::Imported if agreed_at.is_some() => TopicState::Confirmed.as_str(),
        Action::Requested | Action::Imported => TopicState::Pending.as_str(),
        Action::Confirmed => TopicState::Confirmed.as_str(),
        Action::Objected => PersonState::Unsubscribed.as_str(),
        _ => return None,
    };
    Some(StateChange {
        state,
        topic: evidence.topic.as_ref().map(ToString::to_string),
        at: agreed_at.unwrap_or(evidence.at).to_string(),
    })
}
