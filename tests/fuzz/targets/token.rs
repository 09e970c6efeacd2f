//! Link tokens: only what was minted verifies, whatever is done to it.
#![no_main]

use std::sync::{Arc, LazyLock};

use consentry::{
    keys::KeyRing,
    token::{Claims, Purpose, Tokens},
};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

static TOKENS: LazyLock<Tokens> = LazyLock::new(|| tokens(1));
/// Nothing is minted by these: the fuzzer sees what is compared, and would repeat it.
static OTHERS: LazyLock<Tokens> = LazyLock::new(|| tokens(2));

fn tokens(mut next: u8) -> Tokens {
    let mut random = |buffer: &mut [u8]| {
        for byte in buffer {
            *byte = next;
            next = next.wrapping_mul(5).wrapping_add(3);
        }
    };
    Tokens::new(Arc::new(KeyRing::generate(
        &mut random,
        Timestamp::UNIX_EPOCH,
    )))
}

const PURPOSES: [Purpose; 5] = [
    Purpose::Confirm,
    Purpose::Preferences,
    Purpose::Unsubscribe,
    Purpose::ConfirmAddress,
    Purpose::WithdrawAddress,
];

fuzz_target!(|input: (&str, u64, u16, u32, Vec<(u8, u8)>)| {
    let (typed, subject, generation, seconds, changes) = input;
    for purpose in PURPOSES {
        assert!(OTHERS.verify("velmarin", purpose, typed).is_err());
    }
    let claims = Claims {
        purpose: Purpose::Preferences,
        subject,
        generation,
        issued_at: Timestamp::from_second(seconds.into()).expect("within the years that there are"),
    };
    let token = TOKENS.mint("velmarin", &claims);
    assert_eq!(
        TOKENS.verify("velmarin", claims.purpose, token.expose()),
        Ok(claims)
    );
    assert!(
        TOKENS
            .verify("velmarin", Purpose::Confirm, token.expose())
            .is_err()
    );
    assert!(
        TOKENS
            .verify("somebody", claims.purpose, token.expose())
            .is_err()
    );
    let mut altered = token.expose().as_bytes().to_vec();
    for (at, change) in changes {
        let at = usize::from(at) % altered.len();
        altered[at] ^= change & 0x7f;
    }
    let altered = String::from_utf8(altered).expect("ASCII stays ASCII");
    if altered != token.expose() {
        assert!(TOKENS.verify("velmarin", claims.purpose, &altered).is_err());
    }
});
