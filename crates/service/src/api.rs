//! The JSON API: its keys, and what a program that holds one may do on behalf of people.

use std::{collections::BTreeSet, fmt, sync::Arc};

use consentry_address::EmailAddress;
use consentry_domain::{Channel, SignUp};
use consentry_policy::{Language, Period, TopicId};
use jiff::{Timestamp, tz::TimeZone};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use thiserror::Error;
use tracing::warn;

use crate::{
    Error, Service,
    ports::{ApiKey, ApiKeyId, ApiKeyStore, Scope, StoreError, TokenHash},
    record::{Erasure, PersonalData, SubscriberRecord},
};

/// The use cases of the JSON API. Made by [`Service::api`].
#[derive(Clone)]
pub struct Api {
    service: Service,
    keys: Arc<dyn ApiKeyStore>,
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Api").field(&self.service).finish()
    }
}

/// A token of the API, told once. `Debug` does not.
#[derive(Clone)]
pub struct ApiToken(String);

/// Tokens begin with this, so that scanners of source code find those that leak.
const PREFIX: &str = "csk_";

impl ApiToken {
    fn new(id: ApiKeyId, secret: &[u8; 32]) -> Self {
        Self(format!("{PREFIX}{id}_{}", hex::encode(secret)))
    }

    /// The token itself.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The key that a token names; `None` for what cannot be one.
    fn key_of(token: &str) -> Option<ApiKeyId> {
        let (id, secret) = token.strip_prefix(PREFIX)?.split_once('_')?;
        let is_hex = |text: &str, length| {
            text.len() == length
                && text
                    .bytes()
                    .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        if !is_hex(id, 16) || !is_hex(secret, 64) {
            return None;
        }
        id.parse().ok()
    }

    fn hash(token: &str) -> TokenHash {
        TokenHash(Sha256::digest(token.as_bytes()).into())
    }
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiToken([redacted])")
    }
}

/// Why a token opens nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ApiAuthError {
    /// No token of ours, or one whose key has expired or was revoked: all the same to outsiders.
    #[error("the token is not accepted")]
    Refused,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Service {
    /// The same service with the keys of the JSON API: without them there is no API.
    #[must_use]
    pub fn with_api_keys(mut self, keys: Arc<dyn ApiKeyStore>) -> Self {
        self.extensions.api_keys = Some(keys);
        self
    }

    /// The use cases of the JSON API, where its keys are kept.
    pub fn api(&self) -> Option<Api> {
        Some(Api {
            service: self.clone(),
            keys: self.extensions.api_keys.clone()?,
        })
    }
}

impl Api {
    /// The service behind it.
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// Makes a key. Its token is told here and never again: only a hash of it is stored.
    pub async fn create_key(
        &self,
        name: &str,
        scopes: BTreeSet<Scope>,
        expires: Option<Period>,
    ) -> Result<(ApiKey, ApiToken), Error> {
        let now = self.service.now();
        let calendar = &self.service.policy().calendar;
        let key = ApiKey {
            id: ApiKeyId(u64::from_be_bytes(self.service.random())),
            name: name.to_owned(),
            scopes,
            created_at: now,
            last_used_on: None,
            expires_at: expires.map(|period| period.after(now, calendar)),
            revoked_at: None,
        };
        let token = ApiToken::new(key.id, &self.service.random());
        let hash = ApiToken::hash(token.expose());
        self.keys
            .add_api_key(self.service.controller(), &key, &hash)
            .await?;
        Ok((key, token))
    }

    /// Every key, oldest first.
    pub async fn keys(&self) -> Result<Vec<ApiKey>, Error> {
        Ok(self.keys.api_keys(self.service.controller()).await?)
    }

    /// Takes a key back, from this instant on; `false` when there is none of this name.
    pub async fn revoke_key(&self, id: ApiKeyId) -> Result<bool, Error> {
        let now = self.service.now();
        let controller = self.service.controller();
        Ok(self.keys.revoke_api_key(controller, id, now).await?)
    }

    /// The key behind a token. Compares in constant time.
    ///
    /// # Errors
    /// [`ApiAuthError::Refused`] for every token that opens nothing, whatever the reason.
    pub async fn authenticate(&self, token: &str) -> Result<ApiKey, ApiAuthError> {
        let id = ApiToken::key_of(token).ok_or(ApiAuthError::Refused)?;
        let controller = self.service.controller();
        let held = self.keys.api_key(controller, id).await?;
        let (key, hash) = held.ok_or(ApiAuthError::Refused)?;
        let is_same: bool = hash.0.ct_eq(&ApiToken::hash(token).0).into();
        let now = self.service.now();
        if !is_same || !key.is_valid(now) {
            return Err(ApiAuthError::Refused);
        }
        self.note_use(&key, now).await;
        Ok(key)
    }

