//! What the engine takes, as a ratio to the best hand-written statements for the same rows, with the
//! same cleaning after it. Measured, not asserted: `just bench-retention` (docs/performance.md).

#![allow(clippy::print_stdout, reason = "figures are for whoever measures")]

use std::time::{Duration, Instant};

use crate::purge::{CLIENTS, TABLES, stage};
use crate::support::{Hand, World, at};

const NOW: &str = "2026-06-01T00:00:00Z";
const ROUNDS: usize = 3;
const MILLION: u32 = 1_000_000;

const PURGE: &str =
    "id = \"purge\"\naction = \"purge\"\nclock = \"last-seen\"\nafter = \"1 year\"\nbrake = 100";
const REDUCE: &str = "id = \"reduce\"\naction = \"anonymise\"\nclock = \"last-seen\"\n\
     after = \"1 year\"\nbrake = 100\nmethods = { name = \"initials\", amount = \"bucket(10)\" }";

const DUE: &str = "seen < '2025-06-01 00:00:00+00'";

macro_rules! measured {
    ($($test:ident,)+) => { $(
        mod $test {
            #[tokio::test]
            #[ignore = "takes minutes and wants a quiet machine"]
            async fn sqlite() {
                crate::support::on_sqlite(super::$test).await;
            }

            #[tokio::test]
            #[ignore = "takes minutes and wants a quiet machine"]
            async fn postgres() {
                crate::support::on_postgres(super::$test).await;
            }
        }
    )+ };
}

measured! {
    purge_of_a_million,
    anonymise_of_a_million,
    a_thousand_due_of_ten_million,
}

async fn purge_of_a_million(world: &mut World) {
    world.promise(&format!("{CLIENTS}{}", stage(PURGE)));
    let by_hand = [
        format!("DELETE FROM orders WHERE client_id IN (SELECT id FROM clients WHERE {DUE})"),
        format!("DELETE FROM clients WHERE {DUE}"),
    ];
    compare(world, "purge of a million", &by_hand).await;
}

async fn anonymise_of_a_million(world: &mut World) {
    world.promise(&format!("{CLIENTS}{}", stage(REDUCE)));
    let by_hand = [format!(
        "UPDATE clients SET name = substr(name, 1, 1) || '.' || substr(name, 8, 1) || '.',
                amount = amount - amount % 10
         WHERE {DUE}"
    )];
    compare(world, "anonymise two fields of a million", &by_hand).await;
}

async fn a_thousand_due_of_ten_million(world: &mut World) {
    world.promise(&format!("{CLIENTS}{}", stage(PURGE)));
    fill(world, 0, 10 * MILLION).await;
    let due = 1_000;
    for round in 1..=ROUNDS {
        add(world, 0, due, 2020).await;
        let engine = by_engine(world, due).await;
        let since = Instant::now();
        assert!(world.plan(NOW).await.is_clean());
        let plan = since.elapsed();
        println!(
            "a thousand due of ten million, round {round}: {engine}, plan after it {plan:.1?}"
        );
    }
}

/// What one way to the outcome took.
#[derive(Clone, Copy)]
struct Figures {
    act: Duration,
    clean: Duration,
    /// How long other writers waited at most.
    longest: Duration,
    /// Processor time of this process, SQLite's within: what a busy machine does not change.
    processor: Duration,
    /// The most memory that the process had, in kilobytes.
    memory: u64,
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (act, clean, longest, memory) = (self.act, self.clean, self.longest, self.memory);
        let processor = self.processor;
        write!(
            f,
            "{act:.2?} and {clean:.2?} of cleaning, {processor:.2?} of it on a processor, the \
             longest transaction {longest:.1?}, at most {memory} kB"
        )
    }
}

async fn compare(world: &World, title: &str, by_hand: &[String]) {
    let (mut act, mut whole, mut processor) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        // First: what a large transaction leaves in the heap would count as ours.
        fill(world, MILLION, MILLION / 10).await;
        let engine = by_engine(world, MILLION).await;
        fill(world, MILLION, MILLION / 10).await;
        let hand = self::by_hand(world, by_hand).await;
        println!("{title}, round {round}: by hand {hand}\n    engine {engine}");
        let ratio = |engine: Duration, hand: Duration| engine.as_secs_f64() / hand.as_secs_f64();
        act.push(ratio(engine.act, hand.act));
        whole.push(ratio(engine.act + engine.clean, hand.act + hand.clean));
        processor.push(ratio(engine.processor, hand.processor));
    }
    println!(
        "{title}: {:.2} times the time by hand, with cleaning {:.2} times, on a processor {:.2} times",
        median(act),
        median(whole),
        median(processor)
    );
}

