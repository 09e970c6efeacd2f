//! The key file: TOML, read strictly, written in one form.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, de};
use thiserror::Error;
use toml::Spanned;
use zeroize::Zeroizing;

use crate::{
    Key, KeyId, KeyRing, KeyState, KeyUse,
    key::{SECRET_LEN, Secret},
};

/// The only version of the key file so far.
const VERSION: i64 = 1;

const HEAD: &str = "\
# Consentry key ring. Whoever reads this file can open every sealed address.
# Keep it at mode 0600, outside every database backup, and back it up apart:
# without it the personal data in the database cannot be opened again.
version = 1
";

/// Why a key file was refused. Places are lines, counted from 1; what stands there is never shown,
/// since it may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyRingError {
    /// Not TOML, or a key too many, too few or of the wrong type.
    #[error(
        "line {line}: not a key file; it holds `version = 1` and [[key]] tables with exactly `use`, `id`, `created`, `state` and `secret`"
    )]
    Malformed {
        /// Where reading stopped.
        line: usize,
    },
    /// A value outside what its field allows.
    #[error("line {line}: `{field}` must be {expected}")]
    Value {
        /// Where the value stands.
        line: usize,
        /// Name of the field.
        field: &'static str,
        /// What the field allows.
        expected: &'static str,
    },
    /// Two keys of one use with the same id.
    #[error("line {line}: {key_use} key {id} is listed twice, remove one of the two")]
    Duplicate {
        /// Where the second one stands.
        line: usize,
        /// Use of both keys.
        key_use: KeyUse,
        /// Id of both keys.
        id: KeyId,
    },
    /// Two active keys of one use.
    #[error(
        "line {line}: a second active {key_use} key, set `state = \"verify-only\"` on the older one"
    )]
    SecondActive {
        /// Where the second one stands.
        line: usize,
        /// Use of both keys.
        key_use: KeyUse,
    },
    /// Two keys of a use that are to be active next.
    #[error(
        "line {line}: a second next {key_use} key, set `state = \"verify-only\"` on one of the two"
    )]
    SecondNext {
        /// Where the second one stands.
        line: usize,
        /// Use of both keys.
        key_use: KeyUse,
    },
    /// No active key of a use.
    #[error(
        "no active {key_use} key, restore the file from its backup or set `state = \"active\"` on the newest {key_use} key"
    )]
    NoActive {
        /// The use without an active key.
        key_use: KeyUse,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: Spanned<i64>,
    #[serde(default, rename = "key")]
    keys: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(rename = "use")]
    key_use: Spanned<String>,
    id: Spanned<i64>,
    created: Spanned<String>,
    state: Spanned<String>,
    secret: Spanned<ReadSecret>,
}

/// A secret decoded straight from the text, so that no copy of the text is made here; `None` when
/// it is not one.
struct ReadSecret(Option<Secret>);

impl<'de> Deserialize<'de> for ReadSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = ReadSecret;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a secret")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<ReadSecret, E> {
                let mut secret = Secret::default();
                let read = URL_SAFE_NO_PAD.decode_slice(text, &mut *secret);
                Ok(ReadSecret((read == Ok(SECRET_LEN)).then_some(secret)))
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

impl KeyRing {
    /// Reads a key file.
    ///
    /// # Errors
    /// [`KeyRingError`] names the line and the remedy, never what stands in the file.
    pub fn parse(toml: &str) -> Result<Self, KeyRingError> {
        // Messages of the TOML reader quote the file: only the place is taken from them.
        let file: File = toml::from_str(toml).map_err(|error| KeyRingError::Malformed {
            line: line(toml, error.span().map_or(0, |span| span.start)),
        })?;
        if *file.version.get_ref() != VERSION {
            return Err(value(toml, &file.version, "version", "1"));
        }
        let mut keys: Vec<(Key, KeyState)> = Vec::with_capacity(file.keys.len());
        for entry in file.keys {
            let at = line(toml, entry.id.span().start);
            let (key, state) = entry.read(toml)?;
            let same_use = |(other, _): &&(Key, KeyState)| other.usage == key.usage;
            if keys
                .iter()
                .filter(same_use)
                .any(|(other, _)| other.id == key.id)
            {
                return Err(KeyRingError::Duplicate {
                    line: at,
                    key_use: key.usage,
                    id: key.id,
                });
            }
            let key_use = key.usage;
            let has = |wanted| {
                keys.iter()
                    .filter(same_use)
                    .any(|(_, state)| *state == wanted)
            };
            if state == KeyState::Active && has(KeyState::Active) {
                return Err(KeyRingError::SecondActive { line: at, key_use });
            }
            if state == KeyState::Next && has(KeyState::Next) {
                return Err(KeyRingError::SecondNext { line: at, key_use });
            }
            keys.push((key, state));
        }
        Self::from_keys(keys).map_err(|key_use| KeyRingError::NoActive { key_use })
    }

    /// The key file. The text is wiped from memory when it is dropped.
    pub fn to_toml(&self) -> Zeroizing<String> {
        // Room for everything from the start: a buffer that grows leaves copies behind.
        const KEY_ROOM: usize = 256;
        let room = HEAD.len() + self.keys().count() * KEY_ROOM;
        let mut toml = Zeroizing::new(String::with_capacity(room));
        toml.push_str(HEAD);
        for (key, state) in self.keys() {
            let fields = format!(
                "\n[[key]]\nuse = \"{}\"\nid = {}\ncreated = \"{}\"\nstate = \"{state}\"\nsecret = \"",
                key.usage, key.id, key.created
            );
            toml.push_str(&fields);
            URL_SAFE_NO_PAD.encode_string(key.secret.as_slice(), &mut toml);
            toml.push_str("\"\n");
        }
        toml
    }
}

