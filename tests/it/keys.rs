//! Keys are rotated and retired while everybody keeps working.

use std::{fs, path::Path, thread, time::Duration};

use consentry_tests::{
    binaries::binaries, database::Engine, http::Client, process::Process, wait_for,
};

use crate::steps::{Stage, on_each_engine, site};

on_each_engine!(
    servers_answer_through_two_rotations_and_old_links_still_unsubscribe,
    an_interrupted_rotation_is_finished_by_the_next_one,
);

/// The keys of a use as `keys list` has them: id and state.
fn keys(stage: &Stage, key_use: &str) -> Vec<(String, String)> {
    let list = stage
        .site
        .admin(&["keys", "list", "--format", "json"])
        .json();
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    list.as_array()
        .expect("an array")
        .iter()
        .filter(|key| key["use"] == key_use)
        .map(|key| (text(&key["id"]), text(&key["state"])))
        .collect()
}

fn states(stage: &Stage, key_use: &str) -> Vec<(String, String)> {
    let mut keys = keys(stage, key_use);
    keys.sort();
    keys
}

fn pairs(wanted: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(id, state): &(&str, &str)| ((*id).to_owned(), (*state).to_owned());
    wanted.iter().map(owned).collect()
}

/// S3-132: two servers and a worker run through a rotation of every key while the same people sign up
/// at both: every answer is the neutral one and nobody is there twice. A link that was mailed 13 months
/// and two rotations ago unsubscribes; it dies with its key alone.
fn servers_answer_through_two_rotations_and_old_links_still_unsubscribe(engine: Engine) {
    let mut stage = Stage::open(site(engine).at("2027-01-31T10:00:00Z"));
    let letter = stage.subscribe("anna@kunde.example");
    let other = stage.subscribe("ben@kunde.example");
    let second = stage.site.web();
    let worker = stage.site.worker();

    let urls = [stage.web.url().to_owned(), second.url().to_owned()];
    let rotation = thread::scope(|scope| {
        let rotation = scope.spawn(|| stage.site.admin(&["keys", "rotate"]));
        let mut people = 0;
        while !rotation.is_finished() {
            people += 1;
            let email = format!("person{people}@kunde.example");
            thread::scope(|scope| {
                for url in &urls {
                    scope.spawn(|| {
                        let form = [("email", email.as_str())];
                        let answer = Client::new(url).post_form("/subscribe", &form);
                        assert_eq!(answer.status, 303, "{}", answer.body);
                    });
                }
            });
        }
        assert!(people > 5, "too few sign-ups to show anything");
        assert_eq!(stage.records(), people + 2);
        rotation.join().expect("no thread panics")
    });
    assert_eq!(rotation.code, Some(0), "{}", rotation.stderr);
    assert!(worker.stop().success());
    stage.unread();

    stage.travel("2027-08-31T10:00:00Z");
    stage.admin(&["keys", "rotate"]);
    for key_use in ["token", "index", "seal"] {
        let wanted = [("1", "verify-only"), ("2", "verify-only"), ("3", "active")];
        assert_eq!(states(&stage, key_use), pairs(&wanted), "{key_use}");
    }
    for key_use in ["index", "seal"] {
        for id in ["1", "2"] {
            stage.admin(&["keys", "retire", key_use, id, "--yes"]);
        }
    }
    let refused = stage.site.admin(&["keys", "retire", "seal", "3", "--yes"]);
    assert_eq!(refused.code, Some(1), "the active key");

    // The servers that were started before it all read and find everybody, and trust the new links.
    stage.admin(&["clock", "confirm", "--yes"]);
    stage.pass();
    let newcomer = stage.subscribe("cleo@kunde.example");
    assert_eq!(
        stage.client.get(&newcomer.path("/preferences/")).status,
        200
    );
    stage.travel("2028-02-29T10:00:00Z");
    stage.one_click(&letter);
    assert_eq!(stage.record("anna@kunde.example").state(), "unsubscribed");

    let unanswered = stage.site.admin(&["keys", "retire", "token", "1"]);
    assert_eq!(unanswered.code, Some(2), "it asks first");
    assert!(
        unanswered.stderr.contains("unsubscribe"),
        "{}",
        unanswered.stderr
    );
    assert_eq!(stage.client.get(&other.one_click_path()).status, 200);
    stage.admin(&["keys", "retire", "token", "1", "--yes"]);
    let path = other.one_click_path();
    wait_for("the end of the old links", Duration::from_secs(30), || {
        (stage.client.get(&path).status != 200).then_some(())
    });
    let one_click = [("List-Unsubscribe", "One-Click")];
    assert_ne!(stage.client.post_form(&path, &one_click).status, 200);
    assert_eq!(stage.record("ben@kunde.example").state(), "confirmed");
}

fn rotation_that_is_killed_at(stage: &Stage, step: &str) {
    let mut command = stage.site.command(&binaries().admin, &["keys", "rotate"]);
    let rotation = Process::start(&mut command);
    wait_for(step, Duration::from_mins(1), || {
        rotation.log().contains(step).then_some(())
    });
    let another = stage.site.admin(&["keys", "rotate"]);
    assert_eq!(another.code, Some(1), "one rotation at a time");
    rotation.kill();
}

