//! People from a file: batch by batch, each with its progress in one commit.
//!
//! A killed import is begun again under the same name and goes on where it ended; what was counted
//! before is counted once.

use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
};

use consentry_address::EmailAddress;
use consentry_domain::{Import, Imported, SubjectId};
use consentry_policy::Rate;
use jiff::{SignedDuration, Timestamp};

use crate::{
    Error, JobOutcome, Service,
    ports::{Change, ImportProgress, LetterId, PurgeReason, UnitOfWork},
};

/// The next rows of a file.
#[derive(Debug, Clone, Default)]
pub struct ImportBatch {
    /// How many rows of the file this is, refused ones included.
    pub rows: u64,
    /// The people on them, in the order of the file. A thousand are one statement per table.
    pub people: Vec<Import>,
    /// How many confirmation letters go out in a unit of time; at once where there is none.
    pub letters: Option<Rate>,
    /// Whether the file ends here.
    pub is_last: bool,
}

/// What a trial remembers, since it writes nothing: whom it would have entered, 8 bytes each.
#[derive(Debug, Default)]
pub struct Trial(HashSet<u64>);

/// How long an import that was begun and never ended can be gone on with.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

impl Service {
    /// Begins an import, or says how far it had come. `name` stands for the content of the file and
    /// for everything that the outcome depends on, so that two imports of one name are the same.
    pub async fn begin_import(&self, name: &str) -> Result<ImportProgress, Error> {
        self.retry_conflicts(|| async {
            let mut unit = self.store().begin().await?;
            if let Some(begun) = unit.imports().import(self.controller(), name).await? {
                return Ok(begun);
            }
            let begun = self.new_import();
            unit.imports()
                .save_import(self.controller(), name, &begun, begun.started_at)
                .await?;
            unit.commit().await?;
            Ok(begun)
        })
        .await
    }

    /// Enters the people of a batch, and answers with how far the import has come with it. People
    /// who are known, left or were erased are counted and left as they are (S0-101).
    ///
    /// # Errors
    /// [`Error::ImportedElsewhere`] when the import is not where `before` says,
    /// [`Error::RefusedDomain`] and [`Error::UnknownTopic`] when a row is not what the policy
    /// allows, and [`Error::Store`]; nothing of the batch is stored then.
    pub async fn import(
        &self,
        name: &str,
        before: &ImportProgress,
        batch: &ImportBatch,
    ) -> Result<ImportProgress, Error> {
        self.retry_conflicts(|| async {
            let mut unit = self.begin().await?;
            let current = unit.imports().import(self.controller(), name).await?;
            if current.as_ref() != Some(before) {
                return Err(Error::ImportedElsewhere);
            }
            let now = self.now();
            let decided = self
                .decide_import(unit.as_mut(), before, batch, now, None)
                .await?;
            if !decided.outlived.is_empty() {
                self.mailer().forget(&decided.outlived).await?;
                let reason = PurgeReason::Unconfirmed;
                unit.purge(self.controller(), &decided.outlived, reason, now)
                    .await?;
            }
            unit.save(&decided.changes).await?;
            unit.imports()
                .save_import(self.controller(), name, &decided.after, now)
                .await?;
            unit.commit().await?;
            Ok(decided.after)
        })
        .await
    }

    /// What a trial begins with.
    pub fn new_import(&self) -> ImportProgress {
        ImportProgress {
            id: u64::from_be_bytes(self.random()),
            started_at: self.now(),
            rows: 0,
            accepted: 0,
            already_there: 0,
            left_out: 0,
            duplicates: 0,
            finished: false,
        }
    }

    /// What [`import`](Service::import) would answer. Nothing is written.
    pub async fn try_import(
        &self,
        before: &ImportProgress,
        batch: &ImportBatch,
        trial: &mut Trial,
    ) -> Result<ImportProgress, Error> {
        let mut unit = self.store().begin().await?;
        let decided = self
            .decide_import(unit.as_mut(), before, batch, self.now(), Some(trial))
            .await?;
        Ok(decided.after)
    }

    /// Forgets how an import went, once that is told: the same file may come again.
    pub async fn end_import(&self, import: &ImportProgress) -> Result<(), Error> {
        let mut unit = self.store().begin().await?;
        unit.imports()
            .forget_import(self.controller(), import.id)
            .await?;
        Ok(unit.commit().await?)
    }

