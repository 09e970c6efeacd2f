//! The key ring's file: made on the first start of an embedded installation, read again whenever it
//! changes, replaced as a whole.

use std::{
    fs::{self, File, Metadata, OpenOptions, TryLockError},
    io::{self, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use consentry_keys::{KeyRing, KeySource};
use consentry_service::ports::{Clock, Random};
use tracing::{info, warn};

use crate::{
    Failure,
    system::{SystemClock, SystemRandom},
};

/// After this time a process looks whether the file has changed.
const FRESH: Duration = Duration::from_secs(1);

/// After this time every process has seen a change of the file, and what was begun with the ring
/// of before has long taken its keys.
pub(crate) const SEEN_BY_ALL: Duration = Duration::from_secs(3);

/// The ring of the file as it is now: no answer is older than a second, however long the process
/// slept before it asked.
#[derive(Debug)]
pub(crate) struct KeyFile {
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
    /// Reads the ring like [`load`].
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let checked = Instant::now();
        // The version first: what changes while it is read is read again.
        let version = Version::of(path);
        Ok(Self {
            path: path.to_owned(),
            read: Mutex::new(Read {
                ring: Arc::new(load(path)?),
                version,
                checked,
            }),
        })
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
                match load(&self.path) {
                    Ok(ring) => {
                        info!("the key ring was read again");
                        read.ring = Arc::new(ring);
                    }
                    Err(problem) => warn!(?problem, "the key ring of before stays in force"),
                }
            }
        }
        Arc::clone(&read.ring)
    }
}

/// The right to change the ring, until it is dropped.
pub(crate) struct Change {
    path: PathBuf,
    _lock: File,
}

impl Change {
    /// Reads the ring and keeps every other process from changing it.
    pub(crate) fn begin(path: &Path) -> Result<(Self, KeyRing), Failure> {
        // Where the path is a link, what it points at is replaced.
        let target = fs::canonicalize(path).map_err(|error| unusable(path, &error))?;
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(target.with_extension("lock"))
            .map_err(|error| unusable(path, &error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Failure::Found(format!(
                    "{}: another process is changing the key ring; try again when it has ended",
                    path.display()
                )));
            }
            Err(TryLockError::Error(error)) => return Err(unusable(path, &error)),
        }
        let ring = load(&target)?;
        let change = Self {
            path: target,
            _lock: lock,
        };
        Ok((change, ring))
    }

    /// Puts another ring in the place of the one that lies there: nobody ever reads half of it,
    /// and a power cut leaves one of the two.
    pub(crate) fn write(&self, ring: &KeyRing) -> Result<(), Failure> {
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
        replace().map_err(|error| unusable(&self.path, &error))
    }
}

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
    let draft = draft(path, &new_ring(), None)?;
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

fn unusable(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("{}: {error}", path.display()))
}
