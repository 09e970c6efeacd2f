//! The datasets that Consentry keeps itself.

use super::dataset::{Dataset, TableSource, TimeFormat};
use super::rule::{Clock, State};
use crate::{Condition, Literal, Localized, Slug, SqlName};

/// A dataset that Consentry keeps itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OwnDataset {
    /// People who subscribed.
    Subscribers,
    /// The evidence of what they agreed to and objected to.
    Events,
    /// Requests to exercise rights.
    Requests,
    /// Conversations of the study assistant.
    Conversations,
    /// Choices made in the cookie banner.
    CookieChoices,
}

impl OwnDataset {
    /// Every one.
    pub const ALL: [Self; 5] = [
        Self::Subscribers,
        Self::Events,
        Self::Requests,
        Self::Conversations,
        Self::CookieChoices,
    ];

    /// Its id in the policy file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Subscribers => "subscribers",
            Self::Events => "events",
            Self::Requests => "requests",
            Self::Conversations => "conversations",
            Self::CookieChoices => "cookie-choices",
        }
    }

    /// The states that its stages may name.
    pub const fn states(self) -> &'static [&'static str] {
        match self {
            Self::Subscribers => &["pending", "confirmed", "unsubscribed", "erased"],
            Self::Events => &[],
            Self::Requests => &["open", "closed"],
            Self::Conversations => &["abandoned", "suspicious", "qualified"],
            Self::CookieChoices => &["accepted", "refused"],
        }
    }

    /// The clocks that its stages may name.
    pub const fn clocks(self) -> &'static [&'static str] {
        match self {
            Self::Subscribers => &[
                "first-submission",
                "last-interaction",
                "last-departure",
                "erasure-request",
            ],
            Self::Events => &["recorded", "subject-purged"],
            Self::Requests => &["received", "closed"],
            Self::Conversations => &["last-activity", "qualified"],
            Self::CookieChoices => &["given"],
        }
    }
}

/// The column that holds the state of a row.
const STATE: &str = "state";

impl Dataset {
    /// One of Consentry's own datasets as rows of a table, under the same rules: its key is `id`,
    /// `subject` tells whose row it is, `state` holds the state by name, and every clock has a
    /// column, hyphens as underscores. None for a dataset that names its source.
    pub fn on_table(&self, database: Slug, table: SqlName) -> Option<Self> {
        let own = self.own()?;
        let source = TableSource {
            database,
            table,
            key: vec![column("id")?],
            identity: column("subject"),
            rows: Vec::new(),
            hidden: column("hidden"),
            restricted: column("restricted"),
            dependants: Vec::new(),
            time_format: TimeFormat::Timestamp,
        };
        let states = own.states().iter().map(|state| {
            let is_it = Condition::In(vec![Literal::Text((*state).to_owned())]);
            Some(State {
                id: state.parse().ok()?,
                name: as_it_is(state),
                when: vec![(STATE.to_owned(), is_it)],
            })
        });
        let clocks = own.clocks().iter().map(|clock| {
            Some(Clock {
                id: clock.parse().ok()?,
                name: as_it_is(clock),
                columns: vec![column(clock)?],
                joins: Vec::new(),
                event: None,
                counts: Vec::new(),
                end_of: None,
                time_format: None,
            })
        });
        Some(Self {
            source: Some(source),
            states: states.collect::<Option<_>>()?,
            clocks: clocks.collect::<Option<_>>()?,
            ..self.clone()
        })
    }
}

fn column(name: &str) -> Option<SqlName> {
    name.replace('-', "_").parse().ok()
}

fn as_it_is(name: &str) -> Localized {
    Localized {
        en: name.to_owned(),
        fr: name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Policy;

    #[test]
    fn every_state_and_clock_of_an_own_dataset_has_its_place_in_a_table() {
        let policy = include_str!("../../policies/saas-portal.toml");
        let policy = Policy::parse(policy, "policy.toml").expect("a policy");
        for own in OwnDataset::ALL {
            let dataset = policy.dataset(own.as_str()).expect("it is there");
            let (database, table) = ("here".parse(), "rows".parse());
            let laid_out = dataset.on_table(database.expect("a name"), table.expect("a name"));
            let laid_out = laid_out.expect("it is our own");
            for state in own.states() {
                assert!(laid_out.state(state).is_some(), "{state}");
            }
            for clock in own.clocks() {
                let columns = &laid_out.clock(clock).expect("it is there").columns;
                assert_eq!(columns[0].as_str(), clock.replace('-', "_"));
            }
            assert_eq!(laid_out.stages, dataset.stages);
        }
    }
}
