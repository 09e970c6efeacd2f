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
        let findings = faults
            .into_iter()
            .map(|(severity, fault)| Finding::new(source, file_name, severity, fault));
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

impl Finding {
    fn new(source: &str, file_name: &str, severity: Severity, fault: Fault) -> Self {
        let before = &source[..fault.place.start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            code: fault.code,
            severity,
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            excerpt: excerpt(source, file_name, severity, &fault),
            key: fault.key,
            message: fault.message,
            help: fault.help,
        }
    }
}

fn excerpt(source: &str, file_name: &str, severity: Severity, fault: &Fault) -> String {
    let snippet = Snippet::source(source)
        .path(file_name)
        .annotation(AnnotationKind::Primary.span(fault.place.clone()));
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
