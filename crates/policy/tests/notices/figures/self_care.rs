//! S3: the vendor of self-care assistants.

use consentry_policy::{ContractEnd, EndOf, ErasureGround, HostRole, Region, Right, Role};

use super::{deadlines, desk, offers_the_rights_of_the_law};
use crate::files::{policy, stages};

/// S3-48: the contract, and five years; nothing is purged while it runs.
#[test]
fn clients_and_suppliers_stay_five_years_after_the_contract() {
    for dataset in ["clients", "suppliers"] {
        assert_eq!(
            stages(&policy("self-care"), dataset),
            [
                "review under-contract: 5 years from contract-renewal",
                "purge ended: 5 years from contract-end",
            ]
        );
    }
}

/// S3-49: ten years from the end of the financial year, as the law requires at least.
#[test]
fn accounting_documents_stay_ten_years() {
    let policy = policy("self-care");
    assert_eq!(
        stages(&policy, "accounting-documents"),
        ["purge: 10 years from financial-year"]
    );
    let documents = policy.dataset("accounting-documents").expect("documents");
    assert_eq!(documents.minima[0].period.to_string(), "10 years");
    let clock = documents.clock("financial-year").expect("a clock");
    assert_eq!(clock.end_of, Some(EndOf::FinancialYear));
}

/// S3-50, S3-53, S3-54: three years for prospects and after a webinar, two after a refusal; who is
/// not answered is looked at.
#[test]
fn prospects_webinars_and_candidates_have_their_periods() {
    let policy = policy("self-care");
    assert_eq!(
        stages(&policy, "prospects"),
        ["purge: 3 years from last-interaction"]
    );
    assert_eq!(
        stages(&policy, "webinar-registrations"),
        ["purge: 3 years from webinar-end"]
    );
    assert_eq!(
        stages(&policy, "applicants"),
        [
            "review pending: 6 months from application",
            "purge rejected: 2 years from rejection",
        ]
    );
}

/// S3-52: newsletters until one unsubscribes.
#[test]
fn subscribers_stay_until_they_leave() {
    assert_eq!(
        stages(&policy("self-care"), "subscribers"),
        [
            "purge pending: 6 months from first-submission",
            "purge confirmed: 3 years from last-interaction",
            "purge unsubscribed: 1 day from last-departure",
            "purge erased: 1 day from erasure-request",
        ]
    );
}

/// S3-27, S3-113, S3-126, S3-145: conversations lose what identifies, a sealed record stays for
/// claims, and all goes when the client's contract ends.
#[test]
fn conversations_are_anonymised_then_archived() {
    assert_eq!(
        stages(&policy("self-care"), "chats"),
        [
            "archive: 13 months from last-message",
            "anonymise: 6 months from last-message",
            "purge in the archive: 5 years from last-message",
            "purge: on contract-ended",
        ]
    );
}

/// S3-47, S3-55: every dataset has a rule, and the rest a date by which somebody decides.
#[test]
fn nothing_is_without_a_rule() {
    let policy = policy("self-care");
    assert!(
        policy
            .datasets
            .iter()
            .all(|dataset| !dataset.stages.is_empty())
    );
    assert!(
        policy
            .catch_all
            .expect("a rule for the rest")
            .review
            .is_some()
    );
}

/// S3-11, S3-13, S3-163: a processor for conversations and for clients' staff.
#[test]
fn the_vendor_is_a_processor_for_its_clients_data() {
    let policy = policy("self-care");
    for dataset in &policy.datasets {
        let is_theirs = ["chats", "client-employees"].contains(&dataset.id.as_str());
        assert_eq!(dataset.role == Role::Processor, is_theirs, "{}", dataset.id);
    }
}

/// S3-24, S3-31: four topics for clients, two for prospects, none ticked but the newsletter.
#[test]
fn six_topics_can_be_chosen_one_by_one() {
    let policy = policy("self-care");
    let of = |purpose: &str| {
        let topics = policy.topics.iter();
        topics
            .filter(|topic| topic.purpose.as_str() == purpose)
            .count()
    };
    assert_eq!((of("client-news"), of("prospecting")), (4, 2));
    assert_eq!(policy.default_topics().count(), 1);
}

