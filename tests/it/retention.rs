//! The policy executed on the database of an application, as an operator does it.

use std::{fs, thread, time::Duration};

use consentry_tests::{
    binaries::{binaries, root},
    database::{Application, Engine},
    http::Client,
    process::Process,
    site::Site,
    wait_for,
};
use serde_json::Value;

use crate::steps::{on_each_engine, site};

on_each_engine!(
    what_is_due_is_planned_done_and_verified,
    a_killed_run_is_finished_by_the_next,
    two_runs_at_once_do_the_work_once,
    a_hold_keeps_rows_until_it_is_lifted,
    an_event_ends_the_rows_of_whom_it_happened_to,
    what_differs_from_the_policy_is_an_error_and_never_skipped,
    a_rule_that_takes_too_much_waits_for_an_approved_plan,
    the_worker_makes_one_pass_a_day_and_catches_up,
    a_clock_that_is_set_back_purges_nobody,
    a_dataset_whose_archive_is_out_of_reach_waits_alone,
);

pub(crate) const NOON: &str = "2031-06-02T10:00:00Z";

const TABLES: &str = "
    CREATE TABLE clients (
        id INTEGER PRIMARY KEY, email TEXT NOT NULL, name TEXT, contract_end DATE);
    CREATE TABLE orders (
        id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients (id));
    CREATE TABLE invoices (id INTEGER PRIMARY KEY, issued DATE NOT NULL);
    CREATE INDEX clients_end ON clients (contract_end, id);
    CREATE INDEX orders_client ON orders (client_id);
    CREATE INDEX invoices_issued ON invoices (issued, id);";

pub(crate) const RULES: &str = r#"
[engine]
daily_at = "03:00"

[[events]]
id = "left"
name = { en = "the departure", fr = "le départ" }

[[datasets]]
id = "clients"
name = { en = "Clients", fr = "Clients" }
people = { en = "Clients", fr = "Clients" }
purposes = ["sales"]
[datasets.source]
database = "back-office"
table = "clients"
key = ["id"]
identity = "email"
time_format = "date"
[[datasets.source.dependants]]
table = "orders"
on = { client_id = "id" }
[[datasets.fields]]
id = "name"
name = { en = "Name", fr = "Nom" }
[[datasets.clocks]]
id = "contract-end"
name = { en = "from the end of the contract", fr = "à compter de la fin du contrat" }
columns = ["contract_end"]
[[datasets.stages]]
id = "purge-clients"
action = "purge"
clock = "contract-end"
after = "3 years"
[[datasets.stages]]
id = "purge-departed"
action = "purge"
on = "left"

[[datasets]]
id = "invoices"
name = { en = "Invoices", fr = "Factures" }
people = { en = "Clients", fr = "Clients" }
purposes = ["sales"]
[datasets.source]
database = "back-office"
table = "invoices"
key = ["id"]
time_format = "date"
[[datasets.clocks]]
id = "issued"
name = { en = "from the date of the invoice", fr = "à compter de la date de la facture" }
columns = ["issued"]
[[datasets.stages]]
id = "purge-invoices"
action = "purge"
clock = "issued"
after = "10 years"
"#;

/// An installation and the application that its policy is executed on.
pub(crate) struct Office {
    pub(crate) site: Site,
    pub(crate) application: Application,
}

/// The demo policy with these rules.
pub(crate) fn policy_with(rules: &str) -> String {
    let policy = root().join("crates/policy/policies/saas-portal.toml");
    let policy = fs::read_to_string(policy).expect("the demo policy is there");
    format!("{policy}\n{rules}")
}

impl Office {
    pub(crate) fn open(engine: Engine) -> Self {
        Self::under(engine, RULES)
    }

    pub(crate) fn under(engine: Engine, rules: &str) -> Self {
        Self::beside(site(engine), engine, rules)
    }

