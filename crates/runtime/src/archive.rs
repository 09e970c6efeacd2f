//! The archive: where it is, its key ring, and the keys of people in Consentry's own database.
//!
//! The worker and the operator's commands open it; the server never does (S2-23).

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;
use consentry::{KeyFile, SystemRandom};
use consentry_archive::{ArchiveError, SealedArchive, SubjectKey, SubjectKeys};
use consentry_keys::{KeyId, KeyUse};
use consentry_policy::ControllerId;
use consentry_service::ports::{Random as _, StoreError};
use consentry_storage::{ArchiveKey, SeaOrmStore};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};

use crate::Failure;

/// Where the archive is.
#[derive(Clone)]
pub(crate) struct Place {
    /// Its database.
    pub(crate) url: SecretString,
    /// Its key ring.
    pub(crate) keys_file: PathBuf,
}

/// Opens the archive; makes it, and its key ring, where there is none.
pub(crate) async fn open(
    place: &Place,
    store: &SeaOrmStore,
    controller: &ControllerId,
) -> Result<SealedArchive, Failure> {
    let subjects = Subjects {
        store: store.clone(),
        controller: controller.clone(),
    };
    if !place.keys_file.exists() {
        make_keys(place, &subjects).await?;
    }
    let keys = Arc::new(KeyFile::open(&place.keys_file)?);
    let archive = SealedArchive::connect(
        place.url.expose_secret(),
        controller.as_str(),
        keys,
        Arc::new(subjects),
        Arc::new(|buffer: &mut [u8]| SystemRandom.fill(buffer)),
    );
    Ok(archive.await?)
}

/// Never beside an archive that holds something: a new ring could read none of it.
async fn make_keys(place: &Place, subjects: &Subjects) -> Result<(), Failure> {
    if !subjects.after(None, 1).await?.is_empty() {
        return Err(Failure::usage(format!(
            "{}: there is no key ring, and the archive holds records that only theirs can read; \
             restore it from its backup, or set archive_keys_file to where it is",
            place.keys_file.display()
        )));
    }
    Ok(KeyFile::create(&place.keys_file)?)
}

impl From<ArchiveError> for Failure {
    fn from(error: ArchiveError) -> Self {
        match error {
            ArchiveError::Misconfigured => Self::Usage(format!("archive_url: {error}")),
            ArchiveError::WrongKeys(_) => Self::Usage(error.to_string()),
            ArchiveError::Unavailable(_) | ArchiveError::Keys(_) => {
                Self::Unreachable(error.to_string())
            }
            _ => Self::Found(error.to_string()),
        }
    }
}

/// The keys of one controller.
struct Subjects {
    store: SeaOrmStore,
    controller: ControllerId,
}

#[async_trait]
impl SubjectKeys for Subjects {
    async fn of(&self, indexes: &[Vec<u8>]) -> Result<Vec<SubjectKey>, ArchiveError> {
        let found = self.store.archive_keys_of(&self.controller, indexes).await;
        Ok(found.map_err(failed)?.into_iter().map(sealed).collect())
    }

    async fn with(&self, ids: &[u64]) -> Result<Vec<SubjectKey>, ArchiveError> {
        let found = self.store.archive_keys_with(&self.controller, ids).await;
        Ok(found.map_err(failed)?.into_iter().map(sealed).collect())
    }

    async fn after(&self, id: Option<u64>, limit: u64) -> Result<Vec<SubjectKey>, ArchiveError> {
        let found = self.store.archive_keys_after(&self.controller, id, limit);
        let found = found.await.map_err(failed)?;
        Ok(found.into_iter().map(sealed).collect())
    }

    async fn under(&self, key_use: KeyUse, id: KeyId) -> Result<u64, ArchiveError> {
        let count = self.store.archive_keys_under(&self.controller, key_use, id);
        count.await.map_err(failed)
    }

    async fn add(&self, keys: Vec<SubjectKey>) -> Result<(), ArchiveError> {
        let keys = keys.into_iter().map(kept).collect();
        let added = self.store.add_archive_keys(&self.controller, keys).await;
        added.map_err(failed)
    }

    async fn renew(&self, keys: Vec<SubjectKey>) -> Result<(), ArchiveError> {
        let keys = keys.into_iter().map(kept).collect();
        let renewed = self.store.renew_archive_keys(&self.controller, keys).await;
        renewed.map_err(failed)
    }

    async fn destroy(&self, ids: &[u64], now: Timestamp) -> Result<(), ArchiveError> {
        let destroyed = self.store.destroy_archive_keys(&self.controller, ids, now);
        destroyed.await.map_err(failed)
    }
}

fn sealed(key: ArchiveKey) -> SubjectKey {
    SubjectKey {
        id: key.id,
        index: key.subject_index,
        wrapped_key: key.wrapped_key,
        sealed_subject: key.sealed_subject,
    }
}

fn kept(key: SubjectKey) -> ArchiveKey {
    ArchiveKey {
        id: key.id,
        subject_index: key.index,
        wrapped_key: key.wrapped_key,
        sealed_subject: key.sealed_subject,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "what `map_err` calls")]
fn failed(error: StoreError) -> ArchiveError {
    ArchiveError::Keys(error.to_string())
}
