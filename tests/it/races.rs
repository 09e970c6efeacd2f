//! Several at once, and cut off in the middle.

use std::thread::{self, ScopedJoinHandle};

use consentry_tests::{database::Engine, http::Client, site::Site};

use crate::steps::{Stage, on_each_engine, site};

on_each_engine!(
    sign_ups_at_once_make_one_record_and_one_letter,
    buttons_pressed_at_once_count_once,
    erasure_and_sign_up_at_once_never_mix_two_records,
    what_was_answered_survives_a_kill,
    several_servers_share_one_site,
);

const ANNA: &str = "anna@kunde.example";
const LANES: usize = 8;

/// Does the same from several connections at once, on one server each in turn.
fn at_once(urls: &[&str], act: impl Fn(&Client, usize) + Sync) {
    thread::scope(|scope| {
        for lane in 0..LANES {
            let client = Client::new(urls[lane % urls.len()]);
            let act = &act;
            scope.spawn(move || act(&client, lane));
        }
    });
}

/// S0-29, S0-30: whoever is faster, everybody is answered alike, and there is one person.
fn sign_ups_at_once_make_one_record_and_one_letter(engine: Engine) {
    let stage = Stage::open(site(engine));
    at_once(&[stage.web.url()], |client, _| {
        for _ in 0..5 {
            let answer = client.post_form("/subscribe", &[("email", ANNA)]);
            assert_eq!(answer.status, 303, "{}", answer.body);
        }
    });
    assert_eq!(stage.records(), 1);
    assert_eq!(stage.record(ANNA).events("requested").len(), 1);
    stage.only_letter();
}

/// S0-27, S0-52, S0-54: two devices, an impatient finger, a mail program that asks thrice.
fn buttons_pressed_at_once_count_once(engine: Engine) {
    let stage = Stage::open(site(engine));
    stage.sign_up(ANNA);
    let letter = stage.only_letter();
    at_once(&[stage.web.url()], |client, _| {
        assert_eq!(client.post_form(&letter.path("/confirm/"), &[]).status, 200);
    });
    assert_eq!(stage.record(ANNA).events("confirmed").len(), 1);
    at_once(&[stage.web.url()], |client, _| {
        let fields = [("List-Unsubscribe", "One-Click")];
        assert_eq!(
            client.post_form(&letter.one_click_path(), &fields).status,
            200
        );
    });
    assert_eq!(stage.record(ANNA).events("objected").len(), 1);
}

/// S0-60, S0-66: in whichever order they arrive, the erased record is hidden for good and at most one
/// other is alive, which has nothing of it.
fn erasure_and_sign_up_at_once_never_mix_two_records(engine: Engine) {
    let stage = Stage::open(site(engine));
    let letter = stage.subscribe(ANNA);
    at_once(&[stage.web.url()], |client, lane| {
        if lane == 0 {
            let fields = [("action", "erase")];
            assert_eq!(
                client
                    .post_form(&letter.path("/preferences/"), &fields)
                    .status,
                200
            );
        } else {
            assert_eq!(
                client.post_form("/subscribe", &[("email", ANNA)]).status,
                303
            );
        }
    });
    assert_eq!(stage.client.get(&letter.path("/preferences/")).status, 404);
    if stage.is_visible(ANNA) {
        let record = stage.record(ANNA);
        assert_eq!(record.state(), "pending");
        assert!(record.events("confirmed").is_empty());
        assert_eq!(stage.records(), 2);
    } else {
        assert_eq!(stage.records(), 1);
    }
}

/// S0-29: an answer is given when the record and its letter are on disk, not before: a crash right
/// after it loses nothing.
fn what_was_answered_survives_a_kill(engine: Engine) {
    let mut stage = Stage::open(site(engine));
    for round in 0..3 {
        let address = format!("anna{round}@kunde.example");
        stage.sign_up(&address);
        stage.web.kill();
        stage = Stage::open(stage.site);
        assert_eq!(stage.record(&address).state(), "pending");
    }
    let letters = stage.pass();
    assert_eq!(letters.len(), 3);
    let confirm = letters[2].path("/confirm/");
    stage.press(&confirm, &[]);
    stage.web.kill();
    stage = Stage::open(stage.site);
    assert_eq!(stage.record(&letters[2].to).state(), "confirmed");
    stage.one_click(&letters[2]);
    stage.web.kill();
    stage = Stage::open(stage.site);
    assert_eq!(stage.record(&letters[2].to).state(), "unsubscribed");
    assert_eq!(stage.site.mailbox().len(), 3, "nothing was sent twice");
}

/// Two servers on one database: a link of the one works at the other, and together they make one
/// record.
fn several_servers_share_one_site(engine: Engine) {
    let stage = Stage::open(site(engine));
    let other = stage.site.web();
    let urls = [stage.web.url(), other.url()];
    at_once(&urls, |client, _| {
        let answer = client.post_form("/subscribe", &[("email", ANNA)]);
        assert_eq!(answer.status, 303, "{}", answer.body);
    });
    assert_eq!(stage.records(), 1);
    let letter = stage.only_letter();
    let confirmed = Client::new(other.url()).post_form(&letter.path("/confirm/"), &[]);
    assert_eq!(confirmed.status, 200);
    assert_eq!(stage.record(ANNA).state(), "confirmed");
}

/// Five processes bring the schema up at the same time: each of them ends well, and one of them has
/// done it.
#[test]
fn migrations_run_once_whoever_starts_them() {
    let migrate = |site: &Site| {
        let said: Vec<String> = thread::scope(|scope| {
            let racers: Vec<_> = (0..5)
                .map(|_| scope.spawn(|| site.admin(&["migrate"]).succeed()))
                .collect();
            let ended = racers.into_iter().map(ScopedJoinHandle::join);
            ended.map(|said| said.expect("no racer panics")).collect()
        });
        let winners = said.iter().filter(|said| said.contains("applied"));
        assert_eq!(winners.count(), 1, "{said:?}");
        let applied =
            site.query("SELECT count(*), count(DISTINCT version) FROM consentry_migrations");
        let (all, different) = applied.trim().split_once('|').expect("two columns");
        assert_eq!(all, different, "a migration was applied twice");
        assert!(
            site.admin(&["subscriber", "list", "--format", "json"])
                .json()
                .is_array()
        );
    };
    migrate(&Site::new(Engine::Sqlite));
    migrate(&Site::new(Engine::Postgres).with_empty_database());
}

/// On the embedded default every process may be the first.
#[test]
fn servers_and_workers_may_start_at_the_same_moment() {
    let site = Site::new(Engine::Sqlite);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let web = site.web();
                assert_eq!(Client::new(web.url()).get("/readyz").status, 200);
                assert_eq!(web.stop().code(), Some(0));
            });
        }
    });
    let keys = site.admin(&["keys", "list", "--format", "json"]).json();
    assert_eq!(
        keys.as_array().map(Vec::len),
        Some(3),
        "one ring was made: {keys}"
    );
}
