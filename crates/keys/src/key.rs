//! One key, its name and its secret.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;
use zeroize::Zeroizing;

/// Length of every secret in bytes: 256 bits, for HMAC-SHA256 and XChaCha20-Poly1305 alike.
pub(crate) const SECRET_LEN: usize = 32;

/// A secret that is wiped from memory when it is dropped.
pub(crate) type Secret = Zeroizing<[u8; SECRET_LEN]>;

/// What a key is for. A key of one use is never taken for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyUse {
    /// Signs the link tokens in mails.
    Token,
    /// Computes the blind index of addresses.
    Index,
    /// Wraps the data keys of persons.
    Seal,
}

impl KeyUse {
    /// Every use, in the order of the key file.
    pub const ALL: [Self; 3] = [Self::Token, Self::Index, Self::Seal];

    /// The name in the key file, on the command line and in the domain separation of [`Key::mac`].
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Index => "index",
            Self::Seal => "seal",
        }
    }

    /// The use of that name, `None` for any other text.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|each| each.as_str() == name)
    }
}

impl fmt::Display for KeyUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The number of a key among the keys of its use, 1 to 255. It travels in the first byte of every
/// token and of every wrapped data key; zero names no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub(crate) u8);

impl KeyId {
    /// The id from its byte. Whether the ring holds such a key is another question.
    pub const fn from_byte(byte: u8) -> Self {
        Self(byte)
    }

    /// The byte of the id.
    pub const fn as_byte(self) -> u8 {
        self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whether a key still makes new tokens, indexes or wrapped keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// Signs or seals; one key per use.
    Active,
    /// Verifies or opens already, and becomes the active key once every process knows it.
    Next,
    /// Verifies or opens what it made when it was active, until it is retired.
    VerifyOnly,
}

impl KeyState {
    /// The name in the key file and in `keys list`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Next => "next",
            Self::VerifyOnly => "verify-only",
        }
    }
}

impl fmt::Display for KeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What may be shown of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyInfo {
    /// Number of the key within its use.
    pub id: KeyId,
    /// What the key is for.
    pub key_use: KeyUse,
    /// When the key was made.
    pub created: Timestamp,
    /// Whether the key signs and seals, or only verifies and opens.
    pub state: KeyState,
}

/// A key of the ring. Its secret is wiped on drop and shown nowhere but in
/// [`KeyRing::to_toml`](crate::KeyRing::to_toml).
pub struct Key {
    pub(crate) id: KeyId,
    pub(crate) usage: KeyUse,
    pub(crate) created: Timestamp,
    pub(crate) secret: Secret,
}

impl Key {
    pub(crate) fn generate(
        id: KeyId,
        usage: KeyUse,
        random: &mut dyn FnMut(&mut [u8]),
        now: Timestamp,
    ) -> Self {
        let mut secret = Secret::default();
        random(&mut *secret);
        Self {
            id,
            usage,
            created: now,
            secret,
        }
    }

    /// Number of the key within its use.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// What the key is for.
    pub fn key_use(&self) -> KeyUse {
        self.usage
    }

    /// When the key was made.
    pub fn created(&self) -> Timestamp {
        self.created
    }

    /// HMAC-SHA256 (RFC 2104) over the use of the key, `context` and `parts`, each preceded by its
    /// length: no two different lists of parts give the same input, and a tag made in one context
    /// is worth nothing in another.
    ///
    /// A caller that checks a tag compares in constant time.
    pub fn mac(&self, context: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.hmac();
        let head = [self.usage.as_str().as_bytes(), context.as_bytes()];
        for part in head.iter().chain(parts) {
            mac.update(&length_prefix(part));
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    fn hmac(&self) -> Hmac<Sha256> {
        Hmac::new_from_slice(&*self.secret)
            .expect("HMAC takes a key of any length (RFC 2104, section 2)")
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("id", &self.id)
            .field("usage", &self.usage)
            .field("created", &self.created)
            .field("secret", &"[redacted]")
            .finish()
    }
}

/// The length of a part as 8 bytes, big endian: what keeps neighbouring parts apart.
pub(crate) fn length_prefix(part: &[u8]) -> [u8; 8] {
    (part.len() as u64).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::counting;

    fn key(key_use: KeyUse) -> Key {
        Key::generate(KeyId(1), key_use, &mut counting(), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn bytes_moved_from_one_part_to_the_next_change_the_tag() {
        let key = key(KeyUse::Token);
        assert_ne!(key.mac("c", &[b"ab", b"c"]), key.mac("c", &[b"a", b"bc"]));
        assert_ne!(key.mac("c", &[b"ab"]), key.mac("c", &[b"ab", b""]));
        assert_ne!(key.mac("ca", &[b"b"]), key.mac("c", &[b"ab"]));
    }

    #[test]
    fn one_secret_under_two_uses_gives_two_tags() {
        let parts: &[&[u8]] = &[b"same"];
        assert_ne!(
            key(KeyUse::Token).mac("c", parts),
            key(KeyUse::Index).mac("c", parts)
        );
    }

    #[test]
    fn debug_of_a_key_hides_its_secret() {
        let shown = format!("{:?}", key(KeyUse::Seal));
        assert!(shown.contains("[redacted]"));
        assert!(!shown.contains("1, 2, 3"));
    }
}
