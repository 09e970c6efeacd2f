//! Rows into the archive, as an operator's run puts them there: sealed one by one, a key for each
//! person. The floor is a copy into a table beside theirs, unsealed, with the same cleaning.

use std::time::Instant;

use consentry_tests::{
    binaries::{binaries, root},
    database::{Application, Database, Engine},
    site::Site,
};

use crate::{
    figures::{Figures, Target},
    load::per_second,
    server::pass,
};

/// All of them ended three years before the day of the run.
const CONTRACTS: &str = "
    INSERT INTO clients (id, email, name)
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
        SELECT i, 'c' || i || '@example.org', 'Client ' || i FROM n;
    INSERT INTO contracts (id, client_id, email, terms, ended_on)
        SELECT id, id, email, 'Two days of advice a month', CAST('2024-02-01' AS TEXT_OR_DATE) FROM clients;";

const TODAY: &str = "2027-02-01T10:00:00Z";

/// Archives that many rows, in as many rounds as asked.
pub(crate) fn measure(engine: Engine, rows: usize, rounds: usize, figures: &mut Figures) {
    let name = match engine {
        Engine::Sqlite => "SQLite",
        Engine::Postgres => "PostgreSQL",
    };
    for _ in 0..rounds {
        let by_hand = by_hand(engine, rows);
        let site = Site::new(engine).at(TODAY);
        let application = filled(engine, &site, rows);
        let policy = root().join("demo/retention/policy.toml");
        let archive = Database::new(engine);
        let mut site = site
            .with("CONSENTRY_POLICY", policy.display().to_string())
            .with("CONSENTRY_SOURCE_OFFICE", application.url());
        if let Some(url) = archive.url() {
            site.set("CONSENTRY_ARCHIVE_URL", url);
        }
        let plan = site
            .admin(&["retention", "plan", "--format", "json"])
            .json();
        let hash = plan["hash"].as_str().expect("a plan has a name");
        let run = ["retention", "run", "--yes", "--plan", hash];
        let pass = pass(&site, &binaries().admin, &run);
        assert_eq!(
            application.query("SELECT count(*) FROM contracts").trim(),
            "0"
        );
        let target = Target::None;
        let rate = per_second(rows, pass.elapsed);
        figures.add(name, "rows archived", "/s", target, rate, Some(by_hand));
        figures.add(
            name,
            "archiving, peak",
            "MB",
            Target::AtMost(64.0),
            pass.memory,
            None,
        );
    }
}

fn filled(engine: Engine, site: &Site, rows: usize) -> Application {
    let application = Application::new(engine, site.folder());
    let schema = root().join("demo/retention/schema.sql");
    let schema = std::fs::read_to_string(schema).expect("the demonstration has a schema");
    let date = match engine {
        Engine::Sqlite => "TEXT",
        Engine::Postgres => "DATE",
    };
    let contracts = CONTRACTS
        .replace("{rows}", &rows.to_string())
        .replace("TEXT_OR_DATE", date);
    application.query(&schema);
    application.query(&contracts);
    application
}

/// Rows each second.
fn by_hand(engine: Engine, rows: usize) -> f64 {
    let site = Site::new(engine);
    let application = filled(engine, &site, rows);
    let start = Instant::now();
    application.query(
        "BEGIN;
         CREATE TABLE old_contracts AS SELECT * FROM contracts WHERE ended_on <= '2025-02-01';
         DELETE FROM contracts WHERE ended_on <= '2025-02-01';
         COMMIT",
    );
    match engine {
        Engine::Sqlite => application.query("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)"),
        Engine::Postgres => application.query("VACUUM (ANALYZE, INDEX_CLEANUP ON) contracts"),
    };
    per_second(rows, start.elapsed())
}
