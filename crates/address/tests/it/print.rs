//! What of an address reaches a log or a page.

use consentry_address::EmailAddress;

#[test]
fn debug_and_display_never_show_an_address() {
    let address = EmailAddress::parse("anna@example.org").expect("an address");
    assert_eq!(format!("{address}"), "[address]");
    assert_eq!(format!("{address:?}"), "[address]");
    assert_eq!(format!("{:?}", Some(address)), "Some([address])");
}

#[test]
fn an_error_never_repeats_what_was_typed() {
    for typed in [
        "anna@127.0.0.1",
        "anna berg@example.org",
        "anna@exa_mple.org",
    ] {
        let error = EmailAddress::parse(typed).expect_err(typed);
        assert!(!format!("{error} {error:?}").contains("anna"));
    }
}

#[test]
fn a_masked_address_shows_one_letter_and_the_domain() {
    for (typed, masked) in [
        ("anna.berg@example.org", "a•••@example.org"),
        ("a@example.org", "a•••@example.org"),
        ("用户@例子.公司", "用•••@例子.公司"),
    ] {
        assert_eq!(EmailAddress::parse(typed).expect(typed).masked(), masked);
    }
}
