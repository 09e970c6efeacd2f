//! The policy, a database at a time: what is wrong with one holds up no other.

use std::{collections::BTreeMap, fmt::Display};

use consentry::SystemRandom;
use consentry_archive::SealedArchive;
use consentry_policy::{Dataset, Policy, Slug};
use consentry_retention::{Archive, Engine, RetentionError, Source, SourceError};
use consentry_service::ports::Random;
use secrecy::{ExposeSecret, SecretString};
use tracing::warn;

use super::{Retention, archive::needs_archive, sourced};
use crate::{Failure, settings::Settings};

/// Datasets of one database that can be worked on.
pub(super) struct Part {
    /// The policy with these datasets alone.
    policy: Policy,
    sources: BTreeMap<Slug, Source>,
    archive: Option<SealedArchive>,
}

impl Retention {
    pub(super) fn engine<'a>(&'a self, part: &'a Part) -> Engine<'a> {
        Engine {
            policy: &part.policy,
            sources: &part.sources,
            holds: &self.records,
            events: &self.records,
            archive: part.archive.as_ref().map(|archive| archive as &dyn Archive),
            random: &|buffer| SystemRandom.fill(buffer),
        }
    }

    /// One part for each database that answers. One that does not, and a dataset that cannot be
    /// executed, hold up no other; what was archived of it ends all the same. The first part is that
    /// of no database: it may be empty, so that there is always a plan and a report.
    pub(super) async fn parts(&self) -> (Vec<Part>, Vec<Failure>) {
        let mut failures = Vec::new();
        // What was promised earlier binds every rule.
        if let Err(error) = self.service.recall_promises().await {
            let nothing = self.part(None, |_| false);
            return (vec![nothing], vec![error.into()]);
        }
        let archive = if self.archives() {
            self.open_archive().await
        } else {
            Err(Failure::usage("the policy archives nothing"))
        };
        let archive = match archive {
            Ok(archive) => Some(archive),
            Err(failure) => {
                for dataset in sourced(self.policy()).filter(|dataset| needs_archive(dataset)) {
                    failures.push(failure.about(&format!(
                        "dataset `{}`: the archive cannot be used; none of its rules runs",
                        dataset.id
                    )));
                }
                None
            }
        };
        let can_run = |dataset: &Dataset| archive.is_some() || !needs_archive(dataset);
        let part = |is_in: &dyn Fn(&Dataset) -> bool| {
            let is_in = |dataset: &Dataset| can_run(dataset) && is_in(dataset);
            self.part(archive.clone(), is_in)
        };
        let mut parts = vec![self.apart(archive.clone())];
        for (id, url) in &self.urls {
            let mut part = part(&|dataset: &Dataset| {
                let source = dataset.source.as_ref();
                source.is_some_and(|one| one.database == *id)
            });
            match self.connect(id, url.as_ref()).await {
                Ok(source) => {
                    part.sources.insert(id.clone(), source);
                }
                Err(failure) => {
                    failures.push(failure);
                    part.forget_sources();
                }
            }
            parts.push(part);
        }
        (parts, failures)
    }

    async fn connect(&self, id: &Slug, url: Option<&SecretString>) -> Result<Source, Failure> {
        let Some(url) = url else {
            let variable = Settings::source_variable(id);
            let mut message =
                format!("the policy names the database `{id}`: set {variable} to its URL");
            for unknown in self.unknown() {
                message.push_str("; ");
                message.push_str(&unknown);
            }
            return Err(Failure::Usage(message));
        };
        let connected = Source::connect(url.expose_secret()).await;
        connected.map_err(|error| unusable(&error, format!("database `{id}`")))
    }

    /// What is set and names no database of the policy, in words.
    pub(crate) fn unknown(&self) -> impl Iterator<Item = String> {
        self.unknown
            .iter()
            .map(|setting| format!("{setting}: the policy names no such database"))
    }

    /// Says at a start what is set in vain.
    pub(crate) fn warn_of_unknown(&self) {
        for unknown in self.unknown() {
            warn!("{unknown}");
        }
    }

    /// What was archived of datasets that have no table, or none any more.
    fn apart(&self, archive: Option<SealedArchive>) -> Part {
        let mut policy = self.policy().clone();
        for dataset in &mut policy.datasets {
            dataset.enabled = !dataset.enabled || dataset.source.is_none();
            dataset.source = None;
        }
        Part {
            policy,
            sources: BTreeMap::new(),
            archive,
        }
    }

    /// What was archived, of every dataset.
    pub(super) fn archived(&self, archive: SealedArchive) -> Part {
        let mut part = self.part(Some(archive), |_| true);
        part.forget_sources();
        part
    }

    fn part(&self, archive: Option<SealedArchive>, is_in: impl Fn(&Dataset) -> bool) -> Part {
        let mut policy = self.policy().clone();
        for dataset in &mut policy.datasets {
            dataset.enabled &= is_in(dataset);
        }
        Part {
            policy,
            sources: BTreeMap::new(),
            archive,
        }
    }
}

impl Part {
    /// Leaves of its datasets what was archived.
    fn forget_sources(&mut self) {
        for dataset in &mut self.policy.datasets {
            dataset.source = None;
        }
    }
}

/// What stopped the engine, by the exit codes of the contract.
pub(super) fn failure(error: &RetentionError) -> Failure {
    match error {
        RetentionError::Source { dataset, error } => {
            unusable(error, format!("dataset `{dataset}`"))
        }
        RetentionError::Schema(findings) => Failure::Found(format!("{error}:\n{findings}")),
        RetentionError::Records(_) => Failure::Unreachable(error.to_string()),
        RetentionError::UnknownSource { .. } => Failure::usage(error.to_string()),
        _ => Failure::Found(error.to_string()),
    }
}

fn unusable(error: &SourceError, what: impl Display) -> Failure {
    let message = format!("{what}: {error}");
    match error {
        SourceError::Unreachable(_) => Failure::Unreachable(message),
        SourceError::UnknownEngine => Failure::Usage(message),
        _ => Failure::Found(message),
    }
}
