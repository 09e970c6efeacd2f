//! What is ahead of a row: when each rule acts on it, and what keeps it until then. Pure.

use std::collections::BTreeSet;

use consentry_policy::Method;
use jiff::Timestamp;

use crate::decide::{Deed, Effect, Facts, decide, due_from, kept_until};
use crate::rules::{Mark, Rules};

/// What is ahead of a row, if nobody changes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outlook {
    /// What happens, in order. The last one may end the row.
    pub steps: Vec<Step>,
    /// What keeps data of it now, in the order of the file.
    pub kept: Vec<Kept>,
}

/// Something that will happen to a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The stage, by its index into [`Rules::stages`].
    pub stage: usize,
    /// The first moment at which [`decide`] does it; `now` for what is due already.
    pub at: Timestamp,
    /// What happens.
    pub deed: Deed,
}

/// A minimum that is in force for a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The minimum, by its index into [`Rules::minima`].
    pub minimum: usize,
    /// When it ends.
    pub until: Timestamp,
}

/// What is ahead of a row from `now` on: what somebody would see who asked [`decide`] at every
/// instant and did what it says.
///
/// What it says changes only when the period of a stage or a minimum is over, so that these instants
/// are all that have to be asked about.
pub fn outlook(rules: &Rules<'_>, facts: &Facts, now: Timestamp) -> Outlook {
    let minima = rules.minima.iter().enumerate();
    let kept: Vec<Kept> = minima
        .filter_map(|(minimum, rule)| {
            let until = kept_until(rules, rule, facts).filter(|until| *until > now)?;
            Some(Kept { minimum, until })
        })
        .collect();
    let stages = 0..rules.stages.len();
    let periods = stages.filter_map(|stage| Some(due_from(rules, stage, facts)?.1));
    let ends = kept.iter().map(|one| one.until);
    // What lies at the end of time never comes.
    let later = periods
        .chain(ends)
        .filter(|at| (now..Timestamp::MAX).contains(at));
    let instants: BTreeSet<Timestamp> = later.chain([now]).collect();

    let mut facts = facts.clone();
    let mut steps: Vec<Step> = Vec::new();
    for at in instants {
        while let Some(effect) = next(rules, &facts, at, &steps) {
            let is_last = matches!(effect.deed, Deed::Delete | Deed::Archive);
            if let Deed::Do(marks) = &effect.deed {
                for mark in marks {
                    close(rules, &mut facts, *mark);
                }
            }
            steps.push(Step {
                stage: effect.stage,
                at,
                deed: effect.deed,
            });
            if is_last {
                return Outlook { steps, kept };
            }
        }
    }
    Outlook { steps, kept }
}

/// What happens next; a review that is listed already goes on waiting for somebody.
fn next(rules: &Rules<'_>, facts: &Facts, at: Timestamp, steps: &[Step]) -> Option<Effect> {
    let is_listed = |effect: &Effect| {
        let mut listed = steps.iter().filter(|step| step.deed == Deed::Review);
        effect.deed == Deed::Review && listed.any(|step| step.stage == effect.stage)
    };
    let mut effects = decide(rules, facts, at).into_iter();
    effects.find(|effect| !is_listed(effect))
}

/// Notes that a mark is done, with those that are done by it: an empty field has nothing left to
/// reduce, and what is reduced by a method stays so.
fn close(rules: &Rules<'_>, facts: &mut Facts, done: usize) {
    let (mark, method) = (&rules.marks[done], method(rules, done));
    let empties = matches!(mark, Mark::Filled(_)) || method == Some(&Method::Drop);
    for (index, open) in facts.open.iter_mut().enumerate() {
        let is_alike = empties || method.is_some() && method == self::method(rules, index);
        let is_same = rules.marks[index].column() == mark.column() && is_alike;
        *open &= index != done && !is_same;
    }
}

/// The method that a mark reduces its field by.
fn method<'a>(rules: &Rules<'a>, mark: usize) -> Option<&'a Method> {
    match rules.marks[mark] {
        Mark::Unreduced(_, method) => Some(method),
        _ => None,
    }
}
