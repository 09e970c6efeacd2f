//! The retention engine in adversity: nothing is purged early, nothing is lost, the report is clear,
//! and the next run finishes the work.

mod kills;
mod policies;
mod sources;
mod time;

use std::time::Duration;

use consentry_tests::{binaries::binaries, process::Process, wait_for};

use crate::retention::Office;

/// Rows that are past their period, in six batches.
const PAST: u32 = 30_000;

/// Rows that are not.
const PRESENT: u32 = 10;

/// What becomes due takes all of the dataset at once.
fn large() -> String {
    crate::retention::with_brake_off()
}

/// Clients past their period and some that are not.
fn fill(office: &Office) {
    office.clients(1, PAST, "2028-01-01");
    office.clients(PAST + 1, PAST + PRESENT, "2031-01-01");
}

/// Begins a run, and waits until it has done a part of its work.
fn begin(office: &Office) -> Process {
    let arguments = ["retention", "run", "--yes"];
    let run = Process::start(&mut office.site.command(&binaries().admin, &arguments));
    wait_for_progress(office, PAST + PRESENT);
    run
}

fn wait_for_progress(office: &Office, before: u32) {
    wait_for("first batch", Duration::from_mins(1), || {
        (office.count("clients") < before).then_some(())
    });
}

/// Whole batches alone were done, and nothing that is not due.
fn assert_unharmed(office: &Office) {
    let clients = office.count("clients");
    assert_eq!(clients, office.count("orders"), "half a batch");
    assert!(clients >= PRESENT, "purged early");
    let present = office.count("clients WHERE contract_end > '2030-12-31'");
    assert_eq!(present, PRESENT, "purged early");
}

/// The next run ends the work, and the verification is clean.
fn assert_finished_by_the_next_run(office: &Office) {
    assert_unharmed(office);
    office.run();
    assert_eq!(
        [office.count("clients"), office.count("orders")],
        [PRESENT; 2]
    );
    let status = office.retention(&["status"]);
    assert_eq!(status["runs"][0]["outcome"], "done");
    office.site.admin(&["retention", "verify"]).succeed();
}
