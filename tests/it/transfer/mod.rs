//! People in from a file, and out to one.

mod export;
mod interrupted;

use std::fs;

use consentry_tests::{
    database::Engine,
    site::{Output, Site},
};
use serde_json::{Value, json};

use crate::steps::{Stage, on_each_engine, site};

on_each_engine!(
    whoever_objected_stays_away_and_is_counted_alike,
    people_without_a_proof_are_asked_once,
    people_with_a_proof_are_confirmed_with_their_evidence,
);

/// Writes a file beside the data and imports it.
fn import(site: &Site, content: impl AsRef<[u8]>, options: &[&str]) -> Output {
    let path = file(site, content);
    let command = ["subscriber", "import", &path, "--format", "json"];
    site.admin(&[&command, options].concat())
}

fn file(site: &Site, content: impl AsRef<[u8]>) -> String {
    let path = site.folder().join("people.csv");
    fs::write(&path, content).expect("the file can be written");
    path.to_str()
        .expect("temporary folders are UTF-8")
        .to_owned()
}

fn report(rows: u64, counts: [u64; 5], reasons: &Value) -> Value {
    let [accepted, already_there, left_out, duplicates, refused] = counts;
    json!({
        "dry_run": false,
        "rows": rows,
        "accepted": accepted,
        "accepted_as": "pending",
        "letters": accepted,
        "already_there": already_there,
        "left_out": left_out,
        "duplicates": duplicates,
        "refused": refused,
        "refused_by_reason": reasons,
    })
}

const PROVEN: [&str; 4] = ["--basis", "consent", "--source", "CRM export of October"];

/// S0-101: who left, left the topic, restricted the use of their data or was erased stays as they
/// are, in whatever case their address is written; and the report does not tell the erased ones
/// from the others.
fn whoever_objected_stays_away_and_is_counted_alike(engine: Engine) {
    let stage = Stage::open(site(engine));
    let left = stage.subscribe("left@kunde.example");
    stage.one_click(&left);
    let erased = "Quintilia@kunde.example";
    stage.subscribe(erased);
    stage.admin(&["subscriber", "erase", erased, "--yes"]);
    stage.pass();
    stage.subscribe("restricted@kunde.example");
    stage.admin(&["subscriber", "restrict", "restricted@kunde.example"]);
    let choosy = stage.subscribe("choosy@kunde.example");
    let keep = [("topic", "demo")];
    stage.press(&choosy.path("/preferences/"), &keep);
    stage.subscribe("confirmed@kunde.example");
    stage.sign_up("pending@kunde.example");
    stage.pass();
    let people = [
        "left@kunde.example",
        "restricted@kunde.example",
        "choosy@kunde.example",
        "confirmed@kunde.example",
        "pending@kunde.example",
    ];
    let before = people.map(|address| stage.record(address));

    let rows = "email,confirmed_at\n\
         LEFT@kunde.example,2024-05-31\n\
         \"  left@KUNDE.example \",2024-05-31\n\
         quintilia@kunde.example,2024-05-31\n\
         Restricted@kunde.example,2024-05-31\n\
         choosy@kunde.example,2024-05-31\n\
         confirmed@kunde.example,2024-05-31\n\
         PENDING@kunde.example,2024-05-31\n\
         new@kunde.example,2024-05-31\n";
    for options in [&PROVEN[..], &[]] {
        let told = import(&stage.site, rows, options);
        assert!(!told.stderr.contains("kunde.example"), "{}", told.stderr);
        let told = told.json();
        assert_eq!(told["left_out"], 5, "{told}");
        // The second time, the one who was new is there as well.
        let (new, there) = if options.is_empty() { (0, 3) } else { (1, 2) };
        assert_eq!(
            (&told["accepted"], &told["already_there"]),
            (&json!(new), &json!(there))
        );
    }
    for (address, before) in people.iter().zip(before) {
        assert_eq!(stage.record(address), before, "{address}");
    }
    assert!(!stage.is_visible(erased));
    assert_eq!(stage.record("new@kunde.example").state(), "confirmed");
    stage.no_letter();
}

