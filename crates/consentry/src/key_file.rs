//! The key ring's file: made once, read again whenever it changes, replaced as a whole.

use std::{
    error::Error as _,
    fs::{self, File, Metadata, OpenOptions, TryLockError},
    io::{self, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use consentry_keys::{KeyRing, KeyRingError, KeySource};
use consentry_service::ports::{Clock, Random};
use thiserror::Error;
use tracing::{info, warn};
use zeroize::Zeroizing;

use crate::{SystemClock, SystemRandom};

/// After this time a process looks whether the file has changed.
const FRESH: Duration = Duration::from_secs(1);

/// After this time every process has seen a change of the file, and what was begun with the ring
/// of before has long taken its keys.
pub const SEEN_BY_ALL: Duration = Duration::from_secs(3);

/// Why the file of a key ring cannot be used. Names the file and nothing in it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// There is none. One is never made in passing: a process with keys of its own could read
    /// nothing that the others wrote.
    #[error("{}: there is no key ring", .path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// It can be read by others than its owner.
    #[error("{}: others can read the key ring; run `chmod 600` on it", .path.display())]
    Exposed {
        /// Where it is.
        path: PathBuf,
    },
    /// Its content is not a key ring.
    #[error("{}: the key ring is not valid", .path.display())]
    Invalid {
        /// Where it is.
        path: PathBuf,
        /// The line and the remedy.
        source: KeyRingError,
    },
    /// Another process is changing it at this moment.
    #[error(
        "{}: another process is changing the key ring; try again when it has ended",
        .path.display()
    )]
    Busy {
        /// Where it is.
        path: PathBuf,
    },
    /// It cannot be read or written.
    #[error("{}: the key ring cannot be read or written", .path.display())]
    Io {
        /// Where it is.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// The key ring in a file of its own (mode 0600), outside the database and its backups.
///
/// The ring of the file as it is now: no answer is older than a second, however long the process
/// slept before it asked.
///
/// ```no_run
/// use std::path::Path;
/// use consentry::KeyFile;
///
/// let path = Path::new("data/keys.toml");
/// // Once, when the application is installed; a ring that is there already stays.
/// KeyFile::create(path)?;
/// let keys = KeyFile::open(path)?;
/// # Ok::<(), consentry::KeyFileError>(())
/// ```
#[derive(Debug)]
pub struct KeyFile {
    path: PathBuf,
    read: Mutex<Read>,
}

#[derive(Debug)]
struct Read {
    ring: Arc<KeyRing>,
    version: Option<Version>,
    checked: Instant,
}

/// What no two contents of the file have in common: every write, rename or change of the mode
/// moves the time of change, and a replaced file is another inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Version {
    device: u64,
    inode: u64,
    changed: (i64, i64),
}

impl Version {
    fn of(path: &Path) -> Option<Self> {
        let file = fs::metadata(path).ok()?;
        Some(Self {
            device: file.dev(),
            inode: file.ino(),
            changed: (file.ctime(), file.ctime_nsec()),
        })
    }
}

impl KeyFile {
    /// Reads the ring.
    ///
    /// # Errors
    /// [`KeyFileError::Missing`] among others: a missing ring is never made here.
    pub fn open(path: &Path) -> Result<Self, KeyFileError> {
        let checked = Instant::now();
        // The version first: what changes while it is read is read again.
        let version = Version::of(path);
        Ok(Self {
            path: path.to_owned(),
            read: Mutex::new(Read {
                ring: Arc::new(Self::load(path)?),
                version,
                checked,
            }),
        })
    }

    /// Reads the ring once, for whoever does not live long.
    pub fn load(path: &Path) -> Result<KeyRing, KeyFileError> {
        let unusable = |error| unusable(path, error);
        let mode = fs::metadata(path).map_err(unusable)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(KeyFileError::Exposed {
                path: path.to_owned(),
            });
        }
        let text = Zeroizing::new(fs::read_to_string(path).map_err(unusable)?);
        KeyRing::parse(&text).map_err(|source| KeyFileError::Invalid {
            path: path.to_owned(),
            source,
        })
    }

    /// Writes a ring of new keys. Where there is one, or another process is faster, that one stays.
    ///
    /// Not beside a database that holds people: their ring is lost or elsewhere, and a new one
    /// could not read them. [`Builder::keys_file`](crate::Builder::keys_file) sees to that.
    pub fn create(path: &Path) -> Result<(), KeyFileError> {
        write_new(path).map_err(|source| KeyFileError::Io {
            path: path.to_owned(),
            source,
        })
    }

    /// Reads the ring and keeps every other process from changing it.
    ///
    /// # Errors
    /// [`KeyFileError::Busy`] when another process is at it.
    pub fn change(path: &Path) -> Result<(KeyFileChange, KeyRing), KeyFileError> {
        KeyFileChange::begin(path)
    }
}

