//! Nobody can have us write to strangers without a budget.

use std::fs;

use consentry_tests::{binaries::root, database::Engine, http::Client, site::Site};
use serde_json::json;

use crate::steps::{Stage, on_each_engine, site};

on_each_engine!(
    a_mailbox_gets_three_letters_a_day_and_five_until_confirmed,
    sign_ups_slow_down_while_hardly_anybody_confirms,
);

/// The form and "mail me my link" pressed again and again, at two processes, one of which is started
/// anew: three letters in a day, five in a week and none in the weeks after. Each answer is the same
/// as to anybody else.
fn a_mailbox_gets_three_letters_a_day_and_five_until_confirmed(engine: Engine) {
    let mut stage = Stage::open(site(engine).at("2026-11-02T08:00:00Z"));
    let mut answers = Vec::new();
    let press = |stage: &mut Stage, client: &Client, at: &str| {
        stage.travel(at);
        let form = client.post_form("/subscribe", &[("email", "anna@kunde.example")]);
        let link = client.post_form("/preferences", &[("email", "Anna@KUNDE.example")]);
        let letters = stage.pass().len();
        ((form.status, form.body), (link.status, link.body), letters)
    };
    let mut letters = 0;
    let mut other = stage.site.web();
    for hour in [8, 9, 11, 13, 17, 23] {
        let client = match hour {
            9 | 13 => Client::new(other.url()),
            _ => Client::new(stage.web.url()),
        };
        let (form, link, sent) =
            press(&mut stage, &client, &format!("2026-11-02T{hour:02}:00:00Z"));
        answers.push((form, link));
        letters += sent;
        if hour == 11 {
            // What was counted is not the process's to forget.
            drop(other);
            other = stage.site.web();
        }
    }
    assert_eq!(letters, 3, "in a day");
    for day in [4, 5, 6, 7, 8] {
        let client = Client::new(other.url());
        let (form, link, sent) = press(&mut stage, &client, &format!("2026-11-{day:02}T12:00:00Z"));
        answers.push((form, link));
        letters += sent;
    }
    assert_eq!(letters, 5, "until confirmed");
    assert!(answers.iter().all(|answer| answer == &answers[0]));

    // A new address gets the same answer, by form and by JSON.
    let new = stage.sign_up("berta@kunde.example");
    assert_eq!((new.status, new.body), answers[0].0);
    let by_json = |address: &str| {
        let document = json!({ "email": address });
        let answer = stage.client.post_json("/subscribe", &document);
        (answer.status, answer.body)
    };
    assert_eq!(
        by_json("anna@kunde.example"),
        by_json("carla@kunde.example")
    );
}

/// The demo policy with a breaker that few people trip.
fn with_small_breaker(site: Site) -> Site {
    let path = root().join("crates/policy/policies/saas-portal.toml");
    let policy = fs::read_to_string(path).expect("the demo policy can be read");
    let mut edited = policy.clone();
    for (from, to) in [
        ("least = 100 ", "least = 8 "),
        ("trickle = \"60/hour\"", "trickle = \"2/hour\""),
    ] {
        assert!(policy.contains(from), "{from}");
        edited = edited.replace(from, to);
    }
    site.with_policy(&edited)
}

/// Twelve strangers are signed up and none confirms: sign-ups are down to a trickle, for everybody
/// and in a process that was started since; the operator is told once; it ends by itself.
fn sign_ups_slow_down_while_hardly_anybody_confirms(engine: Engine) {
    let mut stage = Stage::open(with_small_breaker(site(engine).at("2026-11-02T08:00:00Z")));
    for number in 0..12 {
        stage.sign_up(&format!("person{number}@kunde.example"));
    }
    stage.travel("2026-11-02T08:30:00Z");
    let sign_up = |client: &Client, who: &str| {
        let email = format!("{who}@kunde.example");
        let answer = client.post_form("/subscribe", &[("email", &email)]);
        (answer.status, answer.header("retry-after").is_some())
    };
    let fresh = stage.site.web();
    for client in [&stage.client, &Client::new(fresh.url())] {
        let answers = ["new1", "person1", "new2", "person2"].map(|who| sign_up(client, who));
        assert_eq!(
            answers,
            [(303, false), (303, false), (429, true), (429, true)]
        );
        let answer = client.post_json("/subscribe", &json!({ "email": "new3@kunde.example" }));
        assert_eq!(answer.status, 429);
        assert_eq!(answer.json()["status"], 429);
        // To somebody who is held already, or to nobody.
        let fields = [("email", "person3@kunde.example")];
        assert_eq!(client.post_form("/preferences", &fields).status, 303);
    }
    let told = "hardly anybody confirms";
    assert_eq!(
        stage.web.log().matches(told).count(),
        1,
        "{}",
        stage.web.log()
    );
    let doctor = stage.site.admin(&["doctor", "--format", "json"]);
    assert_eq!(doctor.code, Some(1));
    assert!(
        doctor.stdout.contains("slowed down to a trickle"),
        "{}",
        doctor.stdout
    );

    // Their letters arrive at last, and enough of them confirm.
    for letter in stage.pass().iter().take(4) {
        stage.press(&letter.path("/confirm/"), &[]);
    }
    stage.travel("2026-11-02T08:31:00Z");
    for number in 20..25 {
        let answer = sign_up(&stage.client, &format!("person{number}"));
        assert_eq!(answer, (303, false));
    }
    let doctor = stage.site.admin(&["doctor", "--format", "json"]);
    assert!(!doctor.stdout.contains("slowed down"), "{}", doctor.stdout);
}

/// Behind a trusted proxy each client counts for itself and within its network, and all of them
/// together for the domain that the letters go to. Nobody chooses whom they count as.
#[test]
fn budgets_hold_per_network_and_per_recipient_domain() {
    let site = Site::new(Engine::Sqlite)
        .with("CONSENTRY_EMBEDDED_WORKER", "false")
        .with("CONSENTRY_LIMIT_PER_CLIENT", "2/hour")
        .with("CONSENTRY_LIMIT_PER_DOMAIN", "30/hour")
        .with("CONSENTRY_TRUSTED_PROXIES", "127.0.0.0/8");
    let web = site.web();
    let mut number = 0;
    let mut sign_up = |forwarded: &str, domain: &str| {
        number += 1;
        let client = Client::new(web.url()).with_header("x-forwarded-for", forwarded);
        let email = format!("person{number}@{domain}");
        let answer = client.post_form("/subscribe", &[("email", &email)]);
        assert_eq!(answer.status == 429, answer.header("retry-after").is_some());
        answer.status == 303
    };
    let in_one_network = (1..=20)
        .filter(|host| sign_up(&format!("192.0.2.{host}"), "kunde.example"))
        .count();
    assert_eq!(in_one_network, 16, "eight times the share of one");
    let in_one_prefix = (1..=20)
        .filter(|host| sign_up(&format!("2001:db8:1:{host:x}::1"), "client.example"))
        .count();
    assert_eq!(in_one_prefix, 16);
    // What a client writes itself stands left of what the proxy adds.
    let forged = (1..=5)
        .filter(|host| {
            sign_up(
                &format!("198.51.{host}.1, 203.0.113.9"),
                "elsewhere.example",
            )
        })
        .count();
    assert_eq!(forged, 2);
    // From everywhere: 16 of the 30 for this domain are used.
    let everywhere = (1..=20)
        .filter(|net| sign_up(&format!("10.{net}.0.1"), "KUNDE.example"))
        .count();
    assert_eq!(everywhere, 14);
}
