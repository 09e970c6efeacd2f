//! The ring: one active key for each use, and the former keys that still verify or open.

use std::fmt;

use jiff::Timestamp;
use thiserror::Error;

use crate::{Key, KeyId, KeyInfo, KeyState, KeyUse};

/// Why a ring could not be changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyChangeError {
    /// All 255 ids of the use are taken.
    #[error("no id is free for another {0} key, retire one that is verify-only first")]
    Full(KeyUse),
    /// There is no key of that use and id.
    #[error("there is no {0} key {1}")]
    Unknown(KeyUse, KeyId),
    /// The key still signs or seals.
    #[error("{0} key {1} is active, rotate before retiring it")]
    Active(KeyUse, KeyId),
    /// The key is about to sign or seal.
    #[error("{0} key {1} is the next active one, finish its rotation first")]
    Next(KeyUse, KeyId),
}

/// The keys of one use. That there is always exactly one active key is held by the type.
struct Keys {
    active: Key,
    next: Option<Key>,
    verify_only: Vec<Key>,
}

impl Keys {
    fn iter(&self) -> impl Iterator<Item = (&Key, KeyState)> {
        let next = self.next.iter().map(|key| (key, KeyState::Next));
        let former = self
            .verify_only
            .iter()
            .map(|key| (key, KeyState::VerifyOnly));
        std::iter::once((&self.active, KeyState::Active))
            .chain(next)
            .chain(former)
    }

    fn get(&self, id: KeyId) -> Option<&Key> {
        self.iter().map(|(key, _)| key).find(|key| key.id == id)
    }

    /// The first free id after the active one, around the end: an id comes back as late as can be.
    fn free_id(&self) -> Option<KeyId> {
        let newest = self.active.id.0;
        (newest.saturating_add(1)..=u8::MAX)
            .chain(1..=newest)
            .map(KeyId)
            .find(|id| *id != self.active.id && self.get(*id).is_none())
    }
}

/// All keys of an installation. See the [crate documentation](crate).
pub struct KeyRing {
    token: Keys,
    index: Keys,
    seal: Keys,
}

impl KeyRing {
    /// A new ring with one active key for each use.
    ///
    /// `random` fills its argument from a cryptographically secure source.
    pub fn generate(random: &mut dyn FnMut(&mut [u8]), now: Timestamp) -> Self {
        let mut first = |key_use| Keys {
            active: Key::generate(KeyId(1), key_use, random, now),
            next: None,
            verify_only: Vec::new(),
        };
        Self {
            token: first(KeyUse::Token),
            index: first(KeyUse::Index),
            seal: first(KeyUse::Seal),
        }
    }

    /// The ring of these keys, of which no use has two active or two next ones; the error is a use
    /// without an active one.
    pub(crate) fn from_keys(keys: Vec<(Key, KeyState)>) -> Result<Self, KeyUse> {
        let mut active = Vec::new();
        let mut next = Vec::new();
        let mut former = Vec::new();
        for (key, state) in keys {
            match state {
                KeyState::Active => active.push(key),
                KeyState::Next => next.push(key),
                KeyState::VerifyOnly => former.push(key),
            }
        }
        let mut of = |key_use| {
            let at = active.iter().position(|key| key.usage == key_use);
            Ok(Keys {
                active: active.swap_remove(at.ok_or(key_use)?),
                next: next.extract_if(.., |key| key.usage == key_use).next(),
                verify_only: former.extract_if(.., |key| key.usage == key_use).collect(),
            })
        };
        Ok(Self {
            token: of(KeyUse::Token)?,
            index: of(KeyUse::Index)?,
            seal: of(KeyUse::Seal)?,
        })
    }

    fn of(&self, key_use: KeyUse) -> &Keys {
        match key_use {
            KeyUse::Token => &self.token,
            KeyUse::Index => &self.index,
            KeyUse::Seal => &self.seal,
        }
    }

    fn of_mut(&mut self, key_use: KeyUse) -> &mut Keys {
        match key_use {
            KeyUse::Token => &mut self.token,
            KeyUse::Index => &mut self.index,
            KeyUse::Seal => &mut self.seal,
        }
    }

