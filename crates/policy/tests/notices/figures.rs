//! The figures and facts of the five notices, each under the number of its promise.

mod ai_platform;
mod cookies;
mod document_vendor;
mod marketing_platform;
mod saas_portal;
mod self_care;

use consentry_policy::{Policy, Right, Rights};

/// Until when a request is answered: the period, and by how long it may be extended.
fn deadlines(policy: &Policy) -> (String, Option<String>) {
    let rights = desk(policy);
    let extension = rights.extension.map(|period| period.to_string());
    (rights.answer.to_string(), extension)
}

fn desk(policy: &Policy) -> &Rights {
    policy.rights.as_ref().expect("a rights desk")
}

/// Whether the rights of articles 15 to 22 and the withdrawal of a consent are all offered.
fn offers_the_rights_of_the_law(policy: &Policy) -> bool {
    [
        Right::Access,
        Right::Rectify,
        Right::Erase,
        Right::Restrict,
        Right::Port,
        Right::Object,
        Right::AutomatedDecision,
        Right::WithdrawConsent,
    ]
    .iter()
    .all(|right| desk(policy).offered.contains(right))
}

/// The basis of a purpose, as the file writes it.
fn basis(policy: &Policy, purpose: &str) -> &'static str {
    let id = purpose.parse().expect("an id");
    policy.purpose(&id).expect(purpose).basis.as_str()
}
