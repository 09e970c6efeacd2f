//! The words of one policy in one language.

use consentry_i18n::{Arg, Messages};
use consentry_policy::{
    Language, LegalBasis, Lifetime, Localized, Money, Period, Policy, PurposeId, RecipientId, Slug,
};
use jiff::civil::Date;

use crate::Places;
use crate::document::Text;

pub(crate) struct Words<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) language: Language,
    pub(crate) places: &'a Places,
}

impl<'a> Words<'a> {
    pub(crate) fn words(&self, id: &str, values: &[(&str, Arg<'_>)]) -> String {
        Messages::embedded().text(self.language, id, values)
    }

    /// A text without values.
    pub(crate) fn say(&self, id: &str) -> String {
        self.words(id, &[])
    }

    /// A text with one value.
    pub(crate) fn tell(&self, id: &str, name: &str, value: impl AsRef<str>) -> String {
        self.words(id, &[(name, value.as_ref().into())])
    }

    /// A text of the policy.
    pub(crate) fn get(&self, text: &'a Localized) -> &'a str {
        text.get(self.language)
    }

    /// The same, to keep.
    pub(crate) fn get_owned(&self, text: &Localized) -> String {
        text.get(self.language).to_owned()
    }

    /// A name of the policy at the beginning of a cell: "the last order" begins with a capital.
    pub(crate) fn beginning(&self, name: &Localized) -> String {
        let mut letters = name.get(self.language).chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        first.chain(letters).collect()
    }

    /// `12 months`, on one line.
    pub(crate) fn period(&self, period: Period) -> String {
        let words = Messages::embedded().period(self.language, period);
        words.replace(' ', "\u{a0}")
    }

    pub(crate) fn lifetime(&self, lifetime: Lifetime) -> String {
        match lifetime {
            Lifetime::Session => self.say("notice-session"),
            Lifetime::Period(period) => self.period(period),
        }
    }

    /// `1 November 2026`
    pub(crate) fn day(&self, day: Date) -> String {
        Messages::embedded().day(self.language, day)
    }

    /// `368,029.68 EUR`, the cents as the policy shows them (S1-04).
    pub(crate) fn money(&self, money: &Money) -> String {
        let (group, point) = match self.language {
            Language::En => (",", "."),
            Language::Fr => ("\u{202f}", ","),
        };
        let units = (money.hundredths / 100).to_string();
        let groups: Vec<_> = units
            .as_bytes()
            .rchunks(3)
            .rev()
            .map(String::from_utf8_lossy)
            .collect();
        let cents = if money.shows_cents {
            format!("{point}{:02}", money.hundredths % 100)
        } else {
            String::new()
        };
        let amount = groups.join(group);
        format!("{amount}{cents}\u{a0}{}", money.currency)
    }

    /// `Your consent, Article 6(1)(a) GDPR`
    pub(crate) fn basis(&self, basis: LegalBasis) -> String {
        let name = self.say(&format!("basis-{}", basis.as_str()));
        let values = [
            ("basis", (&name).into()),
            ("article", basis.article().into()),
        ];
        self.words("basis-text", &values)
    }

    /// `“Cookies”`
    pub(crate) fn quoted(&self, title: &str) -> String {
        self.tell("notice-quoted", "title", title)
    }

    /// `a, b and c`
    pub(crate) fn and(&self, items: &[&str]) -> String {
        match items {
            [] => String::new(),
            [one] => (*one).to_owned(),
            [first @ .., last] => {
                let first = first.join(", ");
                let values = [("first", (&first).into()), ("last", (*last).into())];
                self.words("notice-and", &values)
            }
        }
    }

    /// `Name (remark, remark)`
    pub(crate) fn remarked(name: &str, remarks: &[String]) -> String {
        if remarks.is_empty() {
            name.to_owned()
        } else {
            format!("{name} ({})", remarks.join(", "))
        }
    }

    /// The legal form and the capital of a company, as remarks to its name (S0-02, S0-06).
    pub(crate) fn form(&self, form: Option<&String>, capital: Option<&Money>) -> Vec<String> {
        let capital = capital.map(|capital| {
            let amount = self.money(capital);
            self.tell("notice-capital", "amount", amount)
        });
        form.cloned().into_iter().chain(capital).collect()
    }

    pub(crate) fn purpose(&self, id: &PurposeId) -> &'a str {
        let purpose = self.policy.purpose(id);
        purpose.map_or("", |purpose| self.get(&purpose.name))
    }

    pub(crate) fn recipient(&self, id: &RecipientId) -> &'a str {
        let recipient = self.policy.recipient(id);
        recipient.map_or("", |recipient| self.get(&recipient.name))
    }

    /// The names of teams.
    pub(crate) fn teams(&self, ids: &[Slug]) -> Vec<&'a str> {
        let teams = self.policy.teams.iter();
        let named = teams.filter(|team| ids.contains(&team.id));
        named.map(|team| self.get(&team.name)).collect()
    }

    /// Purposes, one a line.
    pub(crate) fn purposes(&self, ids: &[PurposeId]) -> Vec<Text> {
        ids.iter().map(|id| self.purpose(id).into()).collect()
    }

    /// A document elsewhere: its name, its date, its place.
    pub(crate) fn document(&self, document: &'a consentry_policy::Reference) -> Text {
        let date = document.date.map(|date| self.day(date));
        let remarks: Vec<String> = date.into_iter().collect();
        let name = Self::remarked(self.get(&document.name), &remarks);
        match &document.url {
            Some(url) => Text::link(name, url),
            None => name.into(),
        }
    }
}
