//! Holes and contradictions of a policy that can be executed: whether it should be published.
//!
//! A rule is one function. Its documentation names the promises and the articles that it guards.

mod anonymity;
mod cookies;
mod data;
mod document;
mod periods;
mod processor;
mod purposes;
mod recipients;
mod rights;
mod sending;
mod wording;

pub(crate) use data::words;
use toml::de::DeTable;

use crate::finding::Fault;
use crate::read::{self, place_of};
use crate::{Dataset, Findings, Policy, Severity, finding};

/// What is found in a policy, by its key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Remark {
    /// Names the rule, in kebab case; `docs/policy.md` explains each.
    pub code: &'static str,
    /// How grave it is.
    pub severity: Severity,
    /// The path of the key, such as `limits.per_client`.
    pub key: String,
    /// What is wrong or odd.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

/// A policy file that was looked at closely.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Checked {
    /// The policy, when it can be executed.
    pub policy: Option<Policy>,
    /// What was found, in the order of the file; empty for a policy that is in order.
    pub findings: Findings,
}

/// Reads and lints a policy file; `file_name` only appears in messages.
///
/// An error among the findings stops a publication; a policy that cannot be executed has none but
/// errors.
pub fn check(source: &str, file_name: &str) -> Checked {
    let refused = |faults| Checked {
        policy: None,
        findings: finding::errors(source, file_name, faults),
    };
    let table = match read::table(source) {
        Ok(table) => table,
        Err(faults) => return refused(faults),
    };
    let policy = match read::read(source, &table) {
        Ok(policy) => policy,
        Err(faults) => return refused(faults),
    };
    let found = remarks(&policy, &table).into_iter().map(|remark| {
        let fault = Fault {
            code: remark.code,
            place: place_of(&table, &remark.key),
            key: remark.key,
            message: remark.message,
            help: Some(remark.help),
        };
        (remark.severity, fault)
    });
    let findings = Findings::new(source, file_name, found.collect());
    Checked {
        policy: Some(policy),
        findings,
    }
}

fn remarks(policy: &Policy, table: &DeTable<'_>) -> Vec<Remark> {
    let mut lint = Lint::of_values(policy);
    wording::lint(&mut lint, table);
    lint.remarks
}

impl Policy {
    /// What a publication would stumble over, and what is allowed but probably not meant.
    ///
    /// The wording of the file is looked at by [`check`] alone.
    pub fn remarks(&self) -> Vec<Remark> {
        Lint::of_values(self).remarks
    }
}

/// A policy, and what is found in it.
struct Lint<'a> {
    policy: &'a Policy,
    remarks: Vec<Remark>,
}

impl<'a> Lint<'a> {
    fn of_values(policy: &'a Policy) -> Self {
        let mut lint = Self {
            policy,
            remarks: Vec::new(),
        };
        for rules in [
            purposes::lint,
            recipients::lint,
            data::lint,
            periods::lint,
            anonymity::lint,
            cookies::lint,
            rights::lint,
            processor::lint,
            document::lint,
            sending::lint,
        ] {
            rules(&mut lint);
        }
        lint
    }

    /// Stops a publication.
    fn error(
        &mut self,
        code: &'static str,
        key: impl Into<String>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.remark(code, Severity::Error, key, message, help);
    }

    /// Allowed, and probably not meant.
    fn warn(
        &mut self,
        code: &'static str,
        key: impl Into<String>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.remark(code, Severity::Warning, key, message, help);
    }

    fn remark(
        &mut self,
        code: &'static str,
        severity: Severity,
        key: impl Into<String>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.remarks.push(Remark {
            code,
            severity,
            key: key.into(),
            message: message.into(),
            help: help.into(),
        });
    }
}

/// Every table of a list with its path, such as `topics[1]`.
fn each<'a, T>(path: &str, tables: &'a [T]) -> impl Iterator<Item = (String, &'a T)> {
    tables
        .iter()
        .enumerate()
        .map(move |(index, table)| (format!("{path}[{index}]"), table))
}

/// Every dataset that is in use, with its path.
fn datasets_in_use(policy: &Policy) -> impl Iterator<Item = (String, &Dataset)> {
    each("datasets", &policy.datasets).filter(|(_, dataset)| dataset.enabled)
}

/// Names as a message lists them: `` `a`, `b` ``.
fn quoted<T: AsRef<str>>(names: &[T]) -> String {
    let quoted: Vec<String> = names
        .iter()
        .map(|name| format!("`{}`", name.as_ref()))
        .collect();
    quoted.join(", ")
}
