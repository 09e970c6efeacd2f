//! How the databases execute the statements of a pass: by index, whatever else the tables hold.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use consentry_policy::Policy;
use jiff::Timestamp;

use crate::check;
use crate::query::{After, Cursor, Page, Queries};
use crate::rules::{Rules, StageRule};
use crate::scan::Candidate;
use crate::source::Source;
use crate::sql::{Dialect, Sql, Value};
use crate::write;

const NOW: Timestamp = Timestamp::constant(1_780_272_000, 0);

const DATASETS: &str = r#"
[[datasets]]
id = "invoices"
name = { en = "Invoices", fr = "Factures" }
people = { en = "Clients", fr = "Clients" }
purposes = ["sales"]
[datasets.source]
database = "crm"
table = "invoices"
key = ["number"]
[[datasets.clocks]]
id = "issued"
name = { en = "from their date", fr = "à compter de leur date" }
columns = ["issued"]
[[datasets.stages]]
id = "purge-invoices"
action = "purge"
clock = "issued"
after = "10 years"

[[datasets]]
id = "clients"
name = { en = "Clients", fr = "Clients" }
people = { en = "Clients", fr = "Clients" }
purposes = ["sales"]
[datasets.source]
database = "crm"
table = "clients"
key = ["id"]
identity = "email"
rows = { kind = "client" }
[[datasets.source.dependants]]
table = "orders"
on = { client_id = "id" }
[[datasets.source.dependants]]
table = "letters"
on = { recipient = "email" }
[[datasets.fields]]
id = "name"
name = { en = "Name", fr = "Nom" }
[[datasets.states]]
id = "closed"
name = { en = "Closed", fr = "Clos" }
when = { status = "closed" }
[[datasets.clocks]]
id = "last-seen"
name = { en = "from the last visit", fr = "à compter de la dernière visite" }
columns = ["seen"]
[[datasets.clocks]]
id = "last-order"
name = { en = "from the last order", fr = "à compter de la dernière commande" }
[[datasets.clocks.joins]]
table = "orders"
on = { client_id = "id" }
column = "placed"
[[datasets.stages]]
id = "reduce-clients"
action = "anonymise"
clock = "last-seen"
after = "1 year"
methods = { name = "initials" }
[[datasets.stages]]
id = "purge-clients"
action = "purge"
state = "closed"
clock = "last-seen"
after = "3 years"
[[datasets.minima]]
id = "warranty"
clock = "last-order"
period = "2 years"
reason = "law"
basis = { en = "The law", fr = "La loi" }
"#;

const TABLES: [&str; 4] = [
    "CREATE TABLE clients (
         id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT, kind TEXT NOT NULL,
         status TEXT NOT NULL, seen TIMESTAMPTZ)",
    "CREATE TABLE orders (
         id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients (id),
         placed TIMESTAMPTZ)",
    "CREATE TABLE letters (id INTEGER PRIMARY KEY, recipient TEXT NOT NULL)",
    "CREATE TABLE invoices (
         number INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients (id),
         issued TIMESTAMPTZ)",
];

/// Most clients came by in 2026: of 20,000, a hundred did so in 2020.
const ROWS: [&str; 5] = [
    "CREATE TABLE numbers (n INTEGER PRIMARY KEY)",
    "INSERT INTO numbers WITH RECURSIVE n (n) AS
         (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 19999) SELECT n FROM n",
    "INSERT INTO clients (id, email, name, kind, status, seen)
         SELECT n, 'c' || n, 'Client ' || n, 'client', 'closed',
                CAST(CASE WHEN n % 200 = 0 THEN '2020' ELSE '2026' END
                     || '-03-01 00:00:' || (10 + n % 50) || '+00' AS TIMESTAMPTZ)
         FROM numbers",
    "INSERT INTO letters (id, recipient) SELECT id, email FROM clients",
    "INSERT INTO orders (id, client_id, placed) SELECT id, id, seen FROM clients",
];

const INVOICES: &str = "INSERT INTO invoices (number, client_id, issued)
     SELECT id, id, seen FROM clients WHERE id % 200 <> 0";

const INDEXES: [&str; 6] = [
    "CREATE INDEX clients_seen ON clients (seen, id)",
    "CREATE INDEX orders_client ON orders (client_id)",
    "CREATE INDEX letters_recipient ON letters (recipient)",
    "CREATE INDEX invoices_issued ON invoices (issued, number)",
    "CREATE INDEX invoices_client ON invoices (client_id)",
    "ANALYZE",
];

/// The one that reads rows as they lie, and stops where it has seen enough.
const SIZE: &str = "how many there are, up to a limit";

