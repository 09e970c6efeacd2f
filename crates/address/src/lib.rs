//! E-mail addresses: parsed by a written rule, compared by a written rule, redacted by their type.
//!
//! # What is accepted
//!
//! One mailbox, `local@domain`, after spaces and tabs around it are trimmed:
//!
//! - at most 254 octets, 64 of them before the at sign (RFC 5321 §4.5.3.1), both as typed and as sent;
//! - a local part of the letters, digits and signs that need no quotes, in any script (RFC 6531);
//!   quoted local parts are refused, as are dots at an end or in a row;
//! - a domain that UTS #46 accepts under the STD3 rules, in any script, with at least one dot;
//!   IP addresses are refused;
//! - no control, no invisible, no bidirectional character anywhere, CR and LF at the ends included.
//!
//! # How two addresses compare
//!
//! [`EmailAddress::comparison_key`] is the identity of a mailbox: the local part in NFC and lower
//! case, the domain as lower-case A-labels. Dots and `+tags` are part of the name and never removed;
//! look-alikes of other scripts are different people. `Eq` and `Hash` go by what was typed.
//!
//! # What is never printed
//!
//! `Debug` and `Display` print `[address]`. Whoever needs the text says [`EmailAddress::expose`].
//!
//! ```
//! use consentry_address::{AddressError, EmailAddress};
//!
//! let address = EmailAddress::parse("  Anna.Berg+news@Bücher.example ")?;
//! assert_eq!(address.expose(), "Anna.Berg+news@Bücher.example");
//! assert_eq!(address.comparison_key(), "anna.berg+news@xn--bcher-kva.example");
//! assert_eq!(address.envelope(), "Anna.Berg+news@xn--bcher-kva.example");
//! assert_eq!(address.to_string(), "[address]");
//!
//! assert_eq!(EmailAddress::parse("anna@127.0.0.1"), Err(AddressError::IpLiteral));
//! # Ok::<(), AddressError>(())
//! ```

mod domain;
mod error;
mod local;

use std::fmt;

pub use domain::ascii_domain;
pub use error::AddressError;

/// Octets of a whole address: a path of 256 less its angle brackets (RFC 5321 §4.5.3.1.3).
const MAX_OCTETS: usize = 254;

/// One person's e-mail address.
///
/// Personal datum: `Debug` and `Display` print `[address]`; [`expose`](Self::expose) gives the text.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress {
    typed: Box<str>,
    /// Where the at sign stands in `typed`.
    at: usize,
    ascii_domain: Box<str>,
}

impl EmailAddress {
    /// Reads an address by the rule in the [crate documentation](crate).
    ///
    /// # Errors
    ///
    /// The first reason, in the order in which a person would look for it.
    pub fn parse(typed: &str) -> Result<Self, AddressError> {
        let typed = typed.trim_matches([' ', '\t']);
        if typed.is_empty() {
            return Err(AddressError::Empty);
        }
        if typed.len() > MAX_OCTETS {
            return Err(AddressError::TooLong);
        }
        if typed.contains(char::is_control) {
            return Err(AddressError::ControlCharacter);
        }
        if typed.contains(' ') {
            return Err(AddressError::Space);
        }
        if typed.contains(local::is_invisible) {
            return Err(AddressError::InvisibleCharacter);
        }
        if typed.starts_with('"') {
            return Err(AddressError::QuotedLocal);
        }
        let at = typed.find('@').ok_or(AddressError::MissingAt)?;
        let (local, domain) = (&typed[..at], &typed[at + 1..]);
        if domain.contains('@') {
            return Err(AddressError::SeveralAts);
        }
        local::check(local)?;
        let address = Self {
            typed: typed.into(),
            at,
            ascii_domain: ascii_domain(domain)?.into(),
        };
        if address.envelope().len() > MAX_OCTETS {
            return Err(AddressError::TooLong);
        }
        Ok(address)
    }

    /// The address exactly as typed, without the white space around it.
    pub fn expose(&self) -> &str {
        &self.typed
    }

    /// The part before the at sign, as typed.
    pub fn local(&self) -> &str {
        &self.typed[..self.at]
    }

    /// The part after the at sign, as typed.
    pub fn domain(&self) -> &str {
        &self.typed[self.at + 1..]
    }

    /// The domain as lower-case A-labels: for DNS, SMTP, limits per domain and operators' lists,
    /// where a look-alike in another script must be seen.
    pub fn ascii_domain(&self) -> &str {
        &self.ascii_domain
    }

    /// The identity of the mailbox: two addresses with one key are one person.
    ///
    /// Local part in NFC and lower case, `@`, domain as lower-case A-labels.
    pub fn comparison_key(&self) -> String {
        format!("{}@{}", local::folded(self.local()), self.ascii_domain)
    }

    /// The address for an SMTP command: local part in NFC with its letter case, domain as A-labels
    /// (RFC 6531 §3.2: such a domain needs no SMTPUTF8).
    pub fn envelope(&self) -> String {
        format!("{}@{}", local::normalised(self.local()), self.ascii_domain)
    }

    /// Whether the relay must announce SMTPUTF8: the local part is not ASCII (RFC 6531 §3.4).
    pub fn needs_smtputf8(&self) -> bool {
        !self.local().is_ascii()
    }

    /// The first letter and the domain, `a•••@example.org`: for a page shown to the holder of a link.
    pub fn masked(&self) -> String {
        let first: String = self.local().chars().take(1).collect();
        format!("{first}•••@{}", self.domain())
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[address]")
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[address]")
    }
}
