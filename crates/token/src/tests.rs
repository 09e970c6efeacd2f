#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use consentry_keys::KeyRing;

use super::*;

const PURPOSES: [Purpose; 4] = [
    Purpose::Confirm,
    Purpose::Preferences,
    Purpose::Unsubscribe,
    Purpose::ConfirmAddress,
];

/// 1, 2, 3 …: a source that tests can repeat.
fn counting() -> impl FnMut(&mut [u8]) {
    let mut next = 0_u8;
    move |bytes| {
        for byte in bytes {
            next = next.wrapping_add(1);
            *byte = next;
        }
    }
}

fn ring() -> KeyRing {
    KeyRing::generate(&mut counting(), Timestamp::UNIX_EPOCH)
}

fn tokens() -> Tokens {
    Tokens::new(Arc::new(ring()))
}

fn claims(purpose: Purpose) -> Claims {
    Claims {
        purpose,
        subject: 7,
        generation: 1,
        issued_at: Timestamp::constant(1_800_000_000, 0),
    }
}

/// S0-26: only the token that was made verifies, and it says what was put in.
#[test]
fn a_minted_token_verifies_to_its_claims() {
    let (tokens, claims) = (tokens(), claims(Purpose::Confirm));
    let token = tokens.mint("acme", &claims);
    assert_eq!(
        tokens.verify("acme", Purpose::Confirm, token.expose()),
        Ok(claims)
    );
}

#[test]
fn a_token_of_one_purpose_verifies_for_no_other() {
    let tokens = tokens();
    for made_for in PURPOSES {
        let token = tokens.mint("acme", &claims(made_for));
        for used_for in PURPOSES {
            let verdict = tokens.verify("acme", used_for, token.expose());
            assert_eq!(verdict.is_ok(), made_for == used_for);
        }
    }
}

#[test]
fn a_token_of_one_controller_is_forged_at_another() {
    let tokens = tokens();
    let token = tokens.mint("acme", &claims(Purpose::Confirm));
    let verdict = tokens.verify("other", Purpose::Confirm, token.expose());
    assert_eq!(verdict, Err(TokenError::Forged));
}

/// S0-52: a link from before a rotation still unsubscribes, until its key is retired.
#[test]
fn a_token_lives_through_rotations_and_dies_with_its_key() {
    let mut later = ring();
    let mut random = counting();
    let first = later.current(KeyUse::Token).id();
    let claims = claims(Purpose::Unsubscribe);
    let token = tokens().mint("acme", &claims);
    let verify = |ring: &KeyRing| {
        let ring = KeyRing::parse(&ring.to_toml()).unwrap();
        Tokens::new(Arc::new(ring)).verify("acme", Purpose::Unsubscribe, token.expose())
    };

    for _ in 0..2 {
        later
            .rotate(KeyUse::Token, &mut random, Timestamp::UNIX_EPOCH)
            .unwrap();
        assert_eq!(verify(&later), Ok(claims));
    }
    later.retire(KeyUse::Token, first).unwrap();
    assert_eq!(verify(&later), Err(TokenError::UnknownKey));
}

#[test]
fn a_token_of_another_installation_is_forged() {
    let mut random = counting();
    random(&mut [0]);
    let other = KeyRing::generate(&mut random, Timestamp::UNIX_EPOCH);
    let token = Tokens::new(Arc::new(other)).mint("acme", &claims(Purpose::Confirm));
    let verdict = tokens().verify("acme", Purpose::Confirm, token.expose());
    assert_eq!(verdict, Err(TokenError::Forged));
}

/// Computed independently; a change would kill every link that was ever mailed.
#[test]
fn the_token_of_given_claims_and_key_never_changes() {
    let token = tokens().mint("acme", &claims(Purpose::Unsubscribe));
    assert_eq!(token.expose(), "AQAAAAAAAAAHAAFrSdIAkAwHZHCuK6z0GQkZLxIEUg");
}

#[test]
fn a_token_shows_itself_in_no_debug_output() {
    let token = tokens().mint("acme", &claims(Purpose::Confirm));
    assert_eq!(format!("{token:?}"), "[token]");
}

#[test]
fn times_outside_the_range_of_a_token_are_clamped() {
    let tokens = tokens();
    let bounds = [
        (Timestamp::MIN, Timestamp::UNIX_EPOCH),
        (Timestamp::MAX, Timestamp::constant(i64::from(u32::MAX), 0)),
    ];
    for (issued_at, kept) in bounds {
        let token = tokens.mint(
            "acme",
            &Claims {
                issued_at,
                ..claims(Purpose::Confirm)
            },
        );
        let read = tokens.verify("acme", Purpose::Confirm, token.expose());
        assert_eq!(read.unwrap().issued_at, kept);
    }
}

proptest! {
    #[test]
    fn every_claim_survives_the_round_trip(
        subject: u64, generation: u16, seconds: u32, purpose in prop::sample::select(&PURPOSES),
    ) {
        let claims = Claims {
            purpose, subject, generation,
            issued_at: Timestamp::constant(i64::from(seconds), 0),
        };
        let token = tokens().mint("acme", &claims);
        prop_assert_eq!(token.expose().len(), 42);
        prop_assert_eq!(tokens().verify("acme", purpose, token.expose()), Ok(claims));
    }

    /// Every character, put in the place of every other: spare bits of the last one included.
    #[test]
    fn a_changed_character_anywhere_is_refused(at in 0_usize..42, other in "[A-Za-z0-9_=+/. -]") {
        let token = tokens().mint("acme", &claims(Purpose::Confirm));
        let mut changed = token.expose().to_owned();
        changed.replace_range(at..=at, &other);
        prop_assume!(changed != token.expose());
        prop_assert!(tokens().verify("acme", Purpose::Confirm, &changed).is_err());
    }

    #[test]
    fn any_text_is_refused_without_a_panic(text in "\\PC*") {
        prop_assert!(tokens().verify("acme", Purpose::Confirm, &text).is_err());
    }

    #[test]
    fn any_well_formed_text_is_refused_without_a_panic(text in "[A-Za-z0-9_-]{42}") {
        prop_assert!(tokens().verify("acme", Purpose::Confirm, &text).is_err());
    }
}

/// The last character carries four spare bits: each of its other spellings is refused.
#[test]
fn a_token_has_one_spelling() {
    let token = tokens().mint("acme", &claims(Purpose::Confirm));
    let (head, last) = token.expose().split_at(41);
    let alphabet = ('A'..='Z')
        .chain('a'..='z')
        .chain('0'..='9')
        .chain(['-', '_']);
    for other in alphabet.filter(|other| !last.starts_with(*other)) {
        let spelt = format!("{head}{other}");
        assert!(tokens().verify("acme", Purpose::Confirm, &spelt).is_err());
    }
}
