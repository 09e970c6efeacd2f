//! `consentry-admin retention …`

use std::collections::BTreeMap;

use clap::Subcommand;
use consentry_policy::{Language, Slug};
use consentry_retention::{Plan, RunReport, grants};
use consentry_service::ports::{RetentionRun, RunOutcome};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::{
    Confirmed, Format, Listing, ask,
    notice::spoken,
    output::{Table, print_json, print_line, say},
    progress::Progress,
    short,
    simulate::SimulateArgs,
};
use crate::{
    Failure, app,
    retention::{About, Planned, Ran, Retention, operator},
    settings::Settings,
};

#[derive(Debug, Subcommand)]
pub(super) enum RetentionCommand {
    /// Say what is due, rule by rule, and keep the plan for a week so that it can be approved
    Plan {
        /// Due at this time (RFC 3339) instead of now; a plan for another time is not kept
        #[arg(long, value_name = "TIME")]
        at: Option<Timestamp>,
        #[command(flatten)]
        listing: Listing,
    },
    /// Do what is due in the databases that the policy names, a batch in a transaction
    Run {
        /// Approve of a plan: exactly its rules run, on no more rows than it counted
        #[arg(long, value_name = "HASH")]
        plan: Option<String>,
        #[command(flatten)]
        confirmed: Confirmed,
        #[command(flatten)]
        listing: Listing,
    },
    /// Show the last runs, the next one, and what is overdue
    Status(Listing),
    /// Ask every rule again; exit 1 when a row is older than its rule allows
    Verify(Listing),
    /// Say what happens to the rows of a person and when, and what is kept until when and why
    About {
        /// The person: the value of the identity columns, whatever the capitals
        identity: String,
        /// In which of the policy's languages; its default when left out
        #[arg(long)]
        lang: Option<Language>,
        #[command(flatten)]
        listing: Listing,
    },
    /// Print the GRANTs that the engine needs on a PostgreSQL database, and no more
    Grants {
        /// The database, as the policy names it
        database: Slug,
        /// The role that the engine connects as
        #[arg(long, default_value = "consentry")]
        role: String,
    },
    /// Let years pass on generated data in memory: what happens when, and exit 1 with day and rule
    /// when something is done too early, too late or not at all
    Simulate(SimulateArgs),
}

/// What is due to a rule.
#[derive(Serialize)]
struct Owed<'a> {
    rule: &'a str,
    dataset: &'a str,
    action: &'a str,
    due: u64,
    /// The earliest moment that a period counted from; not known of our own records.
    oldest: Option<Timestamp>,
    unreadable: u64,
    /// Who does it: `retention run`, or a job of the worker.
    by: &'static str,
}

impl Owed<'_> {
    fn is_overdue(&self) -> bool {
        (self.due > 0 && self.action != "review") || self.unreadable > 0
    }
}

/// Prints what needs no database.
pub(super) fn print_grants(
    settings: &Settings,
    database: &Slug,
    role: &str,
) -> Result<(), Failure> {
    let policy = app::policy(settings)?;
    let statements = grants(&policy, database.as_str(), role);
    if statements.is_empty() {
        return Err(Failure::usage(format!(
            "no dataset of the policy lies in a database `{database}`"
        )));
    }
    print_line(&statements.join("\n"))
}

pub(super) async fn run(retention: &Retention, command: RetentionCommand) -> Result<(), Failure> {
    match command {
        RetentionCommand::Plan { at, listing } => plan(retention, at, listing).await,
        RetentionCommand::Run {
            plan,
            confirmed,
            listing,
        } => execute(retention, plan.as_deref(), confirmed, listing).await,
        RetentionCommand::Status(listing) => status(retention, listing).await,
        RetentionCommand::Verify(listing) => verify(retention, listing).await,
        RetentionCommand::About {
            identity,
            lang,
            listing,
        } => about(retention, &identity, lang, listing).await,
        RetentionCommand::Grants { .. } | RetentionCommand::Simulate(_) => Ok(()),
    }
}

