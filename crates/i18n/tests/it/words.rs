use consentry_i18n::Messages;
use consentry_policy::{
    Class,
    Language::{En, Fr},
    LegalBasis, Policy, Right, SubscriberState, diff,
};
use jiff::{Timestamp, tz::TimeZone};

const DEMO: &str = include_str!("../../../policy/policies/saas-portal.toml");

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn periods_are_in_the_right_number() {
    let messages = Messages::embedded();
    for (period, english, french) in [
        ("1 minute", "1 minute", "1\u{a0}minute"),
        ("10 minutes", "10 minutes", "10\u{a0}minutes"),
        ("1 hour", "1 hour", "1\u{a0}heure"),
        ("24 hours", "24 hours", "24\u{a0}heures"),
        ("1 day", "1 day", "1\u{a0}jour"),
        ("30 days", "30 days", "30\u{a0}jours"),
        ("2 weeks", "2 weeks", "2\u{a0}semaines"),
        ("1 month", "1 month", "1\u{a0}mois"),
        ("12 months", "12 months", "12\u{a0}mois"),
        ("1 year", "1 year", "1\u{a0}an"),
        ("3 years", "3 years", "3\u{a0}ans"),
    ] {
        let period = period.parse().unwrap();
        assert_eq!(messages.period(En, period), english);
        assert_eq!(messages.period(Fr, period), french);
    }
}

#[test]
fn a_date_is_the_day_in_the_zone_of_the_policy() {
    let messages = Messages::embedded();
    let paris = TimeZone::get("Europe/Paris").unwrap();
    let late = instant("2026-11-21T23:30:00Z");
    assert_eq!(messages.date(En, late, &TimeZone::UTC), "21 November 2026");
    assert_eq!(messages.date(En, late, &paris), "22 November 2026");
    assert_eq!(messages.date(Fr, late, &paris), "22 novembre 2026");
    assert_eq!(
        messages.date(Fr, instant("2026-12-01T12:00:00Z"), &paris),
        "1er décembre 2026"
    );
}

#[test]
fn a_time_names_its_zone_in_summer_and_in_winter() {
    let messages = Messages::embedded();
    let paris = TimeZone::get("Europe/Paris").unwrap();
    let (winter, summer) = (
        instant("2026-11-22T08:05:00Z"),
        instant("2026-07-01T12:00:00Z"),
    );
    assert_eq!(
        messages.date_time(En, winter, &paris),
        "22 November 2026 at 09:05 (CET)"
    );
    assert_eq!(
        messages.date_time(Fr, summer, &paris),
        "1er juillet 2026 à 14\u{a0}h\u{a0}00 (CEST)"
    );
}

#[test]
fn a_missing_text_is_seen_and_does_not_fail() {
    assert_eq!(
        Messages::embedded().text(En, "no-such-text", &[]),
        "⟦no-such-text⟧"
    );
}

/// S2-61, S4-08: whatever people are told of has words, in every language.
#[test]
fn every_class_of_change_that_concerns_people_has_words() {
    let messages = Messages::embedded();
    let quiet = [Class::Bookkeeping, Class::Operation];
    for class in Class::ALL.iter().filter(|class| !quiet.contains(class)) {
        for language in [En, Fr] {
            let words = messages.text(language, &format!("change-{class}"), &[]);
            assert!(!words.contains('⟦'), "{words}");
        }
    }
    let words = |name: &str| {
        let shown = [LegalBasis::ALL
            .map(|one| format!("change-basis-{one}"))
            .to_vec()];
        let rights = Right::ALL.iter().map(|one| format!("change-right-{one}"));
        let states = SubscriberState::ALL.iter();
        let states = states.map(|one| format!("change-state-{one}"));
        let mut all = shown.into_iter().flatten().chain(rights).chain(states);
        all.find(|id| messages.text(En, id, &[]).contains(name))
    };
    assert_eq!(words("⟦"), None);
}

#[test]
fn a_longer_period_is_told_with_both_periods() {
    let longer = DEMO.replacen("after = \"12 months\"", "after = \"2 years\"", 1);
    let longer = Policy::parse(&longer, "policy.toml").unwrap();
    let differences = diff(&Policy::demo(), &longer);
    let told = |language| Messages::embedded().difference(language, &differences[0]);
    assert_eq!(
        told(En).unwrap(),
        "Subscribers – unconfirmed: kept for 2 years in place of 12 months."
    );
    let french = told(Fr).unwrap().replace('\u{a0}', " ");
    assert!(
        french.ends_with("non confirmés : conservation pendant 2 ans au lieu de 12 mois."),
        "{french}"
    );
}
