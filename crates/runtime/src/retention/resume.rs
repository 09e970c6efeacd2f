//! What stops in the middle: it says how far it came, and the next run finishes the work.

use std::collections::BTreeMap;

use consentry_retention::{Plan, Progress, RunReport};
use consentry_service::ports::{RetentionStore, RunOutcome, StoreError};
use jiff::Timestamp;

use super::{
    Retention,
    parts::{Part, failure},
};
use crate::Failure;

/// How many runs are looked at for one that was cut off: four days of them that failed each hour.
const LOOKED_AT: u64 = 100;

/// What stopped a run in one database.
pub(super) struct Stopped {
    /// Why, and what was done before.
    pub(super) failure: Failure,
    /// Rows that it had acted on.
    pub(super) done: u64,
}

impl Retention {
    /// Whether something was done since the last run that ended well, and perhaps not cleaned.
    pub(super) async fn was_cut_off(&self, now: Timestamp) -> Result<bool, StoreError> {
        let store = self.store();
        let last = store.last_runs(self.controller(), now, LOOKED_AT).await?;
        let mut cut_off = last.iter().map_while(|run| match run.outcome {
            RunOutcome::Unfinished => Some(true),
            RunOutcome::Failed => Some(run.acted > 0),
            RunOutcome::Done | RunOutcome::Held => None,
        });
        Ok(cut_off.any(|one| one))
    }

    /// Runs the rules of one database, and cleans what an earlier run did not.
    pub(super) async fn run_part(
        &self,
        part: &Part,
        now: Timestamp,
        approved: Option<&Plan>,
        was_cut_off: bool,
        progress: &mut (dyn FnMut(&Progress<'_>) + Send),
    ) -> Result<RunReport, Stopped> {
        let engine = self.engine(part);
        let mut done: BTreeMap<(String, String), u64> = BTreeMap::new();
        let mut noted = |step: &Progress<'_>| {
            done.insert((step.dataset.to_owned(), step.rule.to_owned()), step.done);
            progress(step);
        };
        let ended = async {
            let mut report = engine.run(now, approved, &mut noted).await?;
            if was_cut_off {
                report.residue = engine.clean().await?;
            }
            Ok(report)
        };
        ended.await.map_err(|error| {
            let done = done.values().sum();
            Stopped {
                failure: failure(&error).after(done),
                done,
            }
        })
    }
}
