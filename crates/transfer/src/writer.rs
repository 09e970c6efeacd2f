//! Writing: the header once, then one line for each person.

use std::fmt;
use std::io::{self, Write};

use consentry_domain::{PersonState, Subject, Subscription, TopicState};
use csv_core::WriteResult;

use crate::{Column, formula};

/// Writes people as CSV.
///
/// A line shows a person in their state: the topics of a confirmed person are the confirmed ones,
/// those of a pending person the ones that wait, and of somebody who is unsubscribed none. Whoever
/// reads it back in confirms nobody by it who has not confirmed.
pub struct Writer<W> {
    output: W,
    line: Line,
}

impl<W> fmt::Debug for Writer<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}

impl<W: Write> Writer<W> {
    /// Writes the header.
    pub fn new(output: W) -> io::Result<Self> {
        let mut writer = Self {
            output,
            line: Line::new(),
        };
        writer.write_cells(Column::ALL.map(Column::name))?;
        Ok(writer)
    }

    /// Writes a person.
    pub fn write(&mut self, person: &Subject) -> io::Result<()> {
        let state = person.state();
        let shown: Vec<&Subscription> = person
            .subscriptions
            .iter()
            .filter(|held| match state {
                PersonState::Confirmed => held.state == TopicState::Confirmed,
                PersonState::Pending => held.state == TopicState::Pending,
                PersonState::Unsubscribed => false,
            })
            .collect();
        let topics: Vec<&str> = shown.iter().map(|held| held.topic.as_str()).collect();
        let mut bases: Vec<&str> = shown.iter().map(|held| held.basis.as_str()).collect();
        bases.sort_unstable();
        bases.dedup();
        let confirmed_at = shown.iter().filter_map(|held| held.confirmed_at).max();
        self.write_cells(Column::ALL.map(|column| match column {
            Column::Email => person.address.expose().to_owned(),
            Column::State => state.as_str().to_owned(),
            Column::Topics => topics.join(" "),
            Column::Language => person.language.as_str().to_owned(),
            Column::Basis => bases.join(" "),
            Column::ConfirmedAt if state == PersonState::Confirmed => {
                confirmed_at.map(|at| at.to_string()).unwrap_or_default()
            }
            Column::ConfirmedAt => String::new(),
        }))
    }

    /// Gives back what was written to, flushed.
    pub fn finish(mut self) -> io::Result<W> {
        self.output.flush()?;
        Ok(self.output)
    }

    fn write_cells<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) -> io::Result<()> {
        self.line.clear();
        for (place, cell) in cells.into_iter().enumerate() {
            if place > 0 {
                self.line.push(|writer, output| {
                    let (result, written) = writer.delimiter(output);
                    (result, 0, written)
                });
            }
            let cell = formula::escaped(cell.as_ref());
            let mut rest = cell.as_bytes();
            self.line.push(|writer, output| {
                let (result, read, written) = writer.field(rest, output);
                rest = &rest[read..];
                (result, read, written)
            });
        }
        self.line.push(|writer, output| {
            let (result, written) = writer.terminator(output);
            (result, 0, written)
        });
        self.output.write_all(self.line.written())
    }
}

/// One line, as long as it needs to be.
struct Line {
    writer: csv_core::Writer,
    bytes: Vec<u8>,
    len: usize,
}

impl Line {
    fn new() -> Self {
        Self {
            writer: csv_core::Writer::new(),
            bytes: vec![0; 1024],
            len: 0,
        }
    }

    fn clear(&mut self) {
        self.len = 0;
    }

    fn push(
        &mut self,
        mut write: impl FnMut(&mut csv_core::Writer, &mut [u8]) -> (WriteResult, usize, usize),
    ) {
        loop {
            let (result, _, written) = write(&mut self.writer, &mut self.bytes[self.len..]);
            self.len += written;
            match result {
                WriteResult::InputEmpty => return,
                WriteResult::OutputFull => self.bytes.resize(self.bytes.len() * 2, 0),
            }
        }
    }

    fn written(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}
