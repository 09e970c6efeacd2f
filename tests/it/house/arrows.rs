//! Which crate may know which. Arrows point inwards; the reasons are in `docs/architecture.md`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::Command,
};

use consentry_tests::binaries::root;
use serde_json::Value;

/// Every crate with the crates of this workspace that it may depend on. The tests may use them all.
const ARROWS: &[(&str, &[&str])] = &[
    ("address", &[]),
    ("policy", &["address"]),
    ("domain", &["address", "policy"]),
    ("keys", &[]),
    ("token", &["keys"]),
    ("i18n", &["policy"]),
    ("notice", &["i18n", "policy"]),
    ("service", &["address", "domain", "policy", "token"]),
    (
        "storage",
        &[
            "address",
            "domain",
            "keys",
            "migrations",
            "policy",
            "service",
        ],
    ),
    ("mail", &["address", "domain", "i18n", "policy", "service"]),
    ("transfer", &["address", "domain", "policy"]),
    ("retention", &["address", "policy"]),
    ("archive", &["keys", "policy", "retention"]),
    (
        "simulation",
        &[
            "address",
            "domain",
            "keys",
            "policy",
            "retention",
            "service",
            "storage",
            "token",
        ],
    ),
    ("webhook", &["service"]),
    (
        "web",
        &["address", "domain", "i18n", "notice", "policy", "service"],
    ),
    (
        "consentry",
        &[
            "address", "domain", "keys", "mail", "policy", "service", "storage", "token",
            "transfer", "web",
        ],
    ),
    (
        "runtime",
        &[
            "address",
            "archive",
            "consentry",
            "domain",
            "i18n",
            "keys",
            "mail",
            "migrations",
            "notice",
            "policy",
            "retention",
            "service",
            "simulation",
            "storage",
            "token",
            "transfer",
            "web",
            "webhook",
        ],
    ),
    ("migrations", &[]),
    ("bins/web", &["runtime"]),
    ("bins/worker", &["runtime"]),
    ("bins/admin", &["runtime"]),
    ("demo/retention", &[]),
];

/// What a crate must not reach, not even through others.
const ABSENT: &[(&[&str], &[&str])] = &[
    (
        &[
            "address", "policy", "domain", "keys", "token", "i18n", "notice", "transfer",
        ],
        &["tokio", "sea-orm", "axum", "lettre", "getrandom"],
    ),
    (&["service"], &["sea-orm", "axum", "lettre"]),
    (&["web"], &["sea-orm", "lettre"]),
    (&["mail"], &["sea-orm", "axum"]),
    (&["webhook"], &["sea-orm", "axum", "lettre"]),
    (&["storage"], &["axum", "lettre"]),
    (&["retention", "archive", "simulation"], &["axum", "lettre"]),
    (&["consentry"], &["clap"]),
];

/// The resolved graph of normal dependencies.
struct Graph {
    /// Our packages: id to the short name, which is the folder.
    ours: BTreeMap<String, String>,
    /// Every package: id to name.
    names: BTreeMap<String, String>,
    /// Id to the ids of its normal dependencies.
    edges: BTreeMap<String, Vec<String>>,
}

impl Graph {
    fn load() -> Self {
        let output = Command::new(env!("CARGO"))
            .args(["metadata", "--format-version", "1", "--locked"])
            .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
            .current_dir(root())
            .output()
            .expect("cargo can be started");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "cargo metadata: {error}");
        let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");

        let members: BTreeSet<&str> = list(&metadata["workspace_members"])
            .map(|id| id.as_str().expect("an id"))
            .collect();
        let mut ours = BTreeMap::new();
        let mut names = BTreeMap::new();
        for package in list(&metadata["packages"]) {
            let id = text(package, "id");
            names.insert(id.clone(), text(package, "name"));
            if members.contains(id.as_str()) {
                ours.insert(id, short_name(&text(package, "manifest_path")));
            }
        }
        let edges = list(&metadata["resolve"]["nodes"])
            .map(|node| (text(node, "id"), normal_dependencies(node)))
            .collect();
        Self { ours, names, edges }
    }

    fn id(&self, short: &str) -> &str {
        self.ours
            .iter()
            .find(|(_, name)| *name == short)
            .unwrap_or_else(|| panic!("there is no crate {short}: bring ARROWS up to date"))
            .0
    }

    /// A shortest way from a crate of ours to a package called `name`.
    fn way(&self, short: &str, name: &str) -> Option<String> {
        let start = self.id(short);
        let mut before: BTreeMap<&str, &str> = BTreeMap::new();
        let mut queue = vec![start];
        while let Some(id) = (!queue.is_empty()).then(|| queue.remove(0)) {
            if self.names[id] == name {
                let mut way = vec![self.names[id].as_str()];
                let mut at = id;
                while let Some(previous) = before.get(at).filter(|_| at != start) {
                    way.insert(0, &self.names[*previous]);
                    at = previous;
                }
                return Some(way.join(" -> "));
            }
            for next in &self.edges[id] {
                if !before.contains_key(next.as_str()) {
                    before.insert(next, id);
                    queue.push(next);
                }
            }
        }
        None
    }
}

