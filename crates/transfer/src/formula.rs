//! Cells that a spreadsheet would calculate (CSV injection, OWASP; ASVS 5.0 1.2.10).
//!
//! An address may begin with `=` or `+`. Such a cell gets an apostrophe before it, which a
//! spreadsheet takes for "this is text". A cell that begins with apostrophes before such a sign
//! gets one more, so that taking one off always gives back what was there.

use std::borrow::Cow;

/// What begins a formula, full-width forms included.
const SIGNS: [char; 11] = [
    '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
];

fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(SIGNS)
}

/// The cell as text, whatever it begins with.
pub(crate) fn escaped(text: &str) -> Cow<'_, str> {
    if is_formula(text) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// What was there before [`escaped`].
pub(crate) fn unescaped(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(text) if is_formula(text) => text,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_formula_becomes_text() {
        for sign in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1"] {
            assert_eq!(escaped(sign), format!("'{sign}"));
        }
        for text in ["anna@example.org", "", "'", "it's", "1=1"] {
            assert_eq!(escaped(text), text);
        }
    }

    proptest! {
        #[test]
        fn what_was_there_comes_back(text in "('{0,3}[=+@-]?.{0,5})|.*") {
            let cell = escaped(&text);
            prop_assert_eq!(unescaped(&cell), text.as_str());
            prop_assert!(!cell.starts_with(SIGNS));
        }
    }
}
