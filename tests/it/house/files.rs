//! What the files of the checkout must look like.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use consentry_tests::binaries::root;

/// The top folder, exactly. Dot files are free.
const TOP: &[&str] = &[
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "SECURITY.md",
    "bins",
    "clippy.toml",
    "crates",
    "demo",
    "deny.toml",
    "docs",
    "justfile",
    "migrations",
    "rustfmt.toml",
    "tests",
];

/// Made by running things, and ignored by git.
const MADE: &[&str] = &[".git", "data", "node_modules", "target"];

/// A file longer than this does more than one thing.
const LINES: usize = 500;

/// A file of the checkout: its path from the top, and its content.
struct File {
    path: PathBuf,
    content: String,
}

impl File {
    fn is(&self, extension: &str) -> bool {
        self.path
            .extension()
            .is_some_and(|found| found == extension)
    }

    fn lines(&self) -> impl Iterator<Item = (String, &str)> {
        let path = self.path.display();
        self.content
            .lines()
            .enumerate()
            .map(move |(at, line)| (format!("{path}:{}", at + 1), line))
    }
}

/// Every text file, but for what was made.
fn files() -> Vec<File> {
    let mut found = Vec::new();
    let mut folders = vec![root().to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the checkout can be read") {
            let entry = entry.expect("the checkout can be read");
            let name = entry.file_name();
            if MADE.iter().any(|made| name == *made) {
                continue;
            }
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(content) = fs::read_to_string(&path) {
                let path = path.strip_prefix(root()).expect("below the top");
                found.push(File {
                    path: path.to_path_buf(),
                    content,
                });
            }
        }
    }
    assert!(!found.is_empty(), "the checkout is empty");
    found
}

/// The manifests of the crates of this workspace. The fuzz targets are one of their own: they are
/// built with instrumentation, and by `tests/fuzz/run` alone.
fn manifests_of_crates() -> Vec<(File, toml::Table)> {
    let manifests = files()
        .into_iter()
        .filter(|file| file.path.ends_with("Cargo.toml") && file.path != Path::new("Cargo.toml"));
    let parsed = manifests.map(|file| {
        let manifest: toml::Table = file.content.parse().expect("Cargo.toml is TOML");
        (file, manifest)
    });
    parsed
        .filter(|(_, manifest)| !manifest.contains_key("workspace"))
        .collect()
}

/// Fails with all findings at once.
fn demand(findings: &[String], what_to_do: &str) {
    assert!(
        findings.is_empty(),
        "{what_to_do}:\n  {}",
        findings.join("\n  ")
    );
}

#[test]
fn the_top_folder_holds_exactly_what_it_should() {
    let found: BTreeSet<String> = fs::read_dir(root())
        .expect("the checkout can be read")
        .map(|entry| entry.expect("the checkout can be read").file_name())
        .map(|name| name.into_string().expect("names are UTF-8"))
        .filter(|name| !name.starts_with('.') && !MADE.contains(&name.as_str()))
        .collect();
    let wanted: BTreeSet<String> = TOP.iter().map(|name| (*name).to_owned()).collect();
    let findings: Vec<String> = found.symmetric_difference(&wanted).cloned().collect();
    demand(
        &findings,
        "the top folder has these too many, or lacks them; put them where they belong",
    );
}

#[test]
fn every_crate_opts_in_to_the_workspace_lints() {
    let findings: Vec<String> = manifests_of_crates()
        .iter()
        .filter(|(file, _)| !file.content.contains("[lints]\nworkspace = true"))
        .map(|(file, _)| file.path.display().to_string())
        .collect();
    demand(&findings, "add `[lints]` with `workspace = true` to");
}

#[test]
fn no_source_file_grows_too_long() {
    let findings: Vec<String> = files()
        .iter()
        .filter(|file| file.is("rs") && file.content.lines().count() > LINES)
        .map(|file| file.path.display().to_string())
        .collect();
    demand(
        &findings,
        &format!("split these, they are over {LINES} lines"),
    );
}

