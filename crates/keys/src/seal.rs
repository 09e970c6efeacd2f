//! Envelope encryption of personal columns.
//!
//! Each person has a random [`DataKey`] that seals their columns with XChaCha20-Poly1305
//! (draft-irtf-cfrg-xchacha). The data key itself is stored wrapped under the active seal key of
//! the ring. Purging a person removes the wrapped key; what lingers of it in old files becomes
//! unreadable when the seal key that wrapped it is retired.
//!
//! ```text
//! wrapped key  = id of the seal key (1) | nonce (24) | ciphertext (32) | tag (16)
//! sealed value = nonce (24) | ciphertext | tag (16)
//! ```

use std::fmt;

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::{
    KeyId, KeyRing, KeyUse,
    key::{SECRET_LEN, Secret, length_prefix},
};

const NONCE_LEN: usize = 24;

/// Where a sealed value belongs. The place is authenticated with the value, so that a value copied
/// to another row, column or controller does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// Identifier of the controller that holds the record.
    pub controller: &'a str,
    /// Identifier of the record, the person where there is one.
    pub record: u64,
    /// Table and column, `subject.email`.
    pub column: &'a str,
}

impl Place<'_> {
    fn associated_data(&self) -> Vec<u8> {
        let record = self.record.to_be_bytes();
        let parts = [self.controller.as_bytes(), &record, self.column.as_bytes()];
        parts
            .iter()
            .flat_map(|part| length_prefix(part).into_iter().chain(part.iter().copied()))
            .collect()
    }
}

/// Why a wrapped key or a sealed value did not open. Which byte is at fault is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SealError {
    /// The ring has no seal key of that id: it was retired, or the ring is another one.
    #[error("seal key {0} is not in the key ring")]
    UnknownKey(KeyId),
    /// Altered, cut short, moved from another place, or sealed under another key.
    #[error("sealed value does not open here")]
    Refused,
}

/// The key of one person. It is wiped from memory when it is dropped.
pub struct DataKey(Secret);

impl DataKey {
    /// A new key.
    ///
    /// `random` fills its argument from a cryptographically secure source.
    pub fn generate(random: &mut dyn FnMut(&mut [u8])) -> Self {
        let mut secret = Secret::default();
        random(&mut *secret);
        Self(secret)
    }

    /// Seals a value for its place. The result is 40 bytes longer than `plain`.
    pub fn seal(
        &self,
        plain: &[u8],
        place: &Place<'_>,
        random: &mut dyn FnMut(&mut [u8]),
    ) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(NONCE_LEN + plain.len() + 16);
        seal_into(&mut sealed, &self.0, plain, place, random);
        sealed
    }

    /// Opens a value at its place.
    ///
    /// # Errors
    /// [`SealError::Refused`] unless this very key sealed this very value for this place.
    pub fn open(&self, sealed: &[u8], place: &Place<'_>) -> Result<Zeroizing<Vec<u8>>, SealError> {
        open(&self.0, sealed, place)
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey([redacted])")
    }
}

impl KeyRing {
    /// Wraps a data key under the active seal key. The first byte names that key.
    pub fn wrap(
        &self,
        data_key: &DataKey,
        place: &Place<'_>,
        random: &mut dyn FnMut(&mut [u8]),
    ) -> Vec<u8> {
        let key = self.current(KeyUse::Seal);
        let mut wrapped = vec![key.id().as_byte()];
        seal_into(&mut wrapped, &key.secret, &*data_key.0, place, random);
        wrapped
    }

    /// Unwraps a data key under whichever seal key of the ring wrapped it.
    ///
    /// # Errors
    /// [`SealError::UnknownKey`] when that key is not in the ring, [`SealError::Refused`] for
    /// anything altered or moved.
    pub fn unwrap(&self, wrapped: &[u8], place: &Place<'_>) -> Result<DataKey, SealError> {
        let (&id, sealed) = wrapped.split_first().ok_or(SealError::Refused)?;
        let id = KeyId::from_byte(id);
        let key = self
            .get(KeyUse::Seal, id)
            .ok_or(SealError::UnknownKey(id))?;
        let plain = open(&key.secret, sealed, place)?;
        let mut secret = Secret::default();
        if plain.len() != SECRET_LEN {
            return Err(SealError::Refused);
        }
        secret.copy_from_slice(&plain);
        Ok(DataKey(secret))
    }
}

/// Appends nonce, ciphertext and tag to `out`. 192 random bits of nonce do not meet twice under
/// one key, however many values it seals.
fn seal_into(
    out: &mut Vec<u8>,
    secret: &Secret,
    plain: &[u8],
    place: &Place<'_>,
    random: &mut dyn FnMut(&mut [u8]),
) {
    let mut nonce = [0; NONCE_LEN];
    random(&mut nonce);
    let payload = Payload {
        msg: plain,
        aad: &place.associated_data(),
    };
    let ciphertext = cipher(secret)
        .encrypt(&XNonce::from(nonce), payload)
        .expect("a value in memory is below the 256 GiB that one nonce may seal");
    out.extend_from_slice(&nonce);
    out.extend_from_slice(&ciphertext);
}

