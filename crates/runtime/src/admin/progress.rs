//! How far a long command has come, for somebody at a terminal.

use std::{
    io::{self, IsTerminal, Write},
    time::{Duration, Instant},
};

/// How often the line is written anew.
const EVERY: Duration = Duration::from_millis(200);

/// One line on stderr that is written over; nothing where stderr is no terminal.
pub(super) struct Progress {
    what: &'static str,
    begun: Instant,
    shown: Option<Instant>,
    is_shown: bool,
    /// What was done before this run.
    before: Option<(u64, f64)>,
}

impl Progress {
    /// `what` is counted: `rows`, `people`.
    pub(super) fn new(what: &'static str) -> Self {
        Self {
            what,
            begun: Instant::now(),
            shown: None,
            is_shown: io::stderr().is_terminal(),
            before: None,
        }
    }

    /// `done` is how many there were so far, `share` how much of the whole that is, from 0 to 1.
    pub(super) fn tell(&mut self, done: u64, share: Option<f64>) {
        if !self.is_shown {
            return;
        }
        let (done_before, share_before) = *self.before.get_or_insert((done, share.unwrap_or(0.0)));
        if self.shown.is_some_and(|shown| shown.elapsed() < EVERY) {
            return;
        }
        self.shown = Some(Instant::now());
        let seconds = self.begun.elapsed().as_secs_f64().max(0.001);
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = (done - done_before) as f64 / seconds;
        let rest = share.map(|share| {
            let pace = (share - share_before) / seconds;
            let left = if pace > 0.0 {
                (1.0 - share) / pace
            } else {
                0.0
            };
            format!(", {:.0} %, {left:.0} s left", share * 100.0)
        });
        let rest = rest.unwrap_or_default();
        // Whoever closed the terminal does not read it.
        let _ = write!(
            io::stderr(),
            "\r\x1b[K{done} {}, {rate:.0}/s{rest}",
            self.what
        );
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown.is_some() {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
