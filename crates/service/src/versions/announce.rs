//! Telling everybody of a substantial change, once (S4-08).

use consentry_domain::Effects;

use crate::{
    Error, Job, Service,
    jobs::{BATCH, JobOutcome, done},
    ports::{AnnouncementStep, Candidates, OpenAnnouncement, WorkerId},
};

impl Service {
    /// Queues the letters of published versions. How far it has come is committed with the letters,
    /// so that a kill repeats none and leaves none out.
    pub(crate) async fn announce(
        &self,
        worker: &WorkerId,
        stop: &(dyn Fn() -> bool + Send + Sync),
    ) -> Result<JobOutcome, Error> {
        let mut told = 0;
        while !stop() && self.lease(Job::Announce, worker).await? {
            let store = self.store();
            let Some(open) = store.open_announcement(self.controller()).await? else {
                break;
            };
            told += self.announce_to_some(&open).await?;
        }
        Ok(done(told, "told of the change"))
    }

    /// Queues the letters of the next people; says how many.
    async fn announce_to_some(&self, open: &OpenAnnouncement) -> Result<usize, Error> {
        let ids = self
            .candidates(Candidates::ToTell {
                after: open.told_to,
                submitted_before: open.published_at,
            })
            .await?;
        let mut unit = self.begin().await?;
        let now = self.now();
        let changes: Vec<_> = unit
            .by_id(self.controller(), &ids)
            .await?
            .into_iter()
            .flatten()
            .filter_map(|person| {
                let letter = person.told_of_change(self.policy(), now)?;
                let effects = Effects {
                    letters: vec![letter],
                    ..Effects::default()
                };
                Some(self.change(person, false, effects, now))
            })
            .collect();
        unit.save(&changes).await?;
        let step = match ids.last() {
            Some(last) if ids.len() as u64 == BATCH => AnnouncementStep::Told(*last),
            _ => AnnouncementStep::Ended(now),
        };
        unit.advance_announcement(self.controller(), open, step)
            .await?;
        unit.commit().await?;
        Ok(changes.len())
    }
}