    /// The application's database is on `engine`, wherever ours is.
    pub(crate) fn beside(site: Site, engine: Engine, rules: &str) -> Self {
        let site = site.at(NOON).with_policy(&policy_with(rules));
        let application = Application::new(engine, site.folder());
        application.query(TABLES);
        let site = site.with("CONSENTRY_SOURCE_BACK_OFFICE", application.url());
        Self { site, application }
    }

    /// Clients of these numbers whose contract ended on that day, each with an order.
    pub(crate) fn clients(&self, first: u32, last: u32, contract_end: &str) {
        let numbers = format!(
            "WITH RECURSIVE numbers (n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers \
             WHERE n < {last})"
        );
        self.application.query(&format!(
            "INSERT INTO clients (id, email, name, contract_end) {numbers} SELECT n, 'c' || n || \
             '@kunde.example', 'Client', '{contract_end}' FROM numbers;
             INSERT INTO orders (id, client_id) {numbers} SELECT n, n FROM numbers;"
        ));
    }

    pub(crate) fn count(&self, table: &str) -> u32 {
        let count = self
            .application
            .query(&format!("SELECT count(*) FROM {table}"));
        count.trim().parse().expect("a count is a number")
    }

    pub(crate) fn retention(&self, arguments: &[&str]) -> Value {
        let all = [&["retention"], arguments, &["--format", "json"]].concat();
        self.site.admin(&all).json()
    }

    /// How many rows are due to a rule by the plan.
    pub(crate) fn due(&self, rule: &str) -> u64 {
        due(&self.retention(&["plan"])["rules"], rule)
    }

    pub(crate) fn run(&self) {
        self.site.admin(&["retention", "run", "--yes"]).succeed();
    }
}

pub(crate) fn due(rules: &Value, rule: &str) -> u64 {
    let rules = rules.as_array().expect("a list of rules");
    let found = rules.iter().find(|one| one["rule"] == rule);
    let found = found.unwrap_or_else(|| panic!("no rule {rule} in {rules:?}"));
    found["due"].as_u64().expect("a count is a number")
}

/// S2-21: counts, the oldest moment, a hash; then nothing is left, and the report says so.
/// Our own records are in the same plan.
fn what_is_due_is_planned_done_and_verified(engine: Engine) {
    let office = Office::open(engine);
    office.clients(1, 3, "2028-06-01");
    office.clients(4, 5, "2028-06-02");
    office.clients(6, 9, "2029-01-31");
    let verify = office.site.admin(&["retention", "verify"]);
    assert_eq!(verify.code, Some(1), "{}", verify.stderr);

    let plan = office.retention(&["plan"]);
    assert_eq!(due(&plan["rules"], "purge-clients"), 5);
    assert_eq!(due(&plan["rules"], "purge-invoices"), 0);
    assert_eq!(due(&plan["rules"], "unconfirmed"), 0);
    assert_eq!(plan["hash"].as_str().expect("a hash").len(), 64);
    let rules = plan["rules"].as_array().expect("rules");
    assert_eq!(
        rules[0]["oldest"], "2028-05-31T22:00:00Z",
        "midnight in Paris"
    );
    let later = office.retention(&["plan", "--at", "2032-02-01T00:00:00Z"]);
    assert_eq!(due(&later["rules"], "purge-clients"), 9);

    let unanswered = office.site.admin(&["retention", "run"]);
    assert_eq!(unanswered.code, Some(2), "{}", unanswered.stderr);
    assert_eq!(office.count("clients"), 9);
    let ran = office.retention(&["run", "--yes"]);
    assert_eq!(ran["report"]["rules"][0]["done"], 5);
    let printed = ran.to_string();
    assert!(!printed.contains("kunde.example"), "{printed}");
    assert_eq!([office.count("clients"), office.count("orders")], [4, 4]);
    office.site.admin(&["retention", "verify"]).succeed();
    let status = office.retention(&["status"]);
    assert_eq!(status["runs"][0]["outcome"], "done");
    assert_eq!(status["runs"][0]["acted"], 5);
    assert_eq!(status["overdue"], Value::Array(Vec::new()));
    assert!(status["last_clean_verify"].is_string(), "{status}");
    let grants = ["retention", "grants", "back-office", "--role", "engine"];
    let grants = office.site.admin(&grants).succeed();
    assert!(grants.contains("GRANT DELETE ON"), "{grants}");
}

