//! The map of the promises: which key of which policy carries each, and which test keeps it.

mod keys;
mod proofs;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use consentry_tests::binaries::root;

/// A policy for each of the notices S0 to S4.
const POLICIES: [&str; 5] = [
    "saas-portal",
    "document-vendor",
    "marketing-platform",
    "self-care",
    "ai-platform",
];

/// How many keys and tests a row of the map names.
const SHOWN: usize = 2;

/// What one notice promises.
struct Promise {
    id: &'static str,
    title: &'static str,
    area: &'static str,
}

/// A group of promises, and what is missing for those that no test shows.
struct Area {
    name: &'static str,
    missing: &'static str,
}

fn list() -> (Vec<Promise>, Vec<Area>) {
    let (mut promises, mut areas) = (Vec::new(), Vec::<Area>::new());
    for line in include_str!("promises.txt").lines() {
        if let Some((name, missing)) = line.strip_prefix('[').and_then(|it| it.split_once("] ")) {
            areas.push(Area { name, missing });
        } else if let Some((id, title)) = line.split_once(' ')
            && id != "#"
        {
            let area = areas.last().expect("a heading comes first").name;
            promises.push(Promise { id, title, area });
        }
    }
    promises.sort_by_key(|promise| order(promise.id));
    (promises, areas)
}

/// Promises are in the order of their numbers, not of their letters.
fn order(id: &str) -> (usize, usize) {
    let numbers = id.strip_prefix('S').and_then(|rest| rest.split_once('-'));
    let (notice, row) = numbers.expect("the number of a promise");
    let number = |text: &str| text.parse().expect("a number");
    (number(notice), number(row))
}

/// The numbers of promises in a text; from one `to` another, all that lie between.
fn ids(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let is_id = |word: &&str| {
        let parts = word.strip_prefix('S').and_then(|rest| rest.split_once('-'));
        parts.is_some_and(|(notice, row)| {
            notice.len() == 1
                && [notice, row]
                    .iter()
                    .all(|part| part.parse::<usize>().is_ok())
        })
    };
    let mut found = Vec::new();
    for (index, word) in words.iter().enumerate().filter(|(_, word)| is_id(word)) {
        let (notice, first) = order(word);
        let last = match words.get(index + 1..index + 3) {
            Some(["to", last]) if is_id(last) => order(last).1,
            _ => first,
        };
        found.extend((first..=last).map(|row| format!("S{notice}-{row:02}")));
    }
    found
}

fn map() -> String {
    let (promises, areas) = list();
    let keys = keys::carried();
    let proofs = proofs::all();
    let mut map = HEAD.to_owned();
    let is_kept = |id: &str| {
        proofs
            .get(id)
            .is_some_and(|all| all.iter().any(|one| one.keeps))
    };
    map += "| group | promises | kept | still open |\n| --- | ---: | ---: | --- |\n";
    for area in &areas {
        let all = promises.iter().filter(|promise| promise.area == area.name);
        let (kept, count) = all.fold((0, 0), |(kept, count), promise| {
            (kept + u32::from(is_kept(promise.id)), count + 1)
        });
        let missing = if kept == count { "" } else { area.missing };
        let _ = writeln!(map, "| {} | {count} | {kept} | {missing} |", area.name);
    }
    for (notice, policy) in POLICIES.iter().enumerate() {
        let _ = write!(
            map,
            "\n## S{notice}: [`{policy}.toml`](../crates/policy/policies/{policy}.toml)\n\n\
             | promise | what | key | kept by |\n| --- | --- | --- | --- |\n"
        );
        for promise in promises.iter().filter(|one| order(one.id).0 == notice) {
            let carried = keys.get(promise.id).map_or(String::new(), shown);
            let proofs = proofs.get(promise.id).map_or(&[][..], |all| &all[..]);
            let kept = if is_kept(promise.id) {
                tests(proofs, true)
            } else {
                let stated = tests(proofs, false);
                let separator = if stated.is_empty() { "" } else { "; stated: " };
                format!("open ({}){separator}{stated}", promise.area)
            };
            let Promise { id, title, .. } = promise;
            let _ = writeln!(map, "| {id} | {title} | {carried} | {kept} |");
        }
    }
    map
}

const HEAD: &str = "\
# The promises, key by key

Which key of which policy file carries a promise of the five notices, and which test keeps it. The
page is made of the policies' `promises` and comments, and of the numbers in the tests' doc comments;
a test holds it against them.

*Kept* means that a test shows the software doing it. *Stated* means that a test shows the figure or
the fact in the policy file, or its rule at work on a table in the place of records that are not kept
yet, and nothing more: it is still open, for the reason that the table of
groups gives. Of many keys or tests the first are named.

";

fn shown(all: &BTreeSet<String>) -> String {
    let mut shown: Vec<String> = all
        .iter()
        .take(SHOWN)
        .map(|key| format!("`{key}`"))
        .collect();
    if all.len() > SHOWN {
        shown.push("…".to_owned());
    }
    shown.join(", ")
}

fn tests(proofs: &[proofs::Proof], keeping: bool) -> String {
    let names = proofs.iter().filter(|proof| proof.keeps == keeping);
    shown(&names.map(|proof| proof.name.clone()).collect())
}

/// The map says what the policies and the tests say today.
#[test]
fn the_map_of_the_promises_is_up_to_date() {
    let map = map();
    let page = fs::read_to_string(root().join("docs/promises.md")).unwrap_or_default();
    let new = Path::new(env!("CARGO_TARGET_TMPDIR")).join("promises.md");
    fs::write(&new, &map).expect("the folder for tests can be written to");
    assert!(
        page == map,
        "docs/promises.md is stale: replace it with {}",
        new.display()
    );
}

/// Every promise is listed once, and no policy and no test names one that there is not.
#[test]
fn every_number_is_that_of_a_promise() {
    let (promises, _) = list();
    let known: BTreeSet<&str> = promises.iter().map(|promise| promise.id).collect();
    assert_eq!(known.len(), promises.len(), "a promise is listed twice");
    assert_eq!(known.len(), 564);
    let (keys, proofs) = (keys::carried(), proofs::all());
    let named = keys.keys().chain(proofs.keys());
    let unknown: Vec<_> = named.filter(|id| !known.contains(id.as_str())).collect();
    assert!(unknown.is_empty(), "no such promises: {unknown:?}");
}

/// A policy speaks of its own notice.
#[test]
fn every_policy_carries_the_promises_of_its_notice() {
    for (notice, policy) in POLICIES.iter().enumerate() {
        let foreign: BTreeMap<_, _> = keys::of(policy)
            .into_iter()
            .filter(|(id, _)| order(id).0 != notice)
            .collect();
        assert!(foreign.is_empty(), "{policy}: {foreign:?}");
    }
}
