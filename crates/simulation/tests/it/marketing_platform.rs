//! The policy of a marketing platform: fields, rows and the archive, each at its own time.

use crate::rehearsed;
use crate::support::{Simulated, simulate};

const POLICY: &str = include_str!("../../../policy/policies/marketing-platform.toml");

/// S2-15, S2-17, S2-18, S2-19, S2-20, S2-21, S2-22, S2-24, S2-25, S2-26, S2-27, S2-28, S2-29,
/// S2-30, S2-31, S2-32, S2-33, S2-41, S2-46, S2-48: fields, rows and the archive, each at its own
/// time. On every day of 12 years the pass did what was due, and nothing was overdue after it.
#[test]
fn the_marketing_platform_keeps_everything_as_long_as_it_says() {
    let simulated = simulate(POLICY, 12);
    simulated.every_rule_acted();
    closed_accounts_go_after_thirty_days(&simulated);
    networks_are_forgotten_after_eight_weeks(&simulated);
    telephone_numbers_are_forgotten_after_eighteen_months(&simulated);
    contacts_are_archived_after_three_years(&simulated);
    archived_contacts_go_five_years_after_the_last_activity(&simulated);
    a_request_ends_contacts_wherever_they_lie(&simulated);
    campaign_results_are_anonymised_after_thirteen_months(&simulated);
    campaign_results_go_after_ten_years(&simulated);
    rehearsed::open_requests_are_listed_after_thirty_days(&simulated);
    rehearsed::answered_requests_go_after(&simulated, "3 years");
    rehearsed::cookie_choices_end_after_thirteen_months(&simulated);
}

/// S2-27.
fn closed_accounts_go_after_thirty_days(simulated: &Simulated) {
    simulated
        .rule("users", "purge-closed-accounts")
        .acts_after("30 days");
    simulated
        .rule("users", "purge-unused-accounts")
        .acts_after("2 years");
}

/// S2-26, S2-28: the field is emptied, and its row stays.
fn networks_are_forgotten_after_eight_weeks(simulated: &Simulated) {
    simulated
        .rule("users", "forget-networks")
        .acts_after("8 weeks");
}

/// S2-15, S2-26, S2-29: a rule for one field, sooner than that of its row.
fn telephone_numbers_are_forgotten_after_eighteen_months(simulated: &Simulated) {
    simulated
        .rule("contacts", "forget-phones")
        .acts_after("18 months");
}

/// S2-22, S2-24, S2-25, S2-30.
fn contacts_are_archived_after_three_years(simulated: &Simulated) {
    let rule = simulated.rule("contacts", "archive-contacts");
    rule.acts_after("3 years");
    assert!(!rule.timeline.in_archive);
}

/// S2-26, S2-32: the same rules act on the archive.
fn archived_contacts_go_five_years_after_the_last_activity(simulated: &Simulated) {
    let rule = simulated.rule("contacts", "purge-archived-contacts");
    rule.acts_after("5 years");
    assert!(rule.timeline.in_archive);
}

/// S2-31, S2-33, S2-41, S2-46, S2-48: without a delay, in both places.
fn a_request_ends_contacts_wherever_they_lie(simulated: &Simulated) {
    simulated
        .rule("contacts", "purge-contacts-on-request")
        .acts_at_once();
    simulated
        .rule("contacts", "purge-archived-contacts-on-request")
        .acts_at_once();
}

/// S2-17, S2-18, S2-19: reduced after thirteen months, and still there for the figures.
fn campaign_results_are_anonymised_after_thirteen_months(simulated: &Simulated) {
    simulated
        .rule("campaign-results", "anonymise-results")
        .acts_after("13 months");
}

/// S2-30: counted from the month that anonymising left of the day.
fn campaign_results_go_after_ten_years(simulated: &Simulated) {
    let rule = simulated.rule("campaign-results", "purge-results");
    rule.acts_after("10 years");
}