/// Nothing lost, nothing done twice, and the next run ends the work.
fn a_killed_run_is_finished_by_the_next(engine: Engine) {
    const PAST: u32 = 40_000;
    let office = Office::under(engine, &with_brake_off());
    office.clients(1, PAST, "2028-01-01");
    office.clients(PAST + 1, PAST + 10, "2031-01-01");
    let arguments = ["retention", "run", "--yes"];
    let command = &mut office.site.command(&binaries().admin, &arguments);
    let process = Process::start(command);
    wait_for("first batch", Duration::from_mins(1), || {
        (office.count("clients") < PAST + 10).then_some(())
    });
    process.kill();
    assert_eq!(
        office.count("clients"),
        office.count("orders"),
        "whole batches"
    );
    assert!(office.count("clients") >= 10);
    office.run();
    assert_eq!([office.count("clients"), office.count("orders")], [10, 10]);
    let runs = &office.retention(&["status"])["runs"];
    assert_eq!(runs[0]["outcome"], "done");
}

pub(crate) fn with_brake_off() -> String {
    RULES.replace("after = \"3 years\"", "after = \"3 years\"\nbrake = 100")
}

fn two_runs_at_once_do_the_work_once(engine: Engine) {
    const PAST: u32 = 20_000;
    let office = Office::under(engine, &with_brake_off());
    office.clients(1, PAST, "2028-01-01");
    office.clients(PAST + 1, PAST + 10, "2031-01-01");
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| office.run());
        }
    });
    assert_eq!([office.count("clients"), office.count("orders")], [10, 10]);
    let runs = office.retention(&["status"]);
    let acted = |index: usize| runs["runs"][index]["acted"].as_u64().expect("a count");
    assert_eq!(acted(0) + acted(1), u64::from(PAST));
}

/// S3-26.
fn a_hold_keeps_rows_until_it_is_lifted(engine: Engine) {
    let office = Office::open(engine);
    office.clients(1, 3, "2028-01-01");
    let hold = |identity: &str, kind: &str| {
        let mut add = vec!["hold", "add", "clients", "--kind", kind];
        add.extend([
            "--identity",
            identity,
            "--case",
            "2031/7",
            "--author",
            "legal",
        ]);
        office.site.admin(&add)
    };
    assert_eq!(
        hold("c2@kunde.example", "tax").code,
        Some(2),
        "no such kind"
    );
    let id = hold("C2@kunde.example", "litigation").succeed();
    let listed = office
        .site
        .admin(&["hold", "list", "--format", "json"])
        .json();
    assert_eq!(listed[0]["id"], id.trim());
    assert_eq!(listed[0]["case"], "2031/7");
    assert!(
        listed[0]["review_at"]
            .as_str()
            .expect("a time")
            .starts_with("2031-12-02")
    );

    assert_eq!(office.due("purge-clients"), 2);
    office.run();
    assert_eq!(office.count("clients"), 1);
    office.site.admin(&["retention", "verify"]).succeed();
    office
        .site
        .admin(&["hold", "lift", id.trim(), "--yes"])
        .succeed();
    let again = office.site.admin(&["hold", "lift", id.trim(), "--yes"]);
    assert_eq!(again.code, Some(1), "{}", again.stderr);
    office.run();
    assert_eq!(office.count("clients"), 0);
    let people = office
        .site
        .query("SELECT count(*) FROM consentry_identities");
    assert_eq!(people.trim(), "0", "a lifted hold names nobody");
}

