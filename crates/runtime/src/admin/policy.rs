//! `consentry-admin policy …`

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Subcommand;
use consentry_i18n::Messages;
use consentry_policy::{Difference, Finding, Language, Policy, check, diff, is_substantial};
use consentry_service::{PublishError, Published, Service};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    Confirmed, Format, Listing, ask, open,
    output::{Table, print_json, print_line, say},
    short,
};
use crate::{Failure, settings::Settings};

#[derive(Debug, Subcommand)]
pub(super) enum PolicyCommand {
    /// Read policy files closely; exit 1 when anything is found
    Check {
        /// The files
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        #[command(flatten)]
        listing: Listing,
    },
    /// The published versions, and how the policy of this configuration stands to them
    Show(Listing),
    /// What changes for people from one file to another
    Diff {
        /// The policy as it was
        old: PathBuf,
        /// The policy as it is to be
        new: PathBuf,
        /// The language of the words: en or fr
        #[arg(long, default_value_t = Language::En)]
        lang: Language,
        #[command(flatten)]
        listing: Listing,
    },
    /// Publish a policy: store it for good, and have everybody concerned written to when the change
    /// is substantial
    Publish {
        /// The policy
        file: PathBuf,
        #[command(flatten)]
        confirmed: Confirmed,
    },
}

pub(super) async fn run(settings: &Settings, command: PolicyCommand) -> Result<(), Failure> {
    match command {
        PolicyCommand::Check { files, listing } => check_files(&files, listing),
        PolicyCommand::Diff {
            old,
            new,
            lang,
            listing,
        } => {
            let differences = diff(&parsed(&old)?, &parsed(&new)?);
            match listing.format {
                Format::Json => print_json(&json!({
                    "substantial": is_substantial(&differences),
                    "differences": differences.iter().map(described).collect::<Vec<_>>(),
                })),
                Format::Table => print_differences(&differences, lang),
            }
        }
        PolicyCommand::Show(listing) => {
            let (app, service) = open(settings).await?;
            let ended = show(&service, listing).await;
            app.close().await;
            ended
        }
        PolicyCommand::Publish { file, confirmed } => {
            let policy = fit(&file)?;
            let (app, service) = open(settings).await?;
            let ended = publish(&service, &policy, confirmed).await;
            app.close().await;
            ended
        }
    }
}

fn read(file: &Path) -> Result<String, Failure> {
    fs::read_to_string(file).map_err(|error| Failure::usage(format!("{}: {error}", file.display())))
}

fn parsed(file: &Path) -> Result<Policy, Failure> {
    Policy::parse(&read(file)?, &file.display().to_string())
        .map_err(|findings| Failure::Found(findings.to_string()))
}

/// A policy that may be published; what is odd in it is said.
fn fit(file: &Path) -> Result<Policy, Failure> {
    let checked = check(&read(file)?, &file.display().to_string());
    let has_errors = checked.findings.errors().next().is_some();
    match checked.policy {
        Some(policy) if !has_errors => {
            if !checked.findings.all().is_empty() {
                say(&checked.findings.to_string());
            }
            Ok(policy)
        }
        _ => Err(Failure::Found(checked.findings.to_string())),
    }
}

/// A finding, and the file that it is in.
#[derive(Serialize)]
struct Found<'a> {
    file: String,
    #[serde(flatten)]
    finding: &'a Finding,
}

fn check_files(files: &[PathBuf], listing: Listing) -> Result<(), Failure> {
    let mut checked = Vec::new();
    for file in files {
        let name = file.display().to_string();
        checked.push((check(&read(file)?, &name).findings, name));
    }
    let found: Vec<_> = checked
        .iter()
        .flat_map(|(findings, file)| {
            findings.all().iter().map(|finding| Found {
                file: file.clone(),
                finding,
            })
        })
        .collect();
    match listing.format {
        Format::Json => print_json(&found)?,
        Format::Table => {
            for (findings, file) in &checked {
                if findings.all().is_empty() {
                    print_line(&format!("{file}: nothing found"))?;
                } else {
                    print_line(&format!("{findings}\n"))?;
                }
            }
        }
    }
    match found.len() {
        0 => Ok(()),
        1 => Err(Failure::Found("1 finding".to_owned())),
        count => Err(Failure::Found(format!("{count} findings"))),
    }
}

