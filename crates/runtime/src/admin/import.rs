//! `consentry-admin subscriber import`

use std::{
    collections::BTreeMap,
    io::{self, IsTerminal},
    path::PathBuf,
    time::Duration,
};

use clap::Args;
use consentry_domain::Source;
use consentry_policy::{Language, LegalBasis, NoticeVersion, Policy, Rate, TopicId};
use consentry_service::{Error, ImportBatch, Service, Trial, ports::ImportProgress};
use consentry_transfer::{Column, Ground, Reader, Rules, moment};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use super::{
    Confirmed, Format, Listing, ask,
    output::{Table, print_json, say},
    progress::Progress,
    scan::{self, Fingerprint, Part, Refused, Scan, Scanned, Stopped},
    subscriber::require_topics,
};
use crate::{Failure, private_file::PrivateFile};

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// A CSV file in UTF-8; its first line names the columns: email, and where wanted topics,
    /// language, state, basis and `confirmed_at`
    file: PathBuf,
    /// Where the people come from, such as `CRM export of 2026-10-01, form on www.example.org`;
    /// kept with their record and handed to them with a copy of it
    #[arg(long, value_name = "TEXT")]
    source: Option<Source>,
    /// The people agreed earlier and you can prove it: enter them as confirmed on this legal
    /// basis, without a letter. Needs --source, and a column `confirmed_at` or --confirmed-at
    #[arg(long, requires = "source")]
    basis: Option<LegalBasis>,
    /// When the people agreed whose rows do not say
    #[arg(long, value_name = "TIME", requires = "basis")]
    confirmed_at: Option<String>,
    /// The version of the notice that the people were shown then
    #[arg(
        long,
        value_name = "VERSION",
        default_value = "unknown",
        requires = "basis"
    )]
    notice: String,
    /// A topic of the rows that name none; may be given more than once [default: the policy's
    /// default topics]
    #[arg(long = "topic", value_name = "TOPIC")]
    topics: Vec<TopicId>,
    /// The language of the rows that name none [default: the policy's]
    #[arg(long)]
    language: Option<Language>,
    /// How many confirmation letters go out in a unit of time, such as 5000/hour [default: at once]
    #[arg(long, value_name = "RATE", conflicts_with = "basis")]
    letters: Option<Rate>,
    /// What separates the columns: one sign, or tab
    #[arg(long, default_value = ",", value_parser = delimiter)]
    delimiter: u8,
    /// A column that is not to be read; may be given more than once
    #[arg(long, value_name = "COLUMN")]
    ignore: Vec<String>,
    /// Write the refused rows to this CSV file: number of the line, and reason
    #[arg(long, value_name = "FILE")]
    refused: Option<PathBuf>,
    /// Write the rows themselves there as well
    #[arg(long, requires = "refused")]
    with_rows: bool,
    /// Only say what would happen
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    confirmed: Confirmed,
    #[command(flatten)]
    listing: Listing,
}

fn delimiter(text: &str) -> Result<u8, &'static str> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        [sign] if sign.is_ascii_punctuation() && *sign != b'"' || matches!(sign, b' ' | b'\t') => {
            Ok(*sign)
        }
        _ => Err("it is one sign such as `;`, or `tab`"),
    }
}

/// How an import ended; the same whether it ran once or was interrupted.
#[derive(Debug, Serialize)]
struct Report {
    dry_run: bool,
    rows: u64,
    accepted: u64,
    /// In which state people were entered.
    accepted_as: &'static str,
    letters: u64,
    already_there: u64,
    left_out: u64,
    duplicates: u64,
    refused: u64,
    refused_by_reason: BTreeMap<&'static str, u64>,
}

/// Other writers have their turn meanwhile: on SQLite there is one at a time, and whoever waits
/// asks again at intervals.
const REST: Duration = Duration::from_millis(2);

