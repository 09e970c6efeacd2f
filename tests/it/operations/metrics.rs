//! Prometheus metrics: the funnel, the queue, the relay, and nobody's name.

use std::{collections::BTreeSet, fs, time::Duration};

use consentry_tests::{
    binaries::root,
    http::Client,
    smtp::{Fault, Options, Sink, Stage as Step},
    wait_for,
};

use super::Scrape;
use crate::steps::{Stage, on_each_engine, site};
use consentry_tests::database::Engine;

on_each_engine!(
    the_funnel_is_counted_and_names_nobody,
    the_queue_and_what_is_overdue_are_the_databases,
);

const METRICS: (&str, &str) = ("CONSENTRY_METRICS_LISTEN", "127.0.0.1:0");

/// Figures of the database are asked for every few seconds.
fn eventually(what: &str, url: &str, ask: impl Fn(&Scrape) -> bool) -> Scrape {
    wait_for(what, Duration::from_secs(40), || {
        Some(Scrape::of(url)).filter(&ask)
    })
}

/// Each line is a name without its prefix, labels and a value.
fn expect(page: &Scrape, lines: &str) {
    for line in lines.lines() {
        let mut words = line.split_whitespace();
        let name = format!("consentry_{}", words.next().expect("a name"));
        let value: f64 = words
            .next_back()
            .and_then(|value| value.parse().ok())
            .expect("a value");
        let labels: Vec<_> = words.filter_map(|label| label.split_once('=')).collect();
        assert_eq!(
            page.get(&name, &labels),
            Some(value),
            "{line} in\n{}",
            page.text
        );
    }
}

/// S0-11, S0-37: sign-ups, letters, confirmations, departures and relay outcomes are counted; no
/// label holds an address, a token or a path that somebody typed.
fn the_funnel_is_counted_and_names_nobody(engine: Engine) {
    let site = site(engine)
        .with(METRICS.0, METRICS.1)
        .with("CONSENTRY_LIMIT_TOTAL", "3/hour");
    let mut stage = Stage::with_relay(site, Sink::start(Options::default()));
    let url = stage.web.metrics_url();
    let count = |name: &str, labels: &[(&str, &str)]| Scrape::of(&url).get(name, labels);
    assert_eq!(
        count("consentry_signups_total", &[("outcome", "accepted")]),
        Some(0.0),
        "a counter that does not exist yet cannot be seen to rise"
    );

    let mut worker = stage.site.worker();
    let letters = worker.metrics_url();
    stage
        .relay()
        .once(Step::Rcpt, Fault::reply("451 4.7.1 later"));
    stage.sign_up("anna@kunde.example");
    stage.sign_up("berta@kunde.example");
    stage.sign_up("clara@kunde.example");
    let form = |email| stage.client.post_form("/subscribe", &[("email", email)]);
    assert_eq!(form("dora@kunde.example").status, 429);
    assert_eq!(form("no address at all").status, 422);
    stage
        .client
        .request("DELETE", "/anna@kunde.example", None, &[]);

    eventually("two letters sent", &letters, |scrape| {
        scrape.get("consentry_letters_settled_total", &[("outcome", "sent")]) == Some(2.0)
    });
    let letter = stage.unread().remove(0);
    stage.press(&letter.path("/confirm/"), &[]);
    stage.one_click(&letter);

    let web = Scrape::of(&url);
    expect(
        &web,
        "signups_total outcome=accepted 3
         signups_total outcome=limited 1
         signups_total outcome=invalid 1
         letters_queued_total kind=confirmation 3
         consent_events_total action=confirmed channel=link 1
         http_requests_total route=/subscribe method=POST status=3xx 3
         http_requests_total route=unmatched method=other status=4xx 1
         http_request_duration_seconds_count route=/confirm/{token} method=POST 1",
    );
    let left = [("action", "objected"), ("channel", "one-click")];
    assert!(web.get("consentry_consent_events_total", &left) >= Some(1.0));
    let worker_page = Scrape::of(&letters);
    expect(
        &worker_page,
        "letters_settled_total outcome=deferred 1
         relay_replies_total stage=rcpt class=4xx 1
         relay_replies_total stage=final-dot class=2xx 2
         relay_hand_over_duration_seconds_count 3",
    );

    let token = letter.path("/confirm/");
    let token = token.trim_start_matches("/confirm/");
    for page in [&web.text, &worker_page.text] {
        for secret in ["kunde", "anna", "DELETE", "127.0.0.1", token] {
            assert!(!page.contains(secret), "{secret} in\n{page}");
        }
    }
    assert_eq!(Client::new(stage.web.url()).get("/metrics").status, 404);
    assert_eq!(worker.stop().code(), Some(0));
}

