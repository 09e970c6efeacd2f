//! `consentry-admin archive …`

use clap::{Args, Subcommand};
use consentry_archive::{Opening, Reason, SealedArchive};
use consentry_policy::DatasetId;
use consentry_retention::{Erasure, Residue};
use consentry_service::ports::StoreError;
use serde_json::{Value, json};

use super::{
    Confirmed, Format, Listing, ask,
    output::{Table, print_json, print_line},
    short,
};
use crate::{
    Failure,
    retention::{Keeper, Retention},
};

#[derive(Debug, Subcommand)]
pub(super) enum ArchiveCommand {
    /// Count what is archived, by dataset; opens no record
    Status(Listing),
    /// Print the records of a person as JSON, and write down before who did it, when and why
    Open {
        #[command(flatten)]
        whose: Whose,
        /// Only those of this dataset
        #[arg(long)]
        dataset: Option<DatasetId>,
    },
    /// List who opened or erased records, when, why and how many; the latest first
    Openings(Listing),
    /// End what is archived of a person, but for what a hold or a minimum keeps
    Erase {
        #[command(flatten)]
        whose: Whose,
        #[command(flatten)]
        confirmed: Confirmed,
        #[command(flatten)]
        listing: Listing,
    },
}

#[derive(Debug, Args)]
pub(super) struct Whose {
    /// Whose records: the value of the identity column
    #[arg(long, value_name = "IDENTITY")]
    subject: String,
    /// Why; name no person
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The case that it is for
    #[arg(long, value_name = "CASE")]
    case: Option<String>,
    /// Who does it [the account that runs this command]
    #[arg(long, value_name = "NAME")]
    author: Option<String>,
}

impl Whose {
    /// A reason of blanks is none.
    fn check(&mut self) -> Result<(), Failure> {
        self.reason = self.reason.trim().to_owned();
        if self.reason.is_empty() {
            return Err(Failure::usage(
                "--reason: say why; it is written down beside who and when",
            ));
        }
        Ok(())
    }

    fn author(&self) -> String {
        let account = || format!("account {}", rustix::process::getuid().as_raw());
        self.author.clone().unwrap_or_else(account)
    }
}

pub(super) async fn run(retention: &Retention, command: ArchiveCommand) -> Result<(), Failure> {
    match command {
        ArchiveCommand::Status(listing) => status(retention, listing).await,
        ArchiveCommand::Open { whose, dataset } => open(retention, whose, dataset).await,
        ArchiveCommand::Openings(listing) => {
            let archive = retention.open_archive().await?;
            print_openings(&archive.openings().await?, listing)
        }
        ArchiveCommand::Erase {
            whose,
            confirmed,
            listing,
        } => erase(retention, whose, confirmed, listing).await,
    }
}

async fn status(retention: &Retention, listing: Listing) -> Result<(), Failure> {
    let archive = retention.open_archive().await?;
    let kept = archive.status().await?;
    let (store, controller) = (retention.store(), retention.controller());
    let keys = store.count_archive_keys(controller).await?;
    if listing.format == Format::Json {
        let datasets = kept.iter().map(
            |one| json!({ "dataset": one.dataset, "records": one.records, "oldest": one.oldest }),
        );
        let datasets: Vec<_> = datasets.collect();
        return print_json(&json!({ "datasets": datasets, "keys": keys }));
    }
    let mut table = Table::new(["dataset", "records", "oldest"]);
    for one in &kept {
        let oldest = short(&one.oldest.to_string());
        table.row([&one.dataset, &one.records.to_string(), &oldest]);
    }
    table.print()?;
    print_line(&format!(
        "\nkeys of people, or of records of nobody: {keys}"
    ))
}