/// S3-52: reported twice it is one; who comes back later is not purged for having left before.
fn an_event_ends_the_rows_of_whom_it_happened_to(engine: Engine) {
    let office = Office::open(engine);
    office.clients(1, 3, "2031-01-01");
    let event = |name: &str, identity: &str| {
        let at = ["--at", "2031-06-01T08:00:00Z"];
        office
            .site
            .admin(&[&["event", name, identity], &at[..]].concat())
    };
    assert_eq!(event("quit", "c2@kunde.example").code, Some(2));
    for answer in ["noted", "known already"] {
        let noted = event("left", "c2@kunde.example");
        assert_eq!((noted.code, noted.stderr.trim()), (Some(0), answer));
    }
    assert_eq!(office.due("purge-departed"), 1);
    office.run();
    assert_eq!(
        office
            .application
            .query("SELECT id FROM clients ORDER BY id"),
        "1\n3\n"
    );
    office.clients(2, 2, "2031-01-01");
    event("left", "c2@kunde.example").succeed();
    office.run();
    assert_eq!(office.count("clients"), 3);
}

/// A renamed column, a missing URL, a database that is gone: each an error of its own.
fn what_differs_from_the_policy_is_an_error_and_never_skipped(engine: Engine) {
    let mut office = Office::open(engine);
    office.clients(1, 2, "2028-01-01");
    office
        .application
        .query("ALTER TABLE clients RENAME COLUMN contract_end TO ended_on");
    for command in ["plan", "verify", "status"] {
        let refused = office.site.admin(&["retention", command]);
        assert_eq!(refused.code, Some(1), "{}", refused.stderr);
        assert!(refused.stderr.contains(".columns[0]"), "{}", refused.stderr);
        assert!(refused.stderr.contains("`clients`"), "{}", refused.stderr);
        assert!(
            refused.stderr.contains("`contract_end`"),
            "{}",
            refused.stderr
        );
    }
    let refused = office.site.admin(&["retention", "run", "--yes"]);
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    assert_eq!(office.count("clients"), 2);
    let doctor = office.site.admin(&["doctor", "--format", "json"]);
    assert!(doctor.stdout.contains("contract_end"), "{}", doctor.stdout);

    let gone = match engine {
        Engine::Sqlite => "sqlite:///nowhere/application.db",
        Engine::Postgres => "postgres://nobody@127.0.0.1:1/application",
    };
    office.site.set("CONSENTRY_SOURCE_BACK_OFFICE", gone);
    let unreachable = office.site.admin(&["retention", "run", "--yes"]);
    assert_eq!(unreachable.code, Some(3), "{}", unreachable.stderr);
    let unset = Office::open(engine);
    let site = unset.site.with("CONSENTRY_SOURCE_OTHER", "sqlite:x");
    let mut command = site.command(&binaries().admin, &["retention", "plan"]);
    command.env_remove("CONSENTRY_SOURCE_BACK_OFFICE");
    let mut process = Process::start(&mut command);
    assert_eq!(process.wait().code(), Some(2), "{}", process.log());
    for variable in ["CONSENTRY_SOURCE_BACK_OFFICE", "CONSENTRY_SOURCE_OTHER"] {
        assert!(process.log().contains(variable), "{}", process.log());
    }
}

/// Standards 4.4: a mass waits for somebody who has looked at it.
fn a_rule_that_takes_too_much_waits_for_an_approved_plan(engine: Engine) {
    let mut office = Office::open(engine);
    office.clients(1, 150, "2028-01-01");
    office.clients(151, 200, "2031-01-01");
    let pass = office.site.worker_once();
    assert_eq!(pass.code, Some(1), "{}", pass.stderr);
    assert!(
        pass.stderr.contains("retention run --plan"),
        "{}",
        pass.stderr
    );
    assert_eq!(office.count("clients"), 200);
    let status = office.retention(&["status"]);
    assert_eq!(status["runs"][0]["outcome"], "held");
    assert_eq!(status["runs"][0]["held"], 150);
    let doctor = office.site.admin(&["doctor", "--format", "json"]);
    assert!(doctor.stdout.contains("150 rows wait"), "{}", doctor.stdout);

    let plan = office.retention(&["plan"]);
    let hash = plan["hash"].as_str().expect("a hash");
    let unknown = office
        .site
        .admin(&["retention", "run", "--plan", "beef", "--yes"]);
    assert_eq!(unknown.code, Some(1), "{}", unknown.stderr);
    office.retention(&["run", "--plan", hash, "--yes"]);
    assert_eq!(office.count("clients"), 50);
    office.site.admin(&["retention", "verify"]).succeed();
    office.site.set_clock("2031-06-03T10:00:00Z");
    office.site.worker_once().succeed();
}

