//! What people are told about their data, and what keeps it, as an operator answers them.

use consentry_tests::{database::Engine, http::Client};
use serde_json::json;

use crate::{
    retention::{Office, RULES},
    steps::{Stage, on_each_engine},
};

on_each_engine!(
    a_person_is_told_until_when_and_why,
    the_copy_of_a_person_names_their_rows_elsewhere,
    a_hold_keeps_the_record_of_a_subscriber_until_it_is_lifted,
    a_held_record_makes_way_for_a_new_sign_up,
    an_erasure_under_a_hold_promises_no_day,
    a_hold_that_nobody_looked_at_again_is_told_of,
    a_program_reports_events,
    statistics_outlive_people_and_leave_out_small_groups,
    a_dataset_that_no_rule_ends_is_named,
);

const ANNA: &str = "anna.sentinel@kunde.example";

/// Clients whose orders prove a contract for ten years.
fn kept(engine: Engine) -> Office {
    let minimum = "[[datasets.minima]]\nid = \"books\"\nclock = \"contract-end\"\n\
        period = \"10 years\"\nfields = [\"name\"]\nreason = \"law\"\n\
        basis = { en = \"Commercial Code\", fr = \"Code de commerce\" }\n\n[[datasets]]\nid = \"invoices\"";
    let rules = RULES.replace("[[datasets]]\nid = \"invoices\"", minimum);
    let office = Office::under(engine, &rules);
    office.clients(1, 1, "2030-06-01");
    office
}

fn hold(office: &Office, dataset: &str, identity: &str) -> String {
    let add = ["hold", "add", dataset, "--kind", "litigation"];
    let whose = [
        "--identity",
        identity,
        "--case",
        "2031/7",
        "--author",
        "legal",
    ];
    let id = office.site.admin(&[&add[..], &whose].concat()).succeed();
    id.trim().to_owned()
}

/// S3-26, S0-38: what happens when, what stays until when and why, in the languages of the policy;
/// neither the case nor its author.
fn a_person_is_told_until_when_and_why(engine: Engine) {
    let office = kept(engine);
    let told = office
        .site
        .admin(&["retention", "about", "C1@kunde.example"])
        .succeed();
    assert_eq!(
        told.lines().collect::<Vec<_>>(),
        [
            "Clients, row 1",
            "    1 June 2040: Permanently deleted",
            "    Name: kept until 1 June 2040 because a law requires it: Commercial Code",
        ]
    );
    let french = ["retention", "about", "c1@kunde.example", "--lang", "fr"];
    let told = office.site.admin(&french).succeed();
    assert!(
        told.contains("Nom\u{a0}: à conserver jusqu’au 1er juin 2040"),
        "{told}"
    );

    hold(&office, "clients", "C1@Kunde.example");
    let told = office.retention(&["about", "c1@kunde.example"]);
    let row = &told[0];
    assert_eq!(row["ahead"], json!([]), "nothing happens to it");
    assert_eq!(row["kept"][0]["minimum"], "books");
    assert_eq!(row["kept"][0]["until"], "2040-05-31T22:00:00Z");
    assert_eq!(row["holds"][0]["kind"], "litigation");
    let text = "Kept because of this case: Kept for a dispute. Looked at again by 2 December 2031";
    assert_eq!(row["holds"][0]["text"], text);
    let all = told.to_string();
    assert!(!all.contains("2031/7") && !all.contains("legal"), "{all}");
    let nobody = office
        .site
        .admin(&["retention", "about", "nobody@kunde.example"]);
    assert_eq!(nobody.succeed(), "");
}

/// S0-38, S0-41.
fn the_copy_of_a_person_names_their_rows_elsewhere(engine: Engine) {
    let office = kept(engine);
    let stage = Stage::open(office.site);
    stage.subscribe("c1@kunde.example");
    let export = ["subscriber", "export", "c1@kunde.example"];
    let copy = stage.site.admin(&export).json();
    assert_eq!(copy["person"]["email"], "c1@kunde.example");
    assert_eq!(copy["person"]["holds"], json!([]));
    let row = &copy["applications"][0];
    assert_eq!(row["dataset"], "clients");
    assert_eq!(row["ahead"][0]["at"], "2040-05-31T22:00:00Z");
}

