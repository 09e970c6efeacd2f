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

/// The programs, brought up to date by one `cargo build` per test run. A program that is no test finds
/// them beside itself, as they are.
pub fn binaries() -> &'static Binaries {
    static BINARIES: OnceLock<Option<Binaries>> = OnceLock::new();
    let built = BINARIES.get_or_init(|| {
        let Some(folder) = target_folder() else {
            return Some(in_folder(&own_folder()));
        };
        // The same command as in `tests/run`: with the same features nothing is built twice.
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--workspace", "--bins", "--locked", "--quiet"]);
        let build = outside_of_cargo(&mut build)
            .current_dir(root())
            .status()
            .expect("cargo can be started");
        if !build.success() {
            return None;
        }
        Some(in_folder(&folder))
    });
    // One attempt is enough: every other test would fail in the same way, and later.
    built
        .as_ref()
        .expect("the programs under test build; see above")
}

/// Hides from a command what `cargo test` says of this package: build scripts that look at it would
/// run again, and what depends on them would be built anew, again and again.
pub fn outside_of_cargo(command: &mut Command) -> &mut Command {
    let package = [
        "NAME",
        "VERSION_MAJOR",
        "VERSION_MINOR",
        "VERSION_PATCH",
        "VERSION_PRE",
    ];
    for part in package {
        command.env_remove(format!("CARGO_PKG_{part}"));
    }
    command
        .env_remove("CARGO_MANIFEST_DIR")
        .env_remove("CARGO_MANIFEST_LINKS")
}

fn in_folder(folder: &Path) -> Binaries {
    let find = |name: &str| {
        let path = folder.join(name);
        assert!(path.is_file(), "cargo built no {}", path.display());
        path
    };
    Binaries {
        web: find("consentry-web"),
        worker: find("consentry-worker"),
        admin: find("consentry-admin"),
    }
}

/// The folder of the profile that the tests were built with: `deps` beside it holds this very test.
fn target_folder() -> Option<PathBuf> {
    let folder = own_folder();
    folder
        .ends_with("deps")
        .then(|| folder.parent().expect("deps is in a folder").to_path_buf())
}

fn own_folder() -> PathBuf {
    let program = std::env::current_exe().expect("a program has a path");
    let folder = program.parent().expect("a program is in a folder");
    folder.to_path_buf()
}
