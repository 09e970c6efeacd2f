//! Holes and contradictions of a policy that can be executed: whether it should be published.

mod sending;

use crate::finding::Fault;
use crate::read::{self, place_of};
use crate::{Findings, Policy, Severity, finding};

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
    let found = policy.remarks().into_iter().map(|remark| {
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

impl Policy {
    /// What a publication would stumble over, and what is allowed but probably not meant.
    pub fn remarks(&self) -> Vec<Remark> {
        let mut lint = Lint {
            policy: self,
            remarks: Vec::new(),
        };
        sending::lint(&mut lint);
        lint.remarks
    }
}

/// A policy, and what is found in it.
struct Lint<'a> {
    policy: &'a Policy,
    remarks: Vec<Remark>,
}

impl Lint<'_> {
    /// Allowed, and probably not meant.
    fn warn(
        &mut self,
        code: &'static str,
        key: impl Into<String>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.remarks.push(Remark {
            code,
            severity: Severity::Warning,
            key: key.into(),
            message: message.into(),
            help: help.into(),
        });
    }
}
