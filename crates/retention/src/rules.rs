//! The rules of one dataset, as its rows are judged by them. Pure.

use consentry_policy::{
    Action, Calendar, Dataset, Era, Method, Minimum, Period, Policy, Slug, SqlName, Stage, Store,
};
use jiff::Timestamp;

/// The rules of a dataset, with what each has to know of a row.
#[derive(Clone, Debug)]
pub struct Rules<'a> {
    /// The dataset.
    pub dataset: &'a Dataset,
    /// The calendar that periods are counted on.
    pub calendar: &'a Calendar,
    /// Stages that act on one store, in the order of the file; then those of earlier versions.
    pub stages: Vec<StageRule<'a>>,
    /// What must stay.
    pub minima: Vec<MinimumRule<'a>>,
    /// What is asked of each row to find out what is left to do.
    pub marks: Vec<Mark<'a>>,
    store: Store,
    /// Whether fields may have to stay without the rest of their row.
    in_part: bool,
}

/// What a stage counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// The clock of that index in the dataset.
    Clock(usize),
    /// A named event: the stage's own.
    Event,
}

/// A stage.
#[derive(Clone, Debug)]
pub struct StageRule<'a> {
    /// The stage.
    pub stage: &'a Stage,
    /// The state that a row must be in, by its index in the dataset.
    pub state: Option<usize>,
    /// What it counts from.
    pub trigger: Trigger,
    /// What is left to do of it, by index into [`Rules::marks`]. None for what ends with the row.
    pub marks: Vec<usize>,
    /// What binds it, by when its clock began to run; only the stage itself when empty.
    pub eras: Vec<Era>,
}

/// A minimum.
#[derive(Clone, Debug)]
pub struct MinimumRule<'a> {
    /// The minimum.
    pub minimum: &'a Minimum,
    /// The state that a row must be in, by its index in the dataset.
    pub state: Option<usize>,
    /// The clock, by its index in the dataset.
    pub clock: usize,
}

/// Something that is yet to be done to a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mark<'a> {
    /// A field holds a value.
    Filled(&'a SqlName),
    /// A field is not reduced by the method that a stage gives it.
    Unreduced(&'a SqlName, &'a Method),
    /// The row is not hidden yet.
    Visible(&'a SqlName),
    /// The row is not restricted yet.
    Unrestricted(&'a SqlName),
}

impl<'a> Mark<'a> {
    /// The column that is looked at.
    pub fn column(&self) -> &'a SqlName {
        match self {
            Self::Filled(column)
            | Self::Unreduced(column, _)
            | Self::Visible(column)
            | Self::Unrestricted(column) => column,
        }
    }
}

impl<'a> Rules<'a> {
    /// The rules of a dataset of a policy that was read. `partly_held` says whether there are holds
    /// on fields of it.
    pub fn new(dataset: &'a Dataset, calendar: &'a Calendar, partly_held: bool) -> Self {
        Self::within(Store::Live, dataset, calendar, partly_held)
    }

    /// The rules for what was archived of a dataset. A sealed record ends as a whole or stays.
    pub fn archived(dataset: &'a Dataset, calendar: &'a Calendar) -> Self {
        Self::within(Store::Archive, dataset, calendar, false)
    }

    fn within(
        store: Store,
        dataset: &'a Dataset,
        calendar: &'a Calendar,
        partly_held: bool,
    ) -> Self {
        let mut rules = Self {
            dataset,
            calendar,
            stages: Vec::new(),
            minima: Vec::new(),
            marks: Vec::new(),
            store,
            in_part: partly_held || dataset.minima.iter().any(|one| !one.fields.is_empty()),
        };
        let minima = dataset.minima.iter().filter_map(|minimum| {
            Some(MinimumRule {
                minimum,
                state: rules.state(minimum.state.as_ref()),
                clock: rules.clock(&minimum.clock)?,
            })
        });
        rules.minima = minima.collect();
        for stage in &dataset.stages {
            rules.add(stage, Vec::new());
        }
        rules
    }

    fn state(&self, id: Option<&Slug>) -> Option<usize> {
        let states = &mut self.dataset.states.iter();
        states.position(|state| Some(&state.id) == id)
    }

    fn clock(&self, id: &Slug) -> Option<usize> {
        let clocks = &mut self.dataset.clocks.iter();
        clocks.position(|clock| clock.id == *id)
    }

    fn add(&mut self, stage: &'a Stage, eras: Vec<Era>) {
        let trigger = match &stage.clock {
            Some(id) => self.clock(id).map(Trigger::Clock),
            None => Some(Trigger::Event),
        };
        let Some(trigger) = trigger.filter(|_| stage.within == self.store) else {
            return;
        };
        let marks = match self.store {
            Store::Archive => Vec::new(),
            _ => self.marks_of(stage),
        };
        self.stages.push(StageRule {
            stage,
            state: self.state(stage.state.as_ref()),
            trigger,
            marks,
            eras,
        });
    }

    /// With what earlier versions of the policy promised: a period that grew counts from when it did,
    /// for what began to run under a shorter one the shorter binds (S4-06), and so does a rule that is
    /// there no more.
    #[must_use]
    pub fn promised_by(mut self, policy: &'a Policy) -> Self {
        let dataset = self.dataset.id.as_str();
        for rule in &mut self.stages {
            rule.eras = policy.eras(dataset, rule.stage);
        }
        for stage in policy.dropped_rules(dataset) {
            if missing(self.dataset, stage).is_none() {
                self.add(stage, policy.eras(dataset, stage));
            }
        }
        self
    }

    /// Whether something depends on what happened to people.
    pub(crate) fn ask_events(&self) -> bool {
        let mut clocks = self.dataset.clocks.iter();
        let mut stages = self.stages.iter();
        clocks.any(|clock| clock.event.is_some())
            || stages.any(|stage| stage.trigger == Trigger::Event)
    }

    fn marks_of(&mut self, stage: &'a Stage) -> Vec<usize> {
        let dataset = self.dataset;
        let source = dataset.source.as_ref();
        let marks: Vec<Mark<'a>> = match stage.action {
            Action::Purge if !stage.fields.is_empty() => {
                stage.fields.iter().map(Mark::Filled).collect()
            }
            // Where some fields must stay, the row stays with them, and the others go.
            Action::Purge if self.in_part => self.emptiable().map(Mark::Filled).collect(),
            Action::Anonymise => {
                let named = stage.methods.iter();
                let reduced = named.filter_map(|(name, method)| {
                    let field = dataset.field(name)?;
                    Some(Mark::Unreduced(&field.id, method))
                });
                reduced.collect()
            }
            Action::Hide => source
                .and_then(|source| source.hidden.as_ref())
                .map(Mark::Visible)
                .into_iter()
                .collect(),
            Action::Restrict => source
                .and_then(|source| source.restricted.as_ref())
                .map(Mark::Unrestricted)
                .into_iter()
                .collect(),
            _ => Vec::new(),
        };
        let index_of = |marks: &mut Vec<Mark<'a>>, mark| {
            let known = marks.iter().position(|known| *known == mark);
            known.unwrap_or_else(|| {
                marks.push(mark);
                marks.len() - 1
            })
        };
        let asked = marks.into_iter();
        asked.map(|mark| index_of(&mut self.marks, mark)).collect()
    }

    /// Fields that are emptied where others of their row must stay: all but those that tell which
    /// row, and whose, it is.
    fn emptiable(&self) -> impl Iterator<Item = &'a SqlName> + use<'a> {
        let dataset = self.dataset;
        let source = dataset.source.as_ref();
        let fields = dataset.fields.iter().filter(|field| !field.open_ended);
        fields.map(|field| &field.id).filter(move |id| {
            source.is_none_or(|source| {
                !source.key.contains(id) && source.identity.as_ref() != Some(*id)
            })
        })
    }
}