#[test]
fn nothing_is_left_for_later() {
    // Written in two halves, or this file would find itself.
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
    ];
    let mut findings = Vec::new();
    for file in files() {
        for (place, line) in file.lines() {
            if marks.iter().any(|mark| line.contains(mark)) {
                findings.push(place);
            }
        }
    }
    demand(&findings, "finish these, or take them out");
}

#[test]
fn no_file_names_a_place_on_one_machine() {
    let places = [
        concat!("/ho", "me/"),
        concat!("/ro", "ot/"),
        concat!("/tm", "p/"),
        concat!("/wo", "rk/"),
        concat!("/Us", "ers/"),
    ];
    // A path begins here, and not in the middle of a longer one or of a URL.
    let begins = |before: Option<char>| {
        before.is_none_or(|c| c.is_whitespace() || "\"'`(=:<>[,".contains(c))
    };
    let mut findings = Vec::new();
    for file in files() {
        for (place, line) in file.lines() {
            let names_one = places.iter().any(|prefix| {
                line.match_indices(prefix)
                    .any(|(at, _)| begins(line[..at].chars().next_back()))
            });
            if names_one {
                findings.push(place);
            }
        }
    }
    demand(&findings, "make these paths relative, or configurable");
}

/// The threat model names the test that shows each defence.
#[test]
fn every_test_that_the_threat_model_names_exists() {
    let files = files();
    let model = files
        .iter()
        .find(|file| file.path == Path::new("docs/security.md"))
        .expect("docs/security.md is there");
    let names: BTreeSet<&str> = model
        .content
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|code| code.matches('_').count() > 2)
        .collect();
    assert!(names.len() > 20, "the threat model names hardly any test");
    let findings: Vec<String> = names
        .into_iter()
        .filter(|name| {
            let definition = format!("fn {name}(");
            !files
                .iter()
                .any(|file| file.is("rs") && file.content.contains(&definition))
        })
        .map(str::to_owned)
        .collect();
    demand(&findings, "docs/security.md names tests that are not there");
}

#[test]
fn every_dependency_is_justified() {
    let read = |path: &str| {
        fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    };
    let manifest: toml::Table = read("Cargo.toml").parse().expect("Cargo.toml is TOML");
    let dependencies = manifest["workspace"]["dependencies"]
        .as_table()
        .expect("the workspace has dependencies");
    let reasons = read("docs/dependencies.md");
    let findings: Vec<String> = dependencies
        .iter()
        .filter(|(_, dependency)| dependency.get("path").is_none())
        .filter(|(name, _)| !reasons.contains(&format!("`{name}`")))
        .map(|(name, _)| name.clone())
        .collect();
    demand(
        &findings,
        "docs/dependencies.md must say why we have these (each name in backticks)",
    );
}

#[test]
fn every_dependency_is_declared_once_for_the_workspace() {
    let mut findings = Vec::new();
    for (file, manifest) in manifests_of_crates() {
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let Some(dependencies) = manifest.get(section).and_then(toml::Value::as_table) else {
                continue;
            };
            for (name, dependency) in dependencies {
                if dependency.get("workspace").is_none() {
                    findings.push(format!("{name} in {}", file.path.display()));
                }
            }
        }
    }
    demand(
        &findings,
        "say `workspace = true`, with the version in the top Cargo.toml, for",
    );
}

#[test]
fn every_dependency_is_used() {
    let top = fs::read_to_string(root().join("Cargo.toml")).expect("Cargo.toml is there");
    let manifest: toml::Table = top.parse().expect("Cargo.toml is TOML");
    let crates = manifests_of_crates();
    let dependencies = manifest["workspace"]["dependencies"]
        .as_table()
        .expect("the workspace has dependencies");
    let findings: Vec<String> = dependencies
        .keys()
        .filter(|name| {
            !crates.iter().any(|(file, _)| {
                file.content.lines().any(|line| {
                    line.starts_with(&format!("{name}.")) || line.starts_with(&format!("{name} ="))
                })
            })
        })
        .cloned()
        .collect();
    demand(
        &findings,
        "no crate uses these: take them out of the top Cargo.toml",
    );
}
