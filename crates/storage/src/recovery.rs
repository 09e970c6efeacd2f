//! Backup, restore and the journal, as a store offers them.

use std::{fs::File, io::Write, path::Path, sync::Arc};

use async_trait::async_trait;
use consentry_domain::JournalEntry;
use consentry_policy::ControllerId;
use consentry_service::ports::{Recovery, StoreError, UnitOfWork};
use jiff::Timestamp;
use sea_orm::{EntityTrait, UpdateMany, sea_query::Expr};

use crate::{
    SeaOrmStore,
    backup::{self, BackupError, BackupFile, Loaded, Manifest, Plan},
    connect::connect,
    entity::installation,
    error::{store_error, unreadable},
    journal::{self, JournalRecord},
    outbox, rows, schema,
    transaction::Database,
    unit::Unit,
};

impl SeaOrmStore {
    /// Announces that this process uses the database, until the store is closed: no restore begins
    /// meanwhile. Whoever serves people or runs jobs calls it first.
    ///
    /// # Errors
    /// [`StoreError::Restoring`] while a restore is under way.
    pub async fn attend(&self) -> Result<(), StoreError> {
        self.database.attend().await
    }

    /// Has the database for this process alone, until the store is closed; `false` when another
    /// process [attends](Self::attend).
    pub async fn exclude_others(&self) -> Result<bool, StoreError> {
        self.database.exclude_others().await
    }

    /// Writes a [backup](crate::backup) of one state of the database, while everybody goes on
    /// reading and writing, with a page of rows in memory. It holds no key.
    ///
    /// The caller makes the file last, then [notes](Self::note_backup) it.
    pub async fn backup(
        &self,
        out: &mut (dyn Write + Send),
        taken_at: Timestamp,
    ) -> Result<Manifest, BackupError> {
        let engine = if self.database.is_sqlite() {
            "sqlite"
        } else {
            "postgresql"
        };
        backup::write(&self.database, out, engine, taken_at).await
    }

    /// Notes when the last backup was taken.
    pub async fn note_backup(&self, taken_at: Timestamp) -> Result<(), StoreError> {
        let transaction = self.database.write().await?;
        set(installation::Column::BackedUpAt, Some(taken_at))
            .exec(&transaction.inner)
            .await
            .map_err(store_error)?;
        transaction.commit().await
    }

    /// When the last backup was taken; `None` when none was.
    pub async fn backed_up_at(&self) -> Result<Option<Timestamp>, StoreError> {
        rows::instant(installation(&self.database).await?.backed_up_at)
    }

    /// Whether a restore began and did not end.
    pub async fn is_restoring(&self) -> Result<bool, StoreError> {
        let installation = installation(&self.database).await?;
        Ok(installation.restoring_since.is_some())
    }

    /// The same backup in this program's schema, made in `folder`, which is empty and private.
    pub async fn upgrade_backup(
        &self,
        mut backup: BackupFile,
        folder: &Path,
    ) -> Result<BackupFile, BackupError> {
        let manifest = backup.manifest().clone();
        let url = format!("sqlite://{}", folder.join("upgrade.db").display());
        let database = Database::new(connect(&url).await?);
        schema::migrate_by(&database, Some(manifest.migrations().len())).await?;
        let transaction = database.write().await?;
        backup::load_rows(&transaction.inner, &mut backup).await?;
        transaction.commit().await?;
        schema::migrate(&database).await?;
        let path = folder.join("upgraded.backup");
        let mut out = std::io::BufWriter::new(File::create_new(&path)?);
        backup::write(&database, &mut out, manifest.engine(), manifest.taken_at()).await?;
        drop(out);
        database.connection.close().await.map_err(store_error)?;
        BackupFile::open(File::open(path)?)
    }

    /// Puts a backup in the place of everything in the database, in one transaction: killed before
    /// its end, it changed nothing. After it the database is one that [`Store::check`] refuses, so
    /// that nobody serves it, until [`finish_restore`](Self::finish_restore).
    ///
    /// What this database's own journal, and the `journal`s given, hold beyond the backup is marked
    /// to be repeated: [`Recovery`] hands it out. Entries up to `spare_up_to` are not: the backup
    /// was too young to hold them still. Records that no key opens are left out. Letters that
    /// waited count as uncertain, unless `nothing_was_sent` since.
    ///
    /// The schema must be current, and nobody else may use the database:
    /// [`exclude_others`](Self::exclude_others).
    ///
    /// [`Store::check`]: consentry_service::ports::Store::check
    pub async fn load_backup(
        &self,
        backup: &mut BackupFile,
        journal: &mut dyn Iterator<Item = Result<JournalRecord, BackupError>>,
        spare_up_to: Option<Timestamp>,
        nothing_was_sent: bool,
        now: Timestamp,
    ) -> Result<Loaded, BackupError> {
        let plan = Plan {
            journal,
            spare_up_to,
            nothing_was_sent,
            now,
        };
        backup::load(&self.database, &self.vault, backup, plan).await
    }

    /// Opens a restored database for everybody.
    pub async fn finish_restore(&self) -> Result<(), StoreError> {
        let transaction = self.database.write().await?;
        set(installation::Column::RestoringSince, None)
            .exec(&transaction.inner)
            .await
            .map_err(store_error)?;
        transaction.commit().await
    }

    /// Entries of the journal that were written since an instant of the database's clock, in that
    /// order, after the last one that the caller saw, `limit` at a time: when each was written, in
    /// microseconds since 1970, and its number. An entry may appear as late as its transaction
    /// ends.
    pub async fn journal_since(
        &self,
        written_at: i64,
        after: Option<(i64, i64)>,
        limit: u64,
    ) -> Result<Vec<(i64, i64)>, StoreError> {
        journal::since(&self.database.connection, written_at, after, limit).await
    }

    /// The entries with these numbers, at most a thousand, in the order in which they were written.
    pub async fn journal_records(&self, ids: &[i64]) -> Result<Vec<JournalRecord>, StoreError> {
        journal::records(&self.database.connection, ids).await
    }

    /// The database's clock, in microseconds since 1970.
    pub async fn clock(&self) -> Result<i64, StoreError> {
        let snapshot = self.database.snapshot().await?;
        let clock = outbox::clock(&snapshot.inner).await?;
        snapshot.commit().await?;
        Ok(clock)
    }
}

#[async_trait]
impl Recovery for SeaOrmStore {
    async fn begin_replay(
        &self,
        controller: &ControllerId,
        limit: u64,
    ) -> Result<(Vec<JournalEntry>, Box<dyn UnitOfWork>), StoreError> {
        let transaction = self.database.write().await?;
        let entries = journal::take(&transaction.inner, &self.vault, controller, limit).await?;
        let unit = Unit::replaying(transaction, Arc::clone(&self.vault));
        Ok((entries, Box::new(unit)))
    }
}

fn set(column: installation::Column, at: Option<Timestamp>) -> UpdateMany<installation::Entity> {
    installation::Entity::update_many().col_expr(column, Expr::value(rows::micros(at)))
}

/// What is known of the database itself.
async fn installation(database: &Database) -> Result<installation::Model, StoreError> {
    installation::Entity::find()
        .one(&database.connection)
        .await
        .map_err(store_error)?
        .ok_or_else(|| unreadable("`consentry_installation` has no row"))
}