async fn plan(
    retention: &Retention,
    at: Option<Timestamp>,
    listing: Listing,
) -> Result<(), Failure> {
    let planned = match at {
        Some(at) => retention.plan(at).await?,
        None => retention.plan_to_approve(retention.now()).await?,
    };
    let plan = &planned.plan;
    let due = all_due(retention, plan, plan.at).await?;
    match listing.format {
        Format::Json => print_json(&serde_json::json!({
            "hash": plan.hash(),
            "at": plan.at,
            "policy": plan.policy,
            "rules": due,
            "without_rules": retention.without_rules(),
        }))?,
        Format::Table => {
            print_due(&due)?;
            print_unruled(retention)?;
            print_line(&format!("\nplan {}", plan.hash()))?;
        }
    }
    Failure::all(&planned.failures)
}

async fn execute(
    retention: &Retention,
    hash: Option<&str>,
    confirmed: Confirmed,
    listing: Listing,
) -> Result<(), Failure> {
    let approved = match hash {
        Some(hash) => Some(retention.approved(hash).await?),
        None => None,
    };
    if !confirmed.yes {
        let due = match &approved {
            Some(plan) => plan.due(),
            None => retention.plan(retention.now()).await?.plan.due(),
        };
        ask(&format!("Act on {due} rows that are due?"), confirmed)?;
    }
    let mut shown = Progress::new("rows");
    let mut done: BTreeMap<(String, String), u64> = BTreeMap::new();
    let mut progress = |step: &consentry_retention::Progress<'_>| {
        let rule = (step.dataset.to_owned(), step.rule.to_owned());
        done.insert(rule, step.done);
        shown.tell(done.values().sum(), None);
    };
    let ran = retention
        .run(&operator(), approved.as_ref(), &mut progress)
        .await?;
    drop(shown);
    match listing.format {
        Format::Json => print_json(&serde_json::json!({
            "outcome": ran.run.outcome.as_str(),
            "report": ran.report,
        }))?,
        Format::Table => print_report(&ran.report)?,
    }
    let Ran {
        run, mut failures, ..
    } = ran;
    if run.held > 0 {
        failures.push(Failure::Found(format!(
            "{} rows are more than a rule may take at once: look at `consentry-admin retention \
             plan`, and approve by `consentry-admin retention run --plan HASH`",
            run.held
        )));
    }
    Failure::all(&failures)
}

fn print_report(report: &RunReport) -> Result<(), Failure> {
    let mut table = Table::new(["rule", "dataset", "action", "done", "waiting", "unreadable"]);
    for rule in &report.rules {
        let [done, braked, unreadable] =
            [rule.done, rule.braked, rule.unreadable].map(|count| count.to_string());
        table.row([
            &rule.rule,
            &rule.dataset,
            &rule.action,
            &done,
            &braked,
            &unreadable,
        ]);
    }
    // Nothing ran where no database could be worked on; the error says why.
    if !report.rules.is_empty() {
        table.print()?;
    }
    for (database, residue) in &report.residue {
        for place in residue {
            print_line(&format!("not covered in `{database}`: {place}"))?;
        }
    }
    Ok(())
}

async fn verify(retention: &Retention, listing: Listing) -> Result<(), Failure> {
    let now = retention.now();
    let Planned { plan, mut failures } = retention.verify(now).await?;
    let due = all_due(retention, &plan, now).await?;
    let overdue: Vec<_> = due.into_iter().filter(Owed::is_overdue).collect();
    match listing.format {
        Format::Json => print_json(&overdue)?,
        Format::Table if overdue.is_empty() => {}
        Format::Table => print_due(&overdue)?,
    }
    if overdue.is_empty() && failures.is_empty() {
        say("nothing is older than its rule allows");
        return Ok(());
    }
    if !overdue.is_empty() {
        let rules = overdue.len();
        failures.push(Failure::Found(format!(
            "rows are older than {rules} rules allow, or cannot be judged by them"
        )));
    }
    Failure::all(&failures)
}

async fn about(
    retention: &Retention,
    identity: &str,
    lang: Option<Language>,
    listing: Listing,
) -> Result<(), Failure> {
    let language = spoken(retention.policy(), lang)?;
    let About { rows, failures } = retention.about(identity, language).await?;
    match listing.format {
        Format::Json => print_json(&rows)?,
        Format::Table if rows.is_empty() => say("no row of this person"),
        Format::Table => {
            for row in &rows {
                print_line(&row.name)?;
                for line in row.lines() {
                    print_line(&format!("    {line}"))?;
                }
            }
        }
    }
    Failure::all(&failures)
}

