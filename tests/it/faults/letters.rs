//! Dead letters: in nobody's way, listed, and requeued by the operator.

use consentry_tests::{
    database::Engine,
    smtp::{Fault, Options, Stage as Step},
};

use super::{copies, doctor, listed, names_nobody, open};
use crate::steps::on_each_engine;

on_each_engine!(
    a_poisonous_letter_is_put_aside_and_the_others_go,
    a_dead_letter_is_requeued_by_the_operator,
    settled_letters_leave_the_outbox,
);

/// A record that cannot be opened, and a letter of a kind that this version does not know.
fn a_poisonous_letter_is_put_aside_and_the_others_go(engine: Engine) {
    let stage = open(engine, Options::default());
    for name in ["anna", "ben", "carl", "dora"] {
        stage.sign_up(&format!("{name}@kunde.example"));
    }
    let first = "(SELECT min(id) FROM consentry_letters)";
    let last = "(SELECT max(id) FROM consentry_letters)";
    let of = |letter| format!("(SELECT subject_id FROM consentry_letters WHERE id = {letter})");
    let damage = format!(
        "UPDATE consentry_subjects SET wrapped_key = sealed_address WHERE id = {}",
        of(first)
    );
    stage.site.query(&damage);
    let damage = format!("UPDATE consentry_letters SET kind = 'pigeon' WHERE id = {last}");
    stage.site.query(&damage);
    assert_eq!(stage.pass().len(), 2, "the others go");
    let dead = listed(&stage, &["--state", "failed"]);
    assert_eq!(dead.len(), 2);
    assert!(
        dead.iter().all(|letter| letter["reason"] == "unreadable"),
        "{dead:?}"
    );
    let findings = doctor(&stage, "outbox");
    assert!(
        findings.contains("2 letters are failed for the reason unreadable"),
        "{findings}"
    );
    assert!(stage.pass().is_empty());

    // What was damaged is mended, and the operator says so.
    stage
        .site
        .query("UPDATE consentry_letters SET kind = 'confirmation'");
    stage.admin(&["letters", "retry", "--all"]);
    assert_eq!(stage.pass().len(), 1);
    names_nobody(&stage.log());
}

/// By its number, in the list and in the Message-ID; nothing is sent that is no longer owed.
fn a_dead_letter_is_requeued_by_the_operator(engine: Engine) {
    let mut stage = open(engine, Options::default());
    for name in ["anna", "ben"] {
        let address = format!("{name}@kunde.example");
        stage.sign_up(&address);
        stage
            .relay()
            .once_for(&address, Step::Rcpt, Fault::reply("550 5.1.1 no"));
    }
    stage.no_letter();
    let dead = listed(&stage, &["--state", "failed"]);
    let ids: Vec<_> = dead
        .iter()
        .filter_map(|letter| letter["id"].as_str())
        .collect();
    stage.admin(&["letters", "retry", "--all"]);
    stage.no_letter();
    stage.admin(&["subscriber", "erase", "ben@kunde.example", "--yes"]);
    stage.admin(&["letters", "retry", ids[0], ids[1]]);
    let letters = stage.pass();
    let letter = letters
        .iter()
        .find(|letter| letter.to == "anna@kunde.example");
    let letter = letter.expect("anna's letter goes");
    assert!(letter.header("Message-ID").contains(ids[0]));
    assert_eq!(copies(&stage, "anna@kunde.example"), (1, 1));
    assert!(
        letters
            .iter()
            .all(|letter| !letter.header("Message-ID").contains(ids[1])),
        "a letter to somebody who is erased"
    );

    let unknown = stage.site.admin(&["letters", "retry", "00000000000000ff"]);
    assert_eq!(unknown.code, Some(1), "{}", unknown.stderr);
    for mistake in [
        &["letters", "retry"][..],
        &["letters", "retry", "anna@kunde.example"],
    ] {
        assert_eq!(stage.site.admin(mistake).code, Some(2));
    }
    stage.travel("2027-01-10T09:00:00Z");
    stage.no_letter();
}

/// The outbox is no history: what is no longer owed goes after the policy's 30 days, long before its
/// person; the person, their consent and what is still owed stay.
fn settled_letters_leave_the_outbox(engine: Engine) {
    let mut stage = open(engine, Options::default());
    let letter = stage.subscribe("anna@kunde.example");
    stage.travel("2027-02-02T09:00:00Z");
    stage.no_letter();
    assert_eq!(listed(&stage, &[]).len(), 1);
    stage
        .relay()
        .always(Step::Rcpt, Fault::reply("451 4.3.0 later"));
    stage.sign_up("anna@kunde.example");
    stage.travel("2027-02-04T09:00:00Z");
    stage.no_letter();
    let left = listed(&stage, &[]);
    assert_eq!((left.len(), &left[0]["state"]), (1, &"queued".into()));
    assert_eq!(stage.record("anna@kunde.example").state(), "confirmed");
    stage.one_click(&letter);
}
