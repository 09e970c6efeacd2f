//! S0: the portal.

use consentry_policy::{ChannelKind, FieldFormat};

use super::{basis, deadlines, desk, offers_the_rights_of_the_law};
use crate::files::{fields, policy, stages};

/// S0-32, S0-59, S0-63: 12 months for an address that is never confirmed, 30 days from an erasure
/// request to the purge, and an end for the proof of a departure.
#[test]
fn subscribers_end_as_the_notice_says() {
    assert_eq!(
        stages(&policy("saas-portal"), "subscribers"),
        [
            "purge pending: 12 months from first-submission",
            "purge erased: 30 days from erasure-request",
            "purge unsubscribed: 3 years from last-departure",
        ]
    );
}

/// S0-88, S0-89, S0-90: 90 days, 30 days, 6 months.
#[test]
fn conversations_end_as_the_notice_says() {
    assert_eq!(
        stages(&policy("saas-portal"), "conversations"),
        [
            "purge abandoned: 90 days from last-activity",
            "purge suspicious: 30 days from last-activity",
            "purge qualified: 6 months from qualified",
        ]
    );
}

/// S0-69 to S0-73, S0-77, S0-78, S0-79: what the assistant asks for, and nothing else.
#[test]
fn the_assistant_asks_for_eight_data() {
    let policy = policy("saas-portal");
    let conversations = policy.dataset("conversations").expect("conversations");
    assert_eq!(
        fields(conversations),
        [
            "role",
            "company_size",
            "sector",
            "challenges",
            "hosting_model",
            "first_name",
            "email",
            "phone",
        ]
    );
    let offers_values = |id: &str| {
        let field = conversations.field(id).expect(id);
        field.format == FieldFormat::Choice && !field.values.is_empty()
    };
    assert!(
        ["role", "company_size", "sector", "hosting_model"]
            .into_iter()
            .all(offers_values)
    );
    assert!(
        conversations
            .field("challenges")
            .expect("a field")
            .max_length
            .is_some()
    );
    assert!(!conversations.field("phone").expect("a field").mandatory);
}

/// S0-14, S0-19, S0-20: one datum, a business address.
#[test]
fn a_subscription_is_one_address() {
    let policy = policy("saas-portal");
    assert_eq!(
        fields(policy.dataset("subscribers").expect("subscribers")),
        ["email"]
    );
    assert!(policy.subscription.business_only);
}

/// S0-24, S0-25, S0-80 to S0-83: legitimate interest for news, consent for the three purposes of the
/// assistant.
#[test]
fn each_purpose_has_the_basis_of_the_notice() {
    let policy = policy("saas-portal");
    for purpose in ["product-news", "sales"] {
        assert_eq!(basis(&policy, purpose), "legitimate-interest");
    }
    for purpose in [
        "price-study",
        "study-by-mail",
        "study-follow-up",
        "audience-measurement",
    ] {
        assert_eq!(basis(&policy, purpose), "consent");
    }
}

/// S0-15, S0-16, S0-17, S0-42, S0-67, S0-98: every right, online, by e-mail, and by a letter to a
/// named role that states seven things.
#[test]
fn rights_are_exercised_in_three_ways() {
    let policy = policy("saas-portal");
    assert!(offers_the_rights_of_the_law(&policy));
    assert_eq!(
        deadlines(&policy),
        ("1 month".to_owned(), Some("2 months".to_owned()))
    );
    let [online, email, post] = &desk(&policy).channels[..] else {
        panic!("three channels");
    };
    assert_eq!(online.kind, ChannelKind::Online);
    assert_eq!(email.email.as_ref(), Some(&policy.controller.contact));
    assert_eq!(post.kind, ChannelKind::Post);
    assert!(post.addressee.is_some());
    assert_eq!(post.requires.len(), 7);
}

/// S0-07, S0-08, S0-10: one law, one country's courts, a warning of links, and credits.
#[test]
fn the_legal_notice_is_complete() {
    let notice = policy("saas-portal").notice.expect("a notice");
    assert!(notice.applicable_law.is_some() && notice.jurisdiction.is_some());
    assert!(notice.warns_of_links && notice.credits.is_some());
}

/// S0-34, S0-91: subscribers and conversations lie with the same named host in Roubaix.
#[test]
fn the_place_of_the_data_is_named() {
    let policy = policy("saas-portal");
    for dataset in ["subscribers", "conversations"] {
        let hosts = &policy.dataset(dataset).expect(dataset).hosts;
        assert_eq!(hosts[..], [policy.main_host().id.clone()]);
    }
    assert_eq!(policy.main_host().city.as_deref(), Some("Roubaix"));
}
