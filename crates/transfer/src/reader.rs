//! Reading: the header once, then row by row.

use std::fmt;
use std::io::{self, BufRead};

use consentry_domain::{Import, Source};
use consentry_policy::{Language, LegalBasis, NoticeVersion, Policy, TopicId};
use csv_core::{ReadRecordResult, ReaderBuilder};
use jiff::Timestamp;

use crate::{Column, FileError, Refusal, lines::Lines};

/// What a file is read by, where its rows do not say.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The topics of a row that names none; not empty, and all are the policy's.
    pub topics: Vec<TopicId>,
    /// The language of a row that names none.
    pub language: Language,
    /// What the operator can show for these people.
    pub ground: Ground,
    /// No agreement is later than this.
    pub now: Timestamp,
    /// What separates the fields, an ASCII sign.
    pub delimiter: u8,
    /// Columns that are there and not read.
    pub ignored: Vec<String>,
}

/// What the operator can show for the people of a file.
#[derive(Debug, Clone)]
pub enum Ground {
    /// Nothing: each is asked for a confirmation. The columns `basis` and `confirmed_at` are not
    /// read.
    Unproven {
        /// Where the addresses come from, if that is stated.
        source: Option<Source>,
    },
    /// An earlier agreement (GDPR art. 7(1)).
    Proven {
        /// The legal basis of a row that names none.
        basis: LegalBasis,
        /// When the people agreed whose rows do not say.
        agreed_at: Option<Timestamp>,
        /// What they were shown.
        notice: NoticeVersion,
        /// Where that is recorded.
        source: Source,
    },
}

/// One row of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// A person to be imported.
    Person(Import),
    /// Somebody who is unsubscribed in the file itself, and stays so.
    Unsubscribed,
    /// It cannot be used.
    Refused(Refusal),
}

/// Reads people from CSV.
pub struct Reader<R> {
    lines: Lines<R>,
    fields: Fields,
    columns: Vec<Option<Column>>,
    pub(crate) rules: Rules,
    pub(crate) policy: Policy,
}

impl<R> fmt::Debug for Reader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}

/// More columns than this are not ours.
const MAX_COLUMNS: usize = 64;

impl<R: BufRead> Reader<R> {
    /// Reads the header: the first line, which names the columns in any order.
    ///
    /// # Errors
    /// [`FileError`], which says what to do about it.
    pub fn new(input: R, rules: Rules, policy: &Policy) -> Result<Self, FileError> {
        let mut lines = Lines::new(input);
        if !lines.advance()? {
            return Err(FileError::Empty);
        }
        if lines.line().starts_with(b"\xff\xfe") || lines.line().starts_with(b"\xfe\xff") {
            return Err(FileError::Utf16);
        }
        lines.strip_mark();
        if lines.is_too_long() {
            return Err(FileError::HeaderTooLong);
        }
        let header = std::str::from_utf8(lines.line()).map_err(|_| FileError::HeaderNotText)?;
        if header.contains('\0') {
            return Err(FileError::HeaderNotText);
        }
        if header.trim().is_empty() {
            return Err(FileError::Empty);
        }
        let mut fields = Fields::new(rules.delimiter);
        fields
            .split(header.as_bytes())
            .map_err(|refusal| match refusal {
                Refusal::OpenQuote => FileError::HeaderOpenQuote,
                _ => FileError::HeaderTooLong,
            })?;
        let names: Vec<&str> = fields.iter().map(str::trim).collect();
        let columns = columns(&names, &rules)?;
        Ok(Self {
            lines,
            fields,
            columns,
            rules,
            policy: policy.clone(),
        })
    }

    /// The next row; `None` at the end of the file. Empty lines are no rows.
    pub fn read(&mut self) -> io::Result<Option<Row>> {
        while self.lines.advance()? {
            match self.row() {
                Ok(Some(row)) => return Ok(Some(row)),
                Ok(None) => {}
                Err(refusal) => return Ok(Some(Row::Refused(refusal))),
            }
        }
        Ok(None)
    }

    /// The number of the line that was read last, the header being 1.
    pub fn line(&self) -> u64 {
        self.lines.number()
    }

    /// The line that was read last, as far as it is text and not too long. It holds personal data.
    pub fn expose_line(&self) -> String {
        String::from_utf8_lossy(self.lines.line()).into_owned()
    }

    /// Bytes read so far.
    pub fn bytes(&self) -> u64 {
        self.lines.bytes()
    }

    /// Whether the file has this column.
    pub fn has(&self, column: Column) -> bool {
        self.columns.contains(&Some(column))
    }

