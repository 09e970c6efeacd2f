//! What the command line prints on stdout.

use std::io::{self, Write};

use comfy_table::{ContentArrangement, TableComponent, presets::NOTHING};
use serde::Serialize;

use crate::Failure;

/// A table for people.
pub(super) struct Table(comfy_table::Table);

impl Table {
    pub(super) fn new<const N: usize>(head: [&str; N]) -> Self {
        let mut table = comfy_table::Table::new();
        table
            .load_preset(NOTHING)
            .set_style(TableComponent::HeaderLines, '─')
            .set_style(TableComponent::MiddleHeaderIntersections, '─')
            .set_content_arrangement(ContentArrangement::Disabled)
            .set_header(head);
        Self(table)
    }

    pub(super) fn row<const N: usize>(&mut self, cells: [&str; N]) {
        self.0.add_row(cells);
    }

    pub(super) fn print(&self) -> Result<(), Failure> {
        print_line(&self.0.trim_fmt())
    }
}

pub(super) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::Found(format!("JSON: {error}")))?;
    print_line(&text)
}

/// One line or more on stdout; a reader that went away is an error, not a panic.
pub(super) fn print_line(text: &str) -> Result<(), Failure> {
    writeln!(io::stdout().lock(), "{text}")
        .map_err(|error| Failure::Found(format!("stdout: {error}")))
}

/// A message on stderr.
#[expect(clippy::print_stderr, reason = "messages go to stderr")]
pub(super) fn say(message: &str) {
    eprintln!("{message}");
}
