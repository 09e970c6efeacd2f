//! Answers to a person about their rows in the databases of applications: what happens to each and
//! when, what keeps it until when, and why (GDPR art. 15(1)(d)).

use consentry_i18n::{Arg, Messages};
use consentry_policy::{Dataset, Language, Localized, Policy, SqlName};
use consentry_retention::{Ahead, KeptBy, RowOutlook};
use consentry_service::ports::{LegalHold, RetentionStore};
use jiff::Timestamp;
use serde::Serialize;

use super::{Retention, parts::failure, records::hold};
use crate::Failure;

/// What is known of a person's rows.
pub(crate) struct About {
    /// Row by row, in the order of the policy's databases.
    pub(crate) rows: Vec<AboutRow>,
    /// What could not be asked.
    pub(crate) failures: Vec<Failure>,
}

/// A row of a person, in their language.
#[derive(Debug, Serialize)]
pub(crate) struct AboutRow {
    dataset: String,
    /// The dataset and the row, for people.
    pub(crate) name: String,
    /// The values of its key.
    row: String,
    state: Option<String>,
    /// What happens, in order.
    ahead: Vec<Event>,
    /// What must stay, and why.
    kept: Vec<Keep>,
    /// Holds that stop every rule.
    holds: Vec<Hold>,
    /// What is to be said of it when nothing is ahead and nothing keeps it.
    #[serde(skip_serializing_if = "Option::is_none")]
    remark: Option<String>,
}

#[derive(Debug, Serialize)]
struct Event {
    rule: String,
    action: &'static str,
    at: Timestamp,
    fields: Vec<String>,
    text: String,
}

#[derive(Debug, Serialize)]
struct Keep {
    minimum: String,
    until: Timestamp,
    fields: Vec<String>,
    text: String,
}

/// Neither the case nor its author: they are not the person's business.
#[derive(Debug, Serialize)]
struct Hold {
    kind: String,
    review_at: Timestamp,
    fields: Vec<String>,
    text: String,
}

impl AboutRow {
    /// Everything that is said of it, a sentence a line.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &str> {
        let ahead = self.ahead.iter().map(|one| &*one.text);
        let kept = self.kept.iter().map(|one| &*one.text);
        let holds = self.holds.iter().map(|one| &*one.text);
        ahead.chain(kept).chain(holds).chain(self.remark.as_deref())
    }
}

impl Retention {
    /// What a person is told about their rows in the databases that the policy names (S3-26, S0-38).
    pub(crate) async fn about(&self, identity: &str, language: Language) -> Result<About, Failure> {
        let now = self.now();
        let holds = self.store().legal_holds(self.controller()).await?;
        let binds = |one: &LegalHold| one.lifted_at.is_none() && hold(one).binds(identity);
        let holds: Vec<_> = holds.into_iter().filter(binds).collect();
        let words = Words {
            policy: self.policy(),
            language,
        };
        let (parts, mut failures) = self.parts().await;
        let mut rows = Vec::new();
        for part in &parts {
            match self.engine(part).about(identity, now).await {
                Ok(found) => rows.extend(found.iter().filter_map(|row| words.row(row, &holds))),
                Err(error) => failures.push(failure(&error)),
            }
        }
        Ok(About { rows, failures })
    }
}

/// The words of the policy in one language.
struct Words<'a> {
    policy: &'a Policy,
    language: Language,
}

