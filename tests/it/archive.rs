//! The archive, as an operator sees it: sealed, apart, opened for a reason, and ended by its own clock.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use consentry_tests::{
    binaries::binaries,
    database::{Database, Engine, PostgresDatabase},
    process::Process,
    residue,
    site::Output,
    wait_for,
};
use serde_json::Value;

use crate::{
    retention::{Office, RULES},
    steps::{Stage, on_each_engine},
};

on_each_engine!(
    what_is_archived_is_opened_for_a_reason_and_ends_by_its_own_clock,
    no_file_of_the_archive_or_of_ours_says_anything,
    an_erased_person_stays_erased_in_copies_and_after_a_restore,
    a_kill_between_the_archive_and_the_source_loses_and_doubles_nothing,
    two_runs_at_once_archive_each_row_once,
    what_a_hold_or_a_minimum_keeps_is_told_in_the_words_of_the_policy,
    another_key_ring_is_refused_and_a_lost_one_is_not_replaced,
    the_archive_outlives_its_application_and_ends_all_the_same,
    the_key_ring_of_the_archive_is_rotated_and_retired,
    a_subscriber_who_asks_for_erasure_leaves_the_archive_too,
    the_server_never_opens_the_archive,
);

const ARCHIVING: &str = r#"
[[datasets.stages]]
id = "archive-clients"
action = "archive"
clock = "contract-end"
after = "3 years"
brake = 100
reason = { en = "Proof of the contract", fr = "Preuve du contrat" }
promises = []
[[datasets.stages]]
id = "end-clients"
action = "purge"
within = "archive"
clock = "contract-end"
after = "8 years"
[[datasets.stages]]
id = "purge-departed"
"#;

/// Nothing else in the world is called so.
const NAME: &str = "Quintilia Wobbelstein";

/// An office whose clients are archived, and the database of the archive.
struct Vault {
    office: Office,
    archive: Database,
}

impl Vault {
    fn open(engine: Engine) -> Self {
        Self::with(engine, "")
    }

    /// With a minimum, or whatever follows the stages of the clients.
    fn with(engine: Engine, more: &str) -> Self {
        let (before, after) = RULES
            .split_once("[[datasets.stages]]\nid = \"purge-clients\"")
            .expect("the rules of clients");
        let (_, after) = after
            .split_once("id = \"purge-departed\"\n")
            .expect("the other rule of clients");
        let (departed, after) = after.split_once("\n\n").expect("the next dataset");
        let rules = format!("{before}{ARCHIVING}{departed}\n{more}\n{after}");
        let mut office = Office::under(engine, &rules);
        let archive = Database::new(engine);
        if let Some(url) = archive.url() {
            office.site.set("CONSENTRY_ARCHIVE_URL", url);
        }
        Self { office, archive }
    }

    /// Clients of these numbers, whose contract ended in January 2028, are in the archive.
    fn filled(self, count: u32) -> Self {
        self.clients(count);
        self.office.run();
        assert_eq!(self.office.count("clients"), 0);
        self
    }

    fn clients(&self, count: u32) {
        self.office.clients(1, count, "2028-01-31");
        let rename = format!("UPDATE clients SET name = '{NAME}'");
        self.office.application.query(&rename);
    }

    fn admin(&self, arguments: &[&str]) -> Output {
        self.office.site.admin(arguments)
    }

    fn records(&self) -> u64 {
        let status = self
            .admin(&["archive", "status", "--format", "json"])
            .json();
        let datasets = status["datasets"].as_array().expect("a list");
        let counts = datasets.iter().map(|one| one["records"].as_u64());
        counts.map(|count| count.expect("a count")).sum()
    }

    fn keys(&self) -> u64 {
        let status = self
            .admin(&["archive", "status", "--format", "json"])
            .json();
        status["keys"].as_u64().expect("a count")
    }

    fn opened(&self, person: &str) -> Vec<Value> {
        let whose = ["--subject", person, "--reason", "a request for access"];
        let opened = self.admin(&[&["archive", "open"], &whose[..]].concat());
        opened.json().as_array().expect("a list").clone()
    }

