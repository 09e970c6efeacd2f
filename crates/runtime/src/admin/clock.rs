//! `consentry-admin clock …`

use clap::Subcommand;
use consentry_service::Service;
use jiff::SignedDuration;

use super::{
    Confirmed, Format, Listing, ask,
    output::{Table, print_json, say},
};
use crate::Failure;

#[derive(Debug, Subcommand)]
pub(super) enum ClockCommand {
    /// Compare this machine's clock with the database's, and say who is past their period by it
    Status(Listing),
    /// Say that this machine's clock is right, so that purges and reminders that were held back go
    /// on; good for a day
    Confirm(Confirmed),
}

pub(super) async fn run(service: &Service, command: ClockCommand) -> Result<(), Failure> {
    let backlog = service.backlog(SignedDuration::ZERO).await?;
    let now = service.now();
    let due: Vec<_> = backlog
        .overdue
        .iter()
        .map(|(rule, count)| (rule.as_str(), *count))
        .collect();
    match command {
        ClockCommand::Status(Listing {
            format: Format::Json,
        }) => {
            let due: serde_json::Map<_, _> = due
                .into_iter()
                .map(|(rule, count)| (rule.to_owned(), count.into()))
                .collect();
            print_json(&serde_json::json!({
                "now": now.to_string(),
                "database": backlog.database_clock.to_string(),
                "people": backlog.held,
                "due": due,
            }))
        }
        ClockCommand::Status(_) => {
            let mut table = Table::new(["what", "value"]);
            table.row(["this machine", &now.to_string()]);
            table.row(["database", &backlog.database_clock.to_string()]);
            table.row(["people held", &backlog.held.to_string()]);
            for (rule, count) in due {
                table.row([&format!("due for purge, {rule}"), &count.to_string()]);
            }
            table.print()
        }
        ClockCommand::Confirm(confirmed) => {
            let due: u64 = due.iter().map(|(_, count)| count).sum();
            let question = format!(
                "It is {now} on this machine. Is that right, and are {due} of {} people to be \
                 purged?",
                backlog.held
            );
            ask(&question, confirmed)?;
            service.confirm_clock().await?;
            say("housekeeping goes on with its next run, or now by `consentry-worker once`");
            Ok(())
        }
    }
}
