//! From the row to the last byte: what is told, opened, kept and erased.

use std::fs;

use consentry_tests::{database::Engine, residue};
use serde_json::Value;

use super::{NAME, Vault};
use crate::{
    retention::Office,
    steps::{Stage, on_each_engine},
};

on_each_engine!(
    what_is_archived_is_opened_for_a_reason_and_ends_by_its_own_clock,
    no_file_of_the_archive_or_of_ours_says_anything,
    an_erased_person_stays_erased_in_copies_and_after_a_restore,
    what_a_hold_or_a_minimum_keeps_is_told_in_the_words_of_the_policy,
    the_archive_outlives_its_application_and_ends_all_the_same,
    a_subscriber_who_asks_for_erasure_leaves_the_archive_too,
);

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
    let book = vault.admin(&["archive", "openings"]).succeed();
    assert!(book.contains("asked for by letter"), "{book}");
    vault.restore_copy();
    assert!(vault.opened("c1@kunde.example").is_empty());
    vault
        .admin(&["restore", backup, "--replace", "--yes"])
        .succeed();
    assert_eq!(vault.keys(), 1);
    assert!(vault.opened("c1@kunde.example").is_empty());
    assert_eq!(vault.opened("c2@kunde.example").len(), 1);
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
