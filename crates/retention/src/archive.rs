//! The archive as the engine sees it: rows go in, and are judged without being opened.

use std::fmt;

use async_trait::async_trait;
use consentry_policy::{DatasetId, Slug};
use jiff::Timestamp;

use crate::cleaning::Residue;
use crate::error::RetentionError;

/// A record on its way into the archive.
#[derive(Clone)]
pub struct Sealable {
    /// Whose it is, where the dataset says so: one key seals all records of a person.
    pub subject: Option<String>,
    /// Which row it was; no other row of the dataset has the same text.
    pub key: String,
    /// The row, as a JSON object.
    pub record: String,
    /// The state it was in, as the policy names it.
    pub state: Option<Slug>,
    /// The moment of each clock that had one: what it is judged by from now on.
    pub clocks: Vec<(Slug, Timestamp)>,
}

/// What is known of a record while it stays sealed.
#[derive(Clone)]
pub struct Archived {
    /// Its number in the archive.
    pub id: u64,
    /// The dataset that it came from.
    pub dataset: DatasetId,
    /// Whose it is.
    pub subject: Option<String>,
    /// The state it was in.
    pub state: Option<Slug>,
    /// The moment that each clock had.
    pub clocks: Vec<(Slug, Timestamp)>,
}

/// Which records are asked for, a page at a time.
#[derive(Clone, Copy, Debug)]
pub enum Wanted<'a> {
    /// Those whose clock stood at or before a moment, oldest first.
    Until {
        /// The dataset that they came from.
        dataset: &'a DatasetId,
        /// The clock.
        clock: &'a Slug,
        /// The moment.
        until: Timestamp,
        /// The clock's moment and the number of the last one of the page before.
        after: Option<(Timestamp, u64)>,
    },
    /// Those of people, by number.
    Of {
        /// The dataset that they came from; every one when left out.
        dataset: Option<&'a DatasetId>,
        /// Who; in an e-mail address capitals tell nobody apart.
        people: &'a [String],
        /// The number of the last one of the page before.
        after: Option<u64>,
    },
}

/// Where archived rows go (S2-22). What is told of them is never what they say.
#[async_trait]
pub trait Archive: Send + Sync {
    /// Takes rows in; they are deleted from the source once this returned. Taking a row in again
    /// replaces it: a kill between the two costs nothing.
    async fn take(
        &self,
        dataset: &DatasetId,
        stage: &Slug,
        now: Timestamp,
        records: Vec<Sealable>,
    ) -> Result<(), RetentionError>;

    /// A page of records; fewer than `limit` are the last.
    async fn page(&self, wanted: Wanted<'_>, limit: u32) -> Result<Vec<Archived>, RetentionError>;

    /// How many records of a dataset there are, counted no further than `limit`.
    async fn size(&self, dataset: &DatasetId, limit: u64) -> Result<u64, RetentionError>;

    /// Deletes records, and destroys the keys of whoever has none left; how many there were.
    async fn purge(&self, now: Timestamp, records: &[u64]) -> Result<u64, RetentionError>;

    /// Cleans what was purged out of the files, and names what is left.
    async fn clean(&self) -> Vec<Residue>;
}

impl fmt::Debug for Sealable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealable").finish_non_exhaustive()
    }
}

impl fmt::Debug for Archived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, dataset) = (self.id, &self.dataset);
        let mut shown = f.debug_struct("Archived");
        shown.field("id", &id).field("dataset", dataset);
        shown.finish_non_exhaustive()
    }
}
