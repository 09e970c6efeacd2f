//! The policy of a portal: people who confirm, leave, and ask for erasure.

use crate::picture;
use crate::rehearsed;
use crate::support::{Simulated, simulate};

const POLICY: &str = include_str!("../../../policy/policies/saas-portal.toml");

/// S0-31, S0-32, S0-33, S0-59, S0-63, S2-20, S2-21: people who confirm, leave, and ask for erasure,
/// each until their day. On every day of 5 years the pass did what was due, and nothing was overdue
/// after it.
#[test]
fn the_portal_keeps_everybody_as_long_as_it_says() {
    let simulated = simulate(POLICY, 5);
    simulated.every_rule_acted();
    unconfirmed_addresses_go_after_twelve_months(&simulated);
    the_one_reminder_goes_out_after_a_week(&simulated);
    whoever_left_is_forgotten_after_three_years(&simulated);
    an_erasure_is_final_after_thirty_days(&simulated);
    the_evidence_goes_with_its_subject(&simulated);
    rehearsed::conversations_end_by_their_state(&simulated);
    rehearsed::open_requests_are_listed_after_a_month(&simulated);
    rehearsed::answered_requests_go_after(&simulated, "3 years");
    rehearsed::cookie_choices_end_after_six_months(&simulated);
    picture::fits_its_width(&simulated.timeline);
}

/// S0-32: a second submission and the reminder do not move the end. S0-33: whoever confirmed is not
/// among them, or the count of people would be another.
fn unconfirmed_addresses_go_after_twelve_months(simulated: &Simulated) {
    simulated
        .rule("subscribers", "purge-unconfirmed")
        .acts_after("12 months");
}

/// S0-31: one each, a week after the first submission.
fn the_one_reminder_goes_out_after_a_week(simulated: &Simulated) {
    simulated
        .rule("subscribers", "reminder")
        .acts_after("7 days");
}

/// S0-59.
fn whoever_left_is_forgotten_after_three_years(simulated: &Simulated) {
    simulated
        .rule("subscribers", "purge-unsubscribed")
        .acts_after("3 years");
}

/// S0-63.
fn an_erasure_is_final_after_thirty_days(simulated: &Simulated) {
    simulated
        .rule("subscribers", "purge-erased")
        .acts_after("30 days");
}

/// S0-59, S0-63: the evidence goes with the record that it is about.
fn the_evidence_goes_with_its_subject(simulated: &Simulated) {
    let evidence = simulated.rule("events", "purge-events");
    evidence.acts_at_once();
    let rules = ["purge-unconfirmed", "purge-unsubscribed", "purge-erased"];
    let purged = rules.map(|rule| simulated.rule("subscribers", rule).timeline.rows());
    assert_eq!(evidence.timeline.rows(), purged.iter().sum::<usize>());
}
