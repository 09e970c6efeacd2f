//! The key ring: keys for link tokens, the blind index and sealing, and what is done with them.
//!
//! A [`KeyRing`] lives in a file of its own (`keys.toml`, mode 0600), outside the database and
//! its backups. For each [`KeyUse`] exactly one key is active, it signs or seals; former keys stay
//! verify-only until they are retired, so that nothing breaks on the day of a rotation. A new key is
//! prepared before it is activated, so that every process can open what the first one seals with it;
//! whoever lives longer than one operation asks a [`KeySource`] for the ring in force. Destroying
//! a retired seal key is what makes old backups and write-ahead logs unreadable for good.
//!
//! * [`Key::mac`]: HMAC-SHA256 (RFC 2104), separated by use and context, parts length-prefixed.
//! * [`KeyRing::blind_index`]: the keyed equality index of an address.
//! * [`seal`]: envelope encryption of personal columns: a data key per person, wrapped by the
//!   active seal key.
//!
//! Nothing here reads a clock, a file or a random source: time and random bytes are passed in.
//! No error, `Debug` or `Display` of this crate shows a secret or a sealed value.
//!
//! ```
//! use consentry_keys::{KeyRing, seal::{DataKey, Place}};
//!
//! # let mut counter = 0_u8;
//! # let mut random = |bytes: &mut [u8]| for byte in bytes { counter = counter.wrapping_add(1); *byte = counter };
//! # let now = jiff::Timestamp::UNIX_EPOCH;
//! // `random` fills a buffer from the operating system's source, `now` is the current time.
//! let ring = KeyRing::generate(&mut random, now);
//!
//! let key_place = Place { controller: "acme", record: 7, column: "subject.data_key" };
//! let data_key = DataKey::generate(&mut random);
//! let wrapped = ring.wrap(&data_key, &key_place, &mut random);
//!
//! let address_place = Place { controller: "acme", record: 7, column: "subject.email" };
//! let sealed = data_key.seal(b"anna@example.org", &address_place, &mut random);
//!
//! let data_key = ring.unwrap(&wrapped, &key_place)?;
//! assert_eq!(*data_key.open(&sealed, &address_place)?, b"anna@example.org");
//!
//! // Another row, another column or another controller does not open it.
//! let elsewhere = Place { record: 8, ..address_place };
//! assert!(data_key.open(&sealed, &elsewhere).is_err());
//! # Ok::<(), consentry_keys::seal::SealError>(())
//! ```

mod file;
mod index;
mod key;
mod ring;
pub mod seal;
mod source;
#[cfg(test)]
mod testing;

pub use file::KeyRingError;
pub use key::{Key, KeyId, KeyInfo, KeyState, KeyUse};
pub use ring::{KeyChangeError, KeyRing};
pub use source::KeySource;
