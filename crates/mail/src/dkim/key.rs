//! Private keys and the DNS records that publish their other halves.

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::{Engine, prelude::BASE64_STANDARD};
use consentry_address::ascii_domain;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use thiserror::Error;

use super::DkimError;

/// Why a key cannot sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DkimKeyError {
    /// There is no private key in PEM form.
    #[error("holds no private key in PEM form")]
    NoKey,
    /// The key is neither RSA of 2048 to 4096 bits nor Ed25519 (RFC 8301 §3.2, RFC 8463).
    #[error("holds neither an RSA key of 2048 to 4096 bits nor an Ed25519 key")]
    Unsupported,
    /// The selector is no DNS label or labels.
    #[error("the selector is not made of DNS labels")]
    Selector,
    /// The domain is no domain.
    #[error("the domain is not a domain name")]
    Domain,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ed25519(Ed25519KeyPair),
}

/// A private key with the place in the DNS where its public half is published.
pub struct DkimKey {
    pair: Pair,
    selector: String,
    domain: String,
}

/// A TXT record to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsRecord {
    /// The owner name, `selector._domainkey.example.org`.
    pub name: String,
    /// The text; split into strings of at most 255 octets where the zone file asks for it.
    pub value: String,
}

impl DkimKey {
    /// Reads the first private key of a PEM text: PKCS#8 (`PRIVATE KEY`), or PKCS#1 for RSA
    /// (`RSA PRIVATE KEY`).
    pub fn from_pem(pem: &str, selector: &str, domain: &str) -> Result<Self, DkimKeyError> {
        let der = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| DkimKeyError::NoKey)?;
        let rsa = |pair| Pair::Rsa(Box::new(pair));
        let pair = match &der {
            PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()).map(rsa),
            // OpenSSL writes Ed25519 keys without their public half.
            PrivateKeyDer::Pkcs8(key) => {
                let der = key.secret_pkcs8_der();
                Ed25519KeyPair::from_pkcs8_maybe_unchecked(der)
                    .map(Pair::Ed25519)
                    .or_else(|_| RsaKeyPair::from_pkcs8(der).map(rsa))
            }
            _ => return Err(DkimKeyError::Unsupported),
        }
        .map_err(|_| DkimKeyError::Unsupported)?;
        if !is_selector(selector) {
            return Err(DkimKeyError::Selector);
        }
        Ok(Self {
            pair,
            selector: selector.to_owned(),
            domain: ascii_domain(domain).map_err(|_| DkimKeyError::Domain)?,
        })
    }

    /// The selector (`s=`).
    pub fn selector(&self) -> &str {
        &self.selector
    }

    /// The signing domain (`d=`), as A-labels. DMARC wants it to be the sender's domain or above.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// What a verifier needs: the record to publish (RFC 6376 §3.6.1; RFC 8463 §4).
    pub fn dns_record(&self) -> DnsRecord {
        let (kind, public) = match &self.pair {
            Pair::Rsa(pair) => ("rsa", rsa_public_key_info(pair.public_key().as_ref())),
            Pair::Ed25519(pair) => ("ed25519", pair.public_key().as_ref().to_vec()),
        };
        DnsRecord {
            name: format!("{}._domainkey.{}", self.selector, self.domain),
            value: format!("v=DKIM1; k={kind}; p={}", BASE64_STANDARD.encode(public)),
        }
    }

    pub(super) fn algorithm(&self) -> &'static str {
        match self.pair {
            Pair::Rsa(_) => "rsa-sha256",
            Pair::Ed25519(_) => "ed25519-sha256",
        }
    }

    pub(super) fn sign(&self, input: &[u8]) -> Result<Vec<u8>, DkimError> {
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                // The signature does not depend on the random bytes; they hide the key's timing.
                pair.sign(
                    &RSA_PKCS1_SHA256,
                    &SystemRandom::new(),
                    input,
                    &mut signature,
                )
                .map_err(|_| DkimError::Key)?;
                Ok(signature)
            }
            // RFC 8463 §3: what is signed is the SHA-256 hash.
            Pair::Ed25519(pair) => {
                let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, input);
                Ok(pair.sign(hash.as_ref()).as_ref().to_vec())
            }
        }
    }
}

impl fmt::Debug for DkimKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DkimKey")
            .field("algorithm", &self.algorithm())
            .field("selector", &self.selector)
            .field("domain", &self.domain)
            .finish_non_exhaustive()
    }
}

/// Labels of letters, digits and hyphens, joined by dots (RFC 6376 §3.1).
fn is_selector(text: &str) -> bool {
    text.len() <= 63
        && text.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
}

/// `SubjectPublicKeyInfo` around a PKCS#1 public key (RFC 5280 §4.1, RFC 3279 §2.3.1): what
/// verifiers in the field read in `p=`.
fn rsa_public_key_info(pkcs1: &[u8]) -> Vec<u8> {
    const RSA_ENCRYPTION: [u8; 15] = [
        0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
    ];
    let mut bits = vec![0];
    bits.extend_from_slice(pkcs1);
    let mut content = RSA_ENCRYPTION.to_vec();
    content.extend(der(0x03, &bits));
    der(0x30, &content)
}

/// A DER value of at most 65,535 octets.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len())
        .unwrap_or(u16::MAX)
        .to_be_bytes();
    let mut value = match (high, low) {
        (0, 0..=0x7f) => vec![tag, low],
        (0, _) => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    value.extend_from_slice(content);
    value
}
