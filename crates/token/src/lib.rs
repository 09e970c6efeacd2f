//! Purpose-bound, expiring, rotating link tokens.
//!
//! A token stands in the links of a mail in place of an address (S0-37): 42 characters of
//! base64url that name a record and prove, by a truncated HMAC-SHA256 of 128 bits (RFC 2104,
//! section 5), that this installation made them. Purpose and controller are under the MAC though
//! not in the token: a token is worth nothing for another purpose or at another controller.
//!
//! ```text
//! key id (1) | subject (8) | generation (2) | issued at, seconds (4) | MAC (16)
//! ```
//!
//! A valid token proves who made it, nothing more. Whether it has expired, and whether its
//! generation is still the current one of the subject, is judged by the caller against the policy
//! and the record.
//!
//! ```
//! use std::sync::Arc;
//! use consentry_keys::KeyRing;
//! use consentry_token::{Claims, Purpose, TokenError, Tokens};
//!
//! # let mut counter = 0_u8;
//! # let mut random = |bytes: &mut [u8]| for byte in bytes { counter = counter.wrapping_add(1); *byte = counter };
//! # let now = jiff::Timestamp::UNIX_EPOCH;
//! let tokens = Tokens::new(Arc::new(KeyRing::generate(&mut random, now)));
//! let claims = Claims { purpose: Purpose::Confirm, subject: 7, generation: 1, issued_at: now };
//! let token = tokens.mint("acme", &claims);
//!
//! assert_eq!(tokens.verify("acme", Purpose::Confirm, token.expose()), Ok(claims));
//! assert_eq!(
//!     tokens.verify("acme", Purpose::Unsubscribe, token.expose()),
//!     Err(TokenError::Forged),
//! );
//! ```

mod work;

use std::{fmt, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use consentry_keys::{Key, KeyId, KeySource, KeyUse};
use jiff::Timestamp;
use subtle::ConstantTimeEq;
use thiserror::Error;

pub use work::{Challenge, Task};

const CONTEXT: &str = "link token v1";
const BODY_LEN: usize = 1 + 8 + 2 + 4;
const MAC_LEN: usize = 16;
const TOKEN_LEN: usize = BODY_LEN + MAC_LEN;
/// Length of a token in characters.
const TEXT_LEN: usize = (TOKEN_LEN * 8).div_ceil(6);

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Confirm a subscription (double opt-in, S0-26).
    Confirm,
    /// Open the preference centre (S0-46).
    Preferences,
    /// Unsubscribe with one click (RFC 8058, S0-44).
    Unsubscribe,
    /// Confirm a new address of a known person.
    ConfirmAddress,
    /// Withdraw the request for a new address: all that its owner can do before confirming.
    WithdrawAddress,
}

impl Purpose {
    /// Under the MAC: a change kills every token of the purpose.
    const fn label(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Preferences => "preferences",
            Self::Unsubscribe => "unsubscribe",
            Self::ConfirmAddress => "confirm-address",
            Self::WithdrawAddress => "withdraw-address",
        }
    }
}

/// What a token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claims {
    /// What the link is for.
    pub purpose: Purpose,
    /// Identifier of the person's record.
    pub subject: u64,
    /// Generation of the person's links: raising it in the record kills every older token.
    pub generation: u16,
    /// When the token was made. It is kept in whole seconds from 1970 to 2106; a time outside
    /// counts as the nearest one inside.
    pub issued_at: Timestamp,
}

/// A token, ready to be put into a link. It shows itself only through [`LinkToken::expose`].
#[derive(Clone)]
pub struct LinkToken(String);

impl LinkToken {
    /// The 42 characters. They belong into a link to that person and nowhere else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for LinkToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[token]")
    }
}

/// Why a token was refused. A page gives one and the same answer to all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Not 42 characters of canonical base64url.
    #[error("token is malformed")]
    Malformed,
    /// Made under a key that is not in the ring.
    #[error("token was made under an unknown key")]
    UnknownKey,
    /// Altered, or made for another purpose, another controller or by somebody else.
    #[error("token does not verify")]
    Forged,
}