/// Every statement of a pass, with its plan.
async fn plans(source: &Source) -> String {
    let setup = TABLES
        .iter()
        .chain(&ROWS)
        .chain([&INVOICES])
        .chain(&INDEXES);
    for &statement in setup {
        let statement = match source.dialect() {
            Dialect::Sqlite => statement.replace("TIMESTAMPTZ", "TEXT"),
            Dialect::Postgres => statement.to_owned(),
        };
        let statement = Sql::new(source.dialect(), &statement);
        source.execute(statement).await.unwrap();
    }
    let demo = include_str!("../../policy/policies/saas-portal.toml");
    let policy = Policy::parse(&format!("{demo}\n{DATASETS}"), "test.toml").unwrap();
    let (layouts, findings) = check::database(&policy, "crm", source).await.unwrap();
    assert!(findings.all().is_empty(), "{findings}");
    let mut plans = String::new();
    for layout in &layouts {
        let rules = Rules::new(layout.dataset, &policy.calendar, false);
        let queries = Queries {
            layout,
            rules: &rules,
            now: NOW,
            whose: true,
        };
        for stage in &rules.stages {
            for (name, sql) in statements(&queries, stage) {
                let id = &stage.stage.id;
                plans.extend([id.as_str(), ": ", name, "\n"]);
                for line in explain(source, sql).await {
                    assert!(name == SIZE || !scans(&line), "{id}: {name}: {line}");
                    plans.extend(["    ", &line, "\n"]);
                }
            }
        }
    }
    plans
}

/// Whether a line of a plan reads a whole table, or a whole index.
fn scans(line: &str) -> bool {
    let line = line.trim();
    let tables = ["t", "d", "g", "j"].map(|alias| format!("SCAN {alias}"));
    line.contains("Seq Scan") || tables.iter().any(|scan| line.starts_with(scan.as_str()))
}

fn statements(queries: &Queries<'_>, stage: &StageRule<'_>) -> Vec<(&'static str, Sql)> {
    let layout = queries.layout;
    let page = Page {
        after: None,
        subjects: None,
        limit: 5_000,
        lock: true,
    };
    let cursor = Cursor {
        order: Some(Value::Text("2020-03-01 00:00:20+00".to_owned())),
        key: vec![Value::Integer(200)],
    };
    let after = |after| Page {
        after: Some(after),
        ..page
    };
    let keys = [[Value::Integer(200)], [Value::Integer(400)]];
    let keys = [&keys[0][..], &keys[1][..]];
    let mut statements = vec![
        ("how many are due at most", queries.at_most(stage)),
        (SIZE, queries.size(1_000)),
        ("the first page", queries.candidates(stage, page)),
        (
            "the next page, of the same moment",
            queries.candidates(stage, after(After::Key(&cursor))),
        ),
        (
            "the next page, of later moments",
            queries.candidates(stage, after(After::Moment(&cursor))),
        ),
        ("these rows again", queries.facts_of(&keys)),
    ];
    if stage.ends_row() {
        let dependants = layout.dependants.iter();
        let dependants = dependants.map(|&one| write::dependants(layout, one, &keys));
        statements.extend(dependants.map(|sql| ("deletion of what belongs to rows", sql)));
        statements.push(("deletion of rows", write::rows_of(layout, &keys)));
    } else {
        let row = Candidate {
            key: keys[0].to_vec(),
            values: vec![Some("C.2.".to_owned())],
            ..Candidate::default()
        };
        let update = write::update(layout, queries.rules, &stage.marks, &[&row], NOW);
        statements.push(("change of rows", update));
    }
    statements
}

async fn explain(source: &Source, mut sql: Sql) -> Vec<String> {
    let explain = match sql.dialect {
        Dialect::Sqlite => "EXPLAIN QUERY PLAN ",
        Dialect::Postgres => "EXPLAIN (COSTS OFF) ",
    };
    sql.text.insert_str(0, explain);
    let rows = source.fetch(sql).await.unwrap();
    let last = |row: Vec<Value>| row.into_iter().next_back().and_then(Value::into_text);
    rows.into_iter().map(|row| last(row).unwrap()).collect()
}

/// Cost proportional to what is due and not to what is stored.
#[tokio::test]
async fn no_statement_scans_a_table_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("crm.db");
    std::fs::File::create(&file).unwrap();
    let source = Source::connect(&format!("sqlite://{}", file.display())).await;
    insta::assert_snapshot!("sqlite", plans(&source.unwrap()).await);
}

/// Cost proportional to what is due and not to what is stored.
#[tokio::test]
async fn no_statement_scans_a_table_on_postgres() {
    let cluster = cluster();
    let server = Source::connect(&cluster).await.unwrap();
    let statement = |text: &str| Sql::new(Dialect::Postgres, text);
    let name = format!("retention_plans_{}", std::process::id());
    let create = format!("CREATE DATABASE {name}");
    server.execute(statement(&create)).await.unwrap();
    let (base, _) = cluster.rsplit_once('/').unwrap();
    let source = Source::connect(&format!("{base}/{name}")).await.unwrap();
    let plans = plans(&source).await;
    let drop = format!("DROP DATABASE {name} WITH (FORCE)");
    server.execute(statement(&drop)).await.unwrap();
    insta::assert_snapshot!("postgres", plans);
}

#[expect(clippy::disallowed_methods, reason = "the one setting of the tests")]
fn cluster() -> String {
    std::env::var("CONSENTRY_TEST_POSTGRES")
        .expect("run tests/run, or tests/with-postgres cargo test")
}
