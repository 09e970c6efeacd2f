//! The policy changes while the engine is at work.

use std::fs;

use consentry_tests::database::Engine;

use super::{assert_unharmed, begin, fill, large};
use crate::{
    retention::{Office, policy_with},
    steps::on_each_engine,
};

on_each_engine!(
    a_plan_of_another_policy_is_refused,
    a_longer_period_saves_what_a_run_has_not_reached,
);

/// Puts the same rules with a longer period in the place of the policy.
fn lengthen(office: &Office) {
    let longer = large().replace("after = \"3 years\"", "after = \"5 years\"");
    let file = office.site.folder().join("policy.toml");
    fs::write(file, policy_with(&longer)).expect("the policy can be written");
}

/// Between the plan and its approval: rows that the new policy keeps are kept.
fn a_plan_of_another_policy_is_refused(engine: Engine) {
    let office = Office::under(engine, &large());
    office.clients(1, 150, "2028-01-01");
    office.clients(151, 160, "2026-01-01");
    let plan = office.retention(&["plan"]);
    let hash = plan["hash"].as_str().expect("a hash");
    lengthen(&office);
    let approve = ["retention", "run", "--plan", hash, "--yes"];
    let refused = office.site.admin(&approve);
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    assert!(
        refused.stderr.contains("another version of the policy"),
        "{}",
        refused.stderr
    );
    assert_eq!(office.count("clients"), 160);
    office.run();
    assert_eq!(office.count("clients"), 150);
    office.site.admin(&["retention", "verify"]).succeed();
}

/// In the middle of a run that is restarted for it.
fn a_longer_period_saves_what_a_run_has_not_reached(engine: Engine) {
    let office = Office::under(engine, &large());
    fill(&office);
    let run = begin(&office);
    lengthen(&office);
    run.kill();
    assert_unharmed(&office);
    let left = office.count("clients");
    office.run();
    assert_eq!(office.count("clients"), left);
    office.site.admin(&["retention", "verify"]).succeed();
}
