//! What is printed from the policy: the notice, the legal page, the policy for programs.

use axum::body::Body;
use serde_json::Value;

use crate::{
    fakes::Health,
    site::{Settings, Site, request},
};

const PAGES: [&str; 3] = ["/privacy", "/legal", "/privacy.json"];

/// S0-01 to S0-06: who publishes and who hosts the site stand on a page of their own.
#[tokio::test]
async fn the_legal_page_identifies_publisher_and_host() {
    let page = Site::new().get("/legal").await.body;
    for said in [
        "Velmarin Logiciels (SAS, with a capital of 75,000\u{a0}EUR)",
        "Velmarin Portal",
        "59100 Roubaix",
        "FR00 000000000",
        "63.11Z",
        "RCS Lille Métropole 000 000 001",
        "+33 1 99 00 00 00",
    ] {
        assert!(page.contains(said), "{said}");
    }
}

/// S4-07: the notice needs neither the database nor the worker.
#[tokio::test]
async fn what_is_printed_stays_when_the_database_is_away() {
    let site = Site::new();
    for health in [Health::Down, Health::Silent] {
        site.store.becomes(health);
        for path in PAGES {
            assert_eq!(site.get(path).await.status, 200, "{path}");
        }
    }
}

/// S1-03: every version has an address of its own.
#[tokio::test]
async fn the_version_in_force_has_an_address_of_its_own() {
    let site = Site::new();
    let version = &site.policy.version;
    let answer = site.get(&format!("/privacy/{version}")).await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains(site.policy.notice_version().as_str()));
    assert_eq!(site.get("/privacy/2001-01-01").await.status, 404);
    site.store.becomes(Health::Down);
    assert_eq!(site.get("/privacy/2001-01-01").await.status, 503);
}

/// S1-03, S2-05, S2-61: an earlier version stays at its address, is told apart from the one in force,
/// and is listed with what changed since.
#[tokio::test]
async fn an_earlier_version_stays_at_its_address_and_is_listed() {
    let site = Site::with(Settings {
        policy: vec![
            ("version = \"2026-11-01\"", "version = \"2026-12-01\""),
            ("after = \"12 months\"", "after = \"7 months\""),
            (
                "[languages]",
                "[change]\nreason = \"law\"\nannounce = [\"banner\"]\n\n[languages]",
            ),
        ],
        ..Settings::default()
    });
    let first = Site::new().policy;
    for policy in [&first, &site.policy] {
        site.service.publish(policy).await.unwrap();
    }
    let hint = "another version than the one in force";
    let now = site.get("/privacy").await.body;
    assert!(now.contains("href=\"/privacy/2026-11-01\"") && !now.contains(hint));
    assert!(now.contains("The law changed"));
    assert!(now.contains(
        ">Permanently deleted</td><td role=\"cell\" data-label=\"After\">7\u{a0}months<"
    ));
    let then = site.get("/privacy/2026-11-01").await;
    assert_eq!(then.status, 200);
    assert!(then.body.contains(hint) && then.body.contains(first.notice_version().as_str()));
    assert!(then.body.contains("data-label=\"After\">12\u{a0}months<"));
    assert!(!then.body.contains("href=\"/privacy/2026-12-01\""));
    // What this process has read it can show without its store.
    site.store.becomes(Health::Down);
    assert_eq!(site.get("/privacy/2026-11-01").await.status, 200);
}

/// S2-07: whoever looks for changes regularly is told when there is none, and since when.
#[tokio::test]
async fn a_visitor_who_has_it_already_is_told_so() {
    let in_force = |day: &'static str| {
        Site::with(Settings {
            policy: vec![("version = \"2026-11-01\"", day)],
            ..Settings::default()
        })
    };
    let site = in_force("version = \"2026-11-01\"\neffective = 2026-11-01");
    for path in PAGES {
        let answer = site.get(path).await;
        let tag = answer.header("etag");
        assert_eq!(
            answer.header("last-modified"),
            "Sat, 31 Oct 2026 23:00:00 GMT",
            "{path}"
        );
        for known in [tag.to_owned(), format!("\"x\", W/{tag}"), "*".to_owned()] {
            let asked = request("GET", path).header("if-none-match", known);
            let again = site.send(asked.body(Body::empty()).unwrap()).await;
            assert_eq!((again.status.as_u16(), &*again.body), (304, ""), "{path}");
            assert_eq!(again.header("etag"), tag);
        }
        let asked = request("GET", path).header("if-none-match", "\"other\"");
        let again = site.send(asked.body(Body::empty()).unwrap()).await;
        assert_eq!(again.status, 200);
        let changed = in_force("version = \"2026-11-02\"");
        let changed = changed.get(path).await;
        if path != "/legal" {
            assert_ne!(changed.header("etag"), tag);
        }
        assert_eq!(changed.header("last-modified"), "");
    }
    let french = site.get("/privacy?lang=fr").await;
    let english = site.get("/privacy?lang=en").await;
    assert_ne!(french.header("etag"), english.header("etag"));
}

/// S1-03, S0-57: programs read the same policy, under the version that consents are recorded with.
#[tokio::test]
async fn programs_read_every_rule_and_nothing_of_how_the_site_defends_itself() {
    let site = Site::new();
    let answer = site.get("/privacy.json").await;
    assert_eq!(answer.header("content-type"), "application/json");
    let document = answer.json();
    assert_eq!(document["version"], site.policy.version);
    assert_eq!(
        document["notice_version"],
        site.policy.notice_version().as_str()
    );
    let policy = &document["policy"];
    assert_eq!(policy["controller"]["name"], "Velmarin Logiciels");
    assert_eq!(policy["datasets"][0]["stages"][0]["after"], "12 months");
    assert_eq!(policy["limits"], Value::Null);
}

/// S4-07: the pages find each other wherever the site is mounted.
#[tokio::test]
async fn links_stay_below_the_path_where_the_site_is_mounted() {
    let site = Site::with(Settings {
        mount: "/news",
        public_url: "https://portal.example/news",
        ..Settings::default()
    });
    let page = site.get("/news/legal?lang=fr").await.body;
    assert!(page.contains("href=\"/news/privacy?lang=fr\""));
    let page = site.get("/news/privacy?lang=fr").await.body;
    assert!(page.contains("href=\"/news/preferences?lang=fr\""));
    assert!(page.contains("href=\"/news/privacy.json?lang=fr\""));
}