fn described(difference: &Difference) -> Value {
    let words = |language| Messages::embedded().difference(language, difference);
    json!({
        "class": difference.class.as_str(),
        "substantial": difference.class.is_substantial(),
        "key": difference.key,
        "en": words(Language::En),
        "fr": words(Language::Fr),
    })
}

fn print_differences(differences: &[Difference], language: Language) -> Result<(), Failure> {
    if differences.is_empty() {
        return print_line("nothing differs");
    }
    let mut table = Table::new(["class", "substantial", "key", "for people"]);
    for difference in differences {
        let words = Messages::embedded().difference(language, difference);
        let substantial = if difference.class.is_substantial() {
            "yes"
        } else {
            "no"
        };
        table.row([
            difference.class.as_str(),
            substantial,
            &difference.key,
            &words.unwrap_or_default(),
        ]);
    }
    table.print()
}

async fn show(service: &Service, listing: Listing) -> Result<(), Failure> {
    let (versions, now) = (service.versions().await?, service.now());
    let own = service.policy();
    let in_force = versions
        .iter()
        .rfind(|version| version.publication.in_force_from <= now);
    let is_in_force = |number: u32| in_force.is_some_and(|one| one.publication.number == number);
    let days = |since: jiff::Timestamp| now.duration_since(since).as_hours() / 24;
    match listing.format {
        Format::Json => {
            let versions = versions.iter().map(|version| {
                let publication = &version.publication;
                json!({
                    "number": publication.number,
                    "version": publication.version,
                    "notice_version": version.policy.notice_version().as_str(),
                    "fingerprint": publication.fingerprint,
                    "published_at": publication.published_at.to_string(),
                    "in_force_from": publication.in_force_from.to_string(),
                    "in_force": is_in_force(publication.number),
                    "age_days": days(publication.in_force_from),
                    "reason": publication.reason.as_str(),
                    "announce": publication.announce.iter().map(|one| one.as_str()).collect::<Vec<_>>(),
                    "substantial": publication.substantial,
                    "classes": publication.classes.iter().map(|one| one.as_str()).collect::<Vec<_>>(),
                })
            });
            print_json(&json!({
                "notice_version": own.notice_version().as_str(),
                "fingerprint": own.fingerprint(),
                "versions": versions.collect::<Vec<_>>(),
            }))
        }
        Format::Table => {
            let mut table = Table::new([
                "version",
                "published",
                "in force from",
                "age",
                "reason",
                "change",
            ]);
            for version in versions.iter() {
                let publication = &version.publication;
                let mut classes: Vec<_> =
                    publication.classes.iter().map(|one| one.as_str()).collect();
                if publication.substantial {
                    classes.insert(0, "substantial:");
                }
                let age = if is_in_force(publication.number) {
                    format!("in force, {} days", days(publication.in_force_from))
                } else {
                    String::new()
                };
                table.row([
                    version.policy.notice_version().as_str(),
                    &short(&publication.published_at.to_string()),
                    &short(&publication.in_force_from.to_string()),
                    &age,
                    publication.reason.as_str(),
                    &classes.join(" "),
                ]);
            }
            table.print()?;
            print_line(&format!("this configuration: {}", own.notice_version()))
        }
    }
}

async fn publish(service: &Service, policy: &Policy, confirmed: Confirmed) -> Result<(), Failure> {
    let Published {
        publication,
        differences,
        is_known,
        ..
    } = service.try_publish(policy).await?;
    if is_known {
        return print_line(&format!(
            "{} is published since {}",
            policy.notice_version(),
            publication.published_at
        ));
    }
    if publication.number > 1 {
        print_differences(&differences, policy.languages.default)?;
    }
    let letters = if publication.substantial {
        "everybody concerned is written to"
    } else {
        "nobody is written to"
    };
    let question = format!(
        "Publish {} for good, in force from {}? {letters}.",
        policy.notice_version(),
        publication.in_force_from
    );
    ask(&question, confirmed)?;
    let published = service.publish(policy).await?.publication;
    print_line(&format!(
        "{} is published, in force from {}; {letters}",
        policy.notice_version(),
        published.in_force_from
    ))?;
    say("start every process with this file");
    Ok(())
}

impl From<PublishError> for Failure {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Failed(error) => error.into(),
            PublishError::OtherController(_) => Self::Usage(error.to_string()),
            refused => Self::Found(refused.to_string()),
        }
    }
}