impl StageRule<'_> {
    /// Whether the whole row ends.
    pub fn ends_row(&self) -> bool {
        match self.stage.action {
            Action::Purge => self.stage.fields.is_empty(),
            Action::Archive => true,
            _ => false,
        }
    }

    /// Whether it counts from columns of a database, not from what happened to people.
    pub fn counts_columns(&self, rules: &Rules<'_>) -> bool {
        match self.trigger {
            Trigger::Clock(clock) => rules.dataset.clocks[clock].event.is_none(),
            Trigger::Event => false,
        }
    }

    /// How long after the moment it happens; at once without one.
    pub fn after(&self) -> Option<Period> {
        self.stage.after
    }

    /// When it happens, by the moment that it counts from.
    pub fn due_at(&self, moment: Timestamp, calendar: &Calendar) -> Timestamp {
        let era = self.eras.iter().rfind(|era| era.from <= moment);
        match era.map(|era| &era.promised) {
            Some(Some(promised)) => promised.after(moment, calendar),
            // A rule that was dropped before.
            Some(None) => Timestamp::MAX,
            None => self
                .after()
                .map_or(moment, |period| period.after(moment, calendar)),
        }
    }

    /// A bound for queries: what counts from a later moment is not due at `now`.
    pub fn cutoff(&self, now: Timestamp, calendar: &Calendar) -> Timestamp {
        let promised = self.eras.iter().filter_map(|era| {
            let cutoff = era.promised.as_ref()?.cutoff(now, calendar);
            Some(era.until.map_or(cutoff, |until| cutoff.min(until)))
        });
        let own = || {
            self.after()
                .map_or(now, |period| period.cutoff(now, calendar))
        };
        promised.max().unwrap_or_else(own)
    }
}

/// What a stage of an earlier version speaks of that a dataset has no more.
pub(crate) fn missing(dataset: &Dataset, rule: &Stage) -> Option<String> {
    let source = dataset.source.as_ref()?;
    let clock = rule.clock.as_ref().map(Slug::as_str);
    let clock = clock.filter(|id| dataset.clock(id).is_none());
    let state = rule.state.as_ref().map(Slug::as_str);
    let state = state.filter(|id| dataset.state(id).is_none());
    let named = rule.fields.iter().map(SqlName::as_str);
    let reduced = rule.methods.iter().map(|(name, _)| &**name);
    let mut fields = named.chain(reduced);
    let field = fields.find(|name| dataset.field(name).is_none());
    let column = match rule.action {
        Action::Hide => source.hidden.is_none().then_some("hidden"),
        Action::Restrict => source.restricted.is_none().then_some("restricted"),
        _ => None,
    };
    let clock = clock.map(|id| format!("the clock `{id}`"));
    clock
        .or_else(|| state.map(|id| format!("the state `{id}`")))
        .or_else(|| field.map(|id| format!("the field `{id}`")))
        .or_else(|| column.map(|key| format!("`source.{key}`")))
}
