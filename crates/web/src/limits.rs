//! How many sign-ups are accepted, per client and in all. Counted in memory alone.

use std::{
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use consentry_policy::Rate;
use governor::{
    DefaultDirectRateLimiter, DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock, Reference},
};

use crate::client::Client;

/// The limits in force.
pub(crate) struct Limits {
    per_client: Option<DefaultKeyedRateLimiter<Client>>,
    total: Option<DefaultDirectRateLimiter>,
    admitted: AtomicU32,
    clock: DefaultClock,
}

/// After how many sign-ups clients are forgotten who have their whole allowance again.
const SWEEP_EVERY: u32 = 1024;

impl Limits {
    pub(crate) fn new(per_client: Option<Rate>, total: Option<Rate>) -> Self {
        Self {
            per_client: per_client.and_then(quota).map(RateLimiter::keyed),
            total: total.and_then(quota).map(RateLimiter::direct),
            admitted: AtomicU32::new(0),
            clock: DefaultClock::default(),
        }
    }

    /// Counts one sign-up of a client.
    ///
    /// # Errors
    /// How long to wait when a limit is reached.
    pub(crate) fn admit(&self, client: Client) -> Result<(), Duration> {
        if let Some(limit) = &self.per_client {
            if self.admitted.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
                limit.retain_recent();
            }
            limit
                .check_key(&client)
                .map_err(|until| self.wait(&until))?;
        }
        if let Some(limit) = &self.total {
            limit.check().map_err(|until| self.wait(&until))?;
        }
        Ok(())
    }

    fn wait<P: Reference>(&self, until: &NotUntil<P>) -> Duration
    where
        DefaultClock: governor::clock::Clock<Instant = P>,
    {
        until.wait_time_from(self.clock.now())
    }
}

/// A whole allowance at once, refilled evenly. `None` for a rate of nothing, which no parser makes.
fn quota(rate: Rate) -> Option<Quota> {
    let count = NonZeroU32::new(rate.count)?;
    Quota::with_period(rate.per / rate.count).map(|quota| quota.allow_burst(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(text: &str) -> Option<Rate> {
        text.parse().ok()
    }

    fn client(text: &str) -> Client {
        Client::of(text.parse().ok())
    }

    #[test]
    fn each_client_has_an_allowance_of_its_own() {
        let limits = Limits::new(rate("2/hour"), None);
        let (anna, berta) = (client("192.0.2.1"), client("192.0.2.2"));
        assert!(limits.admit(anna).is_ok());
        assert!(limits.admit(anna).is_ok());
        let wait = limits.admit(anna).expect_err("the allowance is used up");
        assert!(wait <= Duration::from_mins(30));
        assert!(limits.admit(berta).is_ok());
    }

    #[test]
    fn the_total_holds_for_all_clients_together() {
        let limits = Limits::new(None, rate("1/hour"));
        assert!(limits.admit(client("192.0.2.1")).is_ok());
        assert!(limits.admit(client("192.0.2.2")).is_err());
    }

    #[test]
    fn without_limits_everybody_is_admitted() {
        let limits = Limits::new(None, None);
        for _ in 0..5000 {
            assert!(limits.admit(Client::Unknown).is_ok());
        }
    }
}
