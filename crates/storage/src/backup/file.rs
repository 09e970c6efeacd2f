//! Reading a backup: verified as a whole first, then line by line.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Seek},
};

use consentry_migrations::{Migrator, sea_orm_migration::MigratorTrait};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use super::{BackupError, FORMAT, Head, Manifest, Seal, Summary, TableHead, error::damaged};

/// No line of ours comes near it: a longer one is damage, and must not fill the memory.
const LONGEST_LINE: u64 = 16 * 1024 * 1024;

/// How every version of the format begins.
const BEGINNING: &[u8] = b"{\"consentry-backup\":";

/// A backup whose every byte was verified.
#[derive(Debug)]
pub struct BackupFile {
    file: File,
    manifest: Manifest,
}

/// What a line of the middle is.
pub(crate) enum Line {
    Table(TableHead),
    Row(Vec<Json>),
}

impl BackupFile {
    /// Reads the whole file once and compares its checksum.
    ///
    /// # Errors
    /// [`BackupError::Foreign`], [`BackupError::Later`], [`BackupError::Damaged`] and
    /// [`BackupError::Io`].
    pub fn open(file: File) -> Result<Self, BackupError> {
        let mut reader = BufReader::new(&file);
        if !reader.fill_buf()?.starts_with(BEGINNING) {
            return Err(BackupError::Foreign);
        }
        let first = next_line(&mut reader)?.ok_or(BackupError::Foreign)?;
        let head = read_head(&first)?;
        let mut hash = Sha256::new();
        // The two last lines are known when the end is.
        let (mut before, mut last) = (Vec::new(), first);
        while let Some(line) = next_line(&mut reader)? {
            hash.update(&before);
            before = std::mem::replace(&mut last, line);
        }
        hash.update(&before);
        let seal: Seal = parse(&last).ok_or_else(|| damaged("its end is missing"))?;
        if seal.sha256 != hex::encode(hash.finalize()) {
            return Err(damaged("its checksum does not match"));
        }
        let summary: Summary = parse(&before).ok_or_else(|| damaged("it has no summary"))?;
        Ok(Self {
            file,
            manifest: Manifest { head, summary },
        })
    }

    /// What it is and holds.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Whether it was taken from a database of an older schema than this program's.
    pub fn is_older(&self) -> bool {
        self.manifest.head.migrations.len() < Migrator::migrations().len()
    }

    /// Every line between the head and the summary.
    pub(crate) fn lines(
        &mut self,
    ) -> Result<impl Iterator<Item = Result<Line, BackupError>> + '_, BackupError> {
        self.file.rewind()?;
        let mut reader = BufReader::with_capacity(1 << 16, &self.file);
        next_line(&mut reader)?;
        let rows: u64 = self.manifest.summary.rows.values().sum();
        let count = rows + self.manifest.summary.rows.len() as u64;
        Ok((0..count).map(move |_| {
            let line = next_line(&mut reader)?.ok_or_else(|| damaged("rows are missing"))?;
            let line = if line.first() == Some(&b'[') {
                parse(&line).map(Line::Row)
            } else {
                parse(&line).map(Line::Table)
            };
            line.ok_or_else(|| damaged("a line is neither a table nor a row"))
        }))
    }
}

fn read_head(line: &[u8]) -> Result<Head, BackupError> {
    let json: Json = parse(line).ok_or_else(|| damaged("its first line cannot be read"))?;
    let later = || BackupError::Later {
        made_by: json["program"].as_str().unwrap_or("unknown").to_owned(),
    };
    if json["consentry-backup"] != FORMAT {
        return Err(later());
    }
    let head: Head = parse(line).ok_or_else(|| damaged("its first line cannot be read"))?;
    let known = Migrator::migrations();
    let is_known = head.migrations.len() <= known.len()
        && head
            .migrations
            .iter()
            .zip(&known)
            .all(|(name, known)| name == known.name());
    if !is_known {
        return Err(later());
    }
    Ok(head)
}

/// One line with its end; `None` at the end of the file.
fn next_line(reader: &mut impl BufRead) -> Result<Option<Vec<u8>>, BackupError> {
    let mut line = Vec::new();
    reader.take(LONGEST_LINE).read_until(b'\n', &mut line)?;
    match line.last() {
        None => Ok(None),
        Some(b'\n') => Ok(Some(line)),
        Some(_) => Err(damaged("it ends in the middle of a line")),
    }
}

fn parse<T: DeserializeOwned>(line: &[u8]) -> Option<T> {
    serde_json::from_slice(line).ok()
}