    fn erase(&self, person: &str) -> Output {
        let whose = ["--subject", person, "--reason", "asked for by letter"];
        self.admin(&[&["archive", "erase", "--yes"], &whose[..]].concat())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.office.site.data().join(name)
    }

    fn postgres(&self) -> Option<&PostgresDatabase> {
        match &self.archive {
            Database::Postgres(database) => Some(database),
            Database::Sqlite => None,
        }
    }

    /// Keeps the archive as it is now, as a backup of its database does.
    fn copy(&self) {
        match self.postgres() {
            Some(database) => {
                database.query("CREATE TABLE copy AS SELECT * FROM consentry_archive_records");
            }
            None => copy_archive(&self.office.site.data(), self.office.site.folder()),
        }
    }

    /// Puts back what was kept.
    fn restore_copy(&self) {
        match self.postgres() {
            Some(database) => {
                database.query("INSERT INTO consentry_archive_records SELECT * FROM copy");
            }
            None => copy_archive(self.office.site.folder(), &self.office.site.data()),
        }
    }
}

fn copy_archive(from: &Path, to: &Path) {
    for name in ["archive.db", "archive.db-wal"] {
        let _ = fs::remove_file(to.join(name));
        let copied = fs::copy(from.join(name), to.join(name));
        assert!(copied.is_ok() || name != "archive.db", "{copied:?}");
    }
}

/// S2-22 to S2-25, S2-32, S3-27, S4-49, S4-50: moved with what belongs to it, counted without being
/// opened, opened for a reason that is written down first, and purged eight years after the contract.
fn what_is_archived_is_opened_for_a_reason_and_ends_by_its_own_clock(engine: Engine) {
    let mut vault = Vault::open(engine).filled(3);
    assert_eq!(
        [vault.office.count("orders"), vault.office.count("clients")],
        [0, 0]
    );
    assert_eq!((vault.records(), vault.keys()), (3, 3));
    vault.admin(&["retention", "verify"]).succeed();

    let nobody = ["archive", "open", "--subject", "c2@kunde.example"];
    for reason in [&[][..], &["--reason", ""], &["--reason", "  "]] {
        let refused = vault.admin(&[&nobody[..], reason].concat());
        assert_eq!(
            (refused.code, &*refused.stdout),
            (Some(2), ""),
            "{}",
            refused.stderr
        );
    }
    let book = || {
        vault
            .admin(&["archive", "openings", "--format", "json"])
            .json()
    };
    assert_eq!(book(), Value::Array(Vec::new()), "nothing was opened");
    let opened = vault.opened("C2@Kunde.example");
    assert_eq!(opened.len(), 1);
    let record = &opened[0]["record"];
    assert_eq!(
        (&record["row"]["name"], &record["row"]["id"]),
        (&NAME.into(), &2.into())
    );
    assert!(record["0 orders"][0]["client_id"] == 2, "{record}");
    let line = &book()[0];
    assert_eq!(
        (&line["records"], &line["act"]),
        (&1.into(), &"opened".into())
    );
    assert_eq!(line["reason"], "a request for access");
    assert!(
        line["author"].is_string() && line["at"].is_string(),
        "{line}"
    );
    assert!(!book().to_string().contains("kunde.example"));

    vault.office.site.set_clock("2036-01-30T22:59:00Z");
    vault.office.run();
    assert_eq!(vault.records(), 3);
    vault.office.site.set_clock("2036-01-31T10:00:00Z");
    assert_eq!(vault.office.due("end-clients"), 3);
    assert_eq!(vault.admin(&["retention", "verify"]).code, Some(1));
    let ran = vault.office.retention(&["run", "--yes"]);
    assert!(ran["report"]["residue"]["archive"].is_array(), "{ran}");
    assert_eq!((vault.records(), vault.keys()), (0, 0));
    vault.admin(&["retention", "verify"]).succeed();
    assert!(vault.opened("c2@kunde.example").is_empty());
}

