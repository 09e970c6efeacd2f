//! How many requests are accepted that have a letter sent: per client, per recipient domain and in
//! all. Counted in memory alone, by keyed hashes where a key would say something about somebody.

use std::{
    hash::{BuildHasher as _, Hash, RandomState},
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use consentry_address::EmailAddress;
use consentry_policy::{Policy, Rate};
use governor::{
    DefaultDirectRateLimiter, DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock, Reference},
};

use crate::client::Client;

/// How many clients' allowances a whole network has: offices and schools share one.
const NETWORK: u32 = 8;

/// Tickets that one client may use instead of the proof of work, and all of them together.
const TICKETS: Rate = Rate {
    count: 6,
    per: Duration::from_mins(1),
};
const ALL_TICKETS: Rate = Rate {
    count: 120,
    per: Duration::from_mins(1),
};

/// The limits in force.
pub(crate) struct Limits {
    clients: Clients,
    total: Whole,
    /// Domains with the limit of most, by their hashes.
    domains: Each<u64>,
    large_domains: Each<u64>,
    /// New addresses of known people, who hold no record that could count for them.
    newcomers: Each<u64>,
    /// While the breaker is tripped.
    trickle: Whole,
    tickets: Clients,
    all_tickets: Whole,
    policy: consentry_policy::Limits,
    hasher: RandomState,
}

