//! Which period binds data that were collected under an earlier version.
//!
//! A promise holds for what was collected under it: a period that grows later does not reach back,
//! unless the version that makes it grow says so (`engine.longer_reaches_back`). A period that
//! shrinks binds at once.

use jiff::Timestamp;

use crate::read::choices;
use crate::{Action, Calendar, Dataset, OwnDataset, Period, Policy, Slug, Stage};

choices! {
    /// A state of Consentry's own subscribers that a purge may name.
    pub enum SubscriberState {
        /// Asked for, not confirmed.
        Pending = "pending",
        /// Something is confirmed.
        Confirmed = "confirmed",
        /// Everything was left.
        Unsubscribed = "unsubscribed",
        /// Erasure was asked for.
        Erased = "erased",
    }
}

/// The versions that were in force before a policy, and what follows from them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct History {
    /// Oldest first, each with the instant from which it was in force.
    earlier: Vec<(Timestamp, Policy)>,
    since: Timestamp,
    /// Looked up for every person that is read.
    subscribers: Vec<(SubscriberState, Vec<Era>)>,
}

/// The periods that were promised for the same data: the first to end binds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promised(Vec<Option<Period>>);

/// A span of time in which whatever was collected is bound by the same promise.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Era {
    /// From this instant on; [`Timestamp::MIN`] for the first one.
    pub from: Timestamp,
    /// Before this instant; none for the last one.
    pub until: Option<Timestamp>,
    /// What binds; none when nothing ends the data.
    pub promised: Option<Promised>,
}

impl Promised {
    /// A single period.
    pub fn only(period: Period) -> Self {
        Self(vec![Some(period)])
    }

    /// The instant at which the data end whose clock stands at `start`.
    pub fn after(&self, start: Timestamp, calendar: &Calendar) -> Timestamp {
        let end = |period: &Option<Period>| period.map_or(start, |one| one.after(start, calendar));
        self.0.iter().map(end).min().unwrap_or(Timestamp::MAX)
    }

    /// A bound for queries, as [`Period::cutoff`]: no start later than this is over at `now`.
    pub fn cutoff(&self, now: Timestamp, calendar: &Calendar) -> Timestamp {
        self.latest(now, |period| period.cutoff(now, calendar))
    }

    /// The other bound, as [`Period::sure_cutoff`]: every start at or before this is over at `now`.
    pub fn sure_cutoff(&self, now: Timestamp, calendar: &Calendar) -> Timestamp {
        self.latest(now, |period| period.sure_cutoff(now, calendar))
    }

    fn latest(&self, now: Timestamp, cutoff: impl Fn(Period) -> Timestamp) -> Timestamp {
        let cutoffs = self.0.iter().map(|period| period.map_or(now, &cutoff));
        cutoffs.max().unwrap_or(Timestamp::MIN)
    }

    /// The periods, in the order they were promised; none for "at once".
    pub fn periods(&self) -> &[Option<Period>] {
        &self.0
    }
}

impl Policy {
    /// This policy, in force since an instant, after versions that were in force before it, each
    /// with the instant from which it was (S4-06).
    #[must_use]
    pub fn following(mut self, mut earlier: Vec<(Timestamp, Self)>, since: Timestamp) -> Self {
        earlier.sort_by_key(|(since, _)| *since);
        self.tell_apart(&mut earlier);
        self.history.earlier = earlier;
        self.history.since = since;
        self.settle_subscribers();
        self
    }

    /// A rule whose id another one has taken over since is `ID-vN` from now on, of the version N that
    /// had it last: an approval of one is none of the other.
    fn tell_apart(&self, earlier: &mut [(Timestamp, Self)]) {
        for number in 1..=earlier.len() {
            let (until, after) = earlier.split_at_mut(number);
            let later = after.iter().map(|(_, version)| version).chain([self]);
            let later: Vec<&Self> = later.collect();
            let datasets = until.iter_mut().next_back().into_iter();
            for dataset in datasets.flat_map(|(_, version)| &mut version.datasets) {
                let id = dataset.id.as_str();
                let same = later.iter().filter_map(|version| version.dataset(id));
                let others: Vec<&Stage> = same.flat_map(|dataset| &dataset.stages).collect();
                for stage in &mut dataset.stages {
                    let takes_over =
                        |other: &&Stage| other.id == stage.id && !other.is_same_rule(stage);
                    if others.iter().any(takes_over) {
                        stage.id = stage.id.of_version(number);
                    }
                }
            }
        }
    }

    /// What binds a rule of a dataset for data that were collected at an instant: the shortest of
    /// what was promised since; none when nothing ever ended them, or on an event alone.
    ///
    /// A rule is the same in two versions when it does the same to the same data by the same
    /// clock, whatever its id.
    pub fn promised(&self, dataset: &str, rule: &Stage, collected: Timestamp) -> Option<Promised> {
        let mut periods = Vec::new();
        for version in self.in_force_since(collected) {
            if version.engine.longer_reaches_back {
                periods.clear();
            }
            let promised = version
                .dataset(dataset)
                .and_then(|dataset| rule.counterpart(&dataset.stages))
                .map(|stage| stage.after);
            periods.extend(promised.filter(|period| !periods.contains(period)));
        }
        (!periods.is_empty()).then_some(Promised(periods))
    }