/// However a rotation ends: everybody can be read, no key that is needed can be retired, and another
/// one brings it to its end.
fn an_interrupted_rotation_is_finished_by_the_next_one(engine: Engine) {
    let stage = Stage::open(site(engine));
    stage.subscribe("anna@kunde.example");
    rotation_that_is_killed_at(&stage, "waiting until every process knows it");
    let prepared = [("1", "active"), ("2", "next")];
    assert_eq!(states(&stage, "seal"), pairs(&prepared));
    let refused = stage.site.admin(&["keys", "retire", "seal", "2", "--yes"]);
    assert_eq!(refused.code, Some(1), "the next key");
    let doctor = stage.site.admin(&["doctor"]).stdout;
    assert!(doctor.contains("a rotation is unfinished"), "{doctor}");

    rotation_that_is_killed_at(&stage, "waiting until every process uses it");
    let activated = [("1", "verify-only"), ("2", "active")];
    assert_eq!(states(&stage, "seal"), pairs(&activated), "no third key");
    for key_use in ["index", "seal"] {
        let refused = stage.site.admin(&["keys", "retire", key_use, "1", "--yes"]);
        assert_eq!(refused.code, Some(1), "a record needs it");
        let remedy = format!("keys rotate --use {key_use}");
        assert!(refused.stderr.contains(&remedy), "{}", refused.stderr);
    }
    assert!(stage.is_visible("anna@kunde.example"));

    stage.admin(&["keys", "rotate", "--use", "seal", "--use", "index"]);
    assert_eq!(states(&stage, "token"), pairs(&activated), "not asked for");
    stage.admin(&["keys", "retire", "seal", "1", "--yes"]);
    assert!(stage.is_visible("anna@kunde.example"));
}

/// S0-64: the database as it was before a purge, put back after the seal key of that time was
/// destroyed, shows nobody. With the key it did: the copy is a good one.
#[test]
fn a_backup_from_before_a_purge_shows_nobody_with_the_keys_that_are_left() {
    const ADDRESS: &str = "Quintilia.Wobbelstein@kunde-zweiundvierzig.example";
    let mut stage = Stage::open(site(Engine::Sqlite).at("2027-01-04T09:00:00Z"));
    stage.subscribe(ADDRESS);
    stage.subscribe("ben@kunde.example");
    let (data, backup) = (stage.site.data(), stage.site.folder().join("backup"));
    fs::create_dir(&backup).expect("a folder can be made");
    let database = ["consentry.db", "consentry.db-wal"];
    copy(&data, &backup, &database);
    copy(&data, &backup, &["keys.toml"]);

    stage.admin(&["subscriber", "erase", ADDRESS, "--yes"]);
    stage.pass();
    stage.travel("2027-03-10T09:00:00Z");
    stage.no_letter();
    assert_eq!(stage.records(), 1);
    stage.admin(&["keys", "rotate"]);
    for key_use in ["seal", "index"] {
        stage.admin(&["keys", "retire", key_use, "1", "--yes"]);
    }
    assert!(stage.is_visible("ben@kunde.example"));
    let Stage { site, web, .. } = stage;
    assert_eq!(web.stop().code(), Some(0));

    // Everything but the backup's own copy of the old ring, which an operator destroys.
    for file in ["consentry.db-wal", "consentry.db-shm"] {
        let _ = fs::remove_file(data.join(file));
    }
    copy(&backup, &data, &database);
    let needles: Vec<&str> = ADDRESS.split('@').collect();
    for arguments in [
        &["subscriber", "list", "--format", "json"][..],
        &["subscriber", "show", ADDRESS],
        &["subscriber", "export", ADDRESS],
    ] {
        let output = site.admin(arguments);
        assert_eq!(output.code, Some(1), "{arguments:?}");
        assert_eq!(output.stdout, "", "{arguments:?}");
        assert!(!output.stderr.contains("Wobbelstein"), "{}", output.stderr);
    }
    assert_eq!(site.residue(&needles), []);

    copy(&backup, &data, &["keys.toml"]);
    let list = site.admin(&["subscriber", "list"]).succeed();
    assert!(list.contains(ADDRESS), "the backup holds nobody: {list}");
}

fn copy(from: &Path, to: &Path, names: &[&str]) {
    for name in names {
        if from.join(name).is_file() {
            fs::copy(from.join(name), to.join(name)).expect("a file can be copied");
        }
    }
}

/// A ring that is lost is not replaced in silence: a new one could read nobody.
#[test]
fn a_lost_key_ring_is_not_replaced_beside_people() {
    let stage = Stage::open(site(Engine::Sqlite));
    stage.subscribe("anna@kunde.example");
    let Stage { site, web, .. } = stage;
    assert!(web.stop().success());
    let ring = site.data().join("keys.toml");
    fs::remove_file(&ring).expect("the ring is there");
    let ended = site.run(&binaries().web, &[]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("there is no key ring"),
        "{}",
        ended.stderr
    );
    assert!(!ring.exists(), "a ring was made that can read nobody");
}
