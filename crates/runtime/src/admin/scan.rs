//! The file of an import, read on a thread of its own while the database writes.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufRead, BufReader, Read, Write},
    mem,
    path::Path,
};

use consentry_policy::{Policy, Rate};
use consentry_service::ImportBatch;
use consentry_transfer::{Reader, Refusal, Row, Rules};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc::Sender;

use crate::{Failure, private_file::PrivateFile};

/// People in one commit: one statement per table, and short enough for the others to have their
/// turn.
const PEOPLE: usize = 1_000;
/// Rows in one commit, refused ones included.
const ROWS: u64 = 20_000;

/// What a file is, before anything of it is imported.
pub(super) struct Fingerprint {
    pub(super) digest: [u8; 32],
    pub(super) bytes: u64,
    pub(super) lines: u64,
}

/// Opens a file that is one.
pub(super) fn open(path: &Path) -> Result<File, Failure> {
    let unusable = |problem: &str| Failure::usage(format!("{}: {problem}", path.display()));
    let file = File::open(path).map_err(|error| unusable(&error.to_string()))?;
    let metadata = file
        .metadata()
        .map_err(|error| unusable(&error.to_string()))?;
    if !metadata.is_file() {
        return Err(unusable(
            "this is no regular file; an import reads its file twice",
        ));
    }
    Ok(file)
}

/// Reads the whole file once.
pub(super) fn fingerprint(path: &Path) -> Result<Fingerprint, Failure> {
    let mut input = BufReader::with_capacity(BUFFER, Hashing::new(open(path)?));
    let (mut bytes, mut lines) = (0, 0);
    let unreadable = |error: io::Error| Failure::usage(format!("{}: {error}", path.display()));
    loop {
        let part = input.fill_buf().map_err(unreadable)?;
        if part.is_empty() {
            break;
        }
        let length = part.len();
        lines += memchr::memchr_iter(b'\n', part).count() as u64;
        bytes += length as u64;
        input.consume(length);
    }
    Ok(Fingerprint {
        digest: input.into_inner().digest(),
        bytes,
        lines,
    })
}

const BUFFER: usize = 64 * 1024;

/// Reads and hashes.
struct Hashing<R> {
    input: R,
    hash: Sha256,
}

impl<R> Hashing<R> {
    fn new(input: R) -> Self {
        Self {
            input,
            hash: Sha256::new(),
        }
    }

    fn digest(self) -> [u8; 32] {
        self.hash.finalize().into()
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.hash.update(&buffer[..read]);
        Ok(read)
    }
}

/// What to scan, and what to do with it.
pub(super) struct Scan {
    pub(super) file: File,
    pub(super) digest: [u8; 32],
    pub(super) rules: Rules,
    pub(super) policy: Policy,
    pub(super) letters: Option<Rate>,
    /// Rows that were dealt with by an earlier run: they are counted and not sent.
    pub(super) skip: u64,
    /// Whether an earlier run dealt with the last row.
    pub(super) is_finished: bool,
    pub(super) refused: Option<Refused>,
}

/// Where the refused rows are told.
pub(super) struct Refused {
    pub(super) file: PrivateFile,
    pub(super) with_rows: bool,
}

/// A batch, and how far into the file it ends.
pub(super) struct Part {
    pub(super) batch: ImportBatch,
    pub(super) bytes: u64,
}

/// What the file alone decides: the same in every run.
#[derive(Default)]
pub(super) struct Scanned {
    pub(super) refused: BTreeMap<&'static str, u64>,
    /// Rows of people who are unsubscribed in the file.
    pub(super) unsubscribed: u64,
    pub(super) refused_file: Option<PrivateFile>,
}

/// Why a scan ended early.
pub(super) enum Stopped {
    /// It failed.
    Failed(Failure),
    /// Nobody takes the batches any more.
    Unwanted,
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Self::Failed(Failure::Found(format!("the file cannot be read: {error}")))
    }
}

impl Scan {
    /// Reads the file to its end and sends what is to be imported.
    pub(super) fn run(mut self, parts: &Sender<Part>) -> Result<Scanned, Stopped> {
        let mut hashing = Hashing::new(&self.file);
        let buffered = BufReader::with_capacity(BUFFER, &mut hashing);
        let mut reader = Reader::new(buffered, self.rules.clone(), &self.policy)
            .map_err(|error| Stopped::Failed(Failure::usage(error.to_string())))?;
        if let Some(refused) = &mut self.refused {
            refused.begin()?;
        }
        let mut scanned = Scanned::default();
        let mut batch = ImportBatch {
            letters: self.letters,
            ..ImportBatch::default()
        };
        let mut row_number = 0_u64;
        while let Some(row) = reader.read()? {
            row_number += 1;
            let is_new = row_number > self.skip;
            batch.rows += u64::from(is_new);
            match row {
                Row::Person(person) if is_new => batch.people.push(person),
                Row::Person(_) => {}
                Row::Unsubscribed => scanned.unsubscribed += 1,
                Row::Refused(refusal) => {
                    *scanned.refused.entry(refusal.code()).or_default() += 1;
                    if let Some(refused) = &mut self.refused {
                        refused.tell(&reader, refusal)?;
                    }
                }
            }
            if batch.people.len() >= PEOPLE || batch.rows >= ROWS {
                let next = ImportBatch {
                    letters: self.letters,
                    ..ImportBatch::default()
                };
                let batch = mem::replace(&mut batch, next);
                send(parts, batch, reader.bytes())?;
            }
        }
        let bytes = reader.bytes();
        drop(reader);
        if hashing.digest() != self.digest {
            return Err(Stopped::Failed(Failure::Found(
                "the file was changed while it was read; what was imported so far stays".to_owned(),
            )));
        }
        if !self.is_finished {
            batch.is_last = true;
            send(parts, batch, bytes)?;
        }
        scanned.refused_file = self.refused.map(|refused| refused.file);
        Ok(scanned)
    }
}

fn send(parts: &Sender<Part>, batch: ImportBatch, bytes: u64) -> Result<(), Stopped> {
    let part = Part { batch, bytes };
    parts.blocking_send(part).map_err(|_| Stopped::Unwanted)
}

impl Refused {
    fn begin(&mut self) -> io::Result<()> {
        let head = if self.with_rows { ",row" } else { "" };
        writeln!(self.file, "line,reason{head}")
    }

    fn tell<R: BufRead>(&mut self, reader: &Reader<R>, refusal: Refusal) -> io::Result<()> {
        write!(self.file, "{},{}", reader.line(), refusal.code())?;
        if self.with_rows {
            // As text, whatever it begins with: the line is somebody else's.
            let row = reader.expose_line().replace('"', "\"\"");
            write!(self.file, ",\"'{row}\"")?;
        }
        writeln!(self.file)
    }
}
