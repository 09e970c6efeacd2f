//! The six legal bases of GDPR art. 6(1).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a processing is lawful (GDPR art. 6(1)).
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub enum LegalBasis {
    /// The person agreed: art. 6(1)(a).
    Consent,
    /// Needed for a contract with the person: art. 6(1)(b).
    Contract,
    /// Required by law: art. 6(1)(c).
    LegalObligation,
    /// Protects somebody's life: art. 6(1)(d).
    VitalInterests,
    /// A task in the public interest: art. 6(1)(e).
    PublicTask,
    /// An interest that the person's own do not override: art. 6(1)(f).
    LegitimateInterest,
}

/// A text names no legal basis.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error(
    "expected `consent`, `contract`, `legal-obligation`, `vital-interests`, `public-task` or `legitimate-interest`"
)]
pub struct LegalBasisError;

impl LegalBasis {
    /// Every basis, in the order of the article.
    pub const ALL: [Self; 6] = [
        Self::Consent,
        Self::Contract,
        Self::LegalObligation,
        Self::VitalInterests,
        Self::PublicTask,
        Self::LegitimateInterest,
    ];

    /// The name in the policy file and in stored events, in kebab case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Consent => "consent",
            Self::Contract => "contract",
            Self::LegalObligation => "legal-obligation",
            Self::VitalInterests => "vital-interests",
            Self::PublicTask => "public-task",
            Self::LegitimateInterest => "legitimate-interest",
        }
    }

    /// Where the GDPR states it, as `6(1)(f)`.
    pub fn article(self) -> &'static str {
        match self {
            Self::Consent => "6(1)(a)",
            Self::Contract => "6(1)(b)",
            Self::LegalObligation => "6(1)(c)",
            Self::VitalInterests => "6(1)(d)",
            Self::PublicTask => "6(1)(e)",
            Self::LegitimateInterest => "6(1)(f)",
        }
    }
}

impl FromStr for LegalBasis {
    type Err = LegalBasisError;

    fn from_str(text: &str) -> Result<Self, LegalBasisError> {
        Self::ALL
            .into_iter()
            .find(|basis| basis.as_str() == text)
            .ok_or(LegalBasisError)
    }
}

impl fmt::Display for LegalBasis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
