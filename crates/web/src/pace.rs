//! When a sign-up is answered: not when its work is done, which takes longer for a new person than
//! for one who is held, but on a beat that is the same for all (S0-30).
//!
//! The beat is a little longer than the work usually takes. On a busy server there is none: sign-ups
//! that arrive together share a commit and are answered together, so the time tells what the others
//! did. Whoever wants to end the beat has to be that many clients, against the limits.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// The shortest beat.
const LEAST: Duration = Duration::from_millis(10);

/// The longest one: a database that is slower has other troubles.
const MOST: Duration = Duration::from_millis(200);

/// The beat shrinks by this part with every answer in time.
const DECAY: u32 = 128;

/// Sign-ups are counted in slots of this length.
const SLOT: Duration = Duration::from_millis(100);

/// With so many in one slot the server is busy: 200 a second.
const BUSY: u32 = 20;

/// Answers that take their time anyway are given at instants that are so far apart.
const STROKE: Duration = Duration::from_millis(100);

/// The beat of one site.
pub(crate) struct Pace {
    origin: Instant,
    state: Mutex<State>,
}

struct State {
    beat: Duration,
    slot_began: Instant,
    in_slot: u32,
    in_former_slot: u32,
}

impl Pace {
    pub(crate) fn new() -> Self {
        let origin = Instant::now();
        let state = State {
            beat: LEAST,
            slot_began: origin,
            in_slot: 0,
            in_former_slot: 0,
        };
        Self {
            origin,
            state: Mutex::new(state),
        }
    }

    /// The first stroke that is not before an instant. A fixed time after the question would not do:
    /// when a question is looked at depends on the work that those asked beside it make.
    pub(crate) fn stroke(&self, earliest: Instant) -> Instant {
        let age = earliest.saturating_duration_since(self.origin);
        let strokes = age.as_nanos().div_ceil(STROKE.as_nanos());
        self.origin + STROKE * u32::try_from(strokes).unwrap_or(u32::MAX)
    }

    /// When to give the answer to a request that began at one instant and is done now.
    pub(crate) fn answer_at(&self, began: Instant) -> Instant {
        let now = Instant::now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_busy(now) {
            return now;
        }
        let took = now.saturating_duration_since(began);
        let beat = state.beat;
        state.beat = if took > beat {
            took.min(MOST)
        } else {
            beat.saturating_sub(beat.saturating_sub(LEAST) / DECAY)
        };
        let beats = took.as_nanos().div_ceil(beat.as_nanos()).max(1);
        began + beat * u32::try_from(beats).unwrap_or(u32::MAX)
    }
}

impl State {
    /// Counts one more.
    fn is_busy(&mut self, now: Instant) -> bool {
        let age = now.saturating_duration_since(self.slot_began);
        if age >= SLOT {
            self.in_former_slot = if age < 2 * SLOT { self.in_slot } else { 0 };
            self.in_slot = 0;
            self.slot_began = now;
        }
        self.in_slot = self.in_slot.saturating_add(1);
        self.in_slot.max(self.in_former_slot) >= BUSY
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{advance, sleep_until};

    use super::*;

    const TICK: Duration = Duration::from_millis(1);

    /// How long an answer takes whose work takes this long.
    async fn answered(pace: &Pace, work: Duration) -> Duration {
        let began = Instant::now();
        advance(work).await;
        sleep_until(pace.answer_at(began)).await;
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn work_of_any_length_is_answered_on_the_beat() {
        let pace = Pace::new();
        for micros in [1, 700, 5_000, 9_999, 10_000] {
            let work = Duration::from_micros(micros);
            let took = answered(&pace, work).await;
            // The timer counts in milliseconds, and the beat began within one.
            assert!((LEAST..=LEAST + 2 * TICK).contains(&took), "{took:?}");
        }
    }

    /// Whoever is looked at a little later is answered with the others.
    #[tokio::test(start_paused = true)]
    async fn answers_are_given_at_strokes_that_all_share() {
        let pace = Pace::new();
        advance(Duration::from_millis(230)).await;
        let first = pace.stroke(Instant::now());
        advance(Duration::from_micros(4_700)).await;
        assert_eq!(pace.stroke(Instant::now()), first);
        assert_eq!(first - pace.origin, 3 * STROKE);
        assert_eq!(pace.stroke(first), first);
    }

    /// What took longer than the beat makes it longer, for everybody, and it shrinks again.
    #[tokio::test(start_paused = true)]
    async fn the_beat_follows_the_slowest() {
        let pace = Pace::new();
        let late = answered(&pace, Duration::from_millis(25)).await;
        assert!(late >= Duration::from_millis(30), "{late:?}");
        let next = answered(&pace, Duration::from_millis(1)).await;
        assert!(next >= Duration::from_millis(24), "{next:?}");
        for _ in 0..2_000 {
            answered(&pace, Duration::from_millis(1)).await;
        }
        let next = answered(&pace, Duration::from_millis(1)).await;
        assert!(next <= Duration::from_millis(12), "{next:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_busy_server_answers_at_once() {
        let pace = Pace::new();
        let work = Duration::from_millis(1);
        for _ in 0..BUSY {
            advance(work).await;
            pace.answer_at(Instant::now());
        }
        assert!(answered(&pace, work).await <= work + TICK);
        advance(3 * SLOT).await;
        assert!(answered(&pace, work).await >= LEAST);
    }
}
