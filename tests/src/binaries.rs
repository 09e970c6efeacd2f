//! The programs under test, built from this checkout.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// Where the three programs lie.
#[derive(Debug)]
pub struct Binaries {
    /// The server.
    pub web: PathBuf,
    /// The background jobs.
    pub worker: PathBuf,
    /// The operator's command line.
    pub admin: PathBuf,
}

/// The top folder of the checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests are a folder of the checkout")
}

/// The programs, brought up to date by one `cargo build` per test run.
pub fn binaries() -> &'static Binaries {
    static BINARIES: OnceLock<Option<Binaries>> = OnceLock::new();
    let built = BINARIES.get_or_init(|| {
        // The same command as in `tests/run`: with the same features nothing is built twice.
        let build = Command::new(env!("CARGO"))
            .args(["build", "--workspace", "--bins", "--locked", "--quiet"])
            .current_dir(root())
            .status()
            .expect("cargo can be started");
        if !build.success() {
            return None;
        }
        let folder = target_folder();
        let find = |name: &str| {
            let path = folder.join(name);
            assert!(path.is_file(), "cargo built no {}", path.display());
            path
        };
        Some(Binaries {
            web: find("consentry-web"),
            worker: find("consentry-worker"),
            admin: find("consentry-admin"),
        })
    });
    // One attempt is enough: every other test would fail in the same way, and later.
    built
        .as_ref()
        .expect("the programs under test build; see above")
}

/// The folder of the profile that the tests were built with: `deps` beside it holds this very test.
fn target_folder() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    test.ancestors()
        .find(|folder| folder.ends_with("deps"))
        .and_then(Path::parent)
        .expect("cargo puts tests in a folder deps")
        .to_path_buf()
}