/// S3-26: on our own data too. The record stays, shows why, and is not called overdue; what was
/// asked for meanwhile happens once the hold is lifted.
fn a_hold_keeps_the_record_of_a_subscriber_until_it_is_lifted(engine: Engine) {
    let mut office = Office::open(engine);
    let add = |identity: &str, more: &[&str]| {
        let add = [
            "hold",
            "add",
            "subscribers",
            "--kind",
            "litigation",
            "--case",
            "2031/7",
        ];
        let whose = ["--author", "legal", "--identity", identity];
        office.site.admin(&[&add[..], &whose, more].concat())
    };
    assert_eq!(add("anna", &[]).code, Some(2), "subscribers have addresses");
    assert_eq!(add(ANNA, &["--field", "email"]).code, Some(2), "as a whole");
    let web = office.site.web();
    let client = Client::new(web.url());
    for address in [ANNA, "bo@kunde.example"] {
        let answer = client.post_form("/subscribe", &[("email", address)]);
        assert_eq!(answer.status, 303);
    }
    drop(web);
    let id = add("Anna.Sentinel@kunde.example", &[]).succeed();
    let show = ["subscriber", "show", ANNA, "--format", "json"];
    let shown = office.site.admin(&show).json();
    assert_eq!(shown["holds"][0]["kind"], "litigation");
    assert!(!shown.to_string().contains("2031/7"), "{shown}");

    office.site.set_clock("2033-06-03T10:00:00Z");
    let people = |office: &Office| {
        let count = office.site.query("SELECT count(*) FROM consentry_subjects");
        count.trim().to_owned()
    };
    office.site.worker_once().succeed();
    assert_eq!(people(&office), "1", "the other one is purged");
    office.site.admin(&["retention", "verify"]).succeed();
    office
        .site
        .admin(&["hold", "lift", id.trim(), "--yes"])
        .succeed();
    let verify = office.site.admin(&["retention", "verify"]);
    assert_eq!(verify.code, Some(1), "{}", verify.stderr);
    office.site.worker_once().succeed();
    assert_eq!(people(&office), "0");
}

/// A period that is over hides a record; whoever comes back is a new person, also while a hold keeps
/// the old one.
fn a_held_record_makes_way_for_a_new_sign_up(engine: Engine) {
    let mut office = Office::open(engine);
    let sign_up = |office: &Office| {
        let web = office.site.web();
        let client = Client::new(web.url());
        let answer = client.post_form("/subscribe", &[("email", ANNA)]);
        assert_eq!(answer.status, 303);
    };
    sign_up(&office);
    hold(&office, "subscribers", ANNA);
    office.site.set_clock("2033-06-03T10:00:00Z");
    sign_up(&office);
    let people = office.site.query("SELECT count(*) FROM consentry_subjects");
    assert_eq!(people.trim(), "2");
    let listed = office
        .site
        .admin(&["subscriber", "list", "--format", "json"]);
    assert_eq!(listed.json().as_array().map(Vec::len), Some(1));
}

/// S3-26: whoever asks for erasure is told what keeps their data, on the page and in the answer.
fn an_erasure_under_a_hold_promises_no_day(engine: Engine) {
    let office = Office::open(engine);
    hold(&office, "subscribers", ANNA);
    let stage = Stage::open(office.site);
    let letter = stage.subscribe(ANNA);
    let page = stage.press(&letter.path("/preferences/"), &[("action", "erase")]);
    assert!(!stage.is_visible(ANNA));
    let answer = stage.only_letter();
    for told in [page.body, answer.text] {
        let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
        for said in [
            "at the earliest",
            "Kept for a dispute",
            "by 2 December 2031",
        ] {
            assert!(told.contains(said), "{said}: {told}");
        }
        assert!(!told.contains("2031/7"), "{told}");
    }
}

/// S3-26.
fn a_hold_that_nobody_looked_at_again_is_told_of(engine: Engine) {
    let mut office = Office::open(engine);
    hold(&office, "clients", "c1@kunde.example");
    let told = |office: &Office| {
        let doctor = office.site.admin(&["doctor", "--format", "json"]).stdout;
        let status = office.retention(&["status"])["holds_to_review"].clone();
        (status, doctor.contains("waiting for a review"))
    };
    assert_eq!(told(&office), (json!(0), false));
    office.site.set_clock("2031-12-02T12:00:00Z");
    assert_eq!(told(&office), (json!(1), true));
}