fn median(mut ratios: Vec<f64>) -> f64 {
    ratios.sort_by(f64::total_cmp);
    ratios[ratios.len() / 2]
}

/// The statements as one transaction, then what the engine does to clean.
async fn by_hand(world: &World, statements: &[String]) -> Figures {
    let hand = world.hand().await;
    forget_memory();
    let before = processor();
    let act = timed(async {
        hand.execute("BEGIN").await;
        for statement in statements {
            hand.execute(statement).await;
        }
        hand.execute("COMMIT").await;
    })
    .await;
    let clean = timed(clean(world, &hand)).await;
    Figures {
        act,
        clean,
        longest: act,
        processor: processor().saturating_sub(before),
        memory: memory(),
    }
}

async fn clean(world: &World, hand: &Hand) {
    let statements: &[&str] = if world.is_sqlite() {
        &[
            "ANALYZE clients",
            "ANALYZE orders",
            "PRAGMA temp_store = FILE",
            "VACUUM",
            "PRAGMA wal_checkpoint(TRUNCATE)",
        ]
    } else {
        &[
            "VACUUM (ANALYZE, INDEX_CLEANUP ON) orders",
            "VACUUM (ANALYZE, INDEX_CLEANUP ON) clients",
        ]
    };
    for statement in statements {
        hand.execute(statement).await;
    }
}

async fn by_engine(world: &World, due: u32) -> Figures {
    let engine = world.engine();
    forget_memory();
    let before = processor();
    let since = Instant::now();
    let mut last = since;
    let mut longest = Duration::ZERO;
    let mut progress = |_: &consentry_retention::Progress<'_>| {
        longest = longest.max(last.elapsed());
        last = Instant::now();
    };
    let report = engine.run(at(NOW), None, &mut progress).await.unwrap();
    assert_eq!(report.rules[0].done, u64::from(due));
    Figures {
        act: last - since,
        clean: last.elapsed(),
        longest,
        processor: processor().saturating_sub(before),
        memory: memory(),
    }
}

/// New tables with clients that are due, and others after them.
async fn fill(world: &World, due: u32, live: u32) {
    world
        .execute("DROP TABLE IF EXISTS orders; DROP TABLE IF EXISTS clients")
        .await;
    let (tables, indexes) = TABLES.split_at(TABLES.find("CREATE INDEX").unwrap());
    world.execute(tables).await;
    add(world, 0, due, 2020).await;
    add(world, due.max(1_000), live, 2026).await;
    world.execute(indexes).await;
    let rest: &[&str] = if world.is_sqlite() {
        &["ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)"]
    } else {
        &[
            "VACUUM ANALYZE clients",
            "VACUUM ANALYZE orders",
            "CHECKPOINT",
        ]
    };
    for statement in rest {
        world.execute(statement).await;
    }
}

/// Clients that came by in the first months of a year, one after the other, each with an order.
async fn add(world: &World, from: u32, count: u32, year: u32) {
    if count == 0 {
        return;
    }
    let last = from + count - 1;
    let numbers = format!(
        "WITH RECURSIVE n (i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM n WHERE i < {last})"
    );
    let sql = format!(
        "INSERT INTO clients (id, email, name, amount, seen) {numbers}
             SELECT i, 'c' || i || '@example.org', 'Client ' || i, i % 1000,
                    CAST('{year}-0' || (1 + (i - {from}) * 5 / {count}) || '-01 00:00:00+00' AS TIMESTAMPTZ) FROM n;
         INSERT INTO orders (id, client_id) {numbers} SELECT i, i FROM n"
    );
    world.execute(&sql).await;
}

async fn timed(work: impl Future<Output = ()>) -> Duration {
    let since = Instant::now();
    work.await;
    since.elapsed()
}

/// What this process has used of the processors so far (proc(5), in hundredths of a second).
fn processor() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let ticks = fields.split(' ').skip(11).take(2);
    let ticks: u64 = ticks.map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    Duration::from_millis(10 * ticks)
}

/// From now on the kernel measures the process's peak anew (proc(5)).
fn forget_memory() {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
}

/// The peak since then, in kilobytes.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number.unwrap().parse().unwrap()
}
