//! A relay that takes no letter from anybody is left alone for a while: letters wait for it rather
//! than being tried one after the other, and one letter, not all of them, finds out when it is back.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The first rest, and the longest: each is twice as long as the one before.
const SHORTEST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_mins(5);

#[derive(Debug, Default)]
struct State {
    until: Option<Instant>,
    /// Rests since the relay last took part.
    rests: u32,
}

/// Whether the relay is left alone just now.
#[derive(Debug, Default)]
pub(crate) struct Rest(Mutex<State>);

impl Rest {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many letters may be under way at once, of as many as the mailer takes: none during a
    /// rest, one after it, all of them once the relay has taken part again.
    pub(crate) fn slots(&self, all: usize, now: Instant) -> usize {
        let state = self.state();
        match state.until {
            Some(until) if now < until => 0,
            _ if state.rests > 0 => 1,
            _ => all,
        }
    }

    /// The relay takes no letter: begins a rest, and says how long it is. `None` when one has begun
    /// already: letters that were under way together tell the same thing.
    pub(crate) fn begin(&self, now: Instant) -> Option<Duration> {
        let mut state = self.state();
        if state.until.is_some_and(|until| now < until) {
            return None;
        }
        let rest = SHORTEST
            .saturating_mul(1 << state.rests.min(16))
            .min(LONGEST);
        state.until = Some(now + rest);
        state.rests += 1;
        Some(rest)
    }

    /// The relay has taken part: whatever it said was about one letter.
    pub(crate) fn end(&self) {
        *self.state() = State::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_grow_and_one_letter_asks_when_they_are_over() {
        let rest = Rest::default();
        let start = Instant::now();
        assert_eq!(rest.slots(8, start), 8);
        assert_eq!(rest.begin(start), Some(SHORTEST));
        assert_eq!(rest.begin(start), None, "one strike is one strike");
        assert_eq!(rest.slots(8, start + SHORTEST / 2), 0);
        let mut now = start + SHORTEST;
        assert_eq!(rest.slots(8, now), 1);
        for _ in 0..40 {
            let wait = rest.begin(now);
            assert!(wait.is_some_and(|wait| wait > SHORTEST && wait <= LONGEST));
            now += LONGEST;
        }
        rest.end();
        assert_eq!(rest.slots(8, now), 8);
        assert_eq!(rest.begin(now), Some(SHORTEST));
    }
}
