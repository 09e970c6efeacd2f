//! Mail domains in the form that DNS and SMTP know.

use std::net::Ipv4Addr;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use crate::AddressError;

/// The A-label form of a mail domain, in lower case: `Bücher.example` gives `xn--bcher-kva.example`.
///
/// UTS #46 non-transitional processing with the STD3 rules; the DNS length limits hold. Look-alike
/// domains in other scripts stay what they are: nothing is corrected or merged.
///
/// # Errors
///
/// [`AddressError::EmptyDomain`], [`AddressError::IpLiteral`], [`AddressError::NoDomainDot`] or
/// [`AddressError::InvalidDomain`].
pub fn ascii_domain(typed: &str) -> Result<String, AddressError> {
    if typed.is_empty() {
        return Err(AddressError::EmptyDomain);
    }
    if typed.starts_with('[') {
        return Err(AddressError::IpLiteral);
    }
    let domain = Uts46::new()
        .to_ascii(
            typed.as_bytes(),
            AsciiDenyList::STD3,
            Hyphens::CheckFirstLast,
            DnsLength::Verify,
        )
        .map_err(|_| AddressError::InvalidDomain)?;
    if domain.parse::<Ipv4Addr>().is_ok() {
        return Err(AddressError::IpLiteral);
    }
    let Some((_, top)) = domain.rsplit_once('.') else {
        return Err(AddressError::NoDomainDot);
    };
    // No top-level domain is all digits (RFC 3696 §2): what looks like one is a mistyped IP address.
    if top.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(AddressError::InvalidDomain);
    }
    Ok(domain.into_owned())
}
