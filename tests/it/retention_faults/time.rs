//! A clock that leaps, goes back, or changes with the season.

use consentry_tests::database::Engine;
use serde_json::Value;

use crate::{
    retention::{Office, RULES, due},
    steps::on_each_engine,
};

on_each_engine!(
    a_worker_that_slept_for_a_month_does_everything_once,
    a_clock_that_went_too_far_and_back_costs_nothing,
    the_pass_comes_once_on_days_that_lack_or_repeat_its_hour,
);

/// The runs that are known, the latest first.
fn runs(office: &Office) -> Vec<Value> {
    let status = office.retention(&["status"]);
    status["runs"].as_array().expect("a list of runs").clone()
}

/// A row is hidden, then reduced, then purged: who missed all of it gets what is due by now.
fn a_worker_that_slept_for_a_month_does_everything_once(engine: Engine) {
    let stages = r#"
[[datasets.stages]]
id = "hide-clients"
action = "hide"
clock = "contract-end"
after = "1 week"
[[datasets.stages]]
id = "reduce-clients"
action = "anonymise"
clock = "contract-end"
after = "2 weeks"
methods = { name = "initials" }
[[datasets.stages]]
id = "purge-clients"
action = "purge"
clock = "contract-end"
after = "3 weeks"
"#;
    let purge = "\n[[datasets.stages]]\nid = \"purge-clients\"\naction = \"purge\"\n\
                 clock = \"contract-end\"\nafter = \"3 years\"\n";
    let rules = RULES.replacen(purge, stages, 1).replacen(
        "identity = \"email\"",
        "identity = \"email\"\nhidden = \"hidden\"",
        1,
    );
    let mut office = Office::under(engine, &rules);
    let hidden = "ALTER TABLE clients ADD COLUMN hidden BOOLEAN NOT NULL DEFAULT FALSE";
    office.application.query(hidden);
    for (id, contract_end) in [
        (1, "2031-06-01"),
        (2, "2031-06-11"),
        (3, "2031-06-12"),
        (4, "2031-06-18"),
        (5, "2031-06-19"),
        (6, "2031-06-25"),
        (7, "2031-06-26"),
    ] {
        office.clients(id, id, contract_end);
    }
    office.site.worker_once().succeed();
    assert_eq!(office.count("clients WHERE NOT hidden"), 7);

    office.site.set_clock("2031-07-02T10:00:00Z");
    for _ in 0..2 {
        office.site.worker_once().succeed();
        let left = "SELECT id, name, CASE WHEN hidden THEN 'hidden' ELSE 'seen' END FROM clients
                    ORDER BY id";
        assert_eq!(
            office.application.query(left).trim(),
            "3|C.|hidden\n4|C.|hidden\n5|Client|hidden\n6|Client|hidden\n7|Client|seen"
        );
    }
    let runs = runs(&office);
    assert_eq!(runs.len(), 2, "one pass for all the days that were missed");
    let done = |rule: &str| {
        let rules = runs[0]["report"]["rules"].as_array().expect("rules");
        let found = rules.iter().find(|one| one["rule"] == rule);
        found.expect("the rule")["done"].clone()
    };
    assert_eq!(
        ["hide-clients", "reduce-clients", "purge-clients"].map(done),
        [4, 2, 2]
    );
    office.site.admin(&["retention", "verify"]).succeed();
}

/// Standards 4.4: years ahead, nearly everything is due at once and waits for somebody who looks; when
/// the clock is right again, the days go on as if nothing had been.
fn a_clock_that_went_too_far_and_back_costs_nothing(engine: Engine) {
    let mut office = Office::under(engine, RULES);
    office.clients(1, 150, "2030-06-01");
    office.clients(151, 160, "2028-06-03");
    office.site.worker_once().succeed();
    for _ in 0..2 {
        office.site.set_clock("2034-06-02T10:00:00Z");
        office.site.worker_once();
        assert_eq!(runs(&office)[0]["outcome"], "held");
        assert_eq!(office.count("clients"), 160);
        office.site.set_clock("2031-06-02T12:00:00Z");
        office.site.worker_once().succeed();
        assert_eq!(office.count("clients"), 160);
    }
    // A pass of the right day is one, whatever the other clock said.
    office.site.set_clock("2031-06-03T10:00:00Z");
    office.site.worker_once().succeed();
    assert_eq!(office.count("clients"), 150);
    office.clients(161, 162, "2028-06-04");
    office.site.worker_once().succeed();
    assert_eq!(office.count("clients"), 152, "one pass a day");
    office.site.set_clock("2031-06-04T10:00:00Z");
    office.site.worker_once().succeed();
    assert_eq!(office.count("clients"), 150);
    assert_eq!(
        due(&office.retention(&["plan"])["rules"], "purge-clients"),
        0
    );
}

/// S2-20: at 02:30 in Paris, which is not there on 28 March 2032 and comes twice on 31 October. A period
/// that ends on such a day ends at its midnight.
fn the_pass_comes_once_on_days_that_lack_or_repeat_its_hour(engine: Engine) {
    let rules = RULES.replacen("daily_at = \"03:00\"", "daily_at = \"02:30\"", 1);
    let mut office = Office::under(engine, &rules);
    office.clients(1, 1, "2029-03-28");
    office.clients(2, 2, "2029-10-31");
    office.clients(3, 3, "2029-11-01");
    let (mut passes, mut left) = (0, 3);
    for (now, is_pass, ends) in [
        ("2032-03-27T22:59:00Z", true, 0),
        // 01:55, 03:25 and 03:35 on the clock of the zone: its hour is left out.
        ("2032-03-28T00:55:00Z", false, 0),
        ("2032-03-28T01:25:00Z", false, 0),
        ("2032-03-28T01:35:00Z", true, 1),
        ("2032-03-28T12:00:00Z", false, 0),
        ("2032-03-29T00:25:00Z", false, 0),
        ("2032-03-29T00:35:00Z", true, 0),
        ("2032-10-30T21:59:00Z", true, 0),
        // 02:25 and 02:35 in summer time, then 02:25 and 02:35 in winter time.
        ("2032-10-31T00:25:00Z", false, 0),
        ("2032-10-31T00:35:00Z", true, 1),
        ("2032-10-31T01:25:00Z", false, 0),
        ("2032-10-31T01:35:00Z", false, 0),
        ("2032-11-01T01:25:00Z", false, 0),
        ("2032-11-01T01:35:00Z", true, 1),
    ] {
        office.site.set_clock(now);
        office.site.worker_once().succeed();
        passes += usize::from(is_pass);
        left -= ends;
        assert_eq!(runs(&office).len(), passes, "{now}");
        assert_eq!(office.count("clients"), left, "{now}");
    }
}