pub(super) async fn run(service: &Service, arguments: ImportArgs) -> Result<(), Failure> {
    let policy = service.policy();
    require_topics(service, &arguments.topics)?;
    let rules = rules(&arguments, policy, service.now())?;
    let header = header(&arguments, &rules, policy)?;
    let path = arguments.file.clone();
    let fingerprint = blocking(move || scan::fingerprint(&path)).await??;
    let name = name(&fingerprint, &rules, arguments.letters, policy);
    check_letters(&arguments, &fingerprint, policy, rules.now)?;
    if let Some(note) = header {
        say(note);
    }
    question(&arguments, &fingerprint)?;

    let begun = if arguments.dry_run {
        service.new_import()
    } else {
        service.begin_import(&name).await?
    };
    if begun.rows > 0 {
        say(&format!(
            "going on after row {}, where this import was interrupted",
            begun.rows
        ));
    }
    let refused = arguments.refused.as_deref().map(|path| {
        PrivateFile::create(path).map(|file| Refused {
            file,
            with_rows: arguments.with_rows,
        })
    });
    let scan = Scan {
        file: scan::open(&arguments.file)?,
        digest: fingerprint.digest,
        rules: Rules {
            now: begun.started_at,
            ..rules
        },
        policy: policy.clone(),
        letters: arguments.letters,
        skip: begun.rows,
        is_finished: begun.finished,
        refused: refused.transpose()?,
    };
    let target = (!arguments.dry_run).then_some(name.as_str());
    let (ended, scanned) = import(service, target, begun, scan, fingerprint.bytes).await?;
    if let Some(file) = scanned.refused_file {
        file.keep().map_err(|error| {
            Failure::Found(format!("the refused rows cannot be written: {error}"))
        })?;
    }
    let report = Report {
        dry_run: arguments.dry_run,
        rows: ended.rows,
        accepted: ended.accepted,
        accepted_as: arguments.basis.map_or("pending", |_| "confirmed"),
        letters: arguments.basis.map_or(ended.accepted, |_| 0),
        already_there: ended.already_there,
        left_out: ended.left_out + scanned.unsubscribed,
        duplicates: ended.duplicates,
        refused: scanned.refused.values().sum(),
        refused_by_reason: scanned.refused,
    };
    report.print(arguments.listing)?;
    if arguments.dry_run {
        return Ok(());
    }
    // Told: the same file may be imported again.
    Ok(service.end_import(&ended).await?)
}

/// Reads on a thread of its own and writes here.
async fn import(
    service: &Service,
    name: Option<&str>,
    begun: ImportProgress,
    scan: Scan,
    bytes: u64,
) -> Result<(ImportProgress, Scanned), Failure> {
    let (parts, mut received) = mpsc::channel(2);
    let scanning = tokio::task::spawn_blocking(move || scan.run(&parts));
    let mut progress = Progress::new("rows");
    let mut trial = Trial::default();
    let mut reached = begun;
    let mut failed = None;
    while let Some(Part { batch, bytes: at }) = received.recv().await {
        match step(service, name, &reached, &batch, &mut trial).await {
            Ok(after) => reached = after,
            Err(failure) => {
                failed = Some(failure);
                break;
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "a share for people")]
        progress.tell(reached.rows, Some(at as f64 / bytes.max(1) as f64));
        tokio::time::sleep(REST).await;
    }
    drop(progress);
    drop(received);
    let scanned = scanning
        .await
        .map_err(|_| Failure::Found("the file could not be read to its end".to_owned()))?;
    if let Some(failure) = failed {
        return Err(failure);
    }
    match scanned {
        Ok(scanned) => Ok((reached, scanned)),
        Err(Stopped::Failed(failure)) => Err(failure),
        Err(Stopped::Unwanted) => Err(Failure::Found("the import was interrupted".to_owned())),
    }
}

async fn step(
    service: &Service,
    name: Option<&str>,
    before: &ImportProgress,
    batch: &ImportBatch,
    trial: &mut Trial,
) -> Result<ImportProgress, Failure> {
    let ended = match name {
        Some(name) => service.import(name, before, batch).await,
        None => service.try_import(before, batch, trial).await,
    };
    ended.map_err(|error| match error {
        Error::Store(error) => {
            say("what was committed stays; the same command again goes on from there");
            error.into()
        }
        error => error.into(),
    })
}

fn rules(arguments: &ImportArgs, policy: &Policy, now: Timestamp) -> Result<Rules, Failure> {
    let topics = if arguments.topics.is_empty() {
        policy.default_topics().map(|one| one.id.clone()).collect()
    } else {
        arguments.topics.clone()
    };
    let language = arguments.language.unwrap_or(policy.languages.default);
    if !policy.languages.offered.contains(&language) {
        return Err(Failure::usage(format!(
            "--language: the policy does not offer `{language}`"
        )));
    }
    Ok(Rules {
        topics,
        language,
        ground: ground(arguments, policy, now)?,
        now,
        delimiter: arguments.delimiter,
        ignored: arguments.ignore.clone(),
    })
}

