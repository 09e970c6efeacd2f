//! Links: how they are made, and what a link that comes back is worth.

use std::str::FromStr;

use consentry_domain::Subject;
use consentry_policy::Period;
use consentry_token::{Claims, Purpose};
use jiff::Timestamp;
use thiserror::Error;
use url::Url;

use crate::{Error, LinkError, Service, ports::SecretUrl};

/// The base of every link: from the configuration only, never from a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    base: String,
    is_loopback: bool,
}

/// Why a URL cannot be the base of every link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PublicUrlError {
    /// Not an absolute http(s) URL.
    #[error("not an absolute http or https URL without query and fragment")]
    Malformed,
    /// Links with tokens must not travel in the clear (RFC 8058 section 3.1 asks for https).
    #[error("must be https unless the host is loopback")]
    Insecure,
}

impl PublicUrl {
    /// Reads a base URL; a path prefix is kept, a trailing slash is not.
    pub fn parse(text: &str) -> Result<Self, PublicUrlError> {
        let url = Url::parse(text).map_err(|_| PublicUrlError::Malformed)?;
        let host = url.host().ok_or(PublicUrlError::Malformed)?;
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
            return Err(PublicUrlError::Malformed);
        }
        let is_loopback = match host {
            url::Host::Domain(name) => name == "localhost",
            url::Host::Ipv4(ip) => ip.is_loopback(),
            url::Host::Ipv6(ip) => ip.is_loopback(),
        };
        match url.scheme() {
            "https" => {}
            "http" if is_loopback => {}
            "http" => return Err(PublicUrlError::Insecure),
            _ => return Err(PublicUrlError::Malformed),
        }
        Ok(Self {
            base: url.as_str().trim_end_matches('/').to_owned(),
            is_loopback,
        })
    }

    /// The URL of a path that begins with a slash.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Whether links lead to this machine alone.
    pub fn is_loopback(&self) -> bool {
        self.is_loopback
    }

    /// Whether links are https.
    pub fn is_https(&self) -> bool {
        self.base.starts_with("https:")
    }
}

impl FromStr for PublicUrl {
    type Err = PublicUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl AsRef<str> for PublicUrl {
    fn as_ref(&self) -> &str {
        &self.base
    }
}

const fn path_of(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Confirm | Purpose::ConfirmAddress => "/confirm/",
        Purpose::Preferences => "/preferences/",
        Purpose::Unsubscribe | Purpose::WithdrawAddress => "/unsubscribe/",
    }
}

impl Service {
    pub(crate) fn link(&self, purpose: Purpose, subject: &Subject, now: Timestamp) -> SecretUrl {
        let claims = Claims {
            purpose,
            subject: subject.id.0,
            generation: subject.generation,
            issued_at: now,
        };
        let token = self.tokens().mint(self.controller().as_ref(), &claims);
        let path = format!("{}{}", path_of(purpose), token.expose());
        SecretUrl::new(self.public_url().join(&path))
    }

    /// The claims of a token for one purpose; forged and foreign ones are all the same.
    pub(crate) fn claims(&self, purpose: Purpose, token: &str) -> Result<Claims, LinkError> {
        self.tokens()
            .verify(self.controller().as_ref(), purpose, token)
            .map_err(|_| LinkError::Unknown)
    }

    /// The claims of a confirmation link: of a subscription or of a new address.
    pub(crate) fn confirmation_claims(&self, token: &str) -> Result<Claims, LinkError> {
        self.claims(Purpose::Confirm, token)
            .or_else(|_| self.claims(Purpose::ConfirmAddress, token))
    }

    pub(crate) fn is_within(&self, claims: &Claims, period: Period, now: Timestamp) -> bool {
        now < period.after(claims.issued_at, &self.policy().calendar)
    }

    /// The visible person behind a link.
    pub(crate) async fn person_of(&self, claims: &Claims) -> Result<Subject, Error> {
        let id = consentry_domain::SubjectId(claims.subject);
        let subject = self.store().subject(self.controller(), id).await?;
        subject
            .filter(|held| held.is_visible(self.policy(), self.now()))
            .ok_or_else(|| LinkError::Unknown.into())
    }
}
