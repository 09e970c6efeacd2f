//! What the rules do to what is in the ledger.

use consentry_policy::{Dataset, Stage, Store};
use jiff::Timestamp;

use super::{Archived, Day, Done, Ledger, write};
use crate::judge::Deed;
use crate::row::Row;

impl<'a> Ledger<'a, '_> {
    /// Does what the rules of a dataset say of a row; answers with the record that it became.
    pub(super) fn judge(
        &mut self,
        dataset: &'a Dataset,
        place: usize,
        now: Timestamp,
        today: &mut Day<'a>,
    ) -> Option<usize> {
        let tables = self.tables;
        while let Some(row) = &self.rows[place]
            && let table = row.table
            && let Some(due) = self.on(dataset, table, Store::Live).next(row, now)
        {
            today.touched.insert(table);
            today.done.push(Done {
                dataset,
                stage: due.stage,
                moment: due.moment,
                since: due.since,
            });
            match due.deed {
                Deed::Write(values) => {
                    if let Some(row) = &mut self.rows[place] {
                        write(row, &tables[table], values);
                    }
                }
                Deed::Delete => {
                    self.end(place, today);
                }
                Deed::Archive => return self.seal(place, dataset, today),
            }
        }
        None
    }

    /// Lists a row for the reviews that it waits for.
    pub(super) fn list(&mut self, place: usize, now: Timestamp, today: &mut Day<'a>) {
        let before = self.forget_reviews(place);
        let Some(row) = &self.rows[place] else { return };
        let mut listed = Vec::new();
        for &dataset in &self.tables[row.table].datasets {
            let judge = self.on(dataset, row.table, Store::Live);
            listed.extend(judge.reviews(row, now).map(|review| (dataset, review)));
        }
        for (dataset, (stage, moment, since)) in listed {
            let key = (dataset.id.as_str(), stage.id.as_str());
            self.waiting.entry(key).or_default().insert(place);
            // On its first day; it stays listed until somebody does something about it.
            if !before.contains(&key) && since > self.passes.past() {
                today.done.push(Done {
                    dataset,
                    stage,
                    moment,
                    since,
                });
            }
        }
    }

    /// The reviews that a row waited for.
    fn forget_reviews(&mut self, place: usize) -> Vec<(&'a str, &'a str)> {
        let all = self.waiting.iter_mut();
        let waited = all.filter_map(|(key, rows)| rows.remove(&place).then_some(*key));
        waited.collect()
    }

    /// A row goes, and what belongs to it.
    fn end(&mut self, place: usize, today: &mut Day<'a>) -> Option<Row<'a>> {
        let row = self.rows[place].take()?;
        today.touched.insert(row.table);
        self.live[row.table].remove(&place);
        self.forget_reviews(place);
        for (dependant, other) in &self.tables[row.table].dependants {
            let belongs = |place: &usize| {
                let mut on = dependant.on.iter();
                self.rows[*place].as_ref().is_some_and(|child| {
                    on.all(|(theirs, ours)| {
                        let value = child.value(theirs);
                        !value.is_null() && value == row.value(ours.as_str())
                    })
                })
            };
            let children: Vec<usize> = self.live[*other].iter().copied().filter(belongs).collect();
            for child in children {
                today.touched.insert(*other);
                self.live[*other].remove(&child);
                self.rows[child] = None;
                self.forget_reviews(child);
            }
        }
        Some(row)
    }

    fn seal(&mut self, place: usize, dataset: &'a Dataset, today: &mut Day<'a>) -> Option<usize> {
        let row = self.end(place, today)?;
        let record = self.archive.len();
        if let Some(person) = row.subject(dataset) {
            let of = self.archived_of.entry(person.to_owned()).or_default();
            of.insert(record);
        }
        self.archive.push(Some(Archived { dataset, row }));
        Some(record)
    }

    pub(super) fn judge_archived(&mut self, place: usize, now: Timestamp, today: &mut Day<'a>) {
        let Some(Archived { dataset, row }) = &self.archive[place] else {
            return;
        };
        let due = self.on(dataset, row.table, Store::Archive).next(row, now);
        if let Some(due) = due {
            today.done.push(Done {
                dataset,
                stage: due.stage,
                moment: due.moment,
                since: due.since,
            });
            self.archive[place] = None;
        }
    }

    /// An event has done its work once nothing is left that it waits for.
    pub(super) fn settle(&mut self, now: Timestamp) {
        for (event, person) in std::mem::take(&mut self.open) {
            let key = (event.to_string(), person);
            let at = self.people.events.get(&key).copied().unwrap_or(now);
            let person = key.1;
            let mut is_open = false;
            for dataset in self.tables.iter().flat_map(|table| &table.datasets) {
                let on = dataset.stages.iter();
                for stage in on.filter(|stage| stage.on.as_ref() == Some(event)) {
                    if self.is_waited_for(dataset, stage, &person, now) {
                        is_open = true;
                    } else {
                        let (dataset, stage) = (dataset.id.to_string(), stage.id.to_string());
                        let key = (dataset, stage, person.clone());
                        self.people.settled.insert(key, at);
                    }
                }
            }
            if is_open {
                self.open.insert((event, person));
            }
        }
    }

    fn is_waited_for(
        &self,
        dataset: &'a Dataset,
        stage: &Stage,
        person: &str,
        now: Timestamp,
    ) -> bool {
        if stage.within == Store::Archive {
            let records = self.archived_of.get(person).into_iter().flatten();
            let mut records = records.filter_map(|place| self.archive[*place].as_ref());
            return records.any(|record| record.dataset.id == dataset.id);
        }
        let rows = self.by_person.get(person).into_iter().flatten();
        let mut rows = rows.filter_map(|place| self.rows[*place].as_ref());
        rows.any(|row| {
            row.subject(dataset) == Some(person)
                && self.tables[row.table]
                    .datasets
                    .iter()
                    .any(|one| one.id == dataset.id)
                && self
                    .on(dataset, row.table, Store::Live)
                    .waits(stage, row, now)
        })
    }
}
