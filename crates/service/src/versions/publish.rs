//! Publishing a version: what is refused, and what is written.

use std::sync::Arc;

use consentry_policy::{
    Announcement, ChangeReason, Class, Difference, Policy, Remark, Severity, diff,
};
use jiff::{Timestamp, civil::Time};
use thiserror::Error;

use super::Version;
use crate::{
    Error, Service,
    ports::{Publication, StoreError},
};

/// What a publication did.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Published {
    /// The version as it is stored.
    pub publication: Publication,
    /// What changed for people since the version before.
    pub differences: Vec<Difference>,
    /// Whether the same content had been published already, so that nothing was done.
    pub is_known: bool,
}

/// Why a policy is not published.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PublishError {
    /// It is another controller's.
    #[error("the policy is of the controller `{0}`")]
    OtherController(String),
    /// It has holes or contradictions.
    #[error("the policy has errors, which `policy check` explains")]
    Unfit(Vec<Remark>),
    /// Another content was published under the same version (S4-05).
    #[error("version `{0}` is published with other content; give this one another version")]
    VersionTaken(String),
    /// It says neither why it differs nor how that is announced (S2-06, S2-61).
    #[error("`[change]` is missing: say why the policy differs and how that is announced")]
    NoChange,
    /// It calls itself less than what it is (S4-08).
    #[error("`change.substantial` is false, but people have to be told of: {}", words(.0))]
    Understated(Vec<Class>),
    /// A substantial change is announced by letter (S4-08).
    #[error("the change is substantial: add \"mail\" to `change.announce`")]
    NotMailed,
    /// Letters are for substantial changes, so that this one would be announced nowhere.
    #[error(
        "the change is not substantial, so no letter tells of it: add \"banner\" to \
         `change.announce`, or set `change.substantial = true`"
    )]
    AnnouncedNowhere,
    /// The use case did not run.
    #[error(transparent)]
    Failed(#[from] Error),
}

fn words(classes: &[Class]) -> String {
    let words: Vec<_> = classes.iter().map(|class| class.as_str()).collect();
    words.join(", ")
}

impl Service {
    /// What the publication of a policy would change for people, and what stands against it. Writes
    /// nothing.
    ///
    /// # Errors
    /// Why it would not be published.
    pub async fn try_publish(&self, policy: &Policy) -> Result<Published, PublishError> {
        if policy.controller.id != *self.controller() {
            let other = policy.controller.id.to_string();
            return Err(PublishError::OtherController(other));
        }
        let versions = self.versions().await.map_err(Error::from)?;
        if let Some(known) = with_content(&versions, policy) {
            return Ok(Published {
                publication: known.publication.clone(),
                differences: known.differences.clone(),
                is_known: true,
            });
        }
        let mut errors = policy.remarks();
        errors.retain(|remark| remark.severity == Severity::Error);
        if !errors.is_empty() {
            return Err(PublishError::Unfit(errors));
        }
        let is_taken = |version: &Arc<Version>| version.publication.version == policy.version;
        if versions.iter().any(is_taken) {
            return Err(PublishError::VersionTaken(policy.version.clone()));
        }
        let Some(newest) = versions.last() else {
            return Ok(Published {
                publication: first(policy, self.now()),
                differences: Vec::new(),
                is_known: false,
            });
        };
        self.next(policy, newest)
    }

    fn next(&self, policy: &Policy, newest: &Version) -> Result<Published, PublishError> {
        let change = policy.change.as_ref().ok_or(PublishError::NoChange)?;
        let differences = diff(&newest.policy, policy);
        let mut classes: Vec<_> = differences.iter().map(|one| one.class).collect();
        classes.sort_unstable();
        classes.dedup();
        let grave: Vec<_> = classes
            .iter()
            .copied()
            .filter(|class| class.is_substantial())
            .collect();
        let substantial = change.substantial.unwrap_or(!grave.is_empty());
        if !substantial && !grave.is_empty() {
            return Err(PublishError::Understated(grave));
        }
        let announced_by = |channel| change.announce.contains(&channel);
        if substantial && !announced_by(Announcement::Mail) {
            return Err(PublishError::NotMailed);
        }
        if !substantial && !announced_by(Announcement::Banner) {
            return Err(PublishError::AnnouncedNowhere);
        }
        let now = self.now();
        let publication = Publication {
            number: newest.publication.number + 1,
            in_force_from: effective(policy)
                .max(now)
                .max(newest.publication.in_force_from),
            reason: change.reason,
            announce: change.announce.clone(),
            substantial,
            classes,
            ..first(policy, now)
        };
        Ok(Published {
            publication,
            differences,
            is_known: false,
        })
    }

    /// Publishes a policy (S4-05): stores the version for good, and leaves it to the worker to
    /// write to everybody concerned when the change is substantial (S4-08). Publishing the same
    /// content again does nothing.
    ///
    /// # Errors
    /// Those of [`try_publish`](Self::try_publish).
    pub async fn publish(&self, policy: &Policy) -> Result<Published, PublishError> {
        let published = self.try_publish(policy).await?;
        if !published.is_known {
            let add = self
                .store()
                .add_publication(self.controller(), &published.publication);
            add.await.map_err(Error::from)?;
            self.versions().await.map_err(Error::from)?;
        }
        Ok(published)
    }

    /// The policy of a fresh installation is its first version: nobody was promised anything else.
    pub(super) async fn enter_first(&self, policy: &Policy) -> Result<(), StoreError> {
        let publication = first(policy, self.now());
        let add = self
            .store()
            .add_publication(self.controller(), &publication);
        match add.await {
            // Another process was first.
            Ok(()) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn with_content<'a>(versions: &'a [Arc<Version>], policy: &Policy) -> Option<&'a Version> {
    let fingerprint = policy.fingerprint();
    let mut versions = versions.iter();
    let found = versions.find(|version| version.publication.fingerprint == fingerprint);
    found.map(AsRef::as_ref)
}

/// The first version: in force at once, and nobody is told, for nothing has changed.
fn first(policy: &Policy, now: Timestamp) -> Publication {
    Publication {
        number: 1,
        version: policy.version.clone(),
        fingerprint: policy.fingerprint(),
        source: policy.source().to_owned(),
        published_at: now,
        in_force_from: now,
        reason: ChangeReason::First,
        announce: Vec::new(),
        substantial: false,
        classes: Vec::new(),
    }
}

/// The beginning of the day that the policy names, in its zone.
fn effective(policy: &Policy) -> Timestamp {
    let zone = policy.calendar.zone().clone();
    let midnight = policy
        .effective
        .and_then(|date| date.to_datetime(Time::midnight()).to_zoned(zone).ok());
    midnight.map_or(Timestamp::MIN, |midnight| midnight.timestamp())
}
