//! Killed, again and again.

use std::time::Duration;

use consentry_tests::{database::Engine, wait_for};

use super::{PAST, PRESENT, assert_finished_by_the_next_run, assert_unharmed, fill, large};
use crate::{crash::leases_run_out, retention::Office, steps::on_each_engine};

on_each_engine!(
    two_workers_that_are_killed_again_and_again_finish_the_work,
    what_a_killed_run_left_to_clean_is_cleaned_by_the_next,
);

/// S0-102: each pair of workers does a batch at least, and dies in the middle of another.
fn two_workers_that_are_killed_again_and_again_finish_the_work(engine: Engine) {
    let mut office = Office::under(engine, &large());
    fill(&office);
    let mut left = PAST + PRESENT;
    let mut kills = 0;
    while left > PRESENT {
        let workers = [office.site.worker(), office.site.worker()];
        wait_for("progress", Duration::from_mins(1), || {
            (office.count("clients") < left).then_some(())
        });
        for worker in workers {
            worker.kill();
            kills += 1;
        }
        assert_unharmed(&office);
        left = office.count("clients");
        let minute = 2 * kills;
        leases_run_out(&mut office.site, &format!("2031-06-02T10:{minute:02}:00Z"));
    }
    assert!(kills >= 4, "all was done at once");
    assert_finished_by_the_next_run(&office);
}

/// S0-64: what is deleted leaves no free pages, although the next run has nothing else to do.
fn what_a_killed_run_left_to_clean_is_cleaned_by_the_next(engine: Engine) {
    let office = Office::under(engine, &large());
    fill(&office);
    super::begin(&office).kill();
    office
        .application
        .query("UPDATE clients SET contract_end = '2031-01-01'");
    let dirty = |office: &Office| match engine {
        Engine::Sqlite => office.application.query("PRAGMA freelist_count").trim() != "0",
        Engine::Postgres => {
            let vacuumed = "SELECT count(last_vacuum) FROM pg_stat_user_tables
                            WHERE relname IN ('clients', 'orders')";
            office.application.query(vacuumed).trim() != "2"
        }
    };
    assert!(dirty(&office));
    let ran = office.retention(&["run", "--yes"]);
    assert!(!dirty(&office), "{ran}");
    let residue = &ran["report"]["residue"]["back-office"];
    assert!(residue.to_string().contains("backups"), "{ran}");
    assert!(office.count("clients") > PRESENT);
    let again = office.retention(&["run", "--yes"]);
    assert_eq!(again["report"]["residue"], serde_json::json!({}));
}