/// S3-36: one of four bases for every purpose.
#[test]
fn every_purpose_rests_on_one_of_four_bases() {
    for purpose in policy("self-care").purposes {
        let four = [
            "consent",
            "legitimate-interest",
            "contract",
            "legal-obligation",
        ];
        assert!(four.contains(&purpose.basis.as_str()), "{}", purpose.id);
    }
}

/// S3-43, S3-44: one main host and four partners, all in the Union.
#[test]
fn five_hosts_are_in_the_union() {
    let policy = policy("self-care");
    assert!(
        policy
            .hosts
            .iter()
            .all(|host| host.country.is_in(Region::Eu))
    );
    let partners = policy
        .hosts
        .iter()
        .filter(|host| host.role == HostRole::Partner);
    assert_eq!((policy.hosts.len(), partners.count()), (5, 4));
}

/// S3-56 to S3-62, S3-83, S3-95, S3-137: one month, free, a fee for further copies, and what a
/// request must state.
#[test]
fn requests_are_answered_within_a_month() {
    let policy = policy("self-care");
    assert!(offers_the_rights_of_the_law(&policy));
    assert_eq!(deadlines(&policy), ("1 month".to_owned(), None));
    let rights = desk(&policy);
    assert!(rights.free && rights.copy_fee.is_some());
    assert_eq!(rights.child_age, Some(16));
    assert!(rights.offered.contains(&Right::PostMortem));
    assert!(rights.erasure_grounds.contains(&ErasureGround::Child));
    assert!(!rights.erasure_grounds.contains(&ErasureGround::LegalDuty));
    let by_hand = rights
        .channels
        .iter()
        .filter(|channel| !channel.requires.is_empty());
    let asked: Vec<Vec<&str>> = by_hand
        .map(|channel| channel.requires.iter().map(|one| one.id.as_str()).collect())
        .collect();
    assert_eq!(asked, [["full-name", "reply-to", "identity-document"]; 2]);
}

/// S3-99, S3-100, S3-109, S3-123, S3-145 to S3-147, S3-150, S3-156 to S3-159: the clocks and choices
/// of the annex.
#[test]
fn the_annex_has_its_figures() {
    let policy = policy("self-care");
    let terms = policy.processor.as_ref().expect("an annex");
    assert_eq!(terms.operations.len(), 10);
    assert_eq!(
        terms.objection.map(|one| one.to_string()).as_deref(),
        Some("8 days")
    );
    assert_eq!(terms.audits_per_year, Some(1));
    let notice = terms.audit_notice.map(|one| one.to_string());
    assert_eq!(notice.as_deref(), Some("10 working days"));
    assert!(terms.audit_at_controllers_cost && terms.certificate);
    assert_eq!(
        terms.at_end,
        [
            ContractEnd::Destroy,
            ContractEnd::Return,
            ContractEnd::HandOver
        ]
    );
    assert_eq!(terms.region, Some(Region::Eu));
    let hours = policy.working_time.expect("working time").business_hours;
    assert_eq!(hours.as_deref(), Some("09:00-18:00"));
}

/// S3-162: nobody owes a duty to itself, and duties of the client are the client's.
#[test]
fn every_duty_has_two_parties() {
    let terms = policy("self-care").processor.expect("an annex");
    assert!(
        terms
            .duties
            .iter()
            .all(|duty| duty.debtor != duty.beneficiary)
    );
    let of_the_client: Vec<&str> = terms
        .duties
        .iter()
        .filter(|duty| duty.debtor.as_str() == "controller")
        .map(|duty| duty.id.as_str())
        .collect();
    assert!(of_the_client.contains(&"consent-of-people"));
    assert!(of_the_client.contains(&"breach-to-people"));
}