fn ground(arguments: &ImportArgs, policy: &Policy, now: Timestamp) -> Result<Ground, Failure> {
    let (Some(basis), Some(source)) = (arguments.basis, &arguments.source) else {
        return Ok(Ground::Unproven {
            source: arguments.source.clone(),
        });
    };
    let read = |text: &String| {
        let at = moment(text, policy.calendar.zone())
            .map_err(|error| Failure::usage(format!("--confirmed-at: {error}")))?;
        if at > now {
            return Err(Failure::usage("--confirmed-at: this is in the future"));
        }
        Ok(at)
    };
    // One of ours as it stands; anything else is a notice that is not held here.
    let notice = &arguments.notice;
    let notice = notice
        .parse()
        .or_else(|_| NoticeVersion::held_elsewhere(notice));
    Ok(Ground::Proven {
        basis,
        agreed_at: arguments.confirmed_at.as_ref().map(read).transpose()?,
        notice: notice.map_err(|_| Failure::usage("--notice: expected a version"))?,
        source: source.clone(),
    })
}

/// Reads the header alone, so that a file that cannot be meant changes nothing. Answers with what
/// the operator should know.
fn header(
    arguments: &ImportArgs,
    rules: &Rules,
    policy: &Policy,
) -> Result<Option<&'static str>, Failure> {
    let path = &arguments.file;
    let input = io::BufReader::new(scan::open(path)?);
    let reader = Reader::new(input, rules.clone(), policy)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    let has_times = reader.has(Column::ConfirmedAt);
    match &rules.ground {
        Ground::Proven {
            agreed_at: None, ..
        } if !has_times => Err(Failure::usage(
            "--basis: when did these people agree? The file has no column confirmed_at; pass \
             --confirmed-at TIME",
        )),
        Ground::Unproven { .. } if has_times => Ok(Some(
            "the column confirmed_at is not read: without --basis and --source everybody new is \
             asked for a confirmation",
        )),
        _ => Ok(None),
    }
}

/// Two runs of one name do the same.
fn name(
    fingerprint: &Fingerprint,
    rules: &Rules,
    letters: Option<Rate>,
    policy: &Policy,
) -> String {
    let options = format!(
        "{:?}",
        (
            &rules.topics,
            rules.language,
            &rules.ground,
            rules.delimiter,
            &rules.ignored,
            letters,
            policy.notice_version(),
        )
    );
    let digest = Sha256::new()
        .chain_update(fingerprint.digest)
        .chain_update(options)
        .finalize();
    hex::encode(digest)
}

/// A reminder must not come before the letter that it reminds of.
fn check_letters(
    arguments: &ImportArgs,
    fingerprint: &Fingerprint,
    policy: &Policy,
    now: Timestamp,
) -> Result<(), Failure> {
    let (Some(rate), Some(reminder)) = (arguments.letters, policy.subscription.reminder) else {
        return Ok(());
    };
    let seconds = fingerprint.lines.saturating_mul(rate.per.as_secs()) / u64::from(rate.count);
    let last = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    let last = now.saturating_add(last).unwrap_or(Timestamp::MAX);
    if last < reminder.after(now, &policy.calendar) {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "--letters: at {rate} the last of up to {} letters goes out when its reminder is due \
         ({reminder}); take a higher rate, or split the file",
        fingerprint.lines
    )))
}

/// Asks somebody at a terminal; a script is taken at its word, and has `--dry-run`.
fn question(arguments: &ImportArgs, fingerprint: &Fingerprint) -> Result<(), Failure> {
    if arguments.dry_run || !io::stdin().is_terminal() {
        return Ok(());
    }
    let lines = fingerprint.lines;
    let question = match (arguments.basis, &arguments.source) {
        (Some(basis), Some(source)) => format!(
            "Enter up to {lines} people as confirmed, on the basis {basis}, which you prove by \
             \"{source}\"?"
        ),
        _ => format!("Mail a confirmation letter to everybody new on up to {lines} rows?"),
    };
    ask(&question, arguments.confirmed)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    let ended = tokio::task::spawn_blocking(work).await;
    ended.map_err(|_| Failure::Found("the file could not be read".to_owned()))
}

impl Report {
    fn print(&self, listing: Listing) -> Result<(), Failure> {
        if listing.format == Format::Json {
            return print_json(self);
        }
        let mut table = Table::new(["rows", "what became of them"]);
        let accepted = match (self.dry_run, self.letters) {
            (false, 0) => format!("accepted as {}", self.accepted_as),
            (true, 0) => format!("would be accepted as {}", self.accepted_as),
            (false, _) => "accepted; a confirmation letter each".to_owned(),
            (true, _) => "would be accepted; a confirmation letter each".to_owned(),
        };
        let mut row = |count: u64, what: &str| table.row([&count.to_string(), what]);
        row(self.accepted, &accepted);
        row(self.already_there, "already there, unchanged");
        row(self.left_out, "left out because they objected");
        row(self.duplicates, "of an address that an earlier row entered");
        row(self.refused, "refused");
        for (reason, count) in &self.refused_by_reason {
            row(*count, &format!("  {reason}"));
        }
        row(self.rows, "in all");
        table.print()
    }
}