    /// What binds a rule of a dataset, by when data were collected; in order, without gaps.
    pub fn eras(&self, dataset: &str, rule: &Stage) -> Vec<Era> {
        let versions = self.history.earlier.iter().map(|(since, _)| *since);
        // Whatever is older than the first version is bound by it, too.
        let begins = versions.chain([self.history.since]).skip(1);
        let mut eras: Vec<Era> = Vec::new();
        for from in [Timestamp::MIN].into_iter().chain(begins) {
            let promised = self.promised(dataset, rule, from);
            match eras.last_mut() {
                Some(last) if last.promised == promised => continue,
                Some(last) => last.until = Some(from),
                None => {}
            }
            eras.push(Era {
                from,
                until: None,
                promised,
            });
        }
        eras
    }

    /// The rules of a dataset, with those that only earlier versions have: what was promised under
    /// them still binds.
    pub fn rules(&self, dataset: &str) -> Vec<&Stage> {
        let mut rules: Vec<&Stage> = Vec::new();
        for version in self.versions().rev() {
            let stages = version.dataset(dataset).into_iter();
            for stage in stages.flat_map(|dataset| &dataset.stages) {
                if !rules.iter().any(|rule| rule.is_same_rule(stage)) {
                    rules.push(stage);
                }
            }
        }
        rules
    }

    /// The rules of a dataset that earlier versions have and this one has not.
    pub fn dropped_rules(&self, dataset: &str) -> Vec<&Stage> {
        let is_kept = |rule: &Stage| {
            let kept = self.dataset(dataset);
            kept.is_some_and(|kept| rule.counterpart(&kept.stages).is_some())
        };
        let mut rules = self.rules(dataset);
        rules.retain(|rule| !is_kept(rule));
        rules
    }

    /// Datasets that earlier versions have and this one has not, or not enabled, and whose rules still
    /// bind; each as the last version had it.
    pub fn dropped_datasets(&self) -> Vec<&Dataset> {
        let mut dropped: Vec<&Dataset> = Vec::new();
        for (_, version) in self.history.earlier.iter().rev() {
            for dataset in version.datasets.iter().filter(|one| one.enabled) {
                let id = dataset.id.as_str();
                let is_kept = self.dataset(id).is_some_and(|kept| kept.enabled);
                let is_known = dropped.iter().any(|known| known.id == dataset.id);
                let binds = |rule| self.promised(id, rule, Timestamp::MIN).is_some();
                if !is_kept && !is_known && dataset.stages.iter().any(binds) {
                    dropped.push(dataset);
                }
            }
        }
        dropped
    }

    /// When subscribers in a state are purged, by when they first submitted their address.
    pub fn subscriber_eras(&self, state: SubscriberState) -> &[Era] {
        let mut all = self.history.subscribers.iter();
        let found = all.find(|(of, _)| *of == state);
        found.map_or(&[], |(_, eras)| eras)
    }

    /// What was promised to a subscriber who first submitted their address at an instant; none
    /// when nothing ends the record in this state.
    pub fn subscriber_promise(
        &self,
        state: SubscriberState,
        submitted: Timestamp,
    ) -> Option<&Promised> {
        let eras = self.subscriber_eras(state);
        let era = eras.iter().rfind(|era| era.from <= submitted)?;
        era.promised.as_ref()
    }

    /// Looks up once what is asked for all the time.
    pub(crate) fn settle_subscribers(&mut self) {
        let dataset = OwnDataset::Subscribers.as_str();
        let states = SubscriberState::ALL.iter();
        let settled = states.filter_map(|state| {
            let is_it = |rule: &&&Stage| {
                let named = rule.state.as_ref().map(Slug::as_str);
                rule.action == Action::Purge && named == Some(state.as_str())
            };
            let rules = self.rules(dataset);
            let rule = rules.iter().find(is_it)?;
            Some((*state, self.eras(dataset, rule)))
        });
        self.history.subscribers = settled.collect();
    }

    fn versions(&self) -> impl DoubleEndedIterator<Item = &Self> {
        let earlier = self.history.earlier.iter().map(|(_, version)| version);
        earlier.chain([self])
    }

    /// The version that was in force at an instant, or the first one, and all after it.
    fn in_force_since(&self, at: Timestamp) -> impl Iterator<Item = &Self> {
        let begins = self.history.earlier.iter().map(|(since, _)| *since);
        let begun = begins
            .chain([self.history.since])
            .filter(|since| *since <= at);
        self.versions().skip(begun.count().saturating_sub(1))
    }
}

impl Stage {
    /// The same rule among those of a version; of several, the one that has its id.
    fn counterpart<'a>(&self, stages: &'a [Self]) -> Option<&'a Self> {
        let same = || stages.iter().filter(|stage| stage.is_same_rule(self));
        same()
            .find(|stage| stage.id == self.id)
            .or_else(|| same().next())
    }

    fn is_same_rule(&self, other: &Self) -> bool {
        let what = |stage: &Self| {
            (
                stage.action,
                stage.within,
                stage.state.clone(),
                stage.clock.clone(),
                stage.on.clone(),
                stage.purpose.clone(),
                stage.fields.clone(),
            )
        };
        what(self) == what(other)
    }
}
