//! What the end of a hand-over means for the letter: sent, another try and when, or given up.

use std::time::Duration;

use consentry_policy::Policy;
use jiff::Timestamp;

use crate::{
    Service,
    ports::{Delivery, LeasedLetter, Reason, Settlement, Trouble},
};

/// How a hand-over is settled, and why it did not end with "taken".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) settlement: Settlement,
    pub(crate) trouble: Option<Trouble>,
}

impl Outcome {
    pub(crate) fn cancelled() -> Self {
        Self {
            settlement: Settlement::Cancelled,
            trouble: None,
        }
    }

    /// A dead letter: it waits for the operator, and for nobody else.
    pub(crate) fn failed(trouble: impl Into<Trouble>) -> Self {
        Self {
            settlement: Settlement::Failed,
            trouble: Some(trouble.into()),
        }
    }

    /// Nobody knows how it ended, and it is not repeated: what struck would strike again.
    pub(crate) fn panicked() -> Self {
        Self {
            settlement: Settlement::Uncertain(None),
            trouble: Some(Reason::Panicked.into()),
        }
    }

    /// Nobody knows whether it was taken: one repeat where a missing letter is worse than a second
    /// one, none for the reminder.
    pub(crate) fn unanswered(letter: &LeasedLetter, policy: &Policy, now: Timestamp) -> Self {
        let repeats = letter.kind.repeats_when_uncertain() && letter.uncertain == 0;
        let wait = policy.mail.uncertain_after;
        Self {
            settlement: Settlement::Uncertain(repeats.then(|| wait.after(now, &policy.calendar))),
            trouble: Some(Reason::Unanswered.into()),
        }
    }
}

impl Service {
    /// What a delivery means for its letter.
    pub(crate) fn judge(&self, letter: &LeasedLetter, delivery: Delivery) -> Outcome {
        match delivery {
            Delivery::Accepted => Outcome {
                settlement: Settlement::Sent,
                trouble: None,
            },
            Delivery::Refused(trouble) => Outcome::failed(trouble),
            Delivery::Uncertain => Outcome::unanswered(letter, self.policy(), self.now()),
            Delivery::Deferred(trouble) => {
                let jitter = u16::from_be_bytes(self.random());
                Outcome {
                    settlement: put_off(letter, trouble, self.policy(), self.now(), jitter),
                    trouble: Some(trouble),
                }
            }
        }
    }
}

/// When a letter that was not taken is tried again; failed when the time for retries is over.
///
/// What the operator has to mend gives up nobody: the letter is tried for as long as it is owed,
/// once a day where a receiver refused it (a refused message must not be sent again and again), and
/// at once when the operator says that it is mended.
fn put_off(
    letter: &LeasedLetter,
    trouble: Trouble,
    policy: &Policy,
    now: Timestamp,
    jitter: u16,
) -> Settlement {
    const DAY: Duration = Duration::from_hours(24);
    if trouble.reason == Reason::Stopped {
        return Settlement::Retry(now);
    }
    let after = |wait| {
        now.checked_add(spread(wait, jitter))
            .unwrap_or(Timestamp::MAX)
    };
    let is_refusal =
        trouble.reason == Reason::Sender && trouble.reply.is_some_and(|reply| reply.code >= 500);
    let next = after(if is_refusal {
        DAY
    } else {
        retry_wait(letter.attempts)
    });
    let give_up = policy
        .mail
        .retry_for
        .after(letter.queued_at, &policy.calendar);
    if next < give_up {
        Settlement::Retry(next)
    } else if trouble.reason.is_operators() {
        Settlement::Retry(after(DAY))
    } else {
        Settlement::Failed
    }
}

/// The wait before the next try: two within the first quarter of an hour, for greylisting,
/// then growing to three hours (RFC 5321 section 4.5.4.1).
fn retry_wait(attempts: u32) -> Duration {
    const MINUTES: [u64; 7] = [2, 10, 30, 60, 90, 120, 180];
    let step = usize::try_from(attempts).unwrap_or(usize::MAX);
    Duration::from_mins(MINUTES[step.min(MINUTES.len() - 1)])
}

/// Spread by a fifth either way, so that an outage does not end in a stampede.
fn spread(wait: Duration, jitter: u16) -> Duration {
    wait.mul_f64(0.8 + 0.4 * f64::from(jitter) / f64::from(u16::MAX))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use consentry_domain::{LetterKind, SubjectId};
    use jiff::SignedDuration;

    use super::*;
    use crate::ports::{LetterId, Reply};

    #[test]
    fn waits_grow_to_three_hours_and_never_shrink_below_four_fifths() {
        for attempts in 0..20 {
            let wait = retry_wait(attempts);
            let (least, most) = (spread(wait, 0), spread(wait, u16::MAX));
            assert!(least < most);
            assert!(least >= Duration::from_secs(96));
            assert!(most <= Duration::from_mins(3 * 60 * 12 / 10));
            assert!(retry_wait(attempts + 1) >= wait);
        }
    }

    fn now() -> Timestamp {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    /// After `hours` in the outbox.
    fn ends(hours: i64, trouble: impl Into<Trouble>) -> Settlement {
        let letter = LeasedLetter {
            id: LetterId(1),
            subject: SubjectId(1),
            kind: LetterKind::Confirmation,
            queued_at: now() - SignedDuration::from_hours(hours),
            attempts: 9,
            uncertain: 0,
        };
        put_off(&letter, trouble.into(), &Policy::demo(), now(), 0)
    }

    fn answered(reason: Reason, code: u16) -> Trouble {
        let reply = Some(Reply { code, status: None });
        Trouble { reason, reply }
    }

    fn hours(settlement: &Settlement) -> i64 {
        match settlement {
            Settlement::Retry(at) => at.duration_since(now()).as_hours(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_put_off_is_given_up_after_the_policys_time() {
        assert_eq!(hours(&ends(1, Reason::Deferred)), 2);
        for reason in [Reason::Deferred, Reason::RelayDown] {
            assert_eq!(ends(5 * 24, reason), Settlement::Failed);
        }
    }

    #[test]
    fn what_the_operator_has_to_mend_is_never_given_up() {
        for reason in [Reason::Access, Reason::Sender] {
            assert_eq!(hours(&ends(300 * 24, reason)), 19);
        }
        assert_eq!(hours(&ends(1, answered(Reason::Access, 535))), 2);
        assert_eq!(hours(&ends(1, answered(Reason::Sender, 421))), 2);
        let refused = ends(1, answered(Reason::Sender, 550));
        assert_eq!(hours(&refused), 19, "a refused message is not hammered in");
    }

    #[test]
    fn a_stopped_hand_over_is_due_at_once() {
        assert_eq!(ends(1, Reason::Stopped), Settlement::Retry(now()));
        assert_eq!(ends(9000, Reason::Stopped), Settlement::Retry(now()));
    }
}