async fn status(retention: &Retention, listing: Listing) -> Result<(), Failure> {
    let now = retention.now();
    let known = retention.last_known().await?;
    let (runs, verified) = (&known.runs, known.verified_at);
    let next = if retention.has_sources() {
        Some(retention.next_pass().await?)
    } else {
        None
    };
    let Planned { plan, failures } = retention.plan(now).await?;
    let due = all_due(retention, &plan, now).await?;
    let overdue: Vec<_> = due.into_iter().filter(Owed::is_overdue).collect();
    let to_review = retention.holds_to_review().await?;
    match listing.format {
        Format::Json => {
            let problems: Vec<_> = failures.iter().map(Failure::message).collect();
            print_json(&serde_json::json!({
                "next": next,
                "last_clean_verify": verified,
                "runs": runs.iter().map(listed).collect::<Vec<_>>(),
                "overdue": overdue,
                "holds_to_review": to_review,
                "without_rules": retention.without_rules(),
                "problems": problems,
            }))?;
        }
        Format::Table => {
            print_runs(runs)?;
            let time =
                |at: Option<Timestamp>| at.map_or("never".to_owned(), |at| short(&at.to_string()));
            print_line(&format!("\nnext pass: {}", time(next)))?;
            print_line(&format!("last clean verify: {}", time(verified)))?;
            if to_review > 0 {
                print_line(&format!("holds to review: {to_review}"))?;
            }
            print_unruled(retention)?;
            if !overdue.is_empty() {
                print_line("\noverdue:")?;
                print_due(&overdue)?;
            }
        }
    }
    Failure::all(&failures)
}

/// What no rule ends is not forgotten (S3-55).
fn print_unruled(retention: &Retention) -> Result<(), Failure> {
    for one in retention.without_rules() {
        let dataset = one.dataset;
        print_line(&match one.review {
            Some(day) => format!("no rule ends `{dataset}`: somebody decides by {day}"),
            None => format!("no rule ends `{dataset}`, and no day is set to decide by"),
        })?;
    }
    Ok(())
}

fn listed(run: &RetentionRun) -> Value {
    serde_json::json!({
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "outcome": run.outcome.as_str(),
        "acted": run.acted,
        "held": run.held,
        "plan": run.plan,
        "report": serde_json::from_str::<Value>(&run.report).unwrap_or_default(),
    })
}

fn print_runs(runs: &[RetentionRun]) -> Result<(), Failure> {
    let mut table = Table::new(["started", "outcome", "rows", "waiting", "plan"]);
    for run in runs {
        let outcome = match run.outcome {
            RunOutcome::Unfinished => "running, or cut off",
            outcome => outcome.as_str(),
        };
        let plan = run.plan.as_deref().unwrap_or_default();
        table.row([
            &short(&run.started_at.to_string()),
            outcome,
            &run.acted.to_string(),
            &run.held.to_string(),
            plan.get(..12).unwrap_or(plan),
        ]);
    }
    table.print()
}

/// What is due in the databases that the policy names, and of our own records.
async fn all_due<'a>(
    retention: &Retention,
    plan: &'a Plan,
    at: Timestamp,
) -> Result<Vec<Owed<'a>>, Failure> {
    let engine = plan.rules.iter().map(|rule| Owed {
        rule: &rule.rule,
        dataset: &rule.dataset,
        action: &rule.action,
        due: rule.due,
        oldest: rule.oldest,
        unreadable: rule.unreadable,
        by: "engine",
    });
    let own = retention.own_due(at).await?;
    let own = own.into_iter().map(|(rule, due)| Owed {
        rule,
        dataset: "subscribers",
        action: "purge",
        due,
        oldest: None,
        unreadable: 0,
        by: "worker",
    });
    Ok(engine.chain(own).collect())
}

fn print_due(due: &[Owed<'_>]) -> Result<(), Failure> {
    let mut table = Table::new([
        "rule",
        "dataset",
        "action",
        "due",
        "oldest",
        "unreadable",
        "by",
    ]);
    for rule in due {
        let oldest = rule.oldest.map(|at| short(&at.to_string()));
        table.row([
            rule.rule,
            rule.dataset,
            rule.action,
            &rule.due.to_string(),
            &oldest.unwrap_or_default(),
            &rule.unreadable.to_string(),
            rule.by,
        ]);
    }
    table.print()
}
