//! When two addresses are one person.

use std::collections::HashSet;

use consentry_address::EmailAddress;
use proptest::prelude::*;

fn key(typed: &str) -> String {
    EmailAddress::parse(typed).expect(typed).comparison_key()
}

/// S0-101: leaving holds for the same address in other letter case.
#[test]
fn letter_case_does_not_make_another_person() {
    for (one, other) in [
        ("Anna@Example.ORG", "anna@example.org"),
        ("ANNA@EXAMPLE.ORG", "anna@example.org"),
        ("ПОЧТА@МОСКВА.РФ", "почта@москва.рф"),
        ("ΟΔΟΣ@example.org", "οδος@example.org"),
        ("οδοσ@example.org", "οδος@example.org"),
        ("RENÉ@example.org", "rene\u{301}@example.org"),
        ("a@Bücher.example", "a@xn--bcher-kva.example"),
    ] {
        assert_eq!(key(one), key(other), "{one} {other}");
    }
}

#[test]
fn different_mailboxes_are_never_merged() {
    for (one, other) in [
        ("anna.berg@example.org", "annaberg@example.org"),
        ("anna+news@example.org", "anna@example.org"),
        ("strasse@example.org", "straße@example.org"),
        ("a@strasse.example", "a@straße.example"),
        // Cyrillic letters that look like Latin ones.
        ("\u{430}nna@example.org", "anna@example.org"),
        ("anna@ex\u{430}mple.org", "anna@example.org"),
        ("ıris@example.org", "iris@example.org"),
    ] {
        assert_ne!(key(one), key(other), "{one} {other}");
    }
}

#[test]
fn equality_goes_by_what_was_typed() {
    let typed: HashSet<EmailAddress> =
        ["anna@example.org", "Anna@example.org", " anna@example.org"]
            .into_iter()
            .map(|typed| EmailAddress::parse(typed).expect(typed))
            .collect();
    assert_eq!(typed.len(), 2);
}

proptest! {
    #[test]
    fn the_key_is_a_fixed_point(typed in "\\PC{1,16}@[a-zA-Zà-ž]{1,12}\\.[a-z]{2,6}") {
        if let Ok(address) = EmailAddress::parse(&typed) {
            let key = address.comparison_key();
            // Only a lower-case form that is longer than 64 octets does not read back.
            if let Ok(folded) = EmailAddress::parse(&key) {
                prop_assert_eq!(folded.comparison_key(), key);
            }
        }
    }

    #[test]
    fn the_key_ignores_letter_case(
        local in "[a-zA-Zà-öÀ-Öα-ωΑ-Ρа-яА-Я0-9+_-]{1,16}",
        domain in "[a-z]{1,12}\\.[a-z]{2,6}",
    ) {
        let typed = format!("{local}@{domain}");
        if let Ok(address) = EmailAddress::parse(&typed) {
            let key = address.comparison_key();
            prop_assert_eq!(self::key(&typed.to_lowercase()), key.clone());
            prop_assert_eq!(self::key(&typed.to_uppercase()), key);
        }
    }
}
