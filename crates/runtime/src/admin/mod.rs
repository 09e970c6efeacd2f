//! The operator's command line.
//!
//! JSON goes to stdout alone, messages go to stderr; the exit codes are the contract's.

mod api_key;
mod archive;
mod clock;
mod export;
mod hold;
mod import;
mod keys;
mod letters;
mod notice;
mod output;
mod policy;
mod progress;
mod recovery;
mod retention;
mod scan;
mod simulate;
mod statistics;
mod subscriber;
mod webhook;

use std::io::{self, BufRead, Write};

use clap::{Args, Parser, Subcommand, ValueEnum};
use consentry_address::EmailAddress;
use consentry_service::Service;

use crate::{
    Failure, SettingsArgs,
    app::{App, block_on},
    config::Config,
    doctor, paths,
    retention::Retention,
    settings::Settings,
    telemetry,
};

use api_key::ApiKeyCommand;
use archive::ArchiveCommand;
use clock::ClockCommand;
use hold::{EventArgs, HoldCommand};
use keys::KeysCommand;
use letters::LettersCommand;
use notice::NoticeCommand;
use output::{Table, print_json, print_line};
use policy::PolicyCommand;
use retention::RetentionCommand;
use subscriber::SubscriberCommand;
use webhook::WebhookCommand;

/// Operate Consentry: subscribers, keys, schema, checks.
#[derive(Debug, Parser)]
#[command(name = "consentry-admin", version)]
pub struct Cli {
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(subcommand)]
    command: AdminCommand,
}

#[derive(Debug, Subcommand)]
enum AdminCommand {
    /// Bring the database schema up to date (and make the key ring where there is none)
    Migrate,
    /// Check configuration, schema, keys, mail and overdue work; exit 1 when something is wrong
    Doctor {
        #[command(flatten)]
        listing: Listing,
        /// Send a real letter to this mailbox of yours, to see what its provider makes of it
        #[arg(long, value_name = "EMAIL")]
        probe: Option<String>,
    },
    /// Look at the clock that purges follow, and confirm it after a leap
    #[command(subcommand)]
    Clock(ClockCommand),
    /// Look at subscribers and act on their requests
    #[command(subcommand)]
    Subscriber(SubscriberCommand),
    /// Write a backup of the database, for either engine, while everybody works; it holds no key
    Backup(recovery::BackupArgs),
    /// Put a backup in the place of the database, repeat the erasures, departures and restrictions
    /// that came after it, and remove what is overdue; nobody else may use the database
    Restore(recovery::RestoreArgs),
    /// Print what is printed from the policy
    #[command(subcommand)]
    Notice(NoticeCommand),
    /// Look at the outbox: what waits, what was given up and why, what to try again
    #[command(subcommand)]
    Letters(LettersCommand),
    /// Check, compare and publish policies
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Execute the policy's rules on the databases that it names: plan, run, status, verify
    #[command(subcommand)]
    Retention(RetentionCommand),
    /// Look into the archive, for a reason that is written down
    #[command(subcommand)]
    Archive(ArchiveCommand),
    /// Count subscriptions by state, month and topic, without small groups
    Statistics(Listing),
    /// Keep rules off rows that a case needs
    #[command(subcommand)]
    Hold(HoldCommand),
    /// Report that a named event happened to somebody; the same report twice is one
    Event(EventArgs),
    /// Look at the key ring, rotate and retire keys
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Make, list and revoke keys of the JSON API
    #[command(subcommand)]
    ApiKey(ApiKeyCommand),
    /// Register endpoints that are told of changes, and look at what waits for them
    #[command(subcommand)]
    Webhook(WebhookCommand),
}

/// How a list is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Table,
    /// For machines.
    Json,
}

#[derive(Debug, Clone, Copy, Args)]
struct Listing {
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Debug, Clone, Copy, Args)]
struct Confirmed {
    /// Do it without asking
    #[arg(long)]
    yes: bool,
}

