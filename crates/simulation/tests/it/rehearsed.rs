//! The periods of conversations, requests and cookie choices, on the tables that stand in for records
//! which this version does not keep yet. They are rehearsed here, and kept when the records are.

use consentry_simulation::Executor;

use crate::support::Simulated;

/// S0-88, S0-89, S0-90: each state of a conversation has its own end, by the calendar.
pub(crate) fn conversations_end_by_their_state(simulated: &Simulated) {
    rehearses(simulated, "conversations", "purge-abandoned", "90 days");
    rehearses(simulated, "conversations", "purge-suspicious", "30 days");
    rehearses(simulated, "conversations", "purge-qualified", "6 months");
}

/// S3-137, S4-99: an open request is shown to somebody a calendar month after its receipt.
pub(crate) fn open_requests_are_listed_after_a_month(simulated: &Simulated) {
    rehearses(simulated, "requests", "review-open-requests", "1 month");
}

/// S2-51: thirty days, which are no month.
pub(crate) fn open_requests_are_listed_after_thirty_days(simulated: &Simulated) {
    rehearses(simulated, "requests", "review-open-requests", "30 days");
}

/// S3-66: the register has an end of its own, counted from the answer.
pub(crate) fn answered_requests_go_after(simulated: &Simulated, period: &str) {
    rehearses(simulated, "requests", "purge-requests", period);
}

/// S1-70, S1-71: accepted or refused, a choice ends six months after it was made.
pub(crate) fn cookie_choices_end_after_six_months(simulated: &Simulated) {
    rehearses(simulated, "cookie-choices", "purge-accepted", "6 months");
    rehearses(simulated, "cookie-choices", "purge-refused", "6 months");
}

/// S2-59, S2-60, S3-51: accepted or refused, a choice ends thirteen months after it was made.
pub(crate) fn cookie_choices_end_after_thirteen_months(simulated: &Simulated) {
    rehearses(simulated, "cookie-choices", "purge-accepted", "13 months");
    rehearses(simulated, "cookie-choices", "purge-refused", "13 months");
}

#[track_caller]
fn rehearses(simulated: &Simulated, dataset: &str, rule: &str, period: &str) {
    let rule = simulated.rule(dataset, rule);
    assert_eq!(rule.timeline.by, Executor::StandIn);
    rule.acts_after(period);
}