/// S0-26, S0-28: a file confirms nobody. Everybody new gets one letter, whose button does.
fn people_without_a_proof_are_asked_once(engine: Engine) {
    let stage = Stage::open(site(engine));
    let rows = "email,topics,language,state\n\
                Anna@kunde.example,,,\n\
                anna@kunde.example,demo,fr,\n\
                ben@kunde.example,demo newsletter,fr,pending\n\
                gone@kunde.example,,,unsubscribed\n\
                no address,,,\n\
                dan@kunde.example,weather,,\n";
    let reasons = json!({ "space": 1, "unknown-topic": 1 });
    let first = report(6, [2, 0, 1, 1, 2], &reasons);
    let trial = import(&stage.site, rows, &["--dry-run"]).json();
    let mut expected = first.clone();
    expected["dry_run"] = json!(true);
    assert_eq!(trial, expected);
    assert_eq!(stage.records(), 0, "a trial writes nothing");
    assert_eq!(import(&stage.site, rows, &[]).json(), first);
    // A finished import that was told may be run again, and finds everybody.
    let again = report(6, [0, 3, 1, 0, 2], &reasons);
    assert_eq!(import(&stage.site, rows, &[]).json(), again);

    let letters = stage.pass();
    assert_eq!(letters.len(), 2);
    stage.no_letter();
    assert_eq!(
        stage.record("anna@kunde.example").0["email"],
        "Anna@kunde.example"
    );
    let ben = stage.record("ben@kunde.example");
    assert_eq!((ben.state(), &ben.0["language"]), ("pending", &json!("fr")));
    assert_eq!(ben.list("topics").len(), 2);
    assert_eq!(ben.events("imported").len(), 2);
    assert_eq!(ben.list("history").len(), 2, "pending, twice");
    let letter = letters
        .iter()
        .find(|letter| letter.to == "ben@kunde.example")
        .expect("a letter");
    stage.press(&letter.path("/confirm/"), &[]);
    assert_eq!(stage.record("ben@kunde.example").state(), "confirmed");
    assert!(!stage.is_visible("gone@kunde.example"));
}

/// GDPR art. 7(1), art. 15(1)(g): the proof that the operator has is kept, shown, and handed over
/// with the person's copy; and nobody who has agreed is mailed.
fn people_with_a_proof_are_confirmed_with_their_evidence(engine: Engine) {
    let stage = Stage::open(site(engine));
    let rows = "email,topics,confirmed_at,basis\n\
                anna@kunde.example,newsletter demo,2024-05-31T09:30:00Z,legitimate-interest\n\
                ben@kunde.example,,,\n";
    let told = import(&stage.site, rows, &PROVEN).json();
    assert_eq!(told["refused_by_reason"], json!({ "not-confirmed": 1 }));
    assert_eq!(
        (&told["accepted_as"], &told["letters"]),
        (&json!("confirmed"), &json!(0))
    );
    stage.no_letter();

    let anna = stage.record("anna@kunde.example");
    assert_eq!(anna.state(), "confirmed");
    let demo = anna.topic("demo");
    assert_eq!(demo["confirmed_at"], "2024-05-31T09:30:00Z");
    assert_eq!(demo["basis"], "legitimate-interest");
    let history = anna.list("history");
    assert_eq!(history[0]["state"], "confirmed");
    assert_eq!(history[0]["at"], "2024-05-31T09:30:00Z");
    let event = anna.events("imported")[0];
    assert_eq!(event["agreed_at"], "2024-05-31T09:30:00Z");
    assert_eq!(event["source"], "CRM export of October");
    assert_eq!(event["notice_version"], "unknown+00000000");
    assert_ne!(event["at"], event["agreed_at"], "it was imported today");
    let copy = stage.admin(&["subscriber", "export", "anna@kunde.example"]);
    assert!(copy.contains("CRM export of October"), "{copy}");

    let options = ["--confirmed-at", "2020-02-02", "--notice", "2020-01"];
    let told = import(&stage.site, rows, &[&PROVEN[..], &options].concat()).json();
    assert_eq!(
        (&told["accepted"], &told["already_there"]),
        (&json!(1), &json!(1))
    );
    let ben = stage.record("ben@kunde.example");
    assert_eq!(
        ben.events("imported")[0]["notice_version"],
        "2020-01+00000000"
    );
    assert_eq!(
        ben.topic("newsletter")["confirmed_at"],
        "2020-02-01T23:00:00Z"
    );
}

