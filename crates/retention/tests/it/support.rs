//! A fresh database for each test, on either engine, and Consentry's records in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::process;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use async_trait::async_trait;
use consentry_policy::{DatasetId, Policy, Slug};
use consentry_retention::{
    Archive, Archived, Engine, Events, Hold, Holds, Occurrence, Plan, Residue, RetentionError,
    RunReport, Sealable, Source, Wanted,
};
use jiff::Timestamp;
use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection, Statement};
use tempfile::TempDir;

/// Runs each test on a database of its own, once per engine.
macro_rules! on_both {
    ($($test:ident,)+) => { $(
        mod $test {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                crate::support::on_sqlite(super::$test).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                crate::support::on_postgres(super::$test).await;
            }
        }
    )+ };
}

/// Runs a test on a new SQLite file.
pub(crate) async fn on_sqlite(test: impl AsyncFnOnce(&mut World)) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!(
        "sqlite://{}?mode=rwc",
        folder.path().join("crm.db").display()
    );
    let raw = sea_orm::Database::connect(&url).await.unwrap();
    let pragma = "PRAGMA journal_mode = WAL";
    raw.execute_unprepared(pragma).await.unwrap();
    test(&mut World::new(url, raw, Some(folder)).await).await;
}

/// Runs a test on a new database of the cluster that `tests/with-postgres` started.
pub(crate) async fn on_postgres(test: impl AsyncFnOnce(&mut World)) {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    let name = format!("retention_{}_{number}", process::id());
    let cluster = cluster();
    let server = sea_orm::Database::connect(&cluster).await.unwrap();
    server
        .execute_unprepared(&format!("CREATE DATABASE {name}"))
        .await
        .unwrap();
    let (base, _) = cluster.rsplit_once('/').unwrap();
    let url = format!("{base}/{name}");
    let raw = sea_orm::Database::connect(&url).await.unwrap();
    test(&mut World::new(url, raw, None).await).await;
    let statement = format!("DROP DATABASE {name} WITH (FORCE)");
    server.execute_unprepared(&statement).await.unwrap();
}

#[expect(clippy::disallowed_methods, reason = "the one setting of the tests")]
fn cluster() -> String {
    std::env::var("CONSENTRY_TEST_POSTGRES")
        .expect("run tests/run, or tests/with-postgres cargo test")
}

/// An application's database, and what Consentry records beside it.
pub(crate) struct World {
    raw: DatabaseConnection,
    is_sqlite: bool,
    sources: BTreeMap<Slug, Source>,
    pub(crate) records: Records,
    pub(crate) policy: Policy,
    folder: Option<TempDir>,
    url: String,
}

impl World {
    async fn new(url: String, raw: DatabaseConnection, folder: Option<TempDir>) -> Self {
        let source = Source::connect(url.trim_end_matches("?mode=rwc"))
            .await
            .unwrap();
        Self {
            raw,
            is_sqlite: folder.is_some(),
            sources: BTreeMap::from([("crm".parse().unwrap(), source)]),
            records: Records::default(),
            policy: Policy::demo(),
            folder,
            url,
        }
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.is_sqlite
    }

    /// Runs statements as the application; SQLite keeps what it has no type for as text.
    pub(crate) async fn execute(&self, sql: &str) {
        let mut sql = sql.to_owned();
        if self.is_sqlite {
            sql = sql.replace("TIMESTAMPTZ", "TEXT").replace("INET", "TEXT");
        }
        self.raw.execute_unprepared(&sql).await.unwrap();
    }

    /// A connection for statements by hand, with the settings of the engine's own.
    pub(crate) async fn hand(&self) -> Hand {
        let mut options = ConnectOptions::new(&self.url);
        options.max_connections(1);
        let hand = Hand(sea_orm::Database::connect(options).await.unwrap());
        if self.is_sqlite {
            hand.execute(
                "PRAGMA secure_delete = ON; PRAGMA cache_size = -20480; PRAGMA temp_store = MEMORY",
            )
            .await;
        }
        hand
    }

    /// The application leaves: its connection keeps no page.
    pub(crate) async fn close(&self) {
        self.raw.clone().close().await.unwrap();
    }

    /// Whether some file of the database holds the text.
    pub(crate) fn files_hold(&self, text: &str) -> bool {
        let folder = self.folder.as_ref().unwrap().path();
        let files = std::fs::read_dir(folder).unwrap();
        let mut bytes = files.map(|file| std::fs::read(file.unwrap().path()).unwrap());
        bytes.any(|bytes| {
            bytes
                .windows(text.len())
                .any(|window| window == text.as_bytes())
        })
    }

