//! Rows purged and archived by an operator's run, as a process of its own. The floor is the best that
//! statements by hand do: the purge in one transaction, the archive as a copy into a table beside
//! theirs, unsealed; each with the same cleaning.

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

/// What is done to every row of a table of the demonstration (`demo/retention`).
struct Work {
    name: &'static str,
    table: &'static str,
    rows: &'static str,
    by_hand: &'static str,
}

const WORK: [Work; 2] = [
    Work {
        name: "purged",
        table: "clients",
        rows: "INSERT INTO clients (id, email, name, left_on)
                   SELECT i, 'c' || i || '@example.org', 'Client ' || i, {day 2021-02-01} FROM n",
        by_hand: "DELETE FROM clients WHERE left_on <= '2022-02-01'",
    },
    Work {
        name: "archived",
        table: "contracts",
        rows: "INSERT INTO clients (id, email, name)
                   SELECT i, 'c' || i || '@example.org', 'Client ' || i FROM n;
               INSERT INTO contracts (id, client_id, email, terms, ended_on)
                   SELECT id, id, email, 'Two days of advice a month', {day 2024-02-01} FROM clients",
        by_hand: "CREATE TABLE old_contracts AS SELECT * FROM contracts WHERE ended_on <= '2025-02-01';
                  DELETE FROM contracts WHERE ended_on <= '2025-02-01'",
    },
];

const TODAY: &str = "2027-02-01T10:00:00Z";

/// Purges and archives that many rows, in as many rounds as asked.
pub(crate) fn measure(engine: Engine, rows: usize, rounds: usize, figures: &mut Figures) {
    for work in &WORK {
        for _ in 0..rounds {
            work.measure(engine, rows, figures);
        }
    }
}

impl Work {
    fn measure(&self, engine: Engine, rows: usize, figures: &mut Figures) {
        let database = match engine {
            Engine::Sqlite => "SQLite",
            Engine::Postgres => "PostgreSQL",
        };
        let floor = self.floor(engine, rows);
        let policy = root().join("demo/retention/policy.toml");
        let mut site = Site::new(engine)
            .at(TODAY)
            .with("CONSENTRY_POLICY", policy.display().to_string());
        let archive = Database::new(engine);
        if let Some(url) = archive.url() {
            site.set("CONSENTRY_ARCHIVE_URL", url);
        }
        let application = self.filled(engine, &site, rows);
        site.set("CONSENTRY_SOURCE_OFFICE", application.url());
        let plan = site.admin(&["retention", "plan", "--format", "json"]);
        let plan = plan.json();
        let hash = plan["hash"].as_str().expect("a plan has a name");
        let run = ["retention", "run", "--yes", "--plan", hash];
        let pass = pass(&site, &binaries().admin, &run);
        let left = application.query(&format!("SELECT count(*) FROM {}", self.table));
        assert_eq!(left.trim(), "0");

        let rate = per_second(rows, pass.elapsed);
        let figure = format!("rows {}", self.name);
        figures.add(database, &figure, "/s", Target::None, rate, Some(floor));
        let peak = format!("{figure}, peak");
        let target = Target::AtMost(64.0);
        figures.add(database, &peak, "MB", target, pass.memory, None);
    }

    /// Rows each second, by hand.
    fn floor(&self, engine: Engine, rows: usize) -> f64 {
        let site = Site::new(engine);
        let application = self.filled(engine, &site, rows);
        let start = Instant::now();
        let (before, clean) = match engine {
            Engine::Sqlite => (
                "COMMIT; PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON; BEGIN",
                "VACUUM; PRAGMA wal_checkpoint(TRUNCATE)",
            ),
            Engine::Postgres => ("", "VACUUM (ANALYZE, INDEX_CLEANUP ON)"),
        };
        application.query(&format!("BEGIN; {before}; {}; COMMIT", self.by_hand));
        application.query(clean);
        per_second(rows, start.elapsed())
    }

    fn filled(&self, engine: Engine, site: &Site, rows: usize) -> Application {
        let application = Application::new(engine, site.folder());
        let schema = root().join("demo/retention/schema.sql");
        let schema = std::fs::read_to_string(schema).expect("the demonstration has a schema");
        application.query(&schema);
        if engine == Engine::Sqlite {
            application.query("BEGIN; COMMIT; PRAGMA journal_mode = WAL");
        }
        let day = match engine {
            Engine::Sqlite => "'",
            Engine::Postgres => "DATE '",
        };
        let rows_of = self.rows.replace("{day ", day).replace('}', "'");
        let numbers = format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) SELECT"
        );
        application.query(&rows_of.replacen("SELECT", &numbers, 1));
        application
    }
}
