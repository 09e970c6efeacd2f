//! Killed, stopped and started at any moment, under load: what was acknowledged is there, each person
//! is written to, and a second copy is only what nobody could know about.
//!
//! `just soak` runs these longer and prints the figures.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use consentry_tests::{
    database::{Database, Engine},
    http::Client,
    is_long_run,
    mail::Letter,
    process::Process,
    site::{Site, Web},
    smtp::{Fault, Message, Options, Outcome, Sink, Stage as Step},
    wait_for,
};

use crate::steps::{Stage, on_each_engine, site};

on_each_engine!(
    killed_again_and_again_nothing_is_lost,
    an_outage_and_a_kill_lose_no_letter_of_a_long_queue,
    twenty_workers_send_everything_once,
    a_stop_leaves_nothing_uncertain_that_need_not_be,
);

/// By the clock; what CI can show without waiting a minute is in `workers`.
mod within_a_minute {
    use consentry_tests::database::Engine;

    #[test]
    #[ignore = "takes a minute: `just soak`"]
    fn sqlite() {
        super::a_dead_workers_mail_is_picked_up_within_a_minute(Engine::Sqlite);
    }

    #[test]
    #[ignore = "takes a minute: `just soak`"]
    fn postgres() {
        super::a_dead_workers_mail_is_picked_up_within_a_minute(Engine::Postgres);
    }
}

/// The first number in CI, the second in the long run.
fn sized(short: usize, long: usize) -> usize {
    if is_long_run() { long } else { short }
}

#[expect(clippy::print_stdout, reason = "the figures of the long run")]
fn report(engine: Engine, figures: &str) {
    println!("{engine:?}: {figures}");
}

/// Letters that a process was handing over: whether the relay has them, nobody knows once it is dead.
fn under_way(site: &Site) -> usize {
    let count = site.query("SELECT count(*) FROM consentry_letters WHERE state = 'sending'");
    count.trim().parse().expect("a count is a number")
}

/// Lets leases run out. They follow the database's clock, which is that of the site for the embedded
/// one; a PostgreSQL server has its own, so its leases are aged instead.
pub(crate) fn leases_run_out(site: &mut Site, instant: &str) {
    site.set_clock(instant);
    if let Database::Postgres(database) = site.database() {
        for table in ["consentry_letters", "consentry_jobs"] {
            database.query(&format!(
                "UPDATE {table} SET leased_until = leased_until - 61000000"
            ));
        }
    }
}

/// What the relay took over, by recipient. Copies for one person are recognisable as one message.
fn taken(messages: &[Message]) -> BTreeMap<String, usize> {
    let mut copies: BTreeMap<String, (usize, BTreeSet<String>)> = BTreeMap::new();
    for message in messages {
        if message.outcome == Outcome::Accepted {
            let of_person = copies.entry(message.to[0].address.clone()).or_default();
            of_person.0 += 1;
            let letter = Letter::parse(&message.bytes);
            of_person.1.insert(letter.header("Message-ID"));
        }
    }
    let counted = copies.into_iter().map(|(address, (count, ids))| {
        assert_eq!(ids.len(), 1, "{address} got different messages");
        (address, count)
    });
    counted.collect()
}

fn duplicates(taken: &BTreeMap<String, usize>) -> usize {
    taken.values().map(|count| count - 1).sum()
}

/// People who sign up, one after the other, until they are told to stop.
struct Crowd {
    url: Mutex<String>,
    ended: AtomicBool,
    acknowledged: Mutex<BTreeSet<String>>,
    unanswered: AtomicUsize,
}

impl Crowd {
    fn new(url: &str) -> Self {
        Self {
            url: Mutex::new(url.to_owned()),
            ended: AtomicBool::new(false),
            acknowledged: Mutex::default(),
            unanswered: AtomicUsize::new(0),
        }
    }

    fn turn_to(&self, web: &Web) {
        let mut url = self.url.lock().expect("nobody panics here");
        web.url().clone_into(&mut url);
    }

    fn sign_up(&self, lane: usize) {
        for number in 0.. {
            if self.ended.load(Ordering::Relaxed) {
                return;
            }
            let address = format!("p{number}-{lane}@kunde.example");
            let url = self.url.lock().expect("nobody panics here").clone();
            let client = Client::new(&url);
            if let Ok(answer) = client.try_post_form("/subscribe", &[("email", &address)]) {
                assert_eq!(answer.status, 303, "{}", answer.body);
                let mut acknowledged = self.acknowledged.lock().expect("nobody panics here");
                acknowledged.insert(address);
            } else {
                self.unanswered.fetch_add(1, Ordering::Relaxed);
                thread::sleep(Duration::from_millis(20));
            }
        }
    }
}

