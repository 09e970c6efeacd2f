//! Holds and events as the engine asks for them.

use async_trait::async_trait;
use consentry_policy::ControllerId;
use consentry_retention::{Events, Hold, Holds, Occurrence, RetentionError};
use consentry_service::ports::{Happening, Identity, LegalHold, RetentionStore, StoreError};
use consentry_storage::SeaOrmStore;
use jiff::Timestamp;

/// Those of one controller.
pub(super) struct Records {
    pub(super) store: SeaOrmStore,
    pub(super) controller: ControllerId,
}

#[async_trait]
impl Holds for Records {
    async fn of(&self, dataset: &str) -> Result<Vec<Hold>, RetentionError> {
        let holds = self.store.legal_holds(&self.controller).await;
        let holds = holds.map_err(unreadable)?.into_iter();
        Ok(holds
            .filter(|hold| hold.lifted_at.is_none() && hold.dataset.as_str() == dataset)
            .map(|one| hold(&one))
            .collect())
    }
}

/// A hold as the engine knows it.
pub(super) fn hold(hold: &LegalHold) -> Hold {
    let subject = hold.identity.as_ref().map(Identity::expose);
    Hold {
        subject: subject.map(str::to_owned),
        fields: hold.field.iter().cloned().collect(),
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
        let after = after.map(happening);
        let (controller, limit) = (&self.controller, u64::from(limit));
        let found = self
            .store
            .happenings(controller, event, stage, until, after.as_ref(), limit)
            .await;
        let found = found.map_err(unreadable)?.into_iter();
        let occurrence = |one: Happening| Occurrence {
            at: one.at,
            subject: one.identity.expose().to_owned(),
        };
        Ok(found.map(occurrence).collect())
    }

    async fn latest(
        &self,
        event: &str,
        stage: Option<&str>,
        subjects: &[String],
    ) -> Result<Vec<Option<Timestamp>>, RetentionError> {
        let people: Vec<_> = subjects.iter().map(Identity::new).collect();
        self.store
            .last_happened(&self.controller, event, stage, &people)
            .await
            .map_err(unreadable)
    }

    async fn settle(
        &self,
        event: &str,
        stage: &str,
        done: &[Occurrence],
    ) -> Result<(), RetentionError> {
        let done: Vec<_> = done.iter().map(happening).collect();
        self.store
            .settle_events(&self.controller, event, stage, &done)
            .await
            .map_err(unreadable)
    }
}

fn happening(one: &Occurrence) -> Happening {
    Happening {
        at: one.at,
        identity: Identity::new(&*one.subject),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "what `map_err` calls")]
fn unreadable(error: StoreError) -> RetentionError {
    RetentionError::Records(error.to_string())
}
