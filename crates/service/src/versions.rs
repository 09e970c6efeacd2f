//! Versions of the policy: published, in force, announced.
//!
//! A published version is never changed. A process executes the policy that it was started with;
//! [`Service::adopt_policy`] says how that stands to what is published, and lets earlier promises
//! bind what was collected under them (S4-05, S4-06).

mod announce;
mod publish;

use std::sync::{Arc, Mutex, PoisonError};

use consentry_policy::{Announcement, Difference, Localized, Policy, diff};
use jiff::Timestamp;

pub use self::publish::{PublishError, Published};
use crate::{
    Service,
    ports::{Publication, StoreError},
};

/// A published version, read back.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// As it is stored.
    pub publication: Publication,
    /// What it says.
    pub policy: Policy,
    /// What changed for people since the version before; nothing for the first.
    pub differences: Vec<Difference>,
}

impl Version {
    /// What changed, in the words of whoever published it.
    pub fn summary(&self) -> Option<&Localized> {
        self.policy.change.as_ref()?.summary.as_ref()
    }
}

/// How the policy of a process stands to the published versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is the version in force.
    InForce,
    /// It is published and comes into force later.
    NotYet(Timestamp),
    /// A later version is in force.
    Superseded(String),
    /// It is not published; this version is in force.
    Unpublished(String),
}

/// Where a policy stands among the published versions.
struct Place<'a> {
    standing: Standing,
    /// Since when it is in force.
    since: Timestamp,
    /// What was in force before it.
    earlier: Vec<&'a Version>,
}

impl<'a> Place<'a> {
    fn of(policy: &Policy, versions: &'a [Arc<Version>], now: Timestamp) -> Self {
        let fingerprint = policy.fingerprint();
        let is_own = |version: &&Arc<Version>| version.publication.fingerprint == fingerprint;
        let is_in_force = |version: &&Arc<Version>| version.publication.in_force_from <= now;
        let own = versions.iter().find(is_own);
        let in_force = versions.iter().rfind(is_in_force);
        let name = |version: &Arc<Version>| version.publication.version.clone();
        let since = own.map_or(now, |own| own.publication.in_force_from);
        let standing = match (own, in_force) {
            (Some(_), _) if since > now => Standing::NotYet(since),
            (Some(_), Some(other)) if !is_own(&other) => Standing::Superseded(name(other)),
            (None, Some(other)) => Standing::Unpublished(name(other)),
            _ => Standing::InForce,
        };
        let until = own.map_or(u32::MAX, |own| own.publication.number);
        let earlier = versions
            .iter()
            .filter(is_in_force)
            .filter(|version| version.publication.number < until)
            .map(AsRef::as_ref);
        Self {
            standing,
            since,
            earlier: earlier.collect(),
        }
    }
}

/// The published versions that this process has read.
#[derive(Default)]
pub(crate) struct Versions(Mutex<Read>);

#[derive(Default, Clone)]
struct Read {
    versions: Arc<[Arc<Version>]>,
    /// When the store was asked last.
    at: Option<Timestamp>,
}

impl Versions {
    fn read(&self) -> Read {
        let read = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        read.clone()
    }

    fn replace(&self, with: Read) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = with;
    }
}

impl Service {
    /// Every published version, oldest first (S2-05, S4-07).
    ///
    /// # Errors
    /// Those of the store; a version that this program cannot read is
    /// [`StoreError::Unreadable`].
    pub async fn versions(&self) -> Result<Arc<[Arc<Version>]>, StoreError> {
        let now = self.now();
        let known = self.read_versions().read();
        let newest = known.versions.last();
        let after = newest.map_or(0, |version| version.publication.number);
        let newer = self.store().publications(self.controller(), after).await?;
        let mut versions = known.versions.to_vec();
        for publication in newer {
            let before = versions.last().map(|version| &version.policy);
            versions.push(Arc::new(read(publication, before)?));
        }
        let versions: Arc<[_]> = versions.into();
        self.read_versions().replace(Read {
            versions: Arc::clone(&versions),
            at: Some(now),
        });
        Ok(versions)
    }

