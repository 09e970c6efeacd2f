//! The built-in policy carries the figures of S0.

use consentry_policy::{Language, LegalBasis, Policy, Rate, TopicId};

fn topic(id: &str) -> TopicId {
    id.parse().expect("an id")
}

/// S0-99: S0 is one policy file among others, and nothing of it is in the code.
#[test]
fn the_demo_policy_loads_without_a_warning() {
    assert_eq!(Policy::demo().remarks(), []);
}

/// S0-01 to S0-05: the publisher is named, with its form, capital and numbers, beside the brand.
#[test]
fn the_publisher_is_named_apart_from_the_brand() {
    let controller = Policy::demo().controller;
    assert_ne!(controller.name, controller.brand);
    assert!(!controller.address.is_empty());
    assert_eq!(controller.country.name(Language::Fr), "France");
    let capital = controller.capital.expect("a capital");
    assert_eq!(
        (capital.hundredths, capital.currency.as_str()),
        (7_500_000, "EUR")
    );
    assert!(controller.registry_number.is_some() && controller.vat_number.is_some());
}

/// S0-100: no protection officer is declared, and the contact address stands.
#[test]
fn a_policy_without_a_protection_officer_is_complete() {
    let controller = Policy::demo().controller;
    assert_eq!(controller.dpo, None);
    assert_eq!(controller.contact.ascii_domain(), "velmarin.example");
}

/// S0-06, S0-34: the host is fully identified, and so is the place of the data.
#[test]
fn the_host_is_named_with_its_seven_fields_and_the_place() {
    let policy = Policy::demo();
    let host = policy.main_host();
    assert_eq!(host.city.as_deref(), Some("Roubaix"));
    assert!(host.name.is_some() && host.legal_form.is_some() && host.capital.is_some());
    assert!(host.registry_number.is_some() && host.activity_code.is_some());
    assert!(host.vat_number.is_some() && host.phone.is_some());
    assert!(!host.seat.is_empty());
}

/// S0-24, S0-25, S0-47 to S0-49: three topics to leave one by one, on legitimate interest.
#[test]
fn three_topics_rest_on_legitimate_interest() {
    let policy = Policy::demo();
    for id in ["newsletter", "demo", "sales-follow-up"] {
        let topic = policy.topic(&topic(id)).expect(id);
        assert_eq!(topic.basis, LegalBasis::LegitimateInterest);
        assert_eq!(topic.basis.article(), "6(1)(f)");
        assert!(policy.purpose(&topic.purpose).is_some());
    }
    assert_eq!(policy.topic(&topic("surveys")), None);
    let defaults: Vec<&str> = policy
        .default_topics()
        .map(|topic| topic.id.as_str())
        .collect();
    assert_eq!(defaults, ["newsletter"]);
}

/// S0-31, S0-32, S0-63: one reminder, 12 months for a pending address, 30 days to the purge.
#[test]
fn the_periods_are_those_of_the_notice() {
    let policy = Policy::demo();
    assert_eq!(policy.retention().pending.to_string(), "12 months");
    assert_eq!(policy.retention().erased.to_string(), "30 days");
    assert!(policy.backups.keep.is_some());
    assert!(policy.subscription.reminder.is_some());
    assert_eq!(policy.subscription.cool_down.to_string(), "10 minutes");
    assert_eq!(policy.links.preferences, None);
    assert_eq!(policy.time_zone.iana_name(), Some("Europe/Paris"));
    let limit: Rate = "60/minute".parse().expect("a rate");
    assert_eq!(
        (policy.limits.per_client, policy.limits.total),
        (Some(limit), None)
    );
}
