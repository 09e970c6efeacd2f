//! The breaker: notices that hardly anybody confirms any more.
//!
//! Whoever signs up strangers cannot confirm for them. So the share of confirmations tells a flood
//! from a good day, whatever the number of clients and domains it is spread over.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use tracing::{info, warn};

use crate::{
    Service,
    ports::{Confirmations, StoreError},
};

/// The database is asked at most this often by one process.
const LOOK_EVERY: SignedDuration = SignedDuration::from_secs(10);

/// What was seen last.
pub(crate) struct Watch {
    /// Microseconds since 1970.
    looked_at: AtomicI64,
    is_tripped: AtomicBool,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            looked_at: AtomicI64::new(i64::MIN),
            is_tripped: AtomicBool::new(false),
        }
    }
}

/// What the breaker sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerStatus {
    /// The sign-ups that it judges, and what became of them.
    pub seen: Confirmations,
    /// Whether sign-ups are slowed down.
    pub is_tripped: bool,
}

impl Watch {
    /// Whether it is this caller's turn to look. Of several at once, one.
    fn is_due(&self, now: Timestamp) -> bool {
        let last = self.looked_at.load(Ordering::Relaxed);
        // A clock that was set back is no reason to look away.
        let age = now.as_microsecond().abs_diff(last);
        u128::from(age) >= LOOK_EVERY.as_micros().unsigned_abs()
            && self
                .looked_at
                .compare_exchange(
                    last,
                    now.as_microsecond(),
                    Ordering::Relaxed,
                    Ordering::Relaxed,
                )
                .is_ok()
    }

    /// Remembers what was seen, and tells the operator when it is something else than before.
    fn note(&self, status: BreakerStatus) {
        let BreakerStatus { seen, is_tripped } = status;
        if self.is_tripped.swap(is_tripped, Ordering::Relaxed) == is_tripped {
            return;
        }
        let (confirmed, unconfirmed) = (seen.confirmed, seen.unconfirmed);
        if is_tripped {
            warn!(
                confirmed,
                unconfirmed, "hardly anybody confirms: sign-ups are slowed down to a trickle"
            );
        } else {
            info!(
                confirmed,
                unconfirmed, "enough people confirm, or few sign up: the limits are the usual ones"
            );
        }
    }
}

impl Service {
    /// Whether so few people confirm that new sign-ups are to be slowed down to the policy's
    /// trickle. The same whomever a sign-up is about. Cheap: the database is asked every 10 seconds
    /// at most, and while it does not answer the last answer holds.
    pub async fn is_breaker_tripped(&self) -> bool {
        let watch = self.watch();
        if watch.is_due(self.now()) {
            match self.breaker_status().await {
                Ok(Some(status)) => watch.note(status),
                Ok(None) => {}
                Err(error) => warn!(%error, "the share of confirmations cannot be told"),
            }
        }
        watch.is_tripped.load(Ordering::Relaxed)
    }

    /// What the breaker sees now; `None` when the policy has none.
    pub async fn breaker_status(&self) -> Result<Option<BreakerStatus>, StoreError> {
        let Some(breaker) = &self.policy().limits.breaker else {
            return Ok(None);
        };
        let (now, zone) = (self.now(), &self.policy().calendar);
        let after = breaker.window.cutoff(now, zone);
        let until = breaker.settle.cutoff(now, zone);
        let seen = self
            .store()
            .confirmations(self.controller(), after, until)
            .await?;
        Ok(Some(BreakerStatus {
            seen,
            is_tripped: breaker.trips(seen.confirmed, seen.unconfirmed),
        }))
    }
}
