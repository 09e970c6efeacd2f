//! The messages of every language.

use std::{fmt, sync::LazyLock};

use consentry_policy::{Language, Period, PeriodUnit};
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

/// A value that a text mentions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arg<'a> {
    /// Words, put in as they are.
    Text(&'a str),
    /// A count, which decides between singular and plural.
    Number(i64),
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Arg<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Arg<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Arg<'_> {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl<'a> From<&Arg<'a>> for FluentValue<'a> {
    fn from(arg: &Arg<'a>) -> Self {
        match *arg {
            Arg::Text(text) => text.into(),
            Arg::Number(number) => number.into(),
        }
    }
}

/// What pages and letters say. Made once, shared by reference.
pub struct Messages {
    en: FluentBundle<FluentResource>,
    fr: FluentBundle<FluentResource>,
}

impl fmt::Debug for Messages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Messages").finish_non_exhaustive()
    }
}

static EMBEDDED: LazyLock<Messages> = LazyLock::new(|| Messages {
    en: bundle(
        Language::En,
        [
            include_str!("../locales/en/answers.ftl"),
            include_str!("../locales/en/common.ftl"),
            include_str!("../locales/en/changes.ftl"),
            include_str!("../locales/en/mail.ftl"),
            include_str!("../locales/en/notice.ftl"),
            include_str!("../locales/en/web.ftl"),
        ],
    ),
    fr: bundle(
        Language::Fr,
        [
            include_str!("../locales/fr/answers.ftl"),
            include_str!("../locales/fr/common.ftl"),
            include_str!("../locales/fr/changes.ftl"),
            include_str!("../locales/fr/mail.ftl"),
            include_str!("../locales/fr/notice.ftl"),
            include_str!("../locales/fr/web.ftl"),
        ],
    ),
});

/// A resource with mistakes still serves its good messages; a test finds the mistakes.
fn bundle(language: Language, sources: [&str; 6]) -> FluentBundle<FluentResource> {
    let locale = language.as_str().parse().into_iter().collect();
    let mut bundle = FluentBundle::new_concurrent(locale);
    // Isolating marks around values are invisible on a page and noise in a plain-text letter;
    // both languages run from left to right.
    bundle.set_use_isolating(false);
    for source in sources {
        let resource = match FluentResource::try_new(source.to_owned()) {
            Ok(resource) | Err((resource, _)) => resource,
        };
        bundle.add_resource_overriding(resource);
    }
    bundle
}

impl Messages {
    /// The locales that are part of the program.
    pub fn embedded() -> &'static Self {
        &EMBEDDED
    }

    /// Whether there is such a text.
    pub(crate) fn has(&self, language: Language, id: &str) -> bool {
        let bundle = match language {
            Language::En => &self.en,
            Language::Fr => &self.fr,
        };
        bundle.has_message(id)
    }

    /// The text `id` in `language`, with its values put in.
    ///
    /// A text that does not exist reads `⟦id⟧`: seen at once on the page, and no reason to fail.
    pub fn text(&self, language: Language, id: &str, args: &[(&str, Arg<'_>)]) -> String {
        let bundle = match language {
            Language::En => &self.en,
            Language::Fr => &self.fr,
        };
        let Some(pattern) = bundle.get_message(id).and_then(|message| message.value()) else {
            return format!("⟦{id}⟧");
        };
        let args: FluentArgs<'_> = args
            .iter()
            .map(|(name, arg)| (*name, FluentValue::from(arg)))
            .collect();
        bundle
            .format_pattern(pattern, Some(&args), &mut Vec::new())
            .into_owned()
    }

    /// A period in words: `12 months`, `12 mois`.
    pub fn period(&self, language: Language, period: Period) -> String {
        let id = match period.unit() {
            PeriodUnit::Minutes => "period-minutes",
            PeriodUnit::Hours => "period-hours",
            PeriodUnit::Days => "period-days",
            PeriodUnit::WorkingDays => "period-working-days",
            PeriodUnit::Weeks => "period-weeks",
            PeriodUnit::Months => "period-months",
            PeriodUnit::Years => "period-years",
        };
        self.text(language, id, &[("n", period.amount().into())])
    }

    /// The day of an instant in `zone`: `22 November 2026`, `1er août 2026`.
    pub fn date(&self, language: Language, at: Timestamp, zone: &TimeZone) -> String {
        self.day(language, zone.to_datetime(at).date())
    }

    /// A day: `22 November 2026`, `1er août 2026`.
    pub fn day(&self, language: Language, day: Date) -> String {
        self.text(
            language,
            "date",
            &[
                ("day", i64::from(day.day()).into()),
                ("month", i64::from(day.month()).into()),
                // As a word: a year has no thousands separator and no plural.
                ("year", (&day.year().to_string()).into()),
            ],
        )
    }

    /// The day and the minute of an instant in `zone`: `22 November 2026 at 14:05 (CET)`,
    /// `22 novembre 2026 à 14 h 05 (CET)`.
    pub fn date_time(&self, language: Language, at: Timestamp, zone: &TimeZone) -> String {
        let local = at.to_zoned(zone.clone());
        self.text(
            language,
            "date-time",
            &[
                ("date", (&self.date(language, at, zone)).into()),
                ("hour", (&format!("{:02}", local.hour())).into()),
                ("minute", (&format!("{:02}", local.minute())).into()),
                ("zone", (&local.strftime("%Z").to_string()).into()),
            ],
        )
    }
}
