//! What holds of every simulation.

use consentry_policy::{Action, OwnDataset, Policy};
use consentry_simulation::{Executor, SimulationError, svg};

use crate::support::run;

const PORTAL: &str = include_str!("../../../policy/policies/saas-portal.toml");

/// A policy with a dataset of an application, whose name has a schema as in PostgreSQL.
fn with_members(rules: &str) -> Policy {
    let text = format!("{PORTAL}\n{MEMBERS}{rules}");
    Policy::parse(&text, "policy.toml").unwrap_or_else(|error| panic!("{error}"))
}

const MEMBERS: &str = r#"
[[events]]
id = "contract-ended"
name = { en = "the end of the contract", fr = "la fin du contrat" }
[[datasets]]
id = "members"
name = { en = "Members", fr = "Membres" }
people = { en = "Members", fr = "Membres" }
purposes = ["sales"]
[datasets.source]
database = "crm"
table = "app.members"
key = ["id"]
identity = "email"
rows = { kind = ["member", "guest"], tested = { not = true } }
hidden = "hidden_at"
restricted = "frozen"
time_format = "seconds"
[[datasets.source.dependants]]
table = "app.visits"
on = { member = "id" }
[[datasets.fields]]
id = "name"
name = { en = "Name", fr = "Nom" }
[[datasets.fields]]
id = "city"
name = { en = "City", fr = "Ville" }
[[datasets.fields]]
id = "age"
name = { en = "Age", fr = "Âge" }
format = "number"
[[datasets.states]]
id = "left"
name = { en = "Left", fr = "Parti" }
when = { left_at = { null = false } }
[[datasets.clocks]]
id = "last-visit"
name = { en = "the last visit", fr = "la dernière visite" }
columns = ["joined_at"]
[[datasets.clocks.joins]]
table = "app.visits"
on = { member = "id" }
column = "came_at"
rows = { kind = "visit" }
[[datasets.clocks]]
id = "departure"
name = { en = "the departure", fr = "le départ" }
columns = ["left_at"]
end_of = "quarter"
[[datasets.clocks]]
id = "contract"
name = { en = "the contract", fr = "le contrat" }
event = "contract-ended"
"#;

const EVERY_ACTION: &str = r#"
[[datasets.stages]]
id = "hide"
action = "hide"
clock = "last-visit"
after = "10 working days"
[[datasets.stages]]
id = "restrict"
action = "restrict"
clock = "last-visit"
after = "2 months"
[[datasets.stages]]
id = "shorten"
action = "anonymise"
clock = "last-visit"
after = "90 days"
methods = { name = "initials", age = "bucket(10)" }
[[datasets.stages]]
id = "look"
action = "review"
clock = "last-visit"
after = "5 months"
[[datasets.stages]]
id = "keep-apart"
action = "archive"
state = "left"
clock = "departure"
after = "1 year"
[[datasets.stages]]
id = "end"
action = "purge"
clock = "last-visit"
after = "14 months"
[[datasets.stages]]
id = "end-with-the-contract"
action = "purge"
clock = "contract"
after = "3 weeks"
[[datasets.stages]]
id = "end-apart"
action = "purge"
within = "archive"
clock = "departure"
after = "18 months"
[[datasets.minima]]
id = "books"
clock = "last-visit"
period = "15 months"
fields = ["city"]
reason = "law"
basis = { en = "x", fr = "x" }
"#;

/// S2-31: every action, every kind of clock and condition, a schema, a minimum on a field.
#[test]
fn a_policy_of_every_action_is_simulated() {
    let policy = with_members(EVERY_ACTION);
    let timeline = run(&policy, 2, 200).unwrap_or_else(|error| panic!("{error}"));
    for rule in timeline
        .rules
        .iter()
        .filter(|rule| rule.dataset == "members")
    {
        assert!(rule.rows() > 2, "{} acted {} times", rule.rule, rule.rows());
    }
}

/// The end of a quarter makes rows due together: more than a rule may take at once.
#[test]
fn what_waits_for_an_operator_is_approved_and_counted() {
    let policy = with_members(
        "[[datasets.stages]]\nid = \"end\"\naction = \"purge\"\nclock = \"departure\"\nbrake = 1\n",
    );
    let timeline = run(&policy, 1, 2_400).unwrap_or_else(|error| panic!("{error}"));
    let rule = timeline.rule("members", "end").unwrap();
    // On the first day of each.
    assert_eq!(rule.approvals, 4, "of {} rows", rule.rows());
}

#[test]
fn a_simulation_has_the_same_outcome_each_time() {
    let policy = with_members(EVERY_ACTION);
    let [first, second] = [1, 2].map(|_| run(&policy, 1, 60).unwrap());
    assert_eq!(svg::draw(&first), svg::draw(&second));
}

/// What cannot be executed is said, with the key of the policy.
#[test]
fn a_policy_that_cannot_be_executed_is_refused_with_its_key() {
    let policy = with_members(
        "[[datasets.stages]]\nid = \"shorten\"\naction = \"anonymise\"\nclock = \"departure\"\n\
         methods = { name = \"initials\" }\n[[datasets.stages]]\nid = \"again\"\n\
         action = \"anonymise\"\nclock = \"last-visit\"\nmethods = { name = \"domain\" }\n",
    );
    let error = run(&policy, 1, 10).unwrap_err();
    assert!(matches!(error, SimulationError::Engine { .. }));
    let message = error.to_string();
    assert!(message.contains("stages[1].methods.name"), "{message}");
}

#[test]
fn a_simulation_covers_some_years() {
    let policy = Policy::parse(PORTAL, "policy.toml").unwrap();
    for years in [0, 101] {
        assert!(matches!(
            run(&policy, years, 1),
            Err(SimulationError::Years)
        ));
    }
}

/// A rule that no part of this version executes is shown, and said to be none that acts.
#[test]
fn a_rule_that_nobody_executes_is_told_apart() {
    let mut policy = with_members("");
    let mut datasets = policy.datasets.iter_mut();
    let subscribers = datasets.find(|dataset| dataset.own() == Some(OwnDataset::Subscribers));
    let rule = &mut subscribers.expect("the portal has subscribers").stages[0];
    rule.action = Action::Review;
    let id = rule.id.to_string();
    let timeline = run(&policy, 1, 40).unwrap_or_else(|error| panic!("{error}"));
    let rule = timeline.rule("subscribers", &id).expect("it is listed");
    assert_eq!((rule.by, rule.rows()), (Executor::Nobody, 0));
    assert!(svg::draw(&timeline).contains("not executed by this version"));
}
