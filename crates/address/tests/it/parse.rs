//! What is accepted, and why the rest is not.

use consentry_address::{AddressError, EmailAddress};
use proptest::prelude::*;

fn reason(typed: &str) -> AddressError {
    EmailAddress::parse(typed).expect_err(typed)
}

#[test]
fn ordinary_addresses_are_accepted_as_typed() {
    for typed in [
        "anna@example.org",
        "Anna.Berg+news@Example.ORG",
        "o'neil@example.org",
        "a@b.co",
        "!#$%&'*+-/=?^_`{|}~@example.org",
        "a@1and1.example",
        "a@sub.domain.example.org",
        "a@r3---node.example",
    ] {
        let address = EmailAddress::parse(typed).expect(typed);
        assert_eq!(address.expose(), typed);
        assert_eq!(
            format!("{}@{}", address.local(), address.domain()),
            address.expose()
        );
        assert!(!address.needs_smtputf8(), "{typed}");
    }
}

/// S0-101: spaces around an address do not make it another one.
#[test]
fn spaces_and_tabs_around_an_address_are_trimmed() {
    let address = EmailAddress::parse(" \t anna@example.org\t ").expect("an address");
    assert_eq!(address.expose(), "anna@example.org");
}

#[test]
fn international_domains_travel_as_a_labels() {
    for (typed, ascii) in [
        ("info@Москва.рф", "xn--80adxhks.xn--p1ai"),
        ("anna@bücher.example", "xn--bcher-kva.example"),
        ("anna@BÜCHER.example", "xn--bcher-kva.example"),
        ("a@例子.公司", "xn--fsqu00a.xn--55qx5d"),
        ("a@straße.example", "xn--strae-oqa.example"),
        ("a@xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("a@例子。公司", "xn--fsqu00a.xn--55qx5d"),
    ] {
        let address = EmailAddress::parse(typed).expect(typed);
        assert_eq!(address.ascii_domain(), ascii);
        assert_eq!(address.envelope(), format!("{}@{ascii}", address.local()));
        assert!(!address.needs_smtputf8(), "{typed}");
    }
}

#[test]
fn international_local_parts_need_smtputf8() {
    for typed in [
        "用户@例子.公司",
        "почта@Москва.рф",
        "rené@example.org",
        "δοκιμή@example.org",
    ] {
        let address = EmailAddress::parse(typed).expect(typed);
        assert_eq!(address.expose(), typed);
        assert!(address.needs_smtputf8(), "{typed}");
    }
}

#[test]
fn the_envelope_is_in_nfc_and_what_was_typed_stays() {
    let typed = "rene\u{301}@example.org";
    let address = EmailAddress::parse(typed).expect("an address");
    assert_eq!(address.expose(), typed);
    assert_eq!(address.envelope(), "ren\u{e9}@example.org");
}

/// A line break anywhere, at the ends too, could start a header of its own.
#[test]
fn control_characters_are_refused_everywhere() {
    for typed in [
        "anna@example.org\r\nBcc: all@example.org",
        "anna@example.org\r\n",
        "\nanna@example.org",
        "an\0na@example.org",
        "anna\u{7f}@example.org",
        "anna\u{85}@example.org",
        "an\tna@example.org",
        "anna@exam\x1bple.org",
    ] {
        assert_eq!(reason(typed), AddressError::ControlCharacter, "{typed:?}");
    }
}

#[test]
fn invisible_and_bidirectional_characters_are_refused_everywhere() {
    for invisible in [
        '\u{200B}',
        '\u{200C}',
        '\u{200D}',
        '\u{200E}',
        '\u{202E}',
        '\u{2066}',
        '\u{2060}',
        '\u{FEFF}',
        '\u{AD}',
        '\u{A0}',
        '\u{3000}',
        '\u{2028}',
        '\u{FE0F}',
        '\u{3164}',
        '\u{E000}',
        '\u{E0061}',
    ] {
        for typed in [
            format!("an{invisible}na@example.org"),
            format!("anna@exam{invisible}ple.org"),
            format!("anna@example.org{invisible}"),
        ] {
            assert_eq!(
                reason(&typed),
                AddressError::InvisibleCharacter,
                "{typed:?}"
            );
        }
    }
}

#[test]
fn ip_addresses_are_refused() {
    for typed in [
        "user@127.0.0.1",
        "user@[127.0.0.1]",
        "user@[IPv6:::1]",
        "user@１２７.0.0.1",
    ] {
        assert_eq!(reason(typed), AddressError::IpLiteral, "{typed}");
    }
}

#[test]
fn malformed_domains_are_refused() {
    assert_eq!(reason("a@"), AddressError::EmptyDomain);
    assert_eq!(reason("user@localhost"), AddressError::NoDomainDot);
    assert_eq!(reason("a@b"), AddressError::NoDomainDot);
    for typed in [
        "a@exa_mple.org",
        "a@example..org",
        "a@.example.org",
        "a@example.org.",
        "a@-example.org",
        "a@example-.org",
        "a@exam!ple.org",
        "a@example.org>",
        "a@1.2.3",
        "a@xn--a.example",
        "a@xn--\u{fc}.example",
    ] {
        assert_eq!(reason(typed), AddressError::InvalidDomain, "{typed}");
    }
    let long_label = format!("a@{}.example", "b".repeat(64));
    assert_eq!(reason(&long_label), AddressError::InvalidDomain);
}

#[test]
fn malformed_local_parts_are_refused() {
    assert_eq!(reason("@example.org"), AddressError::EmptyLocal);
    for typed in [".a@example.org", "a.@example.org", "a..b@example.org"] {
        assert_eq!(reason(typed), AddressError::MisplacedDot, "{typed}");
    }
    for typed in [
        "a<b@example.org",
        "a,b@example.org",
        "a(b)@example.org",
        "ａ@example.org",
    ] {
        assert_eq!(reason(typed), AddressError::InvalidLocal, "{typed}");
    }
    assert_eq!(reason("\"a b\"@example.org"), AddressError::Space);
    assert_eq!(
        reason("\"><script>alert(1)</script>\"@example.org"),
        AddressError::QuotedLocal
    );
    assert_eq!(reason("Anna <anna@example.org>"), AddressError::Space);
    assert_eq!(reason("a@b@example.org"), AddressError::SeveralAts);
    assert_eq!(reason("example.org"), AddressError::MissingAt);
    assert_eq!(reason(""), AddressError::Empty);
    assert_eq!(reason("  "), AddressError::Empty);
}

/// RFC 5321 §4.5.3.1, in octets of what is typed and of what is sent.
#[test]
fn lengths_are_counted_in_octets() {
    assert!(EmailAddress::parse(&format!("{}@example.org", "a".repeat(64))).is_ok());
    assert_eq!(
        reason(&format!("{}@example.org", "a".repeat(65))),
        AddressError::LocalTooLong
    );
    assert_eq!(
        reason(&format!("{}@example.org", "é".repeat(33))),
        AddressError::LocalTooLong
    );

    let label = "b".repeat(59);
    let domain = format!("{label}.{label}.{label}.example");
    let address = |local: usize| format!("{}@{domain}.{}", "a".repeat(local), "c".repeat(2));
    let fitting = 254 - domain.len() - 4;
    assert_eq!(address(fitting).len(), 254);
    assert!(EmailAddress::parse(&address(fitting)).is_ok());
    assert_eq!(reason(&address(fitting + 1)), AddressError::TooLong);

    // Short as typed, too long as A-labels.
    let label = "\u{fc}bcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabc";
    let typed = format!("{}@{label}.{label}.{label}.example", "a".repeat(64));
    assert!(typed.len() <= 254);
    assert_eq!(reason(&typed), AddressError::TooLong);
}

#[test]
fn every_reason_has_its_own_code() {
    let codes: std::collections::BTreeSet<_> = AddressError::ALL
        .into_iter()
        .map(AddressError::code)
        .collect();
    assert_eq!(codes.len(), AddressError::ALL.len());
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(typed in "\\PC*|.*|[\\x00-\\x7f@.]*") {
        let _ = EmailAddress::parse(&typed);
    }

    #[test]
    fn an_accepted_address_can_stand_in_a_header(
        typed in "[ \\t]{0,2}\\PC{1,20}(@|＠)\\PC{1,12}\\.\\PC{1,6}[\\r\\n ]{0,1}",
    ) {
        if let Ok(address) = EmailAddress::parse(&typed) {
            for form in [address.expose().to_owned(), address.envelope(), address.comparison_key()] {
                prop_assert!(!form.contains(|c: char| c.is_control() || c.is_whitespace()), "{:?}", form);
                prop_assert!(!form.contains(['<', '>', '"', ',', ';', ':', '\\', '(', ')']), "{:?}", form);
                prop_assert_eq!(form.matches('@').count(), 1);
            }
            prop_assert!(address.expose().len() <= 254);
            prop_assert!(address.envelope().len() <= 254);
            prop_assert!(address.ascii_domain().is_ascii());
        }
    }

    #[test]
    fn an_accepted_address_reads_back(typed in "[a-zA-Zé.+-]{1,12}@[a-zA-Zéß-]{1,12}\\.[a-z]{2,6}") {
        if let Ok(address) = EmailAddress::parse(&typed) {
            prop_assert_eq!(&EmailAddress::parse(address.expose()), &Ok(address.clone()));
            let sent = EmailAddress::parse(&address.envelope()).expect("the envelope is an address");
            prop_assert_eq!(sent.comparison_key(), address.comparison_key());
        }
    }
}
