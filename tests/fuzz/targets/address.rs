//! E-mail addresses as people type them: one reading, which survives being read again.
#![no_main]

use consentry::EmailAddress;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|typed: &str| {
    let Ok(address) = EmailAddress::parse(typed) else {
        return;
    };
    let again = EmailAddress::parse(address.expose()).expect("what was accepted is an address");
    assert_eq!(address.comparison_key(), again.comparison_key());
    assert_eq!(address.expose(), again.expose());
    let envelope = address.envelope();
    assert!(envelope.len() <= 254, "RFC 5321 section 4.5.3.1.3");
    assert!(!envelope.contains(['\r', '\n', '\0', ' ', '<', '>']));
    assert!(address.ascii_domain().is_ascii());
    assert!(!format!("{address:?}").contains(address.expose()));
});