    /// Whoever may come in is not kept out because the day of it could not be written.
    async fn note_use(&self, key: &ApiKey, now: Timestamp) {
        let today = now.to_zoned(TimeZone::UTC).date();
        if key.last_used_on == Some(today) {
            return;
        }
        let controller = self.service.controller();
        let noted = self.keys.note_api_key_use(controller, key.id, today);
        if let Err(error) = noted.await {
            warn!(%error, "the use of an API key could not be noted");
        }
    }

    /// Subscribes like the form: double opt-in, the same cool-down (S0-26, S0-30). Without topics,
    /// the policy's default ones.
    ///
    /// # Errors
    /// As [`Service::sign_up`].
    pub async fn subscribe(
        &self,
        address: EmailAddress,
        topics: Option<Vec<TopicId>>,
        language: Option<Language>,
    ) -> Result<(), Error> {
        let policy = self.service.policy();
        let defaults = || policy.default_topics().map(|topic| topic.id.clone());
        self.service
            .sign_up(SignUp {
                address,
                topics: topics.unwrap_or_else(|| defaults().collect()),
                language: language.unwrap_or(policy.languages.default),
                channel: Channel::Api,
            })
            .await
    }

    /// A person as a program needs them.
    ///
    /// # Errors
    /// [`Error::UnknownPerson`] for hidden and unknown people alike (S0-61).
    pub async fn subscriber(&self, address: &EmailAddress) -> Result<SubscriberRecord, Error> {
        let person = self.service.find(address).await?;
        Ok(SubscriberRecord::new(&person))
    }

    /// Leaves these topics, or everything: at once, and idempotent (S0-47 to S0-51). Whoever is not
    /// held has nothing to leave: the caller learns nothing about who is.
    ///
    /// # Errors
    /// [`Error::UnknownTopic`] and [`Error::Store`].
    pub async fn unsubscribe(
        &self,
        address: &EmailAddress,
        topics: Option<&[TopicId]>,
    ) -> Result<(), Error> {
        let policy = self.service.policy();
        let is_known = |topic| policy.topic(topic).is_some();
        if !topics.unwrap_or_default().iter().all(is_known) {
            return Err(Error::UnknownTopic);
        }
        let left = self
            .service
            .on_behalf(address, |person, now| {
                let effects = match topics {
                    Some(topics) => person.leave_topics(topics, Channel::Api, policy, now),
                    None => person.unsubscribe_all(Channel::Api, policy, now),
                };
                Ok(((), effects))
            })
            .await;
        match left {
            Err(Error::UnknownPerson) => Ok(()),
            left => left,
        }
    }

    /// Hides the person at once; says when the record is purged for good, and what keeps it beyond that
    /// (S0-60, S0-63, S3-26).
    ///
    /// # Errors
    /// [`Error::UnknownPerson`], also for whoever was erased before.
    pub async fn erase(&self, address: &EmailAddress) -> Result<Erasure, Error> {
        let policy = self.service.policy();
        // Looked up before: what is done is never answered with a failure.
        let holds = self.service.legal_holds().await?;
        let person = self.service.on_behalf(address, |person, now| {
            let effects = person.request_erasure(Channel::Api, policy, now);
            Ok((person.clone(), effects))
        });
        let erasure = self.service.erasure(&person.await?, &holds);
        erasure.ok_or(Error::UnknownPerson)
    }

    /// A copy of everything that is held of the person, which is noted (S0-38, S0-41).
    ///
    /// # Errors
    /// [`Error::UnknownPerson`].
    pub async fn export(&self, address: &EmailAddress) -> Result<PersonalData, Error> {
        self.service.export_through(Channel::Api, address).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_key_and_nothing_else_does() {
        let token = ApiToken::new(ApiKeyId(0xab), &[7; 32]);
        assert!(token.expose().starts_with("csk_00000000000000ab_0707"));
        assert_eq!(ApiToken::key_of(token.expose()), Some(ApiKeyId(0xab)));
        for wrong in [
            "",
            "csk_",
            "csk_00000000000000ab",
            "csk_00000000000000ab_07",
            &token.expose().to_uppercase(),
            &format!("{}0", token.expose()),
            &token.expose().replace("csk_", "csk_+"),
        ] {
            assert_eq!(ApiToken::key_of(wrong), None, "{wrong}");
        }
        assert!(!format!("{token:?}").contains("07"));
    }
}
