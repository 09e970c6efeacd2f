//! What the engine needs from Consentry's own records.

use async_trait::async_trait;
use consentry_policy::{Dataset, SqlName, Stage};
use jiff::Timestamp;

use crate::decide::Protected;
use crate::error::RetentionError;

/// A legal hold on rows of a dataset (S3-26).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Whose rows; everybody's when left out.
    pub subject: Option<String>,
    /// Which fields; the whole row when empty.
    pub fields: Vec<SqlName>,
}

impl Hold {
    /// Whether it keeps the rows of this person, however their name is spelled.
    pub fn binds(&self, subject: &str) -> bool {
        let mut named = self.subject.iter();
        named.all(|one| folded(one) == folded(subject))
    }
}

/// Holds that are in force.
#[async_trait]
pub trait Holds: Send + Sync {
    /// Those on a dataset.
    async fn of(&self, dataset: &str) -> Result<Vec<Hold>, RetentionError>;
}

/// A person to whom a named event happened, as the identity column names them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Occurrence {
    /// When; the latest time.
    pub at: Timestamp,
    /// To whom.
    pub subject: String,
}

/// What [`Events`] call a stage: those of two datasets may have the same id, and each has work of
/// its own to do on an event.
pub fn stage_name(dataset: &Dataset, stage: &Stage) -> String {
    format!("{}/{}", dataset.id, stage.id)
}

/// Named events (`consentry-admin event`). A stage is told by its [`stage_name`].
#[async_trait]
pub trait Events: Send + Sync {
    /// Who had the event at or before `until` and is not settled for the stage; in order, from after
    /// the one given.
    async fn until(
        &self,
        event: &str,
        stage: Option<&str>,
        until: Timestamp,
        after: Option<&Occurrence>,
        limit: u32,
    ) -> Result<Vec<Occurrence>, RetentionError>;

    /// When these people last had the event, in their order.
    async fn latest(
        &self,
        event: &str,
        stage: Option<&str>,
        subjects: &[String],
    ) -> Result<Vec<Option<Timestamp>>, RetentionError>;

    /// A stage that happens on the event has done its work for these, up to the time of each: what
    /// a person does later begins anew.
    async fn settle(
        &self,
        event: &str,
        stage: &str,
        done: &[Occurrence],
    ) -> Result<(), RetentionError>;
}

impl std::fmt::Debug for Occurrence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = self.at;
        f.debug_struct("Occurrence")
            .field("at", &at)
            .finish_non_exhaustive()
    }
}

/// Holds of one dataset, looked up by person.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeldSubjects {
    everybody: Protected,
    by_subject: std::collections::HashMap<String, Protected>,
}

impl HeldSubjects {
    pub(crate) fn new(holds: Vec<Hold>) -> Self {
        let mut held = Self::default();
        for hold in holds {
            match hold.subject {
                Some(subject) => {
                    let protected = held.by_subject.entry(folded(&subject)).or_default();
                    protected.add(&hold.fields);
                }
                None => held.everybody.add(&hold.fields),
            }
        }
        held
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.everybody == Protected::Nothing && self.by_subject.is_empty()
    }

    /// Whether there are holds on single fields.
    pub(crate) fn in_part(&self) -> bool {
        let all = self.by_subject.values().chain([&self.everybody]);
        all.into_iter()
            .any(|held| matches!(held, Protected::Fields(_)))
    }

    pub(crate) fn of(&self, subject: Option<&str>) -> Protected {
        let own = subject.and_then(|subject| self.by_subject.get(&folded(subject)));
        match (own, &self.everybody) {
            (None, everybody) => everybody.clone(),
            (Some(own), Protected::Nothing) => own.clone(),
            (Some(Protected::Fields(own)), Protected::Fields(everybody)) => {
                Protected::Fields(own.union(everybody).cloned().collect())
            }
            _ => Protected::Everything,
        }
    }
}

/// A hold must not miss an address because of its capitals.
fn folded(subject: &str) -> String {
    subject.trim().to_lowercase()
}
