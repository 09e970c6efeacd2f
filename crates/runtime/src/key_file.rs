//! The key ring's file: made on the first start of an embedded installation, read ever after.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use consentry_keys::KeyRing;
use consentry_service::ports::{Clock, Random};

use crate::{
    Failure,
    system::{SystemClock, SystemRandom},
};

/// Reads the ring; makes one where there is none and `may_create` says so.
///
/// With PostgreSQL several machines share one ring, so a missing one is never made in silence:
/// a process with keys of its own could read nothing that the others wrote.
pub(crate) fn load(path: &Path, may_create: bool) -> Result<KeyRing, Failure> {
    match read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && may_create => {
            create(path).map_err(|error| unusable(path, &error))?;
            // Another process may have been faster: what lies there now is the ring.
            read(path).map_err(|error| unusable(path, &error))?
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Failure::usage(format!(
            "{}: there is no key ring; `consentry-admin migrate` makes one, copy it to every \
             machine of this installation",
            path.display()
        ))),
        Err(error) => Err(unusable(path, &error)),
        Ok(read) => read,
    }
}

fn read(path: &Path) -> io::Result<Result<KeyRing, Failure>> {
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Ok(Err(Failure::usage(format!(
            "{}: others can read the key ring; run `chmod 600` on it",
            path.display()
        ))));
    }
    let text = zeroize::Zeroizing::new(fs::read_to_string(path)?);
    Ok(KeyRing::parse(&text)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display()))))
}

/// Writes a new ring beside its place and links it there: never half-written, never over
/// another.
fn create(path: &Path) -> io::Result<()> {
    let ring = KeyRing::generate(
        &mut |buffer: &mut [u8]| SystemRandom.fill(buffer),
        SystemClock.now(),
    );
    let mut suffix = [0; 8];
    SystemRandom.fill(&mut suffix);
    let draft = path.with_extension(format!("{:016x}.new", u64::from_be_bytes(suffix)));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)?;
    file.write_all(ring.to_toml().as_bytes())?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    }
}

fn unusable(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("{}: {error}", path.display()))
}