fn normal_dependencies(node: &Value) -> Vec<String> {
    list(&node["deps"])
        .filter(|dependency| list(&dependency["dep_kinds"]).any(|kind| kind["kind"].is_null()))
        .map(|dependency| text(dependency, "pkg"))
        .collect()
}

/// `storage` for `…/crates/storage/Cargo.toml`, `bins/web` for `…/bins/web/Cargo.toml`.
fn short_name(manifest: &str) -> String {
    let folder = manifest.trim_end_matches("/Cargo.toml");
    let inside = folder
        .strip_prefix(root().to_str().expect("the checkout's path is UTF-8"))
        .expect("our packages lie in the checkout")
        .trim_start_matches('/');
    inside.trim_start_matches("crates/").to_owned()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().expect("cargo writes a text").to_owned()
}

#[test]
fn arrows_point_inwards() {
    let graph = Graph::load();
    for (id, name) in graph.ours.iter().filter(|(_, name)| *name != "tests") {
        let (_, allowed) = ARROWS
            .iter()
            .find(|(known, _)| known == name)
            .unwrap_or_else(|| panic!("{name} is new: say in ARROWS what it may depend on, and why in docs/architecture.md"));
        for dependency in &graph.edges[id] {
            if let Some(inner) = graph.ours.get(dependency) {
                assert!(
                    allowed.contains(&inner.as_str()),
                    "{name} depends on {inner}, which its place forbids: move the code inwards, or \
                     pass in what it needs through a port of service"
                );
            }
        }
    }
}

#[test]
fn pure_crates_and_ports_do_not_reach_the_outside() {
    let graph = Graph::load();
    for (crates, absent) in ABSENT {
        for name in *crates {
            for package in *absent {
                if let Some(way) = graph.way(name, package) {
                    panic!(
                        "{way}: {name} must do without {package}; pass in what it needs, or turn \
                         off the feature that brings it"
                    );
                }
            }
        }
    }
}

/// S2-23: nothing that pages are made of, and nothing that serves them to an application, knows the
/// archive; only the composition root does, for the worker and the command line.
#[test]
fn no_page_can_reach_the_archive() {
    let graph = Graph::load();
    for (id, name) in &graph.ours {
        let knows = graph.edges[id]
            .iter()
            .any(|edge| edge == graph.id("archive"));
        assert!(
            !knows || matches!(&**name, "runtime" | "tests"),
            "{name} must not know the archive"
        );
    }
    for name in ["web", "service", "storage", "consentry"] {
        assert_eq!(graph.way(name, "consentry-archive"), None);
    }
}

/// S0-12, S0-36: what visitors share goes to the database, to the relay and to the endpoints that the
/// operator registered, and nowhere else. No HTTP client that fetches whatever URL it is given is
/// part of a program.
#[test]
fn no_program_can_call_an_outside_service() {
    let graph = Graph::load();
    for program in ["bins/web", "bins/worker", "bins/admin"] {
        for client in ["awc", "curl", "isahc", "reqwest", "surf", "ureq"] {
            if let Some(way) = graph.way(program, client) {
                panic!(
                    "{way}: the only outbound connections are the database, the relay and the \
                     webhooks that the operator registered"
                );
            }
        }
    }
}

/// The small client of webhooks follows no redirect and takes its URLs from the operator alone; it
/// stays the only one, and only the composition root hands it on.
#[test]
fn webhooks_have_the_only_http_client() {
    let graph = Graph::load();
    for (id, name) in &graph.ours {
        let knows = |inner: &str| graph.edges[id].iter().any(|edge| edge == graph.id(inner));
        assert!(
            !knows("webhook") || name == "runtime",
            "{name} must not know webhook: tell endpoints through the outbox of service"
        );
    }
    let mut folders = vec![root().join("crates"), root().join("bins")];
    let mut speakers = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the checkout can be read") {
            let path = entry.expect("the checkout can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                let source = fs::read_to_string(&path).expect("sources are UTF-8");
                let is_client = ["hyper::client", "client::conn", "client::legacy"]
                    .iter()
                    .any(|name| source.contains(name));
                if is_client {
                    let inside = path.strip_prefix(root()).expect("below the top");
                    speakers.insert(inside.display().to_string());
                }
            }
        }
    }
    let only = BTreeSet::from(["crates/webhook/src/connection.rs".to_owned()]);
    assert_eq!(
        speakers, only,
        "the HTTP client lives in crates/webhook alone"
    );
}
