//! Holds, events and the archive in memory, as the engine asks for them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use consentry_policy::{DatasetId, Slug, SqlName};
use consentry_retention::{
    Archive, Archived, Events, Hold, Holds, Occurrence, Residue, RetentionError, Sealable, Wanted,
};
use jiff::Timestamp;

use crate::ledger::Report;

/// What Consentry would keep in its database and in the archive.
#[derive(Default)]
pub(crate) struct Records(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// Fields, by dataset and person.
    holds: BTreeMap<(String, String), Vec<SqlName>>,
    /// The last time, by event and person.
    events: BTreeMap<String, BTreeMap<String, Timestamp>>,
    settled: BTreeSet<(String, String, String, Timestamp)>,
    archive: BTreeMap<u64, (String, Archived)>,
    records: u64,
}

impl Records {
    pub(crate) fn note(&self, report: Report<'_>) {
        let mut kept = self.lock();
        match report {
            Report::Hold(dataset, person, fields) => {
                kept.holds.insert((dataset.id.to_string(), person), fields);
            }
            Report::Lift(dataset, person) => {
                kept.holds.remove(&(dataset.id.to_string(), person));
            }
            Report::Event(event, person, at) => {
                let of = kept.events.entry(event.to_string()).or_default();
                let known = of.entry(person).or_insert(at);
                *known = at.max(*known);
            }
        }
    }

    /// How many records of a dataset are in the archive.
    pub(crate) fn archived(&self, dataset: &str) -> usize {
        let kept = self.lock();
        let records = kept.archive.values();
        records
            .filter(|(_, record)| record.dataset.as_str() == dataset)
            .count()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// The last time that an event happened to somebody, unless the stage is done with it.
    fn open(&self, event: &str, stage: Option<&str>, person: &str) -> Option<Timestamp> {
        let at = *self.events.get(event)?.get(person)?;
        let is_settled = stage.is_some_and(|stage| {
            let key = (event.to_owned(), stage.to_owned(), person.to_owned(), at);
            self.settled.contains(&key)
        });
        (!is_settled).then_some(at)
    }
}

#[async_trait]
impl Holds for Records {
    async fn of(&self, dataset: &str) -> Result<Vec<Hold>, RetentionError> {
        let kept = self.lock();
        let of = kept.holds.iter().filter(|((name, _), _)| name == dataset);
        let hold = |((_, person), fields): (&(String, String), &Vec<SqlName>)| Hold {
            subject: Some(person.clone()),
            fields: fields.clone(),
        };
        Ok(of.map(hold).collect())
    }
}

#[async_trait]
impl Events for Records {
    async fn until(
        &self,
        event: &str,
        stage: Option<&str>,
        until: Timestamp,
        after: Option<&Occurrence>,
        limit: u32,
    ) -> Result<Vec<Occurrence>, RetentionError> {
        let kept = self.lock();
        let people = kept.events.get(event).into_iter().flatten();
        let open = people.filter_map(|(person, _)| {
            let at = kept.open(event, stage, person)?;
            let subject = person.clone();
            Some(Occurrence { at, subject })
        });
        let mut page: Vec<Occurrence> = open
            .filter(|one| one.at <= until && after.is_none_or(|after| one > after))
            .collect();
        page.sort();
        page.truncate(limit as usize);
        Ok(page)
    }

    async fn latest(
        &self,
        event: &str,
        stage: Option<&str>,
        subjects: &[String],
    ) -> Result<Vec<Option<Timestamp>>, RetentionError> {
        let kept = self.lock();
        let latest = subjects
            .iter()
            .map(|person| kept.open(event, stage, person));
        Ok(latest.collect())
    }

    async fn settle(
        &self,
        event: &str,
        stage: &str,
        done: &[Occurrence],
    ) -> Result<(), RetentionError> {
        let mut kept = self.lock();
        for one in done {
            let key = (
                event.to_owned(),
                stage.to_owned(),
                one.subject.clone(),
                one.at,
            );
            kept.settled.insert(key);
        }
        Ok(())
    }
}

#[async_trait]
impl Archive for Records {
    async fn take(
        &self,
        dataset: &DatasetId,
        _stage: &Slug,
        _now: Timestamp,
        records: Vec<Sealable>,
    ) -> Result<(), RetentionError> {
        let mut kept = self.lock();
        for record in records {
            let is_it =
                |(key, known): &(String, Archived)| *key == record.key && known.dataset == *dataset;
            kept.archive.retain(|_, known| !is_it(known));
            kept.records += 1;
            let id = kept.records;
            let archived = Archived {
                id,
                dataset: dataset.clone(),
                subject: record.subject,
                state: record.state,
                clocks: record.clocks,
            };
            kept.archive.insert(id, (record.key, archived));
        }
        Ok(())
    }

    async fn page(&self, wanted: Wanted<'_>, limit: u32) -> Result<Vec<Archived>, RetentionError> {
        let kept = self.lock();
        let all = kept.archive.values().map(|(_, record)| record);
        let mut page: Vec<(Timestamp, &Archived)> = match wanted {
            Wanted::Until {
                dataset,
                clock,
                until,
                after,
            } => {
                let of = all.filter(|record| record.dataset == *dataset);
                let timed = of.filter_map(|record| {
                    let moment = record.clocks.iter().find(|(id, _)| id == clock);
                    moment.map(|(_, at)| (*at, record))
                });
                timed
                    .filter(|(at, record)| {
                        *at <= until && after.is_none_or(|after| (*at, record.id) > after)
                    })
                    .collect()
            }
            Wanted::Of {
                dataset,
                people,
                after,
            } => all
                .filter(|record| dataset.is_none_or(|dataset| record.dataset == *dataset))
                .filter(|record| {
                    record
                        .subject
                        .as_ref()
                        .is_some_and(|one| people.contains(one))
                })
                .filter(|record| after.is_none_or(|after| record.id > after))
                .map(|record| (Timestamp::MIN, record))
                .collect(),
        };
        page.sort_by_key(|(at, record)| (*at, record.id));
        let page = page.into_iter().take(limit as usize);
        Ok(page.map(|(_, record)| record.clone()).collect())
    }

    async fn size(&self, dataset: &DatasetId, limit: u64) -> Result<u64, RetentionError> {
        let size = u64::try_from(self.archived(dataset.as_str())).unwrap_or(u64::MAX);
        Ok(size.min(limit))
    }

    async fn purge(&self, _now: Timestamp, records: &[u64]) -> Result<u64, RetentionError> {
        let mut kept = self.lock();
        let gone = records
            .iter()
            .filter(|id| kept.archive.remove(id).is_some());
        Ok(gone.count() as u64)
    }

    async fn clean(&self) -> Vec<Residue> {
        Vec::new()
    }
}
