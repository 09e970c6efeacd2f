//! What the operator reads: tables, kept as they are by snapshots.

use consentry_tests::database::Engine;

use crate::steps::{Stage, site};

/// What differs from run to run, covered: the time of day, and receipts; and the fingerprint of the
/// policy, which changes with every word of it.
fn covered(table: &str) -> String {
    let mut text = table.to_owned();
    let bytes = table.as_bytes();
    for (at, _) in table.match_indices('Z') {
        let time = at.checked_sub(8).and_then(|start| table.get(start..at));
        let is_time = time.is_some_and(|time| {
            time.char_indices().all(|(place, character)| match place {
                2 | 5 => character == ':',
                _ => character.is_ascii_digit(),
            })
        });
        if is_time {
            text.replace_range(at - 8..at, "hh:mm:ss");
        }
    }
    let mut run = 0;
    for (at, byte) in bytes.iter().enumerate() {
        run = if byte.is_ascii_hexdigit() { run + 1 } else { 0 };
        if run == 32 {
            text.replace_range(at - 31..=at, &"r".repeat(32));
        }
    }
    for (at, _) in table.match_indices('+') {
        text.replace_range(at + 1..at + 9, "ffffffff");
    }
    text
}

#[test]
fn tables_read_well() {
    let stage = Stage::open(site(Engine::Sqlite).at("2027-01-04T09:00:00Z"));
    let letter = stage.subscribe("anna@kunde.example");
    let keep = [("topic", "newsletter"), ("topic", "demo")];
    stage.press(&letter.path("/preferences/"), &keep);
    stage.press(&letter.path("/preferences/"), &[("topic", "demo")]);
    let list = stage.admin(&["subscriber", "list"]);
    insta::assert_snapshot!("list", covered(&list));
    let shown = stage.admin(&["subscriber", "show", "anna@kunde.example"]);
    insta::assert_snapshot!("show", covered(&shown));
    let nobody = stage
        .site
        .admin(&["subscriber", "list", "--state", "pending"]);
    assert_eq!((nobody.code, nobody.stdout.as_str()), (Some(0), ""));
}
