//! S1: the vendor of document software.

use consentry_policy::{Direction, Mechanism, Region};

use super::{basis, deadlines, offers_the_rights_of_the_law};
use crate::files::{fields, policy, stages};

const FIVE_YEARS: &str = "purge: 5 years from last-interaction";
const ON_REQUEST: &str = "purge: on erasure-requested";

/// S1-41, S1-42, S1-47, S1-127: newsletter subscribers stay for five years from the last
/// interaction, or until they ask; the same form as S0, on consent.
#[test]
fn subscribers_stay_for_five_years() {
    let policy = policy("document-vendor");
    assert_eq!(
        stages(&policy, "subscribers"),
        [
            "purge pending: 12 months from first-submission",
            "purge confirmed: 5 years from last-interaction",
            "purge unsubscribed: 3 years from last-departure",
            "purge erased: 30 days from erasure-request",
        ]
    );
    assert!(
        policy
            .topics
            .iter()
            .all(|topic| topic.basis.as_str() == "consent")
    );
}

/// S1-43, S1-44, S1-45, S1-46, S1-47: brochures, white papers, contacts and accounts end five years
/// after the last interaction, or when it is asked for.
#[test]
fn everything_else_stays_for_five_years_too() {
    let policy = policy("document-vendor");
    for dataset in ["brochures", "white-papers", "contacts", "accounts"] {
        assert_eq!(
            stages(&policy, dataset),
            [FIVE_YEARS, ON_REQUEST],
            "{dataset}"
        );
        let dataset = policy.dataset(dataset).expect(dataset);
        let clock = dataset.clock("last-interaction").expect("a clock");
        assert!(!clock.counts.is_empty(), "{}: S1-48", dataset.id);
    }
}

/// S1-01, S1-129: recruitment has a purpose, a basis, an end and people who see it.
#[test]
fn recruitment_is_more_than_a_word() {
    let policy = policy("document-vendor");
    let applications = policy.dataset("applications").expect("applications");
    assert!(applications.enabled && !applications.teams.is_empty());
    assert_eq!(applications.purposes.len(), 1);
    assert_eq!(
        stages(&policy, "applications"),
        ["purge: 2 years from last-contact"]
    );
}

/// S1-12, S1-13, S1-14, S1-15, S1-16, S1-17, S1-20, S1-23, S1-24, S1-25, S1-26, S1-27: every
/// purpose has its basis, the one that the notice forgot included.
#[test]
fn each_purpose_has_a_basis() {
    let policy = policy("document-vendor");
    for (purpose, expected) in [
        ("contact-response", "consent"),
        ("information", "consent"),
        ("improvement", "legitimate-interest"),
        ("needs-analysis", "legitimate-interest"),
        ("rights", "legal-obligation"),
        ("legal-duties", "legal-obligation"),
        ("site-account", "contract"),
    ] {
        assert_eq!(basis(&policy, purpose), expected, "{purpose}");
    }
    let one_purpose = policy
        .topics
        .iter()
        .all(|topic| topic.purpose.as_str() == "information");
    assert!(one_purpose && policy.topics.len() == 3);
}

/// S1-07, S1-08: the data of the contact form.
#[test]
fn the_contact_form_has_eight_data_and_a_message() {
    let policy = policy("document-vendor");
    assert_eq!(
        fields(policy.dataset("contacts").expect("contacts")),
        [
            "last_name",
            "first_name",
            "email",
            "phone",
            "employer",
            "position",
            "sector",
            "department",
            "message",
        ]
    );
}

/// S1-28 to S1-32, S1-35, S1-36, S1-37, S1-40: four kinds of recipients with their reason, and the
/// safeguards of transfers.
#[test]
fn recipients_have_their_reason_and_safeguard() {
    let policy = policy("document-vendor");
    let recipient = |id: &str| {
        let id = id.parse().expect("an id");
        policy.recipient(&id).expect("a recipient").clone()
    };
    for id in [
        "technical-providers",
        "analytics-tools",
        "subsidiaries",
        "authorities",
    ] {
        assert!(
            !recipient(id)
                .reason
                .get(policy.languages.default)
                .is_empty()
        );
    }
    assert_eq!(recipient("subsidiaries").direction, Direction::Both);
    let mechanism = |id: &str| recipient(id).transfer.map(|one| one.mechanism);
    assert_eq!(mechanism("subsidiaries"), Some(Mechanism::Adequacy));
    assert_eq!(
        mechanism("remote-maintenance"),
        Some(Mechanism::StandardClauses)
    );
    assert!(recipient("technical-providers").contract.is_some());
}

/// S1-04, S1-05, S1-33, S1-34, S1-56: capital with cents, activity, region, host elsewhere, officer.
#[test]
fn the_controller_is_told_exactly() {
    let policy = policy("document-vendor");
    let capital = policy.controller.capital.as_ref().expect("a capital");
    assert_eq!(
        (capital.hundredths, capital.shows_cents),
        (36_802_968, true)
    );
    assert!(policy.controller.activity.is_some() && policy.controller.dpo.is_some());
    assert_eq!(policy.region, Some(Region::Eu));
    assert!(policy.main_host().document.is_some());
}

/// S1-49 to S1-55: every right, within a month.
#[test]
fn rights_are_answered_within_a_month() {
    let policy = policy("document-vendor");
    assert!(offers_the_rights_of_the_law(&policy));
    assert_eq!(
        deadlines(&policy),
        ("1 month".to_owned(), Some("2 months".to_owned()))
    );
}

/// S1-16, S1-27: a request has an end and a minimum that no objection shortens.
#[test]
fn requests_are_kept_for_a_time_of_their_own() {
    let policy = policy("document-vendor");
    let requests = policy.dataset("requests").expect("requests");
    assert_eq!(
        stages(&policy, "requests")[1],
        "purge closed: 5 years from closed"
    );
    assert_eq!(requests.minima[0].period.to_string(), "1 year");
}
