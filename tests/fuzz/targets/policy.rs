//! Policy files: no input panics, every refusal is told, and checking agrees with reading.
#![no_main]

use consentry::policy::{Policy, check};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|source: &str| {
    let checked = check(source, "policy.toml");
    match Policy::parse(source, "policy.toml") {
        Ok(policy) => {
            let again = checked.policy.expect("what is read is checked");
            assert_eq!(policy.notice_version(), again.notice_version());
        }
        Err(errors) => {
            assert!(checked.policy.is_none());
            assert!(!errors.to_string().is_empty());
            assert_eq!(errors, checked.findings);
        }
    }
});
