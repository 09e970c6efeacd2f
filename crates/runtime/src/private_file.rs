//! Files of personal data that an operator asks for: whole or not there, and for nobody else.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use consentry::SystemRandom;
use consentry_service::ports::Random as _;

use crate::Failure;

/// A file that appears in its place, mode 0600, when it is complete. Dropped before that, nothing
/// is left of it.
pub(crate) struct PrivateFile {
    place: PathBuf,
    draft: PathBuf,
    output: Option<BufWriter<File>>,
}

impl PrivateFile {
    /// Begins one beside its place.
    pub(crate) fn create(place: &Path) -> Result<Self, Failure> {
        let unusable = |problem: String| Failure::usage(format!("{}: {problem}", place.display()));
        if place.is_dir() {
            return Err(unusable("this is a folder; name a file".to_owned()));
        }
        let name = place
            .file_name()
            .ok_or_else(|| unusable("this names no file".to_owned()))?;
        let mut suffix = [0; 8];
        SystemRandom.fill(&mut suffix);
        let mut draft_name = name.to_os_string();
        draft_name.push(format!(".{:016x}.part", u64::from_be_bytes(suffix)));
        let draft = place.with_file_name(draft_name);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)
            .map_err(|error| unusable(error.to_string()))?;
        Ok(Self {
            place: place.to_owned(),
            draft,
            output: Some(BufWriter::new(file)),
        })
    }

    /// Puts it in its place, for good: from here on a power cut loses nothing of it.
    pub(crate) fn keep(mut self) -> io::Result<()> {
        let Some(output) = self.output.take() else {
            return Ok(());
        };
        let file = output
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        fs::rename(&self.draft, &self.place)?;
        let folder = self
            .place
            .parent()
            .filter(|one| !one.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }
}

impl Write for PrivateFile {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match &mut self.output {
            Some(output) => output.write(buffer),
            None => Ok(0),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for PrivateFile {
    fn drop(&mut self) {
        // Where it was kept, nothing lies there any more.
        let _ = fs::remove_file(&self.draft);
    }
}
