//! Findings about the machine: files, room, proxies, certificates.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use consentry::SystemClock;
use consentry_service::ports::Clock as _;
use jiff::SignedDuration;
use rustix::fs::statvfs;

use super::{Report, Verdict};
use crate::{metrics::open_files, settings::Settings, tls};

const MEGABYTE: u64 = 1024 * 1024;

/// Less room than this beside the data is soon none.
const LITTLE: u64 = 512 * MEGABYTE;

/// As many connections as the server takes, and some files.
const OPEN_FILES: u64 = 10_500;

/// A certificate that ends earlier was not renewed in time.
const RENEWAL: SignedDuration = SignedDuration::from_hours(14 * 24);

impl Report {
    /// Who is believed, and who is seen.
    pub(super) fn exposure(&mut self, settings: &Settings) {
        let proxies = &settings.trusted_proxies;
        let is_public = settings
            .public_url
            .as_ref()
            .is_some_and(|url| !url.is_loopback());
        if proxies.iter().any(|network| network.prefix_len() == 0) {
            self.add(
                "proxies",
                Verdict::Problem,
                "trusted_proxies names the whole world: anybody chooses the address that limits \
                 count; name the proxies alone",
            );
        } else if is_public && settings.tls.is_none() && proxies.is_empty() {
            self.add(
                "proxies",
                Verdict::Warning,
                "the public address is served by a proxy that is not in trusted_proxies: all \
                 visitors count as one, and one can use up the sign-ups of all; set it to the \
                 proxy's address, such as 127.0.0.1/32",
            );
        } else {
            let text = match proxies.len() {
                0 => "none is believed".to_owned(),
                count => format!("{count} networks are believed"),
            };
            self.add("proxies", Verdict::Ok, text);
        }
        if let Some((_, most)) = open_files() {
            let (result, remedy) = if most < OPEN_FILES {
                let remedy = "; the server may need one for each connection: raise the limit \
                              (LimitNOFILE in systemd)";
                (Verdict::Warning, remedy)
            } else {
                (Verdict::Ok, "")
            };
            let text = format!("{most} may be open at once, started from here{remedy}");
            self.add("open files", result, text);
        }
    }

    /// The certificate of the server itself.
    pub(super) fn certificate(&mut self, settings: &Settings) {
        let Some(files) = &settings.tls else {
            return;
        };
        match tls::ends(files) {
            Err(problem) => self.add("certificate", Verdict::Problem, problem),
            Ok(end) if end.duration_since(SystemClock.now()) < RENEWAL => {
                let text = format!("ends at {end}; renew it, the server reads it by itself");
                self.add("certificate", Verdict::Warning, text);
            }
            Ok(end) => self.add("certificate", Verdict::Ok, format!("good until {end}")),
        }
    }

    /// Secrets that others can read, and room to write.
    pub(super) fn files(&mut self, settings: &Settings) {
        let mut is_private = true;
        for path in settings.private_paths() {
            let Ok(found) = fs::metadata(path) else {
                continue;
            };
            let mode = found.permissions().mode();
            // A folder that others cannot enter is closed whatever lies in it.
            if mode & 0o007 != 0 {
                is_private = false;
                let text = format!(
                    "everybody on this machine can get at {} (mode {:o}); `chmod o-rwx` it",
                    path.display(),
                    mode & 0o7777
                );
                self.add("files", Verdict::Problem, text);
            }
        }
        if is_private {
            self.add("files", Verdict::Ok, "keys, data and secrets are private");
        }
        self.room(&settings.data_dir, settings.database_size());
    }

    /// After a purge, SQLite writes the whole database anew.
    fn room(&mut self, folder: &Path, database: Option<u64>) {
        let Ok(disk) = statvfs(folder) else {
            return;
        };
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        let needed = database.map_or(LITTLE, |size| size.saturating_mul(2).max(LITTLE));
        let text = format!("{} MB are free beside the data", free / MEGABYTE);
        if free < LITTLE.min(needed) {
            let text = format!("{text}; make room before sign-ups are turned away");
            self.add("disk", Verdict::Problem, text);
        } else if free < needed {
            let text = format!(
                "{text}; cleaning the files after a purge needs {}",
                needed / MEGABYTE
            );
            self.add("disk", Verdict::Warning, text);
        } else {
            self.add("disk", Verdict::Ok, text);
        }
    }
}
