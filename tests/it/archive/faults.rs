//! What goes wrong, and who must not get in: kills, two at once, key rings, the server.

use std::{fs, thread, time::Duration};

use consentry_tests::{binaries::binaries, database::Engine, process::Process, wait_for};

use super::Vault;
use crate::steps::on_each_engine;

on_each_engine!(
    a_kill_between_the_archive_and_the_source_loses_and_doubles_nothing,
    two_runs_at_once_archive_each_row_once,
    another_key_ring_is_refused_and_a_lost_one_is_not_replaced,
    the_key_ring_of_the_archive_is_rotated_and_retired,
    the_server_never_opens_the_archive,
);

/// S0-102: killed while the rows are in both, the next run replaces what is in the archive.
fn a_kill_between_the_archive_and_the_source_loses_and_doubles_nothing(engine: Engine) {
    let vault = Vault::open(engine);
    vault.clients(5);
    let application = &vault.office.application;
    application.query(match engine {
        Engine::Sqlite => {
            "CREATE VIEW slow AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
                 WHERE i < 2000000000) SELECT i FROM n;
             CREATE TRIGGER wait BEFORE DELETE ON clients BEGIN SELECT count(*) FROM slow; END"
        }
        Engine::Postgres => {
            "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN PERFORM pg_sleep(600); RETURN OLD; END $$;
             CREATE TRIGGER wait BEFORE DELETE ON clients FOR EACH ROW EXECUTE FUNCTION wait()"
        }
    });
    let arguments = ["retention", "run", "--yes"];
    let command = &mut vault.office.site.command(&binaries().admin, &arguments);
    let process = Process::start(command);
    wait_for("records in the archive", Duration::from_mins(1), || {
        (vault.records() == 5).then_some(())
    });
    process.kill();
    if engine == Engine::Postgres {
        application.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
    }
    assert_eq!(vault.office.count("clients"), 5);
    application.query(match engine {
        Engine::Sqlite => "DROP TRIGGER wait; DROP VIEW slow",
        Engine::Postgres => "DROP TRIGGER wait ON clients",
    });
    vault.office.run();
    assert_eq!(
        [vault.office.count("clients"), vault.office.count("orders")],
        [0, 0]
    );
    assert_eq!((vault.records(), vault.keys()), (5, 5));
    for client in 1..=5 {
        let person = format!("c{client}@kunde.example");
        assert_eq!(vault.opened(&person)[0]["record"]["row"]["id"], client);
    }
}

fn two_runs_at_once_archive_each_row_once(engine: Engine) {
    let vault = Vault::open(engine);
    vault.clients(2_500);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| vault.office.run());
        }
    });
    assert_eq!(vault.office.count("clients"), 0);
    assert_eq!((vault.records(), vault.keys()), (2_500, 2_500));
    assert_eq!(vault.opened("c2499@kunde.example").len(), 1);
}

/// S2-23: nothing is opened, nothing judged, nothing purged by accident, and the message says what to
/// do.
fn another_key_ring_is_refused_and_a_lost_one_is_not_replaced(engine: Engine) {
    let mut vault = Vault::open(engine).filled(2);
    let own = vault.file("archive-keys.toml");
    let kept = fs::read(&own).expect("there is a ring");
    fs::copy(vault.file("keys.toml"), &own).expect("a file can be copied");
    vault.office.site.set_clock("2040-01-01T10:00:00Z");
    for command in [&["archive", "status"][..], &["retention", "run", "--yes"]] {
        let refused = vault.admin(command);
        assert_eq!(refused.code, Some(2), "{}", refused.stderr);
        assert!(
            refused.stderr.contains("archive-keys.toml"),
            "{}",
            refused.stderr
        );
    }
    fs::remove_file(&own).expect("a file can be removed");
    let refused = vault.admin(&["retention", "run", "--yes"]);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(
        refused.stderr.contains("archive_keys_file"),
        "{}",
        refused.stderr
    );
    assert!(!own.exists(), "a new ring could read nothing");
    fs::write(&own, kept).expect("a file can be written");
    let exposed = vault.admin(&["archive", "status"]);
    assert_eq!(exposed.code, Some(2), "the file is readable by others");
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(&own, private).expect("a mode can be set");
    assert_eq!(vault.records(), 2);
    vault.office.run();
    assert_eq!(vault.records(), 0);
}

fn the_key_ring_of_the_archive_is_rotated_and_retired(engine: Engine) {
    let vault = Vault::open(engine).filled(2);
    let early = vault.admin(&["keys", "retire", "seal", "1", "--archive", "--yes"]);
    assert_eq!(early.code, Some(1), "{}", early.stderr);
    let rotated = vault.admin(&["keys", "rotate", "--archive"]);
    assert!(rotated.stderr.contains("2 records"), "{}", rotated.stderr);
    rotated.succeed();
    for key_use in ["seal", "index"] {
        let retire = ["keys", "retire", key_use, "1", "--archive", "--yes"];
        vault.admin(&retire).succeed();
    }
    let keys = vault.admin(&["keys", "list", "--archive"]).succeed();
    assert_eq!(keys.matches("verify-only").count(), 0, "{keys}");
    assert_eq!(vault.opened("c1@kunde.example").len(), 1);
    let live = vault.admin(&["keys", "list"]).succeed();
    assert_eq!(
        live.lines().count(),
        5,
        "the live ring is as it was: {live}"
    );
}

/// S2-23: neither the archive nor its key ring is needed to serve, and neither is touched, also where
/// the server does the worker's part.
fn the_server_never_opens_the_archive(engine: Engine) {
    let mut vault = Vault::open(engine);
    vault.clients(1);
    let site = &mut vault.office.site;
    let ring = site.folder().join("elsewhere.toml");
    site.set("CONSENTRY_ARCHIVE_URL", "sqlite:///nowhere/archive.db");
    site.set("CONSENTRY_ARCHIVE_KEYS_FILE", ring.to_str().expect("UTF-8"));
    site.set("CONSENTRY_EMBEDDED_WORKER", "true");
    site.set("CONSENTRY_METRICS_LISTEN", "127.0.0.1:0");
    let web = site.web();
    let client = consentry_tests::http::Client::new(web.url());
    let fields = [("email", "anna@kunde.example")];
    assert_eq!(client.post_form("/subscribe", &fields).status, 303);
    wait_for("a letter", Duration::from_mins(1), || {
        (!site.mailbox().is_empty()).then_some(())
    });
    wait_for("the warning", Duration::from_mins(1), || {
        web.log().contains("never opens the archive").then_some(())
    });
    assert_eq!(client.get("/readyz").status, 200);
    assert_eq!(web.stop().code(), Some(0));
    assert!(!ring.exists() && !site.data().join("archive.db").exists());
    assert_eq!(vault.office.count("clients"), 1);
}
