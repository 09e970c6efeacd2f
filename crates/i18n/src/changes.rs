//! What changed from one version of the policy to the next, in words.

use consentry_policy::{Class, Difference, Language, Shown};

use crate::Messages;

impl Messages {
    /// A difference in words for people (S2-61, S4-08); nothing for one that is none of their
    /// business: the version's own data, and how the software works.
    pub fn difference(&self, language: Language, difference: &Difference) -> Option<String> {
        if matches!(difference.class, Class::Bookkeeping | Class::Operation) {
            return None;
        }
        let say = |shown: &Option<Shown>| shown.as_ref().map(|one| self.shown(language, one));
        let (before, after) = (say(&difference.before), say(&difference.after));
        let about = match (say(&difference.within), say(&difference.about)) {
            (Some(within), Some(about)) => self.text(
                language,
                "change-of",
                &[("within", (&within).into()), ("about", (&about).into())],
            ),
            (None, Some(about)) => about,
            _ => self.section(language, &difference.key),
        };
        let values = match (&before, &after) {
            (Some(_), Some(_)) => "-values",
            (None, Some(_)) => "-after",
            (Some(_), None) => "-before",
            (None, None) => "",
        };
        let base = format!("change-{}", difference.class);
        let special = format!("{base}{values}");
        let id = if self.has(language, &special) {
            special
        } else {
            base
        };
        let [before, after] = [before, after].map(Option::unwrap_or_default);
        let args = [
            ("about", (&about).into()),
            ("before", (&before).into()),
            ("after", (&after).into()),
        ];
        Some(self.text(language, &id, &args))
    }

    /// What has no name of its own, by the section that it stands in.
    fn section(&self, language: Language, key: &str) -> String {
        match key.split(['.', '[']).next() {
            Some("backups") => self.text(language, "change-backups", &[]),
            Some("catch_all" | "engine" | "working_time") => {
                self.text(language, "change-all-data", &[])
            }
            _ => key.to_owned(),
        }
    }

    fn shown(&self, language: Language, shown: &Shown) -> String {
        match shown {
            Shown::Period(period) => self.period(language, *period),
            Shown::Basis(basis) => self.text(language, &format!("change-basis-{basis}"), &[]),
            Shown::Right(right) => self.text(language, &format!("change-right-{right}"), &[]),
            Shown::State(state) => self.text(language, &format!("change-state-{state}"), &[]),
            Shown::Country(country) => country.name(language).to_owned(),
            Shown::Text(text) => text.get(language).to_owned(),
            Shown::Word(word) => word.clone(),
            other => format!("{other:?}"),
        }
    }
}