/// S2-22, S2-23: neither the record nor whose it is can be read in a file of the archive, of
/// Consentry's database or of a backup of it; and the archive's files are for their owner alone.
fn no_file_of_the_archive_or_of_ours_says_anything(engine: Engine) {
    let vault = Vault::open(engine).filled(2);
    let backup = vault.file("daily.backup");
    vault
        .admin(&["backup", backup.to_str().expect("UTF-8")])
        .succeed();
    let needles = [NAME, "Wobbelstein", "kunde.example"];
    let data = vault.office.site.data();
    assert_eq!(residue::scan(&data, &needles), []);
    let archive = vault.postgres().map_or_else(
        || vec![vault.file("archive.db")],
        |database| {
            let files = database.flushed_files();
            // The write-ahead log of the cluster is the application's too.
            let own = files
                .into_iter()
                .filter(|path| path.to_string_lossy().contains("/base/"));
            own.collect()
        },
    );
    let found = |needles: &[&str]| -> usize {
        let found = archive
            .iter()
            .map(|path| residue::scan(path, needles).len());
        found.sum()
    };
    assert_eq!(found(&needles), 0);
    assert!(
        found(&["archive-clients"]) > 0,
        "the search finds what is there"
    );
    let ring = fs::read_to_string(vault.file("archive-keys.toml")).expect("there is a ring");
    let live = fs::read_to_string(vault.file("keys.toml")).expect("there is a ring");
    let secret = ring
        .lines()
        .find(|line| line.starts_with("secret"))
        .expect("a key");
    assert!(!live.contains(secret), "another key than the live one");
    let doctor = vault.admin(&["doctor", "--format", "json"]).stdout;
    let checks: Vec<Value> = serde_json::from_str(&doctor).expect("a list");
    let is_well = |name: &str| {
        let found = checks.iter().find(|one| one["check"] == name);
        found.is_some_and(|one| one["result"] == "ok")
    };
    assert!(is_well("archive") && is_well("files"), "{doctor}");
}

/// S2-23, S2-32, S2-41: with the key gone, a copy of the archive from before is noise; and a backup of
/// Consentry's database from before does not bring the key back.
fn an_erased_person_stays_erased_in_copies_and_after_a_restore(engine: Engine) {
    let vault = Vault::open(engine).filled(2);
    let backup = vault.file("daily.backup");
    let backup = backup.to_str().expect("UTF-8");
    vault.admin(&["backup", backup]).succeed();
    vault.copy();
    let erased = vault.erase("c1@kunde.example");
    assert!(erased.succeed().contains("1 record is gone"));
    assert_eq!((vault.records(), vault.keys()), (1, 1));
    vault.restore_copy_of_the_first();
    assert!(vault.opened("c1@kunde.example").is_empty());
    vault
        .admin(&["restore", backup, "--replace", "--yes"])
        .succeed();
    assert_eq!(vault.keys(), 1);
    assert!(vault.opened("c1@kunde.example").is_empty());
    assert_eq!(vault.opened("c2@kunde.example").len(), 1);
    let lines = vault.admin(&["archive", "openings"]).succeed();
    assert!(
        lines.contains("asked for by letter") || engine == Engine::Sqlite,
        "{lines}"
    );
}

impl Vault {
    /// On PostgreSQL the copy lies beside what is there.
    fn restore_copy_of_the_first(&self) {
        if let Some(database) = self.postgres() {
            database.query("DELETE FROM consentry_archive_records");
        }
        self.restore_copy();
    }
}

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

const BOOKS: &str = r#"
[[datasets.minima]]
id = "books"
clock = "contract-end"
period = "6 years"
reason = "law"
basis = { en = "Book-keeping: Code de commerce, art. L123-22", fr = "Comptabilité : Code de commerce, art. L123-22" }
"#;