/// Makes and checks tokens under the token keys of the ring in force.
#[derive(Debug, Clone)]
pub struct Tokens {
    keys: Arc<dyn KeySource>,
}

impl Tokens {
    /// Tokens under the keys of a ring, or of whichever ring `keys` has in force.
    pub fn new(keys: Arc<dyn KeySource>) -> Self {
        Self { keys }
    }

    /// Makes a token under the active token key. Equal claims give equal tokens.
    pub fn mint(&self, controller: &str, claims: &Claims) -> LinkToken {
        let ring = Arc::clone(&self.keys).ring();
        let key = ring.current(KeyUse::Token);
        let body = body(key.id(), claims);
        let mut token = [0; TOKEN_LEN];
        token[..BODY_LEN].copy_from_slice(&body);
        token[BODY_LEN..].copy_from_slice(&mac(key, controller, claims.purpose, &body));
        LinkToken(URL_SAFE_NO_PAD.encode(token))
    }

    /// Checks a token from a request, under whichever key of the ring made it. The MAC is compared
    /// in constant time.
    ///
    /// # Errors
    /// [`TokenError`] for anything that [`Tokens::mint`] did not make for this controller and
    /// purpose under a key that is still in the ring.
    pub fn verify(
        &self,
        controller: &str,
        purpose: Purpose,
        token: &str,
    ) -> Result<Claims, TokenError> {
        if token.len() != TEXT_LEN {
            return Err(TokenError::Malformed);
        }
        // This engine refuses spare bits that are not zero: one token has one spelling.
        let token = URL_SAFE_NO_PAD
            .decode(token)
            .map_err(|_| TokenError::Malformed)?;
        let (body, tag) = token
            .split_first_chunk::<BODY_LEN>()
            .ok_or(TokenError::Malformed)?;
        let (id, claims) = read(body, purpose);
        let ring = Arc::clone(&self.keys).ring();
        let key = ring.get(KeyUse::Token, id).ok_or(TokenError::UnknownKey)?;
        if bool::from(mac(key, controller, purpose, body).ct_eq(tag)) {
            Ok(claims)
        } else {
            Err(TokenError::Forged)
        }
    }
}

fn mac(key: &Key, controller: &str, purpose: Purpose, body: &[u8; BODY_LEN]) -> [u8; MAC_LEN] {
    let parts: [&[u8]; 3] = [controller.as_bytes(), purpose.label().as_bytes(), body];
    let full = key.mac(CONTEXT, &parts);
    std::array::from_fn(|at| full[at])
}

fn body(key: KeyId, claims: &Claims) -> [u8; BODY_LEN] {
    let issued_at = claims.issued_at.as_second().clamp(0, u32::MAX.into());
    let issued_at = u32::try_from(issued_at).unwrap_or(u32::MAX);
    let mut body = [0; BODY_LEN];
    body[0] = key.as_byte();
    body[1..9].copy_from_slice(&claims.subject.to_be_bytes());
    body[9..11].copy_from_slice(&claims.generation.to_be_bytes());
    body[11..].copy_from_slice(&issued_at.to_be_bytes());
    body
}

fn read(body: &[u8; BODY_LEN], purpose: Purpose) -> (KeyId, Claims) {
    let [key, s0, s1, s2, s3, s4, s5, s6, s7, g0, g1, t0, t1, t2, t3] = *body;
    let issued_at = u32::from_be_bytes([t0, t1, t2, t3]);
    let claims = Claims {
        purpose,
        subject: u64::from_be_bytes([s0, s1, s2, s3, s4, s5, s6, s7]),
        generation: u16::from_be_bytes([g0, g1]),
        issued_at: Timestamp::constant(i64::from(issued_at), 0),
    };
    (KeyId::from_byte(key), claims)
}

#[cfg(test)]
mod tests;
