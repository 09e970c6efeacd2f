//! The local mailbox: every letter one `.eml` file, for a start without a relay.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use consentry_domain::SubjectId;
use consentry_service::ports::{Letter, LocalMailbox, MailboxLetter};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use mail_parser::MessageParser;

/// What a file is called while it is written. The name of the person's record stays in it, so
/// that a file left by a crash is forgotten with the rest.
const UNFINISHED: &str = ".part";

/// A directory of letters, readable by its owner alone.
#[derive(Debug, Clone)]
pub struct Mailbox {
    directory: PathBuf,
}

/// Letters that [`LocalMailbox::list`] reads.
const LISTED: usize = 200;

impl Mailbox {
    /// Opens the mailbox in `directory`, which is made (0700) where it is missing.
    pub fn open(directory: impl Into<PathBuf>) -> io::Result<Self> {
        let directory = directory.into();
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&directory)?;
        Ok(Self { directory })
    }

    /// Where the letters are.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Stores a message: there as a whole, or not at all.
    pub(crate) fn store(&self, letter: &Letter, message: &[u8]) -> io::Result<()> {
        let name = FileName::of(letter).to_string();
        let unfinished = self.directory.join(format!(".{name}{UNFINISHED}"));
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&unfinished)?;
        file.write_all(message)?;
        file.sync_all()?;
        fs::rename(&unfinished, self.directory.join(name))?;
        File::open(&self.directory)?.sync_all()
    }

    /// Removes every letter to these people.
    pub(crate) fn forget(&self, subjects: &[SubjectId]) -> io::Result<()> {
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            let name = entry.file_name();
            let is_theirs = name
                .to_str()
                .map(|name| name.trim_start_matches('.').trim_end_matches(UNFINISHED))
                .and_then(|name| name.parse::<FileName>().ok())
                .is_some_and(|name| subjects.contains(&name.subject));
            if is_theirs {
                match fs::remove_file(entry.path()) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

impl LocalMailbox for Mailbox {
    fn list(&self) -> io::Result<Vec<MailboxLetter>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            if let Ok(name) = entry?.file_name().into_string()
                && name.parse::<FileName>().is_ok()
            {
                names.push(name);
            }
        }
        names.sort_unstable_by(|a, b| b.cmp(a));
        names.truncate(LISTED);
        let read = names.iter().map(|name| self.read(name));
        // A letter that was forgotten since the directory was read is left out.
        read.filter_map(Result::transpose).collect()
    }

    /// No name leads out of the directory.
    fn read(&self, file_name: &str) -> io::Result<Option<MailboxLetter>> {
        let Ok(name) = file_name.parse::<FileName>() else {
            return Ok(None);
        };
        let octets = match fs::read(self.directory.join(file_name)) {
            Ok(octets) => octets,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let unreadable = || io::Error::new(io::ErrorKind::InvalidData, "not a message");
        let message = MessageParser::default()
            .parse(&octets)
            .ok_or_else(unreadable)?;
        let to = message
            .to()
            .and_then(|to| to.first())
            .and_then(|to| to.address());
        let text = |body: Option<std::borrow::Cow<'_, str>>| body.unwrap_or_default().into_owned();
        Ok(Some(MailboxLetter {
            name: file_name.to_owned(),
            date: name.date,
            to: to.unwrap_or_default().to_owned(),
            subject: message.subject().unwrap_or_default().to_owned(),
            text: text(message.body_text(0)),
            html: text(message.body_html(0)),
        }))
    }
}

/// `{UTC time}-{record}-{kind}-{letter}.eml`: sorts by time, and says whose it is without saying
/// who that is.
struct FileName {
    date: Timestamp,
    subject: SubjectId,
    rest: String,
}

impl FileName {
    fn of(letter: &Letter) -> Self {
        Self {
            date: letter.date,
            subject: letter.subject,
            rest: format!("{}-{:016x}", letter.kind, letter.id.0),
        }
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = self.date.to_zoned(TimeZone::UTC);
        let date = date.strftime("%Y%m%dT%H%M%S.%6fZ");
        write!(f, "{date}-{}-{}.eml", self.subject, self.rest)
    }
}

impl FromStr for FileName {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        let is_flat = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.');
        let mut parts = name.strip_suffix(".eml").ok_or(())?.splitn(3, '-');
        let mut part = || parts.next().ok_or(());
        let date = part()?.parse().map_err(drop)?;
        let subject = part()?;
        if !is_flat || subject.len() != 16 {
            return Err(());
        }
        Ok(Self {
            date,
            subject: SubjectId(u64::from_str_radix(subject, 16).map_err(drop)?),
            rest: part()?.to_owned(),
        })
    }
}
