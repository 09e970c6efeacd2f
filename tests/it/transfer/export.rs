//! Everybody, as CSV.

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt, path::Path};

use consentry_tests::{database::Engine, site::Site};
use serde_json::json;

use super::{PROVEN, import};
use crate::steps::{Stage, on_each_engine, site};

on_each_engine!(
    an_export_holds_everybody_who_may_be_in_it,
    an_export_that_is_imported_elsewhere_is_the_same,
);

pub(super) fn mode(path: &Path) -> u32 {
    let metadata = fs::metadata(path).expect("the file is there");
    metadata.permissions().mode() & 0o777
}

fn export(site: &Site, options: &[&str]) -> String {
    let command = ["subscriber", "export", "--all"];
    site.admin(&[&command, options].concat()).succeed()
}

/// The lines without the header, in order.
fn lines(export: &str) -> BTreeSet<&str> {
    export.lines().skip(1).collect()
}

/// S0-61: whoever is hidden is in no export; neither is whose data are restricted (GDPR art. 18).
fn an_export_holds_everybody_who_may_be_in_it(engine: Engine) {
    let stage = Stage::open(site(engine));
    let rows = "email,topics,confirmed_at\n\
                =anna@kunde.example,newsletter,2024-05-31T00:00:00Z\n\
                +ben@kunde.example,demo newsletter,2024-06-30T00:00:00Z\n\
                hidden@kunde.example,demo,2024-05-31\n\
                restricted@kunde.example,demo,2024-05-31\n\
                left@kunde.example,demo,2024-05-31\n";
    import(&stage.site, rows, &PROVEN).succeed();
    stage.admin(&["subscriber", "erase", "hidden@kunde.example", "--yes"]);
    stage.admin(&["subscriber", "restrict", "restricted@kunde.example"]);
    stage.sign_up("-cleo@kunde.example");
    stage.pass();
    let sign_up = stage.subscribe("dan@kunde.example");
    stage.one_click(&sign_up);

    let anna = "'=anna@kunde.example,confirmed,newsletter,en,consent,2024-05-31T00:00:00Z";
    let ben = "'+ben@kunde.example,confirmed,demo newsletter,en,consent,2024-06-30T00:00:00Z";
    let cleo = "'-cleo@kunde.example,pending,newsletter,en,legitimate-interest,";
    let dan = "dan@kunde.example,unsubscribed,,en,,";
    let left = "left@kunde.example,confirmed,demo,en,consent,2024-05-30T22:00:00Z";
    let site = &stage.site;
    let all = export(site, &[]);
    assert!(all.starts_with("email,state,topics,language,basis,confirmed_at\n"));
    assert_eq!(lines(&all), [anna, ben, cleo, dan, left].into());
    let demo = export(site, &["--topic", "demo"]);
    assert_eq!(lines(&demo), [ben, left].into());
    let pending = export(site, &["--state", "pending"]);
    assert_eq!(lines(&pending), [cleo].into());

    // Complete or not there, and for nobody else.
    let path = site.folder().join("all.csv");
    let name = path.to_str().expect("temporary folders are UTF-8");
    assert_eq!(export(site, &["-o", name]), "");
    assert_eq!(fs::read_to_string(&path).expect("it is there"), all);
    assert_eq!(mode(&path), 0o600);
    let drafts = fs::read_dir(site.folder()).expect("the folder can be read");
    let is_draft = |entry: &fs::DirEntry| entry.path().extension().is_some_and(|it| it == "part");
    assert_eq!(drafts.flatten().filter(is_draft).count(), 0);

    for (arguments, wanted) in [
        (
            &["--all", "--topic", "weather"][..],
            "its topics are newsletter",
        ),
        (&["--all", "anna@kunde.example"], "--all"),
        (&["anna@kunde.example", "--state", "pending"], "--state"),
        (&[], "EMAIL"),
        (&["--all", "-o", "no/such/folder/all.csv"], "no/such/folder"),
    ] {
        let refused = site.admin(&[&["subscriber", "export"], arguments].concat());
        assert_eq!(
            (refused.code, &*refused.stdout),
            (Some(2), ""),
            "{arguments:?}"
        );
        assert!(refused.stderr.contains(wanted), "{}", refused.stderr);
    }
}

/// What one installation writes, another reads: the same people, the same claims. And whoever left
/// the one is not brought into the other.
fn an_export_that_is_imported_elsewhere_is_the_same(engine: Engine) {
    let here = site(engine);
    let mut rows = String::from("email,topics,language,confirmed_at\n");
    for number in 0..1_500 {
        let sign = ["", "=", "'=", "+", "-", "'"][number % 6];
        let topics = ["newsletter", "demo", "newsletter demo"][number % 3];
        let language = ["en", "fr"][number % 2];
        let row = format!(
            "{sign}{number}@kunde.example,{topics},{language},2024-05-31T09:30:{:02}.5Z\n",
            number % 60
        );
        rows.push_str(&row);
    }
    // Written by hand, these two are formulas with an apostrophe and would lose it.
    let rows = rows.replace("'=", "''=");
    let told = import(&here, &rows, &PROVEN).json();
    assert_eq!(told["accepted"], 1_500);
    let file = export(&here, &[]);

    let there = site(engine);
    let left = "gone@kunde.example,unsubscribed,,en,,\n";
    let told = import(&there, file.clone() + left, &PROVEN).json();
    assert_eq!(
        (&told["accepted"], &told["left_out"]),
        (&json!(1_500), &json!(1))
    );
    let back = export(&there, &[]);
    assert_eq!(lines(&back), lines(&file));
}
