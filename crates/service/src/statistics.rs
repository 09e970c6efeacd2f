//! Statistics in which nobody is found: totals by month and topic outlive the people (S2-18), and
//! small groups are left out (S2-19).

use std::collections::BTreeMap;

use consentry_domain::TopicState;
use consentry_policy::TopicId;

use crate::{Error, Service, ports::Group};

/// A count, where it may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// This many.
    Exactly(u64),
    /// Fewer than the smallest group.
    Few,
    /// Enough, but the difference to what is told would tell of a small group.
    Withheld,
}

/// Subscriptions by state, month and topic: of those who are held, and of those who were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statistics {
    /// Groups of fewer are left out.
    pub smallest_group: u32,
    /// All of them.
    pub total: Count,
    /// By state, where the total is told.
    pub states: Vec<StateFigures>,
}

/// Subscriptions in one state: now, or at the end of their record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateFigures {
    /// The state.
    pub state: TopicState,
    /// All of them.
    pub total: Count,
    /// By month and topic, where the total is told.
    pub groups: Vec<Figure>,
}

/// Subscriptions to one topic that were asked for in one month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// The month of the first request, such as `2026-11`, in UTC.
    pub month: String,
    /// The topic.
    pub topic: TopicId,
    /// How many.
    pub count: Count,
}

impl Service {
    /// How many subscriptions there are and were, without groups smaller than the policy's
    /// `engine.smallest_group` (S2-18, S2-19).
    pub async fn statistics(&self) -> Result<Statistics, Error> {
        let groups = self.store().groups(self.controller()).await?;
        let smallest = self.policy().engine.smallest_group;
        Ok(Statistics::of(groups, smallest))
    }
}

impl Statistics {
    fn of(groups: Vec<Group>, smallest_group: u32) -> Self {
        let smallest = u64::from(smallest_group);
        let mut by_state: BTreeMap<&str, Vec<Group>> = BTreeMap::new();
        for group in groups {
            let state = group.state.as_str();
            by_state.entry(state).or_default().push(group);
        }
        let states: Vec<(u64, StateFigures)> = by_state
            .into_values()
            .map(|groups| state(groups, smallest))
            .collect();
        let totals: Vec<u64> = states.iter().map(|(total, _)| *total).collect();
        let counts = states.iter().map(|(_, state)| state.total).collect();
        let sum = totals.iter().sum();
        let (total, counts) = told(sum, &totals, counts, smallest);
        let told = states.into_iter().zip(counts).map(|((_, state), total)| {
            let is_told = matches!(total, Count::Exactly(_));
            StateFigures {
                total,
                groups: if is_told { state.groups } else { Vec::new() },
                ..state
            }
        });
        Self {
            smallest_group,
            total,
            states: told.collect(),
        }
    }
}

/// The figures of one state, and its true total.
fn state(groups: Vec<Group>, smallest: u64) -> (u64, StateFigures) {
    let state = groups.first().map_or(TopicState::Pending, |one| one.state);
    let values: Vec<u64> = groups.iter().map(|group| group.people).collect();
    let counts = values.iter().map(|&value| Count::Exactly(value)).collect();
    let sum = values.iter().sum();
    let (total, counts) = told(sum, &values, counts, smallest);
    let figures = groups.into_iter().zip(counts).map(|(group, count)| Figure {
        month: group.month,
        topic: group.topic,
        count,
    });
    let groups = figures.collect();
    (
        sum,
        StateFigures {
            state,
            total,
            groups,
        },
    )
}

/// What may be told of a sum and its parts. Parts are hidden until nobody can work a hidden one out
/// from the sum and the others; where that is not enough, the sum is withheld with all of them.
fn told(sum: u64, parts: &[u64], mut counts: Vec<Count>, smallest: u64) -> (Count, Vec<Count>) {
    if sum < smallest {
        return (Count::Few, Vec::new());
    }
    for (count, part) in counts.iter_mut().zip(parts) {
        if *part < smallest {
            *count = Count::Few;
        }
    }
    while is_revealed(parts, &counts, smallest) {
        let shown = counts.iter().zip(parts).enumerate();
        let shown = shown.filter(|(_, (count, _))| matches!(count, Count::Exactly(_)));
        let Some((next, _)) = shown.min_by_key(|(_, (_, part))| **part) else {
            return (Count::Withheld, Vec::new());
        };
        counts[next] = Count::Withheld;
    }
    (Count::Exactly(sum), counts)
}

