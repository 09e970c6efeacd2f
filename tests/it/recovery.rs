//! Backup and restore: while everybody works, from one engine to the other, and reviving nobody.

use std::{
    fs,
    os::unix::fs::{FileExt, PermissionsExt},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use consentry_tests::{
    binaries::binaries,
    database::Engine,
    http::Client,
    mail::Letter,
    process::Process,
    site::{Output, Site},
    wait_for,
};

use crate::steps::{Record, Stage, on_each_engine, site};

on_each_engine!(
    a_restore_repeats_what_happened_after_the_backup,
    a_backup_taken_under_load_holds_whoever_was_acknowledged,
    what_is_overdue_is_removed_before_anybody_is_served,
    a_killed_restore_is_finished_by_the_next_one,
    links_of_thirteen_months_and_two_rotations_ago_unsubscribe_and_nobody_purged_comes_back,
);

fn backup(site: &Site, name: &str) -> PathBuf {
    let path = site.folder().join(name);
    let arguments = ["backup", path.to_str().expect("UTF-8")];
    site.admin(&arguments).succeed();
    path
}

fn restore(site: &Site, backup: &Path, more: &[&str]) -> Output {
    let mut arguments = vec!["restore", backup.to_str().expect("UTF-8")];
    arguments.extend(more);
    arguments.extend(["--yes", "--format", "json"]);
    site.admin(&arguments)
}

/// The other engine.
fn other(engine: Engine) -> Engine {
    match engine {
        Engine::Sqlite => Engine::Postgres,
        Engine::Postgres => Engine::Sqlite,
    }
}

/// An installation elsewhere: another engine, the same keys, nothing else.
fn elsewhere(stage: &Stage, engine: Engine, instant: &str) -> Site {
    let site = site(engine).at(instant);
    fs::create_dir_all(site.data()).expect("a folder can be made");
    for file in ["consentry.db", "consentry.db-wal", "consentry.db-shm"] {
        let _ = fs::remove_file(site.data().join(file));
    }
    copy_file(&stage.site, &site, "keys.toml");
    site
}

fn copy_file(from: &Site, to: &Site, name: &str) {
    let copied = fs::copy(from.data().join(name), to.data().join(name));
    copied.expect("a file can be copied");
}

fn wait_for_journal(site: &Site, entries: usize) {
    let path = site.data().join("journal.jsonl");
    wait_for("the journal file", Duration::from_secs(30), || {
        let text = fs::read_to_string(&path).unwrap_or_default();
        (text.lines().count() >= entries).then_some(())
    });
}

fn show(site: &Site, address: &str) -> Record {
    Record(
        site.admin(&["subscriber", "show", address, "--format", "json"])
            .json(),
    )
}

fn is_listed(site: &Site, address: &str) -> bool {
    let list = site.admin(&["subscriber", "list", "--format", "json"]);
    let list = list.json();
    let people = list.as_array().expect("a list is an array");
    people.iter().any(|person| person["email"] == address)
}

/// S0-65, S3-134: the database is lost. Its backup is restored into the other engine with the journal
/// file that the old machine left: whoever was erased, left, was restricted or moved after the backup is
/// so again, with the instants of then; nobody is mailed for it, and old links stay dead.
fn a_restore_repeats_what_happened_after_the_backup(engine: Engine) {
    let mut stage = Stage::open(site(engine).at("2027-02-01T10:00:00Z"));
    let people = ["erased", "left", "topic", "restricted", "moved", "kept"];
    let letters: Vec<Letter> = people
        .iter()
        .map(|name| stage.subscribe(&format!("{name}@kunde.example")))
        .collect();
    // Somebody waits for a letter when the backup is taken, and gets it right after.
    stage.sign_up("waiting@kunde.example");
    let file = backup(&stage.site, "daily.backup");
    let mode = fs::metadata(&file).expect("it is there").permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    let text = fs::read(&file).expect("it can be read");
    assert!(
        !String::from_utf8_lossy(&text).contains("kunde"),
        "an address can be read"
    );
    let waiting = stage.only_letter();

    stage.travel("2027-02-02T10:00:00Z");
    stage.admin(&["subscriber", "erase", "erased@kunde.example", "--yes"]);
    stage.one_click(&letters[1]);
    stage.press(&letters[2].path("/preferences/"), &[("topic", "demo")]);
    stage.admin(&["subscriber", "restrict", "restricted@kunde.example"]);
    let new = "moved-on@kunde.example";
    let rectify = [
        "subscriber",
        "rectify",
        "moved@kunde.example",
        "--email",
        new,
    ];
    stage.admin(&rectify);
    let mailed = stage.pass();
    let to_new = mailed.iter().find(|letter| letter.to == new);
    let confirmation = to_new.expect("the new address is asked").path("/confirm/");
    stage.press(&confirmation, &[]);
    stage.subscribe("later@kunde.example");
    let left = stage.record("left@kunde.example");
    wait_for_journal(&stage.site, 5);

    let target = elsewhere(&stage, other(engine), "2027-02-03T10:00:00Z");
    copy_file(&stage.site, &target, "journal.jsonl");
    let report = restore(&target, &file, &[]).json();
    assert_eq!(report["records"], 7, "{report}");
    for kind in ["erased", "left", "restricted", "moved"] {
        assert!(report["repeated"][kind].is_number(), "{kind}: {report}");
    }
    assert_eq!(report["letters_in_doubt"], 1, "{report}");

    assert!(!is_listed(&target, "erased@kunde.example"));
    let restored = show(&target, "left@kunde.example");
    assert_eq!(restored.state(), "unsubscribed");
    let at = |record: &Record| record.events("objected")[0]["at"].clone();
    assert_eq!(at(&restored), at(&left), "the instant of then");
    assert_eq!(restored.events("objected")[0]["channel"], "restore");
    let topic = show(&target, "topic@kunde.example");
    assert_eq!(topic.topic_state("newsletter"), "unsubscribed");
    assert!(show(&target, "restricted@kunde.example").0["restricted_at"].is_string());
    assert!(!is_listed(&target, "moved@kunde.example"));
    assert_eq!(show(&target, new).state(), "confirmed");
    assert_eq!(show(&target, "kept@kunde.example").state(), "confirmed");
    assert!(!is_listed(&target, "later@kunde.example"), "that is lost");
    let journal = fs::read_to_string(target.data().join("journal.jsonl"));
    assert!(journal.expect("it is there").lines().count() >= 5);

    let stage = Stage::open(target);
    stage.no_letter();
    // Links of the old machine work on, and those that died stay dead.
    stage.press(&waiting.path("/confirm/"), &[]);
    assert_ne!(
        stage.client.get(&letters[4].path("/preferences/")).status,
        200
    );
    stage.one_click(&letters[5]);
    assert_eq!(stage.record("kept@kunde.example").state(), "unsubscribed");
}

/// A backup is one state of the database: whoever was acknowledged before it began is in it, while
/// sign-ups go on without an error. Damaged, existing and public files are refused.
fn a_backup_taken_under_load_holds_whoever_was_acknowledged(engine: Engine) {
    let stage = Stage::open(site(engine));
    stage.subscribe("first@kunde.example");
    let url = stage.web.url();
    let sign_up = |number: usize| {
        let email = format!("person{number}@kunde.example");
        let answer = Client::new(url).post_form("/subscribe", &[("email", &email)]);
        assert_eq!(answer.status, 303, "{}", answer.body);
    };
    (0..20).for_each(sign_up);
    let file = thread::scope(|scope| {
        let load = scope.spawn(|| (20..60).for_each(sign_up));
        let file = backup(&stage.site, "under-load.backup");
        load.join().expect("no sign-up fails");
        file
    });
    let Stage { site, web, .. } = stage;

    let in_use = restore(&site, &file, &["--replace"]);
    assert_eq!(in_use.code, Some(1), "{}", in_use.stderr);
    assert!(
        in_use.stderr.contains("stop everything"),
        "{}",
        in_use.stderr
    );
    assert_eq!(Client::new(web.url()).get("/readyz").status, 200);
    assert_eq!(web.stop().code(), Some(0));
    let unasked = restore(&site, &file, &[]);
    assert_eq!(unasked.code, Some(2), "{}", unasked.stderr);
    assert!(unasked.stderr.contains("--replace"), "{}", unasked.stderr);

    let again = site.admin(&["backup", file.to_str().expect("UTF-8")]);
    assert_eq!(again.code, Some(2), "it is there already");
    let public = site.folder().join("public");
    fs::create_dir(&public).expect("a folder can be made");
    let inside = public.join("x.backup");
    let mut command = site.command(
        &binaries().admin,
        &["backup", inside.to_str().expect("UTF-8")],
    );
    let refused = Process::start(command.env("CONSENTRY_STATIC_DIR", &public)).wait();
    assert_eq!(refused.code(), Some(2), "a public folder");
    let left = fs::read_dir(&public).expect("it can be listed").count();
    assert_eq!(left, 0, "something half-written is left");

    let damaged = site.folder().join("damaged.backup");
    fs::copy(&file, &damaged).expect("a file can be copied");
    let bytes = fs::read(&damaged).expect("it can be read");
    let place = bytes.len() / 2;
    let opened = fs::OpenOptions::new().write(true).open(&damaged);
    let flipped = opened.expect("it can be opened");
    flipped
        .write_all_at(&[bytes[place] ^ 4], place as u64)
        .expect("it can be written");
    let refused = restore(&site, &damaged, &["--replace"]);
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    assert!(refused.stderr.contains("damaged"), "{}", refused.stderr);

    let report = restore(&site, &file, &["--replace"]).json();
    let records = report["records"].as_u64().expect("a number");
    assert!((21..=61).contains(&records), "{report}");
    assert!(is_listed(&site, "person19@kunde.example"));
    let stage = Stage::open(site);
    assert_eq!(stage.client.get("/readyz").status, 200);
}

/// S0-32, S0-63, S0-65: periods that ended since the backup end with the restore, bytes included; a
/// reminder that fell due is not sent a second time.
fn what_is_overdue_is_removed_before_anybody_is_served(engine: Engine) {
    const ADDRESS: &str = "Quintilia.Wobbelstein@kunde-zweiundvierzig.example";
    let mut stage = Stage::open(site(engine).at("2027-01-04T09:00:00Z"));
    stage.subscribe("kept@kunde.example");
    stage.subscribe(ADDRESS);
    stage.admin(&["subscriber", "erase", ADDRESS, "--yes"]);
    stage.sign_up("pending@kunde.example");
    stage.pass();
    let file = backup(&stage.site, "before.backup");

    stage.travel("2027-01-12T09:00:00Z");
    stage.only_letter(); // the reminder
    stage.travel("2027-02-20T09:00:00Z");
    let Stage { site, web, .. } = stage;
    assert_eq!(web.stop().code(), Some(0));
    let report = restore(&site, &file, &["--replace"]).json();
    assert_eq!(report["reminders_forgone"], 1, "{report}");
    let count = site.query("SELECT count(*) FROM consentry_subjects");
    assert_eq!(
        count.trim(),
        "2",
        "the erased one is gone before anybody is served"
    );
    let status = site.admin(&["doctor", "--format", "json"]);
    let purge = status.stdout.contains("purge-erased");
    assert!(purge, "{}", status.stdout);
    let needles: Vec<&str> = ADDRESS.split('@').collect();
    assert_eq!(site.residue(&needles), []);
    let stage = Stage::open(site);
    stage.unread();
    stage.no_letter();

    // An older backup than the policy keeps is not restored.
    let mut stage = stage;
    stage.travel("2027-05-20T09:00:00Z");
    let Stage { site, web, .. } = stage;
    web.stop();
    let refused = restore(&site, &file, &["--replace"]);
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    assert!(refused.stderr.contains("90 days"), "{}", refused.stderr);
}

/// S0-33: the brake holds in a restore too. A new machine whose clock is a month ahead purges nobody
/// until the operator says that it is right.
#[test]
fn a_clock_that_may_be_wrong_purges_no_masses_in_a_restore() {
    let mut stage = Stage::open(site(Engine::Sqlite).at("2027-01-04T09:00:00Z"));
    for number in 0..110 {
        stage.sign_up(&format!("person{number}@kunde.example"));
    }
    stage.pass();
    stage.travel("2027-12-20T09:00:00Z");
    let file = backup(&stage.site, "before.backup");
    stage.travel("2028-01-10T09:00:00Z");
    let Stage { site, web, .. } = stage;
    assert_eq!(web.stop().code(), Some(0));
    let held = restore(&site, &file, &["--replace"]);
    assert_eq!(held.code, Some(1), "{}", held.stderr);
    assert!(held.stderr.contains("--confirm-clock"), "{}", held.stderr);
    let refused = site.admin(&["subscriber", "list"]);
    assert_eq!(refused.code, Some(1), "nobody is served meanwhile");
    let report = restore(&site, &file, &["--confirm-clock"]).json();
    assert_eq!(report["records"], 110, "{report}");
    let count = site.query("SELECT count(*) FROM consentry_subjects");
    assert_eq!(count.trim(), "0");
}

/// Killed at whatever step: the former state, or one that nobody serves and that says so; the next
/// run finishes it.
fn a_killed_restore_is_finished_by_the_next_one(engine: Engine) {
    let stage = Stage::open(site(engine));
    let letter = stage.subscribe("left@kunde.example");
    stage.subscribe("kept@kunde.example");
    let file = backup(&stage.site, "before.backup");
    stage.one_click(&letter);
    stage.subscribe("later@kunde.example");
    let Stage { site, web, .. } = stage;
    assert_eq!(web.stop().code(), Some(0));

    let arguments = [
        "restore",
        file.to_str().expect("UTF-8"),
        "--replace",
        "--yes",
    ];
    let steps = ["loading the backup", "repeating what happened"];
    let mut unfinished = 0;
    for step in steps.iter().cycle().take(40) {
        let restore = Process::start(&mut site.command(&binaries().admin, &arguments));
        wait_for(step, Duration::from_mins(1), || {
            restore.log().contains(step).then_some(())
        });
        restore.kill();
        let list = site.admin(&["subscriber", "list", "--format", "json"]);
        if list.code == Some(0) {
            // The former state, or the whole of the new one.
            let is_former = list.stdout.contains("later@kunde.example");
            assert_eq!(show(&site, "left@kunde.example").state(), "unsubscribed");
            assert!(is_former || list.stdout.contains("kept@kunde.example"));
            continue;
        }
        unfinished += 1;
        assert_eq!((list.code, list.stdout.as_str()), (Some(1), ""));
        assert!(
            list.stderr.contains("consentry-admin restore"),
            "{}",
            list.stderr
        );
        for program in [&binaries().web, &binaries().worker] {
            let mut served = Process::start(&mut site.command(program, &[]));
            assert_eq!(served.wait().code(), Some(1), "{}", served.log());
        }
        let doctor = site.admin(&["doctor"]);
        assert_eq!(doctor.code, Some(1), "{}", doctor.stdout);
        break;
    }
    assert!(unfinished > 0, "no kill came between the load and the end");
    // An unfinished one needs no word about the people that it replaces.
    restore(&site, &file, &[]).json();
    assert!(!is_listed(&site, "later@kunde.example"));
    assert_eq!(show(&site, "left@kunde.example").state(), "unsubscribed");
    let stage = Stage::open(site);
    stage.unread();
    assert_eq!(stage.client.get("/readyz").status, 200);
    stage.no_letter();
}

/// S0-52, S0-64, S0-65, S3-132: the whole of it. A link of 13 months and two rotations ago unsubscribes,
/// also after a restore. Whoever was purged is in no restored backup: a journal entry removes them
/// where the key is still there, and where it is retired nobody can read them.
fn links_of_thirteen_months_and_two_rotations_ago_unsubscribe_and_nobody_purged_comes_back(
    engine: Engine,
) {
    const ADDRESS: &str = "Quintilia.Wobbelstein@kunde-zweiundvierzig.example";
    let mut stage = Stage::open(site(engine).at("2027-01-31T10:00:00Z"));
    let letter = stage.subscribe("anna@kunde.example");
    stage.admin(&["keys", "rotate"]);

    stage.travel("2027-12-20T10:00:00Z");
    stage.subscribe(ADDRESS);
    let before = backup(&stage.site, "before.backup");
    stage.admin(&["subscriber", "erase", ADDRESS, "--yes"]);
    stage.pass();
    stage.travel("2028-01-25T10:00:00Z");
    stage.pass();
    assert_eq!(stage.records(), 1, "purged");
    stage.admin(&["keys", "rotate"]);
    wait_for_journal(&stage.site, 2);
    let Stage { site, web, .. } = stage;
    assert_eq!(web.stop().code(), Some(0));

    // The journal alone keeps them away while the key is there, on a machine that knows nothing else.
    let report = restore(&site, &before, &["--replace"]).json();
    assert_eq!(report["repeated"]["purged"], 1, "{report}");
    assert_eq!(report["unreadable"], 0, "{report}");
    for id in ["1", "2"] {
        site.admin(&["keys", "retire", "seal", id, "--yes"])
            .succeed();
    }

    // Without the key nobody can, journal or not. What else the backup held is lost with it: of a
    // backup of which nothing is left nothing is restored.
    let refused = restore(&site, &before, &["--replace"]);
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    assert!(refused.stderr.contains("seal key 2"), "{}", refused.stderr);
    let needles: Vec<&str> = ADDRESS.split('@').collect();
    assert_eq!(site.residue(&needles), []);
    assert!(
        !site
            .admin(&["subscriber", "list"])
            .succeed()
            .contains(ADDRESS)
    );

    let after = backup(&site, "after.backup");
    restore(&site, &after, &["--replace"]).json();
    let mut stage = Stage::open(site);
    stage.travel("2028-02-29T10:00:00Z");
    stage.one_click(&letter);
    assert_eq!(stage.record("anna@kunde.example").state(), "unsubscribed");
}