    /// From now on the engine connects as a role with these rights and no others.
    pub(crate) async fn restrict_to(&mut self, grants: &[String]) {
        let role = "DROP OWNED BY consentry; DROP ROLE consentry";
        // Roles belong to the cluster, and outlive a test that failed.
        let _ = self.raw.execute_unprepared(role).await;
        self.execute("CREATE ROLE consentry LOGIN PASSWORD 'consentry'")
            .await;
        self.execute(&grants.join("\n")).await;
        let (_, host) = self.url.split_once('@').unwrap();
        let url = format!("postgres://consentry:consentry@{host}");
        let source = Source::connect(&url).await.unwrap();
        self.sources = BTreeMap::from([("crm".parse().unwrap(), source)]);
    }

    /// Puts datasets under the rules of a policy.
    pub(crate) fn promise(&mut self, datasets: &str) {
        let demo = include_str!("../../../policy/policies/saas-portal.toml");
        let text = format!("{demo}\n{datasets}");
        self.policy = Policy::parse(&text, "test.toml").unwrap_or_else(|error| panic!("{error}"));
    }

    pub(crate) fn engine(&self) -> Engine<'_> {
        Engine {
            policy: &self.policy,
            sources: &self.sources,
            holds: &self.records,
            events: &self.records,
            archive: Some(&self.records),
            random: &random,
        }
    }

    pub(crate) async fn plan(&self, now: &str) -> Plan {
        self.engine().plan(at(now)).await.unwrap()
    }

    /// How many rows are due to each rule.
    pub(crate) async fn due(&self, now: &str) -> Vec<(String, u64)> {
        let plan = self.plan(now).await;
        plan.rules
            .into_iter()
            .map(|rule| (rule.rule, rule.due))
            .collect()
    }

    pub(crate) async fn run(&self, now: &str) -> RunReport {
        let report = self.engine().run(at(now), None, &mut |_| {}).await;
        report.unwrap()
    }

    /// The first column of every row, as text.
    pub(crate) async fn column(&self, sql: &str) -> Vec<String> {
        let sql =
            sql.replacen("SELECT ", "SELECT CAST((", 1)
                .replacen(" FROM", ") AS TEXT) FROM", 1);
        let statement = Statement::from_string(self.raw.get_database_backend(), sql);
        let rows = self.raw.query_all_raw(statement).await.unwrap();
        let text = |row: &sea_orm::QueryResult| row.try_get_by_index::<Option<String>>(0).unwrap();
        rows.iter()
            .map(|row| text(row).unwrap_or("NULL".to_owned()))
            .collect()
    }

    /// What the schema check finds: severity and message.
    pub(crate) async fn findings(&self) -> Vec<String> {
        let findings = self.engine().check().await.unwrap();
        // How many datasets the demo policy has is its own affair.
        let line = |finding: &consentry_retention::Finding| {
            let (dataset, key) = finding.key.split_once(']').unwrap();
            let number = dataset.trim_start_matches("datasets[");
            let dataset = &self.policy.datasets[number.parse::<usize>().unwrap()].id;
            format!("{:?} {dataset}{key}: {}", finding.severity, finding.message)
        };
        findings.all().iter().map(line).collect()
    }
}

/// One connection.
pub(crate) struct Hand(DatabaseConnection);

impl Hand {
    pub(crate) async fn execute(&self, sql: &str) {
        self.0.execute_unprepared(sql).await.unwrap();
    }
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn random(buffer: &mut [u8]) {
    static COUNTER: AtomicU64 = AtomicU64::new(1);
    let number = COUNTER.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    buffer[..8].copy_from_slice(&number);
}

/// What Consentry records, in memory.
#[derive(Default)]
pub(crate) struct Records {
    pub(crate) holds: Vec<(String, Hold)>,
    pub(crate) events: Mutex<Vec<(String, Occurrence)>>,
    settled: Mutex<BTreeSet<(String, String, Occurrence)>>,
    /// In the order in which they came, with the stage that moved them.
    pub(crate) archived: Mutex<Vec<(Archived, String, Sealable)>>,
    numbers: AtomicU64,
}

impl Records {
    pub(crate) fn hold(&mut self, dataset: &str, subject: &str, fields: &[&str]) {
        let fields = fields.iter().map(|field| field.parse().unwrap()).collect();
        let subject = Some(subject.to_owned());
        self.holds
            .push((dataset.to_owned(), Hold { subject, fields }));
    }

    pub(crate) fn happened(&self, event: &str, subject: &str, at: Timestamp) {
        let subject = subject.to_owned();
        let occurrence = Occurrence { at, subject };
        self.events
            .lock()
            .unwrap()
            .push((event.to_owned(), occurrence));
    }