    pub(crate) async fn forget_imports(&self) -> Result<JobOutcome, Error> {
        let mut unit = self.store().begin().await?;
        let until = self.now().saturating_sub(KEPT).unwrap_or(Timestamp::MIN);
        let forgotten = unit
            .imports()
            .forget_imports(self.controller(), until)
            .await?;
        unit.commit().await?;
        Ok(match forgotten {
            0 => JobOutcome::Idle,
            count => JobOutcome::Done(format!("{count} unfinished imports forgotten")),
        })
    }

    async fn decide_import(
        &self,
        unit: &mut dyn UnitOfWork,
        before: &ImportProgress,
        batch: &ImportBatch,
        now: Timestamp,
        mut trial: Option<&mut Trial>,
    ) -> Result<Decided, Error> {
        for person in &batch.people {
            self.check_entry(&person.address, &person.topics)?;
        }
        let (addresses, places) = distinct(&batch.people);
        let held = unit.live_by_address(self.controller(), &addresses).await?;
        let erased = unit.imports().erased(self.controller(), &addresses).await?;

        let mut decided = Decided {
            after: ImportProgress {
                rows: before.rows + batch.rows,
                finished: batch.is_last,
                ..before.clone()
            },
            changes: Vec::with_capacity(addresses.len()),
            outlived: Vec::new(),
        };
        let after = &mut decided.after;
        let since = before.started_at;
        let mut entered = vec![false; addresses.len()];
        let block = Block(self.random());
        for (person, place) in batch.people.iter().zip(places) {
            let (held, is_erased) = (held[place].as_ref(), erased[place]);
            let is_from_here = held.is_some_and(|held| held.first_submitted_at == since);
            if entered[place] {
                after.duplicates += 1;
                continue;
            }
            let id = SubjectId(block.number(self.random()));
            match person.decide(id, held, is_erased, self.policy(), since, now) {
                Imported::LeftOut => after.left_out += 1,
                Imported::AlreadyThere if is_from_here => after.duplicates += 1,
                Imported::AlreadyThere => after.already_there += 1,
                Imported::Entered(..)
                    if trial.as_mut().is_some_and(|trial| trial.knows(person)) =>
                {
                    after.duplicates += 1;
                }
                Imported::Entered(subject, effects) => {
                    let mut change = self.change(*subject, true, effects, now);
                    let due_at = turn(batch.letters, since, after.accepted).max(now);
                    for letter in &mut change.letters {
                        letter.due_at = due_at;
                        letter.id = LetterId(block.number(self.random()));
                    }
                    decided.outlived.extend(held.map(|held| held.id));
                    decided.changes.push(change);
                    entered[place] = true;
                    after.accepted += 1;
                }
            }
        }
        Ok(decided)
    }
}

/// The random numbers of one batch, side by side: what is written together lies together. Spread
/// over a large database, each row would be another page in each index, and SQLite writes pages.
struct Block([u8; 3]);

impl Block {
    fn number(&self, random: [u8; 5]) -> u64 {
        let mut bytes = [0; 8];
        bytes[..3].copy_from_slice(&self.0);
        bytes[3..].copy_from_slice(&random);
        u64::from_be_bytes(bytes)
    }
}

/// When the letter of this number has its turn.
fn turn(rate: Option<Rate>, since: Timestamp, number: u64) -> Timestamp {
    let Some(rate) = rate else { return since };
    let micros = u128::from(number) * rate.per.as_micros() / u128::from(rate.count);
    let after = SignedDuration::from_micros(i64::try_from(micros).unwrap_or(i64::MAX));
    since.saturating_add(after).unwrap_or(Timestamp::MAX)
}

struct Decided {
    after: ImportProgress,
    changes: Vec<Change>,
    outlived: Vec<SubjectId>,
}

/// Each address once, and for each person the place of theirs.
fn distinct(people: &[Import]) -> (Vec<EmailAddress>, Vec<usize>) {
    let mut addresses = Vec::with_capacity(people.len());
    let mut places = HashMap::with_capacity(people.len());
    let place_of = |person: &Import| {
        *places
            .entry(person.address.comparison_key())
            .or_insert_with(|| {
                addresses.push(person.address.clone());
                addresses.len() - 1
            })
    };
    let of_each = people.iter().map(place_of).collect();
    (addresses, of_each)
}

impl Trial {
    /// Whether the person came before; remembers that they came.
    fn knows(&mut self, person: &Import) -> bool {
        let mut hasher = DefaultHasher::new();
        person.address.comparison_key().hash(&mut hasher);
        !self.0.insert(hasher.finish())
    }
}
