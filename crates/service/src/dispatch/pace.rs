//! How far ahead of the relay letters are begun.

use std::time::{Duration, Instant};

/// What the relay takes in this time is begun in one commit.
const AHEAD: Duration = Duration::from_millis(20);

/// At most this many letters are begun at once, however fast the relay is.
const MOST: usize = 256;

/// How many letters to begin: as many as the relay takes in a moment, so that they share a commit
/// and none waits for its turn with a person who was read long ago.
pub(super) struct Pace {
    least: usize,
    /// Letters per second.
    rate: f64,
    counted: u32,
    since: Instant,
}

impl Pace {
    pub(super) fn new(lanes: usize) -> Self {
        Self {
            least: lanes.min(MOST),
            rate: 0.0,
            counted: 0,
            since: Instant::now(),
        }
    }

    /// One more hand-over has ended.
    pub(super) fn count(&mut self) {
        self.counted += 1;
    }

    /// How many letters to begin while so many are under way and so many lanes are open.
    pub(super) fn room(&mut self, under_way: usize, lanes: usize) -> usize {
        let elapsed = self.since.elapsed();
        if elapsed >= AHEAD {
            let rate = f64::from(self.counted) / elapsed.as_secs_f64();
            self.rate = f64::midpoint(self.rate, rate);
            (self.counted, self.since) = (0, Instant::now());
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a small positive number"
        )]
        let ahead = (self.rate * AHEAD.as_secs_f64()) as usize;
        if lanes < self.least || ahead <= self.least {
            return lanes.saturating_sub(under_way);
        }
        // Half a batch at a time, while the other half is handed over.
        let most = ahead.min(MOST);
        if under_way > most / 2 {
            0
        } else {
            most - under_way
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_relay_gets_one_letter_for_each_lane_and_a_fast_one_a_batch() {
        let mut pace = Pace::new(8);
        assert_eq!(pace.room(0, 8), 8);
        assert_eq!(pace.room(7, 8), 1);
        assert_eq!(pace.room(8, 8), 0);
        for _ in 0..10 {
            pace.since = Instant::now().checked_sub(AHEAD).expect("a clock runs");
            pace.counted = 100;
            pace.room(8, 8);
        }
        let room = pace.room(0, 8);
        assert!((64..=100).contains(&room), "{room}");
        assert_eq!(pace.room(90, 8), 0, "half of them are under way");
        assert_eq!(pace.room(0, 1), 1, "the relay is asked whether it is back");
        for _ in 0..20 {
            pace.since = Instant::now().checked_sub(AHEAD).expect("a clock runs");
            pace.room(8, 8);
        }
        assert_eq!(pace.room(7, 8), 1, "the relay became slow");
    }
}
