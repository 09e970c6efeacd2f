//! What happened when: the outcome of a simulation.

use std::collections::{BTreeMap, BTreeSet};

use consentry_policy::{Dataset, OwnDataset, Period, Policy, PromiseId, Store};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::ledger::Done;
use crate::subscribers::{REMINDER, executes};
use crate::tables::is_stood_in;

/// Rule by rule, in the order of the policy.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Timeline {
    /// The version of the policy and its fingerprint.
    pub policy: String,
    /// The first day.
    pub from: Date,
    /// The day after the last.
    pub until: Date,
    /// What each rule did.
    pub rules: Vec<RuleTimeline>,
}

/// Who executes a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Executor {
    /// The retention engine, on the tables that the policy names.
    Engine,
    /// The jobs of the worker, on Consentry's own records.
    Worker,
    /// The retention engine, on a table that stands in for records of Consentry's own which this
    /// version does not keep yet.
    StandIn,
    /// Nobody in this version.
    Nobody,
}

/// What one rule did.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RuleTimeline {
    /// The dataset.
    pub dataset: String,
    /// The rule, as the policy names it.
    pub rule: String,
    /// What happens.
    pub action: String,
    /// Whether it acts on what was archived.
    pub in_archive: bool,
    /// How long after the moment of its clock; at once without one.
    pub after: Option<Period>,
    /// The clock, or the event, that it counts from.
    pub counts_from: String,
    /// Promises of the notice that it keeps.
    pub promises: Vec<PromiseId>,
    /// Who executes it.
    pub by: Executor,
    /// Row by row, in the order of the days.
    pub acts: Vec<Act>,
    /// On how many days so many rows were due that an operator had to approve of it.
    pub approvals: u32,
}

/// A row that a rule acted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Act {
    /// The day.
    pub day: Date,
    /// The instant of the pass.
    pub at: Timestamp,
    /// What the period counted from.
    pub moment: Timestamp,
    /// Whether it came later than its period, because a hold, a minimum or an earlier version of
    /// the row kept it.
    pub delayed: bool,
}

impl Timeline {
    /// Without anything in it yet.
    pub(crate) fn new(policy: &Policy, from: Date, until: Date) -> Self {
        let enabled = policy.datasets.iter().filter(|dataset| dataset.enabled);
        Self {
            policy: policy.notice_version().to_string(),
            from,
            until,
            rules: enabled
                .flat_map(|dataset| rules_of(policy, dataset))
                .collect(),
        }
    }

    /// What a rule of a dataset did.
    pub fn rule(&self, dataset: &str, rule: &str) -> Option<&RuleTimeline> {
        let mut rules = self.rules.iter();
        rules.find(|one| one.dataset == dataset && one.rule == rule)
    }

    pub(crate) fn rule_mut(&mut self, dataset: &str, rule: &str) -> Option<&mut RuleTimeline> {
        let mut rules = self.rules.iter_mut();
        rules.find(|one| one.dataset == dataset && one.rule == rule)
    }

    /// Notes that somebody was reminded.
    pub(crate) fn remind(&mut self, day: Date, at: Timestamp, moment: Timestamp, delayed: bool) {
        if let Some(rule) = self.rule_mut(OwnDataset::Subscribers.as_str(), REMINDER) {
            rule.acts.push(Act {
                day,
                at,
                moment,
                delayed,
            });
        }
    }

    /// Notes what was done at a pass. It is late when the pass before could have done it.
    pub(crate) fn note(&mut self, day: Date, at: Timestamp, before: Timestamp, done: &[Done<'_>]) {
        for one in done {
            let rule = self.rule_mut(one.dataset.id.as_str(), one.stage.id.as_str());
            if let Some(rule) = rule {
                rule.acts.push(Act {
                    day,
                    at,
                    moment: one.moment,
                    delayed: one.since <= before,
                });
            }
        }
    }
}

impl RuleTimeline {
    /// The one reminder (S0-31): no stage, but something that happens at its time.
    fn reminder(policy: &Policy) -> Option<Self> {
        Some(Self {
            dataset: OwnDataset::Subscribers.as_str().to_owned(),
            rule: REMINDER.to_owned(),
            action: "remind".to_owned(),
            in_archive: false,
            after: Some(policy.subscription.reminder?),
            counts_from: "first-submission".to_owned(),
            promises: Vec::new(),
            by: Executor::Worker,
            acts: Vec::new(),
            approvals: 0,
        })
    }

    /// How many rows it acted on.
    pub fn rows(&self) -> usize {
        self.acts.len()
    }

    /// The first day on which it acted.
    pub fn first(&self) -> Option<Date> {
        self.acts.first().map(|act| act.day)
    }

    /// The last day on which it acted.
    pub fn last(&self) -> Option<Date> {
        self.acts.last().map(|act| act.day)
    }

    /// On how many days it acted.
    pub fn days(&self) -> usize {
        let days: BTreeSet<Date> = self.acts.iter().map(|act| act.day).collect();
        days.len()
    }

    /// The greatest age at which it acted on a row, since the moment of its clock.
    pub fn oldest(&self) -> Option<SignedDuration> {
        let ages = self
            .acts
            .iter()
            .map(|act| act.at.duration_since(act.moment));
        ages.max()
    }

    /// How many rows in each month, by its first day.
    pub fn months(&self) -> BTreeMap<Date, u64> {
        let mut months = BTreeMap::new();
        for act in &self.acts {
            *months.entry(act.day.first_of_month()).or_default() += 1;
        }
        months
    }
}

fn rules_of(policy: &Policy, dataset: &Dataset) -> Vec<RuleTimeline> {
    let own = dataset.own();
    let stages = dataset.stages.iter().map(|stage| {
        let by = match own {
            None => Executor::Engine,
            Some(own) if is_stood_in(own) => Executor::StandIn,
            Some(own) if executes(own, stage) => Executor::Worker,
            Some(_) => Executor::Nobody,
        };
        let named = stage.clock.as_ref().or(stage.on.as_ref());
        RuleTimeline {
            dataset: dataset.id.to_string(),
            rule: stage.id.to_string(),
            action: stage.action.to_string(),
            in_archive: stage.within == Store::Archive,
            after: stage.after,
            counts_from: named.map(ToString::to_string).unwrap_or_default(),
            promises: stage.promises.clone(),
            by,
            acts: Vec::new(),
            approvals: 0,
        }
    });
    let reminder = own.filter(|own| *own == OwnDataset::Subscribers);
    let reminder = reminder.and_then(|_| RuleTimeline::reminder(policy));
    stages.chain(reminder).collect()
}
