//! The keys of the API in memory.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use consentry_policy::ControllerId;
use consentry_service::ports::{ApiKey, ApiKeyId, ApiKeyStore, StoreError, TokenHash};
use jiff::{Timestamp, civil::Date};

#[derive(Clone, Default)]
pub(crate) struct MemoryKeys(Arc<Mutex<Vec<(ApiKey, TokenHash)>>>);

#[async_trait]
impl ApiKeyStore for MemoryKeys {
    async fn add_api_key(
        &self,
        _: &ControllerId,
        key: &ApiKey,
        hash: &TokenHash,
    ) -> Result<(), StoreError> {
        let mut keys = self.0.lock().unwrap();
        keys.push((key.clone(), hash.clone()));
        Ok(())
    }

    async fn api_keys(&self, _: &ControllerId) -> Result<Vec<ApiKey>, StoreError> {
        let keys = self.0.lock().unwrap();
        Ok(keys.iter().map(|(key, _)| key.clone()).collect())
    }

    async fn api_key(
        &self,
        _: &ControllerId,
        id: ApiKeyId,
    ) -> Result<Option<(ApiKey, TokenHash)>, StoreError> {
        let keys = self.0.lock().unwrap();
        Ok(keys.iter().find(|(key, _)| key.id == id).cloned())
    }

    async fn revoke_api_key(
        &self,
        _: &ControllerId,
        id: ApiKeyId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut keys = self.0.lock().unwrap();
        let found = keys.iter_mut().find(|(key, _)| key.id == id);
        Ok(found.map(|(key, _)| key.revoked_at = Some(now)).is_some())
    }

    async fn note_api_key_use(
        &self,
        _: &ControllerId,
        id: ApiKeyId,
        on: Date,
    ) -> Result<(), StoreError> {
        let mut keys = self.0.lock().unwrap();
        for (key, _) in keys.iter_mut().filter(|(key, _)| key.id == id) {
            key.last_used_on = Some(on);
        }
        Ok(())
    }
}