impl Entry {
    fn read(self, toml: &str) -> Result<(Key, KeyState), KeyRingError> {
        let state = match self.state.get_ref().as_str() {
            "active" => KeyState::Active,
            "next" => KeyState::Next,
            "verify-only" => KeyState::VerifyOnly,
            _ => {
                return Err(value(
                    toml,
                    &self.state,
                    "state",
                    "\"active\", \"next\" or \"verify-only\"",
                ));
            }
        };
        let id = u8::try_from(*self.id.get_ref())
            .ok()
            .filter(|id| *id != 0)
            .ok_or_else(|| value(toml, &self.id, "id", "a number from 1 to 255"))?;
        let usage = KeyUse::from_name(self.key_use.get_ref()).ok_or_else(|| {
            value(
                toml,
                &self.key_use,
                "use",
                "\"token\", \"index\" or \"seal\"",
            )
        })?;
        let created = self.created.get_ref().parse().map_err(|_| {
            let expected = "a time such as \"2026-01-31T09:30:00Z\"";
            value(toml, &self.created, "created", expected)
        })?;
        let at = self.secret.span();
        let secret = self.secret.into_inner().0.ok_or_else(|| {
            let expected =
                "32 bytes as 43 characters of base64url; restore the file from its backup";
            value(toml, &Spanned::new(at, ()), "secret", expected)
        })?;
        let key = Key {
            id: KeyId(id),
            usage,
            created,
            secret,
        };
        Ok((key, state))
    }
}

fn value<T>(
    toml: &str,
    at: &Spanned<T>,
    field: &'static str,
    expected: &'static str,
) -> KeyRingError {
    KeyRingError::Value {
        line: line(toml, at.span().start),
        field,
        expected,
    }
}

/// The line of a byte offset, counted from 1.
fn line(toml: &str, offset: usize) -> usize {
    let before = toml.bytes().take(offset);
    1 + before.filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{counting, ring};

    fn refusal(toml: &str) -> KeyRingError {
        KeyRing::parse(toml).unwrap_err()
    }

    #[test]
    fn a_written_ring_reads_back_the_same() {
        let mut ring = ring();
        ring.rotate(KeyUse::Seal, &mut counting(), Timestamp::UNIX_EPOCH)
            .unwrap();
        let written = ring.to_toml();
        let read = KeyRing::parse(&written).unwrap();
        assert!(read.list().eq(ring.list()));
        assert_eq!(*read.to_toml(), *written);
    }

    #[test]
    fn a_refused_file_names_line_field_and_remedy() {
        let good = ring().to_toml();
        let first = |from: &str, to: &str| refusal(&good.replacen(from, to, 1)).to_string();
        assert_eq!(
            first("id = 1", "id = 0"),
            "line 8: `id` must be a number from 1 to 255"
        );
        assert!(first("\"token\"", "\"tokens\"").starts_with("line 7: `use` must be \"token\""));
        assert!(first("\"active\"", "\"asleep\"").starts_with("line 10: `state` must be"));
        assert!(first("created = \"", "created = \"x").starts_with("line 9: `created` must be"));
        assert!(first("secret = \"", "secret = \"A").starts_with("line 11: `secret` must be"));
        assert!(first("version = 1", "version = 2").starts_with("line 4: `version` must be 1"));
        assert!(first("id = 1", "id = 1\nnote = 1").starts_with("line 9: not a key file"));
        assert!(first("id = 1\n", "").contains("not a key file"));
    }

    #[test]
    fn a_use_with_no_or_two_active_keys_is_refused() {
        let good = ring().to_toml();
        let none = refusal(&good.replacen("\"active\"", "\"verify-only\"", 1));
        assert_eq!(
            none,
            KeyRingError::NoActive {
                key_use: KeyUse::Token
            }
        );
        let two = refusal(&good.replacen("\"index\"\nid = 1", "\"token\"\nid = 2", 1));
        assert!(matches!(two, KeyRingError::SecondActive { line: 15, .. }));
        let twice = refusal(&good.replacen("\"index\"", "\"token\"", 1));
        assert!(matches!(twice, KeyRingError::Duplicate { line: 15, .. }));
    }

    #[test]
    fn an_empty_file_is_no_ring() {
        assert_eq!(refusal(""), KeyRingError::Malformed { line: 1 });
    }

    proptest! {
        /// Whatever one edit does to the file, the refusal repeats nothing of a secret.
        #[test]
        fn a_refusal_never_shows_a_secret(at in 0_usize..600, edit in "[ -~\n]{0,3}") {
            let good = ring().to_toml();
            let at = at.min(good.len() - 1);
            let mut bad = good.to_string();
            bad.replace_range(at..=at, &edit);
            if let Err(error) = KeyRing::parse(&bad) {
                let shown = format!("{error} {error:?}");
                for secret in good.lines().filter_map(|line| line.strip_prefix("secret = ")) {
                    prop_assert!(!shown.contains(&secret[8..20]));
                }
            }
        }
    }
}
