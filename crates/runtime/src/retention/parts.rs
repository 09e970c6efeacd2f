//! The policy, a database at a time: what is wrong with one holds up no other.

use std::{collections::BTreeMap, fmt::Display};

use consentry::SystemRandom;
use consentry_policy::{Action, Dataset, Policy, Slug, Store};
use consentry_retention::{Engine, RetentionError, Source, SourceError};
use consentry_service::ports::Random;
use secrecy::ExposeSecret;
use tracing::warn;

use super::{Retention, sourced};
use crate::{Failure, settings::Settings};

/// Datasets of one database that can be worked on.
pub(super) struct Part {
    /// The policy with these datasets alone.
    policy: Policy,
    sources: BTreeMap<Slug, Source>,
}

impl Retention {
    pub(super) fn engine<'a>(&'a self, part: &'a Part) -> Engine<'a> {
        Engine {
            policy: &part.policy,
            sources: &part.sources,
            holds: &self.records,
            events: &self.records,
            archive: None,
            random: &|buffer| SystemRandom.fill(buffer),
        }
    }

    /// One part for each database that answers. One that does not, and a dataset that cannot be
    /// executed, hold up no other. The first part is nobody's: it makes an empty plan and report.
    pub(super) async fn parts(&self) -> (Vec<Part>, Vec<Failure>) {
        let mut parts = vec![self.part(|_| false)];
        let mut failures = Vec::new();
        for dataset in sourced(&self.policy).filter(|dataset| needs_archive(dataset)) {
            failures.push(Failure::Found(format!(
                "dataset `{}`: a stage moves rows to the archive, and there is none yet; none of \
                 its rules runs",
                dataset.id
            )));
        }
        for (id, url) in &self.urls {
            let Some(url) = url else {
                let variable = Settings::source_variable(id);
                let mut message =
                    format!("the policy names the database `{id}`: set {variable} to its URL");
                for unknown in self.unknown() {
                    message.push_str("; ");
                    message.push_str(&unknown);
                }
                failures.push(Failure::Usage(message));
                continue;
            };
            match Source::connect(url.expose_secret()).await {
                Ok(source) => {
                    let mut part = self.part(|dataset| {
                        let source = dataset.source.as_ref();
                        !needs_archive(dataset) && source.is_some_and(|one| one.database == *id)
                    });
                    part.sources.insert(id.clone(), source);
                    parts.push(part);
                }
                Err(error) => failures.push(unusable(&error, format!("database `{id}`"))),
            }
        }
        (parts, failures)
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

    fn part(&self, is_in: impl Fn(&Dataset) -> bool) -> Part {
        let mut policy = self.policy.clone();
        for dataset in &mut policy.datasets {
            dataset.enabled &= is_in(dataset);
        }
        Part {
            policy,
            sources: BTreeMap::new(),
        }
    }
}

fn needs_archive(dataset: &Dataset) -> bool {
    let mut stages = dataset.stages.iter();
    stages.any(|stage| stage.action == Action::Archive && stage.within == Store::Live)
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
