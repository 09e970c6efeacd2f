//! PostgreSQL goes away, or seems to be there and is not.

use std::{net::ToSocketAddrs as _, thread};

use consentry_tests::{
    cluster::Cluster,
    database::{Database, Engine},
    http::Client,
    proxy::Proxy,
    site::Site,
    trouble::Trouble,
    wait_for,
};

use super::{Crowd, PATIENCE, crowded};

/// A migrated site that reaches its database through a proxy.
fn through_proxy() -> (Site, Proxy) {
    let site = crowded(Site::new(Engine::Postgres));
    let url = site.setting("CONSENTRY_DATABASE_URL").to_owned();
    let (before, server) = url.split_once('@').expect("the URL has a password");
    let (server, name) = server.split_once('/').expect("the URL names a database");
    let target = server.to_socket_addrs().expect("an address").next();
    let proxy = Proxy::start(target.expect("an address"));
    let url = format!("{before}@{}/{name}", proxy.address());
    (site.with("CONSENTRY_DATABASE_URL", url), proxy)
}

/// A server that ends every connection and refuses new ones: 503 until it is back, without a restart.
#[test]
fn a_database_that_goes_away_is_a_503_until_it_is_back() {
    let (site, proxy) = through_proxy();
    let web = site.web();
    let crowd = Crowd::gather(&web);
    crowd.wait_accepted(10);
    assert_eq!(crowd.readiness(), 200);
    proxy.cut();
    crowd.wait_refused(3);
    assert_eq!(crowd.readiness(), 503);
    proxy.mend();
    crowd.wait_accepted(10);
    assert_eq!(crowd.readiness(), 200);
    crowd.disperse(&site);
}

/// Connections that are open and pass nothing: no end is told, no packet is answered. Web and worker
/// give them up after a while and go on with new ones.
#[test]
fn half_open_connections_are_given_up() {
    let (site, proxy) = through_proxy();
    let web = site.web();
    let worker = site.worker();
    let crowd = Crowd::gather(&web);
    crowd.wait_accepted(10);
    let letters = || site.mailbox().len();
    wait_for("letters", PATIENCE, || (letters() > 5).then_some(()));
    assert!(proxy.deaden() > 1, "web and worker have connections");
    let before = letters();
    crowd.wait_accepted(10);
    wait_for("more letters", PATIENCE, || {
        (letters() > before).then_some(())
    });
    crowd.disperse(&site);
    assert!(worker.stop().success(), "the worker ends in order");
}

/// A database that has gone silent holds up no stop: web and worker give up what waits for it.
#[test]
fn a_silent_database_holds_up_no_stop() {
    let (site, proxy) = through_proxy();
    let web = site.web();
    let worker = site.worker();
    let client = Client::new(web.url());
    let sign_up = |email| client.try_post_form("/subscribe", &[("email", email)]);
    assert!(sign_up("anna@kunde.example").is_ok_and(|answer| answer.status == 303));
    let letters = || site.mailbox().len();
    wait_for("a letter", PATIENCE, || (letters() > 0).then_some(()));
    proxy.silence();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| sign_up("bernd@kunde.example"));
        wait_for("statements that nobody answers", PATIENCE, || {
            (proxy.withheld() > 2).then_some(())
        });
        assert!(worker.stop().success(), "the worker ends in order");
        assert!(web.stop().success(), "the server ends in order");
        let answer = waiting.join().expect("the visitor waits to the end");
        assert!(answer.is_ok_and(|answer| answer.status == 503));
    });
}

/// A server that crashes and comes back: what was acknowledged is there.
#[test]
fn a_restart_of_the_database_needs_none_of_ours() {
    let cluster = Cluster::start();
    let site = crowded(Site::new(Engine::Sqlite)).with("CONSENTRY_DATABASE_URL", cluster.url());
    site.admin(&["migrate"]).succeed();
    let web = site.web();
    let crowd = Crowd::gather(&web);
    for _ in 0..3 {
        crowd.wait_accepted(10);
        cluster.crash_and_restart();
    }
    crowd.wait_accepted(10);
    crowd.disperse(&site);
}

/// A disk that cannot flush: PostgreSQL gives up by its own rules, and recovers from its log when it
/// is started on a sound disk; nobody was told that a sign-up is kept which is not.
#[test]
fn a_disk_that_cannot_flush_loses_nothing_that_was_acknowledged() {
    let cluster = Cluster::start();
    let site = crowded(Site::new(Engine::Sqlite)).with("CONSENTRY_DATABASE_URL", cluster.url());
    site.admin(&["migrate"]).succeed();
    let web = site.web();
    let crowd = Crowd::gather(&web);
    crowd.wait_accepted(10);
    let trouble = Trouble::start(cluster.id(), &["fdatasync", "fsync"], "EIO");
    // Connections that are there already are other processes than the one that is traced.
    cluster.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'consentry'");
    crowd.wait_refused(3);
    drop(trouble);
    cluster.start_again();
    crowd.wait_accepted(10);
    crowd.disperse(&site);
}

/// A fail-over leaves the connections on a server that only reads.
#[test]
fn a_server_that_only_reads_is_a_503_until_it_writes() {
    let site = crowded(Site::new(Engine::Postgres));
    let web = site.web();
    let crowd = Crowd::gather(&web);
    crowd.wait_accepted(10);
    let Database::Postgres(database) = site.database() else {
        panic!("the site has a database on a server");
    };
    database.set_read_only(true);
    crowd.wait_refused(3);
    database.set_read_only(false);
    crowd.wait_accepted(10);
    crowd.disperse(&site);
}

/// Another session holds the rows, for longer than anybody waits: 503, and the queue of those who wait
/// is served when the lock is gone.
#[test]
fn a_lock_that_is_held_for_long_is_waited_for_and_then_refused() {
    let site = crowded(Site::new(Engine::Postgres));
    let web = site.web();
    let crowd = Crowd::gather(&web);
    crowd.wait_accepted(10);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            site.query("BEGIN; LOCK TABLE consentry_subjects; SELECT pg_sleep(26); COMMIT");
        });
        crowd.wait_refused(1);
        crowd.wait_accepted(10);
    });
    crowd.disperse(&site);
}

/// A report that reads for long holds up nobody.
#[test]
fn a_long_reader_holds_up_nobody() {
    let site = crowded(Site::new(Engine::Postgres));
    let web = site.web();
    let crowd = Crowd::gather(&web);
    crowd.wait_accepted(10);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            site.query("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM consentry_subjects; SELECT pg_sleep(3); COMMIT");
        });
        crowd.wait_accepted(10);
        assert!(!reader.is_finished(), "the reader was there all the time");
    });
    crowd.disperse(&site);
}

/// A server that is not there at the start: said at once, by the exit code for it.
#[test]
fn a_database_that_is_not_there_ends_the_start() {
    let (site, proxy) = through_proxy();
    proxy.cut();
    let ended = site.run(&consentry_tests::binaries::binaries().web, &[]);
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    assert!(ended.stderr.contains("database"), "{}", ended.stderr);
}