/// S2-20: at three, local time; one pass a day, whoever makes it; what was slept through is made up.
fn the_worker_makes_one_pass_a_day_and_catches_up(engine: Engine) {
    let mut office = Office::open(engine);
    office.clients(1, 2, "2028-06-01");
    office.site.worker_once().succeed();
    assert_eq!(office.count("clients"), 0);
    office.clients(3, 4, "2028-06-01");
    office.site.set_clock("2031-06-03T00:55:00Z");
    office.site.worker_once().succeed();
    assert_eq!(office.count("clients"), 2, "it is five to three in Paris");
    office.site.set_clock("2031-06-03T01:05:00Z");
    office.site.worker_once().succeed();
    assert_eq!(office.count("clients"), 0);
    let next = office.retention(&["status"])["next"].clone();
    assert_eq!(next, "2031-06-04T01:00:00Z");

    office.clients(5, 6, "2028-06-30");
    office.site.set_clock("2031-07-05T10:00:00Z");
    office.site.set("CONSENTRY_METRICS_LISTEN", "127.0.0.1:0");
    let mut worker = office.site.worker();
    let metrics = Client::new(&worker.wait_for_line("metrics on "));
    wait_for("pass", Duration::from_mins(1), || {
        (office.count("clients") == 0).then_some(())
    });
    wait_for("clean verify", Duration::from_mins(1), || {
        let body = metrics.get("/metrics").body;
        let overdue = "consentry_retention_overdue{dataset=\"clients\",rule=\"purge-clients\"} 0";
        let verified = "consentry_retention_since_clean_verify_seconds ";
        let age = body.lines().find_map(|line| line.strip_prefix(verified))?;
        let age: f64 = age.parse().expect("a number");
        (body.contains(overdue) && age < 600.0).then_some(())
    });
}

/// Standards 4.4: an earlier date makes nothing due, and the right one goes on.
fn a_clock_that_is_set_back_purges_nobody(engine: Engine) {
    let mut office = Office::open(engine);
    office.site.worker_once().succeed();
    office.clients(1, 2, "2028-06-03");
    office.site.set_clock("2030-06-02T10:00:00Z");
    office.site.worker_once().succeed();
    office.run();
    assert_eq!(office.count("clients"), 2);
    office.site.set_clock("2031-06-03T10:00:00Z");
    office.site.worker_once().succeed();
    assert_eq!(office.count("clients"), 0);
}

/// S2-22: without its archive nothing is moved, nothing deleted in its place, and no other dataset
/// waits.
fn a_dataset_whose_archive_is_out_of_reach_waits_alone(engine: Engine) {
    let rules = RULES.replace(
        "id = \"purge-invoices\"\naction = \"purge\"",
        "id = \"archive-invoices\"\naction = \"archive\"",
    );
    let mut office = Office::under(engine, &rules);
    let nobody = "postgres://nobody@127.0.0.1:1/archive";
    office.site.set("CONSENTRY_ARCHIVE_URL", nobody);
    office.clients(1, 2, "2028-01-01");
    office
        .application
        .query("INSERT INTO invoices (id, issued) VALUES (1, '2020-01-01')");
    let run = office.site.admin(&["retention", "run", "--yes"]);
    assert_eq!(run.code, Some(3), "{}", run.stderr);
    assert!(run.stderr.contains("dataset `invoices`"), "{}", run.stderr);
    assert_eq!([office.count("clients"), office.count("invoices")], [0, 1]);
    for command in [&["retention", "status"][..], &["doctor"]] {
        let told = office.site.admin(command);
        let said = format!("{}{}", told.stdout, told.stderr);
        assert!(said.contains("dataset `invoices`"), "{said}");
    }
}