    /// Every key with its state: by use, the active key first.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (&Key, KeyState)> {
        KeyUse::ALL
            .into_iter()
            .flat_map(|key_use| self.of(key_use).iter())
    }

    /// What may be shown of every key: by use, the active key first.
    pub fn list(&self) -> impl Iterator<Item = KeyInfo> {
        self.keys().map(|(key, state)| KeyInfo {
            id: key.id,
            key_use: key.usage,
            created: key.created,
            state,
        })
    }

    /// The active key of a use: the one that signs or seals.
    pub fn current(&self, key_use: KeyUse) -> &Key {
        &self.of(key_use).active
    }

    /// The key of that use and id, active or verify-only; `None` once it is retired.
    pub fn get(&self, key_use: KeyUse, id: KeyId) -> Option<&Key> {
        self.of(key_use).get(id)
    }

    /// Makes the key that will be active next. It verifies and opens at once, so that every
    /// process knows it before the first one signs or seals with it. Where there is one already,
    /// left by a rotation that was interrupted, that one is kept.
    ///
    /// # Errors
    /// [`KeyChangeError::Full`] when all 255 ids of the use are taken.
    pub fn prepare(
        &mut self,
        key_use: KeyUse,
        random: &mut dyn FnMut(&mut [u8]),
        now: Timestamp,
    ) -> Result<KeyId, KeyChangeError> {
        let keys = self.of_mut(key_use);
        if let Some(next) = &keys.next {
            return Ok(next.id);
        }
        let id = keys.free_id().ok_or(KeyChangeError::Full(key_use))?;
        keys.next = Some(Key::generate(id, key_use, random, now));
        Ok(id)
    }

    /// Makes the prepared key of a use the active one. The former one stays, verify-only. Does
    /// nothing where none is prepared.
    pub fn activate(&mut self, key_use: KeyUse) {
        let keys = self.of_mut(key_use);
        if let Some(next) = keys.next.take() {
            let former = std::mem::replace(&mut keys.active, next);
            keys.verify_only.insert(0, former);
        }
    }

    /// [`prepare`](Self::prepare) and [`activate`](Self::activate) in one, for a ring that one
    /// process alone has.
    ///
    /// # Errors
    /// [`KeyChangeError::Full`] when all 255 ids of the use are taken.
    pub fn rotate(
        &mut self,
        key_use: KeyUse,
        random: &mut dyn FnMut(&mut [u8]),
        now: Timestamp,
    ) -> Result<KeyId, KeyChangeError> {
        let id = self.prepare(key_use, random, now)?;
        self.activate(key_use);
        Ok(id)
    }

    /// Destroys a verify-only key. What only that key verifies or opens is lost for good.
    ///
    /// # Errors
    /// [`KeyChangeError::Active`] and [`KeyChangeError::Next`] for a key that signs or seals, now or
    /// next, [`KeyChangeError::Unknown`] for no key.
    pub fn retire(&mut self, key_use: KeyUse, id: KeyId) -> Result<(), KeyChangeError> {
        let keys = self.of_mut(key_use);
        if keys.active.id == id {
            return Err(KeyChangeError::Active(key_use, id));
        }
        if keys.next.as_ref().is_some_and(|next| next.id == id) {
            return Err(KeyChangeError::Next(key_use, id));
        }
        let at = keys.verify_only.iter().position(|key| key.id == id);
        keys.verify_only
            .remove(at.ok_or(KeyChangeError::Unknown(key_use, id))?);
        Ok(())
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.list()).finish()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::testing::{counting, ring};

    #[test]
    fn a_new_ring_has_one_active_key_for_each_use_and_no_secret_twice() {
        let ring = ring();
        let uses: Vec<_> = ring.list().map(|key| key.key_use).collect();
        assert_eq!(uses, KeyUse::ALL);
        assert!(ring.list().all(|key| key.state == KeyState::Active));
        assert_ne!(
            ring.current(KeyUse::Token).secret,
            ring.current(KeyUse::Seal).secret
        );
    }

    #[test]
    fn after_a_rotation_the_new_key_is_current_and_the_former_still_found() {
        let mut ring = ring();
        let former = ring.current(KeyUse::Token).id();
        let new = ring
            .rotate(KeyUse::Token, &mut counting(), Timestamp::UNIX_EPOCH)
            .unwrap();
        assert_ne!(new, former);
        assert_eq!(ring.current(KeyUse::Token).id(), new);
        assert!(ring.get(KeyUse::Token, former).is_some());
        assert!(ring.get(KeyUse::Seal, new).is_none());
    }

    #[test]
    fn a_prepared_key_is_found_at_once_and_current_only_when_activated() {
        let mut ring = ring();
        let mut random = counting();
        let former = ring.current(KeyUse::Seal).id();
        let mut prepare = |ring: &mut KeyRing| {
            let prepared = ring.prepare(KeyUse::Seal, &mut random, Timestamp::UNIX_EPOCH);
            prepared.unwrap()
        };
        let next = prepare(&mut ring);
        assert_eq!(prepare(&mut ring), next, "an interrupted rotation goes on");
        assert_eq!(ring.current(KeyUse::Seal).id(), former);
        assert!(ring.get(KeyUse::Seal, next).is_some());
        assert_eq!(
            ring.retire(KeyUse::Seal, next),
            Err(KeyChangeError::Next(KeyUse::Seal, next))
        );
        let mut ring = KeyRing::parse(&ring.to_toml()).unwrap();
        for _ in 0..2 {
            ring.activate(KeyUse::Seal);
            assert_eq!(ring.current(KeyUse::Seal).id(), next);
        }
        assert!(ring.get(KeyUse::Seal, former).is_some());
    }

    #[test]
    fn an_active_key_cannot_be_retired_and_a_retired_one_is_gone() {
        let mut ring = ring();
        let first = ring.current(KeyUse::Seal).id();
        assert_eq!(
            ring.retire(KeyUse::Seal, first),
            Err(KeyChangeError::Active(KeyUse::Seal, first))
        );
        ring.rotate(KeyUse::Seal, &mut counting(), Timestamp::UNIX_EPOCH)
            .unwrap();
        ring.retire(KeyUse::Seal, first).unwrap();
        assert!(ring.get(KeyUse::Seal, first).is_none());
        assert_eq!(
            ring.retire(KeyUse::Seal, first),
            Err(KeyChangeError::Unknown(KeyUse::Seal, first))
        );
    }

    #[test]
    fn rotating_a_full_ring_says_what_to_do_and_a_retired_id_is_free_again() {
        let mut ring = ring();
        let mut random = counting();
        let mut rotate =
            |ring: &mut KeyRing| ring.rotate(KeyUse::Token, &mut random, Timestamp::UNIX_EPOCH);
        for id in 2..=255 {
            assert_eq!(rotate(&mut ring), Ok(KeyId(id)));
        }
        assert_eq!(rotate(&mut ring), Err(KeyChangeError::Full(KeyUse::Token)));
        ring.retire(KeyUse::Token, KeyId(9)).unwrap();
        assert_eq!(rotate(&mut ring), Ok(KeyId(9)));
    }

    #[test]
    fn debug_of_a_ring_lists_keys_without_secrets() {
        let shown = format!("{:?}", ring());
        assert!(shown.contains("VerifyOnly") || shown.contains("Active"));
        assert!(!shown.contains("secret"));
    }
}
