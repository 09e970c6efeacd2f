//! The policy of a vendor of self-care software: contracts, books, chats, prospects, applicants.

use crate::picture;
use crate::rehearsed;
use crate::support::{Simulated, simulate};

const POLICY: &str = include_str!("../../../policy/policies/self-care.toml");

/// S2-20, S2-21, S3-27, S3-47, S3-48, S3-49, S3-50, S3-52, S3-53, S3-54, S3-83, S3-84, S3-107,
/// S3-113, S3-126, S3-145: contracts, books, chats, prospects and applicants, each until their day.
/// On every day of 12 years the pass did what was due, and nothing was overdue after it.
#[test]
fn the_vendor_of_self_care_keeps_everything_as_long_as_it_says() {
    let simulated = simulate(POLICY, 12);
    simulated.every_rule_acted();
    clients_and_suppliers_go_five_years_after_their_contract(&simulated);
    accounting_documents_stay_for_ten_years(&simulated);
    prospects_and_silent_subscribers_go_after_three_years(&simulated);
    whoever_unsubscribes_is_forgotten_the_next_day(&simulated);
    an_erasure_is_final_the_next_day(&simulated);
    registrations_go_three_years_after_the_webinar(&simulated);
    applicants_go_two_years_after_the_refusal(&simulated);
    chats_are_anonymised_after_six_months(&simulated);
    a_record_of_chats_is_archived_and_purged(&simulated);
    the_end_of_a_contract_ends_what_was_processed_under_it(&simulated);
    logs_and_unused_accounts_have_their_own_periods(&simulated);
    rehearsed::open_requests_are_listed_after_a_month(&simulated);
    rehearsed::answered_requests_go_after(&simulated, "5 years");
    rehearsed::cookie_choices_end_after_thirteen_months(&simulated);
    picture::fits_its_width(&simulated.timeline);
}

/// S3-48: five years after the contract; while it runs, somebody looks at it.
fn clients_and_suppliers_go_five_years_after_their_contract(simulated: &Simulated) {
    simulated
        .rule("clients", "purge-clients")
        .acts_after("5 years");
    simulated
        .rule("suppliers", "purge-suppliers")
        .acts_after("5 years");
    simulated
        .rule("clients", "review-running-contracts")
        .acts_after("5 years");
    simulated
        .rule("suppliers", "review-running-contracts")
        .acts_after("5 years");
}

/// S3-49, S3-84: ten years from the end of the financial year, whatever else is asked for.
fn accounting_documents_stay_for_ten_years(simulated: &Simulated) {
    let rule = simulated.rule("accounting-documents", "purge-documents");
    rule.acts_after("10 years");
    let punctual = rule.timeline.acts.iter().filter(|act| !act.delayed);
    let days: Vec<_> = punctual
        .map(|act| (act.day.month(), act.day.day()))
        .collect();
    assert!(days.iter().all(|day| *day == (1, 1)), "{days:?}");
}

/// S3-50.
fn prospects_and_silent_subscribers_go_after_three_years(simulated: &Simulated) {
    simulated
        .rule("prospects", "purge-prospects")
        .acts_after("3 years");
    simulated
        .rule("subscribers", "purge-inactive")
        .acts_after("3 years");
}

/// S3-52.
fn whoever_unsubscribes_is_forgotten_the_next_day(simulated: &Simulated) {
    simulated
        .rule("subscribers", "purge-unsubscribed")
        .acts_after("1 day");
}

/// S3-83.
fn an_erasure_is_final_the_next_day(simulated: &Simulated) {
    simulated
        .rule("subscribers", "purge-erased")
        .acts_after("1 day");
}

/// S3-53: from the end of the webinar, which another table holds.
fn registrations_go_three_years_after_the_webinar(simulated: &Simulated) {
    simulated
        .rule("webinar-registrations", "purge-registrations")
        .acts_after("3 years");
}

/// S3-54: from the refusal; an application that waits is looked at.
fn applicants_go_two_years_after_the_refusal(simulated: &Simulated) {
    simulated
        .rule("applicants", "purge-rejected")
        .acts_after("2 years");
    simulated
        .rule("applicants", "review-pending")
        .acts_after("6 months");
}

/// S3-113, S3-126.
fn chats_are_anonymised_after_six_months(simulated: &Simulated) {
    simulated
        .rule("chats", "anonymise-chats")
        .acts_after("6 months");
}

/// S3-27: into the archive, and out of it.
fn a_record_of_chats_is_archived_and_purged(simulated: &Simulated) {
    simulated
        .rule("chats", "record-chats")
        .acts_after("13 months");
    simulated
        .rule("chats", "purge-records")
        .acts_after("5 years");
}

/// S3-107, S3-145: in every dataset that waits for it.
fn the_end_of_a_contract_ends_what_was_processed_under_it(simulated: &Simulated) {
    simulated.rule("chats", "end-of-contract").acts_at_once();
    simulated
        .rule("client-employees", "end-of-contract")
        .acts_at_once();
}

/// S3-47: identifiers and logs have periods of their own.
fn logs_and_unused_accounts_have_their_own_periods(simulated: &Simulated) {
    simulated.rule("logs", "purge-logs").acts_after("12 months");
    simulated
        .rule("client-employees", "purge-unused-accounts")
        .acts_after("2 years");
}
