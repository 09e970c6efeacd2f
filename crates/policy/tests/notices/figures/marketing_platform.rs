//! S2: the marketing platform.

use consentry_policy::{Announcement, FieldFormat, Method, Role};

use super::{deadlines, offers_the_rights_of_the_law};
use crate::files::{policy, stages};

/// S2-22 to S2-27, S2-29, S2-30, S2-32: a datum goes, the row is archived, the archive is purged;
/// both stores are reached when the person asks (S2-33, S2-41).
#[test]
fn contacts_go_step_by_step() {
    assert_eq!(
        stages(&policy("marketing-platform"), "contacts"),
        [
            "purge phone: 18 months from last-activity",
            "archive: 3 years from last-activity",
            "purge in the archive: 5 years from last-activity",
            "purge: on erasure-requested",
            "purge in the archive: on erasure-requested",
        ]
    );
}

/// S2-15, S2-26, S2-27, S2-28: by dataset, field and state, in days and weeks.
#[test]
fn users_have_rules_by_state_and_by_field() {
    assert_eq!(
        stages(&policy("marketing-platform"), "users"),
        [
            "purge open: 2 years from last-login",
            "purge last_ip: 8 weeks from last-login",
            "purge closed: 30 days from closure",
        ]
    );
}

/// S2-17, S2-18, S2-19: the address and the words go, the month stays.
#[test]
fn results_are_anonymised_and_months_stay() {
    let policy = policy("marketing-platform");
    let results = policy.dataset("campaign-results").expect("results");
    let anonymise = &results.stages[0];
    assert_eq!(
        anonymise.after.map(|after| after.to_string()),
        Some("13 months".to_owned())
    );
    let method = |name: &str| {
        let (_, method) = anonymise.methods.iter().find(|(field, _)| field == name)?;
        Some(method.to_string())
    };
    assert_eq!(method("email").as_deref(), Some("drop"));
    assert_eq!(method("reply").as_deref(), Some("drop"));
    assert_eq!(method("sent_at").as_deref(), Some("date-bucket(month)"));
    assert_eq!(policy.engine.smallest_group, 10);
}

/// S2-10: a birthday is a day and a month.
#[test]
fn a_birthday_has_no_year() {
    let policy = policy("marketing-platform");
    let contacts = policy.dataset("contacts").expect("contacts");
    let birthday = contacts.field("birthday").expect("a birthday");
    assert_eq!(birthday.format, FieldFormat::DayMonth);
    assert_eq!(birthday.at_write, Some(Method::MonthAndDay));
}

/// S2-11, S2-14: every datum has a justification, and every dataset an end.
#[test]
fn nothing_is_collected_without_need_or_end() {
    for dataset in policy("marketing-platform").datasets {
        assert!(!dataset.stages.is_empty(), "{}", dataset.id);
        for field in &dataset.fields {
            assert!(
                field.justification.is_some(),
                "{}: {}",
                dataset.id,
                field.id
            );
        }
    }
}

/// S2-34, S2-52, S2-63: a processor for clients' contacts, a controller for its own site.
#[test]
fn the_vendor_has_both_roles() {
    let policy = policy("marketing-platform");
    for (dataset, role) in [
        ("contacts", Role::Processor),
        ("campaign-results", Role::Processor),
        ("subscribers", Role::Controller),
        ("users", Role::Controller),
    ] {
        assert_eq!(
            policy.dataset(dataset).expect(dataset).role,
            role,
            "{dataset}"
        );
    }
    assert!(policy.processor.is_some());
}

/// S2-20: the engine runs every day at a stated hour.
#[test]
fn the_daily_pass_has_an_hour() {
    let policy = policy("marketing-platform");
    assert_eq!(policy.engine.daily_at.to_string(), "03:00:00");
}

/// S2-39, S2-40, S2-42, S2-43, S2-51: every right, within 30 days, with an alarm before.
#[test]
fn requests_are_processed_within_thirty_days() {
    let policy = policy("marketing-platform");
    assert!(offers_the_rights_of_the_law(&policy));
    assert_eq!(deadlines(&policy), ("30 days".to_owned(), None));
    assert!(policy.rights.expect("rights").alarm.is_some());
}

/// S2-05, S2-06, S2-61, S2-62: updated, announced on the site and by e-mail, self-hosted.
#[test]
fn changes_are_announced_by_both_means() {
    let policy = policy("marketing-platform");
    let change = policy.change.as_ref().expect("a change");
    assert_eq!(change.announce, [Announcement::Banner, Announcement::Mail]);
    assert!(
        policy
            .notice
            .as_ref()
            .expect("a notice")
            .review_every
            .is_some()
    );
    assert!(policy.main_host().is_controller);
}
