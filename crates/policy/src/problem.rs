//! What is wrong with a policy file, told so that one can mend it.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet, normalize_untrusted_str};
use thiserror::Error;

/// A problem as the reader meets it: the place is a byte range of the source.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) key: String,
    pub(crate) place: Range<usize>,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

/// One problem of a policy file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The path of the key, such as `retention.pending` or `topics[1].purpose`.
    pub key: String,
    /// Line in the file, from 1.
    pub line: usize,
    /// Column in the line, in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
    excerpt: String,
}

/// Everything that is wrong with a policy file, in the order of the file.
///
/// `Display` shows each problem with the line it is on and what to do, ready for a terminal.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub struct PolicyErrors {
    problems: Vec<Problem>,
}

impl PolicyErrors {
    pub(crate) fn new(source: &str, file_name: &str, mut faults: Vec<Fault>) -> Self {
        faults.sort_by_key(|fault| fault.place.start);
        let problems = faults
            .into_iter()
            .map(|fault| Problem::new(source, file_name, fault))
            .collect();
        Self { problems }
    }

    /// The problems, at least one, in the order of the file.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl Problem {
    fn new(source: &str, file_name: &str, fault: Fault) -> Self {
        let before = &source[..fault.place.start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            excerpt: excerpt(source, file_name, &fault),
            key: fault.key,
            message: fault.message,
            help: fault.help,
        }
    }
}

fn excerpt(source: &str, file_name: &str, fault: &Fault) -> String {
    let snippet = Snippet::source(source)
        .path(file_name)
        .annotation(AnnotationKind::Primary.span(fault.place.clone()));
    // Keys and values of the file appear in the message; they must not steer the terminal.
    let mut group = Level::ERROR
        .primary_title(normalize_untrusted_str(&fault.message))
        .element(snippet);
    if let Some(help) = &fault.help {
        group = group.element(Level::HELP.message(normalize_untrusted_str(help)));
    }
    Renderer::plain().render(&[group])
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.excerpt)
    }
}

impl fmt::Display for PolicyErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}
