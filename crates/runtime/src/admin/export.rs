//! `consentry-admin subscriber export --all`

use std::{
    io::{self, BufWriter, Write},
    path::PathBuf,
};

use clap::Args;
use consentry_domain::PersonState;
use consentry_policy::TopicId;
use consentry_service::{Service, ports::Filter};
use consentry_transfer::Writer;

use super::{
    output::say,
    progress::Progress,
    subscriber::{PAGE, require_topics},
};
use crate::{Failure, private_file::PrivateFile};

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// The address of one person
    #[arg(
        required_unless_present = "all",
        conflicts_with_all = ["all", "topic", "state", "output"]
    )]
    pub(super) email: Option<String>,
    /// Everybody as CSV; hidden people and those whose data are restricted are not among them
    #[arg(long)]
    all: bool,
    /// With --all: only those who asked for this topic and have not left it
    #[arg(long, requires = "all")]
    topic: Option<TopicId>,
    /// With --all: only those in this state: pending, confirmed or unsubscribed
    #[arg(long, requires = "all")]
    state: Option<PersonState>,
    /// With --all: write to this file (mode 0600, complete or not there) instead of stdout
    #[arg(short, long, requires = "all", value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Writes everybody, a page of the store at a time: no read is long.
pub(super) async fn run(service: &Service, arguments: &ExportArgs) -> Result<(), Failure> {
    require_topics(service, &arguments.topic)?;
    let filter = Filter {
        topic: arguments.topic.clone(),
        state: arguments.state,
    };
    let Some(path) = &arguments.output else {
        let stdout = BufWriter::new(io::stdout());
        write(service, &filter, stdout).await?;
        return Ok(());
    };
    let file = write(service, &filter, PrivateFile::create(path)?).await?;
    file.keep().map_err(|error| unwritable(&error))
}

async fn write<W: Write>(service: &Service, filter: &Filter, output: W) -> Result<W, Failure> {
    let mut progress = Progress::new("people");
    let mut writer = Writer::new(output).map_err(|error| unwritable(&error))?;
    let mut after = None;
    let (mut written, mut restricted) = (0, 0_u64);
    loop {
        let page = service.list(filter, after, PAGE).await?;
        for person in &page.people {
            // Restricted data are stored and used for nothing else (GDPR art. 18(2)).
            if person.restricted_at.is_some() {
                restricted += 1;
                continue;
            }
            writer.write(person).map_err(|error| unwritable(&error))?;
            written += 1;
        }
        progress.tell(written, None);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    drop(progress);
    let output = writer.finish().map_err(|error| unwritable(&error))?;
    say(&format!("{written} people exported"));
    if restricted > 0 {
        say(&format!(
            "{restricted} left out: their data are restricted (GDPR art. 18)"
        ));
    }
    Ok(output)
}

fn unwritable(error: &io::Error) -> Failure {
    Failure::Found(format!("the export cannot be written: {error}"))
}
