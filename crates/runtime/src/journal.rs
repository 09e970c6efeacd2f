//! The copy of the journal in a file, so that a restore can repeat what happened after the backup
//! even when the database is lost.
//!
//! Whichever process runs long keeps it: it looks into the database every second and appends what
//! is new, one JSON document a line. One process on a machine does so, the others wait for its
//! place. What was appended lasts before the next look.

use std::{
    collections::HashSet,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use consentry::SystemClock;
use consentry_policy::{Calendar, Period, Policy};
use consentry_service::ports::{Clock, StoreError};
use consentry_storage::{JournalRecord, SeaOrmStore, backup::BackupError};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// Between two looks into the database.
const LOOK: Duration = Duration::from_secs(1);
/// How long a transaction may take from writing its entry to its commit, in microseconds:
/// PostgreSQL ends one that does nothing for a minute.
const SLACK: i64 = 60_000_000;
/// Entries that are read at a time.
const PAGE: u64 = 1_000;
/// The end of the file, in bytes, that tells where to go on.
const TAIL: u64 = 256 * 1024;
/// Looks between two times that old entries are removed: an hour.
const PRUNING: u32 = 3_600;

/// How long entries are kept.
#[derive(Clone)]
pub(crate) struct Kept {
    period: Option<Period>,
    calendar: Calendar,
}

impl Kept {
    pub(crate) fn of(policy: &Policy) -> Self {
        Self {
            period: policy.backups.keep,
            calendar: policy.calendar.clone(),
        }
    }

    fn until(&self) -> Option<Timestamp> {
        let period = self.period?;
        Some(period.cutoff(SystemClock.now(), &self.calendar))
    }
}

/// Keeps the file until `stop`, then looks a last time.
pub(crate) async fn keep(store: SeaOrmStore, path: PathBuf, kept: Kept, stop: CancellationToken) {
    let mut keeper = None;
    let mut is_failing = false;
    let mut looks = 0;
    loop {
        let is_last = stop.is_cancelled();
        let looked = look(&store, &path, &mut keeper, &kept, looks).await;
        looks = (looks + 1) % PRUNING;
        match &looked {
            Ok(()) if is_failing => info!("the journal file is kept again"),
            Err(error) if !is_failing => warn!(%error, "the journal file cannot be kept"),
            _ => {}
        }
        is_failing = looked.is_err();
        if is_last {
            return;
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// One look, for a program that ends by itself.
pub(crate) async fn look_once(store: &SeaOrmStore, path: &Path, kept: &Kept) {
    if let Err(error) = look(store, path, &mut None, kept, 0).await {
        warn!(%error, "the journal file cannot be kept");
    }
}

/// Brings the file to where the database is, whatever it held before.
pub(crate) async fn complete(store: &SeaOrmStore, path: &Path) -> Result<(), JournalError> {
    match Keeper::open(path, u64::MAX)? {
        Some(mut keeper) => keeper.look(store).await,
        None => Ok(()),
    }
}

async fn look(
    store: &SeaOrmStore,
    path: &Path,
    keeper: &mut Option<Keeper>,
    kept: &Kept,
    looks: u32,
) -> Result<(), JournalError> {
    if keeper.is_none() {
        *keeper = Keeper::open(path, TAIL)?;
    }
    let Some(keeper) = keeper else {
        return Ok(());
    };
    keeper.look(store).await?;
    if let Some(until) = kept.until().filter(|_| looks == 0) {
        keeper.prune(until.as_microsecond())?;
    }
    Ok(())
}

/// Why the file cannot be kept or read.
#[derive(Debug)]
pub(crate) enum JournalError {
    File(io::Error),
    Store(StoreError),
}

impl std::fmt::Display for JournalError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(error) => write!(f, "{}", error.kind()),
            Self::Store(error) => write!(f, "{error}"),
        }
    }
}

impl From<io::Error> for JournalError {
    fn from(error: io::Error) -> Self {
        Self::File(error)
    }
}

impl From<StoreError> for JournalError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The one process on this machine that appends.
struct Keeper {
    path: PathBuf,
    file: File,
    /// Numbers of what the file holds and the next look may find again.
    seen: HashSet<i64>,
    since: i64,
    _lock: File,
}

impl Keeper {
    /// `None` when another process keeps the file. Where to go on is read from the last `tail`
    /// bytes.
    fn open(path: &Path, tail: u64) -> io::Result<Option<Self>> {
        let lock = private(path.with_extension("lock").as_path())?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let mut file = private(path)?;
        cut_torn_line(&mut file)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(tail)))?;
        let (mut seen, mut last) = (HashSet::new(), None);
        // The first of these lines may be half of one.
        for line in BufReader::new(&file).lines() {
            if let Ok(record) = serde_json::from_str::<JournalRecord>(&line?) {
                seen.insert(record.id());
                last = last.max(Some(record.written_at()));
            }
        }
        let since = match last {
            Some(last) if tail != u64::MAX => last - SLACK,
            _ => i64::MIN,
        };
        Ok(Some(Self {
            path: path.to_owned(),
            file,
            seen,
            since,
            _lock: lock,
        }))
    }

    async fn look(&mut self, store: &SeaOrmStore) -> Result<(), JournalError> {
        let clock = store.clock().await?;
        // A clock that was set back writes earlier times.
        let since = self.since.min(clock - SLACK);
        let mut found = HashSet::new();
        let mut last = None;
        let mut has_written = false;
        loop {
            let page = store.journal_since(since, last, PAGE).await?;
            let ids = page.iter().map(|(_, id)| *id);
            found.extend(ids.clone());
            let new: Vec<_> = ids.filter(|id| !self.seen.contains(id)).collect();
            if !new.is_empty() {
                let mut lines = Vec::new();
                for record in store.journal_records(&new).await? {
                    serde_json::to_writer(&mut lines, &record).map_err(io::Error::from)?;
                    lines.push(b'\n');
                }
                tokio::task::block_in_place(|| self.append(&lines))?;
                self.seen.extend(new);
                has_written = true;
            }
            last = page.last().copied();
            if (page.len() as u64) < PAGE {
                break;
            }
        }
        if has_written {
            tokio::task::block_in_place(|| self.file.sync_data())?;
        }
        self.since = clock - SLACK;
        self.seen = found;
        Ok(())
    }

    /// All of it, or nothing.
    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let end = self.file.seek(SeekFrom::End(0))?;
        self.file.write_all(lines).inspect_err(|_| {
            // What is left of it is cut off at the next start too.
            let _ = self.file.set_len(end);
        })
    }

    /// Removes what was decided up to an instant.
    fn prune(&mut self, until: i64) -> io::Result<()> {
        self.file.rewind()?;
        let is_kept = |line: &str| {
            serde_json::from_str::<JournalRecord>(line).is_ok_and(|record| record.at() > until)
        };
        let first = BufReader::new(&self.file).lines().next().transpose()?;
        if first.is_none_or(|line| is_kept(&line)) {
            return Ok(());
        }
        let draft_path = self.path.with_extension("new");
        let draft = private(&draft_path)?;
        draft.set_len(0)?;
        let mut out = BufWriter::new(&draft);
        self.file.rewind()?;
        for line in BufReader::new(&self.file).lines() {
            let line = line?;
            if is_kept(&line) {
                writeln!(out, "{line}")?;
            }
        }
        out.flush()?;
        drop(out);
        draft.sync_all()?;
        fs::rename(&draft_path, &self.path)?;
        let folder = self.path.parent().filter(|path| *path != Path::new(""));
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        self.file = draft;
        Ok(())
    }
}

