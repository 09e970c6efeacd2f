//! The measurement itself still works: it is run by hand, so nothing else would tell.

use std::{path::Path, process::Command};

use consentry_tests::binaries::binaries;
use serde_json::Value;

#[test]
fn the_bench_measures_both_databases_at_a_tiny_size() {
    // It takes the programs that lie beside it.
    binaries();
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut figures = figures(folder.path(), &[]);
    figures.extend(self::figures(folder.path(), &["--retention", "8"]));
    for database in ["SQLite", "PostgreSQL"] {
        for figure in [
            "start to ready",
            "web idle",
            "sign-ups, 8 clients",
            "sign-ups, 64 clients, p99",
            "mails, unsigned",
            "mails, RSA-2048",
            "confirmations, 64 clients",
            "one-clicks, 64 clients",
            "rows purged",
            "rows archived",
        ] {
            let measured = figures
                .iter()
                .find(|one| one["database"] == database && one["figure"] == figure);
            let median = measured.and_then(|one| one["median"].as_f64());
            assert!(
                median.is_some_and(|median| median > 0.0),
                "{database}: {figure} is missing"
            );
        }
    }
}

fn figures(folder: &Path, arguments: &[&str]) -> Vec<Value> {
    let path = folder.join("figures.json");
    let output = Command::new(env!("CARGO_BIN_EXE_consentry-bench"))
        .args(["--smoke", "--json"])
        .arg(&path)
        .args(arguments)
        .output()
        .expect("the bench can be started");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    let figures = std::fs::read(&path).expect("the figures are written");
    serde_json::from_slice(&figures).expect("the figures are JSON")
}
