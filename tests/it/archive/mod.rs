//! The archive, as an operator sees it: sealed, apart, opened for a reason, and ended by its own clock.

mod faults;
mod lifetime;

use std::{
    fs,
    path::{Path, PathBuf},
};

use consentry_tests::{
    database::{Database, Engine, PostgresDatabase},
    site::Output,
};
use serde_json::Value;

use crate::retention::{Office, RULES};

const ARCHIVING: &str = r#"
[[datasets.stages]]
id = "archive-clients"
action = "archive"
clock = "contract-end"
after = "3 years"
brake = 100
reason = { en = "Proof of the contract", fr = "Preuve du contrat" }
promises = []
[[datasets.stages]]
id = "end-clients"
action = "purge"
within = "archive"
clock = "contract-end"
after = "8 years"
[[datasets.stages]]
id = "purge-departed"
"#;

/// Nothing else in the world is called so.
const NAME: &str = "Quintilia Wobbelstein";

/// An office whose clients are archived, and the database of the archive.
struct Vault {
    office: Office,
    archive: Database,
}

impl Vault {
    fn open(engine: Engine) -> Self {
        Self::with(engine, "")
    }

    /// With a minimum, or whatever follows the stages of the clients.
    fn with(engine: Engine, more: &str) -> Self {
        let (before, after) = RULES
            .split_once("[[datasets.stages]]\nid = \"purge-clients\"")
            .expect("the rules of clients");
        let (_, after) = after
            .split_once("id = \"purge-departed\"\n")
            .expect("the other rule of clients");
        let (departed, after) = after.split_once("\n\n").expect("the next dataset");
        let rules = format!("{before}{ARCHIVING}{departed}\n{more}\n{after}");
        let mut office = Office::under(engine, &rules);
        let archive = Database::new(engine);
        if let Some(url) = archive.url() {
            office.site.set("CONSENTRY_ARCHIVE_URL", url);
        }
        Self { office, archive }
    }

    /// Clients of these numbers, whose contract ended in January 2028, are in the archive.
    fn filled(self, count: u32) -> Self {
        self.clients(count);
        self.office.run();
        assert_eq!(self.office.count("clients"), 0);
        self
    }

    fn clients(&self, count: u32) {
        self.office.clients(1, count, "2028-01-31");
        let rename = format!("UPDATE clients SET name = '{NAME}'");
        self.office.application.query(&rename);
    }

    fn admin(&self, arguments: &[&str]) -> Output {
        self.office.site.admin(arguments)
    }

    fn records(&self) -> u64 {
        let status = self
            .admin(&["archive", "status", "--format", "json"])
            .json();
        let datasets = status["datasets"].as_array().expect("a list");
        let counts = datasets.iter().map(|one| one["records"].as_u64());
        counts.map(|count| count.expect("a count")).sum()
    }

    fn keys(&self) -> u64 {
        let status = self
            .admin(&["archive", "status", "--format", "json"])
            .json();
        status["keys"].as_u64().expect("a count")
    }

    fn opened(&self, person: &str) -> Vec<Value> {
        let whose = ["--subject", person, "--reason", "a request for access"];
        let opened = self.admin(&[&["archive", "open"], &whose[..]].concat());
        opened.json().as_array().expect("a list").clone()
    }

    fn erase(&self, person: &str) -> Output {
        let whose = ["--subject", person, "--reason", "asked for by letter"];
        self.admin(&[&["archive", "erase", "--yes"], &whose[..]].concat())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.office.site.data().join(name)
    }

    fn postgres(&self) -> Option<&PostgresDatabase> {
        match &self.archive {
            Database::Postgres(database) => Some(database),
            Database::Sqlite => None,
        }
    }

    /// Keeps the archive as it is now, as a backup of its database does.
    fn copy(&self) {
        match self.postgres() {
            Some(database) => {
                database.query("CREATE TABLE copy AS SELECT * FROM consentry_archive_records");
            }
            None => copy_archive(&self.office.site.data(), self.office.site.folder()),
        }
    }

    /// Puts back what was kept.
    fn restore_copy(&self) {
        match self.postgres() {
            Some(database) => {
                database.query("DELETE FROM consentry_archive_records");
                database.query("INSERT INTO consentry_archive_records SELECT * FROM copy");
            }
            None => copy_archive(self.office.site.folder(), &self.office.site.data()),
        }
    }
}

fn copy_archive(from: &Path, to: &Path) {
    for name in ["archive.db", "archive.db-wal"] {
        let _ = fs::remove_file(to.join(name));
        let copied = fs::copy(from.join(name), to.join(name));
        assert!(copied.is_ok() || name != "archive.db", "{copied:?}");
    }
}
