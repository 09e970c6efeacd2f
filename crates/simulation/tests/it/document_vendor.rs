//! The policy of a vendor of documents: five years from the last interaction, each dataset for itself.

use crate::rehearsed;
use crate::support::{Simulated, simulate};

const POLICY: &str = include_str!("../../../policy/policies/document-vendor.toml");

/// S1-41, S1-42, S1-43, S1-44, S1-45, S1-46, S1-47, S2-20, S2-21: five years from the last
/// interaction, each dataset for itself, or until somebody asks. On every day of 7 years the pass
/// did what was due, and nothing was overdue after it.
#[test]
fn the_vendor_of_documents_keeps_everything_as_long_as_it_says() {
    let simulated = simulate(POLICY, 7);
    simulated.every_rule_acted();
    silent_subscribers_go_after_five_years(&simulated);
    brochures_are_kept_for_five_years(&simulated);
    white_papers_are_kept_for_five_years(&simulated);
    contact_requests_are_kept_for_five_years(&simulated);
    accounts_and_posts_are_kept_for_five_years(&simulated);
    a_request_ends_everything_before_its_period(&simulated);
    applications_are_kept_for_two_years(&simulated);
    rehearsed::open_requests_are_listed_after_a_month(&simulated);
    rehearsed::answered_requests_go_after(&simulated, "5 years");
    rehearsed::cookie_choices_end_after_six_months(&simulated);
}

/// S1-42.
fn silent_subscribers_go_after_five_years(simulated: &Simulated) {
    simulated
        .rule("subscribers", "purge-inactive")
        .acts_after("5 years");
}

/// S1-43.
fn brochures_are_kept_for_five_years(simulated: &Simulated) {
    simulated
        .rule("brochures", "purge-brochures")
        .acts_after("5 years");
}

/// S1-44.
fn white_papers_are_kept_for_five_years(simulated: &Simulated) {
    simulated
        .rule("white-papers", "purge-white-papers")
        .acts_after("5 years");
}

/// S1-45.
fn contact_requests_are_kept_for_five_years(simulated: &Simulated) {
    simulated
        .rule("contacts", "purge-contacts")
        .acts_after("5 years");
}

/// S1-46: a log-in and a post count, whichever is later.
fn accounts_and_posts_are_kept_for_five_years(simulated: &Simulated) {
    simulated
        .rule("accounts", "purge-accounts")
        .acts_after("5 years");
}

/// S1-47: the request ends them in every dataset, if it comes first.
fn a_request_ends_everything_before_its_period(simulated: &Simulated) {
    for (dataset, rule) in [
        ("brochures", "purge-brochures-on-request"),
        ("white-papers", "purge-white-papers-on-request"),
        ("contacts", "purge-contacts-on-request"),
        ("accounts", "purge-accounts-on-request"),
    ] {
        simulated.rule(dataset, rule).acts_at_once();
    }
    simulated
        .rule("subscribers", "purge-erased")
        .acts_after("30 days");
}

/// S1-41: a rule for each dataset: applications go sooner than the rest.
fn applications_are_kept_for_two_years(simulated: &Simulated) {
    simulated
        .rule("applications", "purge-applications")
        .acts_after("2 years");
}