/// S0-29: servers and workers die again and again while people sign up and a relay takes their letters.
fn killed_again_and_again_nothing_is_lost(engine: Engine) {
    let rounds: u64 = if is_long_run() { 40 } else { 3 };
    let sink = Sink::start(Options::default());
    let mut site = site(engine)
        .with("CONSENTRY_SMTP_URL", sink.url())
        .at("2027-01-04T09:00:00Z");
    let start = || -> (Web, Process) { (site.web(), site.worker()) };
    let (mut web, mut worker) = start();
    let crowd = Crowd::new(web.url());
    let undecidable = thread::scope(|scope| {
        for lane in 0..6 {
            let crowd = &crowd;
            scope.spawn(move || crowd.sign_up(lane));
        }
        let mut undecidable = 0;
        for round in 0..=rounds {
            // Never the same moment of their work.
            thread::sleep(Duration::from_millis(300 + 170 * (round % 5)));
            if round == rounds {
                crowd.ended.store(true, Ordering::Relaxed);
            }
            web.kill();
            worker.kill();
            undecidable += under_way(&site);
            (web, worker) = start();
            crowd.turn_to(&web);
        }
        worker.kill();
        undecidable + under_way(&site)
    });
    leases_run_out(&mut site, "2027-01-04T09:10:00Z");
    // What was being handed over is repeated half an hour after it was found.
    for hour in 10..14 {
        site.worker_once().succeed();
        leases_run_out(&mut site, &format!("2027-01-04T{hour}:00:00Z"));
    }
    site.worker_once().succeed();

    let acknowledged = crowd.acknowledged.lock().expect("nobody panics here");
    assert!(!acknowledged.is_empty(), "nobody signed up");
    let listed = site
        .admin(&["subscriber", "list", "--format", "json"])
        .json();
    let held: BTreeSet<_> = listed
        .as_array()
        .expect("a list is an array")
        .iter()
        .filter_map(|person| person["email"].as_str())
        .collect();
    let taken = taken(&sink.messages());
    for address in acknowledged.iter() {
        assert!(
            held.contains(address.as_str()),
            "{address} was acknowledged and is gone"
        );
        assert!(taken.contains_key(address), "{address} got no letter");
    }
    assert!(taken.keys().all(|address| held.contains(address.as_str())));
    assert!(
        taken.values().all(|count| *count <= 2),
        "one repeat at most"
    );
    let duplicates = duplicates(&taken);
    assert!(
        duplicates <= undecidable,
        "{duplicates} duplicates, {undecidable} under way at a kill"
    );
    report(
        engine,
        &format!(
            "{} kills of web and of worker; {} sign-ups acknowledged, {} unanswered; {} people \
             delivered to; {duplicates} duplicates of {undecidable} under way at a kill",
            rounds + 1,
            acknowledged.len(),
            crowd.unanswered.load(Ordering::Relaxed),
            taken.len()
        ),
    );
}

/// A site on which so many people wait for their letter, with a relay of its own.
fn crowded(engine: Engine, letters: usize) -> Stage {
    let site = site(engine).at("2027-01-04T09:00:00Z");
    let stage = Stage::with_relay(site, Sink::start(Options::default()));
    thread::scope(|scope| {
        for lane in 0..8 {
            let url = stage.web.url();
            scope.spawn(move || {
                let client = Client::new(url);
                for number in (lane..letters).step_by(8) {
                    let email = format!("p{number}@kunde.example");
                    let answer = client.post_form("/subscribe", &[("email", &email)]);
                    assert_eq!(answer.status, 303);
                }
            });
        }
    });
    stage
}

fn wait_for_letters(stage: &Stage, count: usize) {
    wait_for(&format!("{count} letters"), Duration::from_mins(3), || {
        (stage.relay().messages().len() >= count).then_some(())
    });
}

/// The relay goes away in the middle of a queue, the worker is killed, both come back.
fn an_outage_and_a_kill_lose_no_letter_of_a_long_queue(engine: Engine) {
    let letters = sized(200, 3_000);
    let mut stage = crowded(engine, letters);
    let worker = stage.site.worker();
    wait_for_letters(&stage, letters / 4);
    // Every connection breaks, and no other comes about.
    stage.relay().always(Step::Connect, Fault::Close);
    stage.relay().always(Step::Rcpt, Fault::Reset);
    wait_for("outage in the log", Duration::from_secs(30), || {
        worker
            .log()
            .contains("the relay takes no letter")
            .then_some(())
    });
    let in_the_outage = stage.relay().messages().len();
    stage.relay().recover();
    worker.kill();
    let mut undecidable = under_way(&stage.site);
    leases_run_out(&mut stage.site, "2027-01-04T09:20:00Z");
    let worker = stage.site.worker();
    wait_for_letters(&stage, in_the_outage + (letters - in_the_outage) / 3);
    worker.kill();
    undecidable += under_way(&stage.site);
    for hour in 10..14 {
        leases_run_out(&mut stage.site, &format!("2027-01-04T{hour}:00:00Z"));
        stage.pass();
    }
    let taken = taken(&stage.relay().messages());
    assert_eq!(taken.len(), letters, "everybody has a letter");
    let duplicates = duplicates(&taken);
    assert!(
        taken.values().all(|count| *count <= 2),
        "one repeat at most"
    );
    assert!(
        duplicates <= undecidable,
        "{duplicates} duplicates of {undecidable}"
    );
    report(
        engine,
        &format!(
            "{letters} letters, an outage after {in_the_outage}, 2 kills of the worker: {} people \
             delivered to, {duplicates} duplicates of {undecidable} under way at a kill",
            taken.len()
        ),
    );
}

