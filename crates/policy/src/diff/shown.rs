//! Values as they are told to people.

use crate::content::{Table, Value};
use crate::read::Choice as _;
use crate::{Country, Language, LegalBasis, Localized, Period, Policy, Right, SubscriberState};

/// A value that differs, for the words that tell of it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Shown {
    /// A period.
    Period(Period),
    /// A legal basis.
    Basis(LegalBasis),
    /// A country.
    Country(Country),
    /// A state of subscribers.
    State(SubscriberState),
    /// A right.
    Right(Right),
    /// A text, or what the policy calls it.
    Text(Localized),
    /// As the file has it.
    Word(String),
}

/// What a value is, by the keys that lead to it; nothing for a table.
pub(super) fn value(policy: &Policy, keys: &[&str], value: &Value) -> Option<Shown> {
    if let Some(table) = value.as_table() {
        return text(policy, table).map(Shown::Text);
    }
    let word = value.as_word()?;
    let named = match keys {
        ["purposes", "basis"] => word.parse().ok().map(Shown::Basis),
        [.., "recipients" | "recipient"] => word
            .parse()
            .ok()
            .and_then(|id| policy.recipient(&id))
            .map(|recipient| Shown::Text(recipient.name.clone())),
        ["topics", "purpose"] | [_, .., "purposes"] => word
            .parse()
            .ok()
            .and_then(|id| policy.purpose(&id))
            .map(|purpose| Shown::Text(purpose.name.clone())),
        [.., "teams"] => {
            let team = policy.teams.iter().find(|team| team.id.as_str() == word);
            team.map(|team| Shown::Text(team.name.clone()))
        }
        [.., "country" | "countries"] => word.parse().ok().map(Shown::Country),
        ["rights", "offered"] | ["rights", "channels", "rights"] => {
            Right::named(word).map(Shown::Right)
        }
        _ => word.parse().ok().map(Shown::Period),
    };
    Some(named.unwrap_or_else(|| Shown::Word(word.to_owned())))
}

/// What the policy calls an item: its name, or its title or text, or its id. A rule has no name: it
/// is told from others by the state that it is about, if any.
pub(super) fn name(policy: &Policy, list: &str, item: &Table) -> Option<Shown> {
    if list == "stages" {
        let state = item.get("state")?.as_word()?;
        if let Some(own) = SubscriberState::named(state) {
            return Some(Shown::State(own));
        }
        let mut declared = policy.datasets.iter().flat_map(|dataset| &dataset.states);
        let declared = declared.find(|one| one.id.as_str() == state)?;
        return Some(Shown::Text(declared.name.clone()));
    }
    let keys = ["name", "title", "text", "basis", "id", "kind"];
    match keys.iter().find_map(|key| item.get(*key))? {
        Value::Table(table) => text(policy, table).map(Shown::Text),
        value => value.as_word().map(|word| Shown::Word(word.to_owned())),
    }
}

/// A text in its languages; the default language stands for one that is missing.
fn text(policy: &Policy, table: &Table) -> Option<Localized> {
    let fallback = policy.languages.default;
    let in_language = |language: Language| {
        let text = table.get(language.as_str());
        text.or_else(|| table.get(fallback.as_str()))?.as_word()
    };
    Some(Localized {
        en: in_language(Language::En)?.to_owned(),
        fr: in_language(Language::Fr)?.to_owned(),
    })
}
