//! `consentry-admin letters …`: the outbox, without a word about who the letters are for.

use clap::Subcommand;
use consentry_service::{
    Service,
    ports::{LetterChoice, LetterId, LetterRecord, LetterState, Reason},
};
use serde::Serialize;

use super::{
    Format, Listing,
    output::{Table, print_json, say},
    short,
};
use crate::{Failure, remedy::remedy};

#[derive(Debug, Subcommand)]
pub(super) enum LettersCommand {
    /// List letters by number; nothing of them names a person
    List {
        /// Only those in this state: queued, leased, sending, sent, failed, uncertain or cancelled
        #[arg(long)]
        state: Option<LetterState>,
        #[command(flatten)]
        listing: Listing,
    },
    /// Have letters tried again now, once what kept them is mended
    Retry {
        /// Numbers in `letters list`: waiting, failed or uncertain ones
        #[arg(value_name = "ID", required_unless_present = "all")]
        letters: Vec<LetterId>,
        /// Every one that waits or was given up, but those refused for their address or content
        #[arg(long, conflicts_with = "letters")]
        all: bool,
    },
    /// Count letters by state, and by what keeps them
    Status(Listing),
}

pub(super) async fn run(service: &Service, command: LettersCommand) -> Result<(), Failure> {
    match command {
        LettersCommand::List { state, listing } => list(service, state, listing).await,
        LettersCommand::Retry { letters, all } => retry(service, letters, all).await,
        LettersCommand::Status(listing) => status(service, listing).await,
    }
}

/// One line of the list.
#[derive(Serialize)]
struct Listed {
    id: String,
    kind: String,
    state: &'static str,
    attempts: u32,
    uncertain: u32,
    reason: Option<&'static str>,
    reply: Option<String>,
    queued_at: String,
    due_at: Option<String>,
    settled_at: Option<String>,
}

impl Listed {
    fn new(letter: LetterRecord) -> Self {
        Self {
            id: letter.id.to_string(),
            kind: letter.kind,
            state: letter.state.as_str(),
            attempts: letter.attempts,
            uncertain: letter.uncertain,
            reason: letter.reason.map(Reason::as_str),
            reply: letter.reply.map(|reply| reply.to_string()),
            queued_at: letter.queued_at.to_string(),
            due_at: letter.due_at.map(|at| at.to_string()),
            settled_at: letter.settled_at.map(|at| at.to_string()),
        }
    }
}

/// Letters a page of the store holds.
const PAGE: u64 = 1000;

async fn list(
    service: &Service,
    state: Option<LetterState>,
    listing: Listing,
) -> Result<(), Failure> {
    let mut letters = Vec::new();
    let mut after = None;
    loop {
        let page = service.letters(state, after, PAGE).await?;
        let is_full = page.len() as u64 == PAGE;
        after = page.last().map(|letter| letter.id);
        letters.extend(page.into_iter().map(Listed::new));
        if !is_full {
            break;
        }
    }
    if listing.format == Format::Json {
        return print_json(&letters);
    }
    if letters.is_empty() {
        say("no letters");
        return Ok(());
    }
    let mut table = Table::new([
        "id", "kind", "state", "attempts", "reason", "reply", "queued", "next try", "settled",
    ]);
    for letter in &letters {
        let date = |at: &Option<String>| at.as_deref().map(short).unwrap_or_default();
        table.row([
            &letter.id,
            &letter.kind,
            letter.state,
            &letter.attempts.to_string(),
            letter.reason.unwrap_or_default(),
            letter.reply.as_deref().unwrap_or_default(),
            &short(&letter.queued_at),
            &date(&letter.due_at),
            &date(&letter.settled_at),
        ]);
    }
    table.print()
}

async fn retry(service: &Service, letters: Vec<LetterId>, all: bool) -> Result<(), Failure> {
    let (asked, choice) = if all {
        (0, LetterChoice::AllMended)
    } else {
        (letters.len() as u64, LetterChoice::These(letters))
    };
    let retried = service.retry_letters(&choice).await?;
    say(&format!("{retried} letters are due now"));
    if retried < asked {
        return Err(Failure::Found(format!(
            "{} of the letters are unknown, under way, sent, cancelled, or of a kind that is sent once",
            asked - retried
        )));
    }
    Ok(())
}

#[derive(Serialize)]
struct Status {
    letters: Vec<StateCount>,
    oldest_due: Option<String>,
    troubles: Vec<Trouble>,
}

#[derive(Serialize)]
struct StateCount {
    state: &'static str,
    letters: u64,
}

#[derive(Serialize)]
struct Trouble {
    state: &'static str,
    reason: &'static str,
    reply: Option<String>,
    letters: u64,
    remedy: &'static str,
}

async fn status(service: &Service, listing: Listing) -> Result<(), Failure> {
    let outbox = service.outbox_status().await?;
    let letters = outbox.counts.iter().map(|(state, letters)| StateCount {
        state: state.as_str(),
        letters: *letters,
    });
    let troubles = outbox.troubles.iter().map(|counted| Trouble {
        state: counted.state.as_str(),
        reason: counted.trouble.reason.as_str(),
        reply: counted.trouble.reply.map(|reply| reply.to_string()),
        letters: counted.letters,
        remedy: remedy(counted.trouble),
    });
    let status = Status {
        letters: letters.collect(),
        oldest_due: outbox.oldest_due.map(|at| at.to_string()),
        troubles: troubles.collect(),
    };
    if listing.format == Format::Json {
        return print_json(&status);
    }
    let mut table = Table::new(["state", "letters"]);
    for counted in &status.letters {
        table.row([counted.state, &counted.letters.to_string()]);
    }
    table.print()?;
    if status.troubles.is_empty() {
        return Ok(());
    }
    let mut table = Table::new(["state", "letters", "reason", "reply", "what to do"]);
    for trouble in &status.troubles {
        table.row([
            trouble.state,
            &trouble.letters.to_string(),
            trouble.reason,
            trouble.reply.as_deref().unwrap_or_default(),
            trouble.remedy,
        ]);
    }
    table.print()
}
