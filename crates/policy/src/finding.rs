//! What is wrong or odd in a policy file, told so that one can mend it.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet, normalize_untrusted_str};
use serde::Serialize;
use thiserror::Error;

/// A finding as the reader meets it: the place is a byte range of the source.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) code: &'static str,
    pub(crate) key: String,
    pub(crate) place: Range<usize>,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The policy cannot be published.
    Error,
    /// Allowed, and probably not meant.
    Warning,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// Names the rule, in kebab case; `docs/policy.md` explains each.
    pub code: &'static str,
    /// How grave it is.
    pub severity: Severity,
    /// The path of the key, such as `topics[1].purpose`; empty for the file as a whole.
    pub key: String,
    /// Line in the file, from 1.
    pub line: usize,
    /// Column in the line, in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
    #[serde(skip)]
    excerpt: String,
}

/// Findings in the order of the file, at least one when returned as an error.
///
/// `Display` shows each with the line it is on and what to do, ready for a terminal.
#[derive(Clone, Debug, Default, Error, PartialEq, Eq)]
pub struct Findings(Vec<Finding>);

pub(crate) fn errors(source: &str, file_name: &str, faults: Vec<Fault>) -> Findings {
    let found = faults.into_iter().map(|fault| (Severity::Error, fault));
    Findings::new(source, file_name, found.collect())
}

impl Findings {
    pub(crate) fn new(source: &str, file_name: &str, mut faults: Vec<(Severity, Fault)>) -> Self {
        faults.sort_by_key(|(_, fault)| fault.place.start);
        let file = File::new(source, file_name);
        let findings = faults
            .into_iter()
            .map(|(severity, fault)| Finding::new(&file, severity, fault));
        Self(findings.collect())
    }

    /// All of them, in the order of the file.
    pub fn all(&self) -> &[Finding] {
        &self.0
    }

    /// Those that stop a publication.
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.0
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
    }
}

/// A source whose lines are counted once, however many findings it has.
struct File<'a> {
    name: &'a str,
    source: &'a str,
    /// Where each line begins.
    lines: Vec<usize>,
}

impl<'a> File<'a> {
    fn new(source: &'a str, name: &'a str) -> Self {
        let after_newlines = source.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            name,
            source,
            lines: std::iter::once(0).chain(after_newlines).collect(),
        }
    }

    /// The number of the line that `at` is on, from 1.
    fn line(&self, at: usize) -> usize {
        self.lines.partition_point(|start| *start <= at)
    }

    /// Where that line begins.
    fn start(&self, line: usize) -> usize {
        self.lines[line - 1]
    }

    /// Where that line ends, newline included.
    fn end(&self, line: usize) -> usize {
        self.lines.get(line).copied().unwrap_or(self.source.len())
    }
}

impl Finding {
    fn new(file: &File<'_>, severity: Severity, fault: Fault) -> Self {
        let at = fault.place.start;
        let line = file.line(at);
        Self {
            code: fault.code,
            severity,
            line,
            column: file.source[file.start(line)..at].chars().count() + 1,
            excerpt: excerpt(file, severity, &fault),
            key: fault.key,
            message: fault.message,
            help: fault.help,
        }
    }
}

fn excerpt(file: &File<'_>, severity: Severity, fault: &Fault) -> String {
    let first = file.line(fault.place.start);
    let (from, to) = (file.start(first), file.end(file.line(fault.place.end)));
    let place = fault.place.start - from..fault.place.end - from;
    let snippet = Snippet::source(&file.source[from..to])
        .path(file.name)
        .line_start(first)
        .annotation(AnnotationKind::Primary.span(place));
    let level = match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    // Keys and values of the file appear in the message; they must not steer the terminal.
    let mut group = level
        .primary_title(normalize_untrusted_str(&fault.message))
        .id(fault.code)
        .element(snippet);
    if let Some(help) = &fault.help {
        group = group.element(Level::HELP.message(normalize_untrusted_str(help)));
    }
    Renderer::plain().render(&[group])
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.excerpt)
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, finding) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            finding.fmt(f)?;
        }
        Ok(())
    }
}
