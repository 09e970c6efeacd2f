//! How many connections are open, in all and from one client.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use ipnet::IpNet;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::warn;

/// Open connections in all; a client beyond waits in the listen queue.
const ALL: usize = 10_000;
/// Open connections of one client: an IPv4 address or an IPv6 /64. A browser has six.
const PER_CLIENT: usize = 512;
/// Files that are left to the database, the relay and the log.
const OTHER_FILES: u64 = 512;

/// How many connections each client has.
type Counts = Arc<Mutex<HashMap<IpAddr, usize>>>;

/// The connections of a server.
pub(crate) struct Connections {
    slots: Arc<Semaphore>,
    all: usize,
    per_client: usize,
    held: Counts,
    trusted: Vec<IpNet>,
}

/// A place for one connection, free again when this is dropped.
pub(crate) struct Place {
    client: Option<(IpAddr, Counts)>,
    _slot: OwnedSemaphorePermit,
}

impl Connections {
    /// As many as this process may open. Proxies that are trusted hold any number of them, and so
    /// does this machine: everybody comes from there.
    pub(crate) fn new(trusted: Vec<IpNet>) -> Self {
        let files = open_files().saturating_sub(OTHER_FILES).max(64);
        let all = usize::try_from(files).map_or(ALL, |files| files.min(ALL));
        Self::with(all, PER_CLIENT, trusted)
    }

    fn with(all: usize, per_client: usize, trusted: Vec<IpNet>) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(all)),
            all,
            per_client,
            held: Arc::default(),
            trusted,
        }
    }

    /// Waits until one more connection may be opened.
    pub(crate) async fn slot(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.slots).acquire_owned().await.ok()
    }

    /// A place for a client's connection; `None` when it has too many.
    pub(crate) fn place(&self, client: IpAddr, slot: OwnedSemaphorePermit) -> Option<Place> {
        let client = client.to_canonical();
        if client.is_loopback() || self.trusted.iter().any(|net| net.contains(&client)) {
            return Some(Place {
                client: None,
                _slot: slot,
            });
        }
        let client = match client {
            IpAddr::V4(_) => client,
            IpAddr::V6(address) => IpAddr::V6((address.to_bits() & !u128::from(u64::MAX)).into()),
        };
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry(client).or_default();
        if *count >= self.per_client {
            return None;
        }
        *count += 1;
        Some(Place {
            client: Some((client, Arc::clone(&self.held))),
            _slot: slot,
        })
    }

    /// Whether so few places are free that nobody may dawdle.
    pub(crate) fn are_scarce(&self) -> bool {
        self.slots.available_permits() < self.all / 4
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((client, held)) = &self.client else {
            return;
        };
        let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(client) {
            *count -= 1;
            if *count == 0 {
                held.remove(client);
            }
        }
    }
}

/// How many files this process may open, once it has asked for as many as it can get: the usual
/// 1,024 are a tenth of what a busy site needs.
fn open_files() -> u64 {
    let limits = getrlimit(Resource::Nofile);
    let wanted = Rlimit {
        current: limits.maximum,
        ..limits
    };
    match setrlimit(Resource::Nofile, wanted) {
        Ok(()) => limits.maximum.unwrap_or(u64::MAX),
        Err(error) => {
            warn!(%error, "the number of open files stays what it was");
            limits.current.unwrap_or(u64::MAX)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn open(connections: &Connections, client: &str) -> Option<Place> {
        let slot = connections.slot().await?;
        connections.place(client.parse().expect("an address"), slot)
    }

    #[tokio::test]
    async fn one_client_holds_no_more_than_its_share() {
        let proxies = vec!["10.0.0.0/8".parse().expect("a network")];
        let connections = Connections::with(100, 2, proxies);
        let mut places = Vec::new();
        for (client, is_open) in [
            ("192.0.2.1", true),
            ("::ffff:192.0.2.1", true),
            ("192.0.2.1", false),
            ("192.0.2.2", true),
            ("2001:db8::1", true),
            ("2001:db8::2", true),
            ("2001:db8::3", false),
            ("2001:db8:0:1::1", true),
        ] {
            let place = open(&connections, client).await;
            assert_eq!(place.is_some(), is_open, "{client}");
            places.extend(place);
        }
        for _ in 0..10 {
            places.extend(open(&connections, "10.0.0.1").await);
            places.extend(open(&connections, "127.0.0.1").await);
        }
        assert_eq!(places.len(), 26, "proxies and this machine hold any number");
        assert!(!connections.are_scarce());
        drop(places);
        assert!(open(&connections, "192.0.2.1").await.is_some());
        assert_eq!(connections.slots.available_permits(), 100);
        assert!(connections.held.lock().expect("one thread").is_empty());
    }

    #[tokio::test]
    async fn the_last_quarter_is_scarce() {
        let connections = Connections::with(4, 9, Vec::new());
        let mut places = Vec::new();
        for is_scarce in [false, false, false, true] {
            places.extend(open(&connections, "192.0.2.1").await);
            assert_eq!(connections.are_scarce(), is_scarce);
        }
    }
}