impl Words<'_> {
    fn say(&self, id: &str, values: &[(&str, Arg<'_>)]) -> String {
        Messages::embedded().text(self.language, id, values)
    }

    fn day(&self, at: Timestamp) -> String {
        Messages::embedded().date(self.language, at, self.policy.calendar.zone())
    }

    fn name<'t>(&self, text: &'t Localized) -> &'t str {
        text.get(self.language)
    }

    /// The first text, or the second when it is about some fields alone.
    fn about(
        &self,
        (of_row, of_fields): (&str, &str),
        dataset: &Dataset,
        fields: &[SqlName],
        values: &[(&str, Arg<'_>)],
    ) -> String {
        if fields.is_empty() {
            return self.say(of_row, values);
        }
        let name = |field: &SqlName| {
            let known = dataset.field(field.as_str());
            known
                .map_or(field.as_str(), |known| self.name(&known.name))
                .to_owned()
        };
        let names: Vec<String> = fields.iter().map(name).collect();
        let names = names.join(", ");
        let values = [&[("fields", (&names).into())], values].concat();
        self.say(of_fields, &values)
    }

    fn row(&self, row: &RowOutlook, holds: &[LegalHold]) -> Option<AboutRow> {
        let dataset = self.policy.dataset(row.dataset.as_str())?;
        let data = self.name(&dataset.name);
        let title = [("data", data.into()), ("row", (&row.key).into())];
        let title = self.say("answer-row", &title);
        let state = row.state.as_ref().and_then(|id| dataset.state(id.as_str()));
        let state = state.map(|state| self.name(&state.name));
        let name = match state {
            Some(state) => {
                let values = [("row", (&title).into()), ("state", state.into())];
                self.say("answer-state", &values)
            }
            None => title,
        };
        let holds = holds.iter().filter(|hold| hold.dataset == row.dataset);
        let holds: Vec<Hold> = holds.map(|hold| self.hold(dataset, hold)).collect();
        let kept = row.kept.iter().filter_map(|kept| self.keep(dataset, kept));
        let kept: Vec<Keep> = kept.collect();
        let nothing = row.ahead.is_empty() && kept.is_empty() && holds.is_empty();
        let remark = match (row.is_unreadable, nothing) {
            (true, _) => Some(self.say("answer-unreadable", &[])),
            (false, true) => Some(self.say("answer-no-end", &[])),
            (false, false) => None,
        };
        Some(AboutRow {
            dataset: row.dataset.to_string(),
            name,
            row: row.key.clone(),
            state: state.map(str::to_owned),
            ahead: row
                .ahead
                .iter()
                .map(|one| self.event(dataset, one))
                .collect(),
            kept,
            holds,
            remark,
        })
    }

    fn event(&self, dataset: &Dataset, ahead: &Ahead) -> Event {
        let action = ahead.action;
        let happens = self.say(&format!("notice-action-{action}"), &[]);
        let day = self.day(ahead.at);
        let values = [("day", (&day).into()), ("action", (&happens).into())];
        Event {
            rule: ahead.rule.to_string(),
            action,
            at: ahead.at,
            fields: names(&ahead.fields),
            text: self.about(
                ("answer-step", "answer-step-fields"),
                dataset,
                &ahead.fields,
                &values,
            ),
        }
    }

    fn keep(&self, dataset: &Dataset, kept: &KeptBy) -> Option<Keep> {
        let mut minima = dataset.minima.iter();
        let minimum = minima.find(|minimum| minimum.id == kept.minimum)?;
        let basis = self.name(&minimum.basis);
        let because = format!("answer-because-{}", minimum.reason);
        let because = self.say(&because, &[("basis", basis.into())]);
        let day = self.day(kept.until);
        let values = [("day", (&day).into()), ("because", (&because).into())];
        Some(Keep {
            minimum: kept.minimum.to_string(),
            until: kept.until,
            fields: names(&minimum.fields),
            text: self.about(
                ("answer-kept", "answer-kept-fields"),
                dataset,
                &minimum.fields,
                &values,
            ),
        })
    }

    fn hold(&self, dataset: &Dataset, hold: &LegalHold) -> Hold {
        let mut kinds = self.policy.holds.iter();
        let kind = kinds.find(|kind| kind.id == hold.kind);
        let kind = kind.map_or(hold.kind.as_str(), |kind| self.name(&kind.name));
        let fields: Vec<SqlName> = hold.field.iter().cloned().collect();
        let day = self.day(hold.review_at);
        let values = [("hold", kind.into()), ("day", (&day).into())];
        Hold {
            kind: hold.kind.to_string(),
            review_at: hold.review_at,
            fields: names(&fields),
            text: self.about(
                ("answer-held", "answer-held-fields"),
                dataset,
                &fields,
                &values,
            ),
        }
    }
}

fn names(fields: &[SqlName]) -> Vec<String> {
    fields.iter().map(ToString::to_string).collect()
}