/// Whether some hidden part can have one value alone, by the sum of the hidden ones and by what
/// hides them.
fn is_revealed(parts: &[u64], counts: &[Count], smallest: u64) -> bool {
    let hidden = parts
        .iter()
        .zip(counts)
        .filter_map(|(part, count)| match count {
            Count::Exactly(_) => None,
            Count::Few => Some((*part, 1, smallest - 1)),
            // No part is larger than the sum: a bound that can be added up.
            Count::Withheld => Some((*part, smallest, u64::from(u32::MAX).max(*part))),
        });
    let hidden: Vec<(u64, u64, u64)> = hidden.collect();
    let (sum, least, most) = hidden.iter().fold((0, 0, 0), |(sum, least, most), one| {
        (sum + one.0, least + one.1, most + one.2)
    });
    hidden.iter().any(|(_, low, high)| {
        let others = (least - low, most - high);
        let lowest = u64::max(*low, sum.saturating_sub(others.1));
        let highest = u64::min(*high, sum - others.0);
        lowest == highest
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn group(month: &str, topic: &str, state: TopicState, people: u64) -> Group {
        Group {
            month: month.to_owned(),
            topic: topic.parse().unwrap(),
            state,
            people,
        }
    }

    /// S2-18, S2-19: a small group is left out, and with it another one, or the total would tell it.
    #[test]
    fn a_small_group_is_left_out_and_cannot_be_worked_out() {
        let state = TopicState::Confirmed;
        let statistics = Statistics::of(
            vec![
                group("2026-09", "newsletter", state, 40),
                group("2026-10", "newsletter", state, 3),
                group("2026-11", "newsletter", state, 9),
            ],
            5,
        );
        let counts = statistics.states[0].groups.iter().map(|one| one.count);
        let counts: Vec<Count> = counts.collect();
        assert_eq!(counts, [Count::Exactly(40), Count::Few, Count::Withheld]);
        assert_eq!(statistics.total, Count::Exactly(52));
    }

    /// Four and four are all that two small groups of eight can be.
    #[test]
    fn a_total_that_would_tell_its_groups_is_withheld() {
        let (few, state) = (4, TopicState::Pending);
        let groups = vec![
            group("2026-10", "newsletter", state, few),
            group("2026-11", "newsletter", state, few),
        ];
        let statistics = Statistics::of(groups, 5);
        assert_eq!(statistics.total, Count::Withheld);
        assert_eq!(statistics.states, []);
        let alone = Statistics::of(vec![group("2026-11", "newsletter", state, 4)], 5);
        assert_eq!((alone.total, alone.states.len()), (Count::Few, 0));
    }

    proptest! {
        /// S2-19: whatever is hidden could be one more or one less, and everything told be the same.
        #[test]
        fn what_is_hidden_could_be_otherwise(
            parts in prop::collection::vec(prop_oneof![1_u64..8, 1_u64..2_000], 1..12),
            smallest in 3_u64..9,
        ) {
            let counts = parts.iter().map(|&part| Count::Exactly(part)).collect();
            let sum: u64 = parts.iter().sum();
            let (total, counts) = told(sum, &parts, counts, smallest);
            if total != Count::Exactly(sum) {
                prop_assert!(counts.is_empty());
                return Ok(());
            }
            let fits = |part: u64, count: Count| match count {
                Count::Exactly(told) => told == part,
                Count::Few => (1..smallest).contains(&part),
                Count::Withheld => part >= smallest,
            };
            for (index, (&part, &count)) in parts.iter().zip(&counts).enumerate() {
                prop_assert!(fits(part, count));
                prop_assert!(count != Count::Exactly(part) || part >= smallest);
                if matches!(count, Count::Exactly(_)) {
                    continue;
                }
                let mut others = parts.iter().zip(&counts).enumerate().filter(|(at, _)| *at != index);
                let exchanged = others.any(|(_, (&other, &label))| {
                    fits(part + 1, count) && fits(other - 1, label)
                        || fits(part - 1, count) && fits(other + 1, label)
                });
                prop_assert!(exchanged, "{parts:?} told as {counts:?}");
            }
        }
    }
}