    /// Every published version that this process has read, oldest first: it asks no store, so the
    /// pages that print them stay when the store is away (S4-07).
    pub fn known_versions(&self) -> Arc<[Arc<Version>]> {
        self.read_versions().read().versions
    }

    /// Enters the policy of this process as the first version where none is published; otherwise
    /// lets what earlier versions promised bind, and says how the policy stands to them. Whoever
    /// runs the pages or the worker calls this once the schema is current; jobs wait for it.
    ///
    /// # Errors
    /// Those of [`versions`](Self::versions).
    pub async fn adopt_policy(&self) -> Result<Standing, StoreError> {
        let mut versions = self.versions().await?;
        if versions.is_empty() {
            self.enter_first(self.policy()).await?;
            versions = self.versions().await?;
        }
        Ok(self.follow(&versions))
    }

    /// Lets what earlier versions promised bind, where any is published. Writes nothing.
    ///
    /// # Errors
    /// Those of [`versions`](Self::versions).
    pub async fn recall_promises(&self) -> Result<(), StoreError> {
        if self.adopted().get().is_none() {
            let versions = self.versions().await?;
            if !versions.is_empty() {
                self.follow(&versions);
            }
        }
        Ok(())
    }

    fn follow(&self, versions: &[Arc<Version>]) -> Standing {
        let place = Place::of(self.policy(), versions, self.now());
        let earlier = place
            .earlier
            .iter()
            .map(|version| (version.publication.in_force_from, version.policy.clone()));
        let policy = self
            .policy()
            .clone()
            .following(earlier.collect(), place.since);
        // What came before a running policy does not change; the first to find out says so.
        let _ = self.adopted().set(policy);
        place.standing
    }

    /// How the policy of this process stands to the published versions; `None` while there are
    /// none. Writes nothing.
    ///
    /// # Errors
    /// Those of [`versions`](Self::versions).
    pub async fn standing(&self) -> Result<Option<Standing>, StoreError> {
        let versions = self.versions().await?;
        let place = || Place::of(self.policy(), &versions, self.now()).standing;
        Ok((!versions.is_empty()).then(place))
    }

    /// The version in force whose change is shown on the pages at this instant (S2-06), as far as
    /// this process knows: it asks no store.
    pub fn shown_change(&self, now: Timestamp) -> Option<Arc<Version>> {
        let known = self.read_versions().read();
        let is_in_force = |version: &&Arc<Version>| version.publication.in_force_from <= now;
        let version = known.versions.iter().rfind(is_in_force)?;
        let change = version.policy.change.as_ref()?;
        let ends = change
            .banner_for
            .after(version.publication.in_force_from, &version.policy.calendar);
        let is_shown = version.publication.number > 1
            && change.announce.contains(&Announcement::Banner)
            && now < ends;
        is_shown.then(|| Arc::clone(version))
    }

    /// The substantial version that a letter tells of which was queued at this instant: the
    /// newest one by then.
    pub(crate) async fn told_by_letter(
        &self,
        queued_at: Timestamp,
    ) -> Result<Option<Arc<Version>>, StoreError> {
        let known = self.read_versions().read();
        let versions = if known.at.is_some_and(|at| queued_at <= at) {
            known.versions
        } else {
            self.versions().await?
        };
        let is_it = |version: &&Arc<Version>| {
            version.publication.substantial && version.publication.published_at <= queued_at
        };
        Ok(versions.iter().rfind(is_it).cloned())
    }
}

fn read(publication: Publication, before: Option<&Policy>) -> Result<Version, StoreError> {
    let policy = Policy::parse(&publication.source, &publication.version).map_err(|_| {
        StoreError::Unreadable {
            reason: format!("the published policy {}", publication.version),
        }
    })?;
    Ok(Version {
        differences: before.map_or(Vec::new(), |before| diff(before, &policy)),
        policy,
        publication,
    })
}
