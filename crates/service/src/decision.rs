//! Decisions about one person each that share a commit: what many visitors do at once.

use std::sync::{Arc, Mutex, PoisonError};

use consentry_domain::{Effects, Subject, SubjectId};
use jiff::Timestamp;

use crate::{
    Error, Service,
    ports::{Change, StoreError},
    together::Shared,
};

/// A decision that waits for its commit.
pub(crate) struct Decision {
    id: SubjectId,
    decide: Box<Decide>,
}

/// Sees the locked record, if there is one, and says what is stored.
type Decide = dyn Fn(&Service, Option<Subject>, Timestamp) -> Option<Change> + Send + Sync;

impl Service {
    /// Runs a use case on one live, visible person in a transaction with others, again when another
    /// process was faster. The counterpart of [`with_person`](Self::with_person) for what many
    /// visitors do at once.
    ///
    /// `decide` sees the locked record; `Ok` is stored, `Err` stores nothing.
    pub(crate) async fn decide_together<T: Send + 'static>(
        &self,
        id: SubjectId,
        missing: Error,
        decide: impl Fn(&Self, &mut Subject, Timestamp) -> Result<(T, Effects), Error>
        + Send
        + Sync
        + 'static,
    ) -> Result<T, Error> {
        let decided = Arc::new(Mutex::new(None));
        let answer = Arc::clone(&decided);
        let decide = move |service: &Self, person: Option<Subject>, now| {
            let person = person.filter(|held| held.is_visible(service.policy(), now));
            let decided = person.map(|mut person| {
                let (decided, effects) = decide(service, &mut person, now)?;
                Ok((decided, service.change(person, false, effects, now)))
            });
            let (decided, change) = match decided {
                Some(Ok((decided, change))) => (Some(Ok(decided)), Some(change)),
                Some(Err(error)) => (Some(Err(error)), None),
                None => (None, None),
            };
            // The last try counts: before it, nothing was stored.
            *answer.lock().unwrap_or_else(PoisonError::into_inner) = decided;
            change
        };
        let decision = Decision {
            id,
            decide: Box::new(decide),
        };
        self.shared().decisions.commit(self, decision).await?;
        let mut decided = decided.lock().unwrap_or_else(PoisonError::into_inner);
        decided.take().unwrap_or(Err(missing))
    }
}

impl Shared for Decision {
    type Key = SubjectId;
    type Answer = ();

    fn key(&self) -> SubjectId {
        self.id
    }

    async fn commit(service: &Service, requests: &[Self]) -> Result<Vec<()>, StoreError> {
        let ids: Vec<_> = requests.iter().map(|decision| decision.id).collect();
        let commit = || async {
            let mut unit = service.begin().await?;
            let now = service.now();
            let people = unit.by_id(service.controller(), &ids).await?;
            let changes: Vec<_> = requests
                .iter()
                .zip(people)
                .filter_map(|(decision, person)| (decision.decide)(service, person, now))
                .collect();
            if changes.is_empty() {
                return Ok(());
            }
            unit.save(&changes).await?;
            Ok(unit.commit().await?)
        };
        let ended = service.retry_conflicts(commit).await;
        ended.map_err(Error::into_store)?;
        Ok(vec![(); requests.len()])
    }
}
