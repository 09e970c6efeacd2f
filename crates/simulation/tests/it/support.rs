//! A policy that was simulated once, for all tests that look at it.

use consentry_policy::{Period, Policy};
use consentry_simulation::{Act, Executor, RuleTimeline, Simulation, SimulationError, Timeline};
use jiff::Timestamp;
use jiff::civil::Date;

/// Rows of each table, and subscribers.
const ROWS: u32 = 160;

/// A policy and what happened under it from 2027 on.
pub(crate) struct Simulated {
    pub(crate) policy: Policy,
    pub(crate) timeline: Timeline,
}

/// One rule of it.
pub(crate) struct Rule<'a> {
    policy: &'a Policy,
    pub(crate) timeline: &'a RuleTimeline,
}

/// Lets years pass. A pass that acts too early, too late or on something else, or a verification that
/// is not clean, is an error of the simulation itself.
pub(crate) fn simulate(policy: &str, years: u16) -> Simulated {
    let policy = Policy::parse(policy, "policy.toml").unwrap();
    let timeline = run(&policy, years, ROWS).unwrap_or_else(|error| panic!("{error}"));
    Simulated { policy, timeline }
}

pub(crate) fn run(policy: &Policy, years: u16, rows: u32) -> Result<Timeline, SimulationError> {
    let simulation = Simulation {
        policy,
        from: Date::constant(2027, 1, 1),
        years,
        rows,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(simulation.run(&mut |_| {}))
}

impl Simulated {
    #[track_caller]
    pub(crate) fn rule(&self, dataset: &str, rule: &str) -> Rule<'_> {
        let timeline = self.timeline.rule(dataset, rule);
        Rule {
            policy: &self.policy,
            timeline: timeline.unwrap_or_else(|| panic!("no rule {dataset}/{rule}")),
        }
    }

    /// Every rule that this version executes had something to do.
    #[track_caller]
    pub(crate) fn every_rule_acted(&self) {
        for rule in &self.timeline.rules {
            let acted = rule.rows() > 0;
            let name = format!("{}/{}", rule.dataset, rule.rule);
            assert_eq!(acted, rule.by != Executor::Nobody, "{name}");
        }
    }
}

impl Rule<'_> {
    /// It acts in the first pass after the period is over, on the calendar, and never before. Whatever
    /// a hold or a minimum kept is later, and was late for no other reason: the simulation would have
    /// stopped.
    #[track_caller]
    pub(crate) fn acts_after(&self, period: &str) {
        let period: Period = period.parse().unwrap();
        assert_eq!(self.timeline.after, Some(period));
        self.acts_from(|moment| period.after(moment, &self.policy.calendar));
    }

    /// It acts in the first pass after the moment, or after the event.
    #[track_caller]
    pub(crate) fn acts_at_once(&self) {
        assert_eq!(self.timeline.after, None);
        self.acts_from(|moment| moment);
    }

    #[track_caller]
    fn acts_from(&self, end: impl Fn(Timestamp) -> Timestamp) {
        let (punctual, kept): (Vec<Act>, Vec<Act>) =
            self.timeline.acts.iter().partition(|act| !act.delayed);
        let rule = &self.timeline.rule;
        assert!(punctual.len() > 2, "{rule} acted {} times", punctual.len());
        for act in punctual {
            let end = end(act.moment);
            let pass_before = self.pass(act.day.yesterday().unwrap());
            assert!(end <= act.at, "{rule} acted early on {}", act.day);
            assert!(end > pass_before, "{rule} acted late on {}", act.day);
            assert_eq!(act.at, self.pass(act.day));
        }
        for act in kept {
            assert!(
                end(act.moment) <= act.at,
                "{rule} acted early on {}",
                act.day
            );
        }
    }

    fn pass(&self, day: Date) -> Timestamp {
        let pass = day.to_datetime(self.policy.engine.daily_at);
        let zone = self.policy.calendar.zone().clone();
        pass.to_zoned(zone).unwrap().timestamp()
    }
}
