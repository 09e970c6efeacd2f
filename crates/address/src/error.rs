//! Why an address is refused.

use thiserror::Error;

/// Why a text is not accepted as an e-mail address.
///
/// A page translates the reason by its [`code`](AddressError::code); the message here is for
/// developers. Neither ever repeats what was typed.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AddressError {
    /// Nothing was typed.
    #[error("address is empty")]
    Empty,
    /// More than 254 octets, typed or as it would be sent (RFC 5321 §4.5.3.1.3).
    #[error("address is longer than 254 octets")]
    TooLong,
    /// A control character such as CR, LF or NUL, at the ends too: it could start a new header.
    #[error("address contains a control character")]
    ControlCharacter,
    /// A zero-width, bidirectional or other character that cannot be seen.
    #[error("address contains an invisible character")]
    InvisibleCharacter,
    /// A space between the first and the last character.
    #[error("address contains a space")]
    Space,
    /// A local part in quotation marks: valid in RFC 5321, in practice a typing error or an attack.
    #[error("quoted local parts are not accepted")]
    QuotedLocal,
    /// No `@`.
    #[error("address has no at sign")]
    MissingAt,
    /// More than one `@`.
    #[error("address has more than one at sign")]
    SeveralAts,
    /// Nothing before the `@`.
    #[error("address has nothing before the at sign")]
    EmptyLocal,
    /// More than 64 octets before the `@` (RFC 5321 §4.5.3.1.1).
    #[error("local part is longer than 64 octets")]
    LocalTooLong,
    /// A dot at the start or the end of the local part, or two in a row.
    #[error("local part has a misplaced dot")]
    MisplacedDot,
    /// A character that no unquoted local part may contain (RFC 5321 §4.1.2, RFC 6531 §3.3).
    #[error("local part contains a character that is not allowed")]
    InvalidLocal,
    /// Nothing after the `@`.
    #[error("address has nothing after the at sign")]
    EmptyDomain,
    /// The domain is an IP address: no organisation is reached that way.
    #[error("domain is an IP address")]
    IpLiteral,
    /// The domain has no dot: it names a machine, not a mail domain.
    #[error("domain has no dot")]
    NoDomainDot,
    /// The domain is not a host name under UTS #46 with the STD3 rules.
    #[error("domain is not a valid host name")]
    InvalidDomain,
}

impl AddressError {
    /// Every reason, so that a message catalogue can be checked for completeness.
    pub const ALL: [Self; 16] = [
        Self::Empty,
        Self::TooLong,
        Self::ControlCharacter,
        Self::InvisibleCharacter,
        Self::Space,
        Self::QuotedLocal,
        Self::MissingAt,
        Self::SeveralAts,
        Self::EmptyLocal,
        Self::LocalTooLong,
        Self::MisplacedDot,
        Self::InvalidLocal,
        Self::EmptyDomain,
        Self::IpLiteral,
        Self::NoDomainDot,
        Self::InvalidDomain,
    ];

    /// The key of the message that explains the reason to the person who typed, in kebab case.
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLong => "too-long",
            Self::ControlCharacter => "control-character",
            Self::InvisibleCharacter => "invisible-character",
            Self::Space => "space",
            Self::QuotedLocal => "quoted-local",
            Self::MissingAt => "missing-at",
            Self::SeveralAts => "several-ats",
            Self::EmptyLocal => "empty-local",
            Self::LocalTooLong => "local-too-long",
            Self::MisplacedDot => "misplaced-dot",
            Self::InvalidLocal => "invalid-local",
            Self::EmptyDomain => "empty-domain",
            Self::IpLiteral => "ip-literal",
            Self::NoDomainDot => "no-domain-dot",
            Self::InvalidDomain => "invalid-domain",
        }
    }
}