/// What a request is about to cause.
#[derive(Clone, Copy)]
pub(crate) enum Cause<'a> {
    /// A letter to an address that anybody may have typed.
    SignUp(&'a EmailAddress),
    /// A letter to somebody who is held, if they are.
    Link(&'a EmailAddress),
    /// A letter to an address that a known person names as their own.
    NewAddress(&'a EmailAddress),
    /// A letter to whoever holds the link that was used.
    FreshLink,
}

impl Limits {
    pub(crate) fn new(limits: consentry_policy::Limits, policy: &Policy) -> Self {
        let newcomers = Rate {
            count: policy.subscription.letters_per_day,
            per: Duration::from_hours(24),
        };
        Self {
            clients: Clients::new(limits.per_client),
            total: Whole::new(limits.total),
            domains: Each::new(limits.per_domain),
            large_domains: Each::new(limits.per_large_domain),
            newcomers: Each::new(Some(newcomers)),
            trickle: Whole::new(limits.breaker.as_ref().map(|breaker| breaker.trickle)),
            tickets: Clients::new(Some(TICKETS)),
            all_tickets: Whole::new(Some(ALL_TICKETS)),
            policy: limits,
            hasher: RandomState::new(),
        }
    }

    /// Counts one request of a client. Whoever has used their allowance up is refused here, before
    /// they use up what is everybody's.
    ///
    /// # Errors
    /// How long to wait when a limit is reached.
    pub(crate) fn admit_client(&self, client: Client) -> Result<(), Duration> {
        self.clients.admit(client)
    }

    /// Counts one letter, whoever has it sent and whether or not anybody is known.
    ///
    /// # Errors
    /// How long to wait when a limit is reached.
    pub(crate) fn admit(&self, cause: Cause<'_>, is_breaker_tripped: bool) -> Result<(), Duration> {
        let address = match cause {
            Cause::SignUp(address) | Cause::Link(address) | Cause::NewAddress(address) => address,
            Cause::FreshLink => return self.total.admit(),
        };
        if matches!(cause, Cause::NewAddress(_)) {
            let key = self.hasher.hash_one(address.comparison_key());
            self.newcomers.admit(&key)?;
        }
        let domain = address.ascii_domain();
        let key = self.hasher.hash_one(domain);
        if self.policy.is_large(domain) {
            self.large_domains.admit(&key)?;
        } else {
            self.domains.admit(&key)?;
        }
        if is_breaker_tripped && !matches!(cause, Cause::Link(_)) {
            self.trickle.admit()?;
        }
        self.total.admit()
    }

    /// Counts one visitor who waited instead of working.
    ///
    /// # Errors
    /// How long to wait when too many have.
    pub(crate) fn admit_ticket(&self, client: Client) -> Result<(), Duration> {
        self.tickets.admit(client)?;
        self.all_tickets.admit()
    }
}

/// An allowance for each client, and a larger one for the network around it.
struct Clients {
    one: Each<Client>,
    network: Each<Client>,
}

impl Clients {
    fn new(rate: Option<Rate>) -> Self {
        let network = rate.map(|rate| Rate {
            count: rate.count.saturating_mul(NETWORK),
            ..rate
        });
        Self {
            one: Each::new(rate),
            network: Each::new(network),
        }
    }

    fn admit(&self, client: Client) -> Result<(), Duration> {
        self.one.admit(&client)?;
        match client.network() {
            Some(network) => self.network.admit(&network),
            None => Ok(()),
        }
    }
}

/// One allowance for everybody.
struct Whole {
    limiter: Option<DefaultDirectRateLimiter>,
    clock: DefaultClock,
}

impl Whole {
    fn new(rate: Option<Rate>) -> Self {
        Self {
            limiter: rate.and_then(quota).map(RateLimiter::direct),
            clock: DefaultClock::default(),
        }
    }

    fn admit(&self) -> Result<(), Duration> {
        let Some(limiter) = &self.limiter else {
            return Ok(());
        };
        limiter.check().map_err(|until| wait(&until, &self.clock))
    }
}

/// After how many requests those are forgotten who have their whole allowance again.
const SWEEP_EVERY: u32 = 1024;

/// An allowance for each of many.
struct Each<K: Hash + Eq + Clone> {
    limiter: Option<DefaultKeyedRateLimiter<K>>,
    counted: AtomicU32,
    clock: DefaultClock,
}

impl<K: Hash + Eq + Clone> Each<K> {
    fn new(rate: Option<Rate>) -> Self {
        Self {
            limiter: rate.and_then(quota).map(RateLimiter::keyed),
            counted: AtomicU32::new(0),
            clock: DefaultClock::default(),
        }
    }

    fn admit(&self, key: &K) -> Result<(), Duration> {
        let Some(limiter) = &self.limiter else {
            return Ok(());
        };
        if self.counted.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            limiter.retain_recent();
        }
        let admitted = limiter.check_key(key);
        admitted.map_err(|until| wait(&until, &self.clock))
    }
}

fn wait<P: Reference>(until: &NotUntil<P>, clock: &DefaultClock) -> Duration
where
    DefaultClock: governor::clock::Clock<Instant = P>,
{
    until.wait_time_from(clock.now())
}

/// A whole allowance at once, refilled evenly. `None` for a rate of nothing, which no parser makes.
fn quota(rate: Rate) -> Option<Quota> {
    let count = NonZeroU32::new(rate.count)?;
    Quota::with_period(rate.per / rate.count).map(|quota| quota.allow_burst(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(change: impl FnOnce(&mut consentry_policy::Limits)) -> Limits {
        let mut limits = consentry_policy::Limits::default();
        change(&mut limits);
        Limits::new(limits, &Policy::demo())
    }

    fn client(text: &str) -> Client {
        Client::of(text.parse().ok())
    }

    fn address(text: &str) -> EmailAddress {
        EmailAddress::parse(text).expect("an address")
    }

    fn sign_up(limits: &Limits, from: &str, to: &str) -> Result<(), Duration> {
        limits.admit_client(client(from))?;
        limits.admit(Cause::SignUp(&address(to)), false)
    }

    #[test]
    fn each_client_has_an_allowance_of_its_own() {
        let limits = limits(|limits| limits.per_client = "2/hour".parse().ok());
        for (number, outcome) in [(0, true), (1, true), (2, false)] {
            let to = format!("a{number}@example.org");
            let admitted = sign_up(&limits, "192.0.2.1", &to);
            assert_eq!(admitted.is_ok(), outcome);
            assert!(admitted.err().unwrap_or_default() <= Duration::from_mins(30));
        }
        assert!(sign_up(&limits, "192.0.2.2", "a@example.org").is_ok());
    }

    /// Whoever has a whole network has eight clients' allowances, not 256 or 65,536.
    #[test]
    fn a_network_has_the_allowance_of_eight_clients() {
        for network in [
            |n: u32| format!("192.0.2.{n}"),
            |n: u32| format!("2001:db8:7:{n:x}::1"),
        ] {
            let limits = limits(|limits| limits.per_client = "2/hour".parse().ok());
            let admitted = (0..100)
                .filter(|number| sign_up(&limits, &network(*number), "a@example.org").is_ok())
                .count();
            assert_eq!(admitted, 16);
            for elsewhere in ["198.51.100.1", "2001:db8:8::1"] {
                assert!(sign_up(&limits, elsewhere, "a@example.org").is_ok());
            }
        }
    }

    #[test]
    fn the_total_holds_for_all_clients_together() {
        let limits = limits(|limits| limits.total = "1/hour".parse().ok());
        assert!(sign_up(&limits, "192.0.2.1", "a@example.org").is_ok());
        assert!(sign_up(&limits, "192.0.2.2", "b@example.net").is_err());
    }

    /// However many clients take part, and in whichever script the domain is written.
    #[test]
    fn a_domain_has_an_allowance_whoever_asks() {
        let limits = limits(|limits| {
            limits.per_domain = "2/hour".parse().ok();
            limits.per_large_domain = "5/hour".parse().ok();
            limits.large_domains = vec!["gmail.com".to_owned()];
        });
        let admitted = |domains: &[&str]| {
            (0..10_usize)
                .filter(|number| {
                    let to = format!("a{number}@{}", domains[number % domains.len()]);
                    sign_up(&limits, &format!("10.{number}.0.1"), &to).is_ok()
                })
                .count()
        };
        assert_eq!(admitted(&["BÜCHER.example", "xn--bcher-kva.EXAMPLE"]), 2);
        assert_eq!(admitted(&["example.org"]), 2);
        assert_eq!(admitted(&["gmail.com"]), 5);
    }

    /// A client over its limit takes nothing from the others.
    #[test]
    fn a_refused_client_uses_up_no_common_allowance() {
        let limits = limits(|limits| {
            limits.per_client = "1/hour".parse().ok();
            limits.per_domain = "2/hour".parse().ok();
        });
        for _ in 0..50 {
            let _ = sign_up(&limits, "192.0.2.1", "a@example.org");
        }
        assert!(sign_up(&limits, "192.0.2.2", "a@example.org").is_ok());
    }

    #[test]
    fn a_tripped_breaker_lets_a_trickle_through() {
        let mut breaker = Policy::demo().limits.breaker.expect("a breaker");
        breaker.trickle = "3/hour".parse().expect("a rate");
        let limits = limits(|limits| limits.breaker = Some(breaker));
        let to = address("a@example.org");
        let admitted = |cause: Cause<'_>, is_tripped: bool| {
            (0..10)
                .filter(|_| limits.admit(cause, is_tripped).is_ok())
                .count()
        };
        assert_eq!(admitted(Cause::SignUp(&to), true), 3);
        assert_eq!(admitted(Cause::SignUp(&to), false), 10);
        assert_eq!(admitted(Cause::Link(&to), true), 10, "of somebody known");
        assert_eq!(admitted(Cause::FreshLink, true), 10);
    }

    /// However many known people name the same address as theirs.
    #[test]
    fn a_new_address_gets_three_letters_a_day() {
        let limits = limits(|_| {});
        let admitted = |to: &str| {
            let to = address(to);
            (0..10)
                .filter(|_| {
                    let cause = Cause::NewAddress(&to);
                    limits.admit(cause, false).is_ok()
                })
                .count()
        };
        assert_eq!(admitted("victim@example.org"), 3);
        assert_eq!(admitted("Victim@EXAMPLE.org"), 0, "the same mailbox");
        assert_eq!(admitted("other@example.org"), 3);
    }

    #[test]
    fn without_limits_everybody_is_admitted() {
        let limits = limits(|_| {});
        for _ in 0..5000 {
            assert!(sign_up(&limits, "192.0.2.1", "a@example.org").is_ok());
        }
    }
}
