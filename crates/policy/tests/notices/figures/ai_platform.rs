//! S4: the AI platform.

use consentry_policy::{ErasureGround, Mechanism, Pause, Region, Right};

use super::{deadlines, desk, offers_the_rights_of_the_law};
use crate::files::{fields, policy, stages};

/// S4-44, S4-46, S4-78: no clock ends an active account; a deleted one goes at once.
#[test]
fn accounts_last_as_long_as_they_are_active() {
    let policy = policy("ai-platform");
    assert_eq!(
        stages(&policy, "accounts"),
        [
            "review active: 2 years from last-login",
            "purge deleted: at deletion"
        ]
    );
    assert_eq!(
        stages(&policy, "subscribers").last().map(String::as_str),
        Some("purge erased: 1 minute from erasure-request")
    );
}

/// S4-14, S4-15, S4-45, S4-48, S4-50: what is uploaded is gone once it is anonymised, and what is
/// anonymous is archived for five years.
#[test]
fn qualitative_data_are_anonymised_first() {
    let policy = policy("ai-platform");
    assert_eq!(
        stages(&policy, "uploads"),
        [
            "purge: at anonymisation",
            "purge: 7 days from upload",
            "purge: on data-erasure-requested",
        ]
    );
    assert_eq!(
        stages(&policy, "qualitative-data"),
        [
            "archive: 12 months from report",
            "purge: 2 years from anonymisation",
            "purge in the archive: 5 years from report",
        ]
    );
    let anonymous = policy.dataset("qualitative-data").expect("data");
    assert!(anonymous.anonymised_at_collection);
    let uploads = policy.dataset("uploads").expect("uploads");
    assert!(uploads.field("consent_origin").expect("a field").mandatory);
}

/// S4-47, S4-49, S4-50: the proof of a contract is archived when the account ends, and goes after
/// five years.
#[test]
fn proof_is_archived_for_the_limitation_period() {
    let policy = policy("ai-platform");
    assert_eq!(
        stages(&policy, "acceptances"),
        [
            "archive: at account-end",
            "purge in the archive: 5 years from account-end"
        ]
    );
    let minimum = &policy.dataset("acceptances").expect("acceptances").minima[0];
    assert_eq!(minimum.period.to_string(), "5 years");
}

/// S4-13: a first name and an address.
#[test]
fn an_account_is_a_first_name_and_an_address() {
    let policy = policy("ai-platform");
    let accounts = policy.dataset("accounts").expect("accounts");
    assert_eq!(fields(accounts)[..2], ["first_name", "email"]);
}

/// S4-96 to S4-100: one month, once more when it is complex, free unless excessive, and a clock that
/// rests while it is doubtful who asks.
#[test]
fn requests_are_answered_within_a_month() {
    let policy = policy("ai-platform");
    assert!(offers_the_rights_of_the_law(&policy));
    assert_eq!(
        deadlines(&policy),
        ("1 month".to_owned(), Some("1 month".to_owned()))
    );
    let rights = desk(&policy);
    assert_eq!(rights.pause, Pause::IdentityDoubt);
    assert!(rights.free && rights.fee_when_excessive && rights.copy_fee.is_none());
    assert!(rights.offered.contains(&Right::ProcessorList));
}

/// S4-79 to S4-84: six grounds for erasure, a legal duty among them.
#[test]
fn six_grounds_for_erasure_are_known() {
    let policy = policy("ai-platform");
    let grounds = &desk(&policy).erasure_grounds;
    assert_eq!(grounds[..], *ErasureGround::ALL);
}

/// S4-31 to S4-33, S4-39 to S4-43: three providers and their safeguards, on the continent.
#[test]
fn providers_have_their_safeguards() {
    let policy = policy("ai-platform");
    assert_eq!(policy.region, Some(Region::Europe));
    let mechanism = |id: &str| {
        let id = id.parse().expect("an id");
        let recipient = policy.recipient(&id).expect("a recipient");
        assert!(recipient.contract.is_some());
        recipient.transfer.as_ref().map(|one| one.mechanism)
    };
    assert_eq!(mechanism("hosting"), None);
    assert_eq!(mechanism("language-models"), Some(Mechanism::Adequacy));
    assert_eq!(mechanism("support-desk"), Some(Mechanism::StandardClauses));
    assert_eq!(mechanism("security"), Some(Mechanism::BindingRules));
    let models = "language-models".parse().expect("an id");
    assert!(
        policy
            .recipient(&models)
            .expect("a recipient")
            .anonymised_only
    );
}

/// S4-101, S4-102: the authority with its telephone, fax, hours and links.
#[test]
fn the_authority_can_be_reached() {
    let authority = policy("ai-platform").authority.expect("an authority");
    assert!(authority.phone.is_some() && authority.fax.is_some() && authority.hours.is_some());
    assert!(authority.complaint_form.is_some());
}

/// S4-08, S4-10: a substantial change is mailed, and the measures have a date of review.
#[test]
fn versions_are_told_and_reviewed() {
    let policy = policy("ai-platform");
    assert_eq!(policy.change.expect("a change").substantial, Some(true));
    assert!(policy.notice.expect("a notice").review.is_some());
}
