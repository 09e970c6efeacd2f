//! The database fails: visitors are told to come back, nothing is acknowledged that is not kept, and
//! everything goes on by itself when the database does.

mod postgres;
mod sqlite;

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use consentry_tests::{
    http::Client,
    site::{Site, Web},
    wait_for,
};

/// Longer than a request may take, on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_mins(2);

/// People who sign up one after the other, whatever they are told.
struct Crowd {
    url: String,
    accepted: Arc<AtomicUsize>,
    refused: Arc<AtomicUsize>,
    leave: Arc<AtomicBool>,
    people: Vec<JoinHandle<Vec<String>>>,
}

impl Crowd {
    fn gather(web: &Web) -> Self {
        let mut crowd = Self {
            url: web.url().to_owned(),
            accepted: Arc::default(),
            refused: Arc::default(),
            leave: Arc::default(),
            people: Vec::new(),
        };
        for queue in 0..3 {
            let client = Client::new(&crowd.url);
            let (accepted, refused) = (Arc::clone(&crowd.accepted), Arc::clone(&crowd.refused));
            let leave = Arc::clone(&crowd.leave);
            crowd.people.push(thread::spawn(move || {
                let mut acknowledged = Vec::new();
                for number in 0.. {
                    if leave.load(Ordering::SeqCst) {
                        break;
                    }
                    let email = format!("queue{queue}.number{number}@kunde.example");
                    let answer = client.post_form("/subscribe", &[("email", &email)]);
                    match answer.status {
                        303 => {
                            acknowledged.push(email);
                            accepted.fetch_add(1, Ordering::SeqCst);
                        }
                        503 => {
                            assert!(answer.header("retry-after").is_some(), "come back when?");
                            assert!(answer.body.contains("</html>"), "{}", answer.body);
                            refused.fetch_add(1, Ordering::SeqCst);
                        }
                        status => panic!("status {status}: {}", answer.body),
                    }
                    thread::sleep(Duration::from_millis(20));
                }
                acknowledged
            }));
        }
        crowd
    }

    /// Waits until this many more were accepted.
    fn wait_accepted(&self, more: usize) {
        wait_more("accepted sign-up", &self.accepted, more);
    }

    /// Waits until this many more were refused.
    fn wait_refused(&self, more: usize) {
        wait_more("refused sign-up", &self.refused, more);
    }

    /// Asks for the health: the process lives all the time.
    fn readiness(&self) -> u16 {
        let client = Client::new(&self.url);
        assert_eq!(client.get("/healthz").status, 200);
        client.get("/readyz").status
    }

    /// Ends the sign-ups, and demands that everybody who was acknowledged is held.
    fn disperse(self, site: &Site) {
        self.leave.store(true, Ordering::SeqCst);
        let acknowledged: BTreeSet<String> = self
            .people
            .into_iter()
            .flat_map(|queue| queue.join().expect("every answer is one that is allowed"))
            .collect();
        let list = site
            .admin(&["subscriber", "list", "--format", "json"])
            .json();
        let held: BTreeSet<String> = list
            .as_array()
            .expect("a list")
            .iter()
            .map(|person| person["email"].as_str().expect("an address").to_owned())
            .collect();
        let missing: Vec<_> = acknowledged.difference(&held).collect();
        assert!(missing.is_empty(), "acknowledged and lost: {missing:?}");
        assert!(acknowledged.len() > 10, "hardly anybody was accepted");
    }
}

fn wait_more(what: &str, count: &AtomicUsize, more: usize) {
    let before = count.load(Ordering::SeqCst);
    wait_for(what, PATIENCE, || {
        (count.load(Ordering::SeqCst) >= before + more).then_some(())
    });
}

/// A site for a crowd: no limit on anybody.
fn crowded(site: Site) -> Site {
    site.with("CONSENTRY_LIMIT_PER_CLIENT", "off")
        .with("CONSENTRY_LIMIT_TOTAL", "off")
}
