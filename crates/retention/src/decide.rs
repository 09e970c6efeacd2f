//! What happens to a row: a function of its policy, of what is known of it, and of `now`. Pure.
//!
//! The shortest maximum wins, the longest minimum wins, a hold beats both, each per field. A clock
//! without a moment never fires, and starts no minimum.

use std::collections::BTreeSet;

use consentry_policy::{Action, Minimum, SqlName};
use jiff::Timestamp;

use crate::rules::{Mark, MinimumRule, Rules, StageRule, Trigger};

/// What is known of a row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// The state it is in, by its index in the dataset: the first that it meets.
    pub state: Option<usize>,
    /// The moment of each clock of the dataset.
    pub clocks: Vec<Option<Timestamp>>,
    /// The moment of the event of each stage that happens on one, by index into [`Rules::stages`].
    pub events: Vec<Option<Timestamp>>,
    /// Which of [`Rules::marks`] are yet to be done.
    pub open: Vec<bool>,
    /// What a hold protects.
    pub held: Protected,
}

/// Fields that nothing may take away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Protected {
    /// None.
    #[default]
    Nothing,
    /// Some.
    Fields(BTreeSet<String>),
    /// The whole row.
    Everything,
}

impl Protected {
    /// Protects these fields too; the whole row when there are none.
    pub fn add(&mut self, fields: &[SqlName]) {
        match self {
            _ if fields.is_empty() => *self = Self::Everything,
            Self::Everything => {}
            Self::Nothing => *self = Self::Fields(fields.iter().map(SqlName::to_string).collect()),
            Self::Fields(known) => known.extend(fields.iter().map(SqlName::to_string)),
        }
    }

    fn covers(&self, field: &SqlName) -> bool {
        match self {
            Self::Nothing => false,
            Self::Fields(fields) => fields.contains(field.as_str()),
            Self::Everything => true,
        }
    }
}

/// What is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The stage, by its index into [`Rules::stages`].
    pub stage: usize,
    /// The moment that its period counted from.
    pub moment: Timestamp,
    /// Since when it is due.
    pub since: Timestamp,
    /// What happens to the row.
    pub deed: Deed,
}

impl Effect {
    /// Whether the row ends where it lies.
    pub fn ends_row(&self) -> bool {
        matches!(self.deed, Deed::Archive | Deed::Delete)
    }
}

/// What happens to a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// It moves to the archive.
    Archive,
    /// It is deleted.
    Delete,
    /// These marks are done: fields are emptied or reduced, the row is hidden or restricted.
    Do(Vec<usize>),
    /// Somebody has to decide.
    Review,
}

/// What is due to a row at `now`, in the order in which it became due.
///
/// A row that is to be deleted is deleted and nothing else, unless it was to be archived before; and
/// what would have come after either is gone with the row.
pub fn decide(rules: &Rules<'_>, facts: &Facts, now: Timestamp) -> Vec<Effect> {
    let mut kept = facts.held.clone();
    for (minimum, _) in minima(rules, facts, now) {
        kept.add(&minimum.fields);
    }
    let stages = rules.stages.iter().enumerate();
    let mut effects: Vec<Effect> = stages
        .filter_map(|(index, stage)| {
            let (moment, since) = due_from(rules, index, facts).filter(|(_, at)| *at <= now)?;
            let deed = deed(rules, stage, facts, &kept)?;
            Some(Effect {
                stage: index,
                moment,
                since,
                deed,
            })
        })
        .collect();
    // What became due at the same instant happens in the order of `Deed`: the archive comes first,
    // it would find nothing after a purge.
    effects.sort_by_key(|effect| (effect.since, rank(&effect.deed)));
    if let Some(first) = effects.iter().position(Effect::ends_row) {
        effects.truncate(first + 1);
        if effects[first].deed == Deed::Delete {
            effects.drain(..first);
        }
    }
    effects
}

/// The minima that keep something of a row at `now`, and until when.
pub fn minima<'r, 'a: 'r>(
    rules: &'r Rules<'a>,
    facts: &'r Facts,
    now: Timestamp,
) -> impl Iterator<Item = (&'a Minimum, Timestamp)> + 'r {
    rules.minima.iter().filter_map(move |rule| {
        let until = kept_until(rules, rule, facts).filter(|until| *until > now)?;
        Some((rule.minimum, until))
    })
}

fn rank(deed: &Deed) -> u8 {
    match deed {
        Deed::Archive => 0,
        Deed::Delete => 1,
        Deed::Do(_) => 2,
        Deed::Review => 3,
    }
}

fn in_state(state: Option<usize>, facts: &Facts) -> bool {
    state.is_none() || state == facts.state
}

/// The end of a minimum, where it applies to the row.
pub(crate) fn kept_until(
    rules: &Rules<'_>,
    minimum: &MinimumRule<'_>,
    facts: &Facts,
) -> Option<Timestamp> {
    let moment = facts.clocks.get(minimum.clock).copied().flatten()?;
    let until = minimum.minimum.period.after(moment, rules.calendar);
    in_state(minimum.state, facts).then_some(until)
}

/// The moment that a stage counts from and the one at which its period is over, where it has one and
/// the row is in its state.
pub(crate) fn due_from(
    rules: &Rules<'_>,
    index: usize,
    facts: &Facts,
) -> Option<(Timestamp, Timestamp)> {
    let stage = &rules.stages[index];
    let moments = match stage.trigger {
        Trigger::Clock(clock) => facts.clocks.get(clock),
        Trigger::Event => facts.events.get(index),
    };
    let moment = moments.copied().flatten()?;
    let since = stage.due_at(moment, rules.calendar);
    in_state(stage.state, facts).then_some((moment, since))
}

/// What a stage that is due does to the row; nothing when all of it is kept, or done.
fn deed(rules: &Rules<'_>, stage: &StageRule<'_>, facts: &Facts, kept: &Protected) -> Option<Deed> {
    let is_open = |mark: usize| facts.open.get(mark).copied().unwrap_or(false);
    let open_and_not = |protected: &Protected| {
        let marks = stage.marks.iter().copied();
        let left: Vec<usize> = marks
            .filter(|&mark| is_open(mark))
            .filter(|&mark| match rules.marks[mark] {
                Mark::Filled(field) | Mark::Unreduced(field, _) => !protected.covers(field),
                Mark::Visible(_) | Mark::Unrestricted(_) => *protected != Protected::Everything,
            })
            .collect();
        (!left.is_empty()).then_some(Deed::Do(left))
    };
    match stage.stage.action {
        Action::Purge if stage.ends_row() && *kept == Protected::Nothing => Some(Deed::Delete),
        Action::Purge | Action::Anonymise => open_and_not(kept),
        // The archive keeps what must stay; what is held stays where it is.
        Action::Archive => (facts.held == Protected::Nothing).then_some(Deed::Archive),
        Action::Hide | Action::Restrict => open_and_not(&facts.held),
        // What a later grammar may add is looked at by somebody.
        _ => Some(Deed::Review),
    }
}
