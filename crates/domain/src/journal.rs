//! The erasure journal: what a restored backup must not undo.
//!
//! An entry says what was decided about a record and when, never who the person is. A record that
//! comes back from an older backup is brought forward by repeating the entries that the backup
//! does not hold (S0-65).

use consentry_address::EmailAddress;
use consentry_policy::{ControllerId, Policy, TopicId};
use jiff::Timestamp;

use crate::{Action, Channel, ConsentEvent, Effects, LetterKind, Subject, SubjectId};

/// What a restore repeats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Journaled {
    /// Erasure was asked for (GDPR art. 17).
    Erased,
    /// The record was removed.
    Purged,
    /// A topic was left, or everything (GDPR art. 21).
    Left(Option<TopicId>),
    /// Processing was restricted (GDPR art. 18).
    Restricted,
    /// The restriction was lifted.
    RestrictionLifted,
    /// Another address replaced the one before (GDPR art. 16).
    Moved(EmailAddress),
    /// The owner of a new address did not want it: it was forgotten.
    AddressWithdrawn,
    /// Older links were killed, and nothing else of this list happened.
    LinksRenewed,
}

impl Journaled {
    /// The written form, without topic and address.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Erased => "erased",
            Self::Purged => "purged",
            Self::Left(_) => "left",
            Self::Restricted => "restricted",
            Self::RestrictionLifted => "restriction-lifted",
            Self::Moved(_) => "moved",
            Self::AddressWithdrawn => "address-withdrawn",
            Self::LinksRenewed => "links-renewed",
        }
    }
}

/// One entry of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// Whose record it is.
    pub controller: ControllerId,
    /// The record.
    pub subject: SubjectId,
    /// When it was decided.
    pub at: Timestamp,
    /// Which links are alive from then on.
    pub generation: u16,
    /// What was decided.
    pub what: Journaled,
}

impl JournalEntry {
    /// What a change of a record owes to the journal. A new record owes nothing: no backup holds
    /// it.
    pub fn of(before: &Subject, after: &Subject, events: &[ConsentEvent]) -> Vec<Self> {
        let entry = |at, what| Self {
            controller: after.controller.clone(),
            subject: after.id,
            at,
            generation: after.generation,
            what,
        };
        let mut entries: Vec<_> = events
            .iter()
            .map(|event| &event.evidence)
            .filter_map(|evidence| {
                let what = match evidence.action {
                    Action::ErasureRequested => Journaled::Erased,
                    Action::Objected => Journaled::Left(evidence.topic.clone()),
                    Action::Restricted => Journaled::Restricted,
                    Action::RestrictionLifted => Journaled::RestrictionLifted,
                    Action::Rectified => Journaled::Moved(after.address.clone()),
                    Action::RectificationWithdrawn => Journaled::AddressWithdrawn,
                    _ => return None,
                };
                Some(entry(evidence.at, what))
            })
            .collect();
        if entries.is_empty() && before.generation != after.generation {
            let at = events.iter().map(|event| event.evidence.at).max();
            let at = at.unwrap_or(after.first_submitted_at);
            entries.push(entry(at, Journaled::LinksRenewed));
        }
        entries
    }

    /// That a record was removed.
    pub fn purged(controller: &ControllerId, subject: SubjectId, at: Timestamp) -> Self {
        Self {
            controller: controller.clone(),
            subject,
            at,
            generation: 0,
            what: Journaled::Purged,
        }
    }
}

impl Subject {
    /// Repeats what was decided after the backup that this record comes from, with the instant at
    /// which it was decided. Entries are repeated in the order of their instants; a purge is the
    /// caller's.
    ///
    /// No letter follows: the one that did has been sent, or cannot be told from one that has.
    pub fn replay(&mut self, entry: &JournalEntry, policy: &Policy) -> Effects {
        let (channel, at) = (Channel::Restore, entry.at);
        let noted = |action, cancelled: &[LetterKind]| Effects {
            evidence: vec![Self::evidence(policy, at, action, channel)],
            letters: Vec::new(),
            cancelled: cancelled.to_vec(),
        };
        let change_letters = [LetterKind::AddressConfirmation, LetterKind::AddressChange];
        let effects = match &entry.what {
            Journaled::Erased if self.erased_at.is_none() => {
                self.erased_at = Some(at);
                self.requested_address = None;
                noted(Action::ErasureRequested, LetterKind::ALL)
            }
            Journaled::Left(None) => self.unsubscribe_all(channel, policy, at),
            Journaled::Left(Some(topic)) => {
                let mut effects = Effects::default();
                self.leave_where(
                    |held| held.topic == *topic,
                    channel,
                    policy,
                    at,
                    &mut effects,
                );
                effects
            }
            Journaled::Restricted if self.restricted_at.is_none() => {
                self.restricted_at = Some(at);
                noted(Action::Restricted, &[])
            }
            Journaled::RestrictionLifted if self.restricted_at.is_some() => {
                self.restricted_at = None;
                noted(Action::RestrictionLifted, &[])
            }
            Journaled::Moved(address) => {
                self.address = address.clone();
                self.requested_address = None;
                self.last_prompted_at = None;
                noted(Action::Rectified, &change_letters)
            }
            Journaled::AddressWithdrawn if self.requested_address.is_some() => {
                self.requested_address = None;
                noted(Action::RectificationWithdrawn, &change_letters[..1])
            }
            _ => Effects::default(),
        };
        if entry.what != Journaled::Purged {
            self.generation = entry.generation;
        }
        effects
    }
}