/// Gauges are the same in every process and after a restart; counters begin anew. Where the database
/// cannot be asked there is no number, and not an old one.
fn the_queue_and_what_is_overdue_are_the_databases(engine: Engine) {
    let site = site(engine)
        .at("2027-01-04T09:00:00Z")
        .with(METRICS.0, METRICS.1);
    let mut stage = Stage::open(site);
    stage.sign_up("anna@kunde.example");
    let url = stage.web.metrics_url();
    eventually("a queued letter", &url, |scrape| {
        scrape.get("consentry_letters", &[("state", "queued")]) == Some(1.0)
    });
    stage.pass();
    let none_waits =
        |scrape: &Scrape| scrape.get("consentry_letters", &[("state", "queued")]) == Some(0.0);
    eventually("no queue", &url, none_waits);

    stage.travel("2028-01-05T09:00:00Z");
    let unconfirmed = |count: f64| {
        move |scrape: &Scrape| {
            let labels = [("rule", "unconfirmed")];
            scrape.get("consentry_people_overdue", &labels) == Some(count)
        }
    };
    eventually("an overdue person", &url, unconfirmed(1.0));

    let mut other = stage.site.web();
    let again = other.metrics_url();
    let scrape = eventually("the same elsewhere", &again, unconfirmed(1.0));
    assert!(none_waits(&scrape));
    let accepted = [("outcome", "accepted")];
    assert_eq!(scrape.get("consentry_signups_total", &accepted), Some(0.0));
    assert_eq!(scrape.get("consentry_database_up", &[]), Some(1.0));
    assert_eq!(
        scrape.get("consentry_job_failed", &[("job", "purge-erased")]),
        Some(0.0)
    );
    assert!(scrape.get("process_resident_memory_bytes", &[]) > Some(1e6));
    assert!(
        scrape
            .get("consentry_build_info", &[("version", "0.")])
            .is_none()
    );

    stage.pass();
    let purged = eventually("nobody overdue", &url, unconfirmed(0.0));
    assert_eq!(purged.get("consentry_people_held", &[]), Some(0.0));
    let labels = [("job", "purge-unconfirmed")];
    let last = purged.get("consentry_job_last_success_timestamp_seconds", &labels);
    assert!(
        last > Some(1_830_000_000.0),
        "{last:?} is after the journey"
    );

    stage
        .site
        .query("ALTER TABLE consentry_letters RENAME TO elsewhere");
    let blind = eventually("a database that is away", &url, |scrape| {
        scrape.get("consentry_database_up", &[]) == Some(0.0)
    });
    let letters = blind.get("consentry_letters", &[("state", "queued")]);
    assert!(
        letters.is_some_and(f64::is_nan),
        "{letters:?} is an old figure"
    );
}

/// What a page of metrics shows is what `docs/operating.md` explains, both ways.
#[test]
fn every_metric_is_documented() {
    let stage = Stage::with_relay(
        site(Engine::Sqlite).with(METRICS.0, METRICS.1),
        Sink::start(Options::default()),
    );
    let mut stage = stage;
    stage.sign_up("anna@kunde.example");
    let mut worker = stage.site.worker();
    let urls = [stage.web.metrics_url(), worker.metrics_url()];
    eventually("a letter sent", &urls[1], |scrape| {
        scrape.get("consentry_letters_settled_total", &[("outcome", "sent")]) == Some(1.0)
    });
    let shown: BTreeSet<String> = urls
        .iter()
        .flat_map(|url| {
            let scrape = Scrape::of(url);
            let types = scrape
                .text
                .lines()
                .filter_map(|line| line.strip_prefix("# TYPE "));
            let names = types.filter_map(|line| line.split(' ').next());
            names.map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    let page = fs::read_to_string(root().join("docs/operating.md")).expect("there is a page");
    let explained: BTreeSet<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .filter(|name| name.starts_with("consentry_") || name.starts_with("process_"))
        .map(|name| name.split('{').next().unwrap_or(name).to_owned())
        .collect();
    // Shown by a server with a certificate of its own alone, and where the policy names databases.
    let elsewhere = [
        "consentry_tls_certificate_expiry_timestamp_seconds",
        "consentry_retention_overdue",
        "consentry_retention_since_clean_verify_seconds",
    ];
    assert!(elsewhere.iter().all(|name| explained.contains(*name)));
    let unexplained: Vec<_> = shown.difference(&explained).collect();
    let unknown: Vec<_> = explained
        .difference(&shown)
        .filter(|name| !elsewhere.contains(&name.as_str()))
        .collect();
    assert!(
        unexplained.is_empty() && unknown.is_empty(),
        "not in docs/operating.md: {unexplained:?}; nowhere to be seen: {unknown:?}"
    );
}
