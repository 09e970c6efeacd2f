//! What is due: counts, and no personal data.

use consentry_policy::{Dataset, DatasetId, Policy, Stage};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// What is due to one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PlannedRule {
    /// The stage, as the policy names it.
    pub rule: String,
    /// The dataset.
    pub dataset: String,
    /// What happens.
    pub action: String,
    /// To how many rows.
    pub due: u64,
    /// The earliest moment that a period of them counted from.
    pub oldest: Option<Timestamp>,
    /// Rows about which nothing can be said: a clock's column holds no moment.
    pub unreadable: u64,
}

impl PlannedRule {
    /// A rule to which nothing is due yet.
    pub(crate) fn new(policy: &Policy, dataset: &Dataset, stage: &Stage) -> Self {
        Self {
            rule: stage.id.to_string(),
            dataset: dataset.id.to_string(),
            action: policy.action_name(dataset, stage).to_owned(),
            due: 0,
            oldest: None,
            unreadable: 0,
        }
    }

    /// Counts a row that is due since its period, which counted from `moment`, is over.
    pub(crate) fn add(&mut self, moment: Timestamp) {
        self.due += 1;
        self.oldest = Some(self.oldest.map_or(moment, |known| known.min(moment)));
    }
}

/// What is due at one moment, under one policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Plan {
    /// The moment.
    pub at: Timestamp,
    /// The version of the policy and its fingerprint.
    pub policy: String,
    /// Rule by rule, in the order in which they run.
    pub rules: Vec<PlannedRule>,
}

impl Plan {
    /// Names the plan: SHA-256 over everything in it, in hexadecimal digits.
    pub fn hash(&self) -> String {
        let mut text = format!("{}\n{}\n", self.at, self.policy);
        for rule in &self.rules {
            let oldest = rule
                .oldest
                .map_or_else(String::new, |oldest| oldest.to_string());
            // Names have no blanks, so that no two plans read the same.
            let line = format!(
                "{} {} {} {} {} {oldest}",
                rule.dataset, rule.rule, rule.action, rule.due, rule.unreadable
            );
            text.push_str(&line);
            text.push('\n');
        }
        hex::encode(Sha256::digest(text))
    }

    /// How many rows are due to rules that act: a review waits for somebody.
    pub fn due(&self) -> u64 {
        let acting = self.rules.iter().filter(|rule| rule.action != "review");
        acting.map(|rule| rule.due).sum()
    }

    /// Whether nothing is due and everything could be read.
    pub fn is_clean(&self) -> bool {
        self.due() == 0 && self.rules.iter().all(|rule| rule.unreadable == 0)
    }

    /// How many rows were approved for a rule.
    pub(crate) fn approved(&self, dataset: &DatasetId, rule: &str) -> u64 {
        let is_it = |one: &&PlannedRule| one.dataset == dataset.as_str() && one.rule == rule;
        self.rules.iter().find(is_it).map_or(0, |rule| rule.due)
    }
}