impl KeySource for KeyFile {
    /// A file of some hundred bytes is read at once, on the caller's thread. One that cannot be
    /// used changes nothing: the ring that was read before stays in force.
    fn ring(self: Arc<Self>) -> Arc<KeyRing> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if read.checked.elapsed() >= FRESH {
            read.checked = Instant::now();
            let version = Version::of(&self.path);
            if version != read.version {
                read.version = version;
                match Self::load(&self.path) {
                    Ok(ring) => {
                        info!("the key ring was read again");
                        read.ring = Arc::new(ring);
                    }
                    Err(error) => {
                        let cause = error.source().map(tracing::field::display);
                        warn!(%error, cause, "the key ring of before stays in force");
                    }
                }
            }
        }
        Arc::clone(&read.ring)
    }
}

/// The right to change the ring, until it is dropped.
#[derive(Debug)]
pub struct KeyFileChange {
    path: PathBuf,
    _lock: File,
}

impl KeyFileChange {
    fn begin(path: &Path) -> Result<(Self, KeyRing), KeyFileError> {
        // Where the path is a link, what it points at is replaced.
        let target = fs::canonicalize(path).map_err(|error| unusable(path, error))?;
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(target.with_extension("lock"))
            .map_err(|error| unusable(path, error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(KeyFileError::Busy {
                    path: path.to_owned(),
                });
            }
            Err(TryLockError::Error(error)) => return Err(unusable(path, error)),
        }
        let ring = KeyFile::load(&target)?;
        let change = Self {
            path: target,
            _lock: lock,
        };
        Ok((change, ring))
    }

    /// Puts another ring in the place of the one that lies there: nobody ever reads half of it,
    /// and a power cut leaves one of the two.
    pub fn write(&self, ring: &KeyRing) -> Result<(), KeyFileError> {
        let replace = || {
            let former = fs::metadata(&self.path)?;
            let draft = draft(&self.path, ring, Some(&former))?;
            fs::rename(&draft, &self.path).inspect_err(|_| {
                // Keys are left nowhere else; that it failed is said below.
                let _ = fs::remove_file(&draft);
            })?;
            let folder = self.path.parent().unwrap_or(Path::new("/"));
            File::open(folder)?.sync_all()
        };
        replace().map_err(|error| unusable(&self.path, error))
    }
}

/// A ring of new keys from the operating system's random source.
pub fn new_key_ring() -> KeyRing {
    KeyRing::generate(
        &mut |buffer: &mut [u8]| SystemRandom.fill(buffer),
        SystemClock.now(),
    )
}

/// Writes a new ring beside its place and links it there: never half-written, never over
/// another.
fn write_new(path: &Path) -> io::Result<()> {
    let draft = draft(path, &new_key_ring(), None)?;
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

/// Writes a ring beside its place, for the owner of the file that it replaces: an operator who is
/// root must not take it away from the server.
fn draft(path: &Path, ring: &KeyRing, former: Option<&Metadata>) -> io::Result<PathBuf> {
    let mut suffix = [0; 8];
    SystemRandom.fill(&mut suffix);
    let draft = path.with_extension(format!("{:016x}.new", u64::from_be_bytes(suffix)));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)?;
    let mut write = || {
        if let Some(former) = former {
            let made = file.metadata()?;
            if (made.uid(), made.gid()) != (former.uid(), former.gid()) {
                fchown(&file, Some(former.uid()), Some(former.gid()))?;
            }
        }
        file.write_all(ring.to_toml().as_bytes())?;
        file.sync_all()
    };
    write().inspect_err(|_| {
        // Keys are left nowhere else; why it failed is what counts.
        let _ = fs::remove_file(&draft);
    })?;
    Ok(draft)
}

fn unusable(path: &Path, source: io::Error) -> KeyFileError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::NotFound => KeyFileError::Missing { path },
        _ => KeyFileError::Io { path, source },
    }
}
