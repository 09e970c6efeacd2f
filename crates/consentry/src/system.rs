//! The operating system's clock and random source, behind the ports.

use consentry_service::ports::{Clock, Random};
use jiff::{Timestamp, TimestampRound, Unit};

/// The wall clock, truncated to what every store can hold.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "the one home of the wall clock")]
        let now = Timestamp::now();
        let round = TimestampRound::new()
            .smallest(Unit::Microsecond)
            .mode(jiff::RoundMode::Trunc);
        now.round(round).unwrap_or(now)
    }
}

/// The operating system's source of random bytes. Panics when there is none: without randomness
/// there is no safe way on.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one home of the random source"
        )]
        let filled = getrandom::fill(buffer);
        // Without randomness there is no safe way on: no key, no token, no sealing.
        filled.expect("the operating system has a random source");
    }
}
