//! The end of a restore: what happened after the backup is repeated, what is overdue goes.

use std::collections::BTreeMap;

use consentry_domain::{Effects, JournalEntry, Journaled, Subject, SubjectId};
use jiff::Timestamp;

use crate::{
    Error, Job, JobOutcome, Service,
    ports::{Candidates, PurgeReason, Recovery, StoreError, UnitOfWork, WorkerId},
};

/// What the end of a restore did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovered {
    /// Journal entries repeated on records that the backup holds, by kind.
    pub repeated: BTreeMap<&'static str, u64>,
    /// Changes of address that could not be repeated: another record holds the address.
    pub not_repeated: u64,
    /// Reminders that count as sent.
    pub reminders_forgone: u64,
}

/// How many entries are repeated in one commit.
const BATCH: u64 = 500;

impl Service {
    /// Brings a restored database to where nobody can be served who should not be (S0-65): the
    /// journal is repeated, reminders that may have been sent count as sent unless
    /// `nothing_was_sent` since the backup, and every period that is over ends, bytes included.
    ///
    /// Run again after an interruption, it goes on where it ended.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when a purge is under way elsewhere: nobody else may run jobs.
    /// [`Error::HeldBack`] when masses are overdue by a clock that may be wrong:
    /// [`confirm_clock`](Self::confirm_clock), then again.
    pub async fn complete_restore(
        &self,
        recovery: &dyn Recovery,
        worker: &WorkerId,
        nothing_was_sent: bool,
    ) -> Result<Recovered, Error> {
        let mut recovered = Recovered::default();
        self.replay(recovery, &mut recovered).await?;
        if !nothing_was_sent {
            recovered.reminders_forgone = self.forgo_reminders().await?;
        }
        for reason in PurgeReason::ALL {
            let job = Job::Purge(reason);
            let ended = self.run_job(job, worker, &|| false).await?;
            match ended {
                JobOutcome::Elsewhere => return Err(StoreError::Conflict.into()),
                JobOutcome::Held(why) => return Err(Error::HeldBack { job, why }),
                JobOutcome::Done(_) | JobOutcome::Idle => {}
            }
        }
        Ok(recovered)
    }

    async fn replay(
        &self,
        recovery: &dyn Recovery,
        recovered: &mut Recovered,
    ) -> Result<(), Error> {
        let mut limit = BATCH;
        loop {
            let (entries, mut unit) = recovery.begin_replay(self.controller(), limit).await?;
            let Some(first) = entries.first() else {
                // Entries without a record are off the list with this.
                return Ok(unit.commit().await?);
            };
            let now = self.now();
            let ended = self.replay_in(unit.as_mut(), &entries, now).await;
            match ended {
                Ok(repeated) => {
                    unit.commit().await?;
                    for (kind, count) in repeated {
                        *recovered.repeated.entry(kind).or_default() += count;
                    }
                    limit = BATCH;
                }
                // One by one: an address may pass from one record to another within a batch.
                Err(Error::Store(StoreError::Conflict)) if limit > 1 => limit = 1,
                Err(Error::Store(StoreError::Conflict)) => {
                    let what = first.what.as_str();
                    drop(unit);
                    let (_, unit) = recovery.begin_replay(self.controller(), limit).await?;
                    unit.commit().await?;
                    tracing::warn!(entry = what, "an entry of the journal cannot be repeated");
                    recovered.not_repeated += 1;
                    limit = BATCH;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn replay_in(
        &self,
        unit: &mut dyn UnitOfWork,
        entries: &[JournalEntry],
        now: Timestamp,
    ) -> Result<BTreeMap<&'static str, u64>, Error> {
        let mut ids: Vec<_> = entries.iter().map(|entry| entry.subject).collect();
        ids.sort_unstable();
        ids.dedup();
        let held = unit.by_id(self.controller(), &ids).await?;
        let mut people: BTreeMap<SubjectId, (Subject, Effects)> = held
            .into_iter()
            .flatten()
            .map(|person| (person.id, (person, Effects::default())))
            .collect();
        let mut purged: Vec<(SubjectId, PurgeReason)> = Vec::new();
        let mut repeated = BTreeMap::new();
        for entry in entries {
            let Some((person, effects)) = people.get_mut(&entry.subject) else {
                continue;
            };
            *repeated.entry(entry.what.as_str()).or_default() += 1;
            if entry.what == Journaled::Purged {
                purged.push((person.id, PurgeReason::of(person)));
                people.remove(&entry.subject);
                continue;
            }
            let more = person.replay(entry, self.policy());
            effects.evidence.extend(more.evidence);
            effects.cancelled.extend(more.cancelled);
        }
        let changes: Vec<_> = people
            .into_values()
            .map(|(person, effects)| self.change(person, false, effects, now))
            .collect();
        for reason in PurgeReason::ALL {
            let ids: Vec<_> = purged
                .iter()
                .filter(|(_, why)| *why == reason)
                .map(|(id, _)| *id)
                .collect();
            if !ids.is_empty() {
                self.mailer().forget(&ids).await?;
                unit.purge(self.controller(), &ids, reason, now).await?;
            }
        }
        unit.save(&changes).await?;
        Ok(repeated)
    }

    /// Nobody knows whether a reminder that fell due since the backup was sent: it is promised once
    /// (S0-31).
    async fn forgo_reminders(&self) -> Result<u64, Error> {
        let Some(delay) = self.policy().subscription.reminder else {
            return Ok(0);
        };
        let mut forgone = 0;
        loop {
            let cutoff = delay.cutoff(self.now(), &self.policy().calendar);
            let due = Candidates::ToRemind(cutoff);
            let ids = self
                .store()
                .candidates(self.controller(), due, BATCH)
                .await?;
            let mut unit = self.store().begin().await?;
            let now = self.now();
            let people = unit.by_id(self.controller(), &ids).await?;
            let changes: Vec<_> = people
                .into_iter()
                .flatten()
                .filter_map(|mut person| {
                    let is_forgone = person.forgo_reminder(self.policy(), now);
                    is_forgone.then(|| self.change(person, false, Effects::default(), now))
                })
                .collect();
            if changes.is_empty() {
                return Ok(forgone);
            }
            unit.save(&changes).await?;
            unit.commit().await?;
            forgone += changes.len() as u64;
        }
    }
}
