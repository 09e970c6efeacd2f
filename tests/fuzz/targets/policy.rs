//! Policy files: no input panics, every refusal names a place that exists.
#![no_main]

use consentry::Policy;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|source: &str| {
    match Policy::parse(source, "policy.toml") {
        Ok(policy) => {
            let _ = policy.warnings();
            let again = Policy::parse(source, "policy.toml").expect("the same text is a policy");
            assert_eq!(policy.notice_version(), again.notice_version());
        }
        Err(errors) => assert!(!errors.to_string().is_empty()),
    }
});
