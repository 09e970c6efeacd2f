//! The key ring's file: made on the first start of an embedded installation, read ever after.

use std::{
    fs::{self, File, OpenOptions},
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

/// Reads the ring. A missing one is never made here: a process with keys of its own could read
/// nothing that the others wrote.
pub(crate) fn load(path: &Path) -> Result<KeyRing, Failure> {
    match read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Failure::usage(format!(
            "{}: there is no key ring; `consentry-admin migrate` makes one, copy it to every \
             machine of this installation",
            path.display()
        ))),
        Err(error) => Err(unusable(path, &error)),
        Ok(read) => read,
    }
}

/// A ring of new keys.
pub(crate) fn new_ring() -> KeyRing {
    KeyRing::generate(
        &mut |buffer: &mut [u8]| SystemRandom.fill(buffer),
        SystemClock.now(),
    )
}

/// Writes a new ring. Where another process was faster, its ring stays.
pub(crate) fn create(path: &Path) -> Result<(), Failure> {
    write_new(path).map_err(|error| unusable(path, &error))
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
fn write_new(path: &Path) -> io::Result<()> {
    let ring = new_ring();
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
    if let Some(folder) = path.parent().filter(|folder| folder.is_dir()) {
        File::open(folder)?.sync_all()?;
    }
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    }
}

fn unusable(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("{}: {error}", path.display()))
}