/// S4-47, S3-26.
fn what_a_hold_or_a_minimum_keeps_is_told_in_the_words_of_the_policy(engine: Engine) {
    let mut vault = Vault::with(engine, BOOKS).filled(2);
    let refused = vault.erase("c1@kunde.example");
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    let words = "kept until 2034-01-30T23:00:00Z because: ";
    assert!(refused.stderr.contains(words), "{}", refused.stderr);
    assert!(refused.stderr.contains("L123-22"), "{}", refused.stderr);

    vault.office.site.set_clock("2036-06-01T10:00:00Z");
    let hold = ["hold", "add", "clients", "--identity", "C1@kunde.example"];
    let case = [
        "--kind",
        "litigation",
        "--case",
        "2036/7",
        "--author",
        "legal",
    ];
    let id = vault.admin(&[&hold[..], &case].concat()).succeed();
    vault.office.run();
    assert_eq!(vault.records(), 1, "the hold beats the end of the archive");
    let refused = vault.erase("c1@kunde.example");
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    assert!(refused.stderr.contains("case 2036/7"), "{}", refused.stderr);
    vault.admin(&["retention", "verify"]).succeed();
    vault.admin(&["hold", "lift", id.trim(), "--yes"]).succeed();
    vault.erase("c1@kunde.example").succeed();
    assert_eq!((vault.records(), vault.keys()), (0, 0));
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

/// S2-32: the database does not answer, then it is gone for good.
fn the_archive_outlives_its_application_and_ends_all_the_same(engine: Engine) {
    let mut vault = Vault::open(engine);
    vault.clients(1);
    vault.office.clients(2, 2, "2028-03-31");
    vault.office.run();
    assert_eq!(vault.records(), 2);
    let nobody = "postgres://nobody@127.0.0.1:1/crm";
    vault
        .office
        .site
        .set("CONSENTRY_SOURCE_BACK_OFFICE", nobody);
    vault.office.site.set_clock("2036-02-01T10:00:00Z");
    let run = vault.admin(&["retention", "run", "--yes"]);
    assert_eq!((run.code, vault.records()), (Some(3), 1), "{}", run.stderr);

    let policy = vault.office.site.folder().join("policy.toml");
    let text = fs::read_to_string(&policy).expect("there is a policy");
    let (before, clients) = text.split_once("id = \"clients\"\n").expect("the dataset");
    let (head, after) = clients.split_once("[datasets.source]").expect("its source");
    let (_, rest) = after.split_once("[[datasets.fields]]").expect("its fields");
    let without =
        format!("{before}id = \"clients\"\nenabled = false\n{head}[[datasets.fields]]{rest}");
    fs::write(&policy, without).expect("a policy can be written");
    vault.office.site.set_clock("2036-04-01T10:00:00Z");
    vault.admin(&["retention", "run", "--yes"]);
    assert_eq!((vault.records(), vault.keys()), (0, 0));
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

/// S2-41, S4-47: the worker's pass does it; whoever is not a subscriber is not touched.
fn a_subscriber_who_asks_for_erasure_leaves_the_archive_too(engine: Engine) {
    let Vault { office, archive } = Vault::open(engine).filled(2);
    let Office { site, application } = office;
    let mut stage = Stage::open(site);
    stage.subscribe("c1@kunde.example");
    stage.admin(&["subscriber", "erase", "c1@kunde.example", "--yes"]);
    stage.travel("2031-06-03T10:00:00Z");
    stage.pass();
    let vault = Vault {
        office: Office {
            site: stage.site,
            application,
        },
        archive,
    };
    assert_eq!((vault.records(), vault.keys()), (1, 1));
    assert!(vault.opened("c1@kunde.example").is_empty());
    assert_eq!(vault.opened("c2@kunde.example").len(), 1);
    let book = vault
        .admin(&["archive", "openings", "--format", "json"])
        .json();
    let book = book.as_array().expect("a list");
    let erased = book.iter().find(|line| line["act"] == "erased");
    assert_eq!(erased.expect("it was written down")["author"], "worker");
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
