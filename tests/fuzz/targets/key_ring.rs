//! The key ring's file: what is read is written and read again as the same, errors show no key.
#![no_main]

use consentry::keys::KeyRing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match KeyRing::parse(text) {
        Ok(ring) => {
            let written = ring.to_toml();
            let again = KeyRing::parse(&written).expect("what was written can be read");
            assert_eq!(written, again.to_toml());
        }
        Err(error) => {
            let told = error.to_string();
            for word in text
                .split(['"', '\'', '=', '\n', ' '])
                .filter(|word| word.len() >= 40)
            {
                assert!(!told.contains(word), "an error repeats a key");
            }
        }
    }
});
