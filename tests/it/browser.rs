//! The pages in a real browser.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use consentry_tests::{binaries::root, database::Engine, site::Site};

/// S0-18, S0-21, S0-36, S0-46, S0-50, S0-55: the whole way of a person works without JavaScript, by
/// keyboard, in both languages; every page passes WCAG 2.2 AA as far as axe-core can tell, fits on 320
/// pixels, sets no cookie and asks no other origin.
#[test]
fn a_person_gets_everything_done_without_javascript_or_mouse() {
    let site = Site::new(Engine::Sqlite);
    let web = site.web();
    let pictures = pictures();
    let journey = Command::new("node")
        .arg(root().join("tests/browser/journey.mjs"))
        .arg(web.url())
        .arg(site.data())
        .arg(&pictures)
        .output()
        .expect("node can be started: run tests/setup-debian");
    assert!(
        journey.status.success(),
        "{}{}",
        String::from_utf8_lossy(&journey.stdout),
        String::from_utf8_lossy(&journey.stderr)
    );
}

/// S0-18, S0-21, S0-22: a site that asks for work before a sign-up stays usable with the script and
/// without, asks no other origin and sets no cookie.
#[test]
fn the_work_before_a_sign_up_is_done_by_a_script_or_replaced_by_patience() {
    let site = Site::new(Engine::Sqlite).with("CONSENTRY_PROOF_OF_WORK", "16");
    let web = site.web();
    let visit = Command::new("node")
        .arg(root().join("tests/browser/work.mjs"))
        .arg(web.url())
        .output()
        .expect("node can be started: run tests/setup-debian");
    assert!(
        visit.status.success(),
        "{}{}",
        String::from_utf8_lossy(&visit.stdout),
        String::from_utf8_lossy(&visit.stderr)
    );
    let list = site
        .admin(&["subscriber", "list", "--format", "json"])
        .json();
    let mut signed_up: Vec<_> = list
        .as_array()
        .expect("a list is an array")
        .iter()
        .map(|person| person["email"].as_str().expect("an address"))
        .collect();
    signed_up.sort_unstable();
    assert_eq!(
        signed_up,
        [
            "again@example.org",
            "mended@example.org",
            "patient@example.org",
            "script@example.org"
        ]
    );
}

/// Where the screenshots go: the folder that `CONSENTRY_TEST_SCREENSHOTS` names, or one among what
/// cargo made.
#[expect(
    clippy::disallowed_methods,
    reason = "a setting of the tests, not of the programs"
)]
fn pictures() -> PathBuf {
    std::env::var_os("CONSENTRY_TEST_SCREENSHOTS").map_or_else(
        || Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser"),
        PathBuf::from,
    )
}