/// S0-31, S0-102: each letter and each reminder goes once, whoever else is at it.
fn twenty_workers_send_everything_once(engine: Engine) {
    const PEOPLE: usize = 40;

    let mut stage = crowded(engine, PEOPLE);
    stage.pass();
    stage.travel("2027-01-12T09:00:00Z");
    for number in 0..PEOPLE {
        stage.sign_up(&format!("new{number}@kunde.example"));
    }
    let workers: Vec<Process> = (0..20).map(|_| stage.site.worker()).collect();
    wait_for_letters(&stage, 3 * PEOPLE);
    // Whoever would send something twice has a moment for it.
    thread::sleep(Duration::from_secs(2));
    for worker in workers {
        assert_eq!(worker.stop().code(), Some(0));
    }
    stage.pass();
    let messages = stage.relay().accepted();
    assert_eq!(messages.len(), 3 * PEOPLE);
    let ids: BTreeSet<_> = messages
        .iter()
        .map(|message| Letter::parse(&message.bytes).header("Message-ID"))
        .collect();
    assert_eq!(ids.len(), 3 * PEOPLE, "each letter once");
    for number in 0..PEOPLE {
        let address = format!("p{number}@kunde.example");
        let to_person = messages
            .iter()
            .filter(|message| message.to[0].address == address);
        assert_eq!(to_person.count(), 2, "a confirmation and one reminder");
    }
}

/// SIGTERM in the middle of hand-overs: what has not come to the final dot is surely not taken and goes
/// with the next worker; for what has, the answer is awaited.
fn a_stop_leaves_nothing_uncertain_that_need_not_be(engine: Engine) {
    let stage = crowded(engine, 4);
    let relay = stage.relay();
    relay.once_for("p0@kunde.example", Step::Rcpt, Fault::Hang);
    relay.once_for("p1@kunde.example", Step::Data, Fault::Hang);
    relay.once_for(
        "p2@kunde.example",
        Step::Dot,
        Fault::Drip(Duration::from_millis(200)),
    );
    let worker = stage.site.worker();
    wait_for("three letters under way", Duration::from_mins(1), || {
        (under_way(&stage.site) == 3).then_some(())
    });
    wait_for_letters(&stage, 2);
    let asked = Instant::now();
    assert_eq!(worker.stop().code(), Some(0));
    assert!(
        asked.elapsed() < Duration::from_secs(20),
        "{:?}",
        asked.elapsed()
    );
    let states = stage.site.query(
        "SELECT state, uncertain, coalesce(reason, '-') FROM consentry_letters ORDER BY state, 2, 3",
    );
    assert_eq!(
        states.trim(),
        "queued|0|stopped\nqueued|0|stopped\nsent|0|-\nsent|0|-"
    );
    stage.pass();
    let taken = taken(&stage.relay().messages());
    assert_eq!(taken.values().copied().collect::<Vec<_>>(), [1, 1, 1, 1]);
}

/// What a dead worker held is handed over by another, all but what nobody knows about.
fn a_dead_workers_mail_is_picked_up_within_a_minute(engine: Engine) {
    let stage = crowded(engine, 300);
    stage.relay().once(Step::Dot, Fault::Hang);
    let worker = stage.site.worker();
    wait_for_letters(&stage, 20);
    worker.kill();
    let killed = Instant::now();
    let undecidable = under_way(&stage.site);
    let heir = stage.site.worker();
    wait_for("all but the undecidable", Duration::from_secs(70), || {
        let messages = stage.relay().messages();
        (taken(&messages).len() + undecidable >= 300).then_some(())
    });
    let waited = killed.elapsed();
    assert!(waited < Duration::from_mins(1), "{waited:?}");
    assert_eq!(heir.stop().code(), Some(0));
    report(
        engine,
        &format!("what a dead worker held went {waited:.1?} after its death"),
    );
}
