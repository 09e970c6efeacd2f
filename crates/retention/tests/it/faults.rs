//! What goes wrong in the middle costs nothing: the next run finishes the work.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;

use consentry_retention::RetentionError;

use crate::purge::{CLIENTS, TABLES, client, many, stage};
use crate::support::{World, at};

on_both! {
    a_run_that_is_killed_is_finished_by_the_next,
    a_refused_batch_stays_whole,
    a_clock_that_is_set_back_purges_nothing_early,
}

const PURGE: &str =
    "id = \"purge\"\naction = \"purge\"\nclock = \"last-seen\"\nafter = \"1 year\"\nbrake = 100";
const NOW: &str = "2026-06-01T00:00:00Z";

async fn count(world: &World, table: &str) -> u64 {
    let count = world.column(&format!("SELECT count(*) FROM {table}")).await;
    count[0].parse().unwrap()
}

/// S0-102.
async fn a_run_that_is_killed_is_finished_by_the_next(world: &mut World) {
    world.promise(&format!("{CLIENTS}{}", stage(PURGE)));
    world.execute(TABLES).await;
    many(world, 12_000).await;
    let done = AtomicU64::new(0);
    {
        let engine = world.engine();
        let mut progress = |progress: &consentry_retention::Progress<'_>| {
            done.store(progress.done, Ordering::Relaxed);
        };
        let mut run = pin!(engine.run(at(NOW), None, &mut progress));
        // Polled until the first batch is done, then dropped where it stands.
        std::future::poll_fn(|context| match done.load(Ordering::Relaxed) {
            0 => run
                .as_mut()
                .poll(context)
                .map(|report| drop(report.unwrap())),
            _ => Poll::Ready(()),
        })
        .await;
    }
    let left = count(world, "clients").await;
    assert!((1..12_000).contains(&left), "{left}");
    assert_eq!(count(world, "orders").await, left);
    let report = world.run(NOW).await;
    assert_eq!(report.rules[0].done, left);
    assert!(world.plan(NOW).await.is_clean());
}

/// A batch is done as a whole or not at all, and the error says which dataset, and no value.
async fn a_refused_batch_stays_whole(world: &mut World) {
    world.promise(&format!("{CLIENTS}{}", stage(PURGE)));
    world.execute(TABLES).await;
    for id in 1..=2 {
        client(world, id, "2020-01-01 00:00:00+00").await;
    }
    let refuse = if world.is_sqlite() {
        "CREATE TRIGGER stop BEFORE DELETE ON clients WHEN OLD.id = 2
         BEGIN SELECT RAISE(ABORT, 'c2@example.org stays'); END"
    } else {
        "CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN RAISE EXCEPTION '% stays', OLD.email; END $$;
         CREATE TRIGGER stop BEFORE DELETE ON clients FOR EACH ROW WHEN (OLD.id = 2)
         EXECUTE FUNCTION stop()"
    };
    world.execute(refuse).await;
    let error = world
        .engine()
        .run(at(NOW), None, &mut |_| {})
        .await
        .unwrap_err();
    let RetentionError::Source { dataset, error } = error else {
        panic!("{error}");
    };
    assert_eq!(dataset.as_str(), "clients");
    assert!(!error.to_string().contains("example.org"), "{error}");
    assert_eq!(
        (count(world, "clients").await, count(world, "orders").await),
        (2, 4)
    );
    let lift = if world.is_sqlite() {
        "DROP TRIGGER stop"
    } else {
        "DROP TRIGGER stop ON clients"
    };
    world.execute(lift).await;
    assert_eq!(world.run(NOW).await.rules[0].done, 2);
}

/// Standards 4.4.
async fn a_clock_that_is_set_back_purges_nothing_early(world: &mut World) {
    world.promise(&format!("{CLIENTS}{}", stage(PURGE)));
    world.execute(TABLES).await;
    client(world, 1, "2025-03-29 01:30:00+00").await;
    for now in [
        "2026-03-29T00:29:59Z",
        "2026-01-01T00:00:00Z",
        "2026-03-29T01:29:59Z",
    ] {
        assert_eq!(world.run(now).await.rules[0].done, 0, "{now}");
    }
    assert_eq!(world.run("2026-03-29T02:00:00Z").await.rules[0].done, 1);
}
