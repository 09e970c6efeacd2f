//! Answers to a person: which rows are theirs, what is ahead of each, what keeps it.

use consentry_policy::{DatasetId, Slug, SqlName};
use jiff::Timestamp;

use crate::decide::Deed;
use crate::engine::{BATCH, Engine, Prepared};
use crate::error::RetentionError;
use crate::outlook::{Outlook, Step, outlook};
use crate::query::Cursor;
use crate::rules::Mark;
use crate::scan::{Candidate, Desk};
use crate::sql::Value;

/// A row of a person, and what is ahead of it if nobody changes it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RowOutlook {
    /// The dataset.
    pub dataset: DatasetId,
    /// Which row: the values of its key, with slashes between them.
    pub key: String,
    /// The state it is in, where the dataset has states.
    pub state: Option<Slug>,
    /// Nothing can be said of it: a clock's column holds no moment.
    pub is_unreadable: bool,
    /// What happens, in order; nothing that a hold stops.
    pub ahead: Vec<Ahead>,
    /// The minima that are in force for it.
    pub kept: Vec<KeptBy>,
}

/// What a rule will do to a row.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ahead {
    /// The stage.
    pub rule: Slug,
    /// What happens, by its true name: `pseudonymise` for what can still be joined.
    pub action: &'static str,
    /// When; the moment that was asked about for what is due already.
    pub at: Timestamp,
    /// To which fields; to the whole row when there are none.
    pub fields: Vec<SqlName>,
}

/// What keeps a row, or fields of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeptBy {
    /// The minimum.
    pub minimum: Slug,
    /// Until when.
    pub until: Timestamp,
}

impl Engine<'_> {
    /// The rows of a person in every dataset that says whose its rows are, whatever the capitals of
    /// their name, with what is ahead of each (S0-38; GDPR art. 15(1)(d)). Reads whole tables where
    /// no index helps.
    ///
    /// # Errors
    ///
    /// A source that cannot be asked, or differs from the policy.
    pub async fn about(
        &self,
        identity: &str,
        now: Timestamp,
    ) -> Result<Vec<RowOutlook>, RetentionError> {
        let mut found = Vec::new();
        for dataset in self.prepare().await? {
            dataset.about(self, identity, now, &mut found).await?;
        }
        Ok(found)
    }
}

impl Prepared<'_> {
    async fn about(
        &self,
        engine: &Engine<'_>,
        identity: &str,
        now: Timestamp,
        found: &mut Vec<RowOutlook>,
    ) -> Result<(), RetentionError> {
        let rules = self.rules(engine);
        let desk = self.desk(engine, &rules, now);
        let mut after = None;
        loop {
            let queries = desk.queries();
            let page = queries.facts_about(identity, after.as_ref(), u64::from(BATCH));
            let Some(page) = page else { return Ok(()) };
            let rows = desk.read(desk.fetch(page, None).await?).await?;
            after = rows.last().map(|last| Cursor {
                order: None,
                key: last.key.clone(),
            });
            let is_last = rows.len() < BATCH as usize;
            found.extend(rows.into_iter().map(|row| ahead_of(&desk, row)));
            if is_last {
                return Ok(());
            }
        }
    }
}

fn ahead_of(desk: &Desk<'_>, row: Candidate) -> RowOutlook {
    let rules = desk.rules;
    let outlook = if row.unreadable {
        Outlook::default()
    } else {
        outlook(rules, &row.facts, desk.now)
    };
    let dataset = rules.dataset;
    let state = row.facts.state.and_then(|state| dataset.states.get(state));
    let key: Vec<String> = row.key.into_iter().filter_map(Value::into_text).collect();
    let kept = outlook.kept.into_iter().map(|kept| KeptBy {
        minimum: rules.minima[kept.minimum].minimum.id.clone(),
        until: kept.until,
    });
    RowOutlook {
        dataset: dataset.id.clone(),
        key: key.join("/"),
        state: state.map(|state| state.id.clone()),
        is_unreadable: row.unreadable,
        ahead: outlook.steps.iter().map(|step| ahead(desk, step)).collect(),
        kept: kept.collect(),
    }
}

fn ahead(desk: &Desk<'_>, step: &Step) -> Ahead {
    let rules = desk.rules;
    let stage = &rules.stages[step.stage];
    let marks = match &step.deed {
        Deed::Do(marks) => &**marks,
        _ => &[],
    };
    let fields = marks.iter().filter_map(|&mark| match rules.marks[mark] {
        Mark::Filled(field) | Mark::Unreduced(field, _) => Some(field.clone()),
        Mark::Visible(_) | Mark::Unrestricted(_) => None,
    });
    Ahead {
        rule: stage.stage.id.clone(),
        action: desk.action(stage),
        at: step.at,
        fields: fields.collect(),
    }
}