/// The entries of a file. A last line that was cut off in the middle is none; any other that
/// cannot be read is an error, since it may have been an erasure.
pub(crate) fn read(
    path: &Path,
) -> io::Result<impl Iterator<Item = Result<JournalRecord, BackupError>> + use<>> {
    let mut file = File::open(path)?;
    let whole = whole_lines(&mut file)?;
    file.rewind()?;
    let name = path.display().to_string();
    let lines = BufReader::new(file.take(whole)).lines().enumerate();
    Ok(lines.map(move |(index, line)| {
        serde_json::from_str(&line?).map_err(|_| {
            let number = index + 1;
            BackupError::Damaged(format!(
                "line {number} of the journal {name} cannot be read; remove the line to do without it"
            ))
        })
    }))
}

fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}

/// A kill or a power cut in the middle of a line: the database still has its entry.
fn cut_torn_line(file: &mut File) -> io::Result<()> {
    let whole = whole_lines(file)?;
    if whole < file.metadata()?.len() {
        file.set_len(whole)?;
    }
    Ok(())
}

/// How many bytes there are up to the last line's end.
fn whole_lines(file: &mut File) -> io::Result<u64> {
    let mut end = file.metadata()?.len();
    let mut buffer = [0; 4096];
    while end > 0 {
        let start = end.saturating_sub(buffer.len() as u64);
        let part = &mut buffer[..usize::try_from(end - start).unwrap_or_default()];
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(part)?;
        if let Some(found) = part.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + found as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn line(id: i64) -> String {
        format!(
            r#"{{"id":{id},"controller":"acme","subject":7,"kind":"erased","generation":0,"at":{id},"written_at":{id}}}"#
        )
    }

    fn ids(path: &Path) -> Vec<i64> {
        let records = read(path).unwrap();
        records.map(|record| record.unwrap().id()).collect()
    }

    #[test]
    fn a_line_that_was_cut_off_is_none_and_a_damaged_one_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let torn = &line(3)[..40];
        fs::write(&path, format!("{}\n{}\n{torn}", line(1), line(2))).unwrap();
        assert_eq!(ids(&path), [1, 2]);
        fs::write(&path, format!("{torn}\n{}\n", line(2))).unwrap();
        let refused = read(&path).unwrap().next().unwrap().unwrap_err();
        assert!(refused.to_string().contains("line 1"), "{refused}");
        fs::write(&path, "").unwrap();
        assert_eq!(ids(&path), [0; 0]);
    }

    #[test]
    fn whoever_keeps_the_file_cuts_the_torn_line_and_goes_on_behind_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        fs::write(&path, format!("{}\n{}", line(1), &line(2)[..9])).unwrap();
        let mut keeper = Keeper::open(&path, TAIL).unwrap().unwrap();
        assert!(
            Keeper::open(&path, TAIL).unwrap().is_none(),
            "one at a time"
        );
        assert!(keeper.seen.contains(&1));
        keeper
            .append(format!("{}\n", line(5_000_000)).as_bytes())
            .unwrap();
        assert_eq!(ids(&path), [1, 5_000_000]);

        keeper.prune(1).unwrap();
        assert_eq!(ids(&path), [5_000_000], "what no backup needs is gone");
        keeper
            .append(format!("{}\n", line(6_000_000)).as_bytes())
            .unwrap();
        assert_eq!(ids(&path), [5_000_000, 6_000_000]);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