/// Runs one command.
///
/// # Errors
/// By the contract's exit codes.
pub fn admin(cli: Cli) -> Result<(), Failure> {
    let settings = Settings::new(&Config::read(&cli.settings)?)?;
    telemetry::start(&settings)?;
    block_on(async move {
        match cli.command {
            AdminCommand::Migrate => migrate(&settings).await,
            AdminCommand::Doctor { listing, probe } => check(&settings, listing, probe).await,
            AdminCommand::Clock(command) => {
                let (app, service) = open(&settings).await?;
                let ended = clock::run(&service, command).await;
                app.close().await;
                ended
            }
            AdminCommand::Backup(args) => recovery::backup(&settings, args).await,
            AdminCommand::Restore(args) => recovery::restore(&settings, args).await,
            AdminCommand::Policy(command) => policy::run(&settings, command).await,
            AdminCommand::Keys(command) => keys::run(&settings, command).await,
            AdminCommand::ApiKey(command) => {
                let (app, service) = open(&settings).await?;
                let api = service.api().ok_or_else(nowhere)?;
                let ended = api_key::run(&api, command).await;
                app.close().await;
                ended
            }
            AdminCommand::Webhook(command) => {
                let (app, service) = open(&settings).await?;
                let webhooks = service.webhooks().ok_or_else(nowhere)?;
                let ended = webhook::run(&webhooks, command).await;
                app.close().await;
                ended
            }
            AdminCommand::Retention(RetentionCommand::Grants { database, role }) => {
                retention::print_grants(&settings, &database, &role)
            }
            AdminCommand::Retention(RetentionCommand::Simulate(args)) => {
                simulate::run(&settings, args).await
            }
            AdminCommand::Retention(command) => {
                let (app, service) = open(&settings).await?;
                let desk = Retention::new(&settings, &app, &service);
                let ended = retention::run(&desk, command).await;
                app.close().await;
                ended
            }
            AdminCommand::Archive(command) => {
                let (app, service) = open(&settings).await?;
                let desk = Retention::new(&settings, &app, &service);
                let ended = archive::run(&desk, command).await;
                app.close().await;
                ended
            }
            AdminCommand::Statistics(listing) => {
                let (app, service) = open(&settings).await?;
                let ended = statistics::run(&service, listing).await;
                app.close().await;
                ended
            }
            AdminCommand::Hold(command) => {
                let (app, service) = open(&settings).await?;
                let desk = Retention::new(&settings, &app, &service);
                let ended = hold::run(&desk, command).await;
                app.close().await;
                ended
            }
            AdminCommand::Event(args) => {
                let (app, service) = open(&settings).await?;
                let events = service.events().ok_or_else(nowhere)?;
                let ended = hold::event(&events, args).await;
                app.close().await;
                ended
            }
            AdminCommand::Notice(command) => notice::run(&settings, &command),
            AdminCommand::Letters(command) => {
                let (app, service) = open(&settings).await?;
                let ended = letters::run(&service, command).await;
                app.close().await;
                ended
            }
            AdminCommand::Subscriber(command) => {
                let (app, service) = open(&settings).await?;
                let desk = Retention::new(&settings, &app, &service);
                let ended = subscriber::run(&service, &desk, command).await;
                app.close().await;
                ended
            }
        }
    })
}

async fn open(settings: &Settings) -> Result<(App, Service), Failure> {
    let app = App::open(settings).await?;
    app.prepare_schema(settings).await?;
    let service = app.service(settings, settings.listen)?;
    Ok((app, service))
}

fn nowhere() -> Failure {
    Failure::usage("this installation keeps none")
}

async fn migrate(settings: &Settings) -> Result<(), Failure> {
    paths::private_folder(&settings.data_dir)?;
    App::make_keys(settings).await?;
    let app = App::open(settings).await?;
    let applied = app.migrate().await?;
    app.close().await;
    print_line(&match applied {
        0 => "the schema is current".to_owned(),
        1 => "1 migration applied".to_owned(),
        count => format!("{count} migrations applied"),
    })
}

async fn check(
    settings: &Settings,
    listing: Listing,
    probe: Option<String>,
) -> Result<(), Failure> {
    let probe = probe
        .map(|address| EmailAddress::parse(&address))
        .transpose();
    let probe = probe.map_err(|error| Failure::usage(format!("--probe: {error}")))?;
    // On the heap: it holds a policy for each of its parts.
    let findings = Box::pin(doctor::examine(settings, probe.as_ref())).await?;
    match listing.format {
        Format::Json => print_json(&findings)?,
        Format::Table => {
            let mut table = Table::new(["check", "result", "finding"]);
            for finding in &findings {
                table.row([finding.check, finding.result.as_str(), &finding.text]);
            }
            table.print()?;
            let records: Vec<_> = findings.iter().flat_map(|one| &one.publish).collect();
            if !records.is_empty() {
                print_line("\nto publish in the DNS:")?;
            }
            for record in records {
                print_line(&format!("{}\n    {}", record.zone_line(), record.check))?;
            }
        }
    }
    match doctor::problems(&findings) {
        0 => Ok(()),
        1 => Err(Failure::Found("1 check found a problem".to_owned())),
        count => Err(Failure::Found(format!("{count} checks found a problem"))),
    }
}

/// A time to the second, in UTC.
fn short(at: &str) -> String {
    let seconds = at.split('.').next().unwrap_or(at).trim_end_matches('Z');
    format!("{}Z", seconds.replace('T', " "))
}

/// Asks before something that cannot be taken back.
fn ask(question: &str, confirmed: Confirmed) -> Result<(), Failure> {
    if confirmed.yes {
        return Ok(());
    }
    #[expect(clippy::print_stderr, reason = "a question to the operator")]
    {
        eprint!("{question} [y/N] ");
    }
    let unanswered = |error: io::Error| Failure::Usage(format!("no answer: {error}"));
    io::stderr().flush().map_err(unanswered)?;
    let mut answer = String::new();
    io::stdin()
        .lock()
        .read_line(&mut answer)
        .map_err(unanswered)?;
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::Usage(
            "nothing was done; answer `y`, or pass --yes".to_owned(),
        )),
    }
}
