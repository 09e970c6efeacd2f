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