async fn open(
    retention: &Retention,
    mut whose: Whose,
    dataset: Option<DatasetId>,
) -> Result<(), Failure> {
    whose.check()?;
    let archive = retention.open_archive().await?;
    let author = whose.author();
    let reason = reason(&whose, &author);
    let opened = archive
        .open(&whose.subject, dataset.as_ref(), reason, retention.now())
        .await?;
    let records = opened.iter().map(|one| {
        let record: Result<Value, _> = serde_json::from_str(&one.record);
        let record = record.map_err(|_| Failure::Found("a record is no JSON".to_owned()))?;
        Ok(json!({
            "dataset": one.dataset,
            "stage": one.stage,
            "taken_at": one.taken_at,
            "record": record,
        }))
    });
    print_json(&records.collect::<Result<Vec<Value>, Failure>>()?)
}

fn reason<'a>(whose: &'a Whose, author: &'a str) -> Reason<'a> {
    Reason {
        author,
        reason: &whose.reason,
        case: whose.case.as_deref(),
    }
}

fn print_openings(openings: &[Opening], listing: Listing) -> Result<(), Failure> {
    if listing.format == Format::Json {
        let lines = openings.iter().map(|line| {
            json!({
                "at": line.at,
                "act": line.act.as_str(),
                "author": line.author,
                "reason": line.reason,
                "case": line.case,
                "dataset": line.dataset,
                "records": line.records,
            })
        });
        return print_json(&lines.collect::<Vec<_>>());
    }
    let mut table = Table::new([
        "at", "act", "author", "reason", "case", "dataset", "records",
    ]);
    for line in openings {
        table.row([
            &short(&line.at.to_string()),
            line.act.as_str(),
            &line.author,
            &line.reason,
            line.case.as_deref().unwrap_or_default(),
            line.dataset.as_deref().unwrap_or("all"),
            &line.records.to_string(),
        ]);
    }
    table.print()
}

async fn erase(
    retention: &Retention,
    mut whose: Whose,
    confirmed: Confirmed,
    listing: Listing,
) -> Result<(), Failure> {
    whose.check()?;
    ask("End what is archived of this person for good?", confirmed)?;
    let archive = retention.open_archive().await?;
    let author = whose.author();
    let reason = reason(&whose, &author);
    let erasure = retention.erase(&archive, &whose.subject, reason).await?;
    let left = clean(retention, &archive, &erasure).await?;
    let kept = kept(retention, &erasure, &whose.subject).await?;
    if listing.format == Format::Json {
        print_json(&json!({ "erased": erasure.erased, "kept": kept, "not_covered": left }))?;
    } else {
        print_line(&match erasure.erased {
            1 => "1 record is gone".to_owned(),
            count => format!("{count} records are gone"),
        })?;
        for place in &left {
            print_line(&format!("not covered: {place}"))?;
        }
    }
    if kept.is_empty() {
        return Ok(());
    }
    Err(Failure::Found(kept.join("\n")))
}

async fn clean(
    retention: &Retention,
    archive: &SealedArchive,
    erasure: &Erasure,
) -> Result<Vec<String>, StoreError> {
    if erasure.erased == 0 {
        return Ok(Vec::new());
    }
    let left = retention.clean_archive(archive).await?;
    Ok(left.iter().map(Residue::to_string).collect())
}

/// What stays, and why, in the words of the policy and of the holds.
async fn kept(
    retention: &Retention,
    erasure: &Erasure,
    person: &str,
) -> Result<Vec<String>, Failure> {
    let policy = retention.policy();
    let language = policy.languages.default;
    let mut lines = Vec::new();
    for ((dataset, kept), records) in &erasure.kept {
        let what = format!("{records} of `{dataset}` kept until");
        match retention.keeper(dataset, person, kept).await? {
            Keeper::Minimum(minimum, until) => {
                let basis = minimum.map_or("the policy says so", |one| one.basis.get(language));
                lines.push(format!("{what} {until} because: {basis}"));
            }
            Keeper::Holds(holds) => lines.extend(holds.iter().map(|hold| {
                let kind = policy.holds.iter().find(|kind| kind.id == hold.kind);
                let name = kind.map_or(hold.kind.as_str(), |kind| kind.name.get(language));
                let (case, review) = (&hold.case, hold.review_at);
                format!(
                    "{what} the hold of case {case} is lifted, to be reviewed on {review}, \
                     because: {name}"
                )
            })),
        }
    }
    Ok(lines)
}