/// S3-52: a feed of events, replayed, does its work once.
fn a_program_reports_events(engine: Engine) {
    let office = Office::open(engine);
    office.clients(1, 2, "2031-01-01");
    let create = [
        "api-key",
        "create",
        "--name",
        "crm",
        "--scope",
        "events:write",
    ];
    let token = office.site.admin(&create).succeed();
    let web = office.site.web();
    let bearer = format!("Bearer {}", token.trim());
    let program = Client::new(web.url()).with_header("authorization", &bearer);
    let report = |event: &str| {
        let at = "2031-06-01T08:00:00Z";
        let report = json!({ "event": event, "subject": "c2@kunde.example", "at": at });
        program.post_json("/api/v1/events", &report)
    };
    for _ in 0..2 {
        assert_eq!(report("left").status, 202);
    }
    let unknown = report("quit");
    assert_eq!(unknown.status, 422);
    assert_eq!(unknown.json()["errors"][0]["known"], json!(["left"]));
    assert!(!unknown.body.contains("kunde.example"), "{}", unknown.body);
    assert_eq!(office.due("purge-departed"), 1);
    office.run();
    assert_eq!(office.application.query("SELECT id FROM clients"), "1\n");
    assert_eq!(report("left").status, 202);
    office.clients(2, 2, "2031-01-01");
    assert_eq!(office.due("purge-departed"), 0, "replayed, not repeated");
}

/// S2-18, S2-19: the figures of a month are the same after its people are purged, and groups in which
/// a person could be found are left out.
fn statistics_outlive_people_and_leave_out_small_groups(engine: Engine) {
    let mut office = Office::open(engine);
    let sign_up = |office: &Office, month: &str, count: u32| {
        let web = office.site.web();
        let client = Client::new(web.url());
        for number in 0..count {
            let address = format!("p{number}.{month}@kunde.example");
            let answer = client.post_form("/subscribe", &[("email", &address)]);
            assert_eq!(answer.status, 303);
        }
    };
    sign_up(&office, "june", 7);
    office.site.set_clock("2031-07-10T10:00:00Z");
    sign_up(&office, "july", 3);
    office.site.set_clock("2031-08-10T10:00:00Z");
    sign_up(&office, "august", 6);
    let statistics = |office: &Office| {
        let told = office
            .site
            .admin(&["statistics", "--format", "json"])
            .json();
        assert!(!told.to_string().contains("kunde.example"), "{told}");
        told
    };
    let told = statistics(&office);
    assert_eq!(told["count"], 16);
    assert_eq!(told["states"][0]["state"], "pending");
    let groups = json!([
        { "month": "2031-06", "topic": "newsletter", "count": 7 },
        { "month": "2031-07", "topic": "newsletter", "count": null, "left_out": "fewer than 5" },
        { "month": "2031-08", "topic": "newsletter", "count": null, "left_out": "withheld" },
    ]);
    assert_eq!(told["states"][0]["groups"], groups);

    office.site.set_clock("2032-07-01T10:00:00Z");
    office.site.worker_once().succeed();
    let people = office.site.query("SELECT count(*) FROM consentry_subjects");
    assert_eq!(people.trim(), "9", "those of June are purged");
    assert_eq!(statistics(&office), told);
}

/// S3-55: with the day by which somebody decides.
fn a_dataset_that_no_rule_ends_is_named(engine: Engine) {
    let unruled = "\n[[datasets]]\nid = \"drafts\"\nname = { en = \"Drafts\", fr = \"Brouillons\" }\n\
        people = { en = \"Clients\", fr = \"Clients\" }\npurposes = [\"sales\"]\n\
        source = { database = \"back-office\", table = \"invoices\", key = [\"id\"] }\n\n\
        [catch_all]\nreview = 2032-01-31\ndescription = { en = \"The rest\", fr = \"Le reste\" }\n";
    let office = Office::under(engine, &format!("{RULES}{unruled}"));
    for command in ["plan", "status"] {
        let named = office.retention(&[command])["without_rules"].clone();
        assert_eq!(
            named,
            json!([{ "dataset": "drafts", "review": "2032-01-31" }])
        );
        let printed = office.site.admin(&["retention", command]).stdout;
        let told = "no rule ends `drafts`: somebody decides by 2032-01-31";
        assert!(printed.contains(told), "{printed}");
    }
}
