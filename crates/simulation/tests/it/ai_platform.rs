//! The policy of a platform for interviews: accounts as long as they are used, archives with an end.

use crate::rehearsed;
use crate::support::{Simulated, simulate};

const POLICY: &str = include_str!("../../../policy/policies/ai-platform.toml");

/// S2-20, S2-21, S4-15, S4-44, S4-45, S4-46, S4-47, S4-48, S4-49, S4-50, S4-78: accounts as long as
/// they are used, data until somebody asks, archives with an end. On every day of 7 years the pass
/// did what was due, and nothing was overdue after it.
#[test]
fn the_platform_keeps_everything_as_long_as_it_says() {
    let simulated = simulate(POLICY, 7);
    simulated.every_rule_acted();
    uploads_do_not_outlast_their_anonymisation(&simulated);
    unused_accounts_are_reviewed_after_two_years(&simulated);
    a_request_ends_data_and_not_the_account(&simulated);
    deleted_accounts_go_at_once(&simulated);
    proof_of_a_contract_is_archived_for_five_years(&simulated);
    anonymised_data_are_archived_after_a_year_and_go_after_five(&simulated);
    everything_else_has_its_period(&simulated);
    rehearsed::open_requests_are_listed_after_a_month(&simulated);
    rehearsed::answered_requests_go_after(&simulated, "5 years");
}

/// S4-15: anonymised at once, and what could not be anonymised goes after a week.
fn uploads_do_not_outlast_their_anonymisation(simulated: &Simulated) {
    simulated
        .rule("uploads", "purge-anonymised-uploads")
        .acts_at_once();
    simulated
        .rule("uploads", "purge-failed-uploads")
        .acts_after("7 days");
}

/// S4-44: no clock while the account is active; somebody looks at one that is not used.
fn unused_accounts_are_reviewed_after_two_years(simulated: &Simulated) {
    simulated
        .rule("accounts", "review-unused")
        .acts_after("2 years");
}

/// S4-45: the data go, and no rule of the account acts on the request.
fn a_request_ends_data_and_not_the_account(simulated: &Simulated) {
    simulated
        .rule("uploads", "purge-uploads-on-request")
        .acts_at_once();
    simulated
        .rule("interests", "purge-interests-on-request")
        .acts_at_once();
}

/// S4-46, S4-78.
fn deleted_accounts_go_at_once(simulated: &Simulated) {
    simulated.rule("accounts", "purge-deleted").acts_at_once();
    simulated
        .rule("subscribers", "purge-erased")
        .acts_after("1 minute");
}

/// S4-47, S4-49, S4-50: proof of the contract, apart from the rest, for the limitation period.
fn proof_of_a_contract_is_archived_for_five_years(simulated: &Simulated) {
    simulated
        .rule("acceptances", "archive-acceptances")
        .acts_at_once();
    simulated
        .rule("acceptances", "purge-archived-acceptances")
        .acts_after("5 years");
}

/// S4-48, S4-50.
fn anonymised_data_are_archived_after_a_year_and_go_after_five(simulated: &Simulated) {
    simulated
        .rule("qualitative-data", "archive-reported")
        .acts_after("12 months");
    simulated
        .rule("qualitative-data", "purge-archived-reports")
        .acts_after("5 years");
}

fn everything_else_has_its_period(simulated: &Simulated) {
    simulated
        .rule("qualitative-data", "purge-unreported")
        .acts_after("2 years");
    simulated
        .rule("support", "purge-support")
        .acts_after("3 years");
    simulated
        .rule("interests", "purge-interests")
        .acts_after("2 years");
    simulated
        .rule("subscribers", "purge-unconfirmed")
        .acts_after("6 months");
    simulated
        .rule("subscribers", "purge-inactive")
        .acts_after("3 years");
    simulated
        .rule("subscribers", "purge-unsubscribed")
        .acts_after("3 years");
}
