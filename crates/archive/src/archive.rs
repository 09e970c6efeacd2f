//! An archive that is open: its database, its ring, and where the keys of people lie.

use std::{fmt, sync::Arc};

use consentry_keys::{KeyRing, KeySource};
use consentry_retention::Residue;
use jiff::Timestamp;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect};

use crate::{
    database::Database,
    entity::record::{self, Column},
    error::ArchiveError,
    schema,
    subjects::SubjectKeys,
};

/// Rows in one statement: the widest table has ten columns, and SQLite takes 32,766 parameters.
pub(crate) const ROWS: usize = 1_000;

/// Fills a buffer with unpredictable bytes.
pub type Random = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// The archive of one controller. Clones share the connections.
#[derive(Clone)]
pub struct SealedArchive {
    pub(crate) database: Database,
    pub(crate) controller: String,
    pub(crate) subjects: Arc<dyn SubjectKeys>,
    pub(crate) random: Random,
    keys: Arc<dyn KeySource>,
}

impl fmt::Debug for SealedArchive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedArchive").finish_non_exhaustive()
    }
}

impl SealedArchive {
    /// Opens an archive, `sqlite://path` or `postgres://…`, and brings its schema up to date. A SQLite
    /// file that is missing is made with mode 0600; its folder has to be there.
    ///
    /// # Errors
    /// [`ArchiveError::WrongKeys`] for a ring that the archive was not sealed with, and a database
    /// that does not answer.
    pub async fn connect(
        url: &str,
        controller: &str,
        keys: Arc<dyn KeySource>,
        subjects: Arc<dyn SubjectKeys>,
        random: Random,
    ) -> Result<Self, ArchiveError> {
        let database = Database::connect(url).await?;
        schema::migrate(&database).await?;
        let archive = Self {
            database,
            controller: controller.to_owned(),
            subjects,
            random,
            keys,
        };
        archive.check_keys().await?;
        Ok(archive)
    }

    /// Closes every connection.
    pub async fn close(&self) -> Result<(), ArchiveError> {
        self.database.close().await
    }

    pub(crate) fn ring(&self) -> Arc<KeyRing> {
        Arc::clone(&self.keys).ring()
    }

    /// A random number for a row of its own.
    pub(crate) fn number(&self) -> u64 {
        let mut bytes = [0; 8];
        (self.random)(&mut bytes);
        u64::from_be_bytes(bytes)
    }

    /// Numbers of rows that are written together. One after the other they lie on few pages of the
    /// table and of each index; each on its own would be on a page of its own.
    pub(crate) fn numbers(&self) -> impl FnMut() -> u64 + use<> {
        let mut next = self.number();
        move || {
            let number = next;
            next = number.wrapping_add(1);
            number
        }
    }

    /// Deletes records, and destroys the keys that seal no other; how many records there were.
    ///
    /// The keys go before the deletion lasts: cut off between the two, records are left that
    /// nobody can read, and the next purge ends them.
    pub(crate) async fn delete(&self, now: Timestamp, ids: &[u64]) -> Result<u64, ArchiveError> {
        if ids.is_empty() {
            return Ok(0);
        }
        let db = self.database.write().await?;
        let mut keys: Vec<i64> = Vec::new();
        let mut deleted = 0;
        for ids in ids.chunks(ROWS) {
            let ids: Vec<i64> = ids.iter().map(|id| id.cast_signed()).collect();
            let these = || Column::Id.is_in(ids.iter().copied());
            let own = Column::Controller.eq(&*self.controller);
            keys.extend(
                record::Entity::find()
                    .filter(own.clone())
                    .filter(these())
                    .select_only()
                    .column(Column::KeyId)
                    .into_tuple::<i64>()
                    .all(&db)
                    .await?,
            );
            let gone = record::Entity::delete_many().filter(own).filter(these());
            deleted += gone.exec(&db).await?.rows_affected;
        }
        self.destroy_unused(&db, keys, now).await?;
        db.commit().await?;
        Ok(deleted)
    }

    /// Destroys those of the keys that seal no record any more.
    pub(crate) async fn destroy_unused(
        &self,
        db: &DatabaseTransaction,
        mut keys: Vec<i64>,
        now: Timestamp,
    ) -> Result<(), ArchiveError> {
        keys.sort_unstable();
        keys.dedup();
        let mut unused = Vec::new();
        for keys in keys.chunks(ROWS) {
            let used: Vec<i64> = record::Entity::find()
                .filter(Column::KeyId.is_in(keys.iter().copied()))
                .select_only()
                .column(Column::KeyId)
                .distinct()
                .into_tuple()
                .all(db)
                .await?;
            let unused_of = keys.iter().filter(|key| !used.contains(key));
            unused.extend(unused_of.map(|key| key.cast_unsigned()));
        }
        if unused.is_empty() {
            return Ok(());
        }
        self.subjects.destroy(&unused, now).await
    }

    /// Cleans what was deleted out of the files, and names what is left of it.
    pub(crate) async fn clean_files(&self) -> Vec<Residue> {
        self.database.clean().await
    }
}

/// An instant from its microseconds.
pub(crate) fn at(micros: i64, column: &'static str) -> Result<Timestamp, ArchiveError> {
    Timestamp::from_microsecond(micros).map_err(|_| ArchiveError::Unreadable(column))
}