    fn pending(&self, event: &str, stage: Option<&str>) -> Vec<Occurrence> {
        let settled = self.settled.lock().unwrap();
        let is_settled = |one: &Occurrence| {
            stage.is_some_and(|stage| {
                settled.contains(&(event.to_owned(), stage.to_owned(), one.clone()))
            })
        };
        let mut latest: BTreeMap<String, Timestamp> = BTreeMap::new();
        for (name, one) in self.events.lock().unwrap().iter() {
            if name == event && !is_settled(one) {
                let moment = latest.entry(one.subject.clone()).or_insert(one.at);
                *moment = one.at.max(*moment);
            }
        }
        let mut all: Vec<Occurrence> = latest
            .into_iter()
            .map(|(subject, at)| Occurrence { at, subject })
            .collect();
        all.sort();
        all
    }
}

#[async_trait]
impl Holds for Records {
    async fn of(&self, dataset: &str) -> Result<Vec<Hold>, RetentionError> {
        let of = self.holds.iter().filter(|(name, _)| name == dataset);
        Ok(of.map(|(_, hold)| hold.clone()).collect())
    }
}

#[async_trait]
impl Events for Records {
    async fn until(
        &self,
        event: &str,
        stage: Option<&str>,
        until: Timestamp,
        after: Option<&Occurrence>,
        limit: u32,
    ) -> Result<Vec<Occurrence>, RetentionError> {
        let all = self.pending(event, stage).into_iter();
        let page = all.filter(|one| one.at <= until && after.is_none_or(|after| one > after));
        Ok(page.take(limit as usize).collect())
    }

    async fn latest(
        &self,
        event: &str,
        stage: Option<&str>,
        subjects: &[String],
    ) -> Result<Vec<Option<Timestamp>>, RetentionError> {
        let all = self.pending(event, stage);
        let of = |subject: &String| all.iter().find(|one| one.subject == *subject);
        Ok(subjects
            .iter()
            .map(|subject| of(subject).map(|one| one.at))
            .collect())
    }

    async fn settle(
        &self,
        event: &str,
        stage: &str,
        done: &[Occurrence],
    ) -> Result<(), RetentionError> {
        let mut settled = self.settled.lock().unwrap();
        settled.extend(
            done.iter()
                .map(|one| (event.to_owned(), stage.to_owned(), one.clone())),
        );
        Ok(())
    }
}

#[async_trait]
impl Archive for Records {
    async fn take(
        &self,
        dataset: &DatasetId,
        stage: &Slug,
        _now: Timestamp,
        records: Vec<Sealable>,
    ) -> Result<(), RetentionError> {
        let mut archived = self.archived.lock().unwrap();
        for taken in records {
            let known = Archived {
                id: self.numbers.fetch_add(1, Ordering::Relaxed),
                dataset: dataset.clone(),
                subject: taken.subject.clone(),
                state: taken.state.clone(),
                clocks: taken.clocks.clone(),
            };
            archived.retain(|(one, _, row)| one.dataset != *dataset || row.key != taken.key);
            archived.push((known, stage.to_string(), taken));
        }
        Ok(())
    }

    async fn page(&self, wanted: Wanted<'_>, limit: u32) -> Result<Vec<Archived>, RetentionError> {
        let archived = self.archived.lock().unwrap();
        let all = archived.iter().map(|(known, ..)| known.clone());
        let mut found: Vec<(Timestamp, Archived)> = all
            .filter_map(|known| match wanted {
                Wanted::Until {
                    dataset,
                    clock,
                    until,
                    after,
                } => {
                    let (_, at) = *known.clocks.iter().find(|(id, _)| id == clock)?;
                    let is_in = known.dataset == *dataset && at <= until;
                    (is_in && after.is_none_or(|last| (at, known.id) > last)).then_some((at, known))
                }
                Wanted::Of {
                    dataset,
                    people,
                    after,
                } => {
                    let is_in = dataset.is_none_or(|one| known.dataset == *one);
                    let is_theirs = known
                        .subject
                        .as_ref()
                        .is_some_and(|one| people.contains(one));
                    let is_next = after.is_none_or(|last| known.id > last);
                    (is_in && is_theirs && is_next).then_some((Timestamp::MIN, known))
                }
            })
            .collect();
        found.sort_by_key(|(at, known)| (*at, known.id));
        Ok(found
            .into_iter()
            .map(|(_, known)| known)
            .take(limit as usize)
            .collect())
    }

    async fn size(&self, dataset: &DatasetId, limit: u64) -> Result<u64, RetentionError> {
        let archived = self.archived.lock().unwrap();
        let count = archived
            .iter()
            .filter(|(known, ..)| known.dataset == *dataset)
            .count();
        Ok(limit.min(count as u64))
    }

    async fn purge(&self, _now: Timestamp, records: &[u64]) -> Result<u64, RetentionError> {
        let mut archived = self.archived.lock().unwrap();
        let before = archived.len();
        archived.retain(|(known, ..)| !records.contains(&known.id));
        Ok((before - archived.len()) as u64)
    }

    async fn clean(&self) -> Vec<Residue> {
        vec![Residue::Backups]
    }
}
