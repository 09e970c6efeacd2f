//! Challenges of the proof of work, and tickets for those who cannot work: stateless, short-lived.
//!
//! ```text
//! key id (1) | kind (1) | bits (1) | issued at, seconds (4) | random (12) | MAC (16)
//! ```
//!
//! base64url, 47 characters; nothing in it is about anybody. A solution is a text of at most 20
//! digits, such that SHA-256 of `challenge.solution` begins with as many zero bits as asked for.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use consentry_keys::{Key, KeyId, KeyUse};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use subtle::ConstantTimeEq as _;

use crate::{MAC_LEN, TokenError, Tokens};

const CONTEXT: &str = "challenge v1";
const NONCE_LEN: usize = 12;
const BODY_LEN: usize = 1 + 1 + 1 + 4 + NONCE_LEN;
/// Longest solution: every 64-bit number in decimal.
const SOLUTION_LEN: usize = 20;

/// What a challenge asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// A hash that begins with this many zero bits.
    Work(u8),
    /// To come back later.
    Patience,
}

/// A challenge as it was issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Challenge {
    /// What it asks for.
    pub task: Task,
    /// When it was issued, in whole seconds.
    pub issued_at: Timestamp,
    /// Random: makes each challenge another one.
    pub nonce: [u8; NONCE_LEN],
}

impl Challenge {
    /// Whether a solution solves `text`, the written form of a challenge that asks for work of
    /// this many bits.
    pub fn is_solved(text: &str, solution: &str, bits: u8) -> bool {
        let is_number = !solution.is_empty()
            && solution.len() <= SOLUTION_LEN
            && solution.bytes().all(|byte| byte.is_ascii_digit());
        is_number && zero_bits(&Sha256::digest(format!("{text}.{solution}"))) >= u32::from(bits)
    }

    fn body(&self, key: KeyId) -> [u8; BODY_LEN] {
        let (kind, bits) = match self.task {
            Task::Work(bits) => (1, bits),
            Task::Patience => (2, 0),
        };
        let issued_at = self.issued_at.as_second().clamp(0, u32::MAX.into());
        let issued_at = u32::try_from(issued_at).unwrap_or(u32::MAX);
        let mut body = [0; BODY_LEN];
        body[..3].copy_from_slice(&[key.as_byte(), kind, bits]);
        body[3..7].copy_from_slice(&issued_at.to_be_bytes());
        body[7..].copy_from_slice(&self.nonce);
        body
    }

    fn read(body: &[u8; BODY_LEN]) -> Option<(KeyId, Self)> {
        let [key, kind, bits, t0, t1, t2, t3, nonce @ ..] = *body;
        let task = match (kind, bits) {
            (1, bits) => Task::Work(bits),
            (2, 0) => Task::Patience,
            _ => return None,
        };
        let issued_at = u32::from_be_bytes([t0, t1, t2, t3]);
        let challenge = Self {
            task,
            issued_at: Timestamp::constant(i64::from(issued_at), 0),
            nonce,
        };
        Some((KeyId::from_byte(key), challenge))
    }
}

impl Tokens {
    /// Writes a challenge under the active token key.
    pub fn issue(&self, controller: &str, challenge: &Challenge) -> String {
        let ring = Arc::clone(&self.keys).ring();
        let key = ring.current(KeyUse::Token);
        let body = challenge.body(key.id());
        let tag = mac(key, controller, &body);
        URL_SAFE_NO_PAD.encode([body.as_slice(), &tag].concat())
    }

    /// Reads a challenge back. Whether its time is over is the caller's to judge.
    ///
    /// # Errors
    /// [`TokenError`] for anything that [`Tokens::issue`] did not write for this controller under a
    /// key that is still in the ring.
    pub fn recognise(&self, controller: &str, text: &str) -> Result<Challenge, TokenError> {
        if text.len() > 2 * (BODY_LEN + MAC_LEN) {
            return Err(TokenError::Malformed);
        }
        let bytes = URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| TokenError::Malformed)?;
        let (body, tag) = bytes
            .split_first_chunk::<BODY_LEN>()
            .ok_or(TokenError::Malformed)?;
        let (id, challenge) = Challenge::read(body).ok_or(TokenError::Malformed)?;
        let ring = Arc::clone(&self.keys).ring();
        let key = ring.get(KeyUse::Token, id).ok_or(TokenError::UnknownKey)?;
        if bool::from(mac(key, controller, body).ct_eq(tag)) {
            Ok(challenge)
        } else {
            Err(TokenError::Forged)
        }
    }
}

fn mac(key: &Key, controller: &str, body: &[u8; BODY_LEN]) -> [u8; MAC_LEN] {
    let full = key.mac(CONTEXT, &[controller.as_bytes(), body]);
    std::array::from_fn(|at| full[at])
}

fn zero_bits(hash: &[u8]) -> u32 {
    let mut bits = 0;
    for byte in hash {
        bits += byte.leading_zeros();
        if *byte != 0 {
            break;
        }
    }
    bits
}

#[cfg(test)]
mod tests {
    use consentry_keys::KeyRing;

    use super::*;

    fn tokens() -> Tokens {
        let mut counter = 0_u8;
        let mut random = |bytes: &mut [u8]| {
            for byte in bytes {
                counter = counter.wrapping_add(1);
                *byte = counter;
            }
        };
        Tokens::new(Arc::new(KeyRing::generate(
            &mut random,
            Timestamp::UNIX_EPOCH,
        )))
    }

    fn challenge(task: Task) -> Challenge {
        Challenge {
            task,
            issued_at: Timestamp::constant(1_800_000_000, 0),
            nonce: [7; NONCE_LEN],
        }
    }

    #[test]
    fn a_challenge_is_recognised_and_nothing_else_is() {
        let tokens = tokens();
        for task in [Task::Work(18), Task::Patience] {
            let text = tokens.issue("acme", &challenge(task));
            assert_eq!(tokens.recognise("acme", &text), Ok(challenge(task)));
            assert_eq!(tokens.recognise("other", &text), Err(TokenError::Forged));
            for at in 0..text.len() {
                let mut altered = text.clone().into_bytes();
                altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
                let altered = String::from_utf8(altered).expect("ASCII");
                assert!(tokens.recognise("acme", &altered).is_err(), "{at}");
            }
        }
        for garbage in ["", "A", "é", &"A".repeat(47), &"A".repeat(5000)] {
            assert!(tokens.recognise("acme", garbage).is_err());
        }
    }

    #[test]
    fn a_solution_is_a_number_whose_hash_begins_with_zeros() {
        let text = tokens().issue("acme", &challenge(Task::Work(8)));
        let solution = (0_u64..1_000_000)
            .map(|number| number.to_string())
            .find(|number| Challenge::is_solved(&text, number, 8))
            .expect("one in 256");
        let hash = Sha256::digest(format!("{text}.{solution}"));
        assert_eq!(hash[0], 0);
        assert!(!Challenge::is_solved(&text, &solution, 100));
        assert!(!Challenge::is_solved(&text, "", 0));
        assert!(!Challenge::is_solved(&text, "1e3", 0));
        assert!(!Challenge::is_solved(&text, &"1".repeat(21), 0));
    }

    #[test]
    fn zero_bits_are_counted_from_the_front() {
        assert_eq!(zero_bits(&[0x80, 0]), 0);
        assert_eq!(zero_bits(&[0x01, 0]), 7);
        assert_eq!(zero_bits(&[0, 0x0f]), 12);
        assert_eq!(zero_bits(&[0, 0]), 16);
    }
}