    fn row(&mut self) -> Result<Option<Row>, Refusal> {
        if self.lines.is_too_long() {
            return Err(Refusal::LineTooLong);
        }
        let line = self.lines.line();
        if line.trim_ascii().is_empty() {
            return Ok(None);
        }
        std::str::from_utf8(line).map_err(|_| Refusal::NotUtf8)?;
        self.fields.split(line)?;
        if self.fields.iter().all(|field| field.trim().is_empty()) {
            return Ok(None);
        }
        if self.fields.iter().count() != self.columns.len() {
            return Err(Refusal::FieldCount);
        }
        self.person().map(Some)
    }

    /// The field of a column, without the apostrophe of a formula; empty where there is none.
    pub(crate) fn cell(&self, column: Column) -> &str {
        let place = self.columns.iter().position(|held| *held == Some(column));
        let field = place.and_then(|place| self.fields.iter().nth(place));
        crate::formula::unescaped(field.unwrap_or_default().trim())
    }
}

fn columns(names: &[&str], rules: &Rules) -> Result<Vec<Option<Column>>, FileError> {
    if let [only] = names
        && let Some(error) = other_delimiter(only, rules.delimiter)
    {
        return Err(error);
    }
    let mut columns = Vec::with_capacity(names.len());
    let mut unknown = Vec::new();
    for name in names {
        let column = Column::named(name);
        if let Some(known) = column
            && columns.contains(&column)
        {
            return Err(FileError::ColumnTwice(known.name()));
        }
        let is_ignored = |ignored: &String| ignored.trim().eq_ignore_ascii_case(name);
        if column.is_none() && !rules.ignored.iter().any(is_ignored) {
            unknown.push(match Column::like(name) {
                Some(known) => format!("`{name}` (did you mean `{}`?)", known.name()),
                None => format!("`{name}`"),
            });
        }
        columns.push(column);
    }
    // An unknown column is the better hint where the one of addresses has another name.
    if !unknown.is_empty() {
        let what = if unknown.len() == 1 {
            "column"
        } else {
            "columns"
        };
        return Err(FileError::UnknownColumns(format!(
            "{what} {}",
            unknown.join(", ")
        )));
    }
    if !columns.contains(&Some(Column::Email)) {
        let found: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
        return Err(FileError::NoEmail {
            found: found.join(", "),
        });
    }
    Ok(columns)
}

/// What a header was separated by that has one column only.
fn other_delimiter(header: &str, expected: u8) -> Option<FileError> {
    const DELIMITERS: [(u8, &str, &str); 4] = [
        (b',', "commas", "','"),
        (b';', "semicolons", "';'"),
        (b'\t', "tabs", "tab"),
        (b'|', "bars", "'|'"),
    ];
    let name = |(sign, name, _): &(u8, &'static str, _)| (*sign == expected).then_some(*name);
    let expected_name = DELIMITERS.iter().find_map(name).unwrap_or("that sign");
    DELIMITERS
        .iter()
        .filter(|(sign, ..)| *sign != expected)
        .find(|(sign, ..)| header.as_bytes().contains(sign))
        .map(|(_, found, option)| FileError::Delimiter {
            found,
            expected: expected_name,
            option,
        })
}

/// The fields of one line.
struct Fields {
    reader: csv_core::Reader,
    text: Vec<u8>,
    ends: [usize; MAX_COLUMNS],
    count: usize,
}

impl Fields {
    fn new(delimiter: u8) -> Self {
        Self {
            reader: ReaderBuilder::new().delimiter(delimiter).build(),
            text: vec![0; crate::MAX_LINE + 1],
            ends: [0; MAX_COLUMNS],
            count: 0,
        }
    }

    fn split(&mut self, line: &[u8]) -> Result<(), Refusal> {
        self.reader.reset();
        self.count = 0;
        let mut written = 0;
        for mut input in [line, b"\n"] {
            while !input.is_empty() {
                let (result, read, text, ends) = self.reader.read_record(
                    input,
                    &mut self.text[written..],
                    &mut self.ends[self.count..],
                );
                input = &input[read..];
                written += text;
                self.count += ends;
                match result {
                    ReadRecordResult::InputEmpty => {}
                    ReadRecordResult::OutputFull => return Err(Refusal::LineTooLong),
                    ReadRecordResult::OutputEndsFull => return Err(Refusal::FieldCount),
                    ReadRecordResult::Record | ReadRecordResult::End => return Ok(()),
                }
            }
        }
        // The end of the line was part of a field.
        Err(Refusal::OpenQuote)
    }

    /// Lines are UTF-8 and separated at ASCII signs, so that every field is text.
    fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.count).map(|place| {
            let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
            std::str::from_utf8(&self.text[start..self.ends[place]]).unwrap_or_default()
        })
    }
}
