//! Keys of the JSON API, as a store keeps them.

use std::{collections::BTreeSet, fmt, num::ParseIntError, str::FromStr};

use async_trait::async_trait;
use consentry_policy::ControllerId;
use jiff::{Timestamp, civil::Date};
use thiserror::Error;

use super::StoreError;

/// The public half of a key: names it in lists and finds it in the store. Random.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiKeyId(pub u64);

impl fmt::Display for ApiKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for ApiKeyId {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

/// What a key may do. Each operation needs exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Scope {
    /// Read which topics there are.
    TopicsRead,
    /// Learn whether an address is held, and its state.
    SubscribersRead,
    /// Subscribe and unsubscribe. Learns nothing about who is held.
    SubscribersWrite,
    /// Get a copy of everything that is held of a person (GDPR art. 15 and 20).
    SubscribersExport,
    /// Erase a person (GDPR art. 17).
    SubscribersErase,
    /// Report named events of the policy. Learns nothing about who is held.
    EventsWrite,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 6] = [
        Self::TopicsRead,
        Self::SubscribersRead,
        Self::SubscribersWrite,
        Self::SubscribersExport,
        Self::SubscribersErase,
        Self::EventsWrite,
    ];

    /// The written form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TopicsRead => "topics:read",
            Self::SubscribersRead => "subscribers:read",
            Self::SubscribersWrite => "subscribers:write",
            Self::SubscribersExport => "subscribers:export",
            Self::SubscribersErase => "subscribers:erase",
            Self::EventsWrite => "events:write",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "the scopes are topics:read, subscribers:read, subscribers:write, subscribers:export, \
     subscribers:erase and events:write"
)]
pub struct UnknownScope;

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        let named = Self::ALL.into_iter().find(|scope| scope.as_str() == text);
        named.ok_or(UnknownScope)
    }
}

/// A key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The public half.
    pub id: ApiKeyId,
    /// What the operator calls the program that holds it.
    pub name: String,
    /// What it may do.
    pub scopes: BTreeSet<Scope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// The day (UTC) on which it was last used; no finer, since the time would say when people
    /// were served.
    pub last_used_on: Option<Date>,
    /// From when on it opens nothing.
    pub expires_at: Option<Timestamp>,
    /// When the operator took it back.
    pub revoked_at: Option<Timestamp>,
}

impl ApiKey {
    /// Whether it opens anything.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

/// SHA-256 of a token. The token has 256 random bits, so that a plain hash cannot be searched.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenHash(pub [u8; 32]);

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash([redacted])")
    }
}

/// Where the keys of the JSON API are kept.
#[async_trait]
pub trait ApiKeyStore: Send + Sync {
    /// Adds a key.
    async fn add_api_key(
        &self,
        controller: &ControllerId,
        key: &ApiKey,
        hash: &TokenHash,
    ) -> Result<(), StoreError>;

    /// Every key, revoked ones included, oldest first.
    async fn api_keys(&self, controller: &ControllerId) -> Result<Vec<ApiKey>, StoreError>;

    /// One key and the hash of its token.
    async fn api_key(
        &self,
        controller: &ControllerId,
        id: ApiKeyId,
    ) -> Result<Option<(ApiKey, TokenHash)>, StoreError>;

    /// Takes a key back; `false` when there is none of this name. The first time counts.
    async fn revoke_api_key(
        &self,
        controller: &ControllerId,
        id: ApiKeyId,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Notes the day of a use. Writes at most once a day.
    async fn note_api_key_use(
        &self,
        controller: &ControllerId,
        id: ApiKeyId,
        on: Date,
    ) -> Result<(), StoreError>;
}
