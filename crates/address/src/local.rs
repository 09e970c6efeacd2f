//! The part before the at sign.

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use crate::AddressError;

/// Octets before the at sign (RFC 5321 §4.5.3.1.1).
const MAX_OCTETS: usize = 64;

/// Checks a local part against `Dot-string` of RFC 5321 §4.1.2, extended to UTF-8 by RFC 6531 §3.3.
pub(crate) fn check(local: &str) -> Result<(), AddressError> {
    if local.is_empty() {
        return Err(AddressError::EmptyLocal);
    }
    if local.len() > MAX_OCTETS || normalised(local).len() > MAX_OCTETS {
        return Err(AddressError::LocalTooLong);
    }
    if local.split('.').any(str::is_empty) {
        return Err(AddressError::MisplacedDot);
    }
    if local.chars().all(|c| c == '.' || is_atext(c)) {
        Ok(())
    } else {
        Err(AddressError::InvalidLocal)
    }
}

/// `atext` of RFC 5322 §3.2.3 with `UTF8-non-ascii` of RFC 6532 §3.2.
fn is_atext(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c)
    } else {
        // The full-width twins of ASCII come from an input method left on, never from a mailbox name.
        !('\u{FF01}'..='\u{FF5E}').contains(&c)
    }
}

/// Whether a character cannot be seen, or has no agreed appearance, in any part of an address.
pub(crate) fn is_invisible(c: char) -> bool {
    use GeneralCategory::{
        Format, LineSeparator, ParagraphSeparator, PrivateUse, SpaceSeparator, Surrogate,
        Unassigned,
    };
    let by_category = matches!(
        c.general_category(),
        Format
            | LineSeparator
            | ParagraphSeparator
            | PrivateUse
            | SpaceSeparator
            | Surrogate
            | Unassigned
    );
    // The rest of Default_Ignorable_Code_Point: joiners, fillers and variation selectors.
    let ignorable = matches!(
        c,
        '\u{034F}'
            | '\u{115F}'
            | '\u{1160}'
            | '\u{17B4}'
            | '\u{17B5}'
            | '\u{180B}'..='\u{180F}'
            | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FFA0}'
            | '\u{E0100}'..='\u{E01EF}'
    );
    by_category || ignorable
}

/// The local part as it travels: NFC (RFC 6532 §3.1), letter case kept (RFC 5321 §2.4).
pub(crate) fn normalised(local: &str) -> String {
    local.nfc().collect()
}

/// The local part as it is compared: NFC and lower case, letter by letter.
///
/// `str::to_lowercase` would make a final sigma depend on its neighbours; here every sigma is one
/// letter. Folding that changes spelling (`ß` to `ss`) is left out: it would merge two people.
pub(crate) fn folded(local: &str) -> String {
    local
        .nfc()
        .flat_map(char::to_lowercase)
        .map(|c| if c == 'ς' { 'σ' } else { c })
        .nfc()
        .collect()
}