fn open(
    secret: &Secret,
    sealed: &[u8],
    place: &Place<'_>,
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let (nonce, ciphertext) = sealed
        .split_first_chunk::<NONCE_LEN>()
        .ok_or(SealError::Refused)?;
    let payload = Payload {
        msg: ciphertext,
        aad: &place.associated_data(),
    };
    cipher(secret)
        .decrypt(&XNonce::from(*nonce), payload)
        .map(Zeroizing::new)
        .map_err(|_| SealError::Refused)
}

fn cipher(secret: &Secret) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new((&**secret).into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{counting, ring};

    const PLACE: Place<'static> = Place {
        controller: "acme",
        record: 7,
        column: "subject.email",
    };

    #[test]
    fn a_value_opens_only_at_its_own_place() {
        let key = DataKey::generate(&mut counting());
        let sealed = key.seal(b"anna@example.org", &PLACE, &mut counting());
        assert_eq!(*key.open(&sealed, &PLACE).unwrap(), b"anna@example.org");
        let elsewhere = [
            Place { record: 8, ..PLACE },
            Place {
                controller: "other",
                ..PLACE
            },
            Place {
                column: "subject.name",
                ..PLACE
            },
        ];
        for place in elsewhere {
            assert_eq!(key.open(&sealed, &place), Err(SealError::Refused));
        }
    }

    #[test]
    fn sealing_one_value_twice_gives_two_ciphertexts() {
        let key = DataKey::generate(&mut counting());
        let mut random = counting();
        let first = key.seal(b"same", &PLACE, &mut random);
        assert_ne!(first, key.seal(b"same", &PLACE, &mut random));
    }

    #[test]
    fn the_value_of_one_person_does_not_open_under_the_key_of_another() {
        let mut random = counting();
        let (anna, ben) = (
            DataKey::generate(&mut random),
            DataKey::generate(&mut random),
        );
        let sealed = anna.seal(b"anna", &PLACE, &mut random);
        assert_eq!(ben.open(&sealed, &PLACE), Err(SealError::Refused));
    }

    #[test]
    fn a_wrapped_key_opens_after_a_rotation_and_is_dead_once_its_seal_key_is_retired() {
        let mut random = counting();
        let mut ring = ring();
        let data_key = DataKey::generate(&mut random);
        let wrapped = ring.wrap(&data_key, &PLACE, &mut random);
        let sealed = data_key.seal(b"anna", &PLACE, &mut random);

        let former = ring.current(KeyUse::Seal).id();
        ring.rotate(KeyUse::Seal, &mut random, Timestamp::UNIX_EPOCH)
            .unwrap();
        let opened = ring.unwrap(&wrapped, &PLACE).unwrap();
        assert_eq!(*opened.open(&sealed, &PLACE).unwrap(), b"anna");

        let rewrapped = ring.wrap(&opened, &PLACE, &mut random);
        ring.retire(KeyUse::Seal, former).unwrap();
        assert_eq!(
            ring.unwrap(&wrapped, &PLACE).unwrap_err(),
            SealError::UnknownKey(former)
        );
        assert!(ring.unwrap(&rewrapped, &PLACE).is_ok());
    }

    #[test]
    fn debug_of_a_data_key_shows_nothing_of_it() {
        let key = DataKey::generate(&mut counting());
        assert_eq!(format!("{key:?}"), "DataKey([redacted])");
    }

    proptest! {
        #[test]
        fn whatever_is_sealed_opens_unchanged(plain: Vec<u8>, record: u64) {
            let key = DataKey::generate(&mut counting());
            let place = Place { record, ..PLACE };
            let sealed = key.seal(&plain, &place, &mut counting());
            prop_assert_eq!(&*key.open(&sealed, &place).unwrap(), &plain);
        }

        #[test]
        fn a_flipped_bit_anywhere_is_refused(bit in 0_usize..8 * (40 + 16)) {
            let key = DataKey::generate(&mut counting());
            let mut sealed = key.seal(b"anna@example.org", &PLACE, &mut counting());
            sealed[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(key.open(&sealed, &PLACE), Err(SealError::Refused));
        }

        #[test]
        fn any_bytes_are_refused_without_a_panic(bytes: Vec<u8>) {
            prop_assert!(ring().unwrap(&bytes, &PLACE).is_err());
            let key = DataKey::generate(&mut counting());
            prop_assert!(key.open(&bytes, &PLACE).is_err());
        }
    }
}
