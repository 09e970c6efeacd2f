//! The archive at work: who opens it, and what ends in it before its time.

use consentry_archive::{Reason, SealedArchive};
use consentry_policy::{Action, Dataset, DatasetId, Minimum, Store as Within};
use consentry_retention::{Erasure, Kept, Residue};
use consentry_service::ports::{
    Candidates, LegalHold, RetentionStore as _, Store as _, StoreError,
};
use jiff::Timestamp;

use super::{Retention, parts::failure};
use crate::{Failure, archive};

/// Who ends what is archived of somebody who asked for erasure.
const ERASED: Reason<'static> = Reason {
    author: "worker",
    reason: "the person asked for erasure",
    case: None,
};

/// Why some of a person's archived records stay.
pub(crate) enum Keeper<'a> {
    /// Holds that are in force.
    Holds(Vec<LegalHold>),
    /// A minimum of the policy, and until when.
    Minimum(Option<&'a Minimum>, Timestamp),
}

impl Retention {
    /// Whether the policy moves anything to the archive, or ends anything there.
    pub(crate) fn archives(&self) -> bool {
        let mut datasets = self.policy().datasets.iter();
        datasets.any(needs_archive)
    }

    /// Opens the archive.
    pub(crate) async fn open_archive(&self) -> Result<SealedArchive, Failure> {
        // On the heap: whoever looks at everything would carry it along.
        Box::pin(archive::open(
            &self.archive,
            self.store(),
            self.controller(),
        ))
        .await
    }

    /// Ends what is archived of a person, but for what a hold or a minimum keeps, and writes down
    /// that it did.
    pub(crate) async fn erase(
        &self,
        archive: &SealedArchive,
        person: &str,
        reason: Reason<'_>,
    ) -> Result<Erasure, Failure> {
        let part = self.archived(archive.clone());
        let now = self.now();
        let erasure = self.engine(&part).erase(person, now).await;
        let erasure = erasure.map_err(|error| failure(&error))?;
        if erasure.erased > 0 {
            archive.note_erasure(erasure.erased, reason, now).await?;
        }
        Ok(erasure)
    }

    /// What keeps records of a dataset, in the policy's words and those of the holds.
    pub(crate) async fn keeper<'a>(
        &'a self,
        dataset: &DatasetId,
        person: &str,
        kept: &Kept,
    ) -> Result<Keeper<'a>, StoreError> {
        match kept {
            Kept::Minimum(id, until) => {
                let dataset = self.policy().dataset(dataset.as_str());
                let mut minima = dataset.into_iter().flat_map(|one| &one.minima);
                Ok(Keeper::Minimum(minima.find(|one| one.id == *id), *until))
            }
            Kept::Hold => {
                let same = |one: &str| one.trim().to_lowercase() == person.trim().to_lowercase();
                let mut holds = self.store().legal_holds(self.controller()).await?;
                holds.retain(|hold| {
                    let identity = hold.identity.as_ref();
                    hold.lifted_at.is_none()
                        && hold.dataset == *dataset
                        && identity.is_none_or(|one| same(one.expose()))
                });
                Ok(Keeper::Holds(holds))
            }
        }
    }

    /// Ends what is archived of subscribers who asked for erasure, and cleans up after it: how many
    /// records that were, and what is left of them; nothing where there were none.
    pub(super) async fn end_erased(&self) -> Result<Option<(u64, Vec<Residue>)>, Failure> {
        if !self.archives() {
            return Ok(None);
        }
        let archive = self.open_archive().await?;
        match self.follow_erasures(&archive).await? {
            0 => {
                self.store().clean_purged_bytes().await?;
                Ok(None)
            }
            records => Ok(Some((records, self.clean_archive(&archive).await?))),
        }
    }

    /// Ends what is archived of subscribers who asked for erasure and are not purged yet: their
    /// grace is longer than the time between two passes. How many records that were.
    async fn follow_erasures(&self, archive: &SealedArchive) -> Result<u64, Failure> {
        let erased = Candidates::ErasedSince(self.now().into());
        let controller = self.controller();
        let all = i64::MAX.cast_unsigned();
        let people = self.store().candidates(controller, erased, all).await?;
        let mut ended = 0;
        for id in people {
            if let Some(person) = self.store().subject(controller, id).await? {
                let erasure = self.erase(archive, person.address.expose(), ERASED).await?;
                ended += erasure.erased;
            }
        }
        Ok(ended)
    }

    /// Cleans the files of the archive, and the keys that were destroyed out of Consentry's own;
    /// names what is left of the archive.
    pub(crate) async fn clean_archive(
        &self,
        archive: &SealedArchive,
    ) -> Result<Vec<Residue>, StoreError> {
        self.store().clean_purged_bytes().await?;
        Ok(consentry_retention::Archive::clean(archive).await)
    }
}

/// Whether a dataset's rules cannot all run without the archive.
pub(super) fn needs_archive(dataset: &Dataset) -> bool {
    let mut stages = dataset.stages.iter();
    stages.any(|stage| stage.action == Action::Archive || stage.within == Within::Archive)
}
