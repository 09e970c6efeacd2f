//! Holds and events in memory; pages and the API ask for nothing else of the engine's records.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use consentry_policy::ControllerId;
use consentry_service::ports::{
    Happening, HoldId, Identity, LegalHold, RetentionRun, RetentionStore, StoreError,
};
use jiff::Timestamp;

use crate::site::ANNA;

#[derive(Clone, Default)]
pub(crate) struct MemoryRecords(Arc<Mutex<Vec<(String, Happening)>>>);

fn not_for_pages() -> ! {
    panic!("no page asks for this")
}

#[async_trait]
impl RetentionStore for MemoryRecords {
    async fn set_hold(&self, _: &ControllerId, _: &LegalHold) -> Result<(), StoreError> {
        not_for_pages()
    }

    async fn lift_hold(
        &self,
        _: &ControllerId,
        _: HoldId,
        _: Timestamp,
    ) -> Result<bool, StoreError> {
        not_for_pages()
    }

    /// One, on Anna.
    async fn legal_holds(&self, _: &ControllerId) -> Result<Vec<LegalHold>, StoreError> {
        Ok(vec![LegalHold {
            id: HoldId(1),
            dataset: "subscribers".parse().unwrap(),
            identity: Some(Identity::new(ANNA.to_lowercase())),
            field: None,
            kind: "litigation".parse().unwrap(),
            case: "2026/1".to_owned(),
            author: "legal".to_owned(),
            since: "2026-11-01T00:00:00Z".parse().unwrap(),
            review_at: "2027-05-01T00:00:00Z".parse().unwrap(),
            lifted_at: None,
        }])
    }

    async fn note_event(
        &self,
        _: &ControllerId,
        event: &str,
        happening: &Happening,
        _: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut noted = self.0.lock().unwrap();
        let report = (event.to_owned(), happening.clone());
        let is_new = !noted.contains(&report);
        noted.push(report);
        Ok(is_new)
    }

    async fn happenings(
        &self,
        _: &ControllerId,
        _: &str,
        _: Option<&str>,
        _: Timestamp,
        _: Option<&Happening>,
        _: u64,
    ) -> Result<Vec<Happening>, StoreError> {
        not_for_pages()
    }

    async fn last_happened(
        &self,
        _: &ControllerId,
        _: &str,
        _: Option<&str>,
        _: &[Identity],
    ) -> Result<Vec<Option<Timestamp>>, StoreError> {
        not_for_pages()
    }

    async fn settle_events(
        &self,
        _: &ControllerId,
        _: &str,
        _: &str,
        _: &[Happening],
    ) -> Result<(), StoreError> {
        not_for_pages()
    }

    async fn forget_events(
        &self,
        _: &ControllerId,
        _: &str,
        _: &[&str],
        _: Timestamp,
    ) -> Result<u64, StoreError> {
        not_for_pages()
    }

    async fn save_run(&self, _: &ControllerId, _: &RetentionRun) -> Result<(), StoreError> {
        not_for_pages()
    }

    async fn last_runs(
        &self,
        _: &ControllerId,
        _: Timestamp,
        _: u64,
    ) -> Result<Vec<RetentionRun>, StoreError> {
        not_for_pages()
    }

    async fn save_plan(
        &self,
        _: &ControllerId,
        _: &str,
        _: &str,
        _: Timestamp,
        _: Timestamp,
    ) -> Result<(), StoreError> {
        not_for_pages()
    }

    async fn saved_plan(
        &self,
        _: &ControllerId,
        _: &str,
        _: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        not_for_pages()
    }
}
