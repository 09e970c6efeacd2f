//! Which language a visitor gets.

use consentry_policy::Language;

/// The offered language that `accept_language` prefers (RFC 9110 §12.5.4), else `default`.
///
/// A range names a language by its first subtag, so `fr-CA` asks for French (RFC 4647 §3.4).
/// The highest weight wins, the earlier of equal ones; `q=0` refuses a language; `*` leaves the
/// choice to the server. What cannot be read counts as absent.
pub fn negotiate(
    accept_language: Option<&str>,
    offered: &[Language],
    default: Language,
) -> Language {
    let mut best = None;
    for (language, weight) in ranges(accept_language.unwrap_or_default(), default) {
        let better = best.is_none_or(|(_, highest)| weight > highest);
        if weight > 0 && better && offered.contains(&language) {
            best = Some((language, weight));
        }
    }
    best.map_or(default, |(language, _)| language)
}

/// The languages that a header names, with their weights in thousandths.
fn ranges(header: &str, default: Language) -> impl Iterator<Item = (Language, u16)> {
    header.split(',').filter_map(move |item| {
        let (range, parameter) = item.split_once(';').unwrap_or((item, "q=1"));
        let range = range.trim();
        let language = if range == "*" {
            default
        } else {
            let primary = range.split('-').next()?.to_ascii_lowercase();
            primary.parse().ok()?
        };
        let value = parameter.trim().strip_prefix(['q', 'Q'])?.trim_start();
        Some((language, weight(value.strip_prefix('=')?.trim())?))
    })
}

/// `qvalue` of RFC 9110 §12.4.2: at most three decimals, between 0 and 1.
fn weight(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{decimals:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use consentry_policy::Language::{self, En, Fr};
    use proptest::prelude::*;

    use super::negotiate;

    fn french_site(header: &str) -> Language {
        negotiate(Some(header), &[Fr, En], Fr)
    }

    #[test]
    fn the_highest_weight_wins_and_the_earlier_of_equal_ones() {
        assert_eq!(french_site("en;q=0.8, fr;q=0.9"), Fr);
        assert_eq!(french_site("en, fr"), En);
        assert_eq!(french_site("de, en;q=0.3"), En);
        assert_eq!(french_site("fr;q=0.001,en;q=0.002"), En);
    }

    #[test]
    fn a_regional_range_asks_for_its_language() {
        assert_eq!(french_site("en-GB"), En);
        assert_eq!(negotiate(Some("FR-ca"), &[En, Fr], En), Fr);
    }

    #[test]
    fn a_refused_or_unoffered_language_is_never_chosen() {
        assert_eq!(french_site("en;q=0"), Fr);
        assert_eq!(negotiate(Some("fr"), &[En], En), En);
    }

    #[test]
    fn a_header_that_says_nothing_gets_the_default() {
        for header in [
            "",
            "*",
            "de",
            ",,;",
            "en;q=2",
            "en;q=0.1234",
            "en;level=1",
            "q=1",
        ] {
            assert_eq!(french_site(header), Fr, "{header:?}");
        }
        assert_eq!(negotiate(None, &[En, Fr], Fr), Fr);
    }

    #[test]
    fn a_star_leaves_the_choice_to_the_server() {
        assert_eq!(french_site("*, en;q=0.5"), Fr);
        assert_eq!(french_site("en, *;q=0.5"), En);
    }

    proptest! {
        #[test]
        fn no_header_breaks_the_choice(header in ".*", only_english: bool) {
            let offered: &[Language] = if only_english { &[En] } else { &[En, Fr] };
            prop_assert!(offered.contains(&negotiate(Some(&header), offered, En)));
        }
    }
}
