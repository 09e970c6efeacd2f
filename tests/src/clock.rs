//! The date that the programs under test believe in.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use jiff::Timestamp;

/// A clock that goes on from any date, for all processes that share it (libfaketime).
///
/// It is a file with the distance to the machine's clock. Processes read it whenever they ask for the
/// time, so that a [jump](Clock::set) reaches them while they run.
#[derive(Debug)]
pub struct Clock {
    file: PathBuf,
}

impl Clock {
    /// A clock that goes on from `instant`, kept in `folder`.
    pub fn new(folder: &Path, instant: Timestamp) -> Self {
        let clock = Self {
            file: folder.join("clock"),
        };
        clock.set(instant);
        clock
    }

    /// Jumps to `instant`, or up to a second later.
    pub fn set(&self, instant: Timestamp) {
        let distance = instant.duration_since(real_now());
        let seconds = distance.as_secs() + 1;
        let draft = self.file.with_extension("new");
        fs::write(&draft, format!("{seconds:+}s\n")).expect("a file can be written");
        // Nobody reads half of it.
        fs::rename(&draft, &self.file).expect("a file can be renamed");
    }

    /// What a process needs in its environment to follow this clock.
    pub fn variables(&self) -> [(&'static str, OsString); 5] {
        [
            ("LD_PRELOAD", library().into()),
            ("FAKETIME_TIMESTAMP_FILE", self.file.clone().into()),
            ("FAKETIME_NO_CACHE", "1".into()),
            // tokio's timers hang when the monotonic clock is bent too.
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
            ("NO_FAKE_STAT", "1".into()),
        ]
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the distance to the machine's clock is what libfaketime is told"
)]
fn real_now() -> Timestamp {
    Timestamp::now()
}

fn library() -> PathBuf {
    let architectures = fs::read_dir("/usr/lib").expect("/usr/lib can be listed");
    architectures
        .filter_map(Result::ok)
        .map(|entry| entry.path().join("faketime/libfaketimeMT.so.1"))
        .find(|path| path.is_file())
        .expect("libfaketime is installed: run tests/setup-debian")
}