/// A file that cannot be meant is answered with what to do, and changes nothing.
#[test]
fn a_file_that_cannot_be_meant_is_refused_with_what_to_do() {
    let site = site(Engine::Sqlite);
    let cases: [(&[u8], &[&str], &str); 12] = [
        (b"", &[], "empty"),
        (b"name\nAnna\n", &[], "unknown column `name`"),
        (b"e-mail\na@b.example\n", &[], "did you mean `email`?"),
        (b"topics\ndemo\n", &[], "no column is called `email`"),
        (b"email;topics\na@b.example;demo\n", &[], "--delimiter ';'"),
        (b"\xff\xfee\0", &[], "UTF-16"),
        (
            b"email\n",
            &["--topic", "weather"],
            "its topics are newsletter",
        ),
        (b"email\n", &["--language", "de"], "`en` or `fr`"),
        (b"email\n", &PROVEN, "--confirmed-at"),
        (b"email\n", &["--basis", "consent"], "--source"),
        (
            b"email\n",
            &[
                "--basis",
                "consent",
                "--source",
                "x",
                "--confirmed-at",
                "2999-01-01",
            ],
            "future",
        ),
        (b"email\n", &["--with-rows"], "--refused"),
    ];
    for (content, options, wanted) in cases {
        let told = import(&site, content, options);
        assert_eq!((told.code, &*told.stdout), (Some(2), ""), "{wanted}");
        assert!(told.stderr.contains(wanted), "{wanted}: {}", told.stderr);
    }
    let folder = site.folder().to_str().expect("temporary folders are UTF-8");
    for path in ["nowhere.csv", folder] {
        assert_eq!(site.admin(&["subscriber", "import", path]).code, Some(2));
    }
    let slow = "email\n".to_owned() + &"a@b.example\n".repeat(200);
    let told = import(&site, slow, &["--letters", "1/hour"]);
    assert_eq!(
        told.code,
        Some(2),
        "200 letters in 200 hours, the reminder after 168"
    );
    assert_eq!(
        site.query("SELECT count(*) FROM consentry_subjects").trim(),
        "0"
    );
    assert_eq!(
        site.query("SELECT count(*) FROM consentry_imports").trim(),
        "0"
    );
}

/// The refused rows by number and reason; with the rows themselves only for whoever asks, as text
/// that no spreadsheet calculates.
#[test]
fn refused_rows_are_told_in_a_file() {
    let site = site(Engine::Sqlite);
    let rows = "email\nanna@kunde.example\n=cmd|'x'@no\n\nben.kunde.example\n";
    let path = site.folder().join("refused.csv");
    let name = path.to_str().expect("temporary folders are UTF-8");
    import(&site, rows, &["--refused", name]).succeed();
    let refused = fs::read_to_string(&path).expect("it was written");
    assert_eq!(refused, "line,reason\n3,no-domain-dot\n5,missing-at\n");
    import(&site, rows, &["--refused", name, "--with-rows"]).succeed();
    let refused = fs::read_to_string(&path).expect("it was written");
    assert_eq!(
        refused,
        "line,reason,row\n3,no-domain-dot,\"'=cmd|'x'@no\"\n5,missing-at,\"'ben.kunde.example\"\n"
    );
    assert_eq!(export::mode(&path), 0o600);
}

/// Letters that are spread go out in their turn, and a sign-up meanwhile does not wait for it.
#[test]
fn letters_can_be_spread_over_time() {
    let mut stage = Stage::open(site(Engine::Sqlite).at("2027-01-04T09:00:00Z"));
    let rows = "email\na@kunde.example\nb@kunde.example\nc@kunde.example\nd@kunde.example\n";
    import(&stage.site, rows, &["--letters", "2/hour"]).succeed();
    let passed = |stage: &Stage| stage.pass().len();
    assert_eq!(passed(&stage), 1);
    stage.travel("2027-01-04T09:31:00Z");
    assert_eq!(passed(&stage), 1);
    stage.sign_up("d@kunde.example");
    assert_eq!(stage.only_letter().to, "d@kunde.example");
    stage.travel("2027-01-04T12:00:00Z");
    assert_eq!(passed(&stage), 1, "the third; the fourth came on request");
}
